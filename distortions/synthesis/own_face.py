"""A person's own face from another frame, blended in: seams and softness without a change of identity."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import add_difference, cut_out
from distortions.synthesis.flow import flow_picture, followed, sampled
from distortions.synthesis.masks import face_oval, smoothstep
from distortions.synthesis.recipe import Frame, Frames
from distortions.synthesis.scene import Subject
from distortions.synthesis.texture import relit, softened
from distortions.synthesis.visibility import Visibility

_POSE = (0.10, 0.22)  # difference in yaw from which less, and nothing, is blended


@dataclass(frozen=True, eq=False)
class OwnFace:
    """Blends a subject's face of frame `sources[index]` into frame `index`.

    Attributes:
        frames: The clip.
        subject: Whose face.
        visible: Of that face.
        sources: (T,) int, frame numbers.
        follow: Whether features are moved to where they are in the frame (the frame's own expression stays).
        soft: Blur of the change, pixels of a square of 192.
    """

    frames: Frames
    subject: Subject
    visible: Visibility
    sources: NDArray[np.intp]
    follow: bool
    soft: float

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        subject, source = self.subject, int(self.sources[index])
        side = subject.side
        here = cut_out(frame, subject.matrix(index), side)
        there = cut_out(self.frames[source], subject.matrix(source), side)
        if self.follow:
            there = sampled(there, followed(flow_picture(there), flow_picture(here), side))
        oval = face_oval(side, float(subject.yaw[index]))
        seen = np.minimum(self.visible[index], self.visible[source])
        mask = oval * cv2.resize(seen, (side, side)) * np.float32(strength)
        change = softened((relit(there, here, oval) - here) * mask[..., None], self.soft * side / 192)
        add_difference(out, change, subject.matrix(index))


def own_reach(subject: Subject, sources: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return (T,) how much can be blended: nothing where either face is not seen, or they are turned differently."""
    gap = np.abs(subject.yaw - subject.yaw[sources])
    like = smoothstep((_POSE[1] - gap) / (_POSE[1] - _POSE[0]))
    return (like * np.minimum(subject.seen, subject.seen[sources])).astype(np.float32)


def shifted(count: int, offset: int) -> NDArray[np.intp]:
    """Return for each of `count` frames the one `offset` later, or earlier where the clip ends."""
    places = np.arange(count)
    later = places + offset
    return np.clip(np.where(later < count, later, places - offset), 0, max(count - 1, 0)).astype(np.intp)
