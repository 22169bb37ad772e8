"""Pairs that were made with a known answer, out into every format and in again."""

import json

import pytest

from annotator.models import Item
from annotator.releasing.options import ReleaseOptions
from annotator.services.release_build import release_build
from annotator.services.releases import release_create
from datasets.importing.release import import_release
from datasets.models import Clip, ClipTruth, KnownAnswer, Pair, Person, Release
from datasets.releases.errors import ReleaseError
from datasets.releases.formats import open_folder
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.verify import verify_release
from tests.annotator.known import know

pytestmark = pytest.mark.django_db

KNOWN = ("recipe", "severity", "schedule", "onset_frame", "edited_side", "reserved_for_test")


@pytest.fixture
def known(study, items) -> KnownAnswer:
    """The second item's pair drifts on side a; its other clip and everything else are as they are."""
    pair = items[1].pair
    return know(pair, pair.clip_a.subjects.first(), better="b", severity=4, onset=3)


def build(study, out, **options) -> Release:
    return release_build(
        release=release_create(study=study, options=ReleaseOptions(**options), folder=out), study=study
    )


def rows_of(out, table="comparisons"):
    return list(ReleaseFolder.open(out).rows(table))


def test_a_pair_that_nobody_judged_is_released_when_the_lead_asks(study, known, out):
    with pytest.raises(ReleaseError, match="nothing to release"):
        build(study, out)

    build(study, out, synthetic=True)

    (row,) = rows_of(out)
    assert (row["origin"], row["preference"], row["n_judgments"]) == ("synthetic", "b", 0)
    assert [row[name] for name in KNOWN] == ["morph_drift", 4, "step", 3, "a", False]
    assert (row["chosen"], row["rejected"]) == (row["clip_b"], row["clip_a"])
    drifted = known.edit.people.get().key
    assert {each["person_id"]: each["preference"] for each in row["people_preferences"]} == {
        person["person_id"]: "b" if person["person_id"] == drifted else "same" for person in row["people"]
    }
    assert verify_release(out) == []


def test_the_clip_says_what_was_done_to_it(study, known, out):
    build(study, out, synthetic=True)

    clips = {row["sha256"]: row for row in rows_of(out, "clips")}
    done = clips.pop(known.edit.clip.playback_sha256)
    assert (done["origin"], done["recipe"], done["severity"], done["onset_frame"]) == (
        "distorted", "morph_drift", 4, 3
    )  # fmt: skip
    assert json.loads(done["truth"]) == known.edit.record
    assert {row["recipe"] for row in clips.values()} == {None}


def test_what_people_said_of_it_is_marked_as_well(judged, known, out):
    build(judged, out)

    of_pair = [row for row in rows_of(out) if row["recipe"]]
    assert sorted(row["origin"] for row in of_pair) == ["human", "synthetic"]
    assert {(row["edited_side"], row["severity"]) for row in of_pair} == {("a", 4)}
    assert verify_release(out) == []


def test_test_questions_are_no_human_evidence_unless_asked_for(judged, known, tmp_path):
    Item.objects.filter(pair=known.pair).update(is_gold=True)

    def origins(name, **options):
        build(judged, tmp_path / name, **options)
        return sorted(row["origin"] for row in rows_of(tmp_path / name) if row["recipe"])

    assert origins("plain") == []
    assert origins("synthetic", synthetic=True) == ["synthetic"]
    assert origins("gold", gold=True) == ["human", "synthetic"]


def test_a_tie_by_construction_has_no_better_side(study, items, out):
    know(items[0].pair, better="tie", severity=2)

    build(study, out, synthetic=True)

    (row,) = rows_of(out)
    assert (row["preference"], row["prob_tie"], row["chosen"]) == ("tie", 1.0, None)
    assert {each["preference"] for each in row["people_preferences"]} == {"same"}
    assert verify_release(out) == []


def test_what_is_reserved_for_tests_is_in_the_test_split_or_nowhere(judged, items, out, tmp_path):
    """Two groups of people; everything of the first one is reserved."""
    first = set(items[0].pair.clip_a.subjects.values_list("pk", flat=True))
    clips = {}
    for item in items:
        pair = item.pair
        if set(pair.clip_a.subjects.values_list("pk", flat=True)) != first or pair.clip_b_id in clips:
            continue
        clips[pair.clip_b_id] = know(pair, severity=2, onset=1, reserved_for_test=True)
    build(judged, out, splits="80/10/10")

    release = ReleaseFolder.open(out)
    reserved = [row["comparison_id"] for row in release.rows("comparisons") if row["reserved_for_test"]]
    in_test = [row["comparison_id"] for row in release.rows("comparisons", "test")]
    assert set(reserved) <= set(in_test)
    assert verify_release(out) == []

    made = build(judged, tmp_path / "train", splits="100")
    rows = rows_of(tmp_path / "train")
    assert not any(row["reserved_for_test"] for row in rows)
    assert any("reserved for tests" in sentence for sentence in made.counts["left_out"])
    named = {row["sha256"] for row in rows_of(tmp_path / "train", "clips")}
    assert named == {row[side] for row in rows for side in ("clip_a", "clip_b")}
    assert verify_release(tmp_path / "train") == []


def test_where_everything_is_reserved_and_there_is_no_test_split_a_sentence_says_so(study, items, out):
    know(items[0].pair, onset=1, reserved_for_test=True)
    with pytest.raises(ReleaseError, match="ask for a split test"):
        build(study, out, synthetic=True, splits="100")


@pytest.mark.parametrize("form", ["likeness", "jsonl", "videoalign"])
def test_it_comes_back(study, known, out, form):
    build(study, out, synthetic=True, format=form)
    _, source = open_folder(out)
    (row,) = source.rows("comparisons")
    assert (row["origin"], *[row[name] for name in KNOWN]) == (
        "synthetic", "morph_drift", 4, "step", 3, "a", False
    )  # fmt: skip
    people = set(known.edit.people.values_list("key", flat=True))
    for model in (KnownAnswer, ClipTruth, Item):
        model.objects.all().delete()
    study.slots.all().delete()
    Pair.objects.all().delete()

    report, _ = import_release(folder=out)

    back = KnownAnswer.objects.get()
    drifted = back.pair.clip_a if back.edited_side == "a" else back.pair.clip_b
    assert drifted == back.edit.clip == Clip.objects.get(pk=report.clip_ids[row["clip_a"]])
    assert back.preference != back.edited_side
    assert (back.edit.recipe, back.edit.severity, back.edit.schedule, back.edit.onset_frame) == (
        "morph_drift", 4, "step", 3
    )  # fmt: skip
    assert not back.edit.is_control
    if form != "videoalign":  # which knows clips by their files alone
        assert set(back.edit.people.values_list("key", flat=True)) == people
    assert Pair.objects.get().published_better == ""


def test_prompts_say_where_what_is_known_of_them_comes_from(study, known, out):
    build(study, out, synthetic=True, format="identity-grpo", splits="100")
    assert "origins" in (out / "train.csv").read_text().splitlines()[0]
    assert (out / "train.csv").read_text().splitlines()[1].endswith(",synthetic")
    assert Person.objects.count() == 4
