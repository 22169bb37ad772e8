"""The job: everything that a batch plans of one clip. Read once, one result after the other, then the pairs."""

from __future__ import annotations

import errno
import io
import tempfile
import time
from pathlib import Path

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from numpy.typing import NDArray
from PIL import Image

from config.jobs.runner import JobRefused, JobRun
from datasets.identity.errors import IdentityError
from datasets.media.write import write_video
from datasets.models import Clip
from distortions.config import BatchConfig
from distortions.making.attempts import Outcome, attempt, curve_of
from distortions.making.sides import clean_side, result_side
from distortions.making.studio import NotUsable, Studio, studio_open
from distortions.models import Batch, BatchState, Distortion, ResultState
from distortions.services.batches import batch_close_if_done
from distortions.services.pairs import clean_seed_needed, pairs_make
from distortions.services.results import (
    clean_copy_is_there,
    clean_copy_put,
    result_make,
    result_refuse,
    results_fail,
)
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Made
from distortions.synthesis.sheet import contact_sheet

COLUMNS = 6
NO_SPACE = (
    "There is no space left where the clips are stored. Make room and resume: nothing that was made is lost."
)


def clip_distort(*, run: JobRun) -> None:
    """Make what is planned of one clip. Killed and repeated, it goes on where it was."""
    batch = Batch.objects.filter(pk=run.params["batch"]).first()
    clip = Clip.objects.filter(pk=run.params["clip"]).first()
    if batch is None or clip is None or batch.state != BatchState.RUNNING:
        return
    try:
        _make(run, batch, clip)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise JobRefused(NO_SPACE) from None
    except IdentityError as error:  # no face model works here: that is not the clip's fault
        raise JobRefused(str(error)) from None
    batch_close_if_done(batch=batch)


def _make(run: JobRun, batch: Batch, clip: Clip) -> None:
    config = batch.plan
    rows = list(batch.distortions.filter(source=clip, state=ResultState.PLANNED).order_by("number"))
    if rows:
        run.progress(0, len(rows), "Reading the clip")
        try:
            studio = studio_open(clip=clip, longest_side=config.longest_side, donors=config.donors)
        except NotUsable as reason:
            results_fail(rows=rows, error=str(reason))
            return
        for done, row in enumerate(rows):
            run.give_way()
            run.progress(done, len(rows), f"{row.recipe}, severity {row.severity}")
            row.source = clip
            _make_one(studio, config, row)
            run.headway()
        run.progress(len(rows), len(rows))
    if config.pairs:
        pairs_make(batch=batch, source=clip)


def _make_one(studio: Studio, config: BatchConfig, row: Distortion) -> None:
    started = time.perf_counter()
    try:
        outcome = attempt(
            studio, recipe=row.recipe, severity=row.severity, schedule=row.schedule, seed=row.seed,
            tries=config.tries, values=config.parameters.get(row.recipe, {}),
        )  # fmt: skip
    except SynthesisError as error:
        _clean_copy(studio, config, row, is_made=False)
        results_fail(rows=[row], error=str(error))
        return
    found = _found(studio, row, outcome)
    _clean_copy(studio, config, row, is_made=outcome.passed)
    if not outcome.passed or outcome.made is None:
        seconds = time.perf_counter() - started
        result_refuse(row=row, error=outcome.error, refused_for=outcome.refused_for, seconds=seconds, **found)
        return
    with tempfile.TemporaryDirectory(prefix="likeness-distort-") as scratch:
        film = Path(scratch) / "clip.mp4"
        side = result_side(studio, row, outcome.made)
        write_video(side.pictures(), film, fps=studio.fps)
        found["truth"] = outcome.made.truth.as_dict() | side.record()
        result_make(row=row, film=film, seconds=time.perf_counter() - started, **found)


def _found(studio: Studio, row: Distortion, outcome: Outcome) -> dict[str, object]:
    found: dict[str, object] = {"tries": list(outcome.tries)}
    if outcome.made is not None:
        found["truth"] = outcome.made.truth.as_dict()
        found["curve"] = curve_of(outcome.made)
        found["picture"] = picture_put(
            f"distortions/{row.batch_id}/{row.number:06}.jpg", sheet_of(studio, outcome.made)
        )
    return found


def _clean_copy(studio: Studio, config: BatchConfig, row: Distortion, *, is_made: bool) -> None:
    """Make the clean copy that a pair will need before its result ends: what has ended is not taken up again."""
    side, seed = config.longest_side, clean_seed_needed(row=row, is_made=is_made)
    if seed is None or clean_copy_is_there(source=studio.clip, longest_side=side, seed=seed):
        return
    with tempfile.TemporaryDirectory(prefix="likeness-distort-") as scratch:
        film = Path(scratch) / "clip.mp4"
        write_video(clean_side(studio, seed).pictures(), film, fps=studio.fps)
        clean_copy_put(source=studio.clip, longest_side=side, seed=seed, film=film)


def sheet_of(studio: Studio, made: Made, *, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Return the contact sheet of the first person who was changed."""
    names = {edit.person for edit in made.truth.edits}
    subjects = studio.scene.subjects
    shown = next((subject for subject in subjects if subject.name in names), subjects[0])
    return contact_sheet(studio.frames, made.frames, shown, columns=columns)


def picture_put(name: str, picture: NDArray[np.uint8]) -> str:
    """Store a picture under a name of its own; drawn again, it takes the old one's place."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=85)
    if default_storage.exists(name):
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(stream.getvalue()))
