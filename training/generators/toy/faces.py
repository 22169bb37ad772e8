"""The toy's face backend: no detector, since places are known, and the reward's encoder as embedder.

Faces of 15 pixels are below what dlib and its like find. Person 1 stands in the left half, person 2 in the right one,
in every frame: a half is a 'face', seen always. The backend's key carries the checksum of the encoder's weights, so
that a reward model of another encoder is refused as of another backend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import GeneratorError, Prompt
from training.generators.toy.encoders import RewardEncoder, load_encoder
from training.generators.toy.pool import FRAMES, HEIGHT, WIDTH
from training.reward.clips import Track, Vectors
from training.reward.model import FaceTracks, RewardModel

BOXES = ((0.0, 0.0, float(WIDTH), float(HEIGHT)), (float(WIDTH), 0.0, 2.0 * WIDTH, float(HEIGHT)))
"""Left and right half, pixels."""


class ToyFaces:
    """Embeddings of the halves of clips and of references.

    Attributes:
        backend: detector and embedder as a release names them.
    """

    def __init__(self, encoder: RewardEncoder, backend: str) -> None:
        self.encoder, self.backend = encoder, backend

    @classmethod
    def load(cls, path: Path) -> ToyFaces:
        """Read an encoder's file. GeneratorError says that it is missing, or of another layout."""
        encoder = load_encoder(path, RewardEncoder)
        return cls(encoder, f"toy-halves@1+toy-encoder@{_checksum(encoder)}")

    @torch.no_grad()
    def pictures(self, pictures: Tensor) -> Vectors:
        """Return (N, 64) float32 of length 1 for (N, 32, 24, 3) uint8."""
        found: Vectors = self.encoder(pictures).numpy()
        return found

    def halves(self, frames: Tensor) -> Vectors:
        """Return (N, 2, T, 64) for clips (N, T, 32, 48, 3) uint8."""
        count, length = frames.shape[:2]
        cut = frames.reshape(count, length, HEIGHT, 2, WIDTH, 3).permute(0, 3, 1, 2, 4, 5)
        return self.pictures(cut.flatten(0, 2).contiguous()).reshape(count, 2, length, -1)

    def tracks(self, frames: Tensor, names: Sequence[Sequence[str]], keys: Sequence[str]) -> list[FaceTracks]:
        """Return the tracks of clips; `names` says of each who stands on the left and on the right."""
        return [
            FaceTracks(key, frames.shape[1], track_of(own, people), self.backend)
            for own, people, key in zip(self.halves(frames), names, keys, strict=True)
        ]


def _checksum(encoder: RewardEncoder) -> str:
    """Return what tells weights apart, whatever wrote their file."""
    found = hashlib.sha256()
    for name, value in sorted(encoder.state_dict().items()):
        found.update(name.encode() + value.contiguous().numpy().tobytes())
    return found.hexdigest()[:12]


def track_of(embeddings: Vectors, people: Sequence[str]) -> Mapping[str, Track]:
    """Return by person the track of one clip (2, T, 64): the whole clip, at full quality."""
    every = np.arange(embeddings.shape[1], dtype=np.int32)
    quality = np.ones(len(every), np.float32)
    return {name: Track(every, quality, every, own) for name, own in zip(people, embeddings, strict=True)}


class IdentityReward:
    """A trained reward model on the toy's tracks: what `train_reward` made of a release, as the loop wants it.

    RewardError, with both embedders named, where the model was trained on another backend's tracks.
    """

    def __init__(self, model: RewardModel, faces: ToyFaces) -> None:
        model.require(faces.backend)
        self.model, self.faces = model, faces
        self._known: dict[str, Mapping[str, Vectors]] = {}

    def __call__(self, frames: Tensor, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        """Return `reward` (N,), defined up to a shift, and `person`, the mean of the people's own scores."""
        if frames.shape[1] != FRAMES:
            raise GeneratorError(f"the toy's clips have {FRAMES} frames, got {frames.shape[1]}")
        names = [PLACES] * len(prompts)
        tracks = self.faces.tracks(frames, names, [prompt.id for prompt in prompts])
        scores = self.model.score(tracks, [self._references(prompt) for prompt in prompts])
        people = [float(np.mean(list(each.values()))) for each in scores.people]
        return {
            "reward": torch.from_numpy(scores.reward),
            "person": torch.tensor(people, dtype=torch.float64),
        }

    def _references(self, prompt: Prompt) -> Mapping[str, Vectors]:
        if prompt.id not in self._known:
            self._known[prompt.id] = {
                place: self.faces.pictures(torch.from_numpy(np.stack(pictures)))
                for place, pictures in zip(PLACES, prompt.references, strict=True)
            }
        return self._known[prompt.id]


PLACES = ("left", "right")
"""What the two people of a clip are called where only their places matter."""
