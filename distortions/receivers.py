"""What this app tells the library: what goes with a clip or a person that is deleted, and what is being made."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.dispatch import receiver

from datasets.models import Clip, Person
from datasets.signals import clip_removing, known_answers_coming, person_appears
from distortions.models import Batch, BatchState, Distortion, PreviewStrip, ResultState
from distortions.services.pairs import label


@receiver(clip_removing)
def pictures_go_with_clip(sender: Any, *, clip: Clip, **kwargs: Any) -> list[str]:
    """Give away the pictures of a clip's distortions and previews; rows that stay show nobody any more."""
    rows = Distortion.objects.filter(Q(source=clip) | Q(clip=clip)).exclude(picture="")
    strips = PreviewStrip.objects.filter(preview__clip=clip).exclude(picture="")
    names = [*rows.values_list("picture", flat=True), *strips.values_list("picture", flat=True)]
    rows.update(picture="")
    return names


@receiver(person_appears)
def clips_that_somebody_lent_to(sender: Any, *, person: Person, **kwargs: Any) -> list[int]:
    """Return the clips into which features of a person were drawn."""
    lent = Distortion.objects.filter(donors=person, clip__isnull=False)
    return list(lent.values_list("clip", flat=True))


@receiver(known_answers_coming)
def batches_under_way(sender: Any, **kwargs: Any) -> list[str]:
    """Say which batches still make pairs, and how far they are."""
    open_batches = Batch.objects.filter(state__in=[BatchState.RUNNING, BatchState.PAUSED])
    planned = Count("distortions", filter=Q(distortions__state=ResultState.PLANNED))
    rows = open_batches.annotate(waiting=planned, total=Count("distortions")).order_by("pk")
    return [
        f"{label(batch)} is {batch.get_state_display().lower()}: "
        f"{batch.waiting:,} of its {batch.total:,} results are to come."
        for batch in rows
    ]
