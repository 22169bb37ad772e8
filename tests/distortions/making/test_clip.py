"""The job of one clip: real film, real models, real files."""

from dataclasses import replace

import pytest
from django.core.files.storage import default_storage

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from datasets.models import Clip, FaceTrack, Origin
from distortions.making import clip as making
from distortions.models import BatchState, CleanCopy, Distortion, ResultState, SyntheticPair
from distortions.selectors.board import clips_of
from distortions.services import batches, results
from distortions.services.batches import batch_create, batch_pause, batch_resume
from tests.distortions.factories import make_config

pytestmark = pytest.mark.django_db

SMALL = {
    "seed": 2,
    "longest_side": 384,
    "tries": 4,
    "schedules": {"constant": 1, "linear": 1},
    "severities": {"1": 1, "2": 1},
}


def config(**values):
    return make_config(
        **{**SMALL, "count": 2, "pairs": {"severities": 1}, "recipes": {"geometry_drift": 1}, **values}
    )


def jobs_of(batch) -> list[tuple[str, str]]:
    return list(Job.objects.filter(kind="clip_distort").values_list("state", "error"))


@pytest.mark.one_database
def test_a_batch_makes_clips_and_pairs_with_known_answers(scene):
    batch, is_new = batch_create(config=config())
    assert is_new
    run_jobs(queue="vision")
    batch.refresh_from_db()
    assert jobs_of(batch) == [(JobState.SUCCEEDED, "")]
    assert batch.state == BatchState.FINISHED
    rows = list(batch.distortions.all())
    assert [row.state for row in rows] == [ResultState.MADE] * 2, [row.error for row in rows]
    for row in rows:
        assert (row.clip.origin, row.clip.parent) == (Origin.DISTORTED, scene.clip)
        assert list(row.clip.subjects.all()) == scene.people
        assert row.clip.prompt == "Two friends"
        assert row.truth["recipe"] == "geometry_drift"
        assert {edit["person"] for edit in row.truth["edits"]} <= {person.key for person in scene.people}
        assert row.tries[-1]["passed"]
        assert default_storage.size(row.picture) > 1000
        assert max(row.curve["change"]) > 0.05
    weak, strong = sorted(rows, key=lambda row: row.severity)
    assert max(weak.curve["change"]) < max(strong.curve["change"])
    known = SyntheticPair.objects.get()
    assert {known.distortion_a, known.distortion_b} == {weak, strong}
    assert (known.distortion_a if known.pair.known_answer.preference == "a" else known.distortion_b) == weak
    assert not CleanCopy.objects.exists()


@pytest.mark.one_database
def test_every_pair_has_a_clean_copy_of_its_own(scene):
    recipes = {"photometric": 1}  # a control makes a tie with its clean copy
    batch, _ = batch_create(config=config(recipes=recipes, controls=1.0, pairs={"tie": 1}))
    Distortion.objects.filter(number=2).update(group=2)  # two pairs, a result each
    run_jobs(queue="vision")
    known = list(SyntheticPair.objects.all())
    copies = [copy.clip for copy in CleanCopy.objects.all()]
    met = [
        clip
        for each in known
        for clip, side in ((each.pair.clip_a, each.distortion_a), (each.pair.clip_b, each.distortion_b))
        if side is None
    ]
    assert len(met) == len(set(met)) == 2
    assert set(met) == set(copies)
    # Both sides come of the same decoding and encoding.
    assert {(copy.origin, copy.parent) for copy in copies} == {(scene.clip.origin, scene.clip)}
    assert set(clips_of(batch)) == {*copies, *(row.clip for row in batch.distortions.all())}


@pytest.mark.one_database
def test_a_control_keeps_who_somebody_is_and_wins(scene):
    recipes = {"geometry_drift": 1, "photometric": 1}
    batch_create(config=config(recipes=recipes, controls=0.5, pairs={"control": 1}))
    run_jobs(queue="vision")
    known = SyntheticPair.objects.get()
    assert known.pair.known_answer.kind == "control"
    better = known.distortion_a if known.pair.known_answer.preference == "a" else known.distortion_b
    assert (better.recipe, better.state) == ("photometric", ResultState.MADE)


@pytest.mark.one_database
def test_the_same_seed_gives_the_same_bytes(scene):
    first = config(count=1, seed=5, pairs={})
    batch_create(config=first)
    run_jobs(queue="vision")
    batch_create(config=replace(first, name="Another name"))
    run_jobs(queue="vision")
    one, other = Distortion.objects.all()
    assert one.batch != other.batch
    assert one.clip_id is not None
    assert one.clip == other.clip  # a clip is its bytes


def test_killed_between_file_and_row_nothing_is_doubled(scene, monkeypatch):
    batch, _ = batch_create(config=config())
    make = results.result_make

    def make_and_die(**found):
        make(**found)
        Distortion.objects.filter(pk=found["row"].pk).update(
            state=ResultState.PLANNED, clip=None, made_at=None, truth={}, tries=[]
        )
        raise SystemExit

    monkeypatch.setattr(making, "result_make", make_and_die)
    with pytest.raises(SystemExit):
        run_jobs(queue="vision")
    clips = Clip.objects.count()
    monkeypatch.setattr(making, "result_make", make)
    Job.objects.filter(kind="clip_distort").update(state=JobState.QUEUED, worker=None)
    run_jobs(queue="vision")
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED
    assert Clip.objects.filter(origin=Origin.DISTORTED).count() == 2
    assert Clip.objects.count() == clips + 1


def test_a_late_worker_finds_the_row_taken(scene, drawn):
    batch, _ = batch_create(config=config())
    late = batch.distortions.get(number=1)
    run_jobs(queue="vision")
    before = Distortion.objects.get(pk=late.pk)
    assert not results.result_refuse(row=late, error="I was asleep.", tries=[])
    assert Distortion.objects.get(pk=late.pk).clip == before.clip


def test_a_paused_batch_goes_on_where_it_was(scene, monkeypatch):
    batch, _ = batch_create(config=config())
    make_one = making._make_one

    def make_and_pause(*args):
        make_one(*args)
        assert batch_pause(batch=batch)

    monkeypatch.setattr(making, "_make_one", make_and_pause)
    run_jobs(queue="vision")
    batch.refresh_from_db()
    assert batch.state == BatchState.PAUSED
    assert [row.state for row in batch.distortions.all()] == [ResultState.MADE, ResultState.PLANNED]
    assert jobs_of(batch) == [(JobState.CANCELLED, "")]
    monkeypatch.setattr(making, "_make_one", make_one)
    made = batch.distortions.get(number=1).made_at
    assert batch_resume(batch=batch)
    run_jobs(queue="vision")
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED
    assert batch.distortions.get(number=1).made_at == made


@pytest.mark.one_database
def test_what_the_gate_refuses_is_kept_with_its_numbers(scene):
    # So faint that it never reaches the severity.
    parameters = {"geometry_drift": {"amount": 0.01}}
    batch, _ = batch_create(config=config(count=1, tries=2, parameters=parameters, pairs={"clean": 1}))
    run_jobs(queue="vision")
    row = batch.distortions.get()
    assert (row.state, row.clip, row.refused_for) == (ResultState.REFUSED, None, "change")
    assert "severity" in row.error
    assert [attempt["passed"] for attempt in row.tries] == [False, False]
    assert row.tries[0]["seed"] != row.tries[1]["seed"]
    assert all(check["name"] for attempt in row.tries for check in attempt["checks"])
    assert default_storage.exists(row.picture)
    assert not SyntheticPair.objects.exists()
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED


def test_a_clip_that_cannot_be_read_fails_alone(scene):
    batch, _ = batch_create(config=config())
    default_storage.delete(scene.clip.playback_file)
    run_jobs(queue="vision")
    errors = set(batch.distortions.values_list("state", "error"))
    assert errors == {("failed", "The playback copy is gone from the storage: prepare the clip again.")}
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED


def test_a_clip_that_was_emptied_meanwhile_is_a_sentence(scene):
    batch, _ = batch_create(config=config(count=1, pairs={}))
    files = dict.fromkeys(("file", "playback_file", "poster_file", "filmstrip_file"), "")
    Clip.objects.filter(pk=scene.clip.pk).update(state="removed", **files)
    run_jobs(queue="vision")
    assert batch.distortions.get().error == "The clip was deleted or is not ready any more."


def test_tracks_that_went_meanwhile_are_a_sentence(scene):
    batch, _ = batch_create(config=config())
    default_storage.delete("tracks/1.npz")
    run_jobs(queue="vision")
    assert set(batch.distortions.values_list("error", flat=True)) == {
        "The tracks are gone from the storage: find the faces again."
    }


def test_a_person_too_few_is_a_sentence(scene):
    batch, _ = batch_create(
        config=config(recipes={"swap": 1}, severities={}, pairs={}, schedules={}, count=1)
    )
    FaceTrack.objects.filter(person=scene.people[1]).update(person=None)
    run_jobs(queue="vision")
    row = batch.distortions.get()
    assert (row.state, row.error) == (
        ResultState.FAILED, "The recipe needs 2 people; only 1 of the clip can be distorted."
    )  # fmt: skip


def test_a_full_disk_ends_the_job_and_loses_nothing(scene, monkeypatch):
    batch, _ = batch_create(config=config(count=1))

    def full(**found):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(making, "result_make", full)
        run_jobs(queue="vision")
    assert jobs_of(batch) == [(JobState.FAILED, making.NO_SPACE)]
    assert batch.distortions.get().state == ResultState.PLANNED
    batches.batch_resume(batch=batch)
    run_jobs(queue="vision")
    assert batch.distortions.get().state == ResultState.MADE
