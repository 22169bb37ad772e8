"""What the sides of a pair go through beside their distortion, so that nothing but the faces tells them apart.

Every side is finished (`synthesis.finish`). A side that is distorted and has a control for a twin carries a control of
the same kind, drawn for itself: the blur, the light or the dropped frames of a control would otherwise name it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from distortions.making.studio import Studio
from distortions.models import Distortion
from distortions.synthesis.finish import Faces, Finish, draw_faces, draw_finish, finished, matched
from distortions.synthesis.make import Made
from distortions.synthesis.recipe import Frame, Frames
from distortions.synthesis.scene import Scene
from distortions.synthesis.twin import with_control


@dataclass(frozen=True, eq=False)
class Side:
    """Frames as they are encoded, and what they went through, for the record."""

    frames: Frames
    finish: Finish
    scene: Scene
    faces: Faces
    carried: dict[str, object] | None = None

    def pictures(self) -> Iterator[Frame]:
        """Yield the frames, finished."""
        yield from finished(self.frames, self.finish, scene=self.scene, faces=self.faces)

    def record(self) -> dict[str, object]:
        faces = [round(float(each), 3) for each in self.faces.mean(axis=1)] if self.faces.size else []
        return {"finish": asdict(self.finish) | {"faces": faces}, "carried": self.carried}


def clean_side(studio: Studio, seed: int) -> Side:
    """Return the side of a pair's clean copy. Its finish is not that of the result of the same seed."""
    finish = draw_finish(zlib.crc32(f"clean {seed}".encode()))
    return Side(studio.frames, finish, studio.scene, draw_faces(finish, studio.scene))


def result_side(studio: Studio, row: Distortion, made: Made) -> Side:
    """Return a result's side. Two severities of one seed are finished apart."""
    finish = draw_finish(zlib.crc32(f"{row.recipe} {row.severity} {row.seed}".encode()))
    frames = made.frames
    # A control of the whole picture names nobody, and is soft on purpose.
    people = {edit.person for edit in made.truth.edits}
    faces = draw_faces(finish, studio.scene) + matched(studio.frames, frames, studio.scene, people)
    twin = twin_control(row)
    carried: dict[str, object] | None = None
    if twin is not None:
        frames, params = with_control(
            frames, studio.material, recipe=twin.recipe, severity=twin.severity, seed=row.seed,
            schedule=twin.schedule,  # type: ignore[arg-type]
        )  # fmt: skip
        if params is not None:
            carried = {"recipe": twin.recipe, "severity": twin.severity, "params": params.as_dict()}
    return Side(frames, finish, studio.scene, faces, carried)


def twin_control(row: Distortion) -> Distortion | None:
    """Return the control that a negative is paired with, if it is."""
    if row.is_control or row.pair_kind != "control":
        return None
    twins = Distortion.objects.filter(batch=row.batch_id, group=row.group).exclude(pk=row.pk)
    return next((twin for twin in twins if twin.is_control), None)
