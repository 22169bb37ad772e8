"""Boxes over frames as small JSON, for the page that draws them and for carrying corrections over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from datasets.identity.faces import box_overlaps
from datasets.identity.tracks import Analysis

# Two tracks are of one face when their boxes overlap by this much in most of the frames they share.
SAME_FACE = 0.5


def overlay_json(analysis: Analysis) -> bytes:
    """Return {"frames", "fps", "width", "height", "cuts", "tracks": [{"number", "still", "frames", "boxes"}]}.

    Boxes are (x0, y0, x1, y1) in whole pixels of the clip, one for each of the track's frames.
    """
    tracks = [
        {
            "number": track.number,
            "still": track.still,
            "frames": track.frames.tolist(),
            "boxes": np.rint(track.boxes).astype(int).tolist(),
        }
        for track in analysis.tracks
    ]
    facts = {key: getattr(analysis, key) for key in ("frames", "fps", "width", "height", "cuts")}
    return json.dumps({**facts, "tracks": tracks}, separators=(",", ":")).encode()


def carried_over(before: Mapping[str, Any], after: Analysis, numbers: Mapping[int, Any]) -> dict[int, Any]:
    """Return what was said of tracks of an earlier analysis (`overlay_json`), by the new tracks of the same faces.

    Args:
        before: The earlier analysis.
        after: The new one.
        numbers: What was said, by the earlier tracks' numbers.
    """
    carried: dict[int, Any] = {}
    for track in before["tracks"]:
        if track["number"] not in numbers:
            continue
        boxes = dict(zip(track["frames"], track["boxes"], strict=True))
        shared = {new.number: _frames_shared(boxes, new.frames, new.boxes) for new in after.tracks}
        best = max(shared, key=lambda number: shared[number], default=None)
        if best is not None and shared[best] * 2 >= min(len(boxes), len(after.tracks[best].frames)):
            carried[best] = numbers[track["number"]]
    return carried


def _frames_shared(boxes: Mapping[int, list[int]], frames: np.ndarray, others: np.ndarray) -> int:
    shared = [i for i, frame in enumerate(frames.tolist()) if frame in boxes]
    return sum(
        float(box_overlaps(np.array([boxes[int(frames[i])]], np.float32), others[i : i + 1])[0, 0])
        >= SAME_FACE
        for i in shared
    )
