"""Detectors, embedders, and which of them go together.

A backend is named by a key of BACKENDS, or by the two parts: `yunet+mobilefacenet`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.identity.about import DLIB_IN_USE
from datasets.identity.backends.protocol import Backend, Detector, Embedder, Prepared
from datasets.identity.errors import IdentityError, ModelError

__all__ = [
    "BACKENDS",
    "Backend",
    "Detector",
    "Embedder",
    "Prepared",
    "backend_choose",
    "backend_load",
]


@dataclass(frozen=True)
class Recipe:
    """Two parts by name, and what a person should know before choosing them."""

    detector: str
    embedder: str
    about: str


BACKENDS: dict[str, Recipe] = {
    "opencv": Recipe("yunet", "sface", "YuNet and SFace: fast, free for any use, fetched once from the Hub"),
    "mobilefacenet": Recipe("yunet", "mobilefacenet", "YuNet and an ArcFace-style ONNX file of your own"),
    "insightface": Recipe("insightface", "insightface", "a pack of your own, free for research only"),
    "dlib": Recipe("dlib_hog", "dlib_resnet", "needs no download; slower, and misses turned and small faces"),
    "truth": Recipe(
        "truth", "truth", "looks at nothing: reads a film of the procedural cast's own truth, for tests"
    ),
}


def backend_load(name: str, models: Path | None = None) -> Backend:
    """Return a backend ready for use.

    Args:
        name: A key of BACKENDS, or detector and embedder joined by a plus sign.
        models: The folder of model files (`models.models_folder` says which by default). For "truth": the film.

    Raises:
        ModelError: a file or library is missing or damaged.
        IdentityError: there is no such backend.
    """
    recipe = BACKENDS.get(name)
    detector, _, embedder = (f"{recipe.detector}+{recipe.embedder}" if recipe else name).partition("+")
    if detector not in _DETECTORS or embedder not in _EMBEDDERS:
        raise IdentityError(
            f"There is no face backend {name!r}: choose {', '.join(BACKENDS)}, or two parts joined by a plus sign "
            f"({', '.join(_DETECTORS)}; {', '.join(_EMBEDDERS)})."
        )
    return Backend(name, _DETECTORS[detector](models), _EMBEDDERS[embedder](models))


def backend_choose(models: Path | None = None) -> tuple[Backend, str]:
    """Return the best backend that works here, and a sentence if it is only the fallback."""
    try:
        return backend_load("opencv", models), ""
    except ModelError:
        return backend_load("dlib", models), DLIB_IN_USE


# Modules are imported when asked for: each needs a library of its own, and none must be missing for another's sake.


def _yunet(models: Path | None) -> Any:
    from datasets.identity.backends.yunet import YuNet

    return YuNet(models)


def _sface(models: Path | None) -> Any:
    from datasets.identity.backends.sface import SFace

    return SFace(models)


def _mobilefacenet(models: Path | None) -> Any:
    from datasets.identity.backends.arcface import ArcFace

    return ArcFace(models)


def _dlib_hog(models: Path | None) -> Any:
    from datasets.identity.backends.dlib_hog import DlibHog

    return DlibHog(models)


def _dlib_resnet(models: Path | None) -> Any:
    from datasets.identity.backends.dlib_resnet import DlibResnet

    return DlibResnet(models)


def _pack_detector(models: Path | None) -> Any:
    from datasets.identity.backends.insightface_pack import PackDetector

    return PackDetector(models)


def _pack_embedder(models: Path | None) -> Any:
    from datasets.identity.backends.insightface_pack import PackEmbedder

    return PackEmbedder(models)


def _film_truth(film: Path | None) -> Any:
    from datasets.identity.backends.truth import film_truth_read

    if film is None:
        raise ModelError("The face backend 'truth' knows one film: say which instead of a folder of models.")
    return film_truth_read(film)


def _truth_detector(film: Path | None) -> Any:
    from datasets.identity.backends.truth import TruthDetector

    return TruthDetector(_film_truth(film))


def _truth_embedder(film: Path | None) -> Any:
    from datasets.identity.backends.truth import TruthEmbedder

    return TruthEmbedder(_film_truth(film))


_DETECTORS: dict[str, Callable[[Path | None], Detector]] = {
    "yunet": _yunet,
    "dlib_hog": _dlib_hog,
    "insightface": _pack_detector,
    "truth": _truth_detector,
}
_EMBEDDERS: dict[str, Callable[[Path | None], Embedder]] = {
    "sface": _sface,
    "mobilefacenet": _mobilefacenet,
    "dlib_resnet": _dlib_resnet,
    "insightface": _pack_embedder,
    "truth": _truth_embedder,
}
