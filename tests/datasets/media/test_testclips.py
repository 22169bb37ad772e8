import numpy as np
import pytest

from datasets.media.frame_code import read_frame_code
from datasets.media.testclips import FIGURES, Behaviour, TestClip, render_frames, render_reference


def frames_of(behaviour: Behaviour = Behaviour.STEADY, **values) -> np.ndarray:
    return np.stack(
        list(render_frames(TestClip(behaviour=behaviour, frames=24, width=320, height=180, **values)))
    )


def test_every_frame_has_the_asked_shape_and_its_own_code() -> None:
    frames = frames_of()
    assert frames.shape == (24, 180, 320, 3)
    assert frames.dtype == np.uint8
    assert [read_frame_code(frame) for frame in frames] == list(range(24))


def test_the_same_values_give_the_same_frames() -> None:
    assert np.array_equal(frames_of(seed=5), frames_of(seed=5))
    assert not np.array_equal(frames_of(seed=5), frames_of(seed=6))


@pytest.mark.parametrize("behaviour", [Behaviour.DRIFT, Behaviour.SWAP])
def test_looks_begin_as_the_steady_clip_and_end_otherwise(behaviour: Behaviour) -> None:
    steady, other = frames_of(), frames_of(behaviour)
    assert np.array_equal(steady[0], other[0])
    assert np.abs(steady[-1].astype(int) - other[-1]).max() > 60


def test_figures_move() -> None:
    first, last = frames_of()[[0, 12]]
    picture = slice(40, 150)  # neither the printed number nor the code
    assert np.abs(first[picture].astype(int) - last[picture]).mean() > 2


def test_a_reference_shows_its_figure() -> None:
    portraits = [render_reference(figure, size=64) for figure in FIGURES]
    assert all(portrait.shape == (64, 64, 3) for portrait in portraits)
    for figure, portrait in zip(FIGURES, portraits, strict=True):
        assert tuple(portrait[22, 32]) == figure.colour


@pytest.mark.parametrize("values", [{"figures": ()}, {"frames": 0}, {"width": 321}, {"height": 181}])
def test_impossible_clips_are_refused(values: dict) -> None:
    with pytest.raises(ValueError, match=r"test clip|must be even"):
        TestClip(**values)
