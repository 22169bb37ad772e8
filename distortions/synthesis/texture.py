"""A donor's skin and features in the target's light: what is left of a donor is detail, not shading or colour cast."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import Image
from distortions.synthesis.masks import Mask, around

_SHADING = 0.16  # sigma, share of the side: slower than this is light, faster is face
_CHROMA = 0.015
_CONTRAST = (0.8, 1.25)
_BLURS = (0.0, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0, 2.5)


def relit(donor: Image, target: Image, mask: Mask) -> Image:
    """Return a donor's face, already where the target's features are, in the target's light, colour and sharpness.

    Args:
        donor, target: Canonical crops (side, side, 3), 0 to 255.
        mask: Where the face is; what lies outside does not bleed in.
    """
    side = mask.shape[0]
    weight = np.maximum(mask, 1e-3)
    donor = _no_sharper(donor, target, mask)
    theirs, ours = _lab(donor), _lab(target)
    slow_theirs, slow_ours = _slow(theirs, weight, _SHADING * side), _slow(ours, weight, _SHADING * side)
    detail = theirs - slow_theirs
    detail[..., 1:] = cv2.GaussianBlur(detail[..., 1:], (0, 0), _CHROMA * side)
    detail[..., :1] *= np.clip(slow_ours[..., :1] / np.maximum(slow_theirs[..., :1], 1), *_CONTRAST)
    rgb = cv2.cvtColor(slow_ours + detail, cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(rgb, 0, 1) * 255, np.float32)


def openings(side: int, keep: float) -> Mask:
    """Return a factor that keeps a share of the target's own eyes and mouth openings: they move, the donor's do not."""
    inside = np.maximum(around(side, "eyes", (0.24, 0.13), 0.06), around(side, "mouth", (0.44, 0.17), 0.08))
    return np.asarray(1 - keep * inside, np.float32)


def softened(change: Image, sigma: float) -> Image:
    """Return a change blurred by `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(change, (0, 0), sigma), np.float32) if sigma > 0.2 else change


def sharpness(crop: Image, mask: Mask) -> float:
    """Return the spread of the Laplacian over a face."""
    grey = crop.mean(axis=2)
    laplacian = cv2.Laplacian(grey, cv2.CV_32F)
    weight = mask / max(float(mask.sum()), 1e-6)
    return float(np.sqrt((laplacian**2 * weight).sum()))


def _no_sharper(donor: Image, target: Image, mask: Mask) -> Image:
    limit = sharpness(target, mask)
    for sigma in _BLURS:
        blurred = softened(donor, sigma)
        if sharpness(blurred, mask) <= limit:
            break
    return blurred


def _lab(rgb: Image) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(np.clip(rgb, 0, 255) / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)


def _slow(image: NDArray[np.float32], weight: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return an image blurred within a mask, at a quarter of its resolution."""
    side = image.shape[0]
    small = (side // 4, side // 4)
    packed = cv2.resize(
        np.concatenate([image * weight[..., None], weight[..., None]], axis=2),
        small,
        interpolation=cv2.INTER_AREA,
    )
    packed = cv2.GaussianBlur(packed, (0, 0), sigma / 4)
    slow = packed[..., :3] / np.maximum(packed[..., 3:], 1e-4)
    return np.asarray(cv2.resize(slow, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
