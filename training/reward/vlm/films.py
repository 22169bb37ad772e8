"""What a release says, for a model that looks at pictures: comparisons with labels, and films, read when asked for.

Sampled frames are kept beside the run, so that a film is decoded once.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.media.errors import MediaError
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.releases.errors import ReleaseError
from datasets.releases.reader import Release
from datasets.releases.verify import verify_release
from training.reward.corpus import Label, choice_of, label_of, people_labels
from training.reward.errors import BadCorpus
from training.reward.vlm.config import VlmConfig
from training.reward.vlm.inputs import Film, Frames


@dataclass(frozen=True, eq=False)
class FilmPair:
    """Two clips by sha256, what is said of them, and who should be seen.

    Attributes:
        people: (P, 3) float32 labels in the order of `names`, NaN where nothing is said.
        names: Ids of people.
        references: By id, sha256 of their pictures.
    """

    key: str
    origin: str
    clips: tuple[str, str]
    label: Label
    people: NDArray[np.float32]
    names: tuple[str, ...]
    references: Mapping[str, tuple[str, ...]]
    asked: str

    @property
    def choice(self) -> int:
        """0 for a, 1 for a tie, 2 for b."""
        return choice_of(self.label)

    def swapped(self) -> FilmPair:
        """Return the pair with its sides exchanged."""
        return FilmPair(
            self.key, self.origin, self.clips[::-1], self.label[::-1], self.people[:, ::-1].copy(), self.names,
            self.references, self.asked,
        )  # fmt: skip


class Films:
    """A release's comparisons and films.

    Raises:
        BadCorpus: it is damaged, has no media, or nothing in it is usable.
    """

    def __init__(self, folder: Path, config: VlmConfig, cache: Path, *, verify: bool = True) -> None:
        self.config, self.cache = config, cache
        try:
            if verify and (findings := verify_release(folder)):
                raise BadCorpus(f"{folder} does not pass verification: {findings[0]}")
            self.release = Release.open(folder)
        except ReleaseError as error:
            raise BadCorpus(str(error)) from error
        if not self.release.has_media():
            raise BadCorpus(
                f"{folder} has no media, and this model looks at pictures: release it with media."
            )
        self.pairs = {split: self._pairs(split) for split in self.release.splits}
        if not self.pairs.get("train"):
            raise BadCorpus(
                f"{folder} has nothing to learn from: no labelled comparison with references in train."
            )
        if not any(pair.choice != 1 for pair in self.pairs["train"]):
            raise BadCorpus(f"All comparisons of {folder} are ties: nothing tells better from worse.")
        self._check_splits(folder)
        cache.mkdir(parents=True, exist_ok=True)

    def _check_splits(self, folder: Path) -> None:
        seen: dict[str, str] = {}
        for split, pairs in self.pairs.items():
            for name in {name for pair in pairs for name in pair.names}:
                if seen.setdefault(name, split) != split:
                    raise BadCorpus(
                        f"{name} is in the splits {seen[name]} and {split} of {folder}, so results would be too good: "
                        "release it again with splits made by Likeness."
                    )

    def film(self, sha256: str, pair: FilmPair) -> Film:
        """Return a side of a pair.

        Raises:
            BadCorpus: the film cannot be read.
        """
        kept = self.cache / f"{sha256}-{self.config.frames}.npz"
        if not kept.is_file():
            self._sample(sha256, kept)
        with np.load(kept) as arrays:
            frames, seconds = arrays["frames"], arrays["seconds"]
        references = {
            name: [self._picture(each) for each in own[: self.config.references]]
            for name, own in pair.references.items()
        }
        return Film(sha256, frames, tuple(seconds.tolist()), references, pair.asked)

    def _sample(self, sha256: str, target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            path.write_bytes(self.release.clip_bytes(sha256))
            try:
                facts = probe(path)
                indices = sampled(facts.frames, self.config.frames)
                frames = read_frames(path, indices)
            except MediaError as error:
                raise BadCorpus(f"The clip {sha256[:12]}… cannot be read: {error}") from error
        part = target.with_suffix(".part.npz")
        np.savez(part, frames=frames, seconds=np.array(indices) / float(facts.fps))
        part.replace(target)

    def _picture(self, sha256: str) -> Frames:
        with Image.open(io.BytesIO(self.release.reference_bytes(sha256))) as picture:
            return np.asarray(picture.convert("RGB"), np.uint8)

    def _pairs(self, split: str) -> list[FilmPair]:
        found = []
        for row in self.release.rows("comparisons", split):
            label = label_of(row)
            references = {each["person_id"]: tuple(each["references"]) for each in row["people"]}
            if label is None or not references or not all(references.values()):
                continue
            names = tuple(references)
            found.append(
                FilmPair(
                    row["comparison_id"],
                    row["origin"],
                    (row["clip_a"], row["clip_b"]),
                    label,
                    people_labels(row, names),
                    names,
                    references,
                    row["prompt"],
                )
            )
        return found


def sampled(frames: int, count: int) -> list[int]:
    """Return the middle frames of so many equal parts, each once."""
    middles = ((np.arange(count) + 0.5) * frames / count).astype(int)
    return sorted(set(np.minimum(middles, max(frames - 1, 0)).tolist()))


def sides(films: Films, pairs: Sequence[FilmPair]) -> list[Film]:
    """Return the films of pairs, first all a, then all b."""
    return [films.film(pair.clips[side], pair) for side in (0, 1) for pair in pairs]
