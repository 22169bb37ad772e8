"""How a study is released: what a form or a command asks for, checked before anything is read or written."""

from dataclasses import dataclass

from datasets.releases.errors import ReleaseError
from datasets.releases.names import FORMAT_NAMES, LIKENESS
from datasets.releases.splits import parse_splits


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOptions:
    """How a study is released.

    `embed`: each comparison holds both clips, besides the table of clips. `media`: clips and references come with
    their files. `tracks`: with the faces that were found in the clips, and their embeddings. `licence`: of the
    preferences and of the release as a whole. `synthetic`: with the known answers of pairs that nobody judged. `gold`:
    with what annotators said of test questions, as judgments like any other.
    """

    format: str = LIKENESS
    splits: str = "80/10/10"
    seed: int = 0
    embed: bool = False
    media: bool = True
    tracks: bool = True
    licence: str = "other"
    synthetic: bool = False
    gold: bool = False

    def __post_init__(self) -> None:
        parse_splits(self.splits)
        if self.format not in FORMAT_NAMES:
            raise ReleaseError(f"The format {self.format!r} is none of {', '.join(FORMAT_NAMES)}.")
        if self.embed and not (self.media and self.format == LIKENESS):
            raise ReleaseError("Clips are embedded in comparisons in the format likeness, with media.")
        if not self.media and self.format not in (LIKENESS, "jsonl"):
            raise ReleaseError(f"The format {self.format} cannot do without media.")
