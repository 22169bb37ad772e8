"""Small films of drawn faces with exact landmarks, so that recipes run without a face model."""

from __future__ import annotations

import cv2
import numpy as np

from datasets.identity.backends.align import TEMPLATE
from distortions.synthesis.recipe import Material
from distortions.synthesis.scene import Scene, Subject

WIDTH, HEIGHT, FPS = 240, 136, 24
EYES = 26.0


def face_points(centre: tuple[float, float], eyes: float = EYES) -> np.ndarray:
    """Return five landmarks of a frontal face round a centre."""
    scale = eyes / float(np.hypot(*(TEMPLATE[1] - TEMPLATE[0])))
    return ((TEMPLATE - TEMPLATE.mean(axis=0)) * scale + np.array(centre)).astype(np.float32)


def film(frames: int, people: int = 2, *, seed: int = 0) -> tuple[np.ndarray, Scene]:
    """Return frames (T, H, W, 3) of faces that sway before a wall, and who is where; the first looks away once."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.integers(40, 120, (17, 30, 3)).astype(np.uint8), (WIDTH, HEIGHT))
    out = np.repeat(wall[None], frames, axis=0)
    subjects = []
    for person in range(people):
        x = WIDTH * (person + 1) / (people + 1)
        points = np.stack(
            [
                face_points((x + 4 * np.sin(0.2 * t + person), HEIGHT / 2 + 2 * np.cos(0.15 * t)))
                for t in range(frames)
            ]
            or [np.zeros((5, 2), np.float32)]
        )[:frames]
        if person == 0 and frames > 8:  # looks away for a moment
            points[frames // 3 : frames // 3 + 3, 2, 0] += 0.35 * EYES
        for t in range(frames):
            draw_face(out[t], points[t], person)
        ones = np.ones(frames, np.float32)
        subjects.append(Subject(f"person {person}", points, ones, ones))
    return out, Scene(frames, FPS, (WIDTH, HEIGHT), tuple(subjects))


def draw_face(frame: np.ndarray, points: np.ndarray, person: int) -> None:
    """Draw skin, eyes, brows, nose and mouth at five landmarks; each person's differ."""
    skin = ((214, 170, 140), (150, 105, 80), (232, 190, 165))[person % 3]
    eyes = float(np.hypot(*(points[1] - points[0])))
    centre = points.mean(axis=0)

    def blob(at: np.ndarray, size: tuple[float, float], colour: tuple[int, int, int]) -> None:
        axes = (max(1, round(size[0] * eyes)), max(1, round(size[1] * eyes)))
        cv2.ellipse(frame, tuple(np.rint(at).astype(int).tolist()), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    blob(centre, (1.05, 1.45), skin)
    for eye in points[:2]:
        blob(eye, (0.22, 0.11), (245, 245, 245))
        blob(eye, (0.09, 0.09), (40 + 30 * person, 50, 60))
        blob(eye - (0, 0.28 * eyes), (0.28, 0.05 + 0.02 * person), (70, 45, 35))
    blob(
        points[2],
        (0.12 + 0.05 * person, 0.09),
        (int(skin[0] * 0.85), int(skin[1] * 0.85), int(skin[2] * 0.85)),
    )
    blob((points[3] + points[4]) / 2, (0.38, 0.08 + 0.04 * person), (165, 70, 75))


def material(scene: Scene) -> Material:
    """Return what the recipes take: the scene, no donors but its own people."""
    return Material(scene)
