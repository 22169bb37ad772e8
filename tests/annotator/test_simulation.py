import pytest
from django.core.management import CommandError, call_command

from annotator.models import Consensus, Judgment, Slot
from annotator.selectors.gold import gold_answers
from annotator.services.gold import gold_add, gold_settings
from annotator.services.studies import study_pause
from tests.annotator.factories import make_person, make_study
from tests.annotator.known import make_known

pytestmark = pytest.mark.django_db


def simulate(study, **options):
    call_command("simulate_annotators", study.slug, verbosity=0, **{"annotators": 3, "seed": 4, **options})


def answers(study):
    """Return every answer by the place of its slot, without what names the run."""
    rows = Judgment.objects.filter(study=study).order_by("slot__item__position", "slot__slot_no")
    return list(rows.values_list("slot__item__position", "slot__slot_no", "overall", "active_ms"))


def test_a_study_is_filled_and_marked_as_simulated(django_capture_on_commit_callbacks):
    study = make_study(n_pairs=6, overlap=3, repeat_share=0.34)
    with django_capture_on_commit_callbacks(execute=True):
        simulate(study)
    places = Slot.objects.filter(study=study, kind="answer")
    assert set(places.values_list("state", flat=True)) == {"done"}
    assert Judgment.objects.count() == 3 * (6 + 2)
    assert not Judgment.objects.filter(is_simulated=False).exists()
    assert not Judgment.objects.exclude(annotator__is_simulated=True).exists()
    assert Consensus.objects.filter(study=study).count() == 6


def test_the_same_seed_gives_the_same_answers():
    first, second, other = (make_study(n_pairs=5, seed=9) for _ in range(3))
    simulate(first)
    simulate(second)
    simulate(other, seed=5)
    assert answers(first) == answers(second)
    assert answers(first) != answers(other)


def test_without_noise_everybody_says_what_was_published():
    study = make_study(n_pairs=4, overlap=3)
    for item in study.items.all():
        item.pair.published_better = "a"
        item.pair.save()
    simulate(study, noise=0.0)
    for judgment in Judgment.objects.all():
        assert judgment.overall.removesuffix("_much") == ("left" if judgment.left_is_a else "right")


def test_a_study_that_is_not_open_is_refused():
    study = study_pause(study=make_study())
    with pytest.raises(CommandError, match="paused"):
        simulate(study)
    with pytest.raises(CommandError, match="no study"):
        call_command("simulate_annotators", "nowhere")
    with pytest.raises(CommandError, match="probability"):
        simulate(study, noise=2.0)


def test_test_questions_are_seen_the_better_the_stronger_they_are():
    people = (make_person(), make_person())
    for severity in range(1, 6):
        for _ in range(6):
            make_known(*people, severity=severity, onset=3)
    study = make_study(n_pairs=30, overlap=6)
    gold_add(study=study)
    gold_settings(
        study=study,
        share=0.5,
        most=None,
        tie_up_to=2,
        feedback=False,
        qualification_size=0,
        qualification_pass=0,
    )
    simulate(study, annotators=6)
    answers = gold_answers(study)
    assert all(answer.is_simulated for answer in answers)
    seen = {gap: [a.vote == a.known for a in answers if a.gap == gap] for gap in (1, 5)}
    assert sum(seen[1]) / len(seen[1]) < 0.55 < 0.75 < sum(seen[5]) / len(seen[5])
    delays = [answer.delay for answer in answers if answer.delay is not None]
    assert delays
    assert min(delays) >= 0


def test_who_fails_the_round_stops(study_with_round):
    simulate(study_with_round, annotators=1)
    assert study_with_round.members.get().qualification == "failed"
    assert {judgment.slot.kind for judgment in study_with_round.judgments.all()} == {"qualify"}


@pytest.fixture
def study_with_round():
    people = (make_person(), make_person())
    for _ in range(12):
        make_known(*people, severity=1)
    study = make_study(n_pairs=2)
    gold_add(study=study)
    # Nobody sees that little twelve times in a row, whatever sides are drawn, and no tie is taken for it.
    gold_settings(
        study=study,
        share=0.0,
        most=None,
        tie_up_to=0,
        feedback=False,
        qualification_size=12,
        qualification_pass=12,
    )
    return study
