"""Donors: faces whose shape and texture may come into somebody else's, and the choice of the one that fits.

Donor and key frame are chosen together, by pose, skin, eyes and mouth, and, where an embedder is at hand, by closeness:
without it women get men, because pools hold more of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import yaw_proxy
from distortions.synthesis import visibility
from distortions.synthesis.canonical import Image, Points, canonical_points, cut_out, eye_pixels, to_canonical
from distortions.synthesis.errors import NoDonor
from distortions.synthesis.visibility import visible_part

_COMPARED = 96  # side at which faces are compared
_POSE_SPREAD = (0.08, 0.05, 0.10)  # yaw, pitch, eyes to mouth
_SKIN_SPREAD = np.array([14.0, 8.0, 8.0])  # L, a, b
_PATCHES = 2.0
_CLOSENESS = 12.0
_HIDDEN, _USUAL_HIDDEN = 30.0, 0.03  # a share of the square
EXPECTED = 0.25
"""Likeness of a good donor: what the limit reckons with."""
ITSELF = 0.5
"""More alike, and the donor is the person."""
LIMIT = 6.0
"""Choice scores above this give double brows and pasted mouths."""


@dataclass(frozen=True, eq=False)
class Donor:
    """One picture of one face.

    Attributes:
        name: Who, or which picture.
        picture: (H, W, 3) uint8 RGB.
        points: (5, 2) float32, landmarks in its pixels.
        licence: Under which the picture may be used.
        consent: How the person agreed to lend features to others; empty if that is not known.
        embedding: (D,) of the calibrating embedder, or nothing.
    """

    name: str
    picture: NDArray[np.uint8]
    points: NDArray[np.float32]
    licence: str = ""
    consent: str = ""
    embedding: NDArray[np.float32] | None = None

    def canonical(self, side: int) -> tuple[Image, Points]:
        """Return the face in the canonical square (side, side, 3) and its landmarks there."""
        matrix = to_canonical(self.points, side)
        scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
        picture, points = self.picture, self.points
        if scale < 0.6:  # shrink by areas first: a large photo would alias
            size = (
                max(8, round(picture.shape[1] * scale * 1.2)),
                max(8, round(picture.shape[0] * scale * 1.2)),
            )
            ratio = np.array([size[0] / picture.shape[1], size[1] / picture.shape[0]])
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
            points = (points * ratio).astype(np.float32)
            matrix = to_canonical(points, side)
        places = points @ matrix[:, :2].T + matrix[:, 2]
        return cut_out(picture, matrix, side), places.astype(np.float32)

    @cached_property
    def mirrored(self) -> Donor:
        """Return the same face seen in a mirror."""
        points = self.points[[1, 0, 2, 4, 3]].copy()
        points[:, 0] = self.picture.shape[1] - 1 - points[:, 0]
        picture = np.ascontiguousarray(self.picture[:, ::-1])
        return replace(self, picture=picture, points=points)

    @cached_property
    def visible(self) -> NDArray[np.float32]:
        """What of the face can be seen in the canonical square, (64, 64), 0 to 1: hats and hands are not lent."""
        return visible_part(self.canonical(visibility.SIDE)[0], float(yaw_proxy(self.points)))

    @cached_property
    def traits(self) -> Traits:
        """What the choice compares."""
        return _traits(self.canonical(_COMPARED)[0], self.points)


@dataclass(frozen=True, eq=False)
class Traits:
    """A face as the choice sees it.

    Attributes:
        pose: (3,) yaw, pitch and the way from eyes to mouth, from five landmarks.
        skin: (3,) median Lab colour of the cheeks.
        eyes, mouth: Flat, of mean 0 and length 1.
    """

    pose: NDArray[np.float64]
    skin: NDArray[np.float64]
    eyes: NDArray[np.float32]
    mouth: NDArray[np.float32]


def traits_of(frame: NDArray[np.uint8], points: Points) -> Traits:
    """Return what the choice compares of a face in a frame (H, W, 3) uint8 RGB, at its landmarks (5, 2)."""
    return _traits(cut_out(frame, to_canonical(points, _COMPARED), _COMPARED), points)


def _traits(crop: Image, points: Points) -> Traits:
    side = _COMPARED
    rgb = np.clip(crop, 0, 255) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
    marks, unit = canonical_points(side), eye_pixels(side)
    cheeks = [_patch(lab, marks[eye] + (0, 0.62 * unit), (0.2, 0.2), unit) for eye in (0, 1)]
    grey = lab[..., 0]
    eyes = np.concatenate([_patch(grey, marks[eye], (0.32, 0.2), unit).ravel() for eye in (0, 1)])
    mouth = _patch(grey, marks[3:].mean(axis=0), (0.55, 0.3), unit).ravel()
    skin = np.median(np.concatenate([c.reshape(-1, 3) for c in cheeks]), axis=0)
    return Traits(_pose(points), np.asarray(skin, float), _normalised(eyes), _normalised(mouth))


def misfit(donor: Donor, target: Traits, likeness: float = EXPECTED) -> float:
    """Return how badly a donor fits a face: up to about 4 good, above LIMIT plainly wrong.

    Args:
        donor: Who would lend.
        target: The face at a key frame.
        likeness: How alike donor and person are, as a cosine of MobileFaceNet's; that of a good donor if not known.
    """
    theirs = donor.traits
    score = float((((theirs.pose - target.pose) / _POSE_SPREAD) ** 2).sum())
    score += float(np.linalg.norm((theirs.skin - target.skin) / _SKIN_SPREAD))
    score += _PATCHES * (1 - float(theirs.eyes @ target.eyes))
    score += _PATCHES * (1 - float(theirs.mouth @ target.mouth))
    score += _HIDDEN * max(0.0, 1 - float(donor.visible.mean()) - _USUAL_HIDDEN)
    return score + _CLOSENESS * (EXPECTED - min(max(likeness, 0.0), ITSELF))


def nearest_pose(donors: Sequence[Donor], like: Donor) -> Donor:
    """Return the donor whose pose is nearest to another's."""
    return min(donors, key=lambda d: float((((d.traits.pose - like.traits.pose) / _POSE_SPREAD) ** 2).sum()))


@dataclass(frozen=True, eq=False)
class Choice:
    """A donor for a key frame."""

    donor: Donor
    key: int
    misfit: float


def choices(
    donors: Sequence[Donor],
    targets: Iterable[tuple[int, Traits]],
    likenesses: Sequence[float],
    *,
    limit: float = LIMIT,
) -> list[Choice]:
    """Return every donor, mirrored too, for every key frame, best first, as far as they are under the limit.

    Args:
        donors: Who could lend.
        targets: Key frames and the face there.
        likenesses: Of each donor with the person; above ITSELF it is the person, and left out.
        limit: Greatest misfit.

    Raises:
        NoDonor: there is none at all, or none that fits.
    """
    alike = [(d, like) for d, like in zip(donors, likenesses, strict=True) if like <= ITSELF]
    if not alike:
        raise NoDonor(
            "There is no donor: give some pictures of other people, or take a clip of several people."
        )
    both = [(each, like) for donor, like in alike for each in (donor, donor.mirrored)]
    found = [Choice(d, key, misfit(d, traits, like)) for key, traits in targets for d, like in both]
    found.sort(key=lambda choice: (choice.misfit, choice.key, choice.donor.name))
    if not found:
        raise NoDonor("The face is never turned to the camera far enough to take a donor's features.")
    if found[0].misfit > limit:
        raise NoDonor(
            f"None of {len(donors)} donors fits in pose, skin and expression: the best misses by "
            f"{found[0].misfit:.1f}, {limit:.0f} is the limit."
        )
    return [choice for choice in found if choice.misfit <= limit]


def _pose(points: Points) -> NDArray[np.float64]:
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    axis = mouth - eyes
    gap = max(float(np.hypot(*(points[1] - points[0]))), 1.0)
    along = float((points[2] - eyes) @ axis) / max(float(axis @ axis), 1e-3)
    return np.array([float(yaw_proxy(points)), along, float(np.hypot(*axis)) / gap])


def _patch(
    image: NDArray[np.float32], centre: NDArray[np.floating], radius: tuple[float, float], unit: float
) -> NDArray[np.float32]:
    x, y = np.rint(centre).astype(int)
    rx, ry = max(1, round(radius[0] * unit)), max(1, round(radius[1] * unit))
    return image[y - ry : y + ry + 1, x - rx : x + rx + 1]


def _normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    values = values - values.mean()
    return (values / max(float(np.linalg.norm(values)), 1e-6)).astype(np.float32)
