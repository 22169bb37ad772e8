"""One number for a clip of several people, ours and the published one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets.identity.metrics.samples import PersonSamples
from datasets.identity.references import Person
from datasets.identity.tracks import Analysis


def assigned_score(people: Sequence[PersonSamples]) -> float:
    """Return how well all people of a clip are kept, each by the face that was assigned to them.

    Formula: mean over people of [share of the clip's frames in which the person is seen x mean of max(0, s_t) over
    good samples], with s_t the similarity to the person's own template. A missing person is zero. Range: 0 to 1.
    Source: own; the assignment is one to one over whole tracks (`matching`), so that no face serves two people.
    """
    return float(np.mean([_kept(samples) for samples in people])) if people else float("nan")


def face_sim(analysis: Analysis, people: Sequence[Person]) -> float:
    """Return the 'Face Sim' of published work: the best over all pairs of a reference and a face, frame by frame.

    Formula: mean over moments and people of the highest similarity of any of the person's references with any face
    of that moment. Range: that of the space; NaN without faces. Source: as computed for identity-preserving video
    (ConsisID's FaceSim, arXiv 2411.17440, and its multi-person uses). It asks whether somebody like the person is in
    the picture, so two people who exchange faces cost nothing, and one face can serve two people.
    """
    moments: dict[int, list[np.ndarray]] = {}
    for track in analysis.people:
        for frame, embedding in zip(track.sample_frames, track.embeddings, strict=True):
            moments.setdefault(round(int(frame) / analysis.fps * 2), []).append(embedding)
    best = [
        analysis.space.similarity(person.embeddings, np.array(faces)).max()
        for faces in moments.values()
        for person in people
    ]
    return float(np.mean(best)) if best else float("nan")


def _kept(samples: PersonSamples) -> float:
    if not len(samples.own):
        return 0.0
    seen = len(np.unique(samples.frames)) / max(samples.clip_frames, 1)
    return seen * float(np.maximum(samples.own[samples.good], 0).mean())
