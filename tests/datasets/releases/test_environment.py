"""`datasets` is our own app. With Hugging Face's library of that name about, imports would mean either of them."""

import importlib.metadata
import re
from pathlib import Path

import pytest

import datasets

REPOSITORY = Path(__file__).resolve().parents[3]
HIDDEN = ("datasets", "trl")


def test_datasets_is_our_app():
    assert datasets.__file__ is not None
    assert Path(datasets.__file__).parent == REPOSITORY / "datasets"


@pytest.mark.parametrize("name", HIDDEN)
def test_the_package_is_not_installed(name):
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.distribution(name)


@pytest.mark.parametrize("name", HIDDEN)
def test_no_requirement_names_the_package(name):
    files = [*REPOSITORY.glob("requirements*.txt"), *(REPOSITORY / "requirements").glob("*.txt")]

    assert len(files) >= 4
    for file in files:
        assert not re.search(rf"^\s*{name}\b", file.read_text(), re.MULTILINE | re.IGNORECASE), file
