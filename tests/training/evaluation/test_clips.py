"""Clips for people to judge: what the manifest says of them, how long they play, and what cannot be generated."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.media.probe import probe
from tests.training.toys import make_release, make_toy
from training.evaluation.clips import Wanted, generate
from training.evaluation.clips import main as clips_main
from training.generators.prompts import Asked, prompts_of_release, prompts_write
from training.generators.protocol import GeneratorError


@pytest.fixture(scope="module")
def toy(once) -> Path:
    return once("toy", make_toy)


@pytest.fixture(scope="module")
def asked(once, toy) -> tuple[Asked, ...]:
    release = once("toy-release", lambda folder: make_release(toy, folder / "release")) / "release"
    return prompts_of_release(release, "test", most=2)


def test_a_clip_says_what_made_it_and_plays_for_more_than_a_second(tmp_path, toy, asked):
    manifest = generate(toy, Wanted((("base", None),), asked, (3, 4)), tmp_path)
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["seed"] for row in rows] == ["3", "4", "3", "4"]
    assert {row["generator"] for row in rows} == {"toy base"}
    assert rows[0]["subjects"] == ";".join(asked[0].people)
    assert all((tmp_path / part.partition("=")[2]).is_file() for part in rows[0]["references"].split(";"))
    facts = probe(tmp_path / rows[0]["clip"])
    assert (facts.width, facts.height) == (384, 256)
    assert facts.duration_s > 1


@pytest.mark.parametrize(
    ("policies", "seeds", "labels", "sentence"),
    [
        (3, (0, 1), False, "three policies or more are compared on one seed"),
        (1, (0,), True, "give two"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, toy, asked, policies, seeds, labels, sentence):
    wanted = Wanted((("base", None),) * policies, asked, seeds, labels=labels)
    with pytest.raises(GeneratorError, match=sentence):
        generate(toy, wanted, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_generator_refuses_more_people_than_it_takes_and_the_command_says_so(tmp_path, toy, asked, capsys):
    one = asked[0]
    crowd = Asked(replace(one.prompt, references=one.prompt.references * 2), (*one.people, "c", "d"))
    for wrong, sentence in (
        (crowd, "names 4 people; the toy generator makes clips of 2"),
        (small(one), "reads (32, 24"),
    ):
        prompts = prompts_write(tmp_path, [wrong])
        options = [tmp_path / "out", "--toy", toy, "--policy", "base", "--prompts", prompts]
        assert clips_main([str(each) for each in options]) == 2
        assert sentence in capsys.readouterr().err


def small(asked: Asked) -> Asked:
    picture = np.zeros((8, 8, 3), np.uint8)
    return Asked(replace(asked.prompt, references=((picture,), (picture,))), asked.people)
