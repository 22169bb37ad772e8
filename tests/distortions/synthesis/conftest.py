"""A short clip of the procedural cast, analysed by real face models where there are any."""

from __future__ import annotations

from fractions import Fraction

import pytest

from datasets.cast import draw_clip, film
from datasets.identity.cache import analyse_cached
from datasets.media.read import read_frames
from distortions.synthesis.procedural import procedural_read
from distortions.synthesis.recipe import Material
from distortions.synthesis.scene import scene_of
from tests.datasets.identity.conftest import real_backend, shared_models

__all__ = ["cast_clip", "cast_material", "real_backend", "shared_models"]


@pytest.fixture(scope="session")
def cast_clip(tmp_path_factory):
    """Return two seconds of two people of the cast."""
    folder = tmp_path_factory.mktemp("cast")
    clip = draw_clip(8, 2, frames=40, fps=Fraction(20), size=(384, 216), events=())
    return film(clip, folder / "cast.mp4").clip


@pytest.fixture(scope="session")
def cast_material(cast_clip, real_backend, tmp_path_factory):
    """Return the clip's frames and its material, as YuNet and MobileFaceNet see it."""
    analysis = analyse_cached(cast_clip, real_backend, tmp_path_factory.mktemp("tracks"))
    frames = read_frames(cast_clip)
    return frames, Material(scene_of(analysis), (), real_backend.space, procedural_read(cast_clip))
