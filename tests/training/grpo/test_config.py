"""Settings: the paper's defaults, and a sentence for each mistake."""

from pathlib import Path

import pytest

from training.grpo.config import ConfigError, PolicyConfig, as_toml, config_of, read_config

CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"


def test_the_defaults_are_the_papers():
    config = PolicyConfig()
    assert (config.sampler.steps, config.sampler.guidance_text) == (25, 4.5)
    assert (config.groups.groups, config.groups.members, config.groups.initial_noise) == (16, 8, "different")
    assert (config.objective.clip, config.objective.kl) == (1e-3, 0.004)
    assert (config.optimiser.learning_rate, config.optimiser.rank) == (1e-4, 32)
    assert config.window.size == 0


def test_what_is_written_reads_back(tmp_path):
    config = config_of({"seed": 3, "objective": {"method": "nft", "shuffle_rewards": True}})
    (tmp_path / "config.toml").write_text(as_toml(config))
    assert read_config(tmp_path / "config.toml") == config


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"update": 5}, "update is not a setting; there are updates"),
        ({"groups": {"member": 4}}, "groups.member is not a setting"),
        ({"groups": 4}, "groups is a table"),
        ({"updates": 2.5}, "updates is of type int, got 2.5"),
        ({"updates": True}, "updates is of type int"),
        ({"updates": 0}, "updates must be 1 or more"),
        ({"objective": {"method": "dpo"}}, "objective.method is one of grpo, nft, sft, got 'dpo'"),
        ({"groups": {"members": 1}}, "an advantage compares"),
        ({"groups": {"batch": 0}}, "must be 1 or more"),
        ({"sampler": {"steps": 1}}, "the last step carries no noise"),
        ({"sampler": {"noise_level": 0.0}}, "GRPO learns from the noise"),
        ({"window": {"size": 3, "first": 2, "last": 1}}, "cannot be"),
        ({"window": {"size": 3, "last": 22}}, "reaches the last of 25 steps"),
    ],
)
def test_a_mistake_is_named(held, sentence):
    with pytest.raises(ConfigError, match=sentence):
        config_of(held)


def test_broken_toml_is_named(tmp_path):
    (tmp_path / "broken.toml").write_text("updates =")
    with pytest.raises(ConfigError, match=r"broken\.toml is not TOML"):
        read_config(tmp_path / "broken.toml")


@pytest.mark.parametrize("name", ["grpo_toy", "nft_toy", "sft_toy", "grpo_vace", "grpo_phantom"])
def test_every_shipped_configuration_reads(name):
    assert read_config(CONFIGS / f"{name}.toml").sampler.sigmas[-1] == 0
