"""Model files: found, missing, damaged, fetched from a stand-in for the Hub."""

import hashlib

import pytest

from datasets.identity import models
from datasets.identity.backends import BACKENDS, backend_choose, backend_load
from datasets.identity.errors import IdentityError, ModelError
from tests.datasets.identity.hub_files import FileHub, serve_files

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def known(monkeypatch):
    """Give the registry one small model that a test can make."""
    file = models.ModelFile(
        filename="small.onnx",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        repo="owner/small",
    )
    monkeypatch.setitem(models.MODELS, "small", models.Model("small model", "MIT", (file,)))


def test_a_missing_model_says_what_to_put_where_and_its_licence(tmp_path):
    with pytest.raises(ModelError) as error:
        models.model_find("sface", tmp_path)

    for part in ("face_recognition_sface_2021dec.onnx", str(tmp_path), "fetch_models", "Apache-2.0"):
        assert part in str(error.value)


def test_a_model_in_a_folder_below_is_found(tmp_path, known):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "small.onnx").write_bytes(CONTENT)

    found = models.model_find("small", tmp_path)
    assert found.path == tmp_path / "pack" / "small.onnx"
    assert (found.version, found.licence) == (hashlib.sha256(CONTENT).hexdigest()[:8], "MIT")


def test_half_a_file_is_refused(tmp_path, known):
    (tmp_path / "small.onnx").write_bytes(CONTENT[:1000])

    with pytest.raises(ModelError, match="1,000 bytes instead of 512,000"):
        models.model_find("small", tmp_path)


def test_a_model_is_fetched_once_and_checked(tmp_path, known):
    with serve_files(FileHub({"owner/small/small.onnx": CONTENT})) as hub:
        found = models.model_fetch("small", tmp_path, endpoint=hub.address)
        models.model_fetch("small", tmp_path, endpoint=hub.address)

    assert found.path.read_bytes() == CONTENT
    assert len(hub.ranges) == 1


def test_an_interrupted_fetch_goes_on_where_it_broke_off(tmp_path, known, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    with serve_files(FileHub({"owner/small/small.onnx": CONTENT}, break_after=200_000)) as hub:
        models.model_fetch("small", tmp_path, endpoint=hub.address)

    assert (tmp_path / "small.onnx").read_bytes() == CONTENT
    assert hub.ranges[1] == "bytes=200000-"


def test_a_file_with_another_checksum_is_refused_and_not_left_behind(tmp_path, known):
    changed = CONTENT[:-1] + b"x"
    with (
        serve_files(FileHub({"owner/small/small.onnx": changed})) as hub,
        pytest.raises(ModelError, match="SHA-256"),
    ):
        models.model_fetch("small", tmp_path, endpoint=hub.address)

    assert not (tmp_path / "small.onnx").exists()


def test_a_hub_that_cannot_be_reached_is_a_sentence(tmp_path, known, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(ModelError, match="owner/small could not be fetched from the Hub"):
        models.model_fetch("small", tmp_path, endpoint="http://127.0.0.1:9")


def test_a_model_that_is_not_on_the_hub_is_the_users_to_get(tmp_path):
    with pytest.raises(ModelError, match="get it yourself"):
        models.model_fetch("mobilefacenet", tmp_path)


def test_the_registry_is_whole():
    for name, model in models.MODELS.items():
        assert model.licence, name
        for file in model.files:
            assert len(file.sha256) == 64
            assert int(file.sha256, 16)
            assert file.bytes > 100_000
    assert all(models.MODELS[name].files[0].repo for name in models.FETCHED)


def test_an_unknown_backend_names_those_that_exist(tmp_path):
    with pytest.raises(IdentityError) as error:
        backend_load("eigenfaces", tmp_path)
    assert all(name in str(error.value) for name in BACKENDS)


def test_without_fetched_models_dlib_is_used_and_the_cost_is_said(tmp_path):
    pytest.importorskip("dlib")
    backend, sentence = backend_choose(tmp_path)

    assert backend.name == "dlib"
    assert "slower" in sentence
    assert "fetch_models" in sentence


def test_a_folder_without_an_insightface_pack_is_said_before_the_library_is_called(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKENESS_INSIGHTFACE_PACK", str(tmp_path / "pack"))
    with pytest.raises(ModelError, match=r"\*\.onnx.*non-commercial"):
        backend_load("insightface", tmp_path)


@pytest.mark.parametrize(
    ("name", "backend"), [("yunet", "yunet+sface"), ("mobilefacenet", "yunet+mobilefacenet")]
)
def test_a_damaged_model_of_the_right_size_is_a_sentence(tmp_path, name, backend):
    for model in ("yunet", "sface", "mobilefacenet"):
        file = models.MODELS[model].files[0]
        (tmp_path / file.filename).write_bytes(b"\x08" + bytes(file.bytes - 1))
    with pytest.raises(ModelError, match="cannot be read"):
        backend_load(backend, tmp_path)
