"""The toy generator and its small world: people, clips, latent space, conditioning, training in parts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from training.generators.protocol import GeneratorError, Guidance, Prompt
from training.generators.toy import pool as pool_module
from training.generators.toy.codec import Codec, patches_of, routes_of
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder, retrieval, train_encoder
from training.generators.toy.generator import ToyGenerator, load_generator, save_generator
from training.generators.toy.judging import assigned_similarity, placed_reward, similarities, swapped
from training.generators.toy.network import PEOPLE, Parts, ToyNetwork
from training.generators.toy.pool import FRAMES, HEIGHT, REFERENCES, WIDTH, Pool, draw_pool, load_pool, over
from training.generators.toy.task import ToyReward, draw_prompts
from training.generators.toy.train import SPLITS, BaseTraining, Recipe
from training.generators.toy.world import draw_scenes, draw_scenes_of
from training.grpo.config import config_of
from training.grpo.train import Task, train

PLAIN = Guidance()
SMALL = Parts(dim=16, blocks=2, heads=2)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pool")
    before = pool_module.PEOPLE_A_FILE
    pool_module.PEOPLE_A_FILE = 2
    assert draw_pool(folder, range(4), until=0.0) == 0
    assert draw_pool(folder, range(4)) == 2
    assert draw_pool(folder, range(4)) == 0  # what is there is not drawn again
    yield folder
    pool_module.PEOPLE_A_FILE = before


@pytest.fixture(scope="module")
def people(drawn: Path) -> Pool:
    return load_pool(drawn, range(4))


@pytest.fixture
def generator() -> ToyGenerator:
    return untrained()


def untrained(parts: Parts = SMALL, seed: int = 0) -> ToyGenerator:
    """A generator of random weights; the layers that start at zero are moved, so that everything acts."""
    torch.manual_seed(seed)
    network = ToyNetwork(parts)
    for value in network.parameters():
        if not value.any():
            torch.nn.init.normal_(value, std=0.2)
    codec = Codec()
    codec.components.copy_(torch.linalg.qr(torch.randn_like(codec.components))[0])
    return ToyGenerator(network, codec, RewardEncoder())


def test_people_are_the_same_when_drawn_again_and_differ_from_one_another(people, drawn):
    assert people.courses.shape == (4, pool_module.COURSES, FRAMES, HEIGHT, WIDTH, 4)
    assert people.references.shape == (4, REFERENCES, HEIGHT, WIDTH, 3)
    again = load_pool(drawn, range(1, 3))
    assert np.array_equal(again.references, people.references[1:3])
    assert (people.courses[..., 3] > 200).mean() > 0.25  # somebody is there
    distance = [
        np.abs(people.references[a, 0].astype(int) - people.references[b, 0]).mean()
        for a, b in ((0, 1), (2, 3))
    ]
    assert min(distance) > 10


def test_people_who_are_not_drawn_are_named_with_the_command(drawn):
    with pytest.raises(FileNotFoundError, match=r"python -m training\.generators\.toy\.pool"):
        load_pool(drawn, range(6))


def test_nobody_is_in_two_splits():
    numbers = [number for split in SPLITS.values() for number in split]
    assert len(numbers) == len(set(numbers))


def test_a_clean_clip_shows_who_was_asked_for(people):
    scenes = draw_scenes(people, 6, np.random.default_rng(0), sloppy=False)
    assert scenes.frames.shape == (6, FRAMES, HEIGHT, 2 * WIDTH, 3)
    assert (scenes.asked[:, 0] != scenes.asked[:, 1]).all()
    again = draw_scenes(people, 6, np.random.default_rng(0), sloppy=False)
    assert np.array_equal(scenes.frames, again.frames)
    for asked, cover in zip(scenes.asked, scenes.covers, strict=True):
        for half in range(2):
            shown = cover[:, :, half * WIDTH : (half + 1) * WIDTH]
            assert any(np.array_equal(shown, course[..., 3]) for course in people.courses[asked[half]])


def test_a_sloppy_set_often_shows_somebody_else_and_drifts(people):
    asked = np.tile([[0, 1]], (400, 1))
    scenes = draw_scenes_of(people, asked, np.random.default_rng(1), sloppy=True)
    starts = np.array([_matches(people.courses[0], cover, 0) for cover in scenes.covers])
    ends = np.array([_matches(people.courses[0], cover, -1) for cover in scenes.covers])
    assert 0.55 < starts.mean() < 0.85
    assert ends.mean() < starts.mean() - 0.08


def _matches(courses: np.ndarray, cover: np.ndarray, frame: int) -> bool:
    return any(np.array_equal(cover[frame, :, :WIDTH], course[frame, ..., 3]) for course in courses)


def test_the_latent_space_keeps_pictures(people):
    scenes = draw_scenes(people, 300, np.random.default_rng(2), sloppy=True)
    frames, codec = torch.from_numpy(scenes.frames), Codec()
    codec.fit(frames)
    latents = codec.encode(frames)
    assert latents.shape == (300, 56, 3, 4, 6)
    assert latents.std().item() == pytest.approx(1, abs=0.1)
    error = (codec.decode(latents).float() - frames.float()).square().mean()
    assert 10 * np.log10(255**2 / error.item()) > 24
    # Patches are cut and put back without a loss.
    whole = Codec()
    whole.components.copy_(torch.eye(384)[:, :56])
    kept = patches_of(whole.decode(whole.encode(frames[:2])))[..., :56]
    torch.testing.assert_close(kept, patches_of(frames[:2])[..., :56])


def test_routes_say_who_covers_a_token(people):
    scenes = draw_scenes(people, 2, np.random.default_rng(3), sloppy=False)
    routes = routes_of(torch.from_numpy(scenes.covers)).reshape(2, 3, 4, 6)
    assert set(routes[..., :3].flatten().tolist()) == {0, 2}
    assert set(routes[..., 3:].flatten().tolist()) == {1, 2}
    assert (routes[:, :, 2, 1] == 0).all()  # the chin of the person on the left
    assert (routes_of(torch.zeros(1, FRAMES, HEIGHT, 2 * WIDTH, dtype=torch.uint8)) == 2).all()


@pytest.mark.parametrize("kind", [RewardEncoder, JudgeEncoder])
def test_encoders_learn_to_tell_people_apart(people, kind):
    torch.manual_seed(0)
    encoder = kind()
    before = retrieval(encoder, people)
    assert train_encoder(encoder, people, steps=25, seed=1, people=4, shift=1)
    found = retrieval(encoder, people)
    assert found["same"] - found["other"] > before["same"] - before["other"] + 0.1
    assert found["same"] > found["other"] + 0.2
    pictures = torch.from_numpy(people.references[:, 0])
    assert encoder(pictures).norm(dim=1).tolist() == pytest.approx([1] * 4)


def test_an_encoder_trained_in_parts_equals_one_trained_at_once(people, tmp_path):
    def fresh() -> RewardEncoder:
        torch.manual_seed(0)
        return RewardEncoder()

    whole, parts = fresh(), fresh()
    common: Any = {"steps": 27, "seed": 1, "people": 3}
    assert train_encoder(whole, people, **common, kept=tmp_path / "whole.pt")
    (tmp_path / "whole.pt").rename(tmp_path / "kept.pt")  # as a kill after step 25 leaves it
    assert train_encoder(parts, people, **common, kept=tmp_path / "kept.pt")
    assert all(torch.equal(value, parts.state_dict()[name]) for name, value in whole.state_dict().items())
    assert not train_encoder(fresh(), people, **common, until=0.0)


def test_similarity_reward_and_swaps_by_hand():
    def cosines(a: float, b: float, c: float, d: float) -> Tensor:
        """One frame; left half with persons 1 and 2, right half with persons 1 and 2."""
        return torch.tensor([[[[a, b], [c, d]]]])

    assert assigned_similarity(cosines(0.8, 0.1, 0.2, 0.6)).item() == pytest.approx(0.7)
    assert assigned_similarity(cosines(0.1, 0.9, 0.5, 0.1)).item() == pytest.approx(0.7)
    assert assigned_similarity(cosines(0.8, 0.1, 0.0, -0.9)).item() == pytest.approx(0.4)
    assert swapped(cosines(0.1, 0.9, 0.5, 0.1)).item()
    assert not swapped(cosines(0.8, 0.1, 0.2, 0.6)).item()
    # Far from the other person the margin costs nothing: the soft minimum of 0.8 and 0.6.
    expected = -0.1 * np.log((np.exp(-8) + np.exp(-6)) / 2)
    assert placed_reward(cosines(0.8, 0.1, 0.2, 0.6)).item() == pytest.approx(expected)
    # 0.7 to the other person is 0.2 too near: the 0.8 counts as 0.74.
    mixed = -0.1 * np.log((np.exp(-7.4) + np.exp(-6)) / 2)
    assert placed_reward(cosines(0.8, 0.7, 0.2, 0.6)).item() == pytest.approx(mixed)
    assert placed_reward(cosines(0.1, 0.9, 0.5, 0.1)).item() < 0


def test_similarities_look_at_each_half(people):
    torch.manual_seed(0)
    encoder = RewardEncoder()
    references = torch.from_numpy(people.references[[[0, 1]]])
    left, right = (over(people.courses[p, 0], np.array([90, 90, 90])) for p in (0, 1))
    frames = torch.from_numpy(np.concatenate([left, right], axis=2))[None]
    found = similarities(encoder, frames, references)
    assert found.shape == (1, 3, 2, 2)
    turned = similarities(
        encoder, torch.cat([frames[:, :, :, WIDTH:], frames[:, :, :, :WIDTH]], dim=3), references
    )
    torch.testing.assert_close(turned, found.flip(2))


def asked_for(people: Pool, *places: int) -> Prompt:
    return Prompt("p", "", tuple(tuple(people.references[place, :3]) for place in places))


@torch.no_grad()
def test_who_is_asked_for_moves_the_velocity(people, generator):
    latents, sigma = (
        torch.randn(1, 56, 3, 4, 6, generator=torch.Generator().manual_seed(1)),
        torch.tensor([0.8]),
    )

    def velocity(prompt: Prompt, guidance: Guidance = PLAIN) -> Tensor:
        return generator.velocity(latents, sigma, generator.encode([prompt]), guidance)

    one, turned, others = (velocity(asked_for(people, *pair)) for pair in ((0, 1), (1, 0), (2, 3)))
    assert (one - turned).abs().max() > 1e-4
    assert (one - others).abs().max() > 1e-4
    generator.strength = 0.0
    assert torch.equal(velocity(asked_for(people, 0, 1)), velocity(asked_for(people, 2, 3)))
    untold = velocity(asked_for(people, 0, 1))
    generator.strength = 0.8
    expected = untold + 2.5 * (one - untold)
    torch.testing.assert_close(velocity(asked_for(people, 0, 1), Guidance(1.0, 2.5)), expected)


@pytest.mark.parametrize("part", ["projector", "separator", "router"])
def test_each_part_can_be_switched_off(people, part):
    generator = untrained(replace(SMALL, **{part: False}))
    conditions = generator.encode([asked_for(people, 0, 1)] * 2)
    latents = torch.randn(2, 56, 3, 4, 6, generator=torch.Generator().manual_seed(1), requires_grad=True)
    velocity = generator.velocity(latents, torch.tensor([0.8, 0.3]), conditions, Guidance())
    velocity.square().sum().backward()
    assert velocity.shape == latents.shape
    whole = sum(p.numel() for p in ToyNetwork(SMALL).parameters())
    assert sum(p.numel() for p in generator.network.parameters()) < whole


def test_the_router_gives_shares(people, generator):
    conditions = generator.encode([asked_for(people, 0, 1)])
    latents = torch.randn(1, 56, 3, 4, 6, generator=torch.Generator().manual_seed(1))
    routes = generator.routes(latents, torch.tensor([0.5]), conditions)
    assert routes.shape == (1, 3, 4, 6, PEOPLE + 1)
    torch.testing.assert_close(routes.sum(-1), torch.ones(1, 3, 4, 6))


def test_prompts_that_do_not_fit_are_refused(people, generator):
    with pytest.raises(GeneratorError, match="names 3 people; the toy generator makes clips of 2"):
        generator.encode([asked_for(people, 0, 1, 2)])
    with pytest.raises(GeneratorError, match="without references"):
        generator.encode([Prompt("p", "", ((people.references[0, 0],), ()))])
    with pytest.raises(GeneratorError, match=r"is \(9, 9, 3\) uint8"):
        generator.encode([Prompt("p", "", ((np.zeros((9, 9, 3), np.uint8),),) * 2)])


def test_a_saved_generator_is_the_same(tmp_path, people, generator):
    save_generator(tmp_path / "base.pt", generator)
    read = load_generator(tmp_path / "base.pt")
    conditions = generator.encode([asked_for(people, 0, 1)])
    latents = torch.randn(1, 56, 3, 4, 6, generator=torch.Generator().manual_seed(1))
    args = (latents, torch.tensor([0.4]), conditions, Guidance())
    assert torch.equal(read.velocity(*args), generator.velocity(*args))
    with pytest.raises(
        GeneratorError, match=r"none\.pt is missing: make it with python -m training.generators.toy"
    ):
        load_generator(tmp_path / "none.pt")
    torch.save({"parts": {"size": 3}}, tmp_path / "odd.pt")
    with pytest.raises(GeneratorError, match="not a toy generator of this version"):
        load_generator(tmp_path / "odd.pt")


def test_pretraining_in_parts_equals_pretraining_in_one(tmp_path, people):
    recipe = Recipe(steps=6, batch=3, codec_clips=60)
    torch.manual_seed(0)
    extractor = RewardEncoder().eval()
    whole = BaseTraining(tmp_path / "whole", people, extractor, SMALL, recipe)
    whole.advance(6)
    (tmp_path / "parts").mkdir()
    first = BaseTraining(tmp_path / "parts", people, extractor, SMALL, recipe)
    first.advance(3)
    first.save()
    second = BaseTraining(tmp_path / "parts", people, extractor, SMALL, recipe)
    assert second.step == 3
    second.advance(3)
    for name, value in whole.average.items():
        assert torch.equal(second.average[name], value)
    assert not second.network.aligning  # the second stage has begun


def test_the_loop_tunes_the_toy_with_a_first_ratio_of_one(tmp_path, people, generator):
    config = config_of(
        {
            "updates": 2,
            "sampler": {"steps": 4, "shift": 5.0, "guidance_text": 1.0, "guidance_references": 1.5},
            "groups": {"groups": 2, "members": 3, "batch": 4},
            "window": {"size": 2},
            "objective": {"ratio": "normalised", "clip": 2e-5, "kl": 0.0},
            "optimiser": {"rank": 0, "step_after": "window"},
            "guards": {"patience": 9},
        }
    )
    prompts = draw_prompts(people, 3, seed=0)
    assert len({prompt.id for prompt in prompts}) == 3
    reward = ToyReward(RewardEncoder().eval())
    task = Task(generator, prompts, reward)
    train(task, config, tmp_path / "run")
    held = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert held["done"] == 2
    moved = [not torch.equal(held["weights"][name], value) for name, value in held["base"].items()]
    assert sum(moved) > 0.9 * len(moved)
    text = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert text.count('"first_ratio_away": 0.0') == 2
    assert "copying" in text
