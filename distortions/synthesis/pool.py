"""A pool of donors: a folder of pictures, with what is known of licence and consent in `donors.csv`.

`donors.csv` has the columns file, name, licence, consent; pictures without a row are named after their file or, in a
folder of their own, after the folder.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from datasets.cast.chosen import chosen_cast
from datasets.cast.references import draw_reference
from datasets.identity.backends.protocol import Backend
from datasets.identity.errors import ReferencePictureError
from datasets.identity.references import MAX_SIDE, PICTURES, reference_read
from distortions.synthesis.donors import Donor
from distortions.synthesis.errors import NoDonor

NOTES = "donors.csv"
LEAST_EYES = 30.0
"""Smaller donors are refused, pixels between the eyes: their texture is speckle."""


def donors_read(folder: Path, backend: Backend) -> tuple[list[Donor], list[str]]:
    """Return the donors of a folder and what was wrong with its other pictures, in sentences.

    Raises:
        NoDonor: none can be used, or the folder is not there.
    """
    if not folder.is_dir():
        raise NoDonor(f"There is no folder of donors at {folder}.")
    notes = _notes(folder / NOTES)
    donors, refused = [], []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES):
        try:
            donors.append(
                donor_read(path, backend, notes.get(path.relative_to(folder).as_posix(), {}), folder)
            )
        except (ReferencePictureError, NoDonor) as error:
            refused.append(str(error))
    if not donors:
        raise NoDonor(f"No picture in {folder} can be used as a donor. {' '.join(refused[:2])}".rstrip())
    return donors, refused


def donor_read(path: Path, backend: Backend, notes: dict[str, str], folder: Path) -> Donor:
    """Read one donor. Raises NoDonor if the face is too small, ReferencePictureError if there is none or several."""
    reference = reference_read(path, backend)
    if reference.face.eye_distance < LEAST_EYES:
        raise NoDonor(
            f"{path.name}: the face is too small for a donor, {reference.face.eye_distance:.0f} pixels between the "
            f"eyes ({LEAST_EYES:.0f} needed)."
        )
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        pixels = np.asarray(picture, np.uint8)
    own_folder = path.parent != folder
    return Donor(
        name=notes.get("name") or (path.parent.name if own_folder else path.stem),
        picture=pixels,
        points=reference.face.landmarks,
        licence=notes.get("licence", ""),
        consent=notes.get("consent", ""),
        embedding=reference.embedding,
    )


def cast_donors(backend: Backend, *, people: int = 12, side: int = 384) -> list[Donor]:
    """Return people of the procedural cast as donors, each from three sides; they need nobody's consent.

    Args:
        backend: Finds and embeds their faces; views in which it finds none are left out.
        people: How many, 1 to 12.
        side: Of the pictures, pixels.
    """
    donors = []
    for number, identity in enumerate(chosen_cast(people)):
        for view in ("neutral", "left", "right"):
            picture = draw_reference(identity, view, seed=number, side=side)
            faces = backend.detector.detect(picture, 0)
            if not faces:
                continue
            face = max(faces, key=lambda each: each.eye_distance)
            embedding = backend.embed_faces(picture, [face])[0]
            donors.append(
                Donor(
                    f"cast {number + 1}",
                    picture,
                    face.landmarks,
                    "drawn by Likeness",
                    "nobody's face",
                    embedding,
                )
            )
    return donors


def _notes(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file) if row.get("file")}
