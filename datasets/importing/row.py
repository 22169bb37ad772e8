"""Read the values of one row: each checked against what the library can store."""

import re
from typing import Any

from datasets.models import Origin

from .files import SourceFolder
from .report import Problem
from .rows import BETTER, COLUMNS, SEPARATOR, ReferenceFile, Row, RowRefused

# What neither UTF-8 nor PostgreSQL can store: lone surrogates, which bytes that are no text become, and zero bytes.
_UNSTORABLE = re.compile("[\ud800-\udfff\0]")
_ORIGINS = frozenset(Origin.values)


def read_row(*, line: int, values: dict[str, Any], folder: SourceFolder) -> tuple[Row, list[Problem]]:
    """Return the row, and what of its references could not be taken. Raises RowRefused."""
    name = _text(values, "clip")
    path, size = folder.find(name)
    subjects = tuple(_list(values, "subjects"))
    if len(set(subjects)) < len(subjects):
        raise RowRefused("names a subject twice")
    references, problems = _references(line, values, subjects, folder)
    generator, prompt = _text(values, "generator"), _text(values, "prompt")
    row = Row(
        line=line,
        name=name,
        path=path,
        bytes=size,
        scene="\0".join([prompt, *sorted(subjects)]) if prompt else "",
        prompt=prompt,
        subjects=subjects,
        references=references,
        generator=generator,
        generator_version=_text(values, "generator_version"),
        seed=_text(values, "seed"),
        origin=_origin(values, generator),
        licence=_text(values, "licence"),
        pair=_text(values, "pair"),
        better=_better(values),
    )
    return row, problems


def _text(values: dict[str, Any], column: str) -> str:
    value = values.get(column)
    if value is None:
        return ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise RowRefused(f"has a {type(value).__name__} in column '{column}' where text belongs")
    return _checked(value, column)


def _checked(value: str, column: str) -> str:
    text = value.strip()
    if bad := _UNSTORABLE.search(text):
        what = "has a zero byte" if bad[0] == "\0" else "is not UTF-8 text"
        raise RowRefused(f"{what} in column '{column}'")
    if len(text) > COLUMNS[column]:
        raise RowRefused(f"has {len(text)} characters in column '{column}'; at most {COLUMNS[column]} fit")
    return text


def _list(values: dict[str, Any], column: str) -> list[str]:
    value = values.get(column)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        parts = [_checked(part, column) for part in value]
    else:
        parts = [part.strip() for part in _text(values, column).split(SEPARATOR)]
    return [part for part in parts if part]


def _origin(values: dict[str, Any], generator: str) -> str:
    text = _text(values, "origin").lower()
    if text and text not in _ORIGINS:
        raise RowRefused(f"has origin '{text}'; it is one of {', '.join(Origin.values)}")
    if text == Origin.REAL and generator:
        raise RowRefused("is said to be real and to come from a generator")
    return text


def _better(values: dict[str, Any]) -> str:
    text = _text(values, "published_better").lower()
    if text not in BETTER:
        raise RowRefused(f"has published_better '{text}'; it is yes, no, tie or empty")
    return BETTER[text]


def _references(
    line: int, values: dict[str, Any], subjects: tuple[str, ...], folder: SourceFolder
) -> tuple[tuple[ReferenceFile, ...], list[Problem]]:
    """Give each reference to its subject. One that is missing is a problem of its own: the clip is still taken."""
    found: list[ReferenceFile] = []
    problems: list[Problem] = []
    for subject, name in _assigned(_list(values, "references"), subjects):
        try:
            path, _ = folder.find(name)
        except RowRefused as refusal:
            problems.append(Problem(line=line, name=f"reference {name}", reason=str(refusal)))
        else:
            found.append(ReferenceFile(subject=subject, name=name, path=path))
    return tuple(found), problems


def _assigned(names: list[str], subjects: tuple[str, ...]) -> list[tuple[str, str]]:
    """Say whose picture each is: by `subject=path`, by its folder's name, by being the only subject, by order."""
    if not names:
        return []
    if all(name.partition("=")[0] in subjects and "=" in name for name in names):
        return [(name.partition("=")[0], name.partition("=")[2].strip()) for name in names]
    folders = [name.rpartition("/")[0].rpartition("/")[2] for name in names]
    if all(each in subjects for each in folders):
        return list(zip(folders, names, strict=True))
    if len(subjects) == 1:
        return [(subjects[0], name) for name in names]
    if len(subjects) == len(names):
        return list(zip(subjects, names, strict=True))
    raise RowRefused(
        f"has {len(names)} references for {len(subjects)} subjects; write subject=path to say whose each is"
    )
