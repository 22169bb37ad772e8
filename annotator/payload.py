"""What the workbench gets of a slot: enough to judge it, nothing that says which clip is which."""

from typing import Any

from django.urls import reverse

from annotator.models import Judgment, SlotKind, Study
from annotator.services.slots import Lease
from annotator.tokens import LeaseToken, MediaKind, MediaToken


def slot_payload(*, lease: Lease, study: Study, previous: Judgment | None = None) -> dict[str, Any]:
    return {
        "slot": {
            "token": str(lease.token),
            "lease_seconds": study.lease_minutes * 60,
            # A test question among the others is an answer like any.
            "kind": SlotKind.ANSWER if lease.slot.kind == SlotKind.GOLD else lease.slot.kind,
        },
        "left": {"url": _clip_url(MediaKind.LEFT, lease.token)},
        "right": {"url": _clip_url(MediaKind.RIGHT, lease.token)},
        "prompt": lease.pair.prompt,
        "people": [
            {
                "id": person.person_id,
                "name": person.name,
                "references": [_reference_url(number, lease.token) for number in person.reference_ids],
            }
            for person in lease.pair.people
        ],
        "questions": {
            "overall": study.ask_overall,
            "people": study.ask_people,
            "marks": study.ask_marks,
            "remark": study.ask_remark,
        },
        "progress": lease.progress,
        "previous": None if previous is None else {"judgment": previous.pk, "answer": answer_body(previous)},
    }


def answer_body(judgment: Judgment) -> dict[str, Any]:
    """Return a stored judgment in the words in which it was sent."""
    people = list(judgment.people.all())
    return {
        "overall": judgment.overall,
        "people": {str(row.person_id): row.verdict for row in people if row.person_id and row.verdict},
        "marks": [
            {"person": mark.person_id, "side": mark.side, "kind": mark.kind, "frame": mark.frame}
            for mark in judgment.marks.all()
            if mark.person_id
        ],
        "no_drift": [row.person_id for row in people if row.person_id and row.no_drift],
        "remark": judgment.remark,
    }


def _clip_url(kind: MediaKind, token: LeaseToken) -> str:
    return reverse("annotator:media-clip", args=[str(MediaToken.issue(kind, token))])


def _reference_url(reference_id: int, token: LeaseToken) -> str:
    media = MediaToken.issue(MediaKind.REFERENCE, token, number=reference_id)
    return reverse("annotator:media-reference", args=[str(media)])
