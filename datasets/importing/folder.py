"""A folder without a manifest: what its file names say.

<scene>__<generator>.mp4     clips of one scene by several generators
<generator>/<scene>.mp4      the same, one folder for each generator
<pair>/a.mp4, <pair>/b.mp4   one pair for each folder, generators unknown
anything else                clips that are in no pair
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .files import SourceFolder
from .report import Problem
from .rows import Parsed, Row, RowRefused

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".3gp")
)
MANIFESTS = ("import.csv", "import.jsonl", "manifest.csv", "manifest.jsonl")


def find_manifest(folder: Path) -> Path | None:
    return next((folder / name for name in MANIFESTS if (folder / name).is_file()), None)


def read_folder(folder: Path) -> Parsed:
    """Read a folder of clips into rows, in the order of their names."""
    parsed = Parsed()
    source = SourceFolder(folder)
    names = sorted(_video_names(source.root))
    parsed.read = len(names)
    read = _Conventions(names)
    for name in names:
        try:
            path, size = source.find(name)
            name.encode()
        except RowRefused as refusal:
            parsed.problems.append(Problem(line=0, name=_shown(name), reason=str(refusal)))
        except UnicodeEncodeError:
            parsed.problems.append(
                Problem(line=0, name=_shown(name), reason="has a name that is not UTF-8 text")
            )
        else:
            parsed.rows.append(read.row(name, path, size))
    if not names:
        parsed.problems.append(
            Problem(line=0, name=folder.name, reason="holds neither a manifest nor a video")
        )
    return parsed


def _video_names(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for file in files:
            if Path(file).suffix.lower() in VIDEO_SUFFIXES and not file.startswith("."):
                yield str((Path(folder) / file).relative_to(root))


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


class _Conventions:
    """What the names of a folder's files mean together: a stem that several folders have is a scene."""

    def __init__(self, names: list[str]) -> None:
        self._stems: dict[str, list[str]] = defaultdict(list)
        self._folders_of: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name in names:
            path = Path(name)
            self._stems[str(path.parent)].append(path.stem.lower())
            self._folders_of[str(path.parent.parent), path.stem].add(path.parent.name)

    def row(self, name: str, path: Path, size: int) -> Row:
        place = Path(name)
        stem, parent = place.stem, place.parent
        if "__" in stem:
            scene, _, generator = stem.rpartition("__")
            return self._generated(name, path, size, scene=str(parent / scene), generator=generator)
        if sorted(self._stems[str(parent)]) == ["a", "b"] and parent.name:
            return Row(line=0, name=name, path=path, bytes=size, pair=str(parent)[:200])
        if parent.name and len(self._folders_of[str(parent.parent), stem]) > 1:
            scene = str(parent.parent / stem)
            return self._generated(name, path, size, scene=scene, generator=parent.name)
        return Row(line=0, name=name, path=path, bytes=size)

    @staticmethod
    def _generated(name: str, path: Path, size: int, *, scene: str, generator: str) -> Row:
        words = Path(scene).name.replace("_", " ").replace("-", " ").strip()
        # A number tells clips apart and describes nothing.
        prompt = "" if words.replace(" ", "").isdigit() else words
        return Row(
            line=0, name=name, path=path, bytes=size, scene=scene, prompt=prompt, generator=generator[:200]
        )
