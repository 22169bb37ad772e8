"""What is asked of a generator, from a file or from a release: a text, and references of each person.

A file has one line of JSON a prompt; pictures are named relative to it:

    {"id": "…", "text": "…", "people": [{"person": "…", "references": ["…png", …]}, …]}
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from datasets.releases.errors import ReleaseError
from datasets.releases.reader import Release
from training.generators.protocol import GeneratorError, Prompt

FILE = "prompts.jsonl"


@dataclass(frozen=True)
class Asked:
    """A prompt, and what its people are called, in its order."""

    prompt: Prompt
    people: tuple[str, ...]


def prompts_read(path: Path) -> tuple[Asked, ...]:
    """Read a file of prompts. GeneratorError names the line and what is wrong with it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GeneratorError(f"{path} cannot be read: {error}") from error
    asked = [_read_line(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not asked:
        raise GeneratorError(f"{path} holds no prompt")
    ids = [each.prompt.id for each in asked]
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise GeneratorError(f"{path} has the prompt {twice!r} twice")
    return tuple(asked)


def prompts_write(folder: Path, asked: Sequence[Asked]) -> Path:
    """Write prompts and their pictures to a folder, and return the file."""
    (folder / "references").mkdir(parents=True, exist_ok=True)
    lines = []
    for each in asked:
        people = [
            {"person": person, "references": references_write(folder, pictures)}
            for person, pictures in zip(each.people, each.prompt.references, strict=True)
        ]
        lines.append(json.dumps({"id": each.prompt.id, "text": each.prompt.text, "people": people}) + "\n")
    (folder / FILE).write_text("".join(lines), encoding="utf-8")
    return folder / FILE


def references_write(folder: Path, pictures: Sequence[NDArray], *, scale: int = 1) -> list[str]:
    """Write pictures as PNG under their content's checksum, and return their names relative to the folder."""
    names = []
    for picture in pictures:
        name = f"references/{hashlib.sha256(picture.tobytes()).hexdigest()[:16]}.png"
        image = Image.fromarray(picture)
        if scale > 1:
            image = image.resize((scale * image.width, scale * image.height), Image.Resampling.BICUBIC)
        image.save(folder / name)
        names.append(name)
    return names


def prompts_of_release(folder: Path, split: str, *, most: int | None = None) -> tuple[Asked, ...]:
    """Return the prompts of a split's comparisons, each text with its people once, in the release's order.

    GeneratorError where there are none, or where the release came without its pictures.
    """
    try:
        release = Release.open(folder)
        wanted: dict[tuple[str, ...], tuple[str, list[str]]] = {}
        for row in release.rows("comparisons", split, columns=["prompt", "people"]):
            people = [person["person_id"] for person in row["people"]]
            if people and (most is None or len(wanted) < most):
                wanted.setdefault((row["prompt"], *people), (row["prompt"], people))
        if not wanted:
            raise GeneratorError(f"{folder} has no prompt with people in its split {split}")
        pictures = dict(_pictures_of(release, {name for _, people in wanted.values() for name in people}))
    except ReleaseError as error:
        raise GeneratorError(str(error)) from error
    return tuple(
        Asked(
            Prompt(f"{split}-{number}", text, tuple(_own(folder, pictures, name) for name in people)),
            tuple(people),
        )
        for number, (text, people) in enumerate(wanted.values())
    )


def _own(folder: Path, pictures: Mapping[str, tuple[NDArray, ...]], person: str) -> tuple[NDArray, ...]:
    if not pictures.get(person):
        raise GeneratorError(
            f"{folder} has no pictures of {person}: release it with clips and references, so that a generator can be "
            "asked for its people"
        )
    return pictures[person]


def _pictures_of(release: Release, people: set[str]) -> Iterator[tuple[str, tuple[NDArray, ...]]]:
    for row in release.rows("people", columns=["person_id", "references"]):
        if row["person_id"] in people:
            held = [each["image"] for each in row["references"]]
            yield row["person_id"], tuple(_decoded(each["bytes"]) for each in held if each and each["bytes"])


def _read_line(path: Path, number: int, line: str) -> Asked:
    where = f"{path}, line {number}"
    try:
        held: Any = json.loads(line)
        people = [(str(each["person"]), list(each["references"])) for each in held["people"]]
        named, text = str(held.get("id", number)), str(held.get("text", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GeneratorError(
            f'{where}, is no prompt: one reads {{"id": …, "text": …, "people": [{{"person": …, "references": […]}}]}}'
        ) from error
    if not people:
        raise GeneratorError(f"{where}: prompt {named!r} names nobody; give people with their references")
    for person, files in people:
        if not files:
            raise GeneratorError(f"{where}: {person} has no references; give one picture or more")
    pictures = tuple(tuple(_picture(where, path.parent / file) for file in files) for _, files in people)
    return Asked(Prompt(named, text, pictures), tuple(person for person, _ in people))


def _picture(where: str, path: Path) -> NDArray:
    try:
        return _decoded(path.read_bytes())
    except (OSError, UnidentifiedImageError) as error:
        raise GeneratorError(f"{where}: {path} is no picture that can be read") from error


def _decoded(content: bytes) -> NDArray:
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image.convert("RGB"))
