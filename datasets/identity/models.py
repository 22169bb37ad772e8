"""The model files that Likeness knows: what they are, where they lie, and fetching them from the Hub.

Weights are never part of the repository and never fetched by a request or a test: `model_fetch` is called by a
command that a person gives.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datasets.identity.errors import ModelError

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ModelFile:
    """One version of a model's file.

    Attributes:
        filename: As on the Hub and in the models folder.
        sha256: Of the whole file.
        bytes: Its size.
        repo: Repository on the Hub, or nothing if it must be put there by hand.
    """

    filename: str
    sha256: str
    bytes: int
    repo: str = ""

    @property
    def version(self) -> str:
        return self.sha256[:8]


@dataclass(frozen=True)
class Model:
    """A model: what it does, under which licence, and the files that are it. The first file is the one to fetch."""

    what: str
    licence: str
    files: tuple[ModelFile, ...]


@dataclass(frozen=True)
class FoundModel:
    """A model's file on this machine."""

    path: Path
    version: str
    licence: str


MODELS: dict[str, Model] = {
    "yunet": Model(
        what="YuNet face detector",
        licence="MIT",
        files=(
            ModelFile(
                filename="face_detection_yunet_2023mar.onnx",
                sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                bytes=232_589,
                repo="opencv/face_detection_yunet",
            ),
            ModelFile(
                filename="face_detection_yunet_2026may.onnx",
                sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
                bytes=229_738,
            ),
        ),
    ),
    "sface": Model(
        what="SFace face embedder",
        licence="Apache-2.0",
        files=(
            ModelFile(
                filename="face_recognition_sface_2021dec.onnx",
                sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
                bytes=38_696_353,
                repo="opencv/face_recognition_sface",
            ),
        ),
    ),
    "mobilefacenet": Model(
        what="MobileFaceNet face embedder",
        licence="not stated by its publisher",
        files=(
            ModelFile(
                filename="mobilefacenet.onnx",
                sha256="e72a5710cce378dc46472b6b845cb90647634f2738d8c3e581735cf195b9866f",
                bytes=3_998_018,
            ),
        ),
    ),
}
"""All of them by name; those without a repository are the user's to get."""

FETCHED = ("yunet", "sface")


def models_folder(folder: Path | None = None) -> Path:
    """Return the folder of model files: the one given, LIKENESS_MODELS, or `models` in LIKENESS_HOME."""
    if folder is not None:
        return folder
    home = Path(os.environ.get("LIKENESS_HOME", "~/.likeness")).expanduser()
    return Path(os.environ.get("LIKENESS_MODELS", home / "models")).expanduser()


def model_find(name: str, folder: Path | None = None) -> FoundModel:
    """Return where a model lies, looked for in the models folder and one level below it.

    Raises:
        ModelError: there is no such file, or its size is not the known one, with what to put where.
    """
    model, folder = MODELS[name], models_folder(folder)
    for file in model.files:
        for path in (folder / file.filename, *sorted(folder.glob(f"*/{file.filename}"))):
            if not path.is_file():
                continue
            if path.stat().st_size != file.bytes:
                raise ModelError(
                    f"{path} is not the {model.what}: it has {path.stat().st_size:,} bytes instead of {file.bytes:,}. "
                    f"Delete it and fetch it again."
                )
            return FoundModel(path, file.version, model.licence)
    raise ModelError(_missing(model, folder))


def model_verify(name: str, path: Path) -> None:
    """Read a whole file and compare it with the known checksums. Raises ModelError if it is none of them."""
    found = _sha256(path)
    if found not in {file.sha256 for file in MODELS[name].files}:
        raise ModelError(
            f"{path} is not the {MODELS[name].what}: its SHA-256 is {found[:12]}…, "
            f"not {MODELS[name].files[0].sha256[:12]}…. Delete it and fetch it again."
        )


def model_fetch(name: str, folder: Path | None = None, *, endpoint: str | None = None) -> FoundModel:
    """Fetch a model's file from the Hub into the models folder, unless it is there. An interrupted one is resumed.

    Args:
        name: A key of MODELS.
        folder: The models folder.
        endpoint: The Hub's address; HF_ENDPOINT or the Hub itself by default.

    Raises:
        ModelError: the Hub cannot be reached, or what it gave has another checksum (nothing is left behind then).
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    model, folder = MODELS[name], models_folder(folder)
    file = model.files[0]
    if not file.repo:
        raise ModelError(_missing(model, folder))
    target = folder / file.filename
    if not target.is_file() or target.stat().st_size != file.bytes:
        try:
            hf_hub_download(
                file.repo,
                file.filename,
                local_dir=folder,
                endpoint=endpoint or os.environ.get("HF_ENDPOINT") or None,
            )
        except (HfHubHTTPError, OSError) as error:
            raise ModelError(f"{file.repo} could not be fetched from the Hub: {error}") from error
    try:
        model_verify(name, target)
    except ModelError:
        target.unlink(missing_ok=True)
        raise
    return FoundModel(target, file.version, model.licence)


def _missing(model: Model, folder: Path) -> str:
    file = model.files[0]
    names = " or ".join(each.filename for each in model.files)
    source = (
        f"`manage.py fetch_models` gets it from {file.repo} on the Hub" if file.repo else "get it yourself"
    )
    return f"The {model.what} is missing: put {names} into {folder} ({source}; licence: {model.licence})."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
