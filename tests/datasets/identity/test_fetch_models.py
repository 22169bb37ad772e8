"""manage.py fetch_models, against a stand-in for the Hub."""

import hashlib

import pytest
from django.core.management import CommandError, call_command

from datasets.identity import models
from tests.datasets.identity.hub_files import FileHub, serve_files

CONTENT = bytes(range(256)) * 50


@pytest.fixture
def known(monkeypatch):
    file = models.ModelFile("small.onnx", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "owner/small")
    monkeypatch.setattr(models, "FETCHED", ("small",))
    monkeypatch.setitem(models.MODELS, "small", models.Model("small model", "MIT", (file,)))


def test_it_says_the_licence_and_where_the_file_lies(tmp_path, known, monkeypatch, capsys):
    with serve_files(FileHub({"owner/small/small.onnx": CONTENT})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        call_command("fetch_models", folder=tmp_path)

    said = capsys.readouterr().out
    assert "MIT" in said
    assert str(tmp_path / "small.onnx") in said
    assert (tmp_path / "small.onnx").read_bytes() == CONTENT


def test_another_file_than_the_known_one_is_refused(tmp_path, known, monkeypatch):
    with serve_files(FileHub({"owner/small/small.onnx": b"x" * len(CONTENT)})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        with pytest.raises(CommandError, match=r"small\.onnx"):
            call_command("fetch_models", folder=tmp_path)

    assert not (tmp_path / "small.onnx").exists()
