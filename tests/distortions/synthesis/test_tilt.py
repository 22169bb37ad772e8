"""Heads on their side: the landmarks are brought to where the face is, and upright ones are left alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from distortions.synthesis.measure import look_at
from distortions.synthesis.recipe import Material
from distortions.synthesis.scene import Scene
from distortions.synthesis.tilt import upright

TILT = 35.0
FRAMES = 10


@pytest.fixture(scope="module")
def tilted(cast_material, real_backend):
    """Return frames with the first person's head tilted clockwise, the scene as detected, and where the face is."""
    frames, material = cast_material
    person = material.scene.subjects[0]
    width, height = material.scene.size
    out, found, true = [], [], []
    for index in range(FRAMES):
        middle = person.points[index].mean(axis=0)
        turn = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), -TILT, 1.0)
        picture = cv2.warpAffine(frames[index], turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        faces = real_backend.detector.detect(picture, index)
        nearest = min(faces, key=lambda face: np.linalg.norm(face.landmarks.mean(axis=0) - middle))
        out.append(picture)
        found.append(nearest.landmarks)
        true.append(person.points[index] @ turn[:, :2].T + turn[:, 2])
    ones = np.ones(FRAMES, np.float32)
    subject = replace(person, points=np.array(found, np.float32), seen=ones, quality=ones)
    scene = Scene(FRAMES, material.scene.fps, material.scene.size, (subject,))
    return np.stack(out), scene, np.array(true, np.float32)


def test_a_tilted_heads_landmarks_are_found_where_it_is(tilted, real_backend):
    frames, scene, true = tilted
    eyes = scene.subjects[0].eye_distances.mean()
    before = np.linalg.norm(scene.subjects[0].points - true, axis=2).mean() / eyes
    righted = upright(scene, frames, real_backend.detector).subjects[0]
    after = np.linalg.norm(righted.points - true, axis=2).mean() / eyes
    assert before > 0.25  # the detector does not see the tilt
    assert after < 0.15
    assert np.abs(righted.roll - TILT).max() < 15


def test_it_is_known_again_once_its_landmarks_are_right(tilted, cast_material, real_backend):
    frames, scene, _ = tilted
    untouched, material = cast_material
    own = look_at(untouched[0], material.scene.subjects[0], 0, real_backend).embedding
    righted = upright(scene, frames, real_backend.detector)
    wrong, right = (
        float(look_at(frames[0], each.subjects[0], 0, real_backend).embedding @ own)
        for each in (scene, righted)
    )
    assert right > 0.75 > wrong + 0.05


def test_upright_heads_keep_their_landmarks(cast_material, real_backend):
    frames, material = cast_material
    stuff: Material = material.part(range(FRAMES))
    kept = upright(stuff.scene, frames[:FRAMES], real_backend.detector)
    for before, after in zip(stuff.scene.subjects, kept.subjects, strict=True):
        assert after.points.tobytes() == before.points.tobytes()
