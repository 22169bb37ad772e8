"""Many clips in one job: done once, listed when wrong, cancelled and resumed without doing anything twice."""

import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotator.services.studies import study_create
from config.jobs.models import Job, JobState
from config.jobs.runner import JobRun, run_jobs
from config.jobs.services import job_cancel, job_claim, job_resume
from datasets.analysing import batch
from datasets.analysing.clip import clip_tracks_find
from datasets.models import Clip, ClipAnalysis, Pair
from datasets.services.analysis import analysis_batch_start
from tests.datasets.factories import make_pair

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_dlib(settings) -> None:
    settings.FACE_BACKEND = "dlib"


@pytest.fixture
def clips(scene, put_clip) -> list[Clip]:
    """The same film three times and one file that is none: one analysis serves the three."""
    return clips_of(scene, put_clip)


def clips_of(scene, put_clip) -> list[Clip]:
    return [scene.clip, put_clip(*scene.people), put_clip(scene.people[0]), put_clip(content=b"no video")]


@pytest.mark.slow
@pytest.mark.one_database
def test_a_batch_analyses_all_and_lists_what_went_wrong(fresh_scene, put_clip, monkeypatch) -> None:
    monkeypatch.setattr(batch, "FEW", 0)  # so that processes share the work
    clips = clips_of(fresh_scene, put_clip)
    job = analysis_batch_start(clip_ids=[clip.pk for clip in clips], label="all")
    run_jobs(queue="vision")
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.error
    assert (job.progress_done, job.progress_total) == (4, 4)
    assert (job.result["analysed"], job.result["failed"]) == (3, 1)
    assert [error["clip"] for error in job.result["errors"]] == [clips[3].pk]
    assert clips[2].analysis.identity_tracks.count() == 1


def test_a_cancelled_batch_goes_on_where_it_was(clips, monkeypatch) -> None:
    job = analysis_batch_start(clip_ids=[clip.pk for clip in clips], label="all")
    seen: list[int] = []
    find = clip_tracks_find

    def find_and_cancel(**kwargs):
        seen.append(kwargs["clip"].pk)
        if len(seen) == 2:
            job_cancel(job=job)
        return find(**kwargs)

    monkeypatch.setattr(batch, "clip_tracks_find", find_and_cancel)
    run_jobs(queue="vision")
    job.refresh_from_db()
    assert (job.state, len(seen)) == (JobState.CANCELLED, 2)
    assert ClipAnalysis.objects.count() == 2
    job_resume(job=job)
    run_jobs(queue="vision")
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    # A clip that could not be read is tried again, what was analysed is not.
    good = [pk for pk in seen if pk != clips[3].pk]
    assert sorted(good) == sorted(clip.pk for clip in clips[:3])


def test_what_goes_wrong_is_listed_while_the_batch_runs(put_clip, monkeypatch, lead_client) -> None:
    first, second = put_clip(content=b"no video"), put_clip(content=b"none either")
    job = analysis_batch_start(clip_ids=[first.pk, second.pk], label="two")
    pages: list[str] = []
    find = clip_tracks_find

    def look_and_find(**kwargs):
        pages.append(lead_client.get(f"/jobs/{job.uid}/").content.decode())
        return find(**kwargs)

    monkeypatch.setattr(batch, "clip_tracks_find", look_and_find)
    run_jobs(queue="vision")
    before, between = pages
    assert "Without a result" not in before
    assert "1 without a result so far." in between
    assert f'href="/library/{first.pk}/"' in between
    assert f'href="/library/{second.pk}/"' not in between


def test_a_deleted_clip_costs_the_batch_nothing(clips) -> None:
    job = analysis_batch_start(clip_ids=[clip.pk for clip in clips], label="all")
    clips[1].delete()
    batch.clips_analyse(run=JobRun(_taken(job)))
    assert ClipAnalysis.objects.count() == 3


def test_faces_are_found_again_on_request_only(clips) -> None:
    def run(again: bool) -> float:
        job = analysis_batch_start(clip_ids=[clips[0].pk], label="one", again=again)
        run_jobs(queue="vision")
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED
        file = ClipAnalysis.objects.get(clip=clips[0]).file
        return default_storage.get_modified_time(file).timestamp()

    first = run(again=False)
    assert run(again=False) == first
    assert run(again=True) > first


def _taken(job: Job) -> Job:
    taken = job_claim(queue="vision", worker=uuid.uuid4())
    assert taken is not None
    assert taken.pk == job.pk
    return taken


@pytest.mark.django_db(transaction=True)
def test_the_command_analyses_a_study(clips, lead, capsys) -> None:
    make_pair(clips[0], clips[1])
    study = study_create(name="Faces", slug="faces", pairs=Pair.objects.all(), created_by=lead)
    call_command("analyse_clips", study=study.slug, backend="dlib")
    assert "2 clips analysed" in capsys.readouterr().out
    assert set(ClipAnalysis.objects.values_list("clip", flat=True)) == {clips[0].pk, clips[1].pk}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"study": "none"}, "There is no study none"),
        ({"all": True}, "There is no clip ready"),
    ],
)
def test_the_command_says_what_it_cannot_do(options, sentence) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("analyse_clips", **options)


@pytest.mark.django_db(transaction=True)
def test_the_command_says_when_there_is_no_such_backend(clips) -> None:
    with pytest.raises(CommandError, match="There is no face backend 'eyes'"):
        call_command("analyse_clips", all=True, backend="eyes")
