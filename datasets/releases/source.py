"""What a release, and any folder in another format, can be asked for."""

from collections.abc import Iterator
from typing import Protocol

from .schema import Row


class Source(Protocol):
    """Rows by table and split. Tables that a format does not hold are empty, columns that it does not hold None."""

    @property
    def splits(self) -> tuple[str, ...]: ...

    def rows(self, table: str, split: str | None = None, *, media: bool = False) -> Iterator[Row]:
        """Rows of one of the tables of schema.py; with `media`, embedded files as {"bytes", "path"}."""
        ...
