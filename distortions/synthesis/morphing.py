"""Turning one face into another: a field for the shape, a carried change for the texture, made from a donor.

Several recipes are made of this; they differ in who the donor is, where on the face it shows, and when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import add_difference, canonical_points, cut_out
from distortions.synthesis.carry import Carried, Key, key_candidates
from distortions.synthesis.donors import Choice, Donor, choices, traits_of
from distortions.synthesis.errors import NoDonor
from distortions.synthesis.flow import across, flow_picture, sampled
from distortions.synthesis.masks import Mask, face_oval, warp_window
from distortions.synthesis.proportions import Proportions, geometry_reach, guarded_field
from distortions.synthesis.recipe import Edit, Frame, Frames, Material
from distortions.synthesis.scene import Subject
from distortions.synthesis.texture import openings, relit, softened
from distortions.synthesis.visibility import Visibility, face_visibility
from distortions.synthesis.warp import Field, largest_amplitude

KEYS = 3
_KEYS_APART = 0.15  # in yaw
_AS_GOOD = 1.5  # a donor who misses by no more than this beyond the best is as good
_BAD_KEY = 2.5  # misfit above the best one's: such a key does more harm than good
_AGREEMENT = (
    0.41  # correlation of eyes below which they show double: seen at 0.32 to 0.40, not at 0.42 to 0.90
)
_TRIED = 12  # choices of one donor that are looked at this closely
_HARDLY = 0.02  # weight of what is hidden, where nobody shows it
_TEXTURE_SHARE = 0.5  # of the effect, when a turned face shows the geometry alone


@dataclass(frozen=True, kw_only=True)
class Blend:
    """How a donor comes in.

    Attributes:
        shape: How much of the donor's shape, 1 is the donor's own.
        gain: How much of the donor's texture, 0 to 1.
        soft: Blur of the texture, pixels of a square of 192.
        keep: How much of the person's own eye and mouth openings is kept, 0 to 1.
        pick: Which of the fitting donors, 0 the best.
        weights: Direction of a further change of proportions (`proportions.BUMPS`), or nothing.
        proportions: How far that goes, distances between the eyes, rms.
        limit: Greatest misfit of donor and key frame.
    """

    shape: float
    gain: float
    soft: float
    keep: float
    pick: int = 0
    weights: tuple[float, ...] = ()
    proportions: float = 0.0
    limit: float = 6.0


@dataclass(frozen=True, eq=False)
class Morph:
    """Moves a subject along a field and adds the carried change, moved along with it."""

    geometry: Proportions
    texture: Carried
    gain: float

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        share = float(self.texture.reach[index])
        full = strength / (1 - _TEXTURE_SHARE + _TEXTURE_SHARE * share)
        field = self.geometry.field_at(index, full)
        self.geometry.draw_field(frame, out, index, field)
        if share > 0:
            change = self.texture.change_at(frame, index) * np.float32(self.gain * full * share)
            add_difference(out, sampled(change, field), self.geometry.subject.matrix(index))


def morph_edit(
    frames: Frames, material: Material, subject_at: int, donors: Sequence[Donor], blend: Blend,
    region: Mask | None = None,
) -> Edit:  # fmt: skip
    """Return an edit that turns a subject's face, or a region of it, into the donor's who fits best.

    Args:
        frames: The clip.
        material: Who is where in it.
        subject_at: Whose face, by place in the scene.
        donors: Who may lend.
        blend: How the donor comes in.
        region: (side, side) of the subject's canonical square, where the donor shows; everywhere by default.

    Raises:
        NoDonor: nobody fits.
    """
    subject = material.scene.subject(subject_at)
    visible = face_visibility(frames, subject)
    chosen = choose_keys(frames, material, subject_at, donors, blend, visible)
    made = [make_key(frames, subject, choice, blend, visible, region) for choice in chosen]
    texture = Carried(subject, tuple(key for key, _ in made), visible)
    field = _shape_field([shape for _, shape in made], blend, subject, region)
    reach = geometry_reach(subject) * (1 - _TEXTURE_SHARE + _TEXTURE_SHARE * texture.reach)
    effect = Morph(Proportions(subject, field, visible), texture, blend.gain)
    return Edit(subject_at, reach.astype(np.float32), effect, donor=chosen[0].donor.name)


def choose_keys(
    frames: Frames, material: Material, subject_at: int, donors: Sequence[Donor], blend: Blend,
    visible: Visibility,
) -> list[Choice]:  # fmt: skip
    """Return one donor's key frames, the best first, apart in yaw. Raises NoDonor if nobody fits."""
    subject = material.scene.subject(subject_at)
    candidates = key_candidates(subject, visible)
    targets = [(index, traits_of(frames[index], subject.points[index])) for index in candidates]
    likenesses = [material.likeness(donor, subject_at) for donor in donors]
    fitting = choices(donors, targets, likenesses, limit=blend.limit)
    good = [choice for choice in fitting if choice.misfit <= fitting[0].misfit + _AS_GOOD]
    names = list(dict.fromkeys(choice.donor.name for choice in good))
    first = blend.pick % len(names)
    names = list(dict.fromkeys(names[first:] + names[:first] + [choice.donor.name for choice in fitting]))
    for name in names:
        chosen: list[Choice] = []
        own = [choice for choice in fitting if choice.donor.name == name][:_TRIED]
        for choice in own:
            apart = all(abs(subject.yaw[choice.key] - subject.yaw[c.key]) >= _KEYS_APART for c in chosen)
            near = choice.misfit <= own[0].misfit + _BAD_KEY
            if near and apart and len(chosen) < KEYS and eyes_agree(frames, subject, choice):
                chosen.append(choice)
        if chosen:
            return chosen
    raise NoDonor(
        f"The eyes of {' and '.join(names[:3])} do not come to lie on the person's: they would show double."
    )


def eyes_agree(frames: Frames, subject: Subject, choice: Choice) -> bool:
    """Return whether a donor's eyes, brought to where the person's are, look enough like them not to show double."""
    side = subject.side
    crop = cut_out(frames[choice.key], subject.matrix(choice.key), side)
    picture, points = choice.donor.canonical(side)
    moved = sampled(picture, across(picture, points, crop, side))
    ours, theirs = (flow_picture(each, blur=1.5).astype(np.float32) for each in (crop, moved))
    weight = region_mask(ours.shape[0], "eyes")
    weight /= weight.sum()
    ours, theirs = (each - (each * weight).sum() for each in (ours, theirs))
    together = float((ours * theirs * weight).sum())
    return together >= _AGREEMENT * float(np.sqrt((ours**2 * weight).sum() * (theirs**2 * weight).sum()))


def make_key(
    frames: Frames, subject: Subject, choice: Choice, blend: Blend, visible: Visibility,
    region: Mask | None = None,
) -> tuple[Key, Field]:  # fmt: skip
    """Return the key with the donor's texture as a change, and the field from the target's shape to the donor's."""
    side, index = subject.side, choice.key
    crop = cut_out(frames[index], subject.matrix(index), side)
    picture, points = choice.donor.canonical(side)
    shape = across(picture, points, crop, side)
    oval = face_oval(side, float(subject.yaw[index]))
    change = relit(sampled(picture, shape), crop, oval) - crop
    theirs = sampled(cv2.resize(choice.donor.visible, (side, side)), shape)
    mask = oval * cv2.resize(visible[index], (side, side)) * theirs * openings(side, blend.keep)
    if region is not None:
        mask = mask * region
    change = softened(change * mask[..., None], blend.soft * side / 192)
    return Key(index, flow_picture(crop), crop, change), shape


def mean_face(donors: Sequence[Donor], name: str, side: int = 192) -> Donor:
    """Return the mean of several faces, in shape and in texture, as a donor. One face is its own mean."""
    picture, points = donors[0].canonical(side)
    pictures, moves = [picture], [np.zeros((side, side, 2), np.float32)]
    weights = [cv2.resize(donors[0].visible, (side, side)) + _HARDLY]
    for donor in donors[1:]:
        other, other_points = donor.canonical(side)
        field = across(other, other_points, picture, side)
        pictures.append(sampled(other, field))
        moves.append(field)
        weights.append(sampled(cv2.resize(donor.visible, (side, side)), field) + _HARDLY)
    move = np.mean(moves, axis=0, dtype=np.float32) * warp_window(side)[..., None]
    mean = np.average(pictures, axis=0, weights=np.repeat(np.stack(weights)[..., None], 3, axis=3))
    blended = sampled(mean.astype(np.float32), -move)
    at = np.clip(points.round().astype(int), 0, side - 1)
    marks = points + np.array([move[y, x] for x, y in at], np.float32)
    return Donor(name, np.clip(blended, 0, 255).astype(np.uint8), marks)


def _shape_field(
    shapes: Sequence[Field], blend: Blend, subject: Subject, region: Mask | None
) -> NDArray[np.float32]:
    """Return the field to the donor's shape and proportions, held back where it would fold."""
    window = warp_window(subject.side) if region is None else region
    field = -blend.shape * np.mean(shapes, axis=0, dtype=np.float32) * window[..., None]
    if blend.weights:
        field = field + guarded_field(blend.weights, subject.side, largest=blend.proportions)
    return np.asarray(field * np.float32(min(1.0, largest_amplitude(field))), np.float32)


def region_mask(side: int, part: str) -> Mask:
    """Return where eyes with brows, nose or mouth lie, softly, in a canonical square."""
    points = canonical_points(side)
    unit = float(points[1, 0] - points[0, 0])
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    centre, reach = {
        "eyes": (points[:2].mean(axis=0) - (0, 0.14 * unit), (1.02, 0.42)),
        "nose": (points[2] - (0, 0.2 * unit), (0.34, 0.56)),
        "mouth": (np.add(points[3:].mean(axis=0), (0, 0.05 * unit)), (0.66, 0.42)),
    }[part]
    distance = np.hypot((x - centre[0]) / (reach[0] * unit), (y - centre[1]) / (reach[1] * unit))
    soft = cv2.GaussianBlur((distance < 1).astype(np.float32), (0, 0), 0.1 * unit)
    return np.where(soft < 1 / 256, 0, soft).astype(np.float32)
