"""A clip is prepared or refused by its job, whatever its file is and whenever its worker dies."""

import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from config.jobs.models import Job, JobState
from config.jobs.runner import JobRun, run_jobs
from config.jobs.services import job_cancel
from datasets.media.probe import probe
from datasets.media.sandbox import SandboxError
from datasets.models import Clip, ClipState
from datasets.services import preparation
from datasets.services.clips import ClipFacts, clip_ingest
from datasets.services.preparation import clips_prepare_here
from tests.datasets.factories import files_of

pytestmark = pytest.mark.django_db


def ingest(path: Path) -> Clip:
    return clip_ingest(path=path, source_name=path.name, facts=ClipFacts())[0]


def test_a_video_becomes_ready_with_its_copies(make_video, home: Path) -> None:
    clip = ingest(make_video(frames=6))
    run_jobs(queue="media")
    clip.refresh_from_db()
    assert (clip.state, clip.refusal) == (ClipState.READY, "")
    assert (clip.frames, clip.fps_num, clip.fps_den, clip.width, clip.height) == (6, 12, 1, 64, 48)
    assert (clip.probe["codec"], clip.probe["frames"]) == ("h264", 6)
    assert default_storage.size(clip.playback_file) == clip.playback_bytes
    assert probe(default_storage.path(clip.playback_file)).frames == 6
    assert all(default_storage.exists(name) for name in files_of(clip))
    assert Job.objects.get().state == JobState.SUCCEEDED
    assert list((home / "uploads").iterdir()) == []


def test_what_is_no_video_is_refused_by_its_own_name(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(b"this is a letter")
    clip = ingest(path)
    run_jobs(queue="media")
    clip.refresh_from_db()
    assert clip.state == ClipState.REFUSED
    assert clip.refusal == "holiday.mp4 is not a video: it holds text."
    job = Job.objects.get()
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"refused": clip.refusal})
    assert list((home / "uploads").iterdir()) == []


def test_preparing_twice_changes_nothing(make_video) -> None:
    clip = ingest(make_video())
    run_jobs(queue="media")
    before = Clip.objects.filter(pk=clip.pk).values().get()
    Job.objects.update(state=JobState.QUEUED)
    run_jobs(queue="media")
    assert Clip.objects.filter(pk=clip.pk).values().get() == before


def test_a_clip_that_was_deleted_meanwhile_is_no_error(make_video) -> None:
    clip = ingest(make_video())
    clip.delete()
    run_jobs(queue="media")
    assert Job.objects.get().state == JobState.SUCCEEDED


def test_an_original_that_is_gone_is_said(make_video) -> None:
    clip = ingest(make_video("one.mp4"))
    default_storage.delete(clip.file)
    run_jobs(queue="media")
    job = Job.objects.get()
    assert job.state == JobState.FAILED
    assert "one.mp4" in job.error
    assert "gone" in job.error or "does not exist" in job.error


def test_what_lies_in_the_machine_is_no_refusal(make_video, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise SandboxError("preparing x failed: no space left on device")

    clip = ingest(make_video("one.mp4"))
    monkeypatch.setattr(preparation, "prepare_clip", fail)
    run_jobs(queue="media")
    clip.refresh_from_db()
    job = Job.objects.get()
    assert (clip.state, job.state) == (ClipState.PENDING, JobState.FAILED)
    assert "no space left on device" in job.error


def test_a_cancelled_preparation_stops_the_child_and_leaves_nothing(
    make_video, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = ingest(make_video())
    monkeypatch.setattr(preparation, "PROGRESS_EVERY_S", 0.0)

    def cancel_first(run, done, total=None, message="") -> None:
        job_cancel(job=run.job)
        report(run, done, total, message)

    report = JobRun.progress
    monkeypatch.setattr(JobRun, "progress", cancel_first)
    run_jobs(queue="media")
    clip.refresh_from_db()
    assert (clip.state, Job.objects.get().state) == (ClipState.PENDING, JobState.CANCELLED)
    assert list((home / "uploads").iterdir()) == []


def test_what_a_killed_attempt_left_is_cleared(make_video, home: Path) -> None:
    ingest(make_video())
    left = home / "uploads" / f"prepare-{Job.objects.get().pk}-0"
    left.mkdir()
    (left / "half.mp4").write_bytes(b"half")
    other = home / "uploads" / "prepare-9999-1"
    other.mkdir()
    run_jobs(queue="media")
    assert list((home / "uploads").iterdir()) == [other]


def test_a_command_prepares_its_clips_itself(make_video, tmp_path: Path) -> None:
    clips = [ingest(make_video(f"{shade}.mp4", shade=shade)) for shade in range(2)]
    left: list[int] = []
    clips_prepare_here(clip_ids=[clip.pk for clip in clips], on_prepared=left.append)
    assert left[-1] == 0
    assert set(Clip.objects.values_list("state", flat=True)) == {ClipState.READY}


USABLE = {
    "all_black.mp4",
    "odd_size_353x287.mp4",
    "one_frame.mp4",
    "rotated_metadata_90.mp4",
    "upstream_failing_audio.mp4",
    "upstream_no_duration.webm",
    "variable_frame_rate.mp4",
}


@pytest.mark.slow
@pytest.mark.one_database
def test_every_damaged_or_odd_file_is_refused_in_a_sentence_or_copied_right(
    shared_data: Path, tmp_path: Path, home: Path
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(shared_data / "broken", folder)
    (folder / "zero_byte.mp4").unlink()  # refused before it is a clip, see test_clips and the upload's test
    clips = {path.name: ingest(path) for path in folder.iterdir()}
    run_jobs(queue="media")
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    for name, clip in clips.items():
        clip.refresh_from_db()
        if name in USABLE:
            assert clip.state == ClipState.READY, clip.refusal
            facts = probe(default_storage.path(clip.playback_file))
            assert (facts.codec, facts.pix_fmt, facts.variable_rate, facts.has_audio) == (
                "h264",
                "yuv420p",
                False,
                False,
            )
            assert (facts.width % 2, facts.height % 2, facts.rotation) == (0, 0, 0)
            assert facts.frames == clip.frames
        else:
            assert clip.state == ClipState.REFUSED, name
            assert clip.refusal.startswith(name)
            assert clip.refusal.endswith(".")
            assert len(clip.refusal) > len(name) + 15
    assert list((home / "uploads").iterdir()) == []


def test_a_bucket_serves_as_well_as_a_folder(make_video, settings, home: Path) -> None:
    # A storage without paths on this machine, as a bucket is.
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    clip = ingest(make_video(frames=6))
    run_jobs(queue="media")
    clip.refresh_from_db()
    assert clip.state == ClipState.READY
    assert default_storage.size(clip.playback_file) == clip.playback_bytes
    assert list((home / "media").iterdir()) == []
    assert list((home / "uploads").iterdir()) == []
