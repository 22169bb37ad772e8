"""From an order to a judged result, with real face models on a clip of the cast; and the command."""

import json

import numpy as np
import pytest

from datasets.media.probe import probe
from distortions.synthesis.__main__ import main
from distortions.synthesis.calibrate import CLOSE, SHORT, TARGETS, window
from distortions.synthesis.errors import BadParameter, NoDonor, NoFaces, TooShort, Unreachable
from distortions.synthesis.make import Order, distort
from distortions.synthesis.recipe import Material
from distortions.synthesis.scene import Scene, part_of
from distortions.synthesis.schedule import Schedule
from distortions.synthesis.truth import truth_read
from tests.distortions.synthesis.films import film, material

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(cast_material, real_backend):
    frames, stuff = cast_material
    order = Order(recipe="geometry_drift", severity=2, seed=3, schedule="linear", subject=0, tries=8)
    return frames, distort(frames, stuff, order, real_backend)


def test_the_severity_is_solved_for(made):
    _, result = made
    found = result.truth.calibration
    assert found["target"] == pytest.approx(TARGETS[2])
    assert SHORT * TARGETS[2] <= found["achieved"] <= (1 + 3 * CLOSE) * TARGETS[2]
    assert result.truth.params["amount"] == pytest.approx(found["amount"], abs=1e-3)


def test_the_gate_measures_and_passes_a_clean_drift(made):
    frames, result = made
    assert result.verdict.passed, result.verdict.reasons
    low, high = window(2)
    assert low <= result.verdict.value("change") <= high
    assert result.verdict.value("correlation") > 0.8
    assert result.verdict.value("outside") == 100
    assert result.verdict.value("others") == 100
    assert result.verdict.value("flicker") <= 1.5
    assert result.frames.shape == frames.shape
    assert not np.array_equal(result.frames, frames)


def test_the_same_order_gives_the_same_bytes(made, cast_material, real_backend):
    frames, stuff = cast_material
    order = Order(recipe="geometry_drift", severity=2, seed=3, schedule="linear", subject=0, tries=8)
    again = distort(frames, stuff, order, real_backend)
    assert again.frames.tobytes() == made[1].frames.tobytes()
    assert again.truth == made[1].truth


def test_a_higher_severity_is_farther_from_oneself(made, cast_material, real_backend):
    frames, stuff = cast_material
    order = Order(recipe="geometry_drift", severity=1, seed=3, schedule="linear", subject=0, tries=8)
    milder = distort(frames, stuff, order, real_backend)
    assert milder.verdict.value("change") < made[1].verdict.value("change")


def test_what_cannot_be_reached_says_so_after_its_tries(cast_material, real_backend):
    frames, stuff = cast_material
    order = Order(
        recipe="drop", severity=4, seed=0, subject=0, tries=2
    )  # without donors there is little to lose
    with pytest.raises(Unreachable, match=r"drop was tried 2 times\. Severity 4 asks for"):
        distort(frames, stuff, order, real_backend)


@pytest.mark.parametrize("recipe", ["self_blend", "photometric", "temporal", "crop_scale"])
def test_controls_keep_identity_and_pass(recipe, cast_material, real_backend):
    frames, stuff = cast_material
    order = Order(recipe=recipe, severity=2, seed=1, subject=0, schedule="constant")
    result = distort(frames, stuff, order, real_backend)
    assert result.verdict.passed, result.verdict.reasons
    assert result.truth.kind == "control"
    assert not result.truth.calibration
    assert not np.array_equal(result.frames, frames)


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        (Order(recipe="blur", severity=1), BadParameter, "There is no recipe 'blur'"),
        (Order(recipe="swap", severity=9), BadParameter, "Severities are 1 to 5"),
        (Order(recipe="geometry_drift", severity=5), BadParameter, "reaches severity 3 at the most"),
        (Order(recipe="swap", severity=5, schedule="flicker"), BadParameter, "swap has no flicker schedule"),
        (Order(recipe="morph_drift", severity=1, values={"gian": 1}), BadParameter, "no parameter 'gian'"),
        (Order(recipe="morph_drift", severity=1, values={"gain": 9}), BadParameter, "gain lies between"),
        (Order(recipe="morph_drift", severity=1, subject=7), NoFaces, "number 8 was asked for"),
        (Order(recipe="rerender", severity=1), None, "no truth beside it"),
    ],
)
def test_bad_orders_are_refused_in_a_sentence(order, error, words, real_backend):
    frames, scene = film(40, 2)
    with pytest.raises(error or Exception, match=words):
        distort(frames, material(scene), order, real_backend)


def test_clips_that_do_not_suit_are_refused_in_a_sentence(real_backend):
    frames, scene = film(40, 1)
    with pytest.raises(NoFaces, match="needs 2 people; only 1"):
        distort(frames, Material(scene), Order(recipe="swap", severity=4), real_backend)
    with pytest.raises(NoDonor, match="There is no donor"):
        distort(frames, Material(scene), Order(recipe="morph_drift", severity=1, tries=1), real_backend)
    nobody = Scene(40, 20.0, scene.size, ())
    with pytest.raises(NoFaces, match="no face that is large and long enough"):
        distort(frames, Material(nobody), Order(recipe="geometry_drift", severity=1), real_backend)
    short = Order(recipe="geometry_drift", severity=1, schedule=Schedule(kind="late", onset=0.5))
    with pytest.raises(TooShort, match="needs at least 12 frames; the clip has 5"):
        distort(frames[:5], Material(part_of(scene, range(5))), short, real_backend)
    with pytest.raises(Exception, match="the clip has 30 of 240×136: analyse the clip again"):
        distort(frames[:30], Material(scene), short, real_backend)


def test_the_command_writes_both_sides_and_the_truth(cast_clip, shared_models, tmp_path, capsys):
    arguments = [
        str(cast_clip),
        "--recipe",
        "geometry_drift",
        "--severity",
        "1",
        "--seed",
        "1",
        "--person",
        "1",
    ]
    arguments += ["--backend", "mobilefacenet", "--models", str(shared_models), "--reporter", "mobilefacenet"]
    code = main([*arguments, "--out", str(tmp_path / "out"), "--schedule", "linear"])
    assert code == 0, capsys.readouterr()
    truth = truth_read(tmp_path / "out" / "truth.json")
    assert truth.recipe == "geometry_drift"
    assert len(truth.edits[0].strength) == truth.frames == 40
    assert (
        probe(tmp_path / "out" / "original.mp4").frames
        == probe(tmp_path / "out" / "distorted.mp4").frames
        == 40
    )
    assert json.loads((tmp_path / "out" / "gate.json").read_text())["passed"]
    assert (tmp_path / "out" / "person-1.png").is_file()
    assert "passed, severity 1" in capsys.readouterr().out


def test_the_command_refuses_in_a_sentence(cast_clip, shared_models, tmp_path, capsys):
    arguments = [str(cast_clip), "--recipe", "blur", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--backend", "mobilefacenet", "--models", str(shared_models)]) == 1
    assert "There is no recipe 'blur': choose" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
