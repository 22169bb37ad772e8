"""The Range header, against a slice of the bytes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.web.ranges import ByteRange, RangeNotSatisfiable, parse_range

SIZES = st.integers(0, 50)
NUMBERS = st.integers(0, 60)


@settings(deadline=None)
@given(size=SIZES, first=NUMBERS, last=NUMBERS)
@example(size=10, first=9, last=9)
@example(size=10, first=0, last=100)
def test_a_range_is_the_slice_that_it_names(size: int, first: int, last: int) -> None:
    data = bytes(range(size))
    expected = data[first : last + 1]
    header = f"bytes={first}-{last}"
    if last < first:
        assert parse_range(header, size) is None
    elif not expected:
        with pytest.raises(RangeNotSatisfiable):
            parse_range(header, size)
    else:
        part = parse_range(header, size)
        assert part is not None
        assert data[part.start : part.stop] == expected
        assert part.length == len(expected)


@settings(deadline=None)
@given(size=SIZES, first=NUMBERS)
def test_an_open_range_goes_to_the_end(size: int, first: int) -> None:
    if first >= size:
        with pytest.raises(RangeNotSatisfiable):
            parse_range(f"bytes={first}-", size)
    else:
        assert parse_range(f"bytes={first}-", size) == ByteRange(first, size)


@settings(deadline=None)
@given(size=SIZES, length=NUMBERS)
def test_a_suffix_is_the_last_bytes(size: int, length: int) -> None:
    data = bytes(range(size))
    if not length or not size:
        with pytest.raises(RangeNotSatisfiable):
            parse_range(f"bytes=-{length}", size)
    else:
        part = parse_range(f"bytes=-{length}", size)
        assert part is not None
        assert data[part.start : part.stop] == data[-length:]


@settings(deadline=None)
@given(size=SIZES, header=st.text(max_size=30))
def test_no_header_makes_it_fail(size: int, header: str) -> None:
    for text in (header, f"bytes={header}"):
        try:
            part = parse_range(text, size)
        except RangeNotSatisfiable:
            continue
        assert part is None or 0 <= part.start < part.stop <= size


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=0-1,4-5",
        "lines=0-1",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=٣-٤",
        "bytes=0-" + "9" * 40,
    ],
)
def test_what_is_not_understood_is_answered_with_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 100) is None
