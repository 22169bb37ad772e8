"""The demo's own clips: scenes of the procedural cast, each by three simulated generators.

One keeps everybody; one lets a face drift to somebody else's; one exchanges two people. Ships as code: the clips are
drawn on the first start.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:  # OpenCV is loaded when something is drawn
    from datasets.cast import Clip

MANIFEST = "import.csv"  # the name by which an import of the folder finds it
COLUMNS = ("clip", "prompt", "subjects", "references", "generator", "generator_version", "seed")
VIEWS = ("neutral", "left", "right", "sidelit")
PROCEDURAL = ("Saffron", "Indigo", "Juniper", "Flint", "Coral", "Slate")
"""What the cast's first members are called here: nobody is meant."""


@dataclass(frozen=True)
class Scene:
    """A prompt and who is in it, as indices of PROCEDURAL; `changed` is who drifts or is exchanged with the next.

    The first one is short: nobody can judge before it is drawn.
    """

    prompt: str
    people: tuple[int, ...]
    place: str
    events: tuple[str, ...] = ()
    changed: int = 0
    frames: int = 72


SCENES = (
    Scene("Two people talk in a study, lit from the left.", (0, 1), "study", frames=48),
    Scene("Two people meet in a park; one looks away for a moment.", (2, 3), "park", ("turn_away",), 1),
    Scene("Three people stand together in a kitchen.", (4, 1, 2), "kitchen", (), 1),
    Scene("Two people cross in front of each other at dusk.", (5, 0), "evening", ("cross",)),
)
GENERATORS = {"Steady": "1.0", "Drifter": "0.9", "Swapper": "0.9"}


def write_demo_clips(folder: Path, scenes: Sequence[Scene] = SCENES, *, workers: int = 2) -> Iterator[Path]:
    """Write one folder for each scene, with clips, references and manifest; give each as soon as it is there.

    Each scene is drawn by so many workers; one that an earlier start has finished is left as it is. Needs OpenCV.
    """
    shown: set[int] = set()
    for number, scene in enumerate(scenes, start=1):
        place = folder / f"cast-{number}"
        if not (place / MANIFEST).exists():
            new = [person for person in scene.people if person not in shown]
            _write_scene(place, scene, new, seed=number, workers=workers)
        shown.update(scene.people)
        yield place


def scene_clip(scene: Scene, generator: str, seed: int) -> "Clip":
    """Return what one of GENERATORS makes of a scene: the same moments, other faces."""
    from datasets.cast import Clip, chosen_cast, drift, held, swap

    cast = chosen_cast(len(PROCEDURAL))
    courses = [held(cast[person]) for person in scene.people]
    changed, other = scene.changed, (scene.changed + 1) % len(courses)
    one, two = (courses[i].base for i in (changed, other))
    if generator == "Drifter":
        stranger = next(cast[i] for i in range(len(cast)) if i not in scene.people)
        courses[changed] = drift(one, stranger, start=scene.frames // 6, end=scene.frames - 12, amount=0.8)
    elif generator == "Swapper":
        courses[changed] = swap(one, two, at=scene.frames // 2)
        courses[other] = swap(two, one, at=scene.frames // 2)
    return Clip(
        seed=seed, courses=tuple(courses), frames=scene.frames, place=scene.place, events=scene.events
    )


def _write_scene(place: Path, scene: Scene, new: Sequence[int], *, seed: int, workers: int) -> None:
    from datasets.cast import film

    references = _write_references(place, new)
    rows = []
    for generator, version in GENERATORS.items():
        name = f"{generator.lower()}.mp4"
        filmed = film(scene_clip(scene, generator, seed), place / name, workers=workers)
        if generator != next(iter(GENERATORS)):  # somebody changes there already: nothing to draw anew
            filmed.truth_file.unlink()
        rows.append(
            {
                "clip": name,
                "prompt": scene.prompt,
                "subjects": ";".join(PROCEDURAL[person] for person in scene.people),
                "references": ";".join(references),
                "generator": generator,
                "generator_version": version,
                "seed": str(seed),
            }
        )
    # Written last and renamed: a manifest that is there names files that are whole.
    unfinished = place / f"{MANIFEST}.part"
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    unfinished.rename(place / MANIFEST)


def _write_references(place: Path, people: Sequence[int]) -> list[str]:
    """Write pictures of those whom no earlier scene has shown, and return them as a manifest names them."""
    from datasets.cast import chosen_cast, draw_reference

    cast = chosen_cast(len(PROCEDURAL))
    (place / "references").mkdir(parents=True, exist_ok=True)
    written = []
    for person in people:
        for view in VIEWS:
            name = f"references/{PROCEDURAL[person].lower()}-{view}.png"
            Image.fromarray(draw_reference(cast[person], view, seed=person)).save(place / name)
            written.append(f"{PROCEDURAL[person]}={name}")
    return written
