"""Files in the default storage, addressed by content: a folder on one machine, or an S3-compatible bucket."""

import hashlib
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

CHUNK_BYTES = 1024 * 1024


def content_name(*, folder: str, sha256: str, suffix: str) -> str:
    """Return `<folder>/<aa>/<sha256><suffix>`; the level of two digits keeps every folder listable."""
    return f"{folder}/{sha256[:2]}/{sha256}{suffix}"


def hash_file(path: Path) -> tuple[str, int]:
    """Return a file's sha256 in hex and its size in bytes, reading it once."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def file_is_stored(*, name: str, size: int) -> bool:
    """Say whether the whole file is there; one that a crash cut short is not."""
    try:
        return default_storage.size(name) == size
    except OSError:
        return False


def file_put(*, name: str, source: Path) -> None:
    """Copy a file into the storage, all of it or nothing; what had the name before is replaced."""
    if isinstance(default_storage, FileSystemStorage):
        _copy_atomically(source, Path(default_storage.path(name)))
        return
    with source.open("rb") as file:
        stored = default_storage.save(name, File(file))
    if stored != name:
        raise OSError(
            f"the storage called {name} {stored}: set it to overwrite, names are made of the content"
        )


def _copy_atomically(source: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.partial")
    with source.open("rb") as original:
        try:
            with _opened_anew(partial) as copy:
                shutil.copyfileobj(original, copy, CHUNK_BYTES)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _opened_anew(path: Path) -> BinaryIO:
    """Open a file for writing, making its folder where it is missing: rarely, so it is tried without first."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


def files_discard(*, names: Iterable[str]) -> None:
    """Delete files; one that is gone already is no error."""
    for name in filter(None, names):
        default_storage.delete(name)


@contextmanager
def local_copy(*, name: str, folder: Path) -> Iterator[Path]:
    """Give a stored file as a local path: the file itself, or a download into `folder` from a bucket.

    Raises FileNotFoundError if it is gone.
    """
    if isinstance(default_storage, FileSystemStorage):
        stored_at = Path(default_storage.path(name))
        if not stored_at.is_file():
            raise FileNotFoundError(f"{name} is not in the storage.")
        yield stored_at
        return
    path = folder / Path(name).name
    with default_storage.open(name, "rb") as stored, path.open("wb") as file:
        shutil.copyfileobj(stored, file, CHUNK_BYTES)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
