"""The Range header (RFC 9110, section 14.1.2)."""

import re
from typing import NamedTuple

# More digits than any file has bytes: such a number is beyond the end, and never turned into an int.
_RANGE = re.compile(r"(?P<first>[0-9]{1,18})?-(?P<last>[0-9]{1,18})?", re.ASCII)


class RangeNotSatisfiable(Exception):
    """The part asked for lies wholly behind the end: 416."""


class ByteRange(NamedTuple):
    """Bytes from `start` up to, but without, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the part of a file of `size` bytes that a header asks for; None means the whole file.

    Not understood, another unit, or several parts at once are answered with the whole file, as the standard
    allows. Raises RangeNotSatisfiable.
    """
    unit, separator, ranges = (header or "").partition("=")
    match = _RANGE.fullmatch(ranges.strip())
    if unit.strip().lower() != "bytes" or not separator or match is None:
        return None
    first, last = match["first"], match["last"]
    if first is None:
        return None if last is None else _suffix(int(last), size)
    start = int(first)
    if last is not None and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return ByteRange(start, size if last is None else min(int(last) + 1, size))


def _suffix(length: int, size: int) -> ByteRange:
    """The last `length` bytes, or all when there are fewer."""
    if length == 0 or size == 0:
        raise RangeNotSatisfiable
    return ByteRange(max(0, size - length), size)
