"""The table of policies: anchors, swaps, gains with intervals, wins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.generators.test_toy import untrained
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder
from training.generators.toy.pool import COURSES, FRAMES, HEIGHT, REFERENCES, WIDTH, Pool
from training.generators.toy.task import draw_prompts
from training.generators.toy.train import base_path
from training.generators.toy.world import draw_scenes_of
from training.grpo.config import Sampler
from training.grpo.toy_comparison import (
    SEEDS,
    Cell,
    Comparison,
    cells_table,
    contact_sheet,
    gain_of,
    gains_table,
    label_of,
    measure,
    sample,
)


def strangers(count: int = 4) -> Pool:
    """People of one colour each: enough to tell apart, nothing to draw."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (count, 1, 1, 1, 1, 3), dtype=np.uint8)
    solid = np.broadcast_to(colours, (count, COURSES, FRAMES, HEIGHT, WIDTH, 3))
    courses = np.concatenate([solid, np.full_like(solid[..., :1], 255)], axis=-1)
    references = np.broadcast_to(colours[:, 0], (count, REFERENCES, HEIGHT, WIDTH, 3)).copy()
    return Pool(np.arange(count), courses, references)


def test_the_people_asked_for_score_above_others():
    torch.manual_seed(0)
    judge, reward = JudgeEncoder().eval(), RewardEncoder().eval()
    pool = strangers()
    prompts = draw_prompts(pool, 6, seed=0)
    numbers = np.array([[int(n) for n in prompt.id.split(":")[1].split("-")] for prompt in prompts])
    asked = np.repeat(numbers, SEEDS, axis=0)
    right = torch.from_numpy(draw_scenes_of(pool, asked, np.random.default_rng(0)).frames)
    crossed = torch.from_numpy(draw_scenes_of(pool, asked[:, ::-1], np.random.default_rng(0)).frames)
    held = {"right": right, "crossed": crossed, "nobody": torch.randint(0, 256, right.shape).to(torch.uint8)}
    cells = {name: measure(frames, prompts, judge, reward) for name, frames in held.items()}
    assert cells["right"].each.shape == (6, SEEDS)
    assert cells["right"].similarity > cells["nobody"].similarity
    assert cells["right"].swaps == 0
    assert cells["crossed"].swaps == 1
    against = gain_of({"base": cells}, "right", "nobody")
    assert against.gain > 0
    assert against.wins > against.losses
    found = Comparison(prompts, {"base": cells}, {"real clips": cells["right"]}, held)
    assert cells_table(found).count("\n") == 5
    assert gains_table({"right": against}).count("\n") == 2
    sheet = contact_sheet(found, list(held), rows=2, scale=1)
    assert sheet.shape == (2 * HEIGHT, 4 * WIDTH + 3 * (3 + 6 * WIDTH), 3)


def cell(each: object, diversity: float = 0.2) -> Cell:
    return Cell(np.asarray(each, float), 0.0, 0.0, 0.04, 0.2, diversity)


def test_a_gain_by_hand_over_two_bases():
    first = {"base": cell([[0.4, 0.4], [0.2, 0.2]]), "grpo": cell([[0.5, 0.41], [0.2, 0.1]], 0.1)}
    second = {"base": cell([[0.5, 0.5], [0.3, 0.3]]), "grpo": cell([[0.7, 0.7], [0.5, 0.5]], 0.2)}
    alone = {"base": cell([[0.9, 0.9], [0.9, 0.9]])}  # a base without such a run does not count
    found = gain_of({"a": first, "b": second, "c": alone}, "grpo", "base")
    assert found.gain == pytest.approx((1.21 + 2.4) / (1.2 + 1.6) - 1)
    assert found.each == pytest.approx((1.21 / 1.2 - 1, 2.4 / 1.6 - 1))
    assert (found.wins, found.ties, found.losses) == (5, 2, 1)
    assert found.win_share == pytest.approx(5 / 6)
    assert found.diversity == pytest.approx(0.75)
    assert found.low < found.gain < found.high
    same = gain_of({"a": first}, "base", "base")
    assert (same.gain, same.low, same.high) == (0, 0, 0)
    assert np.isnan(same.win_share)


def test_an_interval_covers_the_gain_that_data_were_drawn_with():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(20):
        old = rng.normal(0.5, 0.1, (1, 40, 2)).clip(0.1) + 0
        new = 1.2 * old + rng.normal(0, 0.1, old.shape)
        found = gain_of({"a": {"base": cell(old[0]), "grpo": cell(new[0])}}, "grpo", "base")
        covered += found.low < 0.2 < found.high
    assert covered >= 17


def test_every_policy_starts_from_the_same_noise():
    prompts = draw_prompts(strangers(), 2, seed=0)
    sampler = Sampler(steps=2, shift=5.0, guidance_text=1.0)
    first, again, other = (sample(untrained(seed=seed), prompts, sampler) for seed in (0, 0, 1))
    assert first.shape == (2 * SEEDS, FRAMES, HEIGHT, 2 * WIDTH, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    guided = sample(untrained(), prompts, replace(sampler, guidance_references=2.0))
    assert not torch.equal(first, guided)


def test_names_of_cells_and_bases():
    assert [label_of("grpo", scale) for scale in (1.0, 2.5, 4.0)] == [
        "grpo",
        "grpo, guidance 2.5",
        "grpo, guidance 4",
    ]
    assert [base_path(Path("toy"), seed).name for seed in (0, 2)] == ["base.pt", "base-2.pt"]
