import pytest

from config.jobs.models import Job, JobState
from datasets.models import AnalysisState, ClipAnalysis, Origin
from distortions.config import ConfigError
from distortions.models import Batch, BatchState, Distortion, ResultState
from distortions.selectors.board import batch_board
from distortions.services.batches import (
    batch_cancel,
    batch_close_if_done,
    batch_create,
    batch_pause,
    batch_resume,
)
from tests.datasets.factories import make_analysis, make_clip, make_person
from tests.distortions.factories import make_batch, make_config, make_distortion

pytestmark = pytest.mark.django_db


@pytest.fixture
def clips():
    """Two clips of two people whose faces are matched."""
    people = [make_person("Ada"), make_person("Ben")]
    found = [make_clip(*people, generator="Wan"), make_clip(*people, generator="Phantom")]
    for clip in found:
        make_analysis(clip)
    return found


def test_everything_is_planned_at_once_a_job_a_clip(clips, django_capture_on_commit_callbacks):
    batch, is_new = batch_create(config=make_config(count=10, pairs={"clean": 1}))
    assert is_new
    rows = Distortion.objects.filter(batch=batch)
    assert rows.count() == 10
    assert {row.state for row in rows} == {ResultState.PLANNED}
    jobs = Job.objects.filter(kind="clip_distort")
    assert {job.key for job in jobs} == {f"{batch.pk}:{clip.pk}" for clip in clips}
    assert {job.queue for job in jobs} == {"vision"}


def test_the_same_batch_is_gone_on_with(clips):
    config = make_config()
    batch, _ = batch_create(config=config)
    batch_pause(batch=batch)
    again, is_new = batch_create(config=config)
    assert (again, is_new) == (batch, False)
    again.refresh_from_db()
    assert again.state == BatchState.RUNNING
    assert Batch.objects.count() == 1


def test_clips_that_cannot_be_distorted_say_why(clips):
    blank, unknown = make_clip(), make_clip(make_person("Cleo"))
    failed, faceless = make_clip(), make_clip()
    make_analysis(unknown).face_tracks.update(person=None)
    ClipAnalysis.objects.create(clip=failed, state=AnalysisState.FAILED, error="It is damaged.")
    make_analysis(faceless)
    batch, _ = batch_create(config=make_config())
    said = {each["clip"]: each["sentence"] for each in batch.left_out}
    assert said == {
        blank.pk: "Its faces were not looked for yet: find the faces first.",
        unknown.pk: "None of its faces is matched to a person: say who appears in it, or correct its faces.",
        failed.pk: "It is damaged.",
        faceless.pk: "No face was found in it.",
    }
    assert set(batch.distortions.values_list("source", flat=True)) == {clip.pk for clip in clips}


def test_what_is_distorted_or_a_copy_is_not_distorted_again(clips):
    make_analysis(make_clip(make_person(), origin=Origin.DISTORTED))
    make_analysis(make_clip(make_person(), parent=clips[0]))
    batch, _ = batch_create(config=make_config(count=20))
    assert set(batch.distortions.values_list("source", flat=True)) == {clip.pk for clip in clips}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"generator": "Wna"}, "No clip is by “Wna”. Did you mean “Wan”?"),
        ({"person": "nobody"}, "There is no person “nobody”."),
        ({"origin": "distorted"}, "Clips to distort are real or generated, not “distorted”."),
        ({"ids": [10**9]}, "There is no clip 1000000000 that could be distorted."),
        ({"text": "a prompt that nobody wrote"}, "The filter matches no clip of the library."),
    ],
)
def test_a_filter_that_finds_nothing_says_so(clips, chosen, sentence):
    with pytest.raises(ConfigError) as wrong:
        batch_create(config=make_config(clips=chosen))
    assert wrong.value.sentences[0].startswith(sentence)
    assert not Batch.objects.exists()


def test_a_filter_narrows(clips):
    batch, _ = batch_create(config=make_config(clips={"generator": "Wan"}))
    assert set(batch.distortions.values_list("source", flat=True)) == {clips[0].pk}


def test_donors_and_reserved_people_must_be_there(clips):
    with pytest.raises(ConfigError, match="There is no person “adda”"):
        batch_create(config=make_config(donors=["adda"]))


def test_pausing_calls_the_jobs_off_and_resuming_brings_them_back(clips):
    batch, _ = batch_create(config=make_config())
    running = Job.objects.filter(kind="clip_distort").first()
    Job.objects.filter(pk=running.pk).update(
        state=JobState.RUNNING, worker=running.uid, heartbeat_at=running.created_at
    )
    assert batch_pause(batch=batch)
    assert set(Job.objects.values_list("state", "cancel_requested")) == {
        (JobState.RUNNING, True), (JobState.CANCELLED, False)
    }  # fmt: skip
    assert batch_resume(batch=batch)
    states = Job.objects.values_list("state", "cancel_requested")
    assert set(states) == {
        (JobState.RUNNING, False), (JobState.CANCELLED, False), (JobState.QUEUED, False)
    }  # fmt: skip


def test_a_cancelled_batch_is_never_resumed(clips):
    config = make_config()
    batch, _ = batch_create(config=config)
    assert batch_cancel(batch=batch)
    assert not batch_resume(batch=batch)
    assert not batch_pause(batch=batch)
    again, _ = batch_create(config=config)
    assert again.state == BatchState.CANCELLED
    assert not Job.objects.filter(kind="clip_distort", state=JobState.QUEUED).exists()


def test_a_batch_is_finished_when_nothing_is_planned():
    batch = make_batch()
    row = make_distortion(batch)
    assert not batch_close_if_done(batch=batch)
    make_distortion(batch, state=ResultState.FAILED)
    row.delete()
    assert batch_close_if_done(batch=batch)
    batch.refresh_from_db()
    assert (batch.state, batch.finished_at is None) == (BatchState.FINISHED, False)


def test_the_board_counts(clips):
    batch, _ = batch_create(config=make_config(count=4))
    source = batch.distortions.first().source
    batch.distortions.all().delete()
    make_distortion(batch, clip=make_clip(), source=source, seconds=2.0)
    make_distortion(batch, clip=make_clip(), source=source, seconds=4.0)
    make_distortion(batch, state=ResultState.REFUSED, refused_for="seam", source=source)
    make_distortion(batch, state=ResultState.FAILED, error="Nobody is there.", source=source)
    make_distortion(batch, recipe="swap", severity=3, source=source)
    board = batch_board(batch)
    assert (board.total, board.made, board.refused, board.failed, board.planned) == (5, 2, 1, 1, 1)
    assert board.passed == pytest.approx(2 / 3)
    rows = {row.facts.name: (row.total, row.done, row.seconds) for row in board.recipes}
    assert rows == {"geometry_drift": (4, 4, 3.0), "swap": (1, 0, None)}
    assert [(reason.name, reason.count) for reason in board.reasons] == [("seam", 1)]
    assert board.failures == [("Nobody is there.", 1)]
    assert not board.is_stalled
    Job.objects.update(state=JobState.FAILED, error="No model works here.\n\ndetails")
    assert batch_board(batch).is_stalled
    assert batch_board(batch).job_error == "No model works here."
