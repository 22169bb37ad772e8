"""Rows between Python and Arrow: checked and encoded on the way in, decoded on the way out."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from .errors import ReleaseError
from .schema import Row, Table


class RowEncoder:
    """Turns rows of one table into record batches, and says which row is wrong and how."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.schema = table.arrow_schema()
        self._names = frozenset(self.schema.names)
        self._required = [column.name for column in table.columns if column.required]
        self._labelled = [
            (column.name, column.feature) for column in table.columns if not column.feature.is_plain
        ]

    def encode(self, row: Row) -> Row:
        if unknown := row.keys() - self._names:
            raise self._error(row, f"has an unknown column {sorted(unknown)[0]!r}")
        for name in self._required:
            if row.get(name) is None:
                raise self._error(row, f"lacks its {name}")
        stored = dict(row)
        for name, feature in self._labelled:
            value = row.get(name)
            if value is None:
                continue
            try:
                stored[name] = feature.encode(value)
            except (ValueError, TypeError, AttributeError) as error:
                raise self._error(row, f"has a wrong {name}: {error}") from error
        return stored

    def batch(self, stored: list[Row]) -> pa.RecordBatch:
        try:
            return pa.RecordBatch.from_pylist(stored, schema=self.schema)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ReleaseError(f"A row of {self.table.name} does not fit its schema: {error}") from error

    def _error(self, row: Row, what: str) -> ReleaseError:
        return ReleaseError(f"The row {row.get(self.table.key)!r} of {self.table.name} {what}.")


def decode_batch(table: Table, batch: pa.RecordBatch) -> Iterator[Row]:
    """Rows of a record batch that holds all or some of the table's columns."""
    labelled: list[tuple[str, Any]] = [
        (column.name, column.feature)
        for column in table.columns
        if column.name in batch.schema.names and not column.feature.is_plain
    ]
    for row in batch.to_pylist():
        for name, feature in labelled:
            if row[name] is not None:
                row[name] = feature.decode(row[name])
        yield row
