"""The procedural cast under real detectors and embedders: recall, verification, drift, speed.

    python -m benchmarks.cast --yunet Y.onnx --mobilefacenet M.onnx [recall verify drift speed choose pictures]

dlib's weights come from the wheel face_recognition_models; the two ONNX files are the user's to give. A figure whose
model is missing is left out. Everything is drawn from --seed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast import VIEWS, Clip, draw_clip, draw_identity, draw_reference, film, held, render
from datasets.cast.actor import build_actor
from datasets.cast.chosen import CHOSEN
from datasets.cast.clip import FrameTruth, prepare
from datasets.cast.clothes import draw_clothes
from datasets.cast.compose import paste
from datasets.cast.identity import Identity
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.plates import PLATES, draw_plate
from datasets.cast.pose import Pose
from datasets.cast.render import render_person
from datasets.media.read import read_frames
from datasets.media.write import write_video

Picture = NDArray[np.uint8]
Vector = NDArray[np.float64]
LEAST_FACE, LEAST_VISIBLE = 60, 0.7

# Where MobileFaceNet expects eyes, nose and mouth corners in its 112x112 picture (the usual ArcFace template).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)


# ------------------------------------------------------------------ models


@dataclass(frozen=True)
class Models:
    """Detectors give boxes (N, 4) of a picture; embedders give a vector for a picture, box and landmarks."""

    detectors: dict[str, Callable[[Picture], Vector]]
    embedders: dict[str, Callable[[Picture, Vector, Vector], Vector]]


def load_models(yunet: Path | None, mobilefacenet: Path | None) -> Models:
    """Load what is there."""
    models = Models({}, {})
    if yunet is not None:
        models.detectors["YuNet"] = _yunet(yunet)
    if importlib.util.find_spec("dlib") is not None:
        dlib = importlib.import_module("dlib")
        hog = dlib.get_frontal_face_detector()
        models.detectors["dlib HOG, one upsample"] = lambda picture: np.array(
            [(r.left(), r.top(), r.right(), r.bottom()) for r in hog(picture, 1)], np.float64
        ).reshape(-1, 4)
    if mobilefacenet is not None and importlib.util.find_spec("onnxruntime") is not None:
        models.embedders["MobileFaceNet"] = _mobilefacenet(mobilefacenet)
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is not None and spec.submodule_search_locations and importlib.util.find_spec("dlib") is not None:
        models.embedders["dlib"] = _dlib(Path(next(iter(spec.submodule_search_locations))) / "models")
    return models


def _yunet(path: Path) -> Callable[[Picture], Vector]:
    detector = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.7)

    def detect(picture: Picture) -> Vector:
        detector.setInputSize((picture.shape[1], picture.shape[0]))
        _, found = detector.detect(np.ascontiguousarray(picture[..., ::-1]))
        found = np.zeros((0, 15)) if found is None else np.asarray(found)  # type: ignore[redundant-expr]
        return np.column_stack(
            [found[:, 0], found[:, 1], found[:, 0] + found[:, 2], found[:, 1] + found[:, 3]]
        )

    return detect


def _mobilefacenet(path: Path) -> Callable[[Picture, Vector, Vector], Vector]:
    onnxruntime: Any = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def embed(picture: Picture, box: Vector, marks: Vector) -> Vector:
        matrix, _ = cv2.estimateAffinePartial2D(marks.astype(np.float32), TEMPLATE, method=cv2.LMEDS)
        face = np.asarray(
            cv2.warpAffine(picture, np.asarray(matrix), (112, 112), flags=cv2.INTER_AREA), np.float32
        )
        out = session.run(None, {name: ((face - 127.5) / 127.5).transpose(2, 0, 1)[None]})[0][0]
        return np.asarray(out / np.linalg.norm(out), np.float64)

    return embed


def _dlib(folder: Path) -> Callable[[Picture, Vector, Vector], Vector]:
    dlib: Any = importlib.import_module("dlib")
    shape = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
    net = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def embed(picture: Picture, box: Vector, marks: Vector) -> Vector:
        # dlib's boxes run from the brows to the chin and are square.
        x, y = (box[0] + box[2]) / 2, 0.40 * box[1] + 0.60 * box[3]
        half = 0.54 * max(box[2] - box[0], 0.8 * (box[3] - box[1]))
        place = dlib.rectangle(*(round(v) for v in (x - half, y - half, x + half, y + half)))
        return np.asarray(net.compute_face_descriptor(picture, shape(picture, place)), np.float64)

    return embed


def distance(name: str, a: Vector, b: Vector) -> Vector:
    """Return an embedder's own distance: 1 - cosine for MobileFaceNet, Euclidean for dlib."""
    return np.linalg.norm(a - b, axis=-1) if name == "dlib" else 1 - np.sum(a * b, axis=-1)


# ------------------------------------------------------------------ recall


def recall(models: Models, *, clips: int, seed: int, folder: Path) -> None:
    """Print which share of the visible faces each detector finds in H.264 film, and false detections."""
    found: dict[str, list[bool]] = {name: [] for name in models.detectors}
    extra = dict.fromkeys(models.detectors, 0)
    turned: list[float] = []
    pictures = 0
    for k in range(clips):
        clip = draw_clip(seed + k, 2 + k % 3, frames=72)
        frames, truths = _filmed(clip, folder / "recall.mp4")
        for frame in range(0, clip.frames, 6):
            pictures += 1
            picture, truth = np.ascontiguousarray(frames[frame]), truths[frame]
            seen = [
                (face.box, abs(float(pose[0])))
                for face, pose in zip(truth.faces, truth.pose, strict=True)
                if face.visible >= LEAST_VISIBLE and face.box[3] - face.box[1] >= LEAST_FACE
            ]
            turned.extend(yaw for _, yaw in seen)
            for name, detect in models.detectors.items():
                boxes = detect(picture)
                found[name].extend(any(_on(box, face) for box in boxes) for face, _ in seen)
                extra[name] += sum(not any(_on(box, face.box) for face in truth.faces) for box in boxes)
    print(f"\nRecall in H.264 film: {clips} clips of 2 to 4 people, {pictures} frames\n")
    print(
        "| detector | turned by | visible faces | found | recall | false detections |\n|---|---|---|---|---|---|"
    )
    for name, hits in found.items():
        for what, least, most in (("at most 35°", 0, 35), ("35° to 60°", 35, 60), ("up to 60°", 0, 60)):
            band = [hit for hit, yaw in zip(hits, turned, strict=True) if least <= np.degrees(yaw) < most]
            share = f"{100 * np.mean(band):.1f} %" if band else "-"
            print(f"| {name} | {what} | {len(band)} | {sum(band)} | {share} | {extra[name]} |")


def _filmed(clip: Clip, path: Path) -> tuple[Picture, list[FrameTruth]]:
    drawn = list(render(clip, workers=min(2, os.cpu_count() or 1)))
    write_video((picture for picture, _ in drawn), path, fps=clip.fps)
    return read_frames(path), [truth for _, truth in drawn]


def _on(box: Vector, face: NDArray[np.float32]) -> bool:
    """Return whether a detection lies on a face: they share 30 % of their union."""
    if not np.isfinite(face).all():
        return False
    width = min(box[2], face[2]) - max(box[0], face[0])
    height = min(box[3], face[3]) - max(box[1], face[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = (box[2] - box[0]) * (box[3] - box[1]) + (face[2] - face[0]) * (face[3] - face[1])
    return bool(shared / (areas - shared) > 0.3)


# ------------------------------------------------------------------ stills


@dataclass(frozen=True)
class Still:
    picture: Picture
    box: Vector
    marks: Vector


def draw_still(who: Identity, rng: np.random.Generator, *, hard: bool) -> Still:
    """Draw a face; hard: yaw sd 15 (at most 35), pitch sd 6 (15) and roll sd 5 degrees, any smile, mouth and blink,
    light from -70 to 70 degrees, 60 to 160 pixels high, blurred up to 1 and noisy up to 5, 12 % partly covered."""
    pose, expression, light, tall = Pose(), Expression(smile=0.1), Light(), 150.0
    if hard:
        yaw, pitch = np.clip(rng.normal(0, 15), -35, 35), np.clip(rng.normal(0, 6), -15, 15)
        pose = Pose(*np.radians([yaw, pitch, rng.normal(0, 5)]).tolist())
        expression = Expression(
            blink=float(rng.random() < 0.1) * rng.random(),
            smile=rng.uniform(-0.3, 1.0),
            opened=float(rng.random() < 0.4) * rng.random(),
        )
        light = Light(np.radians(rng.uniform(-70, 70)), rng.uniform(0.3, 0.8))
        tall = rng.uniform(60, 160)
    unit = tall / 1.6
    side = round(4 * unit)
    plate = draw_plate(str(rng.choice(list(PLATES))), rng, (side, side))
    picture = np.ascontiguousarray(plate.picture[:side, :side])
    actor = build_actor(who, unit, draw_clothes(rng))
    shot = render_person(actor, pose, expression, light, (side / 2, 0.45 * side), unit, (side, side))
    paste(picture, shot.tile)
    mask = shot.tile.flagged >= 128
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.array([cols[0], rows[0], cols[-1], rows[-1]], np.float64) + [shot.tile.x, shot.tile.y] * 2
    if hard:
        if rng.random() < 0.12:
            x, y = rng.uniform(box[0], box[2]), rng.uniform(box[1] + 0.5 * (box[3] - box[1]), box[3])
            cv2.circle(
                picture, (round(x), round(y)), round(0.35 * unit), rng.integers(20, 200, 3).tolist(), -1
            )
        blur = rng.uniform(0.2, 1.0)
        noisy = cv2.GaussianBlur(picture, (0, 0), blur) + rng.normal(0, rng.uniform(0, 5), picture.shape)
        picture = np.clip(noisy, 0, 255).astype(np.uint8)
    return Still(picture, box, shot.landmarks.astype(np.float64))


def equal_error(name: str, vectors: Vector) -> tuple[float, float, float]:
    """Return mean distance within and between people, and the equal error rate, of vectors (people, draws, D)."""
    people, draws, _ = vectors.shape
    flat = vectors.reshape(people * draws, -1)
    i, j = np.triu_indices(people * draws, 1)
    apart = distance(name, flat[i], flat[j])
    same = (i // draws) == (j // draws)
    own, others = np.sort(apart[same]), np.sort(apart[~same])
    steps = np.linspace(own.min(), others.max(), 4001)
    missed = 1 - np.searchsorted(own, steps, side="right") / len(own)
    passed = np.searchsorted(others, steps, side="right") / len(others)
    at = int(np.argmin(np.abs(missed - passed)))
    return float(own.mean()), float(others.mean()), float((missed[at] + passed[at]) / 2)


def verify(models: Models, *, seed: int, people: int, draws: int, folder: Path) -> None:
    """Print error rates of verification: random and chosen people under hard draws, chosen people in film."""
    print("\nVerification, equal error over all pairs of pictures\n")
    print("| people | pictures | embedder | within | between | equal error |\n|---|---|---|---|---|---|")
    seeds = [seed * 1000 + k for k in range(people)]
    for what, group, each in (("random", seeds, draws), ("chosen", list(CHOSEN), draws)):
        stills = [
            [
                draw_still(draw_identity(who), np.random.default_rng([seed, who, d]), hard=True)
                for d in range(each)
            ]
            for who in group
        ]
        for name, embed in models.embedders.items():
            vectors = np.stack([[embed(s.picture, s.box, s.marks) for s in row] for row in stills])
            _print_error(f"{len(group)} {what}", f"{each} hard draws each", name, vectors)
    film = _film_faces(seed, folder)
    for name, embed in models.embedders.items():
        vectors = np.stack([[embed(s.picture, s.box, s.marks) for s in row] for row in film])
        _print_error(
            f"{len(CHOSEN)} chosen", f"{vectors.shape[1]} each from H.264 film of two", name, vectors
        )


def _print_error(people: str, pictures: str, name: str, vectors: Vector) -> None:
    own, others, error = equal_error(name, vectors)
    print(f"| {people} | {pictures} | {name} | {own:.3f} | {others:.3f} | {100 * error:.2f} % |", flush=True)


def _film_faces(seed: int, folder: Path) -> list[list[Still]]:
    """Return faces of the chosen cast from clips of two, well visible and not turned far."""
    rows: dict[int, list[Still]] = {k: [] for k in range(len(CHOSEN))}
    for first in range(0, len(CHOSEN), 2):
        pair = (first, first + 1)
        clip = Clip(
            seed=seed + 97 * first,
            courses=tuple(held(draw_identity(CHOSEN[k])) for k in pair),
            frames=120,
        )
        frames, truths = _filmed(clip, folder / "verify.mp4")
        for frame in range(0, clip.frames, 8):
            for k, face, pose in zip(pair, truths[frame].faces, truths[frame].pose, strict=True):
                if (
                    face.visible > 0.85
                    and abs(pose[0]) < np.radians(40)
                    and face.box[3] - face.box[1] >= LEAST_FACE
                ):
                    picture = np.ascontiguousarray(frames[frame])
                    rows[k].append(Still(picture, face.box.astype(float), face.landmarks.astype(float)))
    least = min(len(row) for row in rows.values())
    return [[row[round(i)] for i in np.linspace(0, len(row) - 1, least)] for row in rows.values()]


# ------------------------------------------------------------------ drift


def drift(models: Models, *, seed: int, pairs: int) -> None:
    """Print how distance from the start follows the share of the way to somebody else."""
    from scipy.stats import spearmanr

    shares = np.linspace(0, 1, 11)
    print(f"\nDrift of the identity vector, {pairs} pairs, {len(shares)} steps\n")
    print("| embedder | pictures | Spearman, mean | worst | distance at 0, .1, … 1 |\n|---|---|---|---|---|")
    for hard in (False, True):
        values: dict[str, list[float]] = {name: [] for name in models.embedders}
        curves: dict[str, list[Vector]] = {name: [] for name in models.embedders}
        for k in range(pairs):
            a, b = draw_identity(seed * 1000 + 2 * k), draw_identity(seed * 1000 + 2 * k + 1)
            stills = [
                draw_still(
                    a.toward(b, float(s)), np.random.default_rng([seed, k, i if hard else 0]), hard=hard
                )
                for i, s in enumerate(shares)
            ]
            for name, embed in models.embedders.items():
                vectors = np.stack([embed(s.picture, s.box, s.marks) for s in stills])
                curve = distance(name, vectors, vectors[0])
                curves[name].append(curve)
                values[name].append(float(spearmanr(shares, curve).statistic))
        for name, all_values in values.items():
            mean = " ".join(f"{v:.2f}".lstrip("0") for v in np.mean(curves[name], axis=0))
            what = "hard draws" if hard else "neutral"
            print(
                f"| {name} | {what} | {np.mean(all_values):.3f} | {min(all_values):.3f} | {mean} |",
                flush=True,
            )


# ------------------------------------------------------------------ speed, choice


def speed(seed: int, folder: Path) -> None:
    """Print what a clip costs."""
    clip = draw_clip(seed, 2, frames=120, fps=Fraction(24), events=())
    before, start = _cpu(), time.perf_counter()
    film(clip, folder / "speed.mp4", workers=min(2, os.cpu_count() or 1))
    wall, cpu = time.perf_counter() - start, _cpu() - before
    load = os.getloadavg()[0]
    print("\n5 s of 640x360, two people, 24 frames a second, with encoding and truth\n")
    print("| processes | wall | CPU | load of the machine |\n|---|---|---|---|")
    print(f"| 2 | {wall:.1f} s | {cpu:.1f} s | {load:.1f} |")
    cv2.setNumThreads(1)
    actor = build_actor(draw_identity(2), 70, draw_clothes(np.random.default_rng(1)))
    times = []
    for _ in range(30):
        start = time.process_time()
        render_person(actor, Pose(0.2), Expression(), Light(), (240, 180), 70, (640, 360))
        times.append(1000 * (time.process_time() - start))
    middle, best = np.median(times), min(times)
    print(
        f"\nOne person, shoulders included, 70 pixels a unit: {middle:.0f} ms of CPU (median of 30; best {best:.0f})."
    )


def _cpu() -> float:
    return sum(
        u.ru_utime + u.ru_stime
        for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def choose(models: Models, *, seed: int, draws: int, people: int = 90, keep: int = 12) -> None:
    """Print a cast that is easy to tell apart for every embedder, from hard draws of their own.

    The loss of a cast is a soft error rate: how many pictures of one person lie beyond a threshold, and how many of two
    people within it, each counted by a logistic curve, for the embedder that does worst. It starts from the farthest
    points, and single people are exchanged as long as that helps.
    """
    seeds = [seed * 1000 + k for k in range(people)]
    stills = [
        draw_still(draw_identity(who), np.random.default_rng([seed, who, 50 + d]), hard=True)
        for who in seeds
        for d in range(draws)
    ]
    total = np.zeros((people, people))
    costs = []
    for name, embed in models.embedders.items():
        vectors = np.stack([embed(s.picture, s.box, s.marks) for s in stills])
        apart = distance(name, vectors[:, None], vectors[None]).reshape(people, draws, people, draws)
        between = apart.mean(axis=(1, 3))
        own = np.diag(between) * draws / (draws - 1)
        total += (between - (own[:, None] + own[None]) / 2) / between[np.triu_indices(people, 1)].mean()
        costs.append(_costs(apart))
    np.fill_diagonal(total, 0)
    picked = [int(np.argmax(total.sum(axis=1)))]
    while len(picked) < keep:
        picked.append(int(np.argmax(total[:, picked].min(axis=1))))
    print("CHOSEN =", tuple(seeds[k] for k in _exchanged(picked, costs, people)))


def _costs(apart: Vector) -> list[tuple[Vector, Vector]]:
    """Return for some thresholds what each person costs (P,), and each pair (P, P), of distances (P, D, P, D)."""
    people, draws = apart.shape[:2]
    own = np.stack([apart[k, :, k][np.triu_indices(draws, 1)] for k in range(people)])
    others = apart.transpose(0, 2, 1, 3)[np.triu_indices(people, 1)]
    soft = 0.15 * (others.mean() - own.mean())
    return [
        (
            (1 / (1 + np.exp((threshold - own) / soft))).mean(axis=1),
            (1 / (1 + np.exp((apart - threshold) / soft))).mean(axis=(1, 3)),
        )
        for threshold in np.linspace(own.mean(), others.mean(), 21)
    ]


def _loss(picked: list[int], costs: list[list[tuple[Vector, Vector]]]) -> float:
    """Return the soft error rate of some people at the best threshold, for the embedder that does worst."""
    upper = np.triu_indices(len(picked), 1)
    return max(
        min(float(own[picked].mean() + pair[np.ix_(picked, picked)][upper].mean()) / 2 for own, pair in steps)
        for steps in costs
    )


def _exchanged(picked: list[int], costs: list[list[tuple[Vector, Vector]]], people: int) -> list[int]:
    best = _loss(picked, costs)
    while True:
        tries = [
            [*picked[:at], other, *picked[at + 1 :]]
            for at in range(len(picked))
            for other in range(people)
            if other not in picked
        ]
        losses = [_loss(each, costs) for each in tries]
        at = int(np.argmin(losses))
        if losses[at] >= best:
            return picked
        best, picked = losses[at], tries[at]


# ------------------------------------------------------------------ pictures


def pictures(seed: int, folder: Path) -> None:
    """Write a contact sheet of people and a strip of film, as JPEG."""
    folder.mkdir(parents=True, exist_ok=True)
    views = list(VIEWS)
    people = [*CHOSEN, *(seed * 1000 + 200 + k for k in range(12))]
    tiles = [
        draw_reference(draw_identity(who), views[(3 * k) % len(views)], seed=k, side=176)
        for k, who in enumerate(people)
    ]
    _write_grid(folder / "cast.jpg", tiles, columns=8)
    clip = Clip(
        seed=seed + 3, courses=tuple(held(draw_identity(who)) for who in CHOSEN[3:6]), frames=120, place="kitchen",
        events=("cross", "pass", "object", "lamp"),
    )  # fmt: skip
    stage = prepare(clip)
    frames = [
        cv2.resize(stage.draw(k)[0], (480, 270), interpolation=cv2.INTER_AREA) for k in range(6, 114, 12)
    ]
    _write_grid(folder / "cast-film.jpg", [np.asarray(f, np.uint8) for f in frames], columns=3)


def _write_grid(path: Path, tiles: list[Picture], *, columns: int) -> None:
    rows = [np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)]
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, 84])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the procedural cast.")
    parser.add_argument("what", nargs="*", default=["recall", "verify", "drift", "speed"])
    parser.add_argument("--yunet", type=Path)
    parser.add_argument("--mobilefacenet", type=Path)
    parser.add_argument("--images", type=Path, default=Path("docs/experiments/images"))
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=12)
    options = parser.parse_args()
    models = load_models(options.yunet, options.mobilefacenet)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for what in options.what:
            if what == "recall":
                recall(models, clips=options.clips, seed=options.seed, folder=folder)
            elif what == "verify":
                verify(models, seed=options.seed, people=options.people, draws=options.draws, folder=folder)
            elif what == "drift":
                drift(models, seed=options.seed, pairs=options.pairs)
            elif what == "speed":
                speed(options.seed, folder)
            elif what == "pictures":
                pictures(options.seed, options.images)
            elif what == "choose":
                choose(models, seed=options.seed, draws=options.draws)
            else:
                parser.error(f"no figure {what!r}")


if __name__ == "__main__":
    main()
