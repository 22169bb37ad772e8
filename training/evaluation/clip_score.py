"""CLIPScore (Hessel et al. 2021, arXiv 2104.08718): how well frames fit the prompt's text.

Known fault: it knows nothing of who somebody is, and rewards what captions say often. It stands in tables because
published ones have it, and is left out where no CLIP is given: by folder, or by an id of the Hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.generators.protocol import GeneratorError

FRAMES = 3
_WEIGHT = 2.5  # the paper's, which spreads usual values over 0 to 1


class ClipScore:
    """A CLIP and its processor."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = model.eval(), processor

    @classmethod
    def load(cls, source: str) -> ClipScore:
        """Read a CLIP from a folder or the Hub. GeneratorError where there is none."""
        from transformers import CLIPModel, CLIPProcessor  # heavy, and wanted here alone

        try:
            return cls(CLIPModel.from_pretrained(source), CLIPProcessor.from_pretrained(source))
        except (OSError, ValueError) as error:
            raise GeneratorError(
                f"{source} is no CLIP that can be read: {str(error).splitlines()[0]}"
            ) from error

    @torch.no_grad()
    def __call__(self, frames: Tensor, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return (N,) for clips (N, T, H, W, 3) uint8: 2.5 max(0, cosine), mean of first, middle and last frame."""
        places = np.linspace(0, frames.shape[1] - 1, min(FRAMES, frames.shape[1])).round().astype(int)
        found = []
        for clip, text in zip(frames, texts, strict=True):
            pictures = [clip[place].numpy() for place in places]
            inputs = self.processor(
                text=[text], images=pictures, return_tensors="pt", padding=True, truncation=True
            )
            cosines = self.model(**inputs).logits_per_image / self.model.logit_scale.exp()
            found.append(_WEIGHT * float(cosines.clamp(min=0).mean()))
        return np.array(found)
