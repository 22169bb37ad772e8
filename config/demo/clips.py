"""The demo's own clips: a few scenes, each by three generators that differ in how they keep looks."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from datasets.media import write_video
from datasets.media.testclips import FIGURES, Behaviour, Figure, TestClip, render_frames, render_reference

FPS = 24
MANIFEST = "import.csv"  # the name by which an import of the folder finds it
COLUMNS = ("clip", "prompt", "subjects", "references", "generator", "generator_version", "seed")


@dataclass(frozen=True)
class Scene:
    prompt: str
    figures: tuple[Figure, ...]
    frames: int


@dataclass(frozen=True)
class Generator:
    name: str
    version: str
    behaviour: Behaviour


_DISC, _SQUARE, _HEXAGON, _TRIANGLE = FIGURES
SCENES = (
    Scene(
        "An orange disc and a blue square drift through a room, each in its own corner.", (_DISC, _SQUARE), 72
    ),
    Scene("A green hexagon and a pink triangle bob up and down side by side.", (_HEXAGON, _TRIANGLE), 96),
    Scene("Three friends in one room: a disc, a square and a hexagon.", (_DISC, _SQUARE, _HEXAGON), 72),
    Scene("A blue square circles while a pink triangle watches.", (_SQUARE, _TRIANGLE), 84),
)
GENERATORS = (
    Generator("Steady", "1.0", Behaviour.STEADY),
    Generator("Drifter", "0.9", Behaviour.DRIFT),
    Generator("Swapper", "0.9", Behaviour.SWAP),
)


def write_demo_clips(folder: Path) -> Iterator[Path]:
    """Write one folder for each scene, with clips, references and manifest; give each as soon as it is there.

    A scene that an earlier start has finished is left as it is.
    """
    for number, scene in enumerate(SCENES, start=1):
        place = folder / f"scene-{number}"
        if not (place / MANIFEST).exists():
            _write_scene(place, scene, seed=number)
        yield place


def _write_scene(place: Path, scene: Scene, *, seed: int) -> None:
    (place / "references").mkdir(parents=True, exist_ok=True)
    for figure in scene.figures:
        Image.fromarray(render_reference(figure)).save(place / _reference(figure))
    rows = [_write_clip(place, scene, generator, seed) for generator in GENERATORS]
    # Written last and renamed: a manifest that is there names files that are whole.
    unfinished = place / f"{MANIFEST}.part"
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    unfinished.rename(place / MANIFEST)


def _write_clip(place: Path, scene: Scene, generator: Generator, seed: int) -> dict[str, str]:
    clip = TestClip(figures=scene.figures, behaviour=generator.behaviour, seed=seed, frames=scene.frames)
    name = f"{generator.name.lower()}.mp4"
    write_video(render_frames(clip), place / name, fps=FPS)
    return {
        "clip": name,
        "prompt": scene.prompt,
        "subjects": ";".join(figure.name for figure in scene.figures),
        "references": ";".join(_reference(figure) for figure in scene.figures),
        "generator": generator.name,
        "generator_version": generator.version,
        "seed": str(seed),
    }


def _reference(figure: Figure) -> str:
    return f"references/{figure.key}.png"
