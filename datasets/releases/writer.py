"""Writes a release: rows in, one folder out, whole or not at all."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from .card import render_card
from .errors import ReleaseError
from .manifest import CARD_NAME, MANIFEST_NAME, FileEntry, Manifest, ReleaseInfo, file_sha256
from .schema import Row, tables
from .shards import SHARD_BYTES, Shard, ShardWriter
from .splits import Splits
from .staging import staged_folder
from .tally import Tally


def write_release(
    target: Path,
    rows: Iterable[tuple[str, str, Row]],
    *,
    info: ReleaseInfo,
    splits: Splits,
    embed: bool = False,
    shard_bytes: int = SHARD_BYTES,
) -> Manifest:
    """Write a release to a folder that does not exist yet.

    Memory stays bounded: a few row groups of 2 MB, whatever the number of rows. The same arguments give the same
    bytes with the same version of pyarrow.

    Args:
        target: The folder to make. Until everything is on disk, only a hidden folder beside it exists.
        rows: (table, split, row), in any order of tables and splits; the order within a table and split is kept. An
            error raised by the iterator leaves nothing behind, so a caller stops the work by raising.
        info: What the manifest says of the release.
        splits: What the manifest says of the splits; the caller has already used it to name each row's split.
        embed: Comparisons hold `video_a` and `video_b`.
        shard_bytes: About how large a Parquet file may grow.

    Raises:
        ReleaseError: The target exists, a row does not fit its table, or the disk is full.
    """
    with staged_folder(target) as folder:
        shards, tally = _write_tables(
            folder / "data", rows, splits=splits, embed=embed, shard_bytes=shard_bytes
        )
        entries = [_entry(folder, shard) for shard in shards]
        manifest = _manifest(info, splits, tally, embed=embed, files=entries)
        card = folder / CARD_NAME
        card.write_text(render_card(manifest), encoding="utf-8")
        entry = FileEntry(path=CARD_NAME, bytes=card.stat().st_size, sha256=file_sha256(card))
        manifest = _manifest(info, splits, tally, embed=embed, files=[entry, *entries])
        (folder / MANIFEST_NAME).write_text(manifest.render(), encoding="utf-8")
    return manifest


def _write_tables(
    folder: Path, rows: Iterable[tuple[str, str, Row]], *, splits: Splits, embed: bool, shard_bytes: int
) -> tuple[list[Shard], Tally]:
    known = tables(embed=embed)
    tally = Tally()
    writers: dict[tuple[str, str], ShardWriter] = {}
    try:
        for table, split, row in rows:
            writer = writers.get((table, split))
            if writer is None:
                if table not in known or split not in splits.requested:
                    raise ReleaseError(f"There is no table {table!r} with a split {split!r} in this release.")
                writer = ShardWriter(folder, known[table], split, shard_bytes=shard_bytes)
                writers[table, split] = writer
            writer.add(row)
            tally.add(table, split, row)
        order = [(table, split) for table in known for split in splits.requested]
        return [shard for key in order if key in writers for shard in writers[key].close()], tally
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise


def _entry(folder: Path, shard: Shard) -> FileEntry:
    return FileEntry(
        path=shard.path.relative_to(folder).as_posix(),
        bytes=shard.path.stat().st_size,
        sha256=file_sha256(shard.path),
        table=shard.table,
        split=shard.split,
        rows=shard.rows,
    )


def _manifest(
    info: ReleaseInfo, splits: Splits, tally: Tally, *, embed: bool, files: list[FileEntry]
) -> Manifest:
    counts = {table: {split: tally.count(table, split) for split in splits.requested} for table in tables()}
    tools = {**info.tools, "pyarrow": pa.__version__}
    return Manifest(
        info=ReleaseInfo(**{**vars(info), "tools": dict(sorted(tools.items()))}),
        counts=counts,
        splits={
            "requested": splits.requested,
            "comparisons": splits.comparisons,
            "people": splits.people,
            "groups": splits.groups,
            "seed": splits.seed,
            "warning": splits.warning,
        },
        summary=tally.summary(),
        embed=embed,
        files=tuple(files),
    )
