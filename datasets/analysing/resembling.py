"""Who looks like whom: everybody's references compared, after some have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db.models import Max, Q
from django.utils import timezone
from numpy.typing import NDArray

from config.jobs.models import Job, JobState
from datasets.identity.backends import Backend
from datasets.identity.metrics.threshold import FILM_ALLOWANCE
from datasets.identity.space import Space
from datasets.models import Person, ReferenceFace, Resemblance
from datasets.services.resemblance import Likeness, resemblances_store

NEAREST = 12
"""Others that are kept for each person; all of them where there are no more."""
ROWS = 1000
"""People who are compared with all others at once."""
KINDS = ("clip_analyse", "clips_analyse", "person_examine")


def resemblances_refresh(backend: Backend) -> None:
    """Compare all people anew if references have changed; while more jobs wait, the last of them does it."""
    if Job.objects.filter(kind__in=KINDS, state=JobState.QUEUED).exists() or not _is_outdated(backend):
        return
    made_at = timezone.now()
    people = _people(backend)
    resemblances_store(backend=backend.key, made_at=made_at, likenesses=_likenesses(people, backend.space))


def _is_outdated(backend: Backend) -> bool:
    usable = ReferenceFace.objects.filter(backend=backend.key, error="")
    newest = usable.aggregate(at=Max("examined_at"))["at"]
    known = Resemblance.objects.filter(backend=backend.key)
    compared = known.aggregate(at=Max("made_at"))["at"]
    if newest is None:
        return False
    if compared is None or newest > compared:
        return True
    compared_people = Q(pk__in=known.values("first")) | Q(pk__in=known.values("second"))
    return Person.objects.filter(references__face__in=usable).exclude(compared_people).exists()


@dataclass(frozen=True, slots=True)
class _People:
    """Who has usable references, one embedding for each, and from which similarity on somebody else is too near.

    `ids` (P,), `templates` (P, D), `lines` (P,).
    """

    ids: list[int]
    templates: NDArray[np.float32]
    lines: NDArray[np.float32]


def _people(backend: Backend) -> _People:
    rows = ReferenceFace.objects.filter(backend=backend.key, error="").order_by("reference__person")
    by_person: dict[int, list[NDArray[np.float32]]] = defaultdict(list)
    for person, stored in rows.values_list("reference__person", "embedding").iterator():
        if stored is not None:
            by_person[person].append(np.frombuffer(stored, "<f4"))
    space = backend.space
    groups = [np.stack(embeddings) for embeddings in by_person.values()]
    templates = [space.mean(group) for group in groups] or [np.zeros((0, space.dimension), np.float32)]
    return _People(list(by_person), np.concatenate(templates), np.array([_line(g, space) for g in groups]))


def _line(references: NDArray[np.float32], space: Space) -> float:
    """Return the similarity from which on somebody else is as near to a person as their own face in film may be.

    Formula: FILM_ALLOWANCE times the mean similarity of each reference (R, D) with the mean of the others, but at
    least the space's own threshold, which stands alone where there is one reference. Source: own choice.
    """
    if len(references) < 2:
        return space.same_person
    rest = [space.mean(np.delete(references, i, axis=0)) for i in range(len(references))]
    own = [float(space.similarity(references[[i]], mean)[0, 0]) for i, mean in enumerate(rest)]
    return max(space.same_person, FILM_ALLOWANCE * float(np.mean(own)))


def _likenesses(people: _People, space: Space) -> Iterator[Likeness]:
    """Yield everybody's nearest, each pair once."""
    ids, told = people.ids, set()
    for start in range(0, len(ids), ROWS):
        alike = space.similarity(people.templates[start : start + ROWS], people.templates)
        for i, row in enumerate(alike, start=start):
            row[i] = -np.inf
            for j in np.argsort(-row)[: min(NEAREST, len(ids) - 1)]:
                pair = min(ids[i], ids[j]), max(ids[i], ids[j])
                if pair not in told:
                    told.add(pair)
                    yield Likeness(*pair, float(row[j]), float(min(people.lines[i], people.lines[j])))
