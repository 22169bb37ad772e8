"""Blurred references are told from sharp ones, whatever their contrast and noise."""

import cv2
import numpy as np
import pytest

from datasets.cast import chosen_cast
from datasets.cast.actor import build_actor
from datasets.cast.clothes import Clothes
from datasets.cast.compose import paste
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.pose import Pose
from datasets.cast.render import render_person
from datasets.identity.faces import Face
from datasets.identity.quality import focus
from datasets.identity.references import BLURRED

SIDE, UNIT = 200, 58.0
FACE_WIDTH = 1.3 * UNIT


@pytest.fixture(scope="module", params=range(4))
def portrait(request):
    """One of four people as (SIDE, SIDE, 3), with the face's place."""
    actor = build_actor(
        chosen_cast(4)[request.param], UNIT, Clothes("crew", "plain", (0.1, 0.1, 0.2), (0.2, 0.1, 0.1))
    )
    pose = Pose(yaw=(0.0, 0.3, -0.3, 0.0)[request.param])
    shot = render_person(actor, pose, Expression(), Light(), (SIDE / 2, 0.46 * SIDE), UNIT, (SIDE, SIDE))
    picture = np.full((SIDE, SIDE, 3), 120, np.uint8)
    paste(picture, shot.tile)
    low, high = shot.landmarks.min(axis=0), shot.landmarks.max(axis=0)
    return picture, Face(np.concatenate([low - 20, high + 20]).astype(np.float32), shot.landmarks, 1.0)


def blurred(picture, share):
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), share * FACE_WIDTH), np.uint8)


@pytest.mark.parametrize("contrast", [1.0, 0.4])
def test_a_sharp_face_is_not_called_blurred(portrait, contrast):
    picture, face = portrait
    assert focus((20 + contrast * picture).clip(0, 255).astype(np.uint8), face) > BLURRED


@pytest.mark.parametrize("noise", [0, 4])
def test_a_blur_of_four_hundredths_of_the_face_is_seen(portrait, noise):
    picture, face = portrait
    grain = np.random.default_rng(3).normal(0, noise, picture.shape)
    assert focus((blurred(picture, 0.04) + grain).clip(0, 255).astype(np.uint8), face) < BLURRED


def test_more_blur_is_less_focus(portrait):
    picture, face = portrait
    values = [focus(blurred(picture, share), face) for share in (0.01, 0.02, 0.03, 0.05)]
    assert values == sorted(values, reverse=True)


def test_a_face_without_any_detail_is_not_in_focus():
    marks = np.array([[80, 90], [120, 90], [100, 110], [85, 130], [115, 130]], np.float32)
    face = Face(np.array([50, 50, 150, 150], np.float32), marks, 1.0)
    assert focus(np.full((SIDE, SIDE, 3), 120, np.uint8), face) < BLURRED
