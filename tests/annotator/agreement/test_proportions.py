import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.proportions import percentile_interval, wilson_share


def test_it_gives_the_published_interval() -> None:
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
    for count, total, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ]:
        share = wilson_share(count, total)
        assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


def test_no_answers_have_no_share() -> None:
    share = wilson_share(0, 0)

    assert np.isnan([share.value, share.low, share.high]).all()


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.5, 0.999))
def test_it_stays_inside_and_around_its_share(count: int, rest: int, confidence: float) -> None:
    share = wilson_share(count, count + rest, confidence=confidence)

    if share.total:
        assert 0 <= share.low <= share.value <= share.high <= 1


@pytest.mark.parametrize(("count", "total", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_bad_input_is_refused(count: int, total: int, confidence: float) -> None:
    with pytest.raises(ValueError):
        wilson_share(count, total, confidence=confidence)


def test_undefined_resamples_are_left_out_unless_they_are_most() -> None:
    few = np.r_[np.full(40, np.nan), np.linspace(0, 1, 101)]
    most = np.r_[np.full(140, np.nan), np.linspace(0, 1, 101)]

    low, high = percentile_interval(np.stack([few[-101:], most[-101:]], axis=1), 0.9)
    assert low == pytest.approx([0.05, 0.05])
    assert high == pytest.approx([0.95, 0.95])
    assert percentile_interval(few, 0.9) == pytest.approx((0.05, 0.95))
    assert np.isnan(percentile_interval(most, 0.9)).all()
