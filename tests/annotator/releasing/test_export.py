"""From a judged study to a folder: what is in it, what it says, and what becomes of the row."""

import io
import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotator.models import Judgment, Mark, PersonJudgment
from annotator.releasing.options import ReleaseOptions
from annotator.releasing.rows import StudyRows
from annotator.services.consensus import study_consensus_refresh
from annotator.services.faces import track_report_resolve, tracks_report
from annotator.services.release_build import release_build
from annotator.services.releases import release_create
from datasets.models import Clip, Pair, Person, Release, ReleaseState
from datasets.releases.errors import ReleaseError
from datasets.releases.formats import open_folder
from datasets.releases.names import FORMAT_NAMES
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.verify import verify_release
from datasets.services.deletion import clip_delete
from tests.annotator.factories import make_person, make_user
from tests.annotator.judging import answer, judge
from tests.datasets.factories import content_of

pytestmark = pytest.mark.django_db


def export(study, out: Path, **options) -> ReleaseFolder:
    release = release_create(study=study, options=ReleaseOptions(**options), folder=out)
    release_build(release=release, study=study)
    assert verify_release(out) == []
    return ReleaseFolder.open(out)


def by_key(folder: ReleaseFolder, table: str) -> dict[str, dict]:
    key = folder.tables[table].key
    return {row[key]: row for row in folder.rows(table)}


def test_a_comparison_names_whose_tracks_were_called_wrong(judged, items, out):
    first, second = items[0], items[1]
    amy, _ = first.pair.clip_a.subjects.order_by("clip_subjects__position")
    reports = [
        tracks_report(item=first, annotator=make_user(), person_id=who) for who in (amy.pk, amy.pk, None)
    ]
    track_report_resolve(report=reports[0], by=make_user(is_lead=True))

    rows = by_key(export(judged, out), "comparisons")

    assert rows[f"tea-{first.pk}"]["tracks_reported"] == [
        {"person_id": amy.key, "n_open": 1, "n_resolved": 1},
        {"person_id": None, "n_open": 1, "n_resolved": 0},
    ]
    assert rows[f"tea-{second.pk}"]["tracks_reported"] == []


def test_a_judged_pair_becomes_a_comparison(judged, items, out):
    item = items[0]

    row = by_key(export(judged, out, licence="cc-by-4.0"), "comparisons")[f"tea-{item.pk}"]

    a, b = item.pair.clip_a.playback_sha256, item.pair.clip_b.playback_sha256
    assert (row["origin"], row["preference"], row["n_judgments"]) == ("human", "a", 2)
    assert (row["clip_a"], row["clip_b"], row["chosen"], row["rejected"]) == (a, b, a, b)
    assert row["prob_a"] > 0.7
    assert (row["agreement"], row["licence"], row["prompt"]) == (1.0, "cc-by-4.0", item.pair.prompt)
    subjects = list(item.pair.clip_a.subjects.order_by("clip_subjects__position"))
    assert row["people"] == [
        {"person_id": each.key, "references": list(each.references.values_list("sha256", flat=True))}
        for each in subjects
    ]
    assert [(part["person_id"], part["preference"]) for part in row["people_preferences"]] == [
        (each.key, "a") for each in sorted(subjects, key=lambda each: each.pk)
    ]


def test_what_is_disputed_has_probabilities_and_no_preference(judged, items, out):
    row = by_key(export(judged, out), "comparisons")[f"tea-{items[-1].pk}"]

    assert (row["preference"], row["chosen"], row["rejected"]) == (None, None, None)
    assert row["prob_a"] == pytest.approx(row["prob_b"])
    assert {part["preference"] for part in row["people_preferences"]} == {None}


def test_what_is_not_answered_often_enough_is_not_settled(study, items, annotators, out):
    judge(items[0], annotators[0], "a")

    rows = by_key(export(study, out), "comparisons")

    assert [(row["n_judgments"], row["preference"]) for row in rows.values()] == [(1, None)]


def test_a_stored_consensus_is_taken_over(judged, items, out):
    study_consensus_refresh(study=judged)
    stored = items[0].consensus

    row = by_key(export(judged, out), "comparisons")[f"tea-{items[0].pk}"]

    assert row["method"] == stored.method == "dawid_skene"
    assert (row["prob_a"], row["prob_tie"], row["prob_b"]) == (stored.prob_a, stored.prob_tie, stored.prob_b)


def test_a_stored_consensus_of_fewer_judgments_is_not(judged, items, out):
    study_consensus_refresh(study=judged)
    slot = items[0].slots.create(study=judged, slot_no=9, kind="answer", position=99, left_is_a=True)
    late = judge_in(slot, make_user("third"), "b")

    folder = export(judged, out)

    row = by_key(folder, "comparisons")[f"tea-{items[0].pk}"]
    assert (row["method"], row["n_judgments"]) == ("vote", 3)
    assert by_key(folder, "judgments")[str(late.pk)]["counted"]


def judge_in(slot, annotator, overall: str) -> Judgment:
    slot.state, slot.annotator = "done", annotator
    slot.save()
    return answer(slot, annotator, overall)


def test_a_reviewer_decides(judged, items, out):
    slot = items[-1].slots.create(study=judged, slot_no=9, kind="review", position=99, left_is_a=True)
    judge_in(slot, make_user("reviewer"), "b_much")

    folder = export(judged, out)

    row = by_key(folder, "comparisons")[f"tea-{items[-1].pk}"]
    assert (row["method"], row["preference"], row["n_judgments"]) == ("review", "b", 3)
    assert [row["kind"] for row in by_key(folder, "judgments").values()].count("review") == 1


def test_judgments_are_told_in_terms_of_a_and_b_by_pseudonym(judged, items, annotators, out):
    given = Judgment.objects.get(item=items[0], annotator=annotators[0])
    person = items[0].pair.clip_a.subjects.first()
    Mark.objects.create(
        judgment=given, person=person, side="left" if given.left_is_a else "right", kind="swap", frame=4
    )
    PersonJudgment.objects.filter(judgment=given, person=person).update(no_drift=True)
    Judgment.objects.filter(pk=given.pk).update(remark="her ear")

    folder = export(judged, out)

    row = by_key(folder, "judgments")[str(given.pk)]
    assert (row["overall"], row["annotator"], row["remark"]) == ("a_much", annotators[0].pseudonym, "her ear")
    assert row["left_side"] == ("a" if given.left_is_a else "b")
    assert {"person_id": person.key, "verdict": "a", "no_drift": True} in row["people"]
    mark = {"person_id": person.key, "side": "a", "kind": "swap", "frame": 4}
    assert row["marks"] == [mark]
    assert row["created_at"] == given.created_at
    assert by_key(folder, "comparisons")[f"tea-{items[0].pk}"]["marks"] == [
        {"judgment_id": str(given.pk), **mark}
    ]
    assert "one" not in {row["annotator"] for row in folder.rows("judgments")}


def test_what_was_taken_back_or_came_late_is_there_and_does_not_count(judged, items, annotators, out):
    first = Judgment.objects.get(item=items[0], annotator=annotators[0])
    changed = answer(first.slot, annotators[0], "tie", supersedes=first)
    late = answer(items[1].slots.first(), make_user("late"), "b", surplus=True)

    folder = export(judged, out)

    rows = by_key(folder, "judgments")
    assert [rows[str(each.pk)]["counted"] for each in (first, changed, late)] == [False, True, False]
    assert rows[str(changed.pk)]["supersedes"] == str(first.pk)
    comparisons = by_key(folder, "comparisons")
    assert [comparisons[f"tea-{item.pk}"]["n_judgments"] for item in items[:2]] == [2, 2]


def test_a_repeat_hangs_on_its_original_and_does_not_count(judged, items, annotators, out):
    repeat = judged.items.create(pair=items[0].pair, position=10_000, repeat_of=items[0])
    slot = repeat.slots.create(study=judged, slot_no=0, position=10_000, left_is_a=True)
    again = judge_in(slot, annotators[0], "b")

    folder = export(judged, out)

    row = by_key(folder, "judgments")[str(again.pk)]
    assert (row["comparison_id"], row["repeat"], row["counted"]) == (f"tea-{items[0].pk}", True, False)
    assert len(by_key(folder, "comparisons")) == len(items)


def test_simulated_answers_are_a_comparison_of_their_own(judged, items, out):
    slot = items[0].slots.create(study=judged, slot_no=9, position=99, left_is_a=True)
    machine = judge_in(slot, make_user("machine", is_simulated=True), "b")

    folder = export(judged, out)

    rows = by_key(folder, "comparisons")
    human, simulated = rows[f"tea-{items[0].pk}"], rows[f"tea-{items[0].pk}-simulated"]
    assert (human["origin"], human["preference"], human["n_judgments"]) == ("human", "a", 2)
    assert (simulated["origin"], simulated["n_judgments"]) == ("simulated", 1)
    told = by_key(folder, "judgments")[str(machine.pk)]
    assert (told["simulated"], told["comparison_id"]) == (True, simulated["comparison_id"])
    assert sum(row["simulated"] for row in folder.rows("judgments")) == 1


def test_a_published_label_is_a_comparison_of_its_own(study, items, out):
    Pair.objects.filter(pk=items[2].pair_id).update(published_better="b")

    rows = by_key(export(study, out), "comparisons")

    assert list(rows) == [f"tea-{items[2].pk}-published"]
    row = rows[f"tea-{items[2].pk}-published"]
    assert (row["origin"], row["preference"], row["n_judgments"]) == ("published", "b", 0)
    assert (row["chosen"], row["prob_a"]) == (items[2].pair.clip_b.playback_sha256, None)
    assert row["source"] == f"published with the clips ({items[2].pair.key})"


def test_clips_come_with_their_playback_copy_and_provenance(judged, items, out):
    folder = export(judged, out)

    clip = items[0].pair.clip_a
    row = by_key(folder, "clips")[clip.playback_sha256]
    assert folder.clip_bytes(clip.playback_sha256) == content_of(clip.playback_file)
    told = {name: row[name] for name in ("original_sha256", "name", "generator", "generator_version", "seed")}
    assert told == {
        "original_sha256": clip.sha256,
        "name": clip.source_name,
        "generator": clip.generator,
        "generator_version": "2",
        "seed": clip.seed,
    }
    assert (row["fps"], row["fps_fraction"], row["frames"], row["licence"]) == (12.0, "12/1", 6, "cc-by-4.0")


def test_people_come_with_their_references(judged, out):
    folder = export(judged, out)

    rows = {row["person_id"]: row for row in folder.rows("people", media=True)}
    assert rows.keys() == {"amy", "bob", "cid", "dee"}
    assert [rows[key]["procedural"] for key in sorted(rows)] == [False, False, False, True]
    reference = Person.objects.get(key="amy").references.all()[1]
    part = rows["amy"]["references"][1]
    assert part["image"]["bytes"] == content_of(reference.file)
    assert (part["name"], part["licence"], rows["amy"]["consent"]) == ("1.jpg", "cc-by-4.0", "for tests")


def test_nobody_is_in_two_splits(judged, out):
    folder = export(judged, out, splits="50/50")

    homes = {split: {row["person_id"] for row in folder.rows("people", split)} for split in folder.splits}
    assert sorted(map(sorted, homes.values())) == [["amy", "bob"], ["cid", "dee"]]


def test_a_distorted_copy_goes_where_its_source_is(judged, items, out):
    clips = [
        items[0].pair.clip_a,
        next(item for item in items if item.pair.prompt != items[0].pair.prompt).pair.clip_b,
    ]
    Clip.objects.filter(pk=clips[0].pk).update(parent=clips[1], origin="distorted")

    folder = export(judged, out, splits="50/50")

    assert by_key(folder, "clips")[clips[0].playback_sha256]["source_clip"] == clips[1].playback_sha256
    assert folder.manifest.splits["warning"].startswith(
        "All 6 comparisons hang together through the 4 people"
    )
    assert [row["split"] for row in map(vars, folder.manifest.shards("people"))] == ["train"]


def test_removed_clips_and_equal_ones_are_left_out_and_said(judged, items, out):
    clip_delete(clip=items[0].pair.clip_a)
    for side in (items[-1].pair.clip_a_id, items[-1].pair.clip_b_id):
        Clip.objects.filter(pk=side).update(playback_sha256="f" * 64)

    release = release_create(study=judged, options=ReleaseOptions(media=False), folder=out)
    release_build(release=release, study=judged)

    assert len(release.counts["left_out"]) == 2
    assert release.counts["left_out"][0].endswith(
        "pairs were left out: a clip was removed or is no usable video."
    )
    assert "their two clips look exactly the same" in release.counts["left_out"][1]


def test_people_who_were_deleted_are_not_named(judged, items, out):
    gone = items[0].pair.clip_a.subjects.first()
    key = gone.key
    gone.delete()

    folder = export(judged, out)

    assert key not in {row["person_id"] for row in folder.rows("people")}
    assert key not in str(list(folder.rows("judgments"))) + str(list(folder.rows("comparisons")))


def test_somebody_judged_though_not_named_any_more_stays_in_the_release(judged, items, annotators, out):
    extra = make_person(key="extra")
    given = Judgment.objects.get(item=items[0], annotator=annotators[0])
    PersonJudgment.objects.create(judgment=given, person=extra, verdict="same")

    row = by_key(export(judged, out), "comparisons")[f"tea-{items[0].pk}"]

    assert [person["person_id"] for person in row["people"]][-1] == "extra"


def test_answers_that_arrive_meanwhile_change_nothing(judged, items, annotators, out):
    """The export reads twice; an answer between the two readings is in neither."""
    slot = items[0].slots.create(study=judged, slot_no=9, position=99, left_is_a=True)
    late: list[Judgment] = []

    def interfere(done: int, total: int) -> None:
        if not late:
            late.append(judge_in(slot, make_user("quick"), "b"))

    original = StudyRows.rows

    def rows(self, splits, on_progress):
        interfere(0, 1)
        return original(self, splits, on_progress)

    release = release_create(study=judged, options=ReleaseOptions(), folder=out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StudyRows, "rows", rows)
        release_build(release=release, study=judged)

    assert verify_release(out) == []
    assert str(late[0].pk) not in by_key(ReleaseFolder.open(out), "judgments")


def test_the_row_is_frozen_and_names_what_it_holds(judged, out):
    release = release_create(study=judged, options=ReleaseOptions(seed=5), folder=out)
    release_build(release=release, study=judged)

    release.refresh_from_db()
    assert (release.state, release.name, release.version) == (ReleaseState.FROZEN, "tea", 1)
    assert release.folder == str(out)
    assert (release.clips.count(), release.people.count()) == (6, 4)
    assert release.counts["tables"]["comparisons"] == {"train": 3, "validation": 3, "test": 0}
    assert len(release.manifest_sha256) == 64
    assert list(judged.releases.all()) == [release]
    assert ReleaseFolder.open(out).manifest.info.configuration["study"] == "tea"


def test_the_next_release_has_the_next_version(judged, tmp_path):
    versions = [
        release_create(study=judged, options=ReleaseOptions(), folder=tmp_path / str(number)).version
        for number in range(3)
    ]

    assert versions == [1, 2, 3]


def test_the_same_export_again_gives_the_same_data(judged, tmp_path):
    for name in ("one", "two"):
        export(judged, tmp_path / name, seed=3)

    for path in (tmp_path / "one" / "data").rglob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_clips_are_embedded_on_request(judged, out):
    folder = export(judged, out, embed=True)

    row = next(folder.rows("comparisons", media=True))
    assert row["video_b"]["bytes"] == folder.clip_bytes(row["clip_b"])


def test_media_are_left_out_on_request(judged, out):
    folder = export(judged, out, media=False)

    assert not folder.has_media()
    assert {row["video"] for row in folder.rows("clips", media=True)} == {None}


def test_a_missing_file_ends_the_export_with_a_sentence(judged, items, out):
    default_storage.delete(items[0].pair.clip_a.playback_file)
    release = release_create(study=judged, options=ReleaseOptions(), folder=out)

    with pytest.raises(ReleaseError, match=r"The library's file playback/.* cannot be read: No such file"):
        release_build(release=release, study=judged)

    assert not out.exists()
    assert not list(out.parent.glob(".out*"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"splits": "70/10/10"}, "must add up to 100"),
        ({"format": "csv"}, "The format 'csv' is none of likeness, videoalign"),
        ({"format": "videoalign", "media": False}, "cannot do without media"),
        ({"format": "jsonl", "embed": True}, "in the format likeness"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, sentence):
    with pytest.raises(ReleaseError, match=sentence):
        ReleaseOptions(**options)


# ---------------------------------------------------------------- the command


def run(*arguments: str) -> str:
    sink = io.StringIO()
    call_command(*arguments, stdout=sink, stderr=io.StringIO())
    return sink.getvalue()


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_command_writes_each_format(judged, out, name):
    text = run("export_pairs", "tea", "--out", str(out), "--format", name, "--splits", "50/50", "--seed", "3")

    assert open_folder(out)[0] == name
    assert verify_release(out) == []
    assert text.startswith(f"tea v1 in {out}\n")
    release = Release.objects.get()
    assert (release.format, release.state) == (name, ReleaseState.FROZEN)
    assert not list(out.parent.glob(".out*"))
    assert run("verify_release", str(out)) == f"{out} is whole.\n"


def test_the_command_says_what_is_wrong(study, judged, tmp_path):
    (tmp_path / "taken").mkdir()
    for arguments, sentence in (
        (("nowhere", "--out", str(tmp_path / "x")), "There is no study nowhere."),
        (("tea", "--out", str(tmp_path / "taken")), "exists already"),
        (("tea", "--out", str(tmp_path / "x"), "--splits", "1/2"), "must add up to 100"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run("export_pairs", *arguments)

    assert not Release.objects.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["taken"]


def test_a_study_without_answers_is_refused(study, out):
    with pytest.raises(CommandError, match="There is nothing to release yet"):
        run("export_pairs", "tea", "--out", str(out))

    assert not out.exists()


def test_the_verify_command_names_an_edited_byte(judged, out):
    run("export_pairs", "tea", "--out", str(out))
    path = next((out / "data" / "clips").iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    sink = io.StringIO()
    with pytest.raises(CommandError, match="is not whole: 2 findings"):
        call_command("verify_release", str(out), stderr=sink)
    assert f"{path.relative_to(out)} was changed" in sink.getvalue()


def test_a_frozen_release_can_be_moved_and_still_verifies(judged, out, tmp_path):
    run("export_pairs", "tea", "--out", str(out))
    shutil.move(out, tmp_path / "elsewhere")

    assert verify_release(tmp_path / "elsewhere") == []
