"""The demo's small batch of distortions: known answers to look at, and to ask annotators as test questions."""

from collections.abc import Collection

from config.accounts.models import User
from config.demo.clips import GENERATORS
from datasets.models import AnalysisState, Clip, ClipState
from distortions.config import BatchConfig, ClipChoice, ConfigError
from distortions.models import Batch, BatchState, ResultState
from distortions.selectors.jobs import batch_is_active
from distortions.services.batches import batch_create

MOST_CLIPS = 6
COUNT = 12
RECIPES = {
    "morph_drift": 3.0,
    "geometry_drift": 2.0,
    "feature_bleed": 2.0,
    "swap": 2.0,
    "drop": 1.0,
    "self_blend": 1.0,
    "photometric": 1.0,
    "texture_loss": 1.0,
}
PAIRS = {"clean": 3.0, "control": 2.0, "severities": 1.0, "tie": 1.0}


def demo_batch(*, name: str, clip_ids: Collection[int], lead: User) -> Batch | None:
    """Plan the batch, or find it where an earlier start has; None where no clip can be distorted.

    Of the procedural cast only the clips that keep everybody are taken: the others are distorted already.
    """
    chosen = Clip.objects.filter(pk__in=clip_ids, state=ClipState.READY, analysis__state=AnalysisState.READY)
    first = next(iter(GENERATORS))
    if chosen.filter(generator=first).exists():
        chosen = chosen.filter(generator=first)
    ids = tuple(chosen.order_by("pk").values_list("pk", flat=True)[:MOST_CLIPS])
    if not ids:
        return None
    config = BatchConfig(
        name=f"{name}: known answers",
        seed=1,
        count=COUNT,
        clips=ClipChoice(ids=ids),
        recipes=RECIPES,
        severities={2: 1.0, 3: 1.0, 4: 1.0},
        controls=0.25,
        pairs=PAIRS,
        longest_side=640,
    )
    if (there := Batch.objects.filter(digest=config.digest).first()) is not None:
        return there  # paused by a lead perhaps: it stays as it is
    try:
        batch, _ = batch_create(config=config, created_by=lead)
    except ConfigError:  # no face in these clips is matched to anybody
        return None
    return batch


def is_being_made(batch: Batch) -> bool:
    """Whether a job still works on it; one that came to nothing does not."""
    running = Batch.objects.filter(pk=batch.pk, state=BatchState.RUNNING).exists()
    return running and batch_is_active(batch)


def outcome(batch: Batch) -> str:
    """Say in a clause what came of it."""
    counts = {state: batch.distortions.filter(state=state).count() for state in ResultState}
    left = counts[ResultState.PLANNED]
    return (
        f"{counts[ResultState.MADE]} made, {counts[ResultState.REFUSED]} refused by the gate, "
        f"{counts[ResultState.FAILED]} could not be made" + (f", {left} are left to do" if left else "")
    )
