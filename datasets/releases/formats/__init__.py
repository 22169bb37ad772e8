"""Other people's formats: each writes a folder from a release, and reads such a folder back.

One file a format, each with `write(source, target) -> Written` and `read(folder) -> Source`. What a format cannot
hold is lost in it; the docstring of each says what that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datasets.releases.errors import ReleaseError
from datasets.releases.manifest import MANIFEST_NAME
from datasets.releases.reader import Release
from datasets.releases.source import Source

from . import identity_grpo, jsonl, videoalign
from .folder import Written


@dataclass(frozen=True)
class Format:
    """`recognise` looks for files that no other format has."""

    write: Callable[[Source, Path], Written]
    read: Callable[[Path], Source]
    recognise: Callable[[Path], bool]


FORMATS = {
    "videoalign": Format(videoalign.write, videoalign.read, videoalign.recognise),
    "identity-grpo": Format(identity_grpo.write, identity_grpo.read, identity_grpo.recognise),
    "jsonl": Format(jsonl.write, jsonl.read, jsonl.recognise),
}


def open_folder(folder: Path) -> tuple[str, Source]:
    """Open a release or a folder in one of the other formats.

    Returns:
        The name of the format (`likeness` for a release) and what can be read from the folder.

    Raises:
        ReleaseError: The folder is in none of them, or is damaged.
    """
    if (folder / MANIFEST_NAME).is_file():
        return "likeness", Release.open(folder)
    for name, form in FORMATS.items():
        if form.recognise(folder):
            return name, form.read(folder)
    raise ReleaseError(f"{folder} is neither a release nor a folder in the formats {', '.join(FORMATS)}.")


__all__ = ["FORMATS", "Format", "Written", "open_folder"]
