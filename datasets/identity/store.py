"""Tracks of one clip in one compressed file, and the few numbers of it that a table shows.

Needs numpy only, so that the site can read tracks without OpenCV. The schema has a version; a file of another one is
refused with a sentence, never guessed at.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from datasets.identity.errors import StoreError
from datasets.identity.space import Space
from datasets.identity.tracks import Analysis, Note, Track

SCHEMA = 1
_ARRAYS = (
    "frames",
    "boxes",
    "landmarks",
    "detected",
    "quality",
    "sample_frames",
    "sample_quality",
    "sample_size",
    "sample_sharpness",
    "sample_yaw",
    "embeddings",
    "thumbs",
)


def analysis_write(analysis: Analysis, path: str | os.PathLike[str]) -> None:
    """Write an analysis as one .npz file; it appears when it is complete.

    Tracks are stored end to end in one array of each kind, with the lengths beside them. Boxes and landmarks are kept
    to a tenth of a pixel, embeddings in half precision (cosines move by less than 0.001).
    """
    target = Path(path)
    arrays: dict[str, Any] = {
        name: np.concatenate([_packed(name, getattr(track, name)) for track in analysis.tracks])
        for name in (_ARRAYS if analysis.tracks else ())
    }
    header = {
        "schema": SCHEMA,
        "frames": analysis.frames,
        "fps": analysis.fps,
        "width": analysis.width,
        "height": analysis.height,
        "cuts": analysis.cuts,
        "space": asdict(analysis.space),
        "backend": analysis.backend,
        "notes": [asdict(note) for note in analysis.notes],
        "tracks": [
            {"number": t.number, "still": t.still, "frames": len(t.frames), "samples": len(t.sample_frames)}
            for t in analysis.tracks
        ],
    }
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez_compressed(stream, **arrays)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def analysis_read(path: str | os.PathLike[str]) -> Analysis:
    """Read an analysis.

    Raises:
        StoreError: the file is missing, damaged, or of another schema.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            header = json.loads(stored["header"].tobytes())
            if header["schema"] != SCHEMA:
                raise StoreError(
                    f"{path} holds tracks of schema {header['schema']}, this program reads {SCHEMA}: "
                    f"analyse the clip again."
                )
            arrays = {name: stored[name] for name in _ARRAYS if name in stored.files}
        return _analysis(header, arrays)
    except FileNotFoundError as error:
        raise StoreError(f"There are no tracks at {path}.") from error
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise StoreError(f"The tracks in {path} are damaged: analyse the clip again.") from error


def analysis_summary(analysis: Analysis) -> dict[str, Any]:
    """Return what a table of clips shows, as plain JSON."""
    return {
        "schema": SCHEMA,
        "backend": analysis.backend,
        "space": analysis.space.key,
        "frames": analysis.frames,
        "people": len(analysis.people),
        "stills": len(analysis.tracks) - len(analysis.people),
        "cuts": len(analysis.cuts),
        "largest_number_at_once": _most_at_once(analysis),
        "notes": [asdict(note) for note in analysis.notes],
        "tracks": [
            {
                "number": track.number,
                "first": track.first,
                "last": track.last,
                "frames": len(track.frames),
                "coverage": round(len(track.frames) / max(analysis.frames, 1), 4),
                "quality": round(float(track.quality.mean()), 3),
                "samples": len(track.sample_frames),
                "still": track.still,
            }
            for track in analysis.tracks
        ],
    }


def _packed(name: str, array: np.ndarray) -> np.ndarray:
    if name in ("boxes", "landmarks"):
        return np.round(array * 10).astype(np.int32)
    return array.astype(np.float16) if name in ("embeddings", "quality") else array


def _unpacked(name: str, array: np.ndarray) -> np.ndarray:
    if name in ("boxes", "landmarks"):
        return array.astype(np.float32) / 10
    return array.astype(np.float32) if name in ("embeddings", "quality") else array


def _analysis(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Analysis:
    tracks, frame, sample = [], 0, 0
    whole = {name: _unpacked(name, array) for name, array in arrays.items()}
    space = Space(**header["space"])
    for entry in header["tracks"]:
        parts = {}
        for name in _ARRAYS:
            start, length = (frame, entry["frames"]) if name in _ARRAYS[:5] else (sample, entry["samples"])
            parts[name] = whole[name][start : start + length]
            if len(parts[name]) != length:
                raise ValueError(name)
        parts["embeddings"] = space.normalised(parts["embeddings"])
        tracks.append(Track(number=entry["number"], still=entry["still"], **parts))
        frame, sample = frame + entry["frames"], sample + entry["samples"]
    return Analysis(
        frames=header["frames"],
        fps=header["fps"],
        width=header["width"],
        height=header["height"],
        cuts=tuple(header["cuts"]),
        tracks=tuple(tracks),
        space=space,
        backend=header["backend"],
        notes=tuple(Note(**note) for note in header["notes"]),
    )


def _most_at_once(analysis: Analysis) -> int:
    if not analysis.people:
        return 0
    return int(np.bincount(np.concatenate([track.frames for track in analysis.people])).max())
