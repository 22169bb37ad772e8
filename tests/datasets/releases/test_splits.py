import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.releases.errors import ReleaseError
from datasets.releases.splits import Groups, Splits, parse_splits

REQUESTED = {"train": 80, "validation": 10, "test": 10}

# Who is in each comparison, by number; clips 2n and 2n+1 are compared in it.
casts = st.lists(st.lists(st.integers(0, 30), max_size=3), max_size=40)
# (copy, source) by number of clip.
copies = st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=10)


def assign(people_of, derivations=(), *, requested=REQUESTED, seed=1, order=None) -> Splits:
    groups = Groups()
    numbers = list(range(len(people_of)))
    if order is not None:
        order.shuffle(numbers)
    for number in numbers:
        groups.add_comparison(
            f"clip{2 * number}", f"clip{2 * number + 1}", people=map(str, people_of[number])
        )
    for copy, source in derivations:
        groups.add_clip(f"clip{copy}", subjects=(), source=f"clip{source}")
    return groups.assign(requested, seed=seed)


@given(people_of=casts, derivations=copies, seed=st.integers(0, 5))
def test_nobody_and_no_copy_is_in_two_splits(people_of, derivations, seed):
    splits = assign(people_of, derivations, seed=seed)

    for number, people in enumerate(people_of):
        homes = {splits.of_clip(f"clip{2 * number}"), splits.of_clip(f"clip{2 * number + 1}")}
        homes |= {splits.of_person(str(person)) for person in people}
        assert len(homes) == 1
    for copy, source in derivations:
        assert splits.of_clip(f"clip{copy}") == splits.of_clip(f"clip{source}")


@given(people_of=casts, derivations=copies)
def test_every_comparison_and_person_is_counted_once(people_of, derivations):
    splits = assign(people_of, derivations)

    assert sum(splits.comparisons.values()) == len(people_of)
    assert sum(splits.people.values()) == len({person for people in people_of for person in people})


@given(people_of=casts, order=st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(people_of, order):
    names = [f"clip{number}" for number in range(2 * len(people_of))]

    there, here = assign(people_of, order=order), assign(people_of)

    assert [there.of_clip(name) for name in names] == [here.of_clip(name) for name in names]


@given(sizes=st.lists(st.integers(1, 8), min_size=60, max_size=90), seed=st.integers(0, 3))
def test_many_small_groups_come_near_the_requested_proportions(sizes, seed):
    splits = assign([[group] for group, size in enumerate(sizes) for _ in range(size)], seed=seed)

    total = sum(sizes)
    assert splits.warning is None
    for name, percent in REQUESTED.items():
        assert abs(splits.comparisons[name] - percent / 100 * total) <= max(sizes)


def test_the_seed_decides_between_groups_of_one_size():
    people_of = [[number] for number in range(40)]

    results = {tuple(assign(people_of, seed=seed).of_person(str(p)) for p in range(40)) for seed in range(4)}

    assert len(results) == 4


def test_one_giant_group_stays_whole_and_the_result_says_why():
    splits = assign([[number, number + 1] for number in range(50)])

    assert splits.comparisons == {"train": 50, "validation": 0, "test": 0}
    assert splits.warning is not None
    assert splits.warning.startswith("All 50 comparisons hang together through the 51 people in them")
    assert "everything is in train" in splits.warning


def test_a_group_too_large_for_its_split_is_warned_of():
    splits = assign([[0]] * 70 + [[1]] * 30)

    assert splits.comparisons == {"train": 70, "validation": 30, "test": 0}
    assert splits.warning is not None
    assert "train 70 %, validation 30 %, test 0 %" in splits.warning
    assert "80/10/10" in splits.warning


def test_few_groups_still_leave_something_held_out():
    splits = assign([[group] for group in range(4)])

    assert splits.comparisons == {"train": 2, "validation": 1, "test": 1}


def test_nothing_at_all_gets_splits_without_a_warning():
    splits = assign([])

    assert splits.comparisons == {"train": 0, "validation": 0, "test": 0}
    assert splits.warning is None


def test_clips_without_people_are_held_together_by_their_comparisons():
    groups = Groups()
    groups.add_comparison("x", "y")
    groups.add_comparison("y", "z")
    splits = groups.assign(REQUESTED, seed=random.Random(3).randrange(100))

    assert splits.of_clip("x") == splits.of_clip("z")


def test_a_person_and_a_clip_of_one_name_are_not_confused():
    groups = Groups()
    groups.add_comparison("a", "b", people=["one"])
    groups.add_comparison("one", "c", people=["a"])

    assert groups.assign(REQUESTED, seed=0).groups == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80/10/10", {"train": 80, "validation": 10, "test": 10}),
        ("90/10", {"train": 90, "test": 10}),
        ("90/0/10", {"train": 90, "test": 10}),
        ("100", {"train": 100}),
    ],
)
def test_proportions_are_read(text, expected):
    assert parse_splits(text) == expected


@pytest.mark.parametrize("text", ["", "80/10", "80/10/5/5", "a/b", "0/50/50", "-10/110", "80/ 20", "٨٠/20"])
def test_other_proportions_are_refused(text):
    with pytest.raises(ReleaseError):
        parse_splits(text)


@given(people_of=casts, reserved=st.lists(st.booleans(), min_size=40, max_size=40), seed=st.integers(0, 5))
def test_what_is_reserved_is_in_the_test_split_or_in_none(people_of, reserved, seed):
    groups = Groups()
    for number, people in enumerate(people_of):
        clips = (f"clip{2 * number}", f"clip{2 * number + 1}")
        groups.add_comparison(*clips, people=map(str, people), reserved=reserved[number])
    splits = groups.assign(REQUESTED, seed=seed)

    kept = {
        number
        for number in range(len(people_of))
        if splits.keeps(f"clip{2 * number}", reserved=reserved[number])
    }
    assert all(splits.of_clip(f"clip{2 * number}") == "test" for number in kept if reserved[number])
    assert len(people_of) - len(kept) == splits.reserved_left_out
    assert len(kept) == sum(splits.comparisons.values())


def grouped(sizes: dict[str, int], reserved: dict[str, int]) -> Groups:
    """One group of people by each name, so many comparisons in it, and so many of those reserved for tests."""
    groups = Groups()
    for name, size in sizes.items():
        for number in range(size):
            clips = (f"{name}{number}a", f"{name}{number}b")
            groups.add_comparison(*clips, people=[name], reserved=number < reserved.get(name, 0))
    return groups


def test_people_of_whom_everything_is_reserved_are_tested_on_however_many_they_are():
    splits = grouped({"ada": 6, "ben": 4}, {"ada": 6}).assign({"train": 80, "test": 20}, seed=0)
    assert (splits.of_person("ada"), splits.of_person("ben")) == ("test", "train")
    assert splits.reserved_left_out == 0


def test_a_group_with_some_reserved_is_tested_on_where_there_is_room():
    splits = grouped({"ada": 10, "ben": 2}, {"ben": 1}).assign({"train": 80, "test": 20}, seed=0)
    assert splits.of_person("ben") == "test"
    splits = grouped({"ada": 10, "ben": 2}, {"ada": 3}).assign({"train": 80, "test": 20}, seed=0)
    assert splits.of_person("ada") == "train"
    assert (splits.reserved_left_out, splits.comparisons) == (3, {"train": 7, "test": 2})


def test_without_a_test_split_nothing_reserved_is_released():
    splits = grouped({"ada": 4}, {"ada": 4}).assign({"train": 100}, seed=0)
    assert (splits.reserved_left_out, splits.comparisons, splits.people) == (4, {"train": 0}, {"train": 0})
