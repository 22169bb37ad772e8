import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from datasets.media.frame_code import BLOCKS, read_frame_code, stamp_frame_code

INDICES = st.integers(min_value=0, max_value=2**16 - 1)


def grey(width: int = 640, height: int = 360) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


@given(index=INDICES, width=st.integers(2 * BLOCKS, 900), height=st.integers(18, 300))
def test_every_index_is_read_back_at_any_size(index: int, width: int, height: int) -> None:
    frame = grey(width, height)
    stamp_frame_code(frame, index)
    assert read_frame_code(frame) == index


@given(index=INDICES, scale=st.floats(0.4, 2.5))
def test_scaling_leaves_the_code_readable(index: int, scale: float) -> None:
    frame = grey()
    stamp_frame_code(frame, index)
    scaled = Image.fromarray(frame).resize((round(640 * scale), round(360 * scale)))
    assert read_frame_code(np.array(scaled)) == index


def test_a_frame_without_a_code_reads_as_none() -> None:
    assert read_frame_code(grey()) is None
    assert read_frame_code(np.zeros((360, 640, 3), np.uint8)) is None


@given(index=INDICES, block=st.integers(0, BLOCKS - 1))
def test_one_wrong_block_is_noticed(index: int, block: int) -> None:
    frame = grey(BLOCKS * 20)
    stamp_frame_code(frame, index)
    frame[-20:, block * 20 : (block + 1) * 20] = 255 - frame[-1, block * 20 + 10]
    assert read_frame_code(frame) is None


@pytest.mark.parametrize(
    ("index", "size"), [(-1, (640, 360)), (2**16, (640, 360)), (0, (40, 360)), (0, (640, 10))]
)
def test_what_does_not_fit_is_refused(index: int, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a frame code"):
        stamp_frame_code(grey(*size), index)
