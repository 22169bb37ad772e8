"""A folder that appears whole or not at all.

Files are written to a hidden folder beside the target, on the same file system, flushed to disk and renamed into
place. A process that is killed leaves the hidden folder only; the next attempt at the same target removes it.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ReleaseError

# A file that may not grow: no space, over quota, over the process's limit on the size of a file.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to write to; it becomes `target` when the block ends without an error.

    Raises:
        ReleaseError: The target exists, or the disk is full. Nothing is left behind.
    """
    target = target.absolute()
    if target.exists() or target.is_symlink():
        raise ReleaseError(f"{target} exists already; a release is never written over another.")
    partial: Path | None = None
    lock = -1
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial, lock = _make_partial(target)
        yield partial
        flush_tree(partial)
        # A folder that somebody else put there meanwhile is not overwritten: rename refuses one that is not empty.
        partial.rename(target)
        _flush_folder(target.parent)
    except BaseException as error:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise ReleaseError(f"The disk of {target.parent} is full; nothing was written.") from error
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise ReleaseError(
                f"{target} was made by somebody else meanwhile; nothing was written."
            ) from error
        if isinstance(error, PermissionError):
            raise ReleaseError(f"{target.parent} cannot be written to; nothing was written.") from error
        raise
    finally:
        if lock >= 0:
            os.close(lock)


def _make_partial(target: Path) -> tuple[Path, int]:
    """Make the hidden folder and hold a lock on it, by which others see that its writer is alive."""
    with _locked(target.parent):
        for stale in target.parent.glob(f".{target.name}.partial-*"):
            _remove_unless_locked(stale)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        partial.chmod(0o755)
        lock = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return partial, lock


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_unless_locked(partial: Path) -> None:
    lock = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # Another process is writing there right now.
    else:
        shutil.rmtree(partial, ignore_errors=True)
    finally:
        os.close(lock)


def flush_tree(folder: Path) -> None:
    """Flush every file and folder below to disk."""
    for root, _folders, files in os.walk(folder):
        for name in files:
            descriptor = os.open(Path(root, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        _flush_folder(Path(root))


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
