"""A short clip of the procedural cast, analysed by real face models where there are any."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

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
def cast_clip(once):
    """Return two seconds of two people of the cast."""
    clip = draw_clip(8, 2, frames=40, fps=Fraction(20), size=(384, 216), events=())
    return once("two-people-for-recipes", lambda folder: film(clip, folder / "cast.mp4")) / "cast.mp4"


@pytest.fixture(scope="session")
def cast_material(cast_clip, real_backend, once):
    """Return the clip's frames and its material, as YuNet and MobileFaceNet see it."""
    find = partial(analyse_cached, cast_clip, real_backend)
    analysis = find(once("tracks-for-recipes", find))
    frames = read_frames(cast_clip)
    return frames, Material(scene_of(analysis), (), real_backend.space, procedural_read(cast_clip))
