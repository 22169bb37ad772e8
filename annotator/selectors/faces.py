"""The faces of a pair as annotators see them: the same moments on both sides, nothing of where they come from."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from annotator.models import Side
from datasets.models import AnalysisState, ClipAnalysis, ClipSubject, IdentityTrack, Pair

FEWEST_ACROSS, MOST_ACROSS = 12, 16

NOT_YET = "The {side} clip has not been searched for faces yet."
FAILED = "The {side} clip could not be searched for faces."
NOT_FOUND = "{name} was not found on the {side} side."
NO_REFERENCE = "{name} cannot be looked for: no reference shows a face that can be used."
TWO_BACKENDS = "The two clips were looked at by different face models, whose curves cannot be compared."


@dataclass(frozen=True, slots=True)
class Subject:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SideFaces:
    """What was found on one side. `columns` are the stored strips' for each moment; None: the clip is over."""

    side: Side
    analysis: ClipAnalysis | None
    columns: list[int | None]
    tracks: dict[int, IdentityTrack]

    def seen(self, person_id: int) -> str:
        """Return a letter a moment: 1 where the face is seen, 0 where it is not, - when the clip is over."""
        if self.analysis is None or person_id not in self.tracks:
            return ""
        spans = self.tracks[person_id].curve.get("spans", [])
        frames = self.analysis.strip_frames
        return "".join("-" if c is None else str(int(_within(frames[c], spans))) for c in self.columns)

    def note(self, person: Subject) -> str:
        """Return why there is nothing to see of somebody; "" where there is something."""
        if self.analysis is None:
            return NOT_YET.format(side=self.side)
        if self.analysis.state == AnalysisState.FAILED:
            return FAILED.format(side=self.side)
        if person.id not in self.tracks:
            return NO_REFERENCE.format(name=person.name)
        return "" if "1" in self.seen(person.id) else NOT_FOUND.format(name=person.name, side=self.side)

    @property
    def has_strips(self) -> bool:
        return self.analysis is not None and bool(self.analysis.strips_file)


@dataclass(frozen=True, slots=True)
class PairFaces:
    """`moments` are in seconds, none where neither clip was analysed."""

    people: list[Subject]
    moments: list[float]
    left: SideFaces
    right: SideFaces

    def on(self, side: Side) -> SideFaces:
        return self.left if side == Side.LEFT else self.right


def pair_faces(pair: Pair, *, left_is_a: bool, across: int = MOST_ACROSS) -> PairFaces:
    """Return what was found in both clips, at `across` moments or fewer."""
    clips = [pair.clip_a_id, pair.clip_b_id] if left_is_a else [pair.clip_b_id, pair.clip_a_id]
    subjects = ClipSubject.objects.filter(clip=pair.clip_a_id).order_by("position", "id")
    people = [Subject(*row) for row in subjects.values_list("person_id", "person__name")]
    analyses = {
        analysis.clip_id: analysis
        for analysis in ClipAnalysis.objects.filter(clip__in=clips)
        .select_related("clip")
        .prefetch_related("identity_tracks")
    }
    left, right = (analyses.get(clip) for clip in clips)
    step, numbers = _moments([a for a in (left, right) if a is not None and a.strip_step], across)
    return PairFaces(
        people=people,
        moments=[step * number for number in numbers],
        left=_side(Side.LEFT, left, step, numbers),
        right=_side(Side.RIGHT, right, step, numbers),
    )


def pair_curves(faces: PairFaces) -> dict[str, Any]:
    """Return the similarity of everybody on both sides over time, by person's id as text, and both clips' scores."""
    left, right = faces.left.analysis, faces.right.analysis
    if left is not None and right is not None and left.backend != right.backend:
        return {"note": TWO_BACKENDS, "people": {}, "scores": {}}
    return {
        "note": "",
        "people": {
            str(person.id): {each.side.value: _curve(each, person.id) for each in (faces.left, faces.right)}
            for person in faces.people
        },
        "scores": {
            each.side.value: None if each.analysis is None else each.analysis.score
            for each in (faces.left, faces.right)
        },
    }


def _moments(analyses: list[ClipAnalysis], across: int) -> tuple[float, list[int]]:
    """Return the coarser step in seconds, and which of its multiples are shown, spread over the longer clip."""
    if not analyses:
        return 0.0, []
    step = max(analysis.strip_step or 0.0 for analysis in analyses)
    count = max(ceil(len(a.strip_frames) * (a.strip_step or 0.0) / step) for a in analyses)
    across = min(max(across, FEWEST_ACROSS), MOST_ACROSS)
    if count <= across:
        return step, list(range(count))
    return step, [round(i * (count - 1) / (across - 1)) for i in range(across)]


def _side(side: Side, analysis: ClipAnalysis | None, step: float, numbers: list[int]) -> SideFaces:
    if analysis is None:
        return SideFaces(side, None, [], {})
    stride = round(step / (analysis.strip_step or step or 1))
    columns = [n * stride if n * stride < len(analysis.strip_frames) else None for n in numbers]
    tracks = {track.person_id: track for track in analysis.identity_tracks.all()}
    return SideFaces(side, analysis, columns, tracks)


def _curve(faces: SideFaces, person_id: int) -> dict[str, Any] | None:
    """Return times in seconds and what was measured then; None without samples."""
    track = faces.tracks.get(person_id)
    if faces.analysis is None or track is None or not track.curve.get("frames"):
        return None
    clip = faces.analysis.clip
    second = (clip.fps_den or 1) / (clip.fps_num or 1)
    return {
        "times": [round(frame * second, 3) for frame in track.curve["frames"]],
        **{name: track.curve.get(name, []) for name in ("own", "other", "swapped")},
        "threshold": track.threshold,
        "similarity": track.similarity,
    }


def _within(frame: int, spans: Iterable[list[int]]) -> bool:
    return any(first <= frame <= last for first, last in spans)
