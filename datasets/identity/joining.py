"""Tracklets become tracks: pieces of one face are put together by look and place, over occlusion and over cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import box_sizes
from datasets.identity.quality import GOOD
from datasets.identity.space import Space
from datasets.identity.tracklets import Tracklet

NEAR_S = 1.0
BRIDGE_S = 0.3
# What a piece must look like its predecessor, as a share of the threshold for the same person: next to it in time and
# place little is asked, elsewhere as much as of two photographs.
NEAR_LOOK = 0.5
NEAR_BONUS = 0.5
FAR_SAMPLES = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """A tracklet with its embeddings (S, D)."""

    tracklet: Tracklet
    embeddings: NDArray[np.float32]

    @property
    def good(self) -> int:
        """How many good samples there are: in dark, blurred or turned faces all strangers look alike."""
        return sum(sample.quality.overall >= GOOD for sample in self.tracklet.samples)

    @property
    def span(self) -> tuple[int, int]:
        return self.tracklet.frames[0], self.tracklet.frames[-1]


def join_pieces(pieces: Sequence[Piece], space: Space, fps: float) -> list[list[Piece]]:
    """Return groups of pieces that are one face each, best links first, never two at one time.

    Source: own; the usual two-stage scheme (sure tracklets, then links by appearance and motion), greedy because a
    clip has tens of pieces and the best link is nearly always the right one.
    """
    groups = list(range(len(pieces)))
    members = {i: [i] for i in groups}
    for _, a, b in sorted(_links(pieces, space, fps), reverse=True):
        if groups[a] == groups[b] or _overlap(pieces, members[groups[a]], members[groups[b]]):
            continue
        kept, gone = groups[a], groups[b]
        for i in members[gone]:
            groups[i] = kept
        members[kept] += members.pop(gone)
    found = [sorted((pieces[i] for i in group), key=lambda piece: piece.span) for group in members.values()]
    return sorted(found, key=lambda group: group[0].span)


def bridge_gaps(tracklets: Sequence[Tracklet], fps: float) -> None:
    """Give a face that was in doubt for a moment the boxes on the straight line over it, in place.

    Between pieces of one shot that are BRIDGE_S or less apart: where two faces pass one another, pieces end and begin
    at detections, and the frames between belong to neither.
    """
    for first, second in pairwise(tracklets):
        start, end = first.frames[-1], second.frames[0]
        if first.shot != second.shot or end - start > BRIDGE_S * fps:
            continue
        box, landmarks = first.boxes[-1], first.landmarks[-1]
        for frame in range(start + 1, end):
            share = np.float32((frame - start) / (end - start))
            first.frames.append(frame)
            first.boxes.append(box + share * (second.boxes[0] - box))
            first.landmarks.append(landmarks + share * (second.landmarks[0] - landmarks))


def _links(pieces: Sequence[Piece], space: Space, fps: float) -> list[tuple[float, int, int]]:
    """Return (strength, earlier, later) of all pairs that may be one face."""
    looks = _looks(pieces, space)
    links = []
    for a, first in enumerate(pieces):
        for b, second in enumerate(pieces):
            if first.span[1] >= second.span[0]:
                continue
            nearness = _nearness(first.tracklet, second.tracklet, fps)
            look = looks[a, b]
            if nearness > 0:
                if np.isnan(look) or look >= NEAR_LOOK * space.same_person:
                    strength = (0.0 if np.isnan(look) else look) + NEAR_BONUS * space.same_person * nearness
                    links.append((float(strength), a, b))
            elif look >= space.same_person and min(first.good, second.good) >= FAR_SAMPLES:
                links.append((float(look), a, b))
    return links


def _looks(pieces: Sequence[Piece], space: Space) -> NDArray[np.float32]:
    """Return how alike pieces are (P, P), NaN where one has no embedding."""
    means = np.zeros((len(pieces), space.dimension), np.float32)
    known = np.array([len(piece.embeddings) > 0 for piece in pieces], bool)
    for i in np.flatnonzero(known).tolist():
        weights = np.array([s.quality.overall for s in pieces[i].tracklet.samples], np.float32) + 0.05
        means[i] = space.mean(pieces[i].embeddings, weights)[0]
    looks = space.similarity(means, means)
    looks[~known] = looks[:, ~known] = np.nan
    return looks


def _nearness(first: Tracklet, second: Tracklet, fps: float) -> float:
    """Return 1 for a piece that goes on where the other ended, down to 0 for one that is too far off."""
    gap_s = (second.frames[0] - first.frames[-1]) / fps
    if first.shot != second.shot or gap_s > NEAR_S:
        return 0.0
    ends = np.array([first.boxes[-1], second.boxes[0]], np.float32)
    sizes = box_sizes(ends)
    if not 0.55 < sizes[0] / sizes[1] < 1.8:
        return 0.0
    centres = ends.reshape(2, 2, 2).mean(axis=1)
    distance = float(np.linalg.norm(centres[0] - centres[1])) / float(sizes.max())
    return max(0.0, 1 - distance / (0.8 + 1.5 * gap_s))


def _overlap(pieces: Sequence[Piece], a: Sequence[int], b: Sequence[int]) -> bool:
    return any(
        pieces[i].span[0] <= pieces[j].span[1] and pieces[j].span[0] <= pieces[i].span[1]
        for i in a
        for j in b
    )
