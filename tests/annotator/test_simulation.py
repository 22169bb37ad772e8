import pytest
from django.core.management import CommandError, call_command

from annotator.models import Consensus, Judgment, Slot
from annotator.services.studies import study_pause
from tests.annotator.factories import make_study

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
