"""What the workbench gets of a slot: enough to judge it, nothing that says which clip is which."""

from typing import Any

from django.urls import reverse

from annotator.models import Judgment, Study
from annotator.services.slots import Lease
from annotator.tokens import LeaseToken, MediaKind, MediaToken
from datasets.models import ClipSubject


def slot_payload(*, lease: Lease, study: Study, previous: Judgment | None = None) -> dict[str, Any]:
    return {
        "slot": {
            "token": str(lease.token),
            "lease_seconds": study.lease_minutes * 60,
            "kind": lease.slot.kind,
        },
        "left": {"url": _clip_url(MediaKind.LEFT, lease.token)},
        "right": {"url": _clip_url(MediaKind.RIGHT, lease.token)},
        "prompt": lease.pair.prompt,
        "people": _people([lease.pair.clip_a_id, lease.pair.clip_b_id], lease.token),
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
        ],
        "no_drift": [row.person_id for row in people if row.person_id and row.no_drift],
        "remark": judgment.remark,
    }


def _people(clip_ids: list[int], token: LeaseToken) -> list[dict[str, Any]]:
    """Return the people who should appear, in the order of their subjects, each with links to references."""
    rows = (
        ClipSubject.objects.filter(clip__in=clip_ids)
        .order_by("position", "person", "person__references__position", "person__references__id")
        .values_list("person", "person__name", "person__references__id")
        .distinct()
    )
    people: dict[int, dict[str, Any]] = {}
    for person_id, name, reference_id in rows:
        person = people.setdefault(person_id, {"id": person_id, "name": name, "references": []})
        url = reference_id and _reference_url(reference_id, token)
        if url and url not in person["references"]:
            person["references"].append(url)
    return list(people.values())


def _clip_url(kind: MediaKind, token: LeaseToken) -> str:
    return reverse("annotator:media-clip", args=[str(MediaToken.issue(kind, token))])


def _reference_url(reference_id: int, token: LeaseToken) -> str:
    media = MediaToken.issue(MediaKind.REFERENCE, token, reference_id=reference_id)
    return reverse("annotator:media-reference", args=[str(media)])
