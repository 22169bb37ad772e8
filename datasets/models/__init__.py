from .clips import Clip, ClipState, ClipSubject, Origin, Pair, PublishedLabel
from .people import Person, Reference
from .releases import Release, ReleaseState

__all__ = [
    "Clip",
    "ClipState",
    "ClipSubject",
    "Origin",
    "Pair",
    "Person",
    "PublishedLabel",
    "Reference",
    "Release",
    "ReleaseState",
]
