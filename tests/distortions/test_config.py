import tomllib

import pytest

from distortions.config import ConfigError, config_of

WHOLE = """
name = "All of it"
seed = 7
count = 40
controls = 0
tries = 2
longest_side = 640
donors = ["ada"]
[clips]
person = "ada"
[recipes]
geometry_drift = 2
swap = 1
[severities]
2 = 1
3 = 3
[schedules]
step = 1
linear = 1
[pairs]
clean = 1
severities = 2
[parameters.geometry_drift]
amount = 0.4
[reserved]
recipes = ["swap"]
people = ["ben"]
"""


def sentences(text: str) -> list[str]:
    with pytest.raises(ConfigError) as wrong:
        config_of(tomllib.loads(text))
    return wrong.value.sentences


def test_a_file_is_read_whole_and_comes_back_from_json():
    config = config_of(tomllib.loads(WHOLE))
    assert (config.count, config.tries, config.longest_side, config.donors) == (40, 2, 640, ("ada",))
    assert config.severities == {2: 1.0, 3: 3.0}
    assert config.severities_of("swap") == {3: 3.0}
    assert config.schedules_of("swap") == {"step": 1.0}
    assert config.reserved_recipes == ("swap",)
    again = config_of(config.as_json())
    assert again == config
    assert again.digest == config.digest


def test_what_differs_has_another_digest():
    config = config_of(tomllib.loads(WHOLE))
    assert config.digest != config_of(tomllib.loads(WHOLE.replace("seed = 7", "seed = 8"))).digest


def test_little_is_enough():
    config = config_of({"name": "Small", "recipes": {"geometry_drift": 1}})
    assert (config.count, config.controls, config.pairs) == (100, 0.0, {})
    assert config.schedules_of("geometry_drift").keys() == {
        "constant", "linear", "logistic", "step", "late", "relapse", "flicker"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[recipes]\nmorph_drfit = 1", "There is no recipe “morph_drfit”. Did you mean “morph_drift”?"),
        ("[recipes]\nswap = 1\n[severities]\n7 = 1", "Severity 7 does not exist: severities are 1 to 5."),
        (
            "[recipes]\nswap = 1\n[severities]\n1 = 1",
            "swap has the severities 3, 4, 5; only 1 have a weight.",
        ),
        (
            "[recipes]\nswap = 1\n[schedules]\nlinaer = 1",
            "There is no schedule “linaer”. Did you mean “linear”?",
        ),
        ("[recipes]\nswap = -1", "The weight of recipe swap is a number from 0 up, got -1."),
        ("[recipes]\nswap = 0", "No recipe has a weight"),
        ("recipes = 3", "recipes is a table of names and values."),
        ("count = 0\n[recipes]\nswap = 1", "count is a whole number from 1 to 100000, got 0."),
        ("cuont = 3\n[recipes]\nswap = 1", "There is no setting “cuont”. Did you mean “count”?"),
        ("controls = 2\n[recipes]\nswap = 1", "controls is a share from 0 to 1, got 2."),
        ("controls = 0.5\n[recipes]\nswap = 1", "no recipe that is a control"),
        ("[recipes]\nswap = 1\n[pairs]\nrecipes = 1", "Pairs of two recipes need two recipes"),
        (
            "[recipes]\nswap = 1\n[severities]\n3 = 1\n[pairs]\nseverities = 1",
            "Pairs of two severities need a recipe with two of the severities.",
        ),
        ("[recipes]\nswap = 1\n[parameters.morph_drift]\ngain = 1", "parameters.morph_drift is set"),
        ("[recipes]\nswap = 1\n[clips]\nids = 3", "clips.ids is a list of clips' numbers."),
        ("donors = 'ada'\n[recipes]\nswap = 1", "donors is a list of names."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text, sentence):
    assert any(sentence in said for said in sentences(f'name = "x"\n{text}'))


def test_everything_that_is_wrong_is_said_at_once():
    assert len(sentences("count = 0\ntries = 99\n[recipes]\nswop = 1")) == 4  # and it has no name
