"""What a reward does not see: motion, sharpness, diversity, copies of references. Measured on every batch.

A policy that is paid for faces alone learns to stand still, to blur or to paste the reference. Limits are
shares of what the base policy's first batch had; a run that breaks one stops and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.generators.protocol import Prompt
from training.grpo.config import Guards

_COARSE = 4  # pixels that motion is averaged over


def motion(frames: Tensor) -> Tensor:
    """Return (N,) from 0 to 1: how much the end of a clip differs from its start, free of flicker.

    Means of the first and the last third of the frames, averaged over 4 x 4 pixels: what trembles from
    frame to frame or pixel to pixel averages out. `frames` (N, T, H, W, 3) uint8 with T of 2 or more.
    """
    third = max(1, frames.shape[1] // 3)
    start, end = (
        part.float().mean(1).permute(0, 3, 1, 2) for part in (frames[:, :third], frames[:, -third:])
    )
    return functional.avg_pool2d((end - start) / 255, _COARSE).abs().mean((1, 2, 3))


def sharpness(frames: Tensor) -> Tensor:
    """Return (N,): root mean square of the Laplacian of the grey picture, 0 to 1 scale."""
    grey = frames.float().mean(-1).flatten(0, 1)[:, None] / 255
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    edges = functional.conv2d(grey, kernel)
    return edges.square().mean((1, 2, 3)).unflatten(0, frames.shape[:2]).mean(1).sqrt()


def diversity(frames: Tensor, groups: Sequence[int]) -> float:
    """Return the mean distance (root mean square, 0 to 1) of two clips of one group; NaN without a pair."""
    ids, pictures = np.asarray(groups), frames.flatten(1).float() / 255
    each = [functional.pdist(pictures[torch.from_numpy(ids == group)]) for group in np.unique(ids)]
    found = torch.cat(each) / pictures.shape[1] ** 0.5
    return found.mean().item() if len(found) else float("nan")


def copying(frames: Tensor, prompts: Sequence[Prompt]) -> Tensor:
    """Return (N,) from -1 to 1: how alike the best place of a clip and a reference are, pixel for pixel.

    Normalised correlation of grey pictures: every reference, scaled to a third, two thirds and the whole of
    the frame's height, slides over the middle frame; the best of all places, mean over people. A pasted
    reference gives 1 whatever its light.
    """
    grey = frames[:, frames.shape[1] // 2].float().mean(-1)[:, None]
    return torch.stack([_copied(picture, prompt) for picture, prompt in zip(grey, prompts, strict=True)])


def _copied(picture: Tensor, prompt: Prompt) -> Tensor:
    people = []
    for references in prompt.references:
        grey = [torch.from_numpy(reference).float().mean(-1) for reference in references]
        people.append(max(_best_match(picture, one, share) for one in grey for share in (1 / 3, 2 / 3, 1.0)))
    return torch.tensor(people).mean()


def _best_match(picture: Tensor, reference: Tensor, share: float) -> float:
    """Return the best normalised correlation of a scaled reference (H, W) over its places in (1, H, W)."""
    height = max(4, round(picture.shape[1] * share))
    width = max(4, round(reference.shape[1] * height / reference.shape[0]))
    if width > picture.shape[2]:
        return -1.0
    small = functional.interpolate(
        reference[None, None], size=(height, width), mode="bilinear", antialias=True
    )[0, 0]
    small = small - small.mean()
    ones = torch.ones(1, 1, height, width) / (height * width)
    centred = picture[None] - picture.mean()
    product = functional.conv2d(centred, small[None, None]) / (height * width)
    mean, square = functional.conv2d(centred, ones), functional.conv2d(centred**2, ones)
    spread = (square - mean**2).clamp(min=1.0).sqrt() * small.square().mean().sqrt().clamp(min=1.0)
    return (product / spread).max().item()


@dataclass
class Watch:
    """Measures of the base policy's first batch, and for how many updates in a row each limit has been broken."""

    limits: Guards
    base: dict[str, float] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)

    def look(self, measured: dict[str, float]) -> str | None:
        """Take one update's measures; return the reason to stop, if there is one."""
        if not self.base:
            self.base = dict(measured)
        reasons = {
            name: self._reason(name, measured) for name in ("motion", "sharpness", "diversity", "copying")
        }
        for name, reason in reasons.items():
            self.broken[name] = self.broken.get(name, 0) + 1 if reason else 0
            if reason and self.broken[name] >= self.limits.patience:
                return f"{reason}, {self.broken[name]} updates in a row: the reward is being gamed"
        return None

    def _reason(self, name: str, measured: dict[str, float]) -> str | None:
        if name not in measured or not np.isfinite(self.base[name]):
            return None
        now, start = measured[name], self.base[name]
        if name == "copying":
            most = self.limits.copying_most
            return (
                f"copying rose from {start:.3f} to {now:.3f}, by more than {most}"
                if most and now > start + most
                else None
            )
        least, most = getattr(self.limits, f"{name}_least"), getattr(self.limits, f"{name}_most", 0.0)
        if least and now < least * start:
            return f"{name} fell from {start:.4f} to {now:.4f}, below {least:.0%} of the base policy's"
        if most and now > most * start:
            return f"{name} rose from {start:.4f} to {now:.4f}, above {most:.0%} of the base policy's"
        return None
