"""Which pairs a study takes by itself, and which on request alone."""

import pytest

from annotator.selectors.pair_filter import PairFilter, pairs_matching
from datasets.models import Origin
from tests.datasets.factories import make_clip, make_pair, make_person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("distorted", ["clip_a", "clip_b"])
def test_synthetic_pairs_come_on_request_alone(distorted: str) -> None:
    person = make_person()
    plain = make_pair(make_clip(person), make_clip(person))
    sides = {"clip_a": make_clip(person), "clip_b": make_clip(person)}
    sides[distorted] = make_clip(person, origin=Origin.DISTORTED, parent=sides[distorted])
    synthetic = make_pair(**sides)
    assert list(pairs_matching(PairFilter())) == [plain]
    assert list(pairs_matching(PairFilter(synthetic=True))) == [plain, synthetic]
    assert PairFilter(synthetic=True).as_json() == {"synthetic": True}
