"""Configurations: read, checked, written and read again."""

from pathlib import Path

import pytest

from training.reward.config import Config, config_of, config_read, toml_text
from training.reward.errors import BadConfig

SHIPPED = Path(__file__).resolve().parents[3] / "training" / "configs" / "reward_identity.toml"


def test_the_shipped_configuration_says_the_defaults():
    assert config_read(SHIPPED) == Config()


def test_what_is_written_is_read_again(tmp_path):
    config = Config().with_values(
        [
            "data.weights={simulated=0.5}",
            "data.holdout_recipes=['swap']",
            "loss.theta=3",
            "network.time=false",
        ]
    )
    path = tmp_path / "config.toml"
    path.write_text(toml_text(config.as_dict()))

    assert config_read(path) == config


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("loss.theta", r"Write section.name=value"),
        ("loss.magic=1", r"\[loss\] has no 'magic': it has"),
        ("losses.theta=1", r"There is no section \[losses\]"),
        ("loss.theta=1", r"loss.theta is more than 1, got 1.0"),
        ("loss.theta='high'", r"loss.theta is a float, got 'high'"),
        ("loss.routing_kind='l2'", r"loss.routing_kind is one of cross_entropy"),
        ("network.heads=5", r"network.width 32 cannot be shared by 5 heads"),
        ("training.strategy='magic'", r"training.strategy is one of human"),
        ("training.steps=0", r"training.steps is at least 1, got 0"),
        ("data.automatic=['human']", r"An origin is either human or automatic"),
    ],
)
def test_what_makes_no_sense_is_said(pair, sentence):
    with pytest.raises(BadConfig, match=sentence):
        Config().with_values([pair])


def test_nothing_to_learn():
    with pytest.raises(BadConfig, match="nothing would be learned of preferences"):
        config_of({"loss": {"overall": 0, "person": 0}})


def test_a_file_that_is_not_there_or_no_toml(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read"):
        config_read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("loss = = 3")
    with pytest.raises(BadConfig, match="is no TOML"):
        config_read(tmp_path / "bad.toml")
