"""The work on one clip: its playback copy, poster and filmstrip, made in a child process with limits."""

import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from config.jobs.models import ACTIVE_STATES, Job
from config.jobs.runner import JobRefused, JobRun, run_job
from config.jobs.services import job_claim, jobs_release_stale
from datasets.media.errors import MediaError
from datasets.media.limits import Limits
from datasets.media.prepared import Prepared
from datasets.media.sandbox import SandboxError, prepare_clip
from datasets.models import Clip, ClipState

from .clips import clip_publish, clip_refuse
from .media_files import content_name, file_put, hash_file, local_copy

PROGRESS_EVERY_S = 1.0
QUEUE = "media"


def clip_prepare(*, run: JobRun) -> None:
    """Prepare the clip of a job; done already, or deleted meanwhile, there is nothing to do.

    A file that is not a usable video is an answer, not a failure: the clip is refused with the sentence and
    the job succeeds. Safe to run again after a worker's death: the copies have fixed names.
    """
    clip = Clip.objects.filter(pk=run.params["clip"], state=ClipState.PENDING).first()
    if clip is None:
        return
    with _scratch_folder(run.job) as scratch:
        try:
            with local_copy(name=clip.file, folder=scratch) as source:
                source.stat()  # an original that is gone is no fault of the video
                prepared = prepare_clip(
                    source,
                    scratch / "out",
                    limits=Limits(**settings.MEDIA_LIMITS),
                    on_progress=_Progress(run),
                )
        except MediaError as error:
            sentence = str(MediaError(clip.source_name, error.reason))
            clip_refuse(clip=clip, reason=sentence)
            run.result = {"refused": sentence}
        except FileNotFoundError:
            raise JobRefused(
                f"The original of {clip.source_name} is gone. Import or upload it again."
            ) from None
        except SandboxError as error:
            raise JobRefused(
                f"{clip.source_name} could not be prepared: {error}. Resume to try again."
            ) from None
        else:
            clip_publish(clip=clip, facts=_stored_facts(clip, prepared))
    run.progress(100, 100)


def clips_prepare_here(*, clip_ids: Collection[int], on_prepared: Callable[[int], None]) -> None:
    """Work through waiting clips in this process until all of these are prepared or refused.

    Workers share the work when there are any. `on_prepared` gets how many of the clips still wait. Returns also
    when the jobs of the rest were cancelled or failed.
    """
    worker = uuid.uuid4()
    keys = {str(pk) for pk in clip_ids}
    while True:
        while (job := job_claim(queue=QUEUE, worker=worker, kind="clip_prepare")) is not None:
            run_job(job)
            on_prepared(_count_active(keys))
        left = _count_active(keys)
        on_prepared(left)
        if not left:
            return
        time.sleep(PROGRESS_EVERY_S)
        jobs_release_stale()


def _count_active(keys: set[str]) -> int:
    active = Job.objects.filter(kind="clip_prepare", state__in=ACTIVE_STATES)
    return len(keys & set(active.values_list("key", flat=True)))


class _Progress:
    """Tells the job's row how far the child process is, at most once a second."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._told_at = 0.0

    def __call__(self, share: float, step: str) -> None:
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_EVERY_S:
            self._told_at = now
            self._run.progress(round(100 * share), 100, step)


def _stored_facts(clip: Clip, prepared: Prepared) -> dict[str, Any]:
    """Put the copies into the storage and return what the clip's row says about them."""
    playback_sha256, playback_bytes = hash_file(prepared.files.playback)
    copy = prepared.playback
    facts = {
        "probe": prepared.probe.as_json(),
        "playback_sha256": playback_sha256,
        "playback_bytes": playback_bytes,
        "width": copy.width,
        "height": copy.height,
        "fps_num": copy.fps.numerator,
        "fps_den": copy.fps.denominator,
        "frames": copy.frames,
    }
    for kind, suffix in (("playback", ".mp4"), ("poster", ".jpg"), ("filmstrip", ".jpg")):
        name = content_name(folder=kind, sha256=clip.sha256, suffix=suffix)
        file_put(name=name, source=getattr(prepared.files, kind))
        facts[f"{kind}_file"] = name
    return facts


@contextmanager
def _scratch_folder(job: Job) -> Iterator[Path]:
    """Give a job's attempt a folder of its own, and clear what an attempt that was killed left behind."""
    base = Path(settings.FILE_UPLOAD_TEMP_DIR)
    for left in base.glob(f"prepare-{job.pk}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = base / f"prepare-{job.pk}-{job.attempt}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
