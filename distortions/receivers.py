"""Face data is personal data: what goes with a clip or a person that the library deletes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from datasets.models import Clip, Person
from datasets.signals import clip_removing, person_appears
from distortions.models import Distortion, PreviewStrip


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
