"""What a person should know about an analysis, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import yaw_proxy
from datasets.identity.quality import GOOD
from datasets.identity.tracks import Analysis, Note

SMALL_EYES = 10.0
PROFILE = 0.55
CROWD = 12
DARK = 12
_BIG_SHARE = 0.9


def analysis_notes(analysis: Analysis, tones: Sequence[NDArray[np.uint8]]) -> Analysis:
    """Return the analysis with its notes.

    Args:
        analysis: What was found.
        tones: Small grey pictures of some frames.
    """
    notes = [
        *_about_pictures(analysis, tones),
        *_about_presence(analysis),
        *_about_usability(analysis),
    ]
    return replace(analysis, notes=tuple(notes))


def _about_pictures(analysis: Analysis, tones: Sequence[NDArray[np.uint8]]) -> list[Note]:
    notes = []
    dark = float(np.mean([np.percentile(tone, 99) < DARK for tone in tones])) if tones else 0.0
    if dark > _BIG_SHARE:
        notes.append(Note("black", "The clip is black."))
    elif dark > 0:
        notes.append(Note("dark_frames", f"{dark:.0%} of the clip is black."))
    if analysis.frames == 1:
        notes.append(Note("one_frame", "The clip has one frame: nothing can be said about change over time."))
    if analysis.cuts:
        places = ", ".join(str(cut) for cut in analysis.cuts[:8])
        more = f" and {len(analysis.cuts) - 8} more" if len(analysis.cuts) > 8 else ""
        notes.append(Note("cuts", f"New shots begin at frame {places}{more}."))
    return notes


def _about_presence(analysis: Analysis) -> list[Note]:
    notes = []
    people, stills = analysis.people, len(analysis.tracks) - len(analysis.people)
    if not people:
        notes.append(Note("no_face", "No face was found in this clip."))
    if stills:
        subject = "A small still picture was" if stills == 1 else f"{stills} small still pictures were"
        notes.append(Note("stills", f"{subject} found in the picture and not taken for people."))
    if len(people) >= CROWD:
        notes.append(
            Note(
                "crowd", f"{len(people)} faces were followed: in a crowd, matches to subjects are less sure."
            )
        )
    return notes


def _about_usability(analysis: Analysis) -> list[Note]:
    notes = []
    for track in analysis.people:
        who = f"Face {track.number + 1}"
        if float(np.median(np.abs(yaw_proxy(track.landmarks)))) > PROFILE:
            notes.append(
                Note("profile", f"{who} is seen from the side for most of the time: similarity is unsure.")
            )
        elif not len(track.sample_quality):
            notes.append(Note("too_small", f"{who} is too small or too blurred to say whose it is."))
        elif float(np.median(track.sample_size)) < SMALL_EYES:
            size = float(np.median(track.sample_size))
            notes.append(
                Note("small", f"{who} is small ({size:.0f} pixels between the eyes): similarity is unsure.")
            )
        elif float((track.sample_quality >= GOOD).mean()) < 0.2:
            notes.append(Note("poor", f"{who} is rarely sharp and frontal enough: similarity is unsure."))
    return notes
