"""Measures of what the reward does not see, on clips where the answer is known."""

import numpy as np
import pytest
import torch

from training.generators.protocol import Prompt
from training.grpo.config import Guards
from training.grpo.guards import Watch, copying, diversity, motion, sharpness


def textured(seed: int, height: int = 36, width: int = 48) -> torch.Tensor:
    coarse = torch.rand(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    return (fine[0].permute(1, 2, 0) * 255).to(torch.uint8)


def clip_of(pictures: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack(pictures)[None]


def test_motion_is_that_of_things_and_not_of_flicker():
    still = textured(0)
    moving = clip_of([torch.roll(still, 3 * t, dims=1) for t in range(6)])
    noise = [
        torch.randint(-40, 41, still.shape, generator=torch.Generator().manual_seed(t)) for t in range(6)
    ]
    flickering = clip_of([(still.int() + n).clamp(0, 255).to(torch.uint8) for n in noise])
    assert motion(clip_of([still] * 6)).item() == 0
    assert motion(moving).item() > 8 * motion(flickering).item()


def test_sharpness_falls_with_blur():
    sharp = torch.randint(0, 256, (36, 48, 3), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    blurred = (
        torch.nn.functional.avg_pool2d(sharp.permute(2, 0, 1).float(), 5, 1, 2)
        .permute(1, 2, 0)
        .to(torch.uint8)
    )
    found = sharpness(torch.cat([clip_of([sharp] * 2), clip_of([blurred] * 2)]))
    assert found[1] < 0.6 * found[0]
    assert sharpness(torch.full((1, 2, 8, 8, 3), 90, dtype=torch.uint8)).item() == 0


def test_diversity_is_within_groups():
    clips = torch.cat([torch.full((1, 2, 8, 8, 3), value, dtype=torch.uint8) for value in (0, 51, 255, 255)])
    assert diversity(clips, [0, 0, 1, 1]) == pytest.approx(0.1)
    assert diversity(clips, [0, 1, 0, 1]) == pytest.approx((1.0 + 0.8) / 2)
    assert np.isnan(diversity(clips, [0, 1, 2, 3]))


def test_a_pasted_reference_is_found_whatever_its_light():
    reference = textured(2, 24, 16)
    other = textured(3, 24, 16)
    prompt = Prompt("0", "", ((reference.numpy(),),))
    clip = clip_of([textured(4)] * 2)
    pasted = clip.clone()
    pasted[:, :, 6:30, 20:36] = (reference.float() * 0.6 + 30).to(torch.uint8)
    instead = clip.clone()
    instead[:, :, 6:30, 20:36] = other
    found = copying(torch.cat([pasted, instead]), [prompt, prompt])
    assert found[0] > 0.95
    assert found[1] < 0.75


def test_a_limit_must_be_broken_several_times_in_a_row():
    watch = Watch(Guards(patience=2))
    base = {"motion": 0.1, "sharpness": 0.2, "diversity": 0.3, "copying": 0.4}
    assert watch.look(base) is None
    assert watch.look(base | {"motion": 0.04}) is None
    assert watch.look(base) is None
    assert watch.look(base | {"motion": 0.04}) is None
    reason = watch.look(base | {"motion": 0.03})
    assert reason is not None
    assert reason.startswith(
        "motion fell from 0.1000 to 0.0300, below 50% of the base policy's, 2 updates in a row"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("motion", 0.3, "motion rose"),
        ("sharpness", 0.05, "sharpness fell"),
        ("sharpness", 0.5, "sharpness rose"),
        ("diversity", 0.1, "diversity fell"),
        ("copying", 0.55, "copying rose"),
    ],
)
def test_each_limit_is_named(name, value, words):
    watch = Watch(Guards(patience=1))
    base = {"motion": 0.1, "sharpness": 0.2, "diversity": 0.3, "copying": 0.4}
    assert watch.look(base) is None
    assert words in (watch.look(base | {name: value}) or "")
    off = Guards(0, 0, 0, 0, 0, 0, patience=1)
    silent = Watch(off)
    assert silent.look(base) is None
    assert silent.look(base | {name: value}) is None
