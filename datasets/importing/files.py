"""Files that a manifest names: inside its folder, regular, not empty."""

import os
import stat
from pathlib import Path, PureWindowsPath

from .rows import RowRefused


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
        path = folder / last if last not in ("", ".", "..") else Path(os.path.realpath(folder / last))
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                path = Path(os.path.realpath(path))
                status = os.stat(path)  # noqa: PTH116
        except FileNotFoundError:
            raise RowRefused(_missing(path, name)) from None
        except OSError as error:
            raise RowRefused(f"cannot be opened ({(error.strerror or 'unknown error').lower()})") from None
        if not path.is_relative_to(self.root):
            raise RowRefused("leaves the folder of the manifest")
        return path, _regular_size(status)

    def _parent(self, parent: str) -> Path:
        """Return the folder without links in its path; remembered, since many rows share one."""
        folder = self._parents.get(parent)
        if folder is None:
            folder = self._parents[parent] = Path(os.path.realpath(self.root / parent))
        if not folder.is_relative_to(self.root):
            raise RowRefused("leaves the folder of the manifest")
        return folder


def _missing(path: Path, name: str) -> str:
    if path.is_symlink():
        return "is a link to a file that does not exist"
    if "\\" in name:
        return "does not exist; write folders with / instead of \\"
    return "does not exist"


def _regular_size(status: os.stat_result) -> int:
    if stat.S_ISDIR(status.st_mode):
        raise RowRefused("is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise RowRefused("is not a regular file")
    if status.st_size == 0:
        raise RowRefused("is empty (0 bytes)")
    return status.st_size
