"""Real model files, where there are any."""

import importlib.util
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Return the folder of real face models beside the repository; skip where there is none."""
    folder = Path(os.environ.get("LIKENESS_SHARED_MODELS", REPOSITORY.parent / "shared" / "models"))
    if not any(folder.glob("face_detection_yunet*.onnx")):
        pytest.skip(f"no face models at {folder} (set LIKENESS_SHARED_MODELS)")
    return folder


@pytest.fixture(scope="session")
def real_backend(shared_models):
    """Return YuNet with an ArcFace-style network."""
    from datasets.identity.backends import backend_load

    if importlib.util.find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    return backend_load("mobilefacenet", shared_models)
