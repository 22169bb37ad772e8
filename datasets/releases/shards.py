"""Rows of one table and split as Parquet shards, in bounded memory.

Rows become record batches of at most 200 rows, batches become row groups of about 2 MB (often one clip, so that a
reader who wants one clip reads little more), row groups become shards of about 256 MB. Embedded files are stored as
they are: they are compressed already, and neither dictionaries nor statistics over them are of use to anybody.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from .rows import RowEncoder
from .schema import Row, Table

BATCH_ROWS = 200
ROW_GROUP_BYTES = 2 * 2**20
SHARD_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Shard:
    """A written Parquet file."""

    table: str
    split: str
    path: Path
    rows: int


class ShardWriter:
    """Writes one table of one split. Nothing is complete before `close`, which also names the files."""

    def __init__(self, folder: Path, table: Table, split: str, *, shard_bytes: int = SHARD_BYTES) -> None:
        self.table = table
        self.split = split
        self._folder = folder / table.name
        self._shard_bytes = shard_bytes
        self._encoder = RowEncoder(table)
        self._media = table.media_columns()
        self._pending: list[Row] = []
        self._pending_bytes = 0
        self._batches: list[pa.RecordBatch] = []
        self._batch_bytes = 0
        self._sink: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None
        self._rows_in_shard: list[int] = []

    def add(self, row: Row) -> None:
        self._pending.append(row)
        self._pending_bytes += sum(_media_bytes(row.get(name)) for name in self._media)
        if len(self._pending) >= BATCH_ROWS or self._pending_bytes >= ROW_GROUP_BYTES:
            self._make_batch()

    def close(self) -> list[Shard]:
        """Write what is left and give the shards their names, which tell how many there are."""
        self._make_batch()
        self._write_row_group()
        self._close_shard()
        count = len(self._rows_in_shard)
        shards = []
        for number, rows in enumerate(self._rows_in_shard):
            path = self._folder / f"{self.split}-{number:05d}-of-{count:05d}.parquet"
            self._unnamed(number).rename(path)
            shards.append(Shard(self.table.name, self.split, path, rows))
        return shards

    def abandon(self) -> None:
        """Let go of the open file after an error; its folder is about to be removed."""
        if self._sink is not None:
            self._sink.close()

    def _make_batch(self) -> None:
        if not self._pending:
            return
        batch = self._encoder.batch(self._pending)
        self._pending, self._pending_bytes = [], 0
        self._batches.append(batch)
        self._batch_bytes += batch.nbytes
        if self._batch_bytes >= ROW_GROUP_BYTES:
            self._write_row_group()

    def _write_row_group(self) -> None:
        if not self._batches:
            return
        group = pa.Table.from_batches(self._batches)
        self._batches, self._batch_bytes = [], 0
        if self._writer is None:
            self._open_shard()
        assert self._writer is not None
        assert self._sink is not None
        self._writer.write_table(group, row_group_size=max(1, group.num_rows))
        self._rows_in_shard[-1] += group.num_rows
        if self._sink.tell() >= self._shard_bytes:
            self._close_shard()

    def _open_shard(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sink = self._unnamed(len(self._rows_in_shard)).open("xb")
        self._writer = pq.ParquetWriter(self._sink, self._encoder.schema, **_options(self.table))
        self._rows_in_shard.append(0)

    def _close_shard(self) -> None:
        if self._writer is None:
            return
        assert self._sink is not None
        self._writer.close()
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self._sink.close()
        self._writer, self._sink = None, None

    def _unnamed(self, number: int) -> Path:
        return self._folder / f"{self.split}-{number:05d}.parquet"


def _media_bytes(value: Any) -> int:
    """Size of the embedded files in a media value, a struct with one, or a list of such."""
    if value is None:
        return 0
    if isinstance(value, list):
        return sum(_media_bytes(item) for item in value)
    if isinstance(value, dict):
        content = value.get("bytes")
        if content is not None:
            return len(content)
        return sum(_media_bytes(part) for part in value.values() if isinstance(part, dict))
    return 0


def _options(table: Table) -> dict[str, Any]:
    """Parquet options by the path of each stored column."""
    leaves = [leaf for field in table.arrow_schema() for leaf in _leaves(field.name, field.type)]
    plain = [leaf for leaf in leaves if not leaf.endswith(".bytes")]
    return {
        "compression": {leaf: "zstd" if leaf in set(plain) else "none" for leaf in leaves},
        "use_dictionary": plain,
        "write_statistics": plain,
        "write_page_index": True,
    }


def _leaves(path: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{path}.{field.name}", field.type)]
    if pa.types.is_list(kind):
        return _leaves(f"{path}.list.element", kind.value_type)
    return [path]
