"""The job of a preview: one strip a recipe, above untouched, below distorted, each as soon as it is drawn."""

from __future__ import annotations

from config.jobs.runner import JobRefused, JobRun
from datasets.identity.errors import IdentityError
from distortions.catalogue import CATALOGUE
from distortions.making.attempts import attempt
from distortions.making.clip import picture_put, sheet_of
from distortions.making.studio import NotUsable, Studio, studio_open
from distortions.models import Preview, PreviewStrip
from distortions.services.previews import strip_put, strips_fail
from distortions.synthesis.errors import SynthesisError

SECONDS = 2.5
LONGEST_SIDE = 640
COLUMNS = 6
SCHEDULES = ("linear", "constant")
"""The first that a recipe has: a strip should show the way and its end."""


def preview_draw(*, run: JobRun) -> None:
    """Draw the strips that are not drawn yet."""
    preview = Preview.objects.filter(pk=run.params["preview"]).select_related("clip").first()
    if preview is None:
        return
    strips = [strip for strip in preview.strips.all() if not strip.is_ready]
    run.progress(0, len(strips), "Reading the clip")
    try:
        studio = _studio(preview)
    except NotUsable as reason:
        strips_fail(preview=preview, sentence=str(reason))
        return
    except IdentityError as error:
        strips_fail(preview=preview, sentence=str(error))
        raise JobRefused(str(error)) from None
    for done, strip in enumerate(strips):
        run.progress(done, len(strips), strip.recipe)
        _draw(preview, strip, studio)
    run.progress(len(strips), len(strips))


def _studio(preview: Preview) -> Studio:
    """Open the beginning of the clip: seconds matter more here than all of it."""
    whole = studio_open(clip=preview.clip, longest_side=LONGEST_SIDE, donors=preview.donors)
    count = min(len(whole.frames), round(SECONDS * whole.fps))
    material = whole.material.part(range(count))
    return Studio(preview.clip, whole.frames[:count], material, whole.fps, whole.backend)


def _draw(preview: Preview, strip: PreviewStrip, studio: Studio) -> None:
    facts = CATALOGUE[strip.recipe]
    severity = min(facts.severities, key=lambda each: (abs(each - preview.severity), each))
    schedule = next((name for name in SCHEDULES if name in facts.schedules), facts.schedules[0])
    try:
        outcome = attempt(
            studio, recipe=strip.recipe, severity=severity, schedule=schedule, seed=preview.seed,
            tries=1, values={},
        )  # fmt: skip
    except SynthesisError as error:
        strip_put(strip=strip, sentence=str(error))
        return
    if outcome.made is None:
        strip_put(strip=strip, sentence=outcome.error)
        return
    sheet = sheet_of(studio, outcome.made, columns=COLUMNS)
    above_and_below = sheet[: 2 * len(sheet) // 3]
    name = f"distortions/previews/{preview.uid}/{strip.recipe}.jpg"
    strip_put(
        strip=strip,
        picture=picture_put(name, above_and_below),
        sentence="" if outcome.passed else f"The gate would refuse this one: {outcome.error}",
    )
