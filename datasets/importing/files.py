"""Files that a manifest names: inside its folder, regular, not empty."""

import os
import stat
from pathlib import Path, PureWindowsPath

from .rows import RowRefused

MOST_TRUTH = 8_000_000
"""A larger file beside a clip is not what `datasets.cast` writes, bytes: two people for an hour come to less."""
_MISSING_ON_UNIX = "does not exist; write folders with / instead of \\"


class SourceFolder:
    """The folder that an import may read, and nothing outside of it: no `../`, no absolute path, no link out."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._parents: dict[str, Path] = {}

    def find(self, name: str) -> tuple[Path, int]:
        """Return the file of that name and its size; raises RowRefused with the reason."""
        if not name:
            raise RowRefused("names no file")
        if "\0" in name:
            raise RowRefused("has a name with a zero byte in it")
        if name.startswith("/") or PureWindowsPath(name).drive:
            raise RowRefused("is an absolute path; files are named relative to the folder of the manifest")
        parent, _, last = name.rpartition("/")
        folder = self._parent(parent)
        path = folder / last if last not in ("", ".", "..") else self._resolve(folder / last)
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            raise RowRefused(_MISSING_ON_UNIX if "\\" in name else "does not exist") from None
        except OSError as error:
            raise RowRefused(f"cannot be opened ({(error.strerror or 'unknown error').lower()})") from None
        if stat.S_ISLNK(status.st_mode):
            path = self._resolve(path)
            if not path.exists():
                raise RowRefused("is a link to a file that does not exist")
            status = path.stat()
        return path, _regular_size(status)

    def _resolve(self, path: Path) -> Path:
        """Return the path without links in it, if that is still inside."""
        resolved = Path(os.path.realpath(path))
        if not resolved.is_relative_to(self.root):
            raise RowRefused("leaves the folder of the manifest")
        return resolved

    def _parent(self, parent: str) -> Path:
        """Return the folder without links in its path; remembered, since many rows share one."""
        folder = self._parents.get(parent)
        if folder is None:
            folder = self._parents[parent] = self._resolve(self.root / parent)
        return folder


def truth_beside(path: Path) -> bytes | None:
    """Return the truth that the procedural cast's film has beside it; nothing else, and nothing that is a link."""
    beside = path.with_suffix(".truth.npz")
    try:
        status = os.lstat(beside)
        return beside.read_bytes() if stat.S_ISREG(status.st_mode) and status.st_size <= MOST_TRUTH else None
    except OSError:
        return None


def _regular_size(status: os.stat_result) -> int:
    if stat.S_ISDIR(status.st_mode):
        raise RowRefused("is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise RowRefused("is not a regular file")
    if status.st_size == 0:
        raise RowRefused("is empty (0 bytes)")
    return status.st_size
