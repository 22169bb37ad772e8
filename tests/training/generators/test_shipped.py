"""The file of weights that comes with the repository."""

from __future__ import annotations

import torch

from tests.training.generators.test_toy import untrained
from tests.training.grpo.test_toy_comparison import strangers
from training.generators.protocol import Guidance
from training.generators.toy.encoders import JudgeEncoder, load_encoder
from training.generators.toy.generator import load_generator, save_generator
from training.generators.toy.shipped import SHIPPED, pack, unpack
from training.generators.toy.task import draw_prompts
from training.generators.toy.train import base_path


def test_what_is_packed_comes_out_again(tmp_path):
    made, target = tmp_path / "made", tmp_path / "toy.safetensors"
    made.mkdir()
    generator = untrained()
    save_generator(base_path(made), generator)
    torch.save(JudgeEncoder().state_dict(), made / "judge.pt")
    pack(made, target)
    unpack(tmp_path / "out", target)
    read = load_generator(base_path(tmp_path / "out"))
    conditions = generator.encode(draw_prompts(strangers(), 1, seed=0))
    latents = torch.randn(1, 56, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    given = (latents, torch.tensor([0.7]), conditions, Guidance())
    torch.testing.assert_close(read.velocity(*given), generator.velocity(*given), atol=0.02, rtol=0.02)
    kept = load_encoder(tmp_path / "out" / "judge.pt", JudgeEncoder)
    pictures = torch.zeros(1, 32, 24, 3, dtype=torch.uint8)
    torch.testing.assert_close(
        kept(pictures), load_encoder(made / "judge.pt", JudgeEncoder)(pictures), atol=0.01, rtol=0
    )


def test_the_file_of_the_repository_is_read_and_small(tmp_path):
    unpack(tmp_path)
    generator = load_generator(base_path(tmp_path))
    conditions = generator.encode(draw_prompts(strangers(), 1, seed=0))
    latents = torch.randn(1, 56, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    velocity = generator.velocity(latents, torch.tensor([0.9]), conditions, Guidance(1.0, 2.5))
    assert torch.isfinite(velocity).all()
    assert SHIPPED.stat().st_size < 10e6
    for name in ("reward.pt", "judge.pt"):
        assert (tmp_path / name).is_file()
