"""The toy's release: read by the reward's training, marked as simulated, refused by models of other embedders."""

import numpy as np
import pytest
import torch

from datasets.releases.reader import Release
from datasets.releases.verify import verify_release
from tests.training.toys import make_release, make_toy
from training.generators.prompts import prompts_of_release
from training.generators.protocol import GeneratorError
from training.generators.toy.faces import IdentityReward, ToyFaces
from training.generators.toy.release import Setting, write_toy_release
from training.reward.config import Config, Data
from training.reward.config import Network as NetworkConfig
from training.reward.corpus import corpus_read
from training.reward.errors import BadModel
from training.reward.model import RewardModel
from training.reward.network import IdentityReward as Network


@pytest.fixture(scope="module")
def toy(once):
    return once("toy", make_toy)


@pytest.fixture(scope="module")
def release(once, toy):
    return once("toy-release", lambda folder: make_release(toy, folder / "release")) / "release"


def model_of(backend: str) -> RewardModel:
    torch.manual_seed(0)
    config = Config(network=NetworkConfig(width=8, heads=2, blocks=1, queries=2), data=Data(steps=6))
    network = Network(config.network, 64).eval()
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return RewardModel(network, config, backend, 64)


def test_everything_in_it_is_whole_and_marked(release):
    assert verify_release(release) == []
    read = Release.open(release)
    assert all(row["procedural"] for row in read.rows("people"))
    assert all(row["simulated"] for row in read.rows("judgments"))
    assert {row["origin"] for row in read.rows("comparisons")} == {"simulated", "synthetic"}
    recipes = {row["recipe"] for row in read.rows("clips")}
    assert {None, "drift", "swap", "light"} <= recipes


def test_faults_are_seen_by_the_encoder_and_the_control_is_not(release, toy):
    corpus = corpus_read(release, Data(steps=6), verify=False)
    assert corpus.backend == ToyFaces.load(toy / "reward.pt").backend
    likeness: dict[str, list[float]] = {}
    for clip, known in zip(corpus.clips, corpus.known, strict=True):
        likeness.setdefault(known.recipe or "clean", []).append(float(clip.likeness[..., 0].min()))
    means = {name: np.mean(values) for name, values in likeness.items()}
    assert min(means["clean"], means["light"]) > max(means["drift"], means["stranger"], means["swap"])


def test_the_reward_model_sees_who_is_asked_for(release, toy):
    faces = ToyFaces.load(toy / "reward.pt")
    reward = IdentityReward(model_of(faces.backend), faces)
    prompts = [each.prompt for each in prompts_of_release(release, "test", most=3)]
    frames = torch.randint(0, 256, (3, 6, 32, 48, 3), generator=torch.Generator().manual_seed(0)).to(
        torch.uint8
    )
    found = reward(frames, prompts)

    assert found["reward"].shape == found["person"].shape == (3,)
    assert torch.equal(reward(frames, prompts)["reward"], found["reward"])
    assert not torch.allclose(reward(frames, prompts[::-1])["reward"], found["reward"])


def test_a_model_of_another_embedder_is_refused_by_name(toy):
    faces = ToyFaces.load(toy / "reward.pt")
    with pytest.raises(BadModel, match=r"trained on embeddings of dlib@1.*toy-encoder"):
        IdentityReward(model_of("hog@1+dlib@1"), faces)


def test_what_is_missing_is_said_before_anything_is_written(tmp_path, toy):
    with pytest.raises(GeneratorError, match=r"reward\.pt is missing: make it with python -m"):
        write_toy_release(tmp_path, tmp_path / "release", Setting())
    with pytest.raises(GeneratorError, match="8 people are too few"):
        write_toy_release(toy, tmp_path / "release", Setting(people=8))
    (tmp_path / "reward.pt").write_bytes((toy / "judge.pt").read_bytes())
    with pytest.raises(GeneratorError, match="no encoder of this version"):
        ToyFaces.load(tmp_path / "reward.pt")
    assert not (tmp_path / "release").exists()
