"""Claims of one annotator that arrive at one moment, from two tabs or a browser that tries again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from annotator.models import Slot, Study
from annotator.services.refusals import TooManyLeases
from annotator.services.slots import MAX_LEASES, slot_claim
from config.accounts.models import User
from tests.annotator.factories import make_annotator, make_study

pytestmark = pytest.mark.django_db(transaction=True)

N_AT_ONCE = 4
ROUNDS = 5


def claim_at_once(study: Study, annotator: User, holding: list[str]) -> list[str]:
    """Return the tokens of those claims that got one, each made over a connection of its own."""
    start = Barrier(N_AT_ONCE)

    def claim(_: int) -> str:
        try:
            User.objects.exists()  # The connection is there before the others begin.
            start.wait()
            lease = slot_claim(study=study, annotator=annotator, holding=holding)
            assert lease is not None
            return str(lease.token)
        except TooManyLeases:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        return [token for token in pool.map(claim, range(N_AT_ONCE)) if token]


def test_claims_at_one_moment_get_one_slot() -> None:
    study = make_study(n_pairs=10, overlap=2)
    for _ in range(ROUNDS):
        annotator = make_annotator(study)
        first = set(claim_at_once(study, annotator, []))
        assert len(first) == 1
        second = set(claim_at_once(study, annotator, [*first]))
        assert len(second) == 1
        assert claim_at_once(study, annotator, [*first, *second]) == []
        assert Slot.objects.filter(annotator=annotator, state="leased").count() == MAX_LEASES
        Slot.objects.update(state="free", annotator=None, lease=None)
