"""Identity against time in long clips of the toy: what each way of going on is told."""

import torch

from tests.training.generators.test_toy import untrained
from tests.training.grpo.test_toy_comparison import strangers
from training.generators.toy.encoders import JudgeEncoder
from training.generators.toy.pool import HEIGHT, WIDTH
from training.generators.toy.task import draw_prompts
from training.grpo.config import Sampler
from training.grpo.long_toy import measure, told


def test_ways_to_go_on():
    generator, prompts = untrained(), draw_prompts(strangers(), 2, seed=0)
    frames = torch.randint(0, 256, (2, 6, HEIGHT, 2 * WIDTH, 3), dtype=torch.uint8)
    first = generator.encode(prompts).tensors["coarse"]
    for way in ("anchored", "continued", "untold"):
        conditions_of = told(generator, prompts, way)
        assert torch.equal(conditions_of(0, None).tensors["coarse"], first)
        assert generator.strength > 0
        again = conditions_of(1, frames).tensors["coarse"]
        assert torch.equal(again, first) == (way != "continued")
        assert (generator.strength > 0) == (way != "untold")


def test_every_second_of_every_clip_is_measured():
    prompts = draw_prompts(strangers(), 3, seed=0)
    sampler = Sampler(steps=2, shift=5.0, guidance_text=1.0)
    found, strip = measure(untrained(), JudgeEncoder().eval(), prompts, sampler, "anchored", 5)
    assert found.shape == (5, 3)
    assert strip.shape == (3 * HEIGHT, 2 * 2 * WIDTH, 3)
