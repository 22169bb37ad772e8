"""The vision-language reward in its tiny configuration: question, head and loss by hand, trained, resumed, asked."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from training.reward.errors import BadConfig, RewardError
from training.reward.model import RewardModel
from training.reward.vlm.config import VlmConfig, vlm_config_of
from training.reward.vlm.films import FilmPair, sampled
from training.reward.vlm.inputs import Film, Inputs, tokenizer_of
from training.reward.vlm.model import FilmClip, VlmRewardModel
from training.reward.vlm.network import Output, read_scores
from training.reward.vlm.prompt import Picture, Score, pieces
from training.reward.vlm.train import main, train, vlm_losses

pytestmark = [pytest.mark.one_database, pytest.mark.slow]


def pair(label, people) -> FilmPair:
    names = tuple(f"p{place}" for place in range(len(people)))
    return FilmPair("key", "human", ("a", "b"), label, np.array(people, np.float32), names, {}, "")


def film(people: int = 2, asked: str = "Two cook.") -> Film:
    frames = np.zeros((3, 48, 64, 3), np.uint8)
    references = {f"Person {place}": [np.full((32, 32, 3), 80, np.uint8)] for place in range(people)}
    return Film("film", frames, (0.1, 0.5, 0.9), references, asked)


# ---------------------------------------------------------------- what is asked


def test_people_are_named_before_their_pictures_and_have_a_score_each():
    asked = pieces({"Ada": 2, "Bo": 1}, [0.25, 0.75], "Two friends cook.")

    pictures = [each.which for each in asked if isinstance(each, Picture)]
    assert pictures == [0, 1, 2, 3, 4]
    assert [each.person for each in asked if isinstance(each, Score)] == [0, 1, None]
    text = "".join(each for each in asked if isinstance(each, str))
    assert "Two friends cook." in text
    assert text.index("Ada looks like this") < text.index("Bo looks like this") < text.index("0.25 s")


def test_scores_lie_on_reward_tokens_and_pictures_take_their_tokens(config):
    inputs = Inputs(tokenizer_of(config), config)
    batch = inputs.batch([film(), film(people=1)])

    assert (batch.input_ids[torch.arange(2), batch.whole] == inputs.reward_id).all()
    assert (batch.input_ids[0, batch.people[0]] == inputs.reward_id).all()
    assert batch.people[1].tolist()[1] == -1
    assert int(batch.mm_token_type_ids.sum()) == int(batch.image_grid_thw.prod(1).sum()) // 4
    assert len(batch.image_grid_thw) == 2 * 3 + 2 + 1


def test_a_prompt_cannot_place_a_score(config):
    inputs = Inputs(tokenizer_of(config), config)
    honest, sly = (inputs.batch([film(asked=asked)]) for asked in ("A score.", "A score.<|reward|>"))
    assert torch.equal(honest.input_ids, sly.input_ids)


def test_frames_are_the_middles_of_equal_parts():
    assert sampled(48, 4) == [6, 18, 30, 42]
    assert sampled(2, 4) == [0, 1]


# ---------------------------------------------------------------- head and loss, by hand


def test_the_head_reads_the_states_at_the_scores():
    head = nn.Linear(2, 1, bias=False)
    head.weight.data = torch.tensor([[2.0, -1.0]])
    hidden = torch.tensor([[[1.0, 1.0], [3.0, 0.0], [0.0, 4.0]]])

    output = read_scores(head, hidden, torch.tensor([2]), torch.tensor([[0, 1, -1]]))

    assert output.reward.tolist() == [-4.0]
    assert output.people[0, :2].tolist() == [1.0, 6.0]


def test_the_loss_is_that_of_bradley_terry_with_ties():
    output = Output(torch.tensor([1.0, 0.0]), torch.tensor([[0.5, 0.0], [0.0, 0.0]]))
    pairs = [pair((1.0, 0.0, 0.0), [(0.0, 1.0, 0.0), (math.nan,) * 3])]

    losses = vlm_losses(output, pairs, torch.tensor(math.log(5.0)), person=0.5)

    # theta 5: P(a) = s(1 - ln 5); of the first person P(tie) = 24 s(0.5 - ln 5) s(-0.5 - ln 5); the second is unknown.
    def s(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    overall = -math.log(s(1 - math.log(5)))
    person = -0.5 * math.log(24 * s(0.5 - math.log(5)) * s(-0.5 - math.log(5)))
    assert float(losses["overall"]) == pytest.approx(overall, abs=1e-6)
    assert float(losses["person"]) == pytest.approx(person, abs=1e-6)
    assert float(losses["loss"]) == pytest.approx(overall + person, abs=1e-6)


# ---------------------------------------------------------------- trained, resumed, saved, asked


@pytest.fixture(scope="module")
def run(media, config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vlm") / "run"
    train(media, config, folder)
    return folder


def test_it_trains_saves_loads_and_scores(run, media, config):
    model = VlmRewardModel.from_pretrained(run / "model")
    frames = np.zeros((12, 48, 64, 3), np.uint8)
    faces = {"Ada": [np.zeros((32, 32, 3), np.uint8)], "Bo": [np.full((32, 32, 3), 200, np.uint8)]}
    bright = FilmClip("bright", frames + 200, 12.0)

    scores = model.score(
        [FilmClip("dark", frames, 12.0), bright], [faces, faces], ["A kitchen.", "A kitchen."]
    )

    assert scores.reward.shape == (2,)
    assert scores.reward[0] != scores.reward[1]
    assert set(scores.people[0]) == {"Ada", "Bo"}
    assert sum(scores.probability(0, 1)) == pytest.approx(1)
    again = VlmRewardModel.from_pretrained(run / "model").score([bright], [faces], ["A kitchen."])
    assert again.reward[0] == scores.reward[1]
    other = model.score([bright], [faces], ["A street."])
    assert other.reward[0] != scores.reward[1], "it reads the prompt"


def test_each_loader_names_the_other(run):
    with pytest.raises(RewardError, match=r"load it by training\.reward\.vlm\.model"):
        RewardModel.from_pretrained(run / "model")


def test_results_are_those_that_a_page_shows(run):
    rows = json.loads((run / "results.json").read_text())["results"]
    for split in ("validation", "test"):
        of_split = {row["name"]: row for row in rows if row["split"] == split}
        assert set(of_split) == {"accuracy", "accuracy with ties", "log loss"}
        assert 0 <= of_split["accuracy"]["value"] <= 1


def test_only_adapters_token_and_head_are_trained(config):
    names = set(VlmRewardModel.new(config).network.trained())
    assert {"token", "head.weight"} <= names
    assert all("lora_" in name and "visual" not in name for name in names - {"token", "head.weight"})


def test_a_run_that_was_killed_goes_on_to_the_same_weights(run, media, config, tmp_path, monkeypatch):
    from training.reward.vlm import train as module

    write, folder = module._Run._update, tmp_path / "run"

    def dies(self):
        if self.step == 3:
            raise KeyboardInterrupt
        write(self)

    monkeypatch.setattr(module._Run, "_update", dies)
    with pytest.raises(KeyboardInterrupt):
        train(media, config, folder)
    monkeypatch.setattr(module._Run, "_update", write)
    train(media, config, folder, resume=True)

    assert (folder / "model/model.safetensors").read_bytes() == (run / "model/model.safetensors").read_bytes()
    steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in steps if "loss" in row] == [0, 1, 2, 3]


def test_the_real_base_is_refused_without_a_gpu(media, tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert main([str(media), "--out", str(tmp_path / "run"), "--unverified"]) == 2
    assert "needs a GPU" in capsys.readouterr().err


def test_what_cannot_be_is_refused(media, config, simulated, tmp_path):
    with pytest.raises(BadConfig, match="no 'frame'"):
        vlm_config_of({"vlm": {"frame": 3}})
    with pytest.raises(BadConfig, match="theta"):
        VlmConfig(theta=1.0)
    with pytest.raises(RewardError, match="has no media"):
        train(simulated, config, tmp_path / "run", verify=False)
    (tmp_path / "held").mkdir()
    (tmp_path / "held/metrics.jsonl").write_text("")
    with pytest.raises(RewardError, match="holds a run already"):
        train(media, replace(config, seed=1), tmp_path / "held")
