"""How much a reward moves though nobody changes: the same films coded anew, at half the pace, with fewer references.

    python -m benchmarks.reward_retest FILMS --models DIR --rewards MODEL … [--films 12]

FILMS is a folder of `benchmarks.reward_films`. Each untouched film is decoded, changed, coded and looked at again. The
table gives the spread of the change of the reward in units of the model's temperature, by which its differences become
probabilities, beside what severities 1 to 5 cost there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine
from benchmarks.reward_pairs import track_of
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend, backend_load
from datasets.identity.matching import match_tracks
from datasets.identity.references import Person, person_read
from datasets.media.read import read_frames
from datasets.media.write import write_video
from training.reward.clips import Clip, clip_of
from training.reward.config import Data
from training.reward.model import RewardModel

Frames = NDArray[np.uint8]
FPS = 12
Write = Callable[[Frames, Path], None]


def main() -> int:
    options = _options()
    print(machine(), flush=True)
    if options.folder is None:
        print("left out: it needs a folder of films and models that were trained on them")
        return 0
    backend = backend_load("mobilefacenet", options.models)
    models = [RewardModel.from_pretrained(path) for path in options.rewards]
    clips: dict[str, list[Clip]] = {name: [] for name in ("as it is", *CHANGES, "one reference")}
    for path in sorted(options.folder.glob("group-*.json"))[: options.films]:
        film = next((row for row in json.loads(path.read_text())["clips"] if not row["truth"]), None)
        if film is not None:
            for name, clip in _versions(options.folder / "films" / film["name"], backend).items():
                clips[name].append(clip)
    print(
        f"{len(clips['as it is'])} films, {len(models)} models\n\n| | mean change | spread |\n|---|---|---|"
    )
    before = [model.score_clips(clips["as it is"]).reward / model.calibration.temperature for model in models]
    for name in list(clips)[1:]:
        after = [model.score_clips(clips[name]).reward / model.calibration.temperature for model in models]
        moved = np.concatenate([b - a for a, b in zip(before, after, strict=True)])
        print(f"| {name} | {moved.mean():+.2f} | {moved.std():.2f} |")
    return 0


def _versions(path: Path, backend: Backend) -> dict[str, Clip]:
    """Return the film as the reward sees it, untouched and changed."""
    frames = read_frames(path)
    number = path.stem.split("-")[0]
    folders = sorted((path.parent / "references").glob(f"cast-{number}-*"))
    people = [person_read(folder.name, sorted(folder.glob("*.png")), backend) for folder in folders]
    found = {"as it is": _clip(path, people, backend)}
    found["one reference"] = found["as it is"].changed(references=1)
    with tempfile.TemporaryDirectory() as scratch:
        for name, (write, suffix) in CHANGES.items():
            target = Path(scratch) / f"{name.replace(' ', '-')}{suffix}"
            write(frames, target)
            found[name] = _clip(target, people, backend)
    return found


def _clip(path: Path, people: Sequence[Person], backend: Backend) -> Clip:
    analysis = analyse_clip(path, backend)
    matching = match_tracks(analysis, people)
    tracks = {track.number: track for track in analysis.tracks}
    return clip_of(
        path.name,
        analysis.frames,
        [person.name for person in people],
        [person.embeddings for person in people],
        [track_of([tracks[n] for n in matching.tracks_of(place)]) for place in range(len(people))],
        steps=Data().steps,
    )


def _again(frames: Frames, target: Path) -> None:
    write_video(frames, target, fps=FPS)


def _half_rate(frames: Frames, target: Path) -> None:
    write_video(frames[::2], target, fps=Fraction(FPS, 2))


def _half_size(frames: Frames, target: Path) -> None:
    height, width = frames.shape[1] // 4 * 2, frames.shape[2] // 4 * 2
    small = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]
    write_video([np.asarray(frame, np.uint8) for frame in small], target, fps=FPS)


def _coded(codec: str, options: dict[str, str]) -> Write:
    def write(frames: Frames, target: Path) -> None:
        with av.open(str(target), "w") as container:
            stream: Any = container.add_stream(codec, rate=FPS, options=options)
            stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
            for frame in frames:
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24"))
                )
            container.mux(stream.encode(None))

    return write


CHANGES: dict[str, tuple[Write, str]] = {
    "H.264 once more": (_again, ".mp4"),
    "H.264, crf 32": (_coded("libx264", {"crf": "32", "preset": "veryfast"}), ".mp4"),
    "VP9, crf 40": (_coded("libvpx-vp9", {"crf": "40", "b": "0", "cpu-used": "6"}), ".webm"),
    "half the frame rate": (_half_rate, ".mp4"),
    "half the size": (_half_size, ".mp4"),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--rewards", type=Path, nargs="*", default=[])
    parser.add_argument("--films", type=int, default=12)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
