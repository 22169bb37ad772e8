"""Pairs with known answers as rows: what a batch of distortions leaves behind."""

from typing import Any

from datasets.models import Clip, ClipTruth, KnownAnswer, Pair, Person
from tests.annotator.factories import make_pair


def distort(
    clip: Clip,
    *people: Person,
    recipe: str = "morph_drift",
    severity: int = 3,
    onset: int | None = 12,
    **fields: Any,
) -> ClipTruth:
    """Say that a clip is a distorted one, in which faces of these people were changed."""
    Clip.objects.filter(pk=clip.pk).update(origin="distorted")
    values: dict[str, Any] = {
        "schedule": "step",
        "is_control": False,
        "change": 0.2 * severity,
        "record": {"kind": "negative", "edits": [{"person": person.key} for person in people]},
    }
    truth = ClipTruth.objects.create(
        clip=clip, recipe=recipe, severity=severity, onset_frame=onset, **{**values, **fields}
    )
    truth.people.set(people)
    return truth


def know(
    pair: Pair, *people: Person, better: str = "a", batch: str = "Batch one", **fields: Any
) -> KnownAnswer:
    """Make the answer of a pair known: its other side is distorted, by a control where the pair is a tie."""
    reserved = fields.pop("reserved_for_test", False)
    side = "a" if better == "b" else "b"
    if better == "tie":
        fields = {"recipe": "photometric", "is_control": True, "change": None, "onset": None, **fields}
    edit = distort(pair.clip_a if side == "a" else pair.clip_b, *people, **fields)
    return KnownAnswer.objects.create(
        pair=pair, preference=better, edited_side=side, edit=edit, kind="tie" if better == "tie" else "clean",
        batch=batch, reserved_for_test=reserved,
    )  # fmt: skip


def make_known(*people: Person, **fields: Any) -> KnownAnswer:
    """Make a pair of the people, in which by default the first one's face drifts on side b."""
    return know(make_pair(*people), *people[:1], **fields)
