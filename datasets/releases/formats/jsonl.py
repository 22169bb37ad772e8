"""Plain JSONL: every table and column of a release as text, media as files beside.

    schema.json  comparisons/train.jsonl  judgments/…  clips/…  people/…  media/clips/<sha256>.mp4  media/references/…

One JSON object a line with the columns of a release; `schema.json` says what each of them means, so that a reader
needs nothing else. Labels are names, times ISO 8601, and an embedded file is the path of a file in this folder. Rows
come back as they were; lost is what `release.json` says of how the release was made.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from datasets.releases.checksums import write_checksums
from datasets.releases.errors import ReleaseError
from datasets.releases.features import Value
from datasets.releases.manifest import READABLE_VERSIONS, SCHEMA_VERSION
from datasets.releases.schema import TABLES, Row, added_after
from datasets.releases.source import Source
from datasets.releases.staging import staged_folder

from .folder import MediaFiles, Written

SCHEMA_NAME = "schema.json"
FORMAT = "likeness-jsonl"
_TIMES = {
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns
    if isinstance(column.feature, Value) and column.feature.dtype.startswith("timestamp")
}


def recognise(folder: Path) -> bool:
    return (folder / SCHEMA_NAME).is_file()


def write(source: Source, target: Path) -> Written:
    """Write every row of a release as JSONL.

    Raises:
        ReleaseError: The target exists, or the disk is full.
    """
    rows: dict[str, int] = {}
    with staged_folder(target) as folder:
        for table in TABLES:
            (folder / table).mkdir()
            for split in source.splits:
                path = folder / table / f"{split}.jsonl"
                with path.open("x", encoding="utf-8", newline="\n") as file:
                    for row in source.rows(table, split, media=True):
                        plain = _outside(folder, table, row)
                        file.write(json.dumps(plain, ensure_ascii=False, default=_as_text) + "\n")
                        rows[table] = rows.get(table, 0) + 1
        text = json.dumps(_description(source), indent=2, ensure_ascii=False)
        (folder / SCHEMA_NAME).write_text(text + "\n", encoding="utf-8")
        write_checksums(folder)
    return Written(rows)


def _description(source: Source) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "splits": list(source.splits),
        "tables": {
            # Types in the words of Hugging Face's features, which many a reader knows.
            table.name: {
                column.name: {"about": column.about, "type": column.feature.hub} for column in table.columns
            }
            for table in TABLES.values()
        },
    }


def _outside(folder: Path, table: str, row: Row) -> Row:
    """The row with its embedded files written beside and named instead."""
    if table == "clips":
        return {**row, "video": _put(folder, "media/clips", row["sha256"], row["video"], ".mp4")}
    if table == "people":
        references = [
            {**part, "image": _put(folder, "media/references", part["sha256"], part["image"], ".jpg")}
            for part in row["references"]
        ]
        return {**row, "references": references}
    # Clips that are embedded in comparisons are in `clips` already.
    return {name: value for name, value in row.items() if name not in ("video_a", "video_b")}


def _put(folder: Path, below: str, sha256: str, content: Any, suffix: str) -> str | None:
    if content is None:
        return None
    name = f"{below}/{sha256}{PurePosixPath(content['path'] or '').suffix or suffix}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # Two people may share a reference.
        path.write_bytes(content["bytes"])
    return name


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


class JsonlSource:
    """A folder of JSONL; rows are read line by line when asked for. A `Source`."""

    def __init__(self, folder: Path, splits: tuple[str, ...], schema_version: int = SCHEMA_VERSION) -> None:
        self.folder = folder
        self.splits = splits
        self._lacks = added_after(schema_version)
        self.files: dict[str, Path] = {}
        self._media = MediaFiles(folder, self.files)

    def rows(self, table: str, split: str | None = None, *, media: bool = False) -> Iterator[Row]:
        for name in self.splits if split is None else (split,):
            path = self.folder / table / f"{name}.jsonl"
            if path.is_file():
                yield from self._lines(path, table, media=media)

    def _lines(self, path: Path, table: str, *, media: bool) -> Iterator[Row]:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                place = f"{path}, line {number}"
                try:
                    row = {**self._lacks[table], **json.loads(line)}
                    for time in (name for of, name in _TIMES if of == table):
                        row[time] = datetime.fromisoformat(row[time])
                except (ValueError, KeyError, TypeError) as error:
                    raise ReleaseError(f"{place}: not a row of {table}: {error}.") from error
                yield self._inside(table, row, place, media=media)

    def _inside(self, table: str, row: Row, place: str, *, media: bool) -> Row:
        """The row with its files read in, or without them."""
        if table == "clips":
            name = row.pop("video", None)
            return {**row, "video": self._content(name, row["sha256"], place)} if media else row
        if table == "people":
            for part in row["references"]:
                name = part.pop("image", None)
                if media:
                    part["image"] = self._content(name, part["sha256"], place)
        return row

    def _content(self, name: str | None, sha256: str, place: str) -> dict[str, Any] | None:
        if name is None:
            return None
        if self._media.find(name, place) != sha256:
            raise ReleaseError(f"{place}: {name!r} was changed: its sha256 is not {sha256}.")
        return {"bytes": (self.folder / name).read_bytes(), "path": PurePosixPath(name).name}


def read(folder: Path) -> JsonlSource:
    """Open a folder that `write` made.

    Raises:
        ReleaseError: `schema.json` is missing, damaged or of another version; rows report their errors when read.
    """
    path = folder / SCHEMA_NAME
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        version = description["schema_version"]
        known = description["format"] == FORMAT and version in READABLE_VERSIONS
        splits = tuple(description["splits"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}.") from error
    if not known:
        raise ReleaseError(f"{path} describes another format or version than {FORMAT} {SCHEMA_VERSION}.")
    return JsonlSource(folder, splits, version)
