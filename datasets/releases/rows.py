"""Rows between Python and Arrow: checked and encoded on the way in, decoded on the way out."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from .errors import ReleaseError
from .schema import Column, Row, Table

# What a value that does not fit its column makes Arrow or us raise.
_WRONG = (pa.ArrowException, ValueError, TypeError, AttributeError, OverflowError)


class RowEncoder:
    """Turns rows of one table into record batches, and says which row is wrong and how."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.schema = table.arrow_schema()
        self._names = frozenset(self.schema.names)

    def batch(self, rows: list[Row]) -> pa.RecordBatch:
        for row in rows:
            if not row.keys() <= self._names:
                raise self._error(row, f"has an unknown column {sorted(row.keys() - self._names)[0]!r}")
        columns = [self._column(column, rows) for column in self.table.columns]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _column(self, column: Column, rows: list[Row]) -> pa.Array:
        values = [row.get(column.name) for row in rows]
        if column.required and None in values:
            raise self._error(rows[values.index(None)], f"lacks its {column.name}")
        try:
            return column.feature.array(values)
        except _WRONG as error:
            if len(rows) == 1:
                raise self._error(rows[0], f"has a wrong {column.name}: {error}") from error
            for row in rows:
                self._column(column, [row])
            raise

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
