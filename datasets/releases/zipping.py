"""A folder as one ZIP file that is sent while it is read: no copy on disk, memory of one piece."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECE = 1024 * 1024

# The oldest time that ZIP knows: the same folder gives the same bytes whenever it is sent.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Sink:
    """A file that cannot be sought; what is written waits to be taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        return None

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def zip_stream(folder: Path, *, root: str) -> Iterator[bytes]:
    """Yield a ZIP file of every file of a folder, below a folder called `root`.

    Files are stored as they are (Parquet, MP4 and JPEG are compressed already), in the order of their names, with
    ZIP64 where needed.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # type: ignore[call-overload]
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(f"{root}/{path.relative_to(folder).as_posix()}", _EPOCH)
            info.external_attr = 0o644 << 16
            # The size is not known to the header of a stream: say beforehand that it may be large.
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as entry:
                while piece := source.read(PIECE):
                    entry.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()
