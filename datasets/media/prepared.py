"""What is made of one clip, and how its files are named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasets.media.facts import Probe

PLAYBACK_NAME = "clip.mp4"
POSTER_NAME = "poster.jpg"
FILMSTRIP_NAME = "filmstrip.jpg"
NAMES = (PLAYBACK_NAME, POSTER_NAME, FILMSTRIP_NAME)


@dataclass(frozen=True)
class PreparedFiles:
    """What was made of a clip."""

    playback: Path
    poster: Path
    filmstrip: Path


@dataclass(frozen=True)
class Prepared:
    """A clip's facts, its playback copy's facts, and the files made."""

    probe: Probe
    playback: Probe
    files: PreparedFiles
