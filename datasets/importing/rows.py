"""What a manifest says, row by row, before anything is written."""

from dataclasses import dataclass, field
from pathlib import Path

from .report import Problem

# Column, and the most characters that it may have.
COLUMNS = {
    "clip": 1000,
    "prompt": 20_000,
    "subjects": 2_000,
    "references": 20_000,
    "generator": 200,
    "generator_version": 200,
    "seed": 64,
    "pair": 200,
    "published_better": 8,
    "origin": 16,
    "licence": 200,
}
LIST_COLUMNS = ("subjects", "references")
SEPARATOR = ";"

BETTER = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no", "tie": "tie", "": ""}


class RowRefused(Exception):
    """A row cannot be taken; the message ends the sentence that its line number and file begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    subject: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clip as its row describes it; `path` is a file inside the source's folder.

    `scene` is what clips must share to become a pair: prompt and subjects in a manifest, the name in a folder;
    empty, the clip is paired with nothing by itself.
    """

    line: int
    name: str
    path: Path
    bytes: int
    scene: str = ""
    prompt: str = ""
    subjects: tuple[str, ...] = ()
    references: tuple[ReferenceFile, ...] = ()
    generator: str = ""
    generator_version: str = ""
    seed: str = ""
    origin: str = ""
    licence: str = ""
    pair: str = ""
    better: str = ""

    @property
    def made_by(self) -> tuple[str, str]:
        return self.generator, self.generator_version


@dataclass(slots=True)
class Parsed:
    """The rows of a source that can be taken, and why the others cannot."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    read: int = 0
