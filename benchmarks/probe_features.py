"""What the probes see of one side of a pair: never a face, but for the identity probe, which sees nothing else."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import EYES, cut_out
from distortions.synthesis.masks import face_oval, warp_window
from distortions.synthesis.recipe import Frames
from distortions.synthesis.scene import Scene

Features = NDArray[np.float64]  # (N,)
_BLOCK = 8  # of the transform, pixels
_SPARSE = 7  # of the pixels are seen one in this many: their light and movement are the same
_MARGIN = 1.25  # of the canonical square, for what the encoder spreads round it


def encoder_features(film: Path, decoded: Frames) -> Features:
    """Return what the encoder did: sizes of the file and its packets, and how coarsely the picture was coded.

    Args:
        film: The encoded side.
        decoded: Its frames, (T, H, W, 3) uint8; of them the coarseness alone is seen: steps between blocks, and blocks
            that were taken over from the frame before.
    """
    with av.open(str(film)) as container:
        packets = [(p.size, p.is_keyframe) for p in container.demux(video=0) if p.size]
    sizes = np.log([size for size, _ in packets])
    keys = np.array([key for _, key in packets])
    others = sizes[~keys] if (~keys).any() else sizes
    half = len(others) // 2
    grey = decoded[::2, :, :, 1].astype(np.float32)
    return np.array(
        [
            np.log(film.stat().st_size), np.log(sum(size for size, _ in packets)), sizes[keys].mean(),
            others.mean(), others.std(), others.max(), others.min(), *np.percentile(others, [25, 50, 75]),
            sizes[keys].mean() - others.mean(), others[half:].mean() - others[:half].mean(),
            np.abs(np.diff(others)).mean(), _blockiness(grey), _taken_over(decoded),
        ]
    )  # fmt: skip


def border_features(decoded: Frames, scene: Scene) -> Features:
    """Return the residual detail along the masks' edges against that just inside and outside, over all people."""
    found = []
    for subject in scene.subjects:
        side = subject.side
        for index in np.flatnonzero(subject.seen > 0.5)[::3].tolist():
            crop = cut_out(decoded[index], subject.matrix(index), side).mean(axis=2)
            fine = np.abs(crop - cv2.GaussianBlur(crop, (0, 0), 1.0))
            coarse = np.hypot(
                cv2.Sobel(crop, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(crop, cv2.CV_32F, 0, 1, ksize=3)
            )
            rings = [
                ring
                for mask in (face_oval(side, float(subject.yaw[index])), warp_window(side))
                for ring in _rings(mask)
            ]
            levels = [[np.log(energy[ring].mean() + 0.05) for ring in rings] for energy in (fine, coarse)]
            found.append(
                [v for row in levels for v in (*row, row[1] - row[0], row[1] - row[2], row[4] - row[3])]
            )
    values = np.array(found)
    return np.concatenate([values.mean(axis=0), values.std(axis=0)])


def _rings(mask: NDArray[np.float32]) -> tuple[NDArray[np.bool_], ...]:
    """Return just inside a mask's edge, on it and just outside."""
    wide = cv2.dilate((mask > 0.02).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    inner = cv2.erode((mask > 0.98).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return (mask > 0.98) & ~inner, (mask > 0.08) & (mask < 0.92), wide & (mask <= 0.02)


def blackened(decoded: Frames, scene: Scene) -> Frames:
    """Return the frames with every face's whole square black, and somewhat more."""
    out = decoded.copy()
    for subject in scene.subjects:
        half = _MARGIN * 0.5 / EYES
        for index in np.flatnonzero(subject.seen > 0).tolist():
            x, y = subject.points[index].mean(axis=0)
            reach = half * float(subject.eye_distances[index])
            x0, y0 = (max(0, round(float(v - reach))) for v in (x, y))
            out[index, y0 : max(0, round(float(y + reach))), x0 : max(0, round(float(x + reach)))] = 0
    return out


def surroundings_features(decoded: Frames, scene: Scene) -> Features:
    """Return what frames with the faces blacked out show: light, colour, detail, noise, movement, blocks."""
    black = blackened(decoded, scene)
    shown = _of_any_colour(black != 0)
    pixels = black.reshape(-1, 3)[::_SPARSE][shown.reshape(-1)[::_SPARSE]].astype(np.float32)
    grey = cv2.cvtColor(black.reshape(-1, black.shape[2], 3), cv2.COLOR_RGB2GRAY)
    grey = grey.reshape(black.shape[:3]).astype(np.float32)
    free = shown[1:] & shown[:-1]
    moved = np.abs(np.diff(grey, axis=0).reshape(-1)[::_SPARSE][free.reshape(-1)[::_SPARSE]])
    detail, noise = [], []
    for picture, mask in zip(grey[::3], shown[::3], strict=True):
        inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        laplacian = np.abs(cv2.Laplacian(picture, cv2.CV_32F))[inside]
        detail.append(laplacian.mean())
        noise.append(np.median(laplacian))
    return np.array(
        [
            *pixels.mean(axis=0), *pixels.std(axis=0), *np.percentile(pixels.mean(axis=1), [5, 25, 50, 75, 95]),
            np.log(np.mean(detail) + 0.1), np.std(detail), np.log(np.mean(noise) + 0.1),
            np.log(moved.mean() + 0.01), np.log(np.median(moved) + 0.05), (moved < 1).mean(),
            _blockiness(np.where(shown, grey, 0)), *np.histogram(pixels, 8, (0, 256), density=True)[0] * 256,
        ]
    )  # fmt: skip


def _of_any_colour(found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `found.any(axis=3)` of (T, H, W, 3), ten times as fast."""
    return found[..., 0] | found[..., 1] | found[..., 2]


def _blockiness(grey: NDArray[np.floating]) -> float:
    """Return how much larger steps between blocks are than within them, as a logarithm."""
    steps = np.abs(np.diff(grey, axis=2)).mean(axis=(0, 1))
    edges = np.arange(len(steps)) % _BLOCK == _BLOCK - 1
    return float(np.log((steps[edges].mean() + 0.01) / (steps[~edges].mean() + 0.01)))


def _taken_over(decoded: Frames) -> float:
    """Return the share of blocks of 16 pixels that are the frame before's to the byte."""
    count, height, width = decoded.shape[:3]
    same = ~_of_any_colour(decoded[1:] != decoded[:-1])[:, : height // 16 * 16, : width // 16 * 16]
    return float(same.reshape(count - 1, height // 16, 16, width // 16, 16).all(axis=(2, 4)).mean())
