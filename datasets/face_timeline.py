"""A clip's faces over time, as places on a line: what the templates draw.

Across, everything is in per cent of the clip's length; upward, a curve is in per cent of its lane, 0 at the top.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from datasets.models import ClipAnalysis, FaceTrack, IdentityTrack
from datasets.selectors.tracks import ClipFaces, Subject

GOOD = 0.35
"""Poorer samples are drawn apart. It is datasets.identity.quality.GOOD, which a web process never loads."""
GRID_S = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)
TICKS_AT_MOST = 10
FACE_SIDE = 100


@dataclass(frozen=True, slots=True)
class Place:
    """From where to where, in per cent; `frame` is the first one, `text` says what is there."""

    x: float
    width: float
    frame: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """One sample: where it lies in its lane, and what it says."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Crop:
    """A moment of the strip: where it stands on the line, and which square of the picture it is."""

    x: float
    width: float
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A track: its extent, the parts of it in which the face is seen, and the row of the lane it stands in."""

    track: FaceTrack
    extent: Place
    seen: list[Place]
    row: int

    @property
    def label(self) -> str:
        return f"Face {self.track.number + 1}"

    @property
    def is_corrected(self) -> bool:
        return hasattr(self.track, "correction")

    @property
    def is_disputed(self) -> bool:
        """A lead says something else than the machine."""
        return self.is_corrected and self.track.person_id != self.track.machine_person_id

    @property
    def spoken(self) -> str:
        """All of it in a sentence, for the title and for whoever cannot see the bar."""
        track = self.track
        parts = [f"{self.label}: {who(track)}, frames {track.first} to {track.last}"]
        if self.is_corrected:
            by = f" by {track.correction.by}" if track.correction.by else ""
            parts.append(f"corrected{by}; the machine says {machine(track)}")
        elif track.presumed:
            parts.append("presumed, since nobody else was left")
        elif track.similarity is not None:
            parts.append(f"similarity {track.similarity:.2f}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One subject over the clip."""

    subject: Subject
    bars: list[Bar]
    crops: list[Crop]
    lines: list[str]
    areas: list[str]
    rivals: list[str]
    dots: list[Dot]
    swaps: list[Place]
    drops: list[Place]
    threshold_y: float | None

    @property
    def rows(self) -> range:
        return range(max((bar.row for bar in self.bars), default=0) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Lanes of the subjects, the faces that are nobody's, and the seconds underneath."""

    lanes: list[Lane]
    others: list[Bar]
    ticks: list[Place]
    strip_width: int

    @property
    def other_rows(self) -> range:
        return range(max((bar.row for bar in self.others), default=0) + 1)


def who(track: FaceTrack) -> str:
    if track.person is not None:
        return track.person.name
    return "a still picture" if track.still and not hasattr(track, "correction") else "nobody of them"


def machine(track: FaceTrack) -> str:
    return track.machine_person.name if track.machine_person is not None else "nobody of them"


def face_timeline(faces: ClipFaces) -> Timeline:
    """Place everything that was found in a clip on its line; the clip's analysis is ready."""
    analysis = faces.analysis
    assert analysis is not None
    line = _Line(int(analysis.summary.get("frames") or faces.clip.frames or 1))
    return Timeline(
        lanes=[_lane(subject, analysis, line) for subject in faces.subjects],
        others=_bars(faces.others, None, line),
        ticks=_ticks(line, faces.clip.duration_s or 0.0),
        strip_width=len(analysis.strip_frames) * FACE_SIDE,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """The clip's frames, side by side."""

    frames: int

    def place(self, first: int, last: int, text: str = "") -> Place:
        return Place(
            _round(100 * first / self.frames), _round(100 * (last - first + 1) / self.frames), first, text
        )

    def middle(self, frame: int) -> float:
        return _round(100 * (frame + 0.5) / self.frames)


def _lane(subject: Subject, analysis: ClipAnalysis, line: _Line) -> Lane:
    seen = subject.seen
    curve = _curve(seen)
    good = [i for i, quality in enumerate(curve["quality"]) if quality >= GOOD]
    runs = list(_unbroken([curve["frames"][i] for i in good], good, curve["spans"]))
    return Lane(
        subject=subject,
        bars=_bars(subject.tracks, curve["spans"], line),
        crops=_crops(analysis, seen.row, curve["spans"], line)
        if seen is not None and analysis.strips_file
        else [],
        lines=[_points(run, curve, "own", line) for run in runs],
        areas=[_area(run, curve, line) for run in runs if len(run) > 1],
        rivals=[_points(run, curve, "other", line) for run in runs] if curve["other"] else [],
        dots=[_dot(i, curve, line) for i in range(len(curve["frames"])) if i not in good]
        + [_dot(run[0], curve, line) for run in runs if len(run) == 1],
        swaps=_swaps(curve, line),
        drops=_drops(seen, line),
        threshold_y=_height(seen.threshold) if seen is not None else None,
    )


def _curve(seen: IdentityTrack | None) -> dict[str, list[Any]]:
    names = ("frames", "own", "other", "quality", "swapped", "spans")
    return {name: seen.curve.get(name, []) if seen is not None else [] for name in names}


def _bars(tracks: Iterable[FaceTrack], spans: list[list[int]] | None, line: _Line) -> list[Bar]:
    """Place tracks in as few rows as keep them apart."""
    ends: list[int] = []
    bars = []
    for track in sorted(tracks, key=lambda each: (each.first, each.last)):
        row = next((i for i, end in enumerate(ends) if end < track.first), len(ends))
        ends[row:] = [track.last] if row == len(ends) else [track.last, *ends[row + 1 :]]
        bars.append(Bar(track, line.place(track.first, track.last), _seen(track, spans, line), row))
    return bars


def _seen(track: FaceTrack, spans: list[list[int]] | None, line: _Line) -> list[Place]:
    inside = [
        (max(first, track.first), min(last, track.last))
        for first, last in spans or []
        if first <= track.last and last >= track.first
    ]
    return [line.place(first, last) for first, last in inside or [(track.first, track.last)]]


def _crops(analysis: ClipAnalysis, row: int, spans: Sequence[Sequence[int]], line: _Line) -> list[Crop]:
    """Place the strip's columns in which the face is seen; each lasts until the next one."""
    frames = [*analysis.strip_frames, line.frames]
    return [
        Crop(
            _round(100 * a / line.frames),
            _round(100 * (b - a) / line.frames),
            column * FACE_SIDE,
            row * FACE_SIDE,
        )
        for column, (a, b) in enumerate(pairwise(frames))
        if b > a and any(first <= a <= last for first, last in spans)
    ]


def _unbroken(frames: Sequence[int], good: Sequence[int], spans: list[list[int]]) -> Iterator[list[int]]:
    """Yield runs of samples between which the face was seen all the time."""
    span_of = [
        next((i for i, (first, last) in enumerate(spans) if first <= frame <= last), -1) for frame in frames
    ]
    for _, run in groupby(zip(span_of, good, strict=True), key=lambda each: each[0]):
        yield [index for _, index in run]


def _points(run: Sequence[int], curve: dict[str, list[Any]], name: str, line: _Line) -> str:
    return " ".join(f"{line.middle(curve['frames'][i])},{_height(curve[name][i])}" for i in run)


def _area(run: Sequence[int], curve: dict[str, list[Any]], line: _Line) -> str:
    first, last = (line.middle(curve["frames"][i]) for i in (run[0], run[-1]))
    return f"{first},100 {_points(run, curve, 'own', line)} {last},100"


def _dot(i: int, curve: dict[str, list[Any]], line: _Line) -> Dot:
    frame, own, quality = (curve[name][i] for name in ("frames", "own", "quality"))
    poor = ", a poor picture" if quality < GOOD else ""
    return Dot(line.middle(frame), _height(own), f"frame {frame}: similarity {own:.2f}{poor}")


def _swaps(curve: dict[str, list[Any]], line: _Line) -> list[Place]:
    """Return the stretches whose samples are somebody else's face; a sample reaches half way to its neighbours."""
    frames, found = curve["frames"], []
    for is_swapped, run in groupby(range(len(frames)), key=lambda i: curve["swapped"][i]):
        if is_swapped:
            indices = list(run)
            i, j = indices[0], indices[-1]
            first = (frames[i - 1] + frames[i] + 1) // 2 if i else 0
            last = (frames[j] + frames[j + 1]) // 2 if j + 1 < len(frames) else line.frames - 1
            found.append(
                line.place(first, last, f"Another subject's face, from about frame {first} to {last}")
            )
    return found


def _drops(seen: IdentityTrack | None, line: _Line) -> list[Place]:
    gaps = seen.numbers.get("drop_gaps", []) if seen is not None else []
    return [line.place(first, last, f"Not seen, frames {first} to {last}") for first, last in gaps]


def _ticks(line: _Line, seconds: float) -> list[Place]:
    step = next((each for each in GRID_S if seconds <= each * TICKS_AT_MOST), GRID_S[-1])
    ticks, moment = [], 0.0
    while moment < seconds:
        ticks.append(
            Place(_round(100 * moment / seconds), 0, int(moment / seconds * line.frames), f"{moment:g}")
        )
        moment += step
    return ticks


def _height(similarity: float) -> float:
    return _round(100 * (1 - min(1.0, max(0.0, similarity))))


def _round(value: float) -> float:
    return round(value, 3)
