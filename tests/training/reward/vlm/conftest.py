"""A release of a few moving patches with media, and a configuration that trains on it in seconds."""

import hashlib
import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.simulated_release import Group, Told, ToldClip, groups_write
from datasets.media.write import write_video
from training.reward.vlm.config import VlmConfig

FRAMES = 6


def png(colour: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "PNG")
    return stream.getvalue()


def clip(folder: Path, key: str, names: list[str], harm: float, source: ToldClip | None) -> ToldClip:
    """A clip whose brightness says how much was done to its people."""
    draw = np.random.default_rng(list(key.encode()))
    frames = np.full((FRAMES, 48, 64, 3), int(200 - 150 * harm), np.uint8)
    frames[:, :16, :16] = draw.integers(0, 255, (FRAMES, 1, 1, 3), np.uint8)
    path = folder / f"{key}.mp4"
    write_video(frames, path, fps=Fraction(12))
    content = path.read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    recipe = {"recipe": "morph_drift", "severity": 3, "schedule": "constant"} if source else {}
    row = {
        "sha256": sha, "video": {"bytes": content, "path": f"{sha}.mp4"}, "original_sha256": sha, "name": path.name,
        "width": 64, "height": 48, "fps": 12.0, "fps_fraction": "12/1", "frames": FRAMES,
        "origin": "distorted" if source else "real", "subjects": names,
        "source_clip": source.row["sha256"] if source else None, "recipe": None, "severity": None, "schedule": None,
        "onset_frame": None, "truth": None, **recipe,
    }  # fmt: skip
    truth = {"kind": "negative"} if source else {}
    return ToldClip(row, [], np.array([harm] * len(names)), [-1] * len(names), truth)


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    groups = []
    for number in range(6):
        names = [f"patch-{number}-{place}" for place in range(1 + number % 2)]
        people = []
        for place, name in enumerate(names):
            picture = png((40 * number, 90 * place, 128))
            sha = hashlib.sha256(picture).hexdigest()
            people.append(
                {
                    "person_id": name, "name": name, "procedural": True, "consent": None, "faces": [],
                    "references": [
                        {"sha256": sha, "image": {"bytes": picture, "path": f"{sha}.png"}, "name": "", "licence": None}
                    ],
                }
            )  # fmt: skip
        source = clip(folder, f"{number}-source", names, 0.0, None)
        told = Told(people, number)
        clips = [source, clip(folder, f"{number}-copy", names, 1.0, source)]
        told.synthetic(clips)
        told.judged(clips, 1, np.random.default_rng(number))
        groups.append(Group(people, clips, told.comparisons, told.judgments))
    target = folder / "release"
    groups_write(
        target, groups, splits="60/20/20", seed=1, name="patches", description="Patches.", configuration={}
    )
    return target


@pytest.fixture(scope="session")
def config() -> VlmConfig:
    return VlmConfig(
        base="tiny", frames=3, references=1, frame_pixels=28 * 28 * 6, reference_pixels=28 * 28, lora_rank=4,
        lora_alpha=4, lora_dropout=0.1, steps=4, batch=2, accumulate=1, learning_rate=1e-2, warmup=1,
        checkpoint_every=2, validate_every=4,
    )  # fmt: skip
