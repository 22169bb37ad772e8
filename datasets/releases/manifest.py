"""release.json: what a release is, how it was made, and every file with its size and checksum.

The file ends with its own checksum, the sha256 of the canonical text of everything before it. It is only ever written
in its canonical form (JSON, sorted, two spaces), so that any changed byte in it can be told.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import ReleaseError

# Of the tables (schema.py) and of release.json itself; a reader refuses any other.
SCHEMA_VERSION = 3
# 2 and 3 added columns (`Column.since`); what an older release lacks is read as missing.
READABLE_VERSIONS = (1, 2, 3)
MANIFEST_NAME = "release.json"
CARD_NAME = "README.md"


@dataclass(frozen=True)
class ReleaseInfo:
    """What the maker of a release says about it. Nothing here is looked up: same info and rows, same bytes.

    Args:
        name: Slug of the release.
        version: Counts up from 1 for each name.
        created: ISO 8601 with offset; passed in, as a clock would make two equal releases differ.
        seed: Of the splits.
        licence: Licence of the release as a whole: an identifier of the Hub such as `cc-by-4.0`, or any words.
        configuration: Study, thresholds, options: what made it. JSON values only.
        tools: Version by name of each program that took part.
        description: What was asked and judged, in Markdown, for the card.
    """

    name: str
    version: int
    created: str
    seed: int
    licence: str = "other"
    configuration: dict[str, Any] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class FileEntry:
    """One file of a release; `rows`, `table` and `split` are of Parquet files only."""

    path: str
    bytes: int
    sha256: str
    table: str | None = None
    split: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Manifest:
    """The content of release.json.

    `counts` has, by table, the rows of each split; `splits` says what was asked for, how many groups of people there
    are, how many people each split has, and a sentence where the result is far from what was asked for; `summary` has
    the figures that the card shows.
    """

    info: ReleaseInfo
    counts: dict[str, dict[str, int]]
    splits: dict[str, Any]
    summary: dict[str, Any]
    files: tuple[FileEntry, ...]
    embed: bool = False
    schema_version: int = SCHEMA_VERSION

    def total(self, table: str) -> int:
        return sum(self.counts.get(table, {}).values())

    @property
    def split_names(self) -> tuple[str, ...]:
        return tuple(self.splits["requested"])

    def shards(self, table: str, split: str | None = None) -> list[FileEntry]:
        return [
            entry for entry in self.files if entry.table == table and (split is None or entry.split == split)
        ]

    def render(self) -> str:
        """The text of release.json."""
        content = _content(self)
        return _canonical({**content, "checksum": _checksum(content)})


def file_sha256(path: Path) -> str:
    """Checksum of a file of any size, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read release.json and check that no byte of it was changed.

    Raises:
        ReleaseError: There is none, it is damaged, or another version of the format wrote it.
    """
    path = folder / MANIFEST_NAME
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except FileNotFoundError:
        raise ReleaseError(f"{folder} is not a release: it has no {MANIFEST_NAME}.") from None
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}.") from error
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ReleaseError(f"{path} is not the manifest of a release.")
    if document["schema_version"] not in READABLE_VERSIONS:
        raise ReleaseError(
            f"{path} has schema version {document['schema_version']}; this program reads version {SCHEMA_VERSION} "
            "and older ones. Read it with the Likeness that wrote it, or a newer one."
        )
    content = {name: value for name, value in document.items() if name != "checksum"}
    if document.get("checksum") != _checksum(content) or text != _canonical(document):
        raise ReleaseError(f"{path} was changed after it was written: its own checksum does not fit.")
    return _parse(content, path)


def _parse(content: dict[str, Any], path: Path) -> Manifest:
    try:
        return Manifest(
            info=ReleaseInfo(**content["info"]),
            counts=content["counts"],
            splits=content["splits"],
            summary=content["summary"],
            files=tuple(FileEntry(**entry) for entry in content["files"]),
            embed=content["embed"],
            schema_version=content["schema_version"],
        )
    except (KeyError, TypeError) as error:
        raise ReleaseError(f"{path} lacks something or has too much: {error}.") from error


def _content(manifest: Manifest) -> dict[str, Any]:
    return {
        "schema_version": manifest.schema_version,
        "info": asdict(manifest.info),
        "counts": manifest.counts,
        "splits": manifest.splits,
        "summary": manifest.summary,
        "embed": manifest.embed,
        "files": [
            {name: value for name, value in asdict(entry).items() if value is not None}
            for entry in manifest.files
        ],
    }


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(document: dict[str, Any]) -> str:
    """Top level sorted, with the checksum last; further down the order of writing (train before test)."""
    ordered = {name: document[name] for name in sorted(document.keys() - {"checksum"})}
    if "checksum" in document:
        ordered["checksum"] = document["checksum"]
    return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"
