"""Who is who: tracks are matched to people by one best assignment over whole tracks, with 'nobody' allowed.

In any frame at most one track is a given person, and a track is at most one person. A person may have several tracks
one after the other. Each track and person weigh how much more alike they are than strangers, times how long and how
well the track is seen; the assignment of largest total weight is found exactly, as a small integer programme. Without
two tracks of one person it is the Hungarian method's problem; the programme is solved by HiGHS through scipy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import csr_array

from datasets.identity.quality import GOOD
from datasets.identity.references import Person
from datasets.identity.space import Space
from datasets.identity.tracks import Analysis, Track

# A track is nobody below this share of the threshold for one person: drifted faces are to be matched, strangers not.
NOBODY = 0.6
# The only track and the only person left over belong together if the track is seen for this share of the clip.
PRESUMED_SHARE = 0.5
PRESUMED_SIZE = 0.4


@dataclass(frozen=True)
class Match:
    """A track's person.

    Attributes:
        track: Its number.
        person: Index among the people.
        similarity: Mean over the track's samples, weighted by quality.
        margin: That less the one with the next person; infinite if there is no other.
        presumed: Nobody else was left: the face itself does not show that it is this person.
    """

    track: int
    person: int
    similarity: float
    margin: float
    presumed: bool = False


@dataclass(frozen=True)
class Swap:
    """A moment in which the faces fit the people better in another order than over the whole clip."""

    frame: int
    track: int
    person: int
    looks_like: int
    gain: float


@dataclass(frozen=True, eq=False)
class Matching:
    """Who is who in one clip.

    Attributes:
        people: Names, in the order of `Match.person`.
        matches: One for each matched track.
        swaps: Moments that contradict them, kept apart.
        similarities: For each track by number, (S, P) similarity of its samples with the people's templates.
    """

    people: tuple[str, ...]
    matches: tuple[Match, ...]
    swaps: tuple[Swap, ...]
    similarities: dict[int, NDArray[np.float32]]

    def tracks_of(self, person: int) -> list[int]:
        """Return the numbers of a person's tracks."""
        return [match.track for match in self.matches if match.person == person]

    def person_of(self, track: int) -> int | None:
        """Return who a track is, or nothing."""
        return next((match.person for match in self.matches if match.track == track), None)


def match_tracks(
    analysis: Analysis, people: Sequence[Person], corrections: Mapping[int, int | None] | None = None
) -> Matching:
    """Return who is who. Stills are nobody, unless somebody says otherwise.

    Args:
        analysis: Of the clip.
        people: Who should appear, embedded by the same backend.
        corrections: What somebody who looked says: for a track's number the index of the person, or None for nobody
            of them. The other tracks are matched around it. Of two tracks that run at the same time and are said to
            be one person, the one with more evidence is.
    """
    space = analysis.space
    corrections = corrections or {}
    templates = np.concatenate(
        [np.zeros((0, space.dimension), np.float32), *(person.template(space) for person in people)]
    )
    tracks = [track for track in analysis.tracks if not track.still or track.number in corrections]
    similarities = {track.number: space.similarity(track.embeddings, templates) for track in tracks}
    means = np.array([_mean_similarity(track, similarities[track.number]) for track in tracks])
    means = means.reshape(len(tracks), len(people))
    floors = np.array([_floor(track, space) for track in tracks]).reshape(-1, 1)
    weights = (means - floors) * np.array([_evidence(track) for track in tracks]).reshape(-1, 1)
    _correct(weights, tracks, corrections)
    chosen = best_assignment(weights, [(track.first, track.last) for track in tracks])
    matches = [_match(tracks[t].number, p, means[t]) for t, p in chosen]
    free = [t for t, track in enumerate(tracks) if track.number not in corrections]
    matches += _presumed(analysis, tracks, means, chosen, len(people), free)
    matches.sort(key=lambda match: match.track)
    return Matching(
        people=tuple(person.name for person in people),
        matches=tuple(matches),
        swaps=tuple(find_swaps(tracks, matches, similarities, space)),
        similarities=similarities,
    )


def _correct(
    weights: NDArray[np.floating], tracks: Sequence[Track], corrections: Mapping[int, int | None]
) -> None:
    """Make corrected tracks weigh more than all others together for their person, and nothing for the rest."""
    all_others = 1 + float(np.nansum(np.abs(weights)))
    for t, track in enumerate(tracks):
        if track.number in corrections:
            weights[t] = 0
            person = corrections[track.number]
            if person is not None:
                weights[t, person] = all_others + _evidence(track)


def best_assignment(weights: NDArray[np.floating], spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (track, person) pairs of largest total weight.

    Args:
        weights: (T, P); a pair that weighs nothing or less is never chosen, nor one of NaN.
        spans: First and last frame of each track: tracks that share a frame are never one person.
    """
    tracks, people = np.nonzero(np.nan_to_num(weights, nan=0.0) > 0)
    if not len(tracks):
        return []
    rows: list[NDArray[np.bool_]] = [tracks == t for t in np.unique(tracks).tolist()]
    for start in sorted({spans[t][0] for t in tracks.tolist()}):
        running = np.array([spans[t][0] <= start <= spans[t][1] for t in tracks.tolist()])
        rows += [
            running & (people == p) for p in np.unique(people).tolist() if (running & (people == p)).sum() > 1
        ]
    solved = milp(
        -np.asarray(weights, float)[tracks, people],
        integrality=np.ones(len(tracks)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(csr_array(np.array(rows, float)), ub=1),
    )
    taken = solved.x > 0.5
    return [(int(t), int(p)) for t, p in zip(tracks[taken], people[taken], strict=True)]


def find_swaps(
    tracks: Sequence[Track],
    matches: Sequence[Match],
    similarities: dict[int, NDArray[np.float32]],
    space: Space,
) -> list[Swap]:
    """Return the good samples whose face looks like another person of the clip than its track.

    A swap is a face that another person's template fits better by a tenth of the threshold and more, and at least as
    well as the threshold for one person asks. Moments are judged one by one: the assignment of whole tracks would
    hide them.
    """
    swaps = []
    person_of = {match.track: match.person for match in matches}
    for track in tracks:
        person = person_of.get(track.number)
        if person is None or similarities[track.number].shape[1] < 2:
            continue
        for frame, quality, row in zip(
            track.sample_frames, track.sample_quality, similarities[track.number], strict=True
        ):
            other = int(row.argmax())
            gain = float(row[other] - row[person])
            if quality >= GOOD and row[other] >= space.same_person and gain > 0.1 * space.same_person:
                swaps.append(Swap(int(frame), track.number, person, other, gain))
    return swaps


def _floor(track: Track, space: Space) -> float:
    """Return the similarity below which a track is nobody; poor pictures have to look like the person in full."""
    share = NOBODY if (track.sample_quality >= GOOD).any() else 1.0
    return share * space.same_person


def _evidence(track: Track) -> float:
    quality = float(track.sample_quality.mean()) if len(track.sample_quality) else 0.0
    return len(track.frames) * max(quality, 0.05)


def _mean_similarity(track: Track, similarity: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(similarity):
        return np.full(similarity.shape[1], np.nan, np.float32)
    return np.average(similarity, axis=0, weights=track.sample_quality + 0.05)


def _match(track: int, person: int, means: NDArray[np.float32], *, presumed: bool = False) -> Match:
    others = np.delete(means, person)
    margin = float(means[person] - others.max()) if len(others) else float("inf")
    return Match(track, person, float(means[person]), margin, presumed)


def _presumed(
    analysis: Analysis,
    tracks: Sequence[Track],
    means: NDArray[np.float32],
    chosen: Sequence[tuple[int, int]],
    people: int,
    candidates: Sequence[int],
) -> list[Match]:
    """Match what is left over when there is no more than one long, large track for each person left.

    Generated faces are often wrong from the first frame: their similarity is a stranger's, and yet everybody can see
    who is meant.
    """
    absent = sorted(set(range(people)) - {p for _, p in chosen})
    largest = max((_size(track) for track in tracks), default=0)
    free = [
        t
        for t in candidates
        if t not in {t for t, _ in chosen}
        and len((track := tracks[t]).frames) >= PRESUMED_SHARE * analysis.frames
        and _size(track) >= PRESUMED_SIZE * largest
        and np.isfinite(means[t]).all()
    ]
    if not absent or len(free) > len(absent):
        return []
    rows, columns = linear_sum_assignment(means[np.ix_(free, absent)], maximize=True)
    return [
        _match(tracks[free[r]].number, absent[c], means[free[r]], presumed=True)
        for r, c in zip(rows, columns, strict=True)
    ]


def _size(track: Track) -> float:
    return float(np.median(track.boxes[:, 3] - track.boxes[:, 1]))
