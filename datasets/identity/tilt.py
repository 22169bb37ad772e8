"""Landmarks of tilted heads: some detectors find a head on its side, and put its landmarks as if it were upright.

YuNet's eyes lie within 9 degrees of level on a head tilted by 35: everything that is built on such points, from the
alignment before an embedder to masks, comes to lie beside the face. Its score, though, is highest where the head is
upright: so a face that it is not quite sure of is turned a few degrees to both sides, and where that finds it better,
found anew there.

Source: own; seen and measured in docs/experiments/distortions.md and identity.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.protocol import Detector
from datasets.identity.faces import Face, Frame

Points = NDArray[np.float32]  # (5, 2)
Matrix = NDArray[np.float64]  # (2, 3)

STEP = 20.0
"""Degrees to each side. Scores are flat on top: less tells nothing."""
LARGEST = 60.0
LEAST = 16.0
"""Smaller tilts that the landmarks do not show are left, for the score's peak is no finer: on upright heads of the cast
it lies up to 13 degrees aside."""
SHOWN = 12.0
"""Degrees that landmarks do show from which they are found anew as well: on heads tilted by 40 degrees whose landmarks
say 25 to 30, shape and turn are wrong by the rest."""
UPRIGHT_SCORE = 0.92
"""A face that is found so surely is upright. Heads tilted by 30 to 45 degrees score 0.84 to 0.91, most upright ones
0.92 to 0.94."""
MIN_EYES = 12.0
"""Pixels between the eyes below which a face is worth no second look."""
_NEAR = 1.2  # distances between the eyes: a face farther from the crop's middle is somebody else's


@dataclass(frozen=True)
class Cut:
    """The turned square that is looked at.

    Attributes:
        eyes: Pixels between the eyes; larger faces are made smaller.
        room: Side of the square, in distances between the eyes.
    """

    eyes: float
    room: float


PLACING = Cut(eyes=32.0, room=4.5)
"""To place landmarks."""
ASKING = Cut(eyes=20.0, room=4.5)
"""To compare scores: less than half of the time, and the peak moves by 6 degrees at most (faces tilted by 29 to 46)."""


@dataclass(eq=False)
class Lean:
    """What is known of one head's tilt while it is followed.

    Attributes:
        leans: Whether its landmarks have to be found anew.
        tilt: Degrees clockwise beyond what the detector's landmarks show.
        ask: The first frame in which to ask again.
        wait: Frames that were let pass after the last time.
    """

    leans: bool = False
    tilt: float = 0.0
    ask: int = 0
    wait: int = 0


class Righting:
    """Rights the landmarks of followed heads, keyframe by keyframe, at a bounded cost.

    One head a keyframe is asked about: a tilted one every 0.3 s, or 0.6 s while it stays as it is; others only if their
    score leaves room for doubt, at intervals that grow from 0.3 to 1.2 s as long as they turn out upright.
    """

    def __init__(self, detector: Detector, fps: float) -> None:
        self._detector = detector
        self._pause = max(1, round(0.3 * fps))
        self._asked = -1

    def righted(self, frame: Frame, face: Face, index: int, lean: Lean) -> Face:
        """Return a face with its landmarks where they are, and note what was learnt.

        Args:
            frame: (H, W, 3) uint8 RGB.
            face: As the detector found it.
            index: Number of the frame.
            lean: Of the face's track.
        """
        if face.eye_distance < MIN_EYES:
            return face
        doubtful = lean.leans or face.score < UPRIGHT_SCORE
        if doubtful and index >= lean.ask and index != self._asked:
            self._asked = index
            self._ask(frame, face, index, lean)
        return _turned_face(frame, face, index, lean.tilt, self._detector) if lean.leans else face

    def _ask(self, frame: Frame, face: Face, index: int, lean: Lean) -> None:
        tilt = hidden_tilt(frame, face.landmarks, index, self._detector, start=lean.tilt)
        if _leans(face.landmarks, tilt):
            # The peak is coarse: half of what was known stays, unless the head has moved on.
            steady = lean.leans and abs(tilt - lean.tilt) < STEP
            lean.tilt = 0.5 * (tilt + lean.tilt) if steady else tilt
            lean.wait = 2 * self._pause if steady else self._pause
            lean.leans = True
        else:
            lean.leans, lean.tilt = False, 0.0
            lean.wait = min(max(2 * lean.wait, self._pause), 4 * self._pause)
        lean.ask = index + lean.wait


def righted_face(frame: Frame, face: Face, detector: Detector, index: int = 0) -> Face:
    """Return a face of a single picture with its landmarks where they are; an upright one as it is."""
    if not detector.levels_tilt or face.score >= UPRIGHT_SCORE or face.eye_distance < MIN_EYES:
        return face
    tilt = hidden_tilt(frame, face.landmarks, index, detector)
    return _turned_face(frame, face, index, tilt, detector) if _leans(face.landmarks, tilt) else face


def _leans(points: Points, tilt: float) -> bool:
    return abs(tilt) > LEAST or abs(_roll(points)) > SHOWN


def _roll(points: Points) -> float:
    """Return how far landmarks (5, 2) are turned clockwise, degrees."""
    line = points[1] - points[0]
    return float(np.degrees(np.arctan2(line[1], line[0])))


def _turned_face(frame: Frame, face: Face, index: int, tilt: float, detector: Detector) -> Face:
    found = found_turned(frame, face.landmarks, index, tilt, detector)
    if found is None:
        return replace(face, landmarks=_turned(face.landmarks, tilt))
    return Face(face.box, found[1], max(face.score, found[0]))


def hidden_tilt(frame: Frame, points: Points, index: int, detector: Detector, *, start: float = 0.0) -> float:
    """Return by how many degrees a head is tilted (clockwise) beyond what its landmarks (5, 2) show, 0 if unknown.

    `start` is where to begin to look.
    """
    scores = {start: _score(frame, points, index, start, detector)}
    if scores[start] == 0:
        return 0.0
    best = start
    while abs(best) < LARGEST:
        for neighbour in (best - STEP, best + STEP):
            if neighbour not in scores:
                scores[neighbour] = _score(frame, points, index, neighbour, detector)
        highest = max(scores, key=lambda tilt: scores[tilt])
        if highest == best:
            break
        best = highest
    return _peak(best, [scores.get(best + step, 0.0) for step in (-STEP, 0.0, STEP)])


def _peak(best: float, scores: Sequence[float]) -> float:
    """Return where a parabola through the best score and its neighbours is highest, degrees."""
    left, middle, right = scores
    bend = left - 2 * middle + right
    return best + (STEP * 0.5 * (left - right) / bend if bend < -1e-6 else 0.0)


def _score(frame: Frame, points: Points, index: int, tilt: float, detector: Detector) -> float:
    found = found_turned(frame, points, index, tilt, detector, ASKING)
    return found[0] if found else 0.0


def turned_points(frame: Frame, points: Points, index: int, tilt: float, detector: Detector) -> Points:
    """Return a head's landmarks (5, 2) as found with it turned upright; without a find the old ones, turned."""
    found = found_turned(frame, points, index, tilt, detector)
    return found[1] if found else _turned(points, tilt)


def _turned(points: Points, tilt: float) -> Points:
    middle, angle = points.mean(axis=0), np.radians(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((points - middle) @ turn.T + middle).astype(np.float32)


def found_turned(
    frame: Frame, points: Points, index: int, tilt: float, detector: Detector, cut: Cut = PLACING
) -> tuple[float, Points] | None:
    """Return a detector's score and landmarks (5, 2) of a face, turned back by its landmarks' tilt and some more."""
    middle = points.mean(axis=0)
    eyes = max(float(np.linalg.norm(points[1] - points[0])), 8.0)
    matrix, side = turning(points, tilt, eyes, cut)
    crop = _cut_out(frame, points, eyes, cut, matrix, side)
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    near = []
    for face in detector.detect(crop, index):
        places = (face.landmarks @ back[:, :2].T + back[:, 2]).astype(np.float32)
        if np.linalg.norm(places.mean(axis=0) - middle) < _NEAR * eyes:
            near.append((float(face.score), places))
    return max(near, key=lambda each: each[0]) if near else None


def _cut_out(frame: Frame, points: Points, eyes: float, cut: Cut, matrix: Matrix, side: int) -> Frame:
    """Return the turned square (side, side, 3); a large face is shrunk before it is turned, or it would be jagged."""
    shrink = int(eyes / cut.eyes)
    if shrink >= 2:
        reach = 0.75 * cut.room * eyes  # the square's half diagonal and a little more
        middle = points.mean(axis=0)
        x0, y0 = np.clip(middle - reach, 0, (frame.shape[1] - shrink, frame.shape[0] - shrink)).astype(int)
        x1, y1 = np.clip(middle + reach, (x0 + shrink, y0 + shrink), frame.shape[1::-1]).astype(int)
        size = (max(1, int(x1 - x0) // shrink), max(1, int(y1 - y0) // shrink))
        part = frame[y0 : y0 + size[1] * shrink, x0 : x0 + size[0] * shrink]
        frame = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        # From the shrunk part's pixels to the frame's, then on: middles of pixels lie on middles.
        matrix = matrix.copy()
        matrix[:, 2] += matrix[:, :2] @ (np.array([x0, y0]) + (shrink - 1) / 2)
        matrix[:, :2] *= shrink
    return np.asarray(cv2.warpAffine(frame, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def turning(points: Points, tilt: float, eyes: float, cut: Cut = PLACING) -> tuple[Matrix, int]:
    """Return the way (2, 3) from the frame to a square about a face, turned upright, and the square's side."""
    scale = min(1.0, cut.eyes / eyes)
    middle, side = points.mean(axis=0), max(48, round(cut.room * eyes * scale))
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), _roll(points) + tilt, scale)
    matrix[:, 2] += side / 2 - middle
    return np.asarray(matrix, np.float64), side
