"""SHA256SUMS, in the form that `sha256sum -c` reads: what folders in other formats have in place of a manifest."""

from collections.abc import Iterator
from pathlib import Path

from .errors import ReleaseError
from .manifest import FileEntry, file_sha256

CHECKSUMS_NAME = "SHA256SUMS"


def write_checksums(folder: Path) -> None:
    """Name every file of a finished folder with its checksum."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths]
    (folder / CHECKSUMS_NAME).write_text("".join(lines), encoding="utf-8")


def read_checksums(folder: Path) -> list[FileEntry]:
    """The files that a folder should have; `bytes` are those that they have now, 0 where one is missing.

    Raises:
        ReleaseError: The list cannot be read.
    """
    path = folder / CHECKSUMS_NAME
    entries: list[FileEntry] = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            sha256, separator, name = line.partition("  ")
            if len(sha256) != 64 or not separator or not name:
                raise ReleaseError(f"{path} has a line that is no checksum: {line[:80]!r}.")
            file = folder / name
            entries.append(FileEntry(name, file.stat().st_size if file.is_file() else 0, sha256))
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}.") from error
    return entries


def check_checksums(folder: Path) -> Iterator[str]:
    """A sentence for each file that was changed, is missing or does not belong."""
    listed = {CHECKSUMS_NAME}
    for entry in read_checksums(folder):
        listed.add(entry.path)
        path = folder / entry.path
        if path.is_symlink() or not path.is_file():
            yield f"{entry.path} is missing."
        elif file_sha256(path) != entry.sha256:
            yield f"{entry.path} was changed: its sha256 is not the one in {CHECKSUMS_NAME}."
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in listed:
            yield f"{name} is not part of the release: {CHECKSUMS_NAME} does not list it."
