"""What came of an import."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a row, or a part of it, was not taken. `line` is 0 for what is no line of a manifest."""

    line: int
    name: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.name}: {self.reason}" if self.name else f"{where}{self.reason}"


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """Counts for people, ids for what goes on with the import."""

    source: str
    rows: int = 0
    clips_new: int = 0
    clips_known: int = 0
    people_new: int = 0
    references_new: int = 0
    pairs_new: int = 0
    pairs_known: int = 0
    clip_ids: list[int] = field(default_factory=list)
    pair_ids: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
