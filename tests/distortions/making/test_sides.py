"""Both sides of a pair go through the same, so that nothing but the faces tells them apart."""

import numpy as np
import pytest

from datasets.models import CastTruth
from distortions.making.attempts import attempt
from distortions.making.sides import clean_side, result_side, twin_control
from distortions.making.studio import second_embedder, studio_open
from distortions.models import Distortion
from distortions.services.batches import batch_create
from distortions.synthesis.make import Order, distort
from tests.distortions.factories import make_config

pytestmark = pytest.mark.slow


def planned(**values) -> list[Distortion]:
    shared = {
        "seed": 2,
        "longest_side": 384,
        "count": 2,
        "recipes": {"geometry_drift": 1, "texture_loss": 1},
        "controls": 0.5,
    }
    batch, _ = batch_create(config=make_config(**{**shared, **values}))
    return list(batch.distortions.order_by("number"))


def test_a_negative_carries_the_control_that_its_twin_is(scene):
    negative, control = sorted(planned(pairs={"control": 1}), key=lambda row: row.is_control)
    assert twin_control(negative) == control
    assert twin_control(control) is None
    studio = studio_open(clip=scene.clip, longest_side=384)
    made = distort(
        studio.frames, studio.material, Order(recipe="geometry_drift", severity=1, seed=3), studio.backend
    )
    side = result_side(studio, negative, made)
    assert side.carried is not None
    assert side.carried["recipe"] == "texture_loss"
    assert side.frames.shape == studio.frames.shape
    assert side.frames.tobytes() != made.frames.tobytes()
    again = result_side(studio, negative, made)
    assert np.stack(list(again.pictures())).tobytes() == np.stack(list(side.pictures())).tobytes()


def test_every_side_is_finished_anew_and_no_twin_carries_nothing(scene):
    first, second = planned(pairs={"tie": 1}, controls=1.0, recipes={"texture_loss": 1})
    studio = studio_open(clip=scene.clip, longest_side=384)
    order = Order(recipe="texture_loss", severity=1, seed=3)
    made = distort(studio.frames, studio.material, order, studio.backend)
    sides = [result_side(studio, row, made) for row in (first, second)]
    sides += [clean_side(studio, seed) for seed in (first.seed, second.seed)]
    assert [side.carried for side in sides] == [None] * 4
    assert len({side.finish for side in sides}) == 4
    assert clean_side(studio, first.seed).finish == sides[2].finish


def test_two_severities_of_one_seed_are_finished_apart(scene):
    weak, strong = planned(pairs={"severities": 1}, controls=0, recipes={"geometry_drift": 1})
    assert weak.seed == strong.seed
    studio = studio_open(clip=scene.clip, longest_side=384)
    order = Order(recipe="geometry_drift", severity=1, seed=3)
    made = distort(studio.frames, studio.material, order, studio.backend)
    assert result_side(studio, weak, made).finish != result_side(studio, strong, made).finish


def test_a_clip_that_came_with_its_truth_can_be_drawn_anew(scene, drawn):
    assert studio_open(clip=scene.clip, longest_side=384).material.procedural is None
    truth = CastTruth.objects.create(
        clip=scene.clip, content=drawn.path.with_suffix(".truth.npz").read_bytes()
    )
    studio = studio_open(clip=scene.clip, longest_side=384)
    assert studio.material.procedural is not None
    studio.material.procedural.check(studio.frames)
    truth.content = b"damaged"
    truth.save()
    assert studio_open(clip=scene.clip, longest_side=384).material.procedural is None


def test_another_embedder_reports_beside_the_one_that_calibrates(scene, settings):
    settings.SECOND_FACE_BACKEND = "dlib"
    studio = studio_open(clip=scene.clip, longest_side=384)
    assert studio.reporter is not None
    assert studio.reporter.space.key != studio.backend.space.key
    outcome = attempt(
        studio, recipe="geometry_drift", severity=1, schedule="constant", seed=3, tries=1, values={}
    )
    assert outcome.tries[0]["reported"] > 0
    settings.SECOND_FACE_BACKEND = settings.FACE_BACKEND
    assert second_embedder(studio.backend) is None
