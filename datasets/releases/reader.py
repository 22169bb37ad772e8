"""Reads a release: rows with labels by name, and embedded files by their checksum."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import ReleaseError
from .manifest import FileEntry, Manifest, read_manifest
from .rows import decode_batch
from .schema import Row, Table, added_after, tables

# Rows are read in pieces of about so many bytes, so that a few clips are in memory at a time and many small rows.
_PIECE_BYTES = 2**20
_MAX_PIECE_ROWS = 1000


class Release:
    """An opened release. Files are read when asked for; nothing is kept but an index of embedded files."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.tables = tables(embed=manifest.embed, version=manifest.schema_version)
        self._lacks = added_after(manifest.schema_version)
        self._places: dict[str, dict[str, _Place]] = {}

    @classmethod
    def open(cls, folder: Path) -> "Release":
        """Open a folder whose release.json is whole. `verify_release` checks everything else.

        Raises:
            ReleaseError: It is not a release, or its manifest was changed.
        """
        return cls(folder, read_manifest(folder))

    @property
    def splits(self) -> tuple[str, ...]:
        return self.manifest.split_names

    def rows(
        self,
        table: str,
        split: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        media: bool = False,
    ) -> Iterator[Row]:
        """Rows of a table, shard by shard, in the order of writing.

        Args:
            table: comparisons, judgments, clips, people or tracks.
            split: One split, or all of them, in the order train, validation, test.
            columns: Only these columns; all but those with embedded files when neither this nor `media` is given.
            media: Read embedded files too, as {"bytes", "path"}.
        """
        if columns is None and not media:
            columns = [*_without_media(self.tables[table]), *self._lacks[table]]
        for entry in self.manifest.shards(table, split):
            yield from self.shard_rows(entry, columns=columns)

    def shard_rows(self, entry: FileEntry, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Rows of one of the release's files; all columns without `columns`. What an old release lacks is missing."""
        assert entry.table is not None
        lacks = self._lacks[entry.table]
        if lacks and columns is not None:
            lacks = {name: None for name in lacks if name in columns}
            columns = [name for name in columns if name not in lacks]
        for row in read_shard(self.folder / entry.path, self.tables[entry.table], columns=columns):
            yield row | lacks if lacks else row

    def clip_bytes(self, sha256: str) -> bytes:
        """The file of a clip.

        Raises:
            ReleaseError: No such clip, or the release was made without media.
        """
        content = self._find("clips", "sha256", sha256)["video"]
        if content is None or content["bytes"] is None:
            raise ReleaseError(f"{self.folder} names the clip {sha256[:12]}… without its file.")
        return content["bytes"]

    def reference_bytes(self, sha256: str) -> bytes:
        """The file of a reference image; errors as `clip_bytes`."""
        row = self._find("people", "references", sha256)
        content = next(reference["image"] for reference in row["references"] if reference["sha256"] == sha256)
        if content is None or content["bytes"] is None:
            raise ReleaseError(f"{self.folder} names the reference {sha256[:12]}… without its file.")
        return content["bytes"]

    def has_media(self) -> bool:
        """Whether clips come with their files."""
        return all(row["video"] is not None for row in self.rows("clips", columns=["video.path"]))

    def _find(self, table: str, key: str, sha256: str) -> Row:
        if table not in self._places:
            self._places[table] = self._index(table, key)
        try:
            place = self._places[table][sha256]
        except KeyError:
            raise ReleaseError(f"{self.folder} has nothing with the sha256 {sha256} in {table}.") from None
        with pq.ParquetFile(self.folder / place.entry.path) as file:
            group = file.read_row_group(place.row_group).slice(place.row, 1)
        return next(decode_batch(self.tables[table], group.to_batches()[0]))

    def _index(self, table: str, key: str) -> dict[str, "_Place"]:
        places: dict[str, _Place] = {}
        leaf = "sha256" if key == "sha256" else f"{key}.list.element.sha256"
        for entry in self.manifest.shards(table):
            with pq.ParquetFile(self.folder / entry.path) as file:
                for number in range(file.num_row_groups):
                    group = file.read_row_group(number, columns=[leaf])
                    for row, value in enumerate(group.column(0).to_pylist()):
                        for sha256 in (
                            [value] if isinstance(value, str) else [part["sha256"] for part in value]
                        ):
                            places[sha256] = _Place(entry, number, row)
        return places


class _Place:
    """Where a row lies."""

    __slots__ = ("entry", "row", "row_group")

    def __init__(self, entry: FileEntry, row_group: int, row: int) -> None:
        self.entry = entry
        self.row_group = row_group
        self.row = row


def read_shard(path: Path, table: Table, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Rows of one Parquet file, decoded.

    Raises:
        ReleaseError: The file cannot be read as Parquet, or holds a label that is none.
    """
    reads_media = columns is None or bool(set(columns) & set(table.media_columns()))
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            batches: Iterator[Any] = file.iter_batches(
                batch_size=_piece_rows(file.metadata) if reads_media else _MAX_PIECE_ROWS,
                columns=None if columns is None else list(columns),
                use_threads=False,
            )
            for batch in batches:
                yield from decode_batch(table, batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}.") from error


def _piece_rows(facts: pq.FileMetaData) -> int:
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    largest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return int(min(max(_PIECE_BYTES / max(largest, 1), 1), _MAX_PIECE_ROWS))


def _without_media(table: Table) -> list[str]:
    """Columns to read without embedded files; a list of references keeps everything but the images' bytes."""
    columns: list[str] = []
    for column in table.columns:
        if column.name not in table.media_columns():
            columns.append(column.name)
        elif column.name == "references":
            columns += [f"references.list.element.{part}" for part in ("sha256", "name", "licence")]
    return columns
