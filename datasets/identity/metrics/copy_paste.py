"""Whether a face is a copy of one reference picture rather than the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.identity.metrics.samples import PersonSamples
from datasets.identity.references import Person

SAME_PICTURE = 0.85
LEANS = 0.15
"""M_CP from which on a face leans to one picture more than in most calm films (docs/experiments/identity.md)."""


@dataclass(frozen=True)
class CopyPaste:
    """How far a face copies a reference.

    Attributes:
        leaning: Towards one reference instead of the person, -1 to 1; NaN with one reference.
        picture: Correlation of the face's grey picture with the nearest reference's, -1 to 1.
        share: Of the good samples, those with a correlation of 0.85 and more: pose, expression and light are the
            reference's too.
        reference: The name of the reference that is copied most.
    """

    leaning: float
    picture: float
    share: float
    reference: str

    @property
    def is_suspected(self) -> bool:
        """Most of the clip shows one reference's picture, and the face leans to it: a hint, no verdict.

        Either alone fires on calm, frontal clips, which look like a frontal reference. With one reference it cannot be
        told, since `leaning` is unknown: False.
        """
        return self.share > 0.5 and self.leaning > LEANS


def copy_paste(samples: PersonSamples, person: Person) -> CopyPaste:
    """Return whether the person's face copies a reference, pose and light included.

    Formula: `leaning` is M_CP = (theta_gt - theta_gr) / max(theta_tr, eps) of WithAnyone (arXiv 2510.14975), with
    angles between embeddings: g the face, r the reference, t the ground truth. A clip has no true picture of each
    moment, so t is the mean of the person's other references; the median over good samples, for the reference that
    leans most. Positive: the face is nearer to this one picture than to the person. `picture` and `share` add what
    an embedding is made to ignore, as correlation of the aligned grey faces (own choice); mirrored ones count.
    """
    good = samples.good
    if not len(samples.embeddings):
        return CopyPaste(float("nan"), float("nan"), float("nan"), "")
    references = person.references
    shown = np.stack([_flat(reference.thumb[None])[0] for reference in references])
    mirrored = np.stack([_flat(reference.thumb[None, :, ::-1])[0] for reference in references])
    pictures = _flat(samples.thumbs[good])
    alike = np.maximum(pictures @ shown.T, pictures @ mirrored.T)
    best = int(np.median(alike, axis=0).argmax())
    return CopyPaste(
        leaning=_leaning(samples.embeddings[good], person.embeddings),
        picture=float(np.median(alike.max(axis=1))),
        share=float((alike.max(axis=1) >= SAME_PICTURE).mean()),
        reference=references[best].name,
    )


def m_cp(
    face: NDArray[np.float32], truth: NDArray[np.float32], reference: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return WithAnyone's M_CP of faces (N, D) against one truth and one reference (D,): (N,), -1 to 1."""
    truth_angle, reference_angle = _angle(face, truth[None]), _angle(face, reference[None])
    between = _angle(truth[None], reference[None])[0]
    return (truth_angle - reference_angle) / np.maximum(between, np.float32(1e-6))


def _leaning(faces: NDArray[np.float32], references: NDArray[np.float32]) -> float:
    if len(references) < 2:
        return float("nan")
    leanings = []
    for i in range(len(references)):
        others = np.delete(references, i, axis=0).mean(axis=0)
        leanings.append(float(np.median(m_cp(faces, others, references[i]))))
    return max(leanings)


def _angle(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.arccos(np.clip((a * b).sum(axis=1) / np.maximum(lengths, 1e-9), -1, 1))


def _flat(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the faces of pictures (N, side, side) as rows of mean 0 and length 1: products are correlations."""
    rows = pictures[:, _face(pictures.shape[1])].astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _face(side: int) -> NDArray[np.bool_]:
    """Return where the face lies in an aligned picture, (side, side): what is behind it is no part of a copy."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    return np.asarray(((x - 0.5) / 0.33) ** 2 + ((y - 0.60) / 0.42) ** 2 <= 1)
