"""What the formats share: media as files of their own, CSV files, and rows that were read from such a folder."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from datasets.releases.errors import ReleaseError
from datasets.releases.schema import Row
from datasets.releases.source import Source

# The trainers that read these formats split lists of paths at this sign.
SEPARATOR = ";"


@dataclass(frozen=True)
class Written:
    """How many rows went out, and a sentence for each kind of row that the format cannot hold."""

    rows: dict[str, int]
    left_out: list[str] = field(default_factory=list)


@dataclass
class FolderSource:
    """Rows that were read from a folder whose media are files; a `Source`."""

    splits: tuple[str, ...]
    tables: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    # By sha256, the file of each clip and reference.
    files: dict[str, Path] = field(default_factory=dict)

    def add(self, table: str, split: str, row: Row) -> None:
        self.tables.setdefault((table, split), []).append(row)

    def rows(self, table: str, split: str | None = None, *, media: bool = False) -> Iterator[Row]:
        for name in self.splits if split is None else (split,):
            for row in self.tables.get((table, name), ()):
                yield self._with_media(table, row) if media else row

    def _with_media(self, table: str, row: Row) -> Row:
        if table == "clips":
            return {**row, "video": self._content(row["sha256"])}
        if table == "people":
            references = [{**part, "image": self._content(part["sha256"])} for part in row["references"]]
            return {**row, "references": references}
        return row

    def _content(self, sha256: str) -> dict[str, Any] | None:
        path = self.files.get(sha256)
        return None if path is None else {"bytes": path.read_bytes(), "path": f"{sha256}{path.suffix}"}


def write_clips(source: Source, folder: Path, below: str) -> dict[str, str]:
    """Write each clip's file once; return its path, relative to the folder and with slashes, by sha256."""
    paths: dict[str, str] = {}
    for row in source.rows("clips", media=True):
        if row["video"] is None:
            raise ReleaseError("The release has no media, which this format cannot do without.")
        suffix = PurePosixPath(row["video"]["path"] or "").suffix or ".mp4"
        paths[row["sha256"]] = _write_file(folder, f"{below}/{row['sha256']}{suffix}", row["video"]["bytes"])
    return paths


def write_references(source: Source, folder: Path, below: str) -> dict[str, list[str]]:
    """Write every person's references as `<below>/<person>/<number>.<ending>`; return their paths by person."""
    paths: dict[str, list[str]] = {}
    for row in source.rows("people", media=True):
        paths[row["person_id"]] = []
        for number, reference in enumerate(row["references"], start=1):
            if reference["image"] is None:
                raise ReleaseError("The release has no media, which this format cannot do without.")
            suffix = PurePosixPath(reference["image"]["path"] or "").suffix or ".jpg"
            name = f"{below}/{file_name(row['person_id'])}/{number:02d}{suffix}"
            paths[row["person_id"]].append(_write_file(folder, name, reference["image"]["bytes"]))
    return paths


def _write_file(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


def file_name(key: str) -> str:
    """A key as the name of a file or folder, without slash, semicolon, space or leading dot; see `key_of`."""
    quoted = quote(key, safe="")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def key_of(name: str) -> str:
    """The key that `file_name` made a name of."""
    return unquote(name)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a CSV file, UTF-8 with Unix line ends; None becomes an empty cell. Return the number of rows."""
    count = 0
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def read_csv(path: Path, required: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file, each with the place that error messages name; cells that are missing are empty.

    Raises:
        ReleaseError: The file is not UTF-8, or lacks one of the required columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            if missing := set(required) - set(reader.fieldnames or ()):
                raise ReleaseError(f"{path} has no column {', '.join(sorted(missing))}.")
            for row in reader:
                # A row that is longer than the header keeps its rest under None.
                if None in row:
                    raise ReleaseError(
                        f"{path}, line {reader.line_num}: more cells than the header has columns."
                    )
                yield f"{path}, line {reader.line_num}", row
    except FileNotFoundError:
        raise ReleaseError(f"{path} is missing.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReleaseError(f"{path} cannot be read as CSV in UTF-8: {error}.") from error


class MediaFiles:
    """Files that rows name by path: each is found and hashed once, and none lies outside the folder."""

    def __init__(self, folder: Path, files: dict[str, Path]) -> None:
        self._folder = folder.resolve()
        self._files = files
        self._digests: dict[Path, str] = {}

    def find(self, name: str, place: str) -> str:
        """The sha256 of the file of this name; `place` says in an error where the name stands."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise ReleaseError(f"{place}: {name!r} leaves the folder.")
        if not path.is_file():
            raise ReleaseError(f"{place}: there is no file {name!r}.")
        if path not in self._digests:
            with path.open("rb") as file:
                self._digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
            self._files[self._digests[path]] = path
        return self._digests[path]


class PeopleByFolder:
    """People as these formats know them: by the folder that a reference lies in, `refs/<person>/01.jpg`.

    A reference that lies anywhere else stands for a person of its own, called by the file's name without its ending.
    """

    def __init__(self, folder: Path, media: MediaFiles, below: str) -> None:
        self._folder = folder
        self._media = media
        self._below = below
        self._people: dict[str, Row] = {}

    def of_paths(self, paths: Iterable[str], place: str) -> list[str]:
        """The people that a list of references names, in its order; each person with all their references."""
        return list(dict.fromkeys(self._of_path(path, place) for path in paths))

    def add(self, person_id: str, **facts: Any) -> Row:
        """A person by key, who may have no reference; `facts` are columns of the table people."""
        if person_id not in self._people:
            home = self._folder / self._below / file_name(person_id)
            names = sorted(path.name for path in home.iterdir()) if home.is_dir() else []
            paths = [f"{self._below}/{home.name}/{name}" for name in names]
            self._people[person_id] = {
                "person_id": person_id,
                "references": [self._reference(path, path) for path in paths],
            }
        self._people[person_id].update({name: value for name, value in facts.items() if value is not None})
        return self._people[person_id]

    def row(self, person_id: str) -> Row:
        return self._people[person_id]

    def _of_path(self, path: str, place: str) -> str:
        parts = PurePosixPath(path).parts
        sha256 = self._media.find(path, place)
        if len(parts) == 3 and parts[0] == self._below:
            return str(self.add(key_of(parts[1]))["person_id"])
        person = self.add(PurePosixPath(path).stem)
        if sha256 not in {part["sha256"] for part in person["references"]}:
            person["references"].append(self._reference(path, place))
        return str(person["person_id"])

    def _reference(self, path: str, place: str) -> Row:
        return {"sha256": self._media.find(path, place), "name": PurePosixPath(path).name}


def split_paths(text: str) -> list[str]:
    return [path.strip() for path in text.split(SEPARATOR) if path.strip()]
