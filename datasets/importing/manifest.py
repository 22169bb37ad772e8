"""Read a CSV or JSONL manifest into rows. One bad line costs that line."""

import csv
import difflib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .files import SourceFolder
from .report import Problem
from .row import read_row
from .rows import COLUMNS, Parsed, RowRefused

MAX_LINE_BYTES = 1024 * 1024
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# A record of the manifest: the number of its first line, and its values by column or why it could not be read.
Record = tuple[int, "dict[str, Any] | RowRefused"]


class ManifestUnreadable(Exception):
    """The manifest as a whole cannot be read from this line on; the message says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_manifest(path: Path) -> Parsed:
    """Read a manifest; files are named relative to the folder that it lies in."""
    parsed = Parsed()
    folder = SourceFolder(path.parent)
    records = _jsonl_records if path.suffix.lower() in (".jsonl", ".ndjson") else _csv_records
    first_lines: dict[Path, int] = {}
    try:
        for line, values in records(path, parsed.problems):
            parsed.read += 1
            _take(line, values, folder, parsed, first_lines)
    except ManifestUnreadable as error:
        parsed.problems.append(Problem(line=error.line, name=path.name, reason=str(error)))
    else:
        if not parsed.read:
            parsed.problems.append(Problem(line=0, name=path.name, reason="is empty: it has no rows"))
    return parsed


def _take(
    line: int,
    values: dict[str, Any] | RowRefused,
    folder: SourceFolder,
    parsed: Parsed,
    first_lines: dict[Path, int],
) -> None:
    name = ""
    try:
        if isinstance(values, RowRefused):
            raise values
        name = _shown(values.get("clip"))
        row, problems = read_row(line=line, values=values, folder=folder)
        if (first := first_lines.setdefault(row.path, line)) != line:
            raise RowRefused(f"is on line {first} already")
    except RowRefused as refusal:
        parsed.problems.append(Problem(line=line, name=name, reason=str(refusal)))
        return
    parsed.rows.append(row)
    parsed.problems.extend(problems)


def _shown(value: object) -> str:
    """Return a file's name as it can be printed, whatever bytes it holds."""
    text = value.strip() if isinstance(value, str) else ""
    if text.isprintable():
        return text[:200]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:200]


def _csv_records(path: Path, problems: list[Problem]) -> Iterator[Record]:
    with path.open("rb") as file:
        reader = csv.reader(_lines(file), strict=True)
        header = next(_csv_rows(reader), None)
        if header is None:
            return
        line, columns = header
        if isinstance(columns, RowRefused):
            raise ManifestUnreadable(line, f"has a header that cannot be read: {columns}")
        columns = [column.strip().lower() for column in columns]
        _check_header(line, columns, problems)
        for line, cells in _csv_rows(reader):
            if isinstance(cells, RowRefused):
                yield line, cells
            elif not any(cells):
                continue
            elif len(cells) != len(columns):
                yield line, RowRefused(f"the line has {len(cells)} cells, the header {len(columns)}")
            else:
                yield line, dict(zip(columns, cells, strict=True))


def _check_header(line: int, columns: list[str], problems: list[Problem]) -> None:
    if "clip" not in columns:
        raise ManifestUnreadable(line, f"has no column 'clip'; its columns are {', '.join(columns)[:300]}")
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise ManifestUnreadable(line, f"has the column '{repeated[0]}' twice")
    problems.extend(_unknown(line, columns))


def _unknown(line: int, names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if name not in COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; the columns are {', '.join(COLUMNS)}"
            yield Problem(line=line, name="", reason=f"unknown column '{_shown(name)}' is left out{hint}")


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str] | RowRefused]]:
    """Give each record with the number of its first line: a quoted cell may go over several."""
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise ManifestUnreadable(
                    line, "opens a quote here and never closes it; nothing after it was read"
                ) from None
            yield line, RowRefused(f"the line is not valid CSV ({error})")


def _jsonl_records(path: Path, problems: list[Problem]) -> Iterator[Record]:
    known = set(COLUMNS)
    with path.open("rb") as file:
        for line, text in enumerate(_lines(file), start=1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield line, RowRefused(f"the line is not valid JSON ({error})")
                continue
            if not isinstance(values, dict):
                yield line, RowRefused("the line is not a JSON object")
                continue
            problems.extend(_unknown(line, [name for name in values if name not in known]))
            known.update(values)
            yield line, values


def _lines(file: Any) -> Iterator[str]:
    """Decode line by line, so that bad bytes cost their own row: they become lone surrogates, refused later."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise ManifestUnreadable(number, "has a line of more than 1 MB; it is no manifest")
        if number == 1:
            if raw.startswith(UTF16_MARKS):
                raise ManifestUnreadable(1, "is UTF-16 text; save it as UTF-8")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        yield raw.decode("utf-8", errors="surrogateescape")
