"""Previews are asked for by a page, drawn by a worker, and forgotten after a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from config.accounts.models import User
from config.jobs.services import job_create
from datasets.models import Clip
from datasets.services.deletion import files_discard_later
from distortions.models import Preview, PreviewStrip

KEPT = timedelta(days=1)


@transaction.atomic
def preview_create(
    *, clip: Clip, recipes: Iterable[str], severity: int, seed: int = 0, donors: Iterable[str] = (),
    by: User | None = None,
) -> Preview:  # fmt: skip
    """Ask a worker for one strip a recipe, and throw old previews away."""
    _forget_old()
    preview = Preview.objects.create(
        clip=clip, severity=severity, seed=seed, donors=list(donors), created_by=by
    )
    PreviewStrip.objects.bulk_create(
        PreviewStrip(preview=preview, recipe=recipe, position=position)
        for position, recipe in enumerate(recipes)
    )
    job_create(
        kind="distortion_preview",
        params={"preview": preview.pk},
        key=str(preview.pk),
        label=clip.source_name[:200],
        created_by=by,
    )
    return preview


def _forget_old() -> None:
    old = Preview.objects.filter(created_at__lt=timezone.now() - KEPT)
    names = list(
        PreviewStrip.objects.filter(preview__in=old).exclude(picture="").values_list("picture", flat=True)
    )
    old.delete()
    files_discard_later(names=names)


def strip_put(*, strip: PreviewStrip, picture: str = "", sentence: str = "") -> None:
    """Say what became of a strip."""
    PreviewStrip.objects.filter(pk=strip.pk).update(picture=picture, sentence=sentence)


def strips_fail(*, preview: Preview, sentence: str) -> None:
    """Say of all strips that are not drawn why they cannot be."""
    PreviewStrip.objects.filter(preview=preview, picture="", sentence="").update(sentence=sentence)
