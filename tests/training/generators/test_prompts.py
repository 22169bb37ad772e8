"""Prompts from a file and from a release; what is wrong with one is said with its line."""

import json

import numpy as np
import pytest

from tests.training.toys import make_release, make_toy
from training.generators.prompts import Asked, prompts_of_release, prompts_read, prompts_write
from training.generators.protocol import GeneratorError, Prompt


def asked(number: int = 0) -> Asked:
    picture = np.full((4, 3, 3), 10 * number, np.uint8)
    return Asked(
        Prompt(f"p{number}", "Two people.", ((picture,), (picture + 1, picture + 2))), ("anna", "ben")
    )


def test_what_is_written_is_read_again(tmp_path):
    found = prompts_read(prompts_write(tmp_path, [asked(0), asked(1)]))

    assert [(each.prompt.id, each.prompt.text, each.people) for each in found] == [
        ("p0", "Two people.", ("anna", "ben")),
        ("p1", "Two people.", ("anna", "ben")),
    ]
    for own, before in zip(found[1].prompt.references, asked(1).prompt.references, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(own, before, strict=True))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "line 1, is no prompt"),
        ('{"people": []}', "names nobody"),
        ('{"people": [{"person": "anna", "references": []}]}', "anna has no references"),
        ('{"people": [{"person": "anna", "references": ["gone.png"]}]}', "gone.png is no picture"),
        ("", "holds no prompt"),
    ],
)
def test_a_file_that_asks_for_nothing_usable_is_refused_with_its_line(tmp_path, line, sentence):
    (tmp_path / "prompts.jsonl").write_text(line + "\n")
    with pytest.raises(GeneratorError, match=sentence):
        prompts_read(tmp_path / "prompts.jsonl")


def test_a_prompt_that_comes_twice_and_a_file_that_is_not_there_are_refused(tmp_path):
    path = prompts_write(tmp_path, [asked()])
    path.write_text(2 * path.read_text())
    with pytest.raises(GeneratorError, match="'p0' twice"):
        prompts_read(path)
    with pytest.raises(GeneratorError, match="cannot be read"):
        prompts_read(tmp_path / "none.jsonl")


def test_a_release_gives_each_of_its_scenes_once_with_everybodys_pictures(once):
    toy = once("toy", make_toy)
    release = once("toy-release", lambda folder: make_release(toy, folder / "release")) / "release"
    found = {split: prompts_of_release(release, split) for split in ("train", "validation", "test")}

    assert {split: len(each) for split, each in found.items()} == {"train": 12, "validation": 6, "test": 6}
    people = [{name for each in own for name in each.people} for own in found.values()]
    assert sum(map(len, people)) == len(set().union(*people)) == 16
    first = found["test"][0].prompt
    assert [len(own) for own in first.references] == [4, 4]
    assert len(prompts_of_release(release, "train", most=3)) == 3
    with pytest.raises(GeneratorError, match="no prompt with people in its split nowhere"):
        prompts_of_release(release, "nowhere")
    assert json.loads((release / "release.json").read_text())["info"]["name"] == "toy-faces"
