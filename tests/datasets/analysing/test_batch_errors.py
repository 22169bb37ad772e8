"""A batch over clips that cannot be read: each has its sentence, the others are analysed all the same."""

import pytest
from django.core.files.storage import default_storage

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from datasets.models import AnalysisState, ClipAnalysis
from datasets.services.analysis import analysis_batch_start, analysis_fail

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("bad", [1, 4])
def test_files_that_are_gone_or_no_video_cost_their_clips_alone(scene, put_clip, settings, bad) -> None:
    settings.FACE_BACKEND = "dlib"
    gone = [put_clip(content=f"gone {i}".encode()) for i in range(bad)]
    for clip in gone:
        default_storage.delete(clip.playback_file)
    text = put_clip(content=b"a letter")
    clips = [scene.clip, *gone, text]
    analysis_batch_start(clip_ids=[clip.pk for clip in clips], label="all")
    run_jobs(queue="vision")
    job = Job.objects.get(kind="clips_analyse")
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert (job.result["analysed"], job.result["failed"]) == (1, bad + 1)
    told = {error["clip"]: error["error"] for error in job.result["errors"]}
    assert told.keys() == {clip.pk for clip in [*gone, text]}
    assert all("gone from the storage" in told[clip.pk] for clip in gone)
    assert ClipAnalysis.objects.get(clip=scene.clip).state == AnalysisState.READY


def test_a_batch_that_is_cancelled_says_what_went_wrong_until_then(scene, put_clip, settings) -> None:
    settings.FACE_BACKEND = "dlib"
    text = put_clip(content=b"a letter")
    analysis_fail(clip=text, backend="", error="It is a letter.")
    analysis_batch_start(clip_ids=[scene.clip.pk, text.pk], label="all")
    Job.objects.update(cancel_requested=True)
    run_jobs(queue="vision")
    job = Job.objects.get(kind="clips_analyse")
    assert job.state == JobState.CANCELLED
    assert (job.result["analysed"], job.result["failed"]) == (0, 1)
    assert job.result["errors"] == [{"clip": text.pk, "name": text.source_name, "error": "It is a letter."}]
