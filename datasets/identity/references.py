"""References: pictures of the people who should appear in a clip."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from datasets.identity.backends.align import grey_thumb
from datasets.identity.backends.protocol import Backend
from datasets.identity.errors import ReferencePictureError
from datasets.identity.faces import Face, Frame, box_sizes
from datasets.identity.quality import focus, measure_quality
from datasets.identity.space import Space
from datasets.identity.tilt import righted_face

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
MAX_SIDE = 1024
ADVISED = (3, 5)
# A second face this large beside the first leaves it open who is meant.
RIVAL_SIZE = 0.5
SMALL_EYES = 25
BLURRED = 0.48
"""`quality.focus` below which a reference is called blurred: docs/experiments/identity.md has the rates."""
TURNED = 0.45


@dataclass(frozen=True, eq=False)
class Reference:
    """One usable reference picture.

    Attributes:
        name: The file's name.
        face: The face in `picture`.
        embedding: (D,) float32.
        thumb: (side, side) uint8, grey, aligned.
        crop: (H, W, 3) uint8 RGB, the face with some room around it.
        warnings: What makes it a poor reference, in sentences.
    """

    name: str
    face: Face
    embedding: NDArray[np.float32]
    thumb: NDArray[np.uint8]
    crop: Frame
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody who should appear, with at least one usable reference. `space` is the embeddings'."""

    name: str
    references: tuple[Reference, ...]
    space: Space
    warnings: tuple[str, ...] = ()

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """(R, D) float32, one row a reference."""
        return np.stack([reference.embedding for reference in self.references])

    def template(self, space: Space) -> NDArray[np.float32]:
        """Return one embedding (1, D) that stands for all references: their mean.

        Raises:
            IdentityError: they were embedded in another space than `space`.
        """
        space.require(self.space)
        return space.mean(self.embeddings)


def reference_read(
    source: str | os.PathLike[str] | bytes, backend: Backend, *, name: str = "", thumb_side: int = 32
) -> Reference:
    """Read one reference picture and find the one face in it.

    Args:
        source: A file or its bytes.
        backend: Detector and embedder.
        name: What to call it in messages; the file's name by default.
        thumb_side: Side of the small grey picture, pixels.

    Raises:
        ReferencePictureError: it is not a picture, has no face, or two of like size.
    """
    name = name or (Path(source).name if not isinstance(source, bytes) else "The picture")
    picture = _picture(source, name)
    # A close-up that fills the picture is missed by detectors that were trained on whole scenes: give it some room.
    room = max(picture.shape[:2]) // 4
    padded = np.pad(picture, ((room, room), (room, room), (0, 0)), mode="constant", constant_values=114)
    faces = sorted(_detect(padded, backend), key=lambda face: -float(box_sizes(face.box)))
    if not faces:
        raise ReferencePictureError(
            f"{name} shows no face that can be found: choose a larger, more frontal one."
        )
    if len(faces) > 1 and box_sizes(faces[1].box) > RIVAL_SIZE * box_sizes(faces[0].box):
        raise ReferencePictureError(f"{name} shows {len(faces)} faces: crop it to the one that is meant.")
    face = righted_face(padded, faces[0], backend.detector)
    quality = measure_quality(padded, face)
    warnings = []
    if quality.size < SMALL_EYES:
        warnings.append(
            f"{name}: the face is small, {quality.size:.0f} pixels between the eyes ({SMALL_EYES} advised)."
        )
    if focus(padded, face) < BLURRED:
        warnings.append(f"{name}: the face is blurred.")
    if abs(quality.yaw) > TURNED:
        warnings.append(f"{name}: the face is turned away.")
    if len(faces) > 1:
        warnings.append(f"{name}: there is a second, smaller face in it.")
    return Reference(
        name=name,
        face=Face(face.box - room, face.landmarks - room, face.score),
        embedding=backend.embed_faces(padded, [face])[0],
        thumb=grey_thumb(padded, face, thumb_side),
        crop=_crop(picture, Face(face.box - room, face.landmarks - room, face.score)),
        warnings=tuple(warnings),
    )


def person_read(name: str, sources: Sequence[str | os.PathLike[str]], backend: Backend) -> Person:
    """Read all references of a person; those that cannot be used become warnings.

    Raises:
        ReferencePictureError: none can be used.
    """
    usable: list[Reference] = []
    refused: list[str] = []
    for source in sources:
        try:
            usable.append(reference_read(source, backend))
        except ReferencePictureError as error:
            refused.append(str(error))
    if not usable:
        reasons = " ".join(refused) or "There is no picture."
        raise ReferencePictureError(f"None of the references of {name} can be used. {reasons}")
    warnings = [*refused, *(warning for reference in usable for warning in reference.warnings)]
    if len(usable) < ADVISED[0]:
        count = "1 reference" if len(usable) == 1 else f"{len(usable)} references"
        warnings.append(
            f"{name} has {count}; {ADVISED[0]} to {ADVISED[1]} in different light and from different sides "
            f"keep one picture's light and pose from counting as identity."
        )
    return Person(name, tuple(usable), backend.space, tuple(warnings))


def people_read(folder: str | os.PathLike[str], backend: Backend) -> list[Person]:
    """Read a folder of references: a folder of pictures for each person, or pictures named after the person.

    `anna.jpg` is Anna's, and so are `anna-1.jpg` and `anna-left.jpg` when there are several of that name.

    Raises:
        ReferencePictureError: there is nobody in it, or somebody without a usable reference.
    """
    root = Path(folder)
    sources = _by_person(root) if root.is_dir() else {}
    if not sources:
        raise ReferencePictureError(
            f"There are no references in {root}: it needs a folder of pictures for each person, or one picture each "
            f"({', '.join(PICTURES)})."
        )
    return [person_read(name, pictures, backend) for name, pictures in sorted(sources.items())]


@dataclass(frozen=True)
class Resemblance:
    """Two people whose references are hard to tell apart."""

    first: str
    second: str
    similarity: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.first} and {self.second} look alike to this model (similarity {self.similarity:.2f}): "
            f"matches and swaps between them are unsure."
        )


def resemblances(people: Sequence[Person], space: Space) -> list[Resemblance]:
    """Return the pairs of people whose templates are more alike than the threshold for one person."""
    templates = np.concatenate([person.template(space) for person in people])
    alike = space.similarity(templates, templates)
    return [
        Resemblance(people[i].name, people[j].name, float(alike[i, j]))
        for i in range(len(people))
        for j in range(i + 1, len(people))
        if alike[i, j] >= space.same_person
    ]


def _by_person(root: Path) -> dict[str, list[Path]]:
    people: dict[str, list[Path]] = {}
    alone = [path for path in sorted(root.iterdir()) if path.suffix.lower() in PICTURES]
    stems = Counter(path.stem.rpartition("-")[0] for path in alone)
    for path in alone:
        prefix = path.stem.rpartition("-")[0]
        people.setdefault(prefix if prefix and stems[prefix] > 1 else path.stem, []).append(path)
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        pictures = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES]
        if pictures:
            people[folder.name] = pictures
    return people


def _picture(source: str | os.PathLike[str] | bytes, name: str) -> Frame:
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            image.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            return np.asarray(upright.convert("RGB"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ReferencePictureError(f"{name} cannot be read as a picture.") from error


def _detect(picture: Frame, backend: Backend) -> list[Face]:
    scale = min(1.0, 640 / max(picture.shape[:2]))
    if scale < 1:
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    else:
        small = picture
    return [face.scaled(1 / scale) for face in backend.detector.detect(small, 0)]


def _crop(picture: Frame, face: Face) -> Frame:
    centre = face.box.reshape(2, 2).mean(axis=0)
    half = 0.75 * float((face.box[2:] - face.box[:2]).max())
    low = np.maximum((centre - half).round().astype(int), 0)
    high = np.minimum((centre + half).round().astype(int), (picture.shape[1], picture.shape[0]))
    return picture[low[1] : high[1], low[0] : high[0]]
