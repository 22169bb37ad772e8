"""A reward model's part in a study's queue: doubts first, a share at random, nothing that was begun is moved."""

import random

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from annotator.models import Item, Judgment, Role, Slot
from annotator.releasing.rows import StudyRows
from annotator.selectors.scores import flagged_judgments, flags
from annotator.services.queue import drawn, queue_order
from annotator.services.slots import slot_claim
from datasets.models import Clip, PairScore, Scorer
from datasets.releases.splits import parse_splits
from tests.annotator.answering import answer_one, for_clip_a
from tests.annotator.factories import make_annotator, make_study, make_user
from tests.annotator.scoring import make_scorer, score_pairs

pytestmark = pytest.mark.django_db

SURE, UNSURE = (0.97, 0.02, 0.01), (0.4, 0.2, 0.4)


def in_order(study) -> list[int]:
    """Items by the position of their first free slot."""
    slots = Slot.objects.filter(study=study, state="free").order_by("position").values_list("item", flat=True)
    return list(dict.fromkeys(slots))


@pytest.fixture
def study():
    return make_study(80, overlap=2)


@pytest.fixture
def scorer(study) -> Scorer:
    """Sure of every pair but the last 24 in the queue."""
    scorer = make_scorer()
    items = in_order(study)
    pairs = dict(Item.objects.filter(study=study).values_list("pk", "pair"))
    score_pairs(scorer, [pairs[item] for item in items[:-24]], SURE)
    score_pairs(scorer, [pairs[item] for item in items[-24:]], UNSURE)
    return scorer


def test_doubted_pairs_come_first_and_a_share_of_every_block_is_random(study, scorer):
    doubted = set(in_order(study)[-24:])

    order = queue_order(study=study, scorer=scorer, random_share=0.25)

    first = in_order(study)[:32]
    at_random = set(Item.objects.filter(study=study, drawn_at_random=True).values_list("pk", flat=True))
    assert (order.n_ordered, len(at_random)) == (80, 20)
    assert len(at_random & set(first)) == 8
    assert doubted - at_random <= set(first)


def test_the_random_share_holds_as_many_doubted_pairs_as_chance_gives_it():
    items = list(range(40))
    doubted = set(items[:10])

    found = [
        len(doubted & set(drawn(dict.fromkeys(items), 0.25, random.Random(n), random.Random(n))))
        for n in range(400)
    ]

    # Hypergeometric: 2.5 of 10, standard deviation 1.2, hence 0.06 for the mean of 400.
    assert abs(sum(found) / len(found) - 2.5) < 0.2


def test_an_order_anew_keeps_who_was_drawn_at_random(study, scorer):
    queue_order(study=study, scorer=scorer)
    before = dict(Item.objects.filter(study=study).values_list("pk", "drawn_at_random"))
    annotator = make_annotator(study)
    for _ in range(4):
        answer_one(study, annotator, for_clip_a)

    queue_order(study=study, scorer=scorer, seed=1)

    assert dict(Item.objects.filter(study=study).values_list("pk", "drawn_at_random")) == before


def test_every_slot_keeps_its_sides_and_the_study_its_positions(study, scorer):
    before = dict(Slot.objects.filter(study=study).values_list("pk", "left_is_a"))
    positions = sorted(Slot.objects.filter(study=study).values_list("position", flat=True))

    queue_order(study=study, scorer=scorer)

    assert dict(Slot.objects.filter(study=study).values_list("pk", "left_is_a")) == before
    assert sorted(Slot.objects.filter(study=study).values_list("position", flat=True)) == positions


def test_what_somebody_has_in_hand_stays_and_counts_as_drawn_at_random(study, scorer):
    annotator = make_annotator(study)
    lease = slot_claim(study=study, annotator=annotator)
    where = Slot.objects.get(pk=lease.slot.slot_id).position

    order = queue_order(study=study, scorer=scorer)

    slot = Slot.objects.get(pk=lease.slot.slot_id)
    assert (slot.position, slot.item.drawn_at_random, order.n_ordered) == (where, True, 79)


def test_a_claim_after_it_gives_the_front_of_the_new_order(study, scorer):
    annotator = make_annotator(study)
    queue_order(study=study, scorer=scorer)

    lease = slot_claim(study=study, annotator=annotator)

    assert lease.slot.item_id == in_order_with(study, lease)[0]


def in_order_with(study, lease) -> list[int]:
    slots = Slot.objects.filter(study=study).order_by("position").values_list("item", flat=True)
    return list(dict.fromkeys(slots))


def test_the_same_seed_gives_the_same_order(study, scorer):
    queue_order(study=study, scorer=scorer, seed=3)
    first = in_order(study)
    queue_order(study=study, scorer=scorer, seed=4)
    assert in_order(study) != first
    queue_order(study=study, scorer=scorer, seed=3)
    assert in_order(study) == first


def test_a_model_without_scores_is_refused(study):
    with pytest.raises(ValidationError, match="no score for any pair"):
        queue_order(study=study, scorer=make_scorer("empty"))


def test_a_share_beyond_all_is_refused_and_nothing_is_moved(study, scorer):
    before = in_order(study)
    with pytest.raises(ValidationError):
        queue_order(study=study, scorer=scorer, random_share=1.5)
    assert in_order(study) == before


def test_scores_are_written_over_by_the_same_weights(study, scorer):
    pair = PairScore.objects.first().pair_id
    score_pairs(scorer, [pair], UNSURE)
    assert PairScore.objects.get(pair=pair, scorer=scorer).prob_a == 0.4


def test_the_command_orders_by_the_model_that_scored_last(study, scorer, capsys):
    call_command("order_queue", study.slug, "--random-share", "0.5")
    assert "80 pairs" in capsys.readouterr().out
    assert Item.objects.filter(study=study, drawn_at_random=True).count() == 40


def answered(study, scorer, *, given: tuple[float, float, float]) -> Judgment:
    """One answer for clip a, and what the model gives a, a tie and b."""
    judgment = answer_one(study, make_annotator(study), for_clip_a)
    score_pairs(scorer, [judgment.item.pair_id], given)
    return judgment


def test_an_answer_against_a_confident_model_is_flagged_and_not_changed():
    study, scorer = make_study(3, overlap=1), make_scorer()
    wrong = answered(study, scorer, given=(0.01, 0.04, 0.95))
    answered(study, scorer, given=(0.95, 0.04, 0.01))
    answered(study, scorer, given=(0.2, 0.2, 0.6))

    found = flagged_judgments(study, scorer)

    assert list(found) == [wrong]
    assert flags(list(found), scorer)[0].against == 0.95
    assert Judgment.objects.get(pk=wrong.pk).overall == wrong.overall


def test_a_lead_sees_flagged_answers_orders_the_queue_and_a_reviewer_does_neither(client):
    lead = make_user("lead", is_lead=True)
    study = make_study(4, overlap=1, created_by=lead)
    scorer = make_scorer()
    judgment = answered(study, scorer, given=(0.01, 0.04, 0.95))
    reviewer = make_annotator(study, role=Role.REVIEWER)
    client.force_login(lead)

    page = client.get(f"/studies/{study.slug}/reviews/?show=flagged").content.decode()
    assert f"reviews/{judgment.item_id}/" in page
    assert (
        "95\N{NO-BREAK SPACE}%"
        in client.get(f"/studies/{study.slug}/reviews/{judgment.item_id}/").content.decode()
    )
    form = {"scorer": scorer.pk, "random_per_cent": 50, "seed": 1}
    assert (
        client.post(f"/studies/{study.slug}/queue/order/", form).status_code == 422
    )  # of what is left it knows nothing
    score_pairs(scorer, list(Item.objects.filter(study=study).values_list("pair", flat=True)), UNSURE)
    assert client.post(f"/studies/{study.slug}/queue/order/", form).status_code == 302
    assert "3 pairs by the doubts of" in client.get(f"/studies/{study.slug}/queue/").content.decode()

    client.force_login(reviewer)
    assert client.get(f"/studies/{study.slug}/queue/").status_code in (403, 404)
    assert "contradict" not in client.get(f"/studies/{study.slug}/reviews/?show=flagged").content.decode()


def test_a_release_has_scores_in_columns_of_their_own(tmp_path):
    study, scorer = make_study(1), make_scorer("first try")
    for number, clip in enumerate(Clip.objects.all()):
        Clip.objects.filter(pk=clip.pk).update(playback_sha256=f"{number:064x}")
    answered(study, scorer, given=(0.5, 0.25, 0.25))
    rows = StudyRows(study, licence="other", media=False, embed=False, tracks=False)
    splits = rows.groups().assign(parse_splits("100/0/0"), seed=0)

    (row,) = [row for table, _, row in rows.rows(splits, lambda done, total: None) if table == "comparisons"]

    assert (row["reward_model"], row["reward_a"], row["reward_b"]) == ("first try", 0.5, 0.25)
    assert row["drawn_at_random"] is None
