import pytest
from django.core.exceptions import ValidationError

from annotator.models import Item, Slot
from annotator.services.items import BLOCK_ITEMS
from annotator.services.studies import study_add_items, study_close, study_create
from datasets.models import ClipState, Pair
from tests.annotator.factories import make_clip, make_pair, make_person, make_study

pytestmark = pytest.mark.django_db


def test_every_item_has_its_places_and_the_study_knows_how_many():
    study = make_study(n_pairs=7, overlap=3)
    assert study.items.count() == study.n_items == 7
    assert study.slots.count() == study.n_slots == 21
    assert sorted(study.slots.values_list("position", flat=True)) == list(range(21))


def test_items_of_a_block_are_filled_pass_by_pass():
    study = make_study(n_pairs=BLOCK_ITEMS + 5, overlap=2)
    slots = list(study.slots.order_by("position"))
    first_block, second_block = slots[: 2 * BLOCK_ITEMS], slots[2 * BLOCK_ITEMS :]
    assert len({slot.item_id for slot in first_block}) == BLOCK_ITEMS
    assert len({slot.item_id for slot in second_block}) == 5
    passes = [first_block[:BLOCK_ITEMS], first_block[BLOCK_ITEMS:]]
    assert [{slot.slot_no for slot in each} for each in passes] == [{0}, {1}]
    assert [slot.item_id for slot in passes[0]] != [slot.item_id for slot in passes[1]]


def test_sides_are_balanced_within_an_item():
    study = make_study(n_pairs=12, overlap=4)
    for item in study.items.all():
        assert sorted(item.slots.values_list("left_is_a", flat=True)) == [False, False, True, True]
    firsts = study.slots.filter(slot_no=0).values_list("left_is_a", flat=True)
    assert len(set(firsts)) == 2


def test_the_same_seed_gives_the_same_order_and_sides():
    people = (make_person(), make_person())
    for _ in range(10):
        make_pair(*people)

    def places(seed):
        study = study_create(
            name=f"S{seed}", pairs=Pair.objects.all(), created_by=None, seed=seed, repeat_share=0.3
        )
        return list(
            study.slots.order_by("item__position", "slot_no").values_list(
                "item__pair", "slot_no", "position", "left_is_a", "item__repeat_of__pair"
            )
        )

    assert places(3) == places(3)
    assert places(3) != places(4)


def test_repeats_wait_with_the_sides_swapped():
    study = make_study(n_pairs=10, overlap=2, repeat_share=0.2)
    repeats = Item.objects.filter(study=study, repeat_of__isnull=False)
    assert repeats.count() == 2
    assert (study.n_items, study.n_slots) == (12, 24)
    for slot in Slot.objects.filter(item__in=repeats).select_related("repeat_of"):
        assert slot.state == "waiting"
        assert slot.repeat_of.slot_no == slot.slot_no
        assert slot.left_is_a is not slot.repeat_of.left_is_a


def test_only_playable_pairs_become_items():
    good, pending = make_pair(make_person()), make_pair(make_person())
    pending.clip_b.state = ClipState.PENDING
    pending.clip_b.save()
    study = study_create(name="S", pairs=Pair.objects.all(), created_by=None)
    assert list(study.items.values_list("pair", flat=True)) == [good.pk]


def test_a_study_of_nothing_is_refused():
    make_clip()
    with pytest.raises(ValidationError, match="at least one pair"):
        study_create(name="S", pairs=Pair.objects.all(), created_by=None)


def test_pairs_are_added_behind_and_once():
    study = make_study(n_pairs=3)
    last = max(study.slots.values_list("position", flat=True))
    make_pair(make_person())
    assert study_add_items(study=study, pairs=Pair.objects.all()) == 1
    assert study.n_items == 4
    assert study.slots.filter(position__gt=last).count() == 2
    with pytest.raises(ValidationError, match="new"):
        study_add_items(study=study, pairs=Pair.objects.all())
    make_pair(make_person())
    with pytest.raises(ValidationError, match="closed"):
        study_add_items(study=study_close(study=study), pairs=Pair.objects.all())
