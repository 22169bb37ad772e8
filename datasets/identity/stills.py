"""Telling a small picture burnt into the clip from a person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from datasets.identity.tracklets import Tracklet

# A still keeps its grey levels but for the codec's noise, and its place but for the detector's.
MAX_CHANGE = 2.5
MAX_JITTER = 0.06
MIN_DETECTIONS = 4
MIN_SECONDS = 0.6


def is_still(tracklets: Sequence[Tracklet], fps: float, picture_change: float) -> bool:
    """Say whether a face is a picture in the picture.

    Args:
        tracklets: All pieces of the face.
        fps: Frames a second.
        picture_change: Median change of the whole picture from glance to glance, grey levels: in a clip that does
            not move at all nothing can be told, and the face is taken for a person.
    """
    changes = [change for t in tracklets for change in t.patch_changes]
    frames = sum(len(t.frames) for t in tracklets)
    if len(changes) < MIN_DETECTIONS or frames < MIN_SECONDS * fps or picture_change < 0.3:
        return False
    return float(np.percentile(changes, 90)) < MAX_CHANGE and all(_stays(t) for t in tracklets)


def _stays(tracklet: Tracklet) -> bool:
    boxes: NDArray[np.float32] = np.array(tracklet.boxes, np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    jitter = boxes.reshape(-1, 2, 2).mean(axis=1).std(axis=0).max()
    return float(jitter) < MAX_JITTER * float(np.median(sides)) + 0.5
