"""What is no plain file of a bearable size is refused before anything opens it."""

from __future__ import annotations

import stat
from pathlib import Path

from datasets.media.errors import MediaError
from datasets.media.limits import DEFAULT_LIMITS, Limits


def require_regular_file(source: Path, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse whatever would block, or is no file, before anything opens it."""
    try:
        status = source.stat()
    except FileNotFoundError:
        reason = "is a link to a file that does not exist" if source.is_symlink() else "does not exist"
        raise MediaError(source.name, reason) from None
    except OSError as error:
        raise MediaError(
            source.name, f"cannot be opened ({(error.strerror or 'unknown error').lower()})"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        raise MediaError(source.name, "is a folder, not a video file")
    if not stat.S_ISREG(status.st_mode):
        raise MediaError(source.name, "is not a regular file")
    if status.st_size == 0:
        raise MediaError(source.name, "is empty (0 bytes)")
    if status.st_size > limits.input_bytes:
        raise MediaError(
            source.name,
            f"is larger than a clip may be ({_bytes(status.st_size)}, limit {_bytes(limits.input_bytes)})",
        )


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.1f} KB"
