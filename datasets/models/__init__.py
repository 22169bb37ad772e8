from .clips import Clip, ClipState, ClipSubject, Origin, Pair, PublishedLabel
from .known import CastTruth, ClipTruth, KnownAnswer
from .people import Person, Reference
from .releases import Release, ReleaseState
from .scores import PairScore, Scorer
from .tracks import (
    AnalysisState,
    ClipAnalysis,
    FaceTrack,
    IdentityTrack,
    ReferenceFace,
    Resemblance,
    TrackCorrection,
)

__all__ = [
    "AnalysisState",
    "CastTruth",
    "Clip",
    "ClipAnalysis",
    "ClipState",
    "ClipSubject",
    "ClipTruth",
    "FaceTrack",
    "IdentityTrack",
    "KnownAnswer",
    "Origin",
    "Pair",
    "PairScore",
    "Person",
    "PublishedLabel",
    "Reference",
    "ReferenceFace",
    "Release",
    "ReleaseState",
    "Resemblance",
    "Scorer",
    "TrackCorrection",
]
