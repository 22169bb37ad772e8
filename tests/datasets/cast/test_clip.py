"""A clip: the same seed is the same bytes, truth and pixels agree, and who plays does not change what happens."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("cv2")

from datasets.cast import draw_clip, draw_identity, drift, gather, held, load_truth, render, save_truth
from datasets.cast.clip import prepare
from datasets.cast.identity import mean_identity
from datasets.cast.light import Light
from datasets.cast.palette import palette_of
from datasets.cast.props import draw_held
from datasets.cast.script import EVENTS, MOVING, draw_script

SMALL = {"size": (192, 108), "fps": Fraction(8)}


def small_clip(seed=3, people=2, frames=4, **facts):
    return draw_clip(seed, people, frames=frames, **(SMALL | facts))


def test_the_same_seed_gives_the_same_bytes_however_many_processes():
    clip = small_clip(frames=12)
    alone, pooled = list(render(clip)), list(render(clip, workers=2))
    assert len(alone) == len(pooled) == 12
    for (a, truth_a), (b, truth_b) in zip(alone, pooled, strict=True):
        assert a.tobytes() == b.tobytes()
        assert np.array_equal(truth_a.faces[0].box, truth_b.faces[0].box, equal_nan=True)


def test_another_seed_gives_another_clip():
    a, b = (next(render(small_clip(seed)))[0] for seed in (1, 2))
    assert not np.array_equal(a, b)


def test_a_frame_does_not_depend_on_the_frames_before_it():
    clip = small_clip(events=("cross",), frames=8)
    in_order = [picture for picture, _ in render(clip)]
    assert np.array_equal(prepare(clip).draw(5)[0], in_order[5])


def test_who_plays_changes_no_pose_no_expression_and_no_light():
    clip = small_clip(people=2, events=())
    other = replace(clip, courses=(held(draw_identity(1001)), held(draw_identity(1002))))
    for (_, a), (_, b) in zip(render(clip), render(other), strict=True):
        assert np.array_equal(a.pose, b.pose)
        assert np.array_equal(a.expression, b.expression)
    assert prepare(clip).plate.light == prepare(other).plate.light


@pytest.mark.parametrize("alone", MOVING)
def test_what_is_not_to_move_is_held(alone):
    script = prepare(small_clip(frames=24, events=(), moving=(alone,))).script
    moments = [script.parts[0].at(frame) for frame in range(24)]
    changing = {
        "pose": len({moment.pose for moment in moments}) > 1,
        "expression": len({moment.expression for moment in moments}) > 1,
        "light": len({script.light(Light(), frame) for frame in range(24)}) > 1,
    }
    assert changing == {name: name == alone for name in MOVING}


def test_boxes_frame_the_pixels_of_the_face():
    """What changes when one person's features change lies in that person's box."""
    base = draw_identity(8).with_traits(
        hair_length=-0.6,
        beard=-1.0,
        moustache=-1.0,
        glasses=-1.0,
        tied=-1.0,
        hairline=0.0,
        brow_thickness=-1.8,
    )
    clip = replace(small_clip(people=1, frames=1, events=()), courses=(held(base),))
    changed_face = base.with_traits(brow_thickness=1.8, upper_lip=1.8, nose_width=1.8)
    other = replace(clip, courses=(held(changed_face),))
    (a, truth), (b, _) = next(render(clip)), next(render(other))
    changed = np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 12
    rows, cols = np.nonzero(changed)
    x0, y0, x1, y1 = truth.faces[0].box
    assert len(rows) > 10
    assert cols.min() >= x0 - 2
    assert cols.max() <= x1 + 2
    assert rows.min() >= y0 - 2
    assert rows.max() <= y1 + 2


def test_a_face_alone_in_the_picture_is_wholly_visible():
    _, truth = next(render(small_clip(people=1, events=())))
    assert truth.faces[0].visible > 0.97


def test_somebody_who_leaves_is_not_there_and_comes_back():
    clip = small_clip(seed=5, people=2, frames=40, events=("leave",))
    stage = prepare(clip)
    visible = [stage.draw(frame)[1].faces[1].visible for frame in (0, 19, 39)]
    assert visible[0] > 0.9
    assert visible[1] == 0.0
    assert visible[2] > 0.9


def test_who_is_crossed_in_front_of_is_hidden():
    clip = small_clip(seed=5, people=2, frames=40, events=("cross",))
    stage = prepare(clip)
    truths = [stage.draw(frame)[1] for frame in range(8, 32)]
    behind = min(t.faces[1].visible for t in truths)
    assert behind < 0.35
    assert min(t.faces[0].visible for t in truths) > 0.9, "who walks in front stays in sight"
    hidden = next(t for t in truths if t.faces[1].visible == behind)
    assert np.isfinite(hidden.faces[1].box).all() or behind == 0.0


@pytest.mark.parametrize("kind", ["mug", "phone", "book"])
def test_what_is_held_comes_with_a_hand_and_a_sleeve(kind):
    palette, green = palette_of(mean_identity()), (0.0, 0.4, 0.0)
    tile = draw_held(kind, palette, green, Light(), (100, 100), 60)
    solid = tile.rgba[tile.rgba[..., 3] > 250][:, :3].astype(int)
    red, middle, blue = solid.T
    assert (middle > 2 * np.maximum(red, blue)).mean() > 0.2  # the sleeve
    assert ((red > 1.2 * middle) & (middle > blue) & (red > 120)).mean() > 0.05  # the hand


def test_an_object_hides_part_of_a_face():
    with_object, without = (
        prepare(small_clip(seed=5, people=1, frames=40, events=events)) for events in (("object",), ())
    )
    frame = int(np.argmax(with_object.script.held[0].up))
    share = with_object.draw(frame)[1].faces[0].visible
    assert share < without.draw(frame)[1].faces[0].visible - 0.05


def test_truth_follows_a_drift_exactly():
    clip = small_clip(people=1, frames=5, events=())
    start, end = clip.courses[0].base, draw_identity(77)
    clip = replace(clip, courses=(drift(start, end, start=1, end=4),))
    vectors = np.stack([truth.identity[0] for _, truth in render(clip)])
    for frame, share in enumerate((0, 0, 1 / 3, 2 / 3, 1)):
        assert np.allclose(vectors[frame], start.toward(end, share).vector)


@pytest.mark.parametrize("event", EVENTS)
def test_each_event_changes_the_script(event):
    quiet, busy = (
        draw_script(seed=4, people=3, frames=48, fps=12, size=(640, 360), events=events)
        for events in ((), (event,))
    )
    same = len(quiet.parts) == len(busy.parts) and all(
        np.array_equal(a.x, b.x) and np.array_equal(a.yaw, b.yaw)
        for a, b in zip(quiet.parts, busy.parts, strict=True)
    )
    assert not same or busy.held or not np.array_equal(quiet.level, busy.level)


@pytest.mark.parametrize(
    "facts",
    [{"people": 0}, {"people": 5}, {"frames": 0}, {"events": ("dance",)}, {"moving": ("hair",)}],
    ids=["nobody", "a crowd", "no frame", "no such event", "nothing that moves"],
)
def test_scripts_that_cannot_be_played_are_refused(facts):
    with pytest.raises(ValueError):
        draw_script(**({"seed": 1, "people": 2, "frames": 4, "fps": 8, "size": (192, 108)} | facts))


def test_a_clip_of_one_frame_is_drawn():
    assert len(list(render(small_clip(frames=1)))) == 1


def test_truth_is_read_back_as_it_was_written(tmp_path):
    clip = small_clip(frames=3)
    truth = gather([t for _, t in render(clip)], clip, events=("cross",))
    path = tmp_path / "clip.truth.npz"
    save_truth(truth, path)
    back = load_truth(path)
    assert back.fps == Fraction(8)
    assert back.size == (192, 108)
    assert back.events == ("cross",)
    assert (back.asked, back.place, back.moving) == (clip.events, clip.place, clip.moving)
    for name in ("boxes", "visible", "landmarks", "identity", "pose", "expression"):
        assert np.array_equal(getattr(back, name), getattr(truth, name), equal_nan=True)
    assert back.boxes.shape == (3, 2, 4)


def test_truth_of_another_version_is_refused(tmp_path):
    path = tmp_path / "old.npz"
    np.savez(path, version=np.array(0), traits=np.array(["a"]))
    with pytest.raises(ValueError, match="another version"):
        load_truth(path)
