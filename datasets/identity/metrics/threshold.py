"""The similarity below which a person is no longer themselves, from the references at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets.identity.references import Person
from datasets.identity.space import Space

# Film is less like a photograph than photographs are like one another.
FILM_ALLOWANCE = 0.75


def calibrated_threshold(people: Sequence[Person], person: int, space: Space) -> float:
    """Return a similarity between what the person's references have with one another and what others have with them.

    Formula: the middle between 0.75 times the mean similarity of each reference with the mean of the rest, and the
    similarity with the nearest other person's template; never less than 0.6 nor more than 1.4 times the space's own
    threshold, which stands alone where there is one reference. Source: own choice, checked on the cast.
    """
    embeddings = people[person].embeddings
    base = space.same_person
    if len(embeddings) < 2:
        return base
    rest = [space.mean(np.delete(embeddings, i, axis=0)) for i in range(len(embeddings))]
    within = float(np.mean([space.similarity(embeddings[[i]], rest[i])[0, 0] for i in range(len(rest))]))
    template = people[person].template(space)
    strangers = [
        float(space.similarity(template, other.template(space))[0, 0])
        for i, other in enumerate(people)
        if i != person
    ]
    between = max(strangers, default=0.0)
    middle = (FILM_ALLOWANCE * within + max(between, 0.0)) / 2
    return float(np.clip(middle, 0.6 * base, 1.4 * base))
