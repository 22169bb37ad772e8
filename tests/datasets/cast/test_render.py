"""Pixels of one person: boxes, covers and landmarks are those of what was drawn."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from datasets.cast.actor import build_actor
from datasets.cast.clothes import Clothes
from datasets.cast.geometry import build_head, normals_of
from datasets.cast.hair import grow_beard
from datasets.cast.identity import draw_identity, mean_identity
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.palette import palette_of
from datasets.cast.references import VIEWS, draw_reference
from datasets.cast.render import Pose, render_person

SIZE, CENTRE, UNIT = (200, 200), (100.0, 90.0), 44.0
CLOTHES = Clothes("crew", "plain", (0.1, 0.1, 0.2), (0.2, 0.1, 0.1))


STILL, CALM, DAY = Pose(), Expression(), Light()


@pytest.fixture(scope="module")
def actor():
    return build_actor(mean_identity().with_traits(hair_length=-0.5), UNIT, CLOTHES)


def shoot(actor, pose=STILL, expression=CALM, light=DAY):
    return render_person(actor, pose, expression, light, CENTRE, UNIT, SIZE)


def face_box(shot):
    mask = shot.tile.flagged >= 128
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([cols[0], rows[0], cols[-1] + 1, rows[-1] + 1]) + np.tile([shot.tile.x, shot.tile.y], 2)


def test_the_face_lies_where_its_geometry_says(actor):
    x0, _, x1, y1 = face_box(shoot(actor))
    assert (x0 + x1) / 2 == pytest.approx(CENTRE[0], abs=2)
    assert y1 == pytest.approx(CENTRE[1] + UNIT, abs=0.12 * UNIT)  # the chin is one unit below the eyes
    assert 1.0 * UNIT < x1 - x0 < 1.6 * UNIT


def test_landmarks_lie_on_the_face_in_order(actor):
    shot = shoot(actor, Pose(yaw=0.3))
    x0, y0, x1, y1 = face_box(shot)
    marks = shot.landmarks
    assert ((marks[:, 0] > x0) & (marks[:, 0] < x1) & (marks[:, 1] > y0) & (marks[:, 1] < y1)).all()
    left, right, nose, corner_left, corner_right = marks
    assert left[0] < right[0]
    assert corner_left[0] < corner_right[0]
    assert max(left[1], right[1]) < nose[1] < min(corner_left[1], corner_right[1])


def test_a_turn_to_the_right_moves_the_nose_to_the_right(actor):
    nose = [shoot(actor, Pose(yaw=yaw)).landmarks[2, 0] for yaw in (-0.5, 0.0, 0.5)]
    assert nose[0] < nose[1] < nose[2]


def test_a_head_from_behind_shows_no_face(actor):
    assert (shoot(actor, Pose(yaw=np.pi)).tile.flagged >= 128).sum() < 0.03 * UNIT**2


def test_light_from_the_left_lights_the_left(actor):
    tile = shoot(actor, light=Light(azimuth=-1.2)).tile
    face = np.where((tile.flagged >= 128)[..., None], tile.rgba[..., :3].astype(float), np.nan)
    middle = face.shape[1] // 2
    assert np.nanmean(face[:, :middle]) > 1.15 * np.nanmean(face[:, middle:])


@pytest.mark.parametrize(
    "expression",
    [
        Expression(blink=1.0),
        Expression(opened=1.0),
        Expression(smile=0.9),
        Expression(gaze=(1.0, 0.0)),
        Expression(brows=1.0),
    ],
    ids=lambda e: str(e),
)
def test_each_part_of_an_expression_shows(actor, expression):
    a, b = shoot(actor).tile.rgba.astype(int), shoot(actor, expression=expression).tile.rgba.astype(int)
    assert (np.abs(a - b).max(axis=2) > 25).sum() > 8


def test_a_blink_hides_the_eyes_and_leaves_the_mouth(actor):
    difference = np.abs(
        shoot(actor).tile.rgba.astype(int)
        - shoot(actor, expression=Expression(blink=1.0)).tile.rgba.astype(int)
    ).max(axis=2)
    shot = shoot(actor)
    mouth_row = int(shot.landmarks[3:, 1].mean()) - shot.tile.y
    assert difference[mouth_row - 4 : mouth_row + 4].max() < 25


def test_the_picture_has_no_holes_in_the_face():
    """Every pixel well inside the head's outline is covered, for turned heads too."""
    for seed in range(3):
        person = build_actor(draw_identity(seed), UNIT, CLOTHES)
        for yaw in (-0.6, 0.0, 0.6):
            tile = shoot(person, Pose(yaw=yaw)).tile
            x0, y0, x1, y1 = face_box(shoot(person, Pose(yaw=yaw)))
            inner = tile.rgba[
                int(y0 + 8 - tile.y) : int(y1 - 14 - tile.y), int(x0 + 14 - tile.x) : int(x1 - 14 - tile.x), 3
            ]
            assert inner.min() == 255


def test_references_differ_in_view_and_repeat_exactly():
    pictures = {view: draw_reference(draw_identity(5), view, side=112) for view in VIEWS}
    assert len(pictures) == 5
    assert len({p.tobytes() for p in pictures.values()}) == 5
    assert np.array_equal(pictures["left"], draw_reference(draw_identity(5), "left", side=112))


@pytest.mark.parametrize(("view", "side"), [("behind", 112), ("neutral", 40)])
def test_references_that_cannot_be_drawn_are_refused(view, side):
    with pytest.raises(ValueError):
        draw_reference(draw_identity(5), view, side=side)


def test_every_hair_of_a_beard_has_its_direction():
    """Here a strand's length lies on the edge between two counts of points, which once came out differently twice."""
    person = mean_identity().with_traits(beard=1.3, hair_length=-1.5)
    head = build_head(person, 72)
    beard = grow_beard(head, normals_of(head.points), person, palette_of(person), 92.0)
    assert len(beard.normal) == len(beard.xyz) > 1000
