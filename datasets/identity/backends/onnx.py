"""Opening an ONNX file with onnxruntime, and saying what is wrong when that fails."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from datasets.identity.errors import ModelError


def open_network(path: Path) -> Any:
    """Return an onnxruntime session of one thread a call; it may be used from several threads.

    Raises:
        ModelError: onnxruntime is not installed, or the file is not a network.
    """
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise ModelError(
            f"{path.name} needs onnxruntime: install it by `pip install -r requirements/vision.txt`."
        ) from error
    options = runtime.SessionOptions()
    # Faces are spread over threads by the caller; a second pool inside each call only adds switching.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=runtime.get_available_providers())
    except Exception as error:  # onnxruntime raises a class of its own for each fault
        raise ModelError(
            f"{path} cannot be read as an ONNX network: it is damaged or something else."
        ) from error
