"""Long clips: windows that overlap, held in place step by step, told of the people again and again."""

import pytest
import torch
from torch import Tensor

from tests.training.generators.test_toy import untrained
from tests.training.grpo.test_toy_comparison import strangers
from training.generators.long import long_clips
from training.generators.protocol import Conditions, GeneratorError
from training.generators.toy.generator import ToyGenerator
from training.generators.toy.task import draw_prompts
from training.grpo.config import Sampler

SAMPLER = Sampler(steps=3, shift=5.0, guidance_text=1.0)


@pytest.fixture
def generator() -> ToyGenerator:
    return untrained()


@pytest.fixture
def conditions(generator: ToyGenerator) -> Conditions:
    return generator.encode(draw_prompts(strangers(), 2, seed=0))


def windows_of(generator: ToyGenerator, conditions: Conditions, count: int, overlap: int = 1) -> list[Tensor]:
    told = lambda window, frames: conditions  # noqa: E731
    return list(long_clips(generator, told, [5, 6], SAMPLER, windows=count, overlap=overlap))


def test_windows_bring_new_frames_only(generator, conditions):
    assert [part.shape[1] for part in windows_of(generator, conditions, 3)] == [6, 4, 4]
    assert [part.shape[1] for part in windows_of(generator, conditions, 3, overlap=2)] == [6, 2, 2]


def test_a_longer_clip_begins_as_the_shorter_one(generator, conditions):
    short, long = windows_of(generator, conditions, 2), windows_of(generator, conditions, 3)
    assert all(torch.equal(a, b) for a, b in zip(short, long, strict=False))


def test_clips_do_not_depend_on_one_another(generator, conditions):
    both = windows_of(generator, conditions, 2)
    second = list(
        long_clips(generator, lambda w, f: conditions.taken([1]), [6], SAMPLER, windows=2, overlap=1)
    )
    assert all(torch.equal(a[1:], b) for a, b in zip(both, second, strict=True))


def test_the_overlap_follows_its_own_path_at_every_step(generator, conditions):
    """What the network sees of the overlap is the finished past at the step's own noise level."""
    seen: list[tuple[float, Tensor]] = []
    velocity = generator.velocity

    def watched(latents: Tensor, sigma: Tensor, *rest: object) -> Tensor:
        seen.append((sigma[0].item(), latents[:, :, :1].clone()))
        return velocity(latents, sigma, *rest)

    generator.velocity = watched
    windows_of(generator, conditions, 2)
    first, last = seen[3], seen[-1]  # of the second window
    noise = first[1]
    assert first[0] == 1.0
    past = (last[1] - last[0] * noise) / (1 - last[0])
    between = seen[4]
    torch.testing.assert_close(between[1], (1 - between[0]) * past + between[0] * noise)
    torch.testing.assert_close(noise.std(), torch.tensor(1.0), atol=0.1, rtol=0)


def test_each_window_is_told_what_the_one_before_showed(generator, conditions):
    told: list[Tensor | None] = []

    def conditions_of(window: int, frames: Tensor | None) -> Conditions:
        assert window == len(told)
        told.append(frames)
        return conditions

    parts = list(long_clips(generator, conditions_of, [5, 6], SAMPLER, windows=2))
    assert told[0] is None
    assert told[1] is not None
    assert torch.equal(told[1], parts[0])


def test_overlaps_that_do_not_fit_are_refused(generator, conditions):
    for overlap in (0, 3):
        with pytest.raises(GeneratorError, match=f"an overlap of {overlap} slots does not fit windows of 3"):
            windows_of(generator, conditions, 2, overlap=overlap)
    generator.generated = lambda held: torch.tensor([True, False]).reshape(1, 1, 2, 1, 1)
    with pytest.raises(GeneratorError, match="references in its latents"):
        windows_of(generator, conditions, 2)
