"""What happens in a clip, drawn from its seed: who stands where, turns, speaks, blinks, leaves, what passes in front.

Each thing has a random stream of its own (`_stream`), so that a change of one leaves the others as they were, and
nothing here reads an identity: expression, pose and light are drawn apart from it. All of a script is a function of
time; a frame can be drawn without the frames before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from datasets.cast.clothes import Clothes, draw_clothes
from datasets.cast.geometry import smoothstep
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.pose import Pose

MOVING = ("pose", "expression", "light")
EVENTS = ("cross", "leave", "pass", "object", "lamp", "turn_away")
_STREAMS = (
    "layout",
    "head",
    "speech",
    "blink",
    "gaze",
    "mood",
    "clothes",
    "light",
    "camera",
    "events",
    "plate",
    "walk",
)
Signal = NDArray[np.float64]  # (T,)


def _stream(seed: int, name: str, person: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, 0xCA57, _STREAMS.index(name), person])


@dataclass(frozen=True)
class Moment:
    """One person at one frame: where (pixels, head units in pixels), how turned, with which face."""

    centre: tuple[float, float]
    velocity: tuple[float, float]
    unit: float
    pose: Pose
    expression: Expression


@dataclass(frozen=True)
class Part:
    """What one person does: signals over the frames (T,), in pixels and radians."""

    x: Signal
    y: Signal
    unit: Signal
    yaw: Signal
    pitch: Signal
    roll: Signal
    blink: Signal
    gaze_x: Signal
    gaze_y: Signal
    smile: Signal
    opened: Signal
    rounded: Signal
    brows: Signal
    clothes: Clothes

    def at(self, frame: int) -> Moment:
        """Return the moment of a frame."""
        before, after = max(frame - 1, 0), min(frame + 1, len(self.x) - 1)
        over = max(after - before, 1)

        def now(signal: Signal) -> float:
            return float(signal[frame])

        def speed(signal: Signal) -> float:
            return float(signal[after] - signal[before]) / over

        return Moment(
            centre=(now(self.x), now(self.y)),
            velocity=(speed(self.x), speed(self.y)),
            unit=now(self.unit),
            pose=Pose(now(self.yaw), now(self.pitch), now(self.roll), lean=0.35 * now(self.roll)),
            expression=Expression(
                blink=now(self.blink),
                gaze=(now(self.gaze_x), now(self.gaze_y)),
                smile=now(self.smile),
                opened=now(self.opened),
                rounded=now(self.rounded),
                brows=now(self.brows),
            ),
        )


@dataclass(frozen=True)
class Held:
    """An object that a person lifts in front of the face: how far it is up, (T,) 0 to 1."""

    person: int
    up: Signal
    kind: str


@dataclass(frozen=True)
class Script:
    """All that happens in a clip. `people` come first in `parts`; what follows are passers-by, seen from behind."""

    size: tuple[int, int]
    people: int
    parts: tuple[Part, ...]
    held: tuple[Held, ...]
    events: tuple[str, ...]
    camera_x: Signal  # shift of the picture, pixels
    camera_y: Signal
    zoom: Signal
    level: Signal  # how bright the light is, 1 = as the plate says
    warmth: Signal
    azimuth: Signal  # radians, added to the plate's light
    blur: float
    noise: float

    def light(self, base: Light, frame: int) -> Light:
        """Return the light of a frame."""
        return base.changed(
            level=float(self.level[frame]),
            warmth=float(self.warmth[frame]),
            azimuth=float(self.azimuth[frame]),
        )


def draw_script(
    *,
    seed: int,
    people: int,
    frames: int,
    fps: float,
    size: tuple[int, int],
    events: tuple[str, ...] | None = None,
    moving: tuple[str, ...] = MOVING,
) -> Script:
    """Draw what happens.

    Args:
        seed: of every stream.
        people: 1 to 4.
        frames: length; fps: frames a second; size: (width, height) in pixels.
        events: which of `EVENTS` happen; drawn when None.
        moving: which of `MOVING` change over time. What does not is held: heads face the camera, faces are calm, light
            is the place's own. So that each can be told apart from a change of identity.

    Raises:
        ValueError: an unknown event or motion, or a number of people outside 1 to 4.
    """
    if not 1 <= people <= 4:
        raise ValueError(f"a scene holds 1 to 4 people, got {people}")
    if frames < 1:
        raise ValueError(f"a clip needs at least one frame, got {frames}")
    rng = _stream(seed, "events")
    if events is None:
        likely = {"cross": 0.3, "leave": 0.25, "pass": 0.35, "object": 0.4, "lamp": 0.35, "turn_away": 0.3}
        events = tuple(name for name in EVENTS if rng.random() < likely[name])
    for name in events:
        if name not in EVENTS:
            raise ValueError(f"no event {name!r}; there are {', '.join(EVENTS)}")
    for name in moving:
        if name not in MOVING:
            raise ValueError(f"nothing called {name!r} moves; there are {', '.join(MOVING)}")
    t = np.arange(frames) / fps
    speakers = _turns(t, people, _stream(seed, "speech"))
    parts = [_draw_part(t, seed, k, people, size, speakers) for k in range(people)]
    span = frames / fps
    for name in events:
        parts = _EVENTS[name](parts, t, span, size, rng) if name in _EVENTS else parts
    if "pass" in events:
        parts.append(_passer(parts[0], t, span, size, rng, _stream(seed, "clothes")))
    held = (_lift(t, span, people, rng),) if "object" in events else ()
    camera, light = _stream(seed, "camera"), _stream(seed, "light")
    w, h = size
    parts = [_held_still(part, moving) for part in parts]
    lit = "light" in moving
    return Script(
        size=size,
        people=people,
        parts=tuple(parts),
        held=held,
        events=events,
        camera_x=w * (0.028 * _slow(t, camera, 9.0) + 0.0012 * _slow(t, camera, 0.9)),
        camera_y=h * (0.012 * _slow(t, camera, 7.0) + 0.0016 * _slow(t, camera, 0.8)),
        zoom=1 + 0.010 * (t - span / 2) * camera.choice([-1.0, 0.0, 1.0]),
        level=_level(t, span, light, lamp="lamp" in events) if lit else np.ones(frames),
        warmth=light.normal(0, 0.5) + 0.35 * _slow(t, light, 8.0) if lit else np.zeros(frames),
        azimuth=0.35 * _slow(t, light, 6.0) if lit else np.zeros(frames),
        blur=float(camera.uniform(0.35, 0.7)),
        noise=float(camera.uniform(1.2, 3.2)),
    )


def _held_still(part: Part, moving: tuple[str, ...]) -> Part:
    still = np.zeros(len(part.x))
    if "pose" not in moving:
        part = replace(part, yaw=still, pitch=still, roll=still)
    if "expression" not in moving:
        part = replace(
            part, blink=still, gaze_x=still, gaze_y=still, smile=still + 0.12, opened=still, rounded=still, brows=still
        )  # fmt: skip
    return part


def _slow(t: Signal, rng: np.random.Generator, period: float) -> Signal:
    """Return a wandering signal of about unit size: three sines round a period in seconds."""
    out = np.zeros_like(t)
    for k, weight in enumerate((0.7, 0.45, 0.25)):
        out += weight * np.sin(
            2 * np.pi * (t / (period * rng.uniform(0.75, 1.3) / (1 + 0.9 * k)) + rng.random())
        )
    return out


def _turns(t: Signal, people: int, rng: np.random.Generator) -> Signal:
    """Return who speaks at each frame; -1 nobody."""
    out = np.full(len(t), -1)
    now, who = rng.uniform(0.0, 0.5), int(rng.integers(people))
    while now < t[-1] + 1:
        long = rng.uniform(0.9, 2.2)
        out[(t >= now) & (t < now + long)] = who
        now += long + rng.uniform(0.1, 0.5)
        who = (who + int(rng.integers(1, max(2, people)))) % people
    return out


def _draw_part(t: Signal, seed: int, k: int, people: int, size: tuple[int, int], speakers: Signal) -> Part:
    w, h = size
    place, head, mood = _stream(seed, "layout", k), _stream(seed, "head", k), _stream(seed, "mood", k)
    base = h * (0.215, 0.190, 0.160, 0.130)[people - 1] * place.uniform(0.92, 1.06)
    slot = (k + 0.5) / people if people > 1 else 0.5
    spread = (0.5, 0.80, 0.92, 0.96)[people - 1]
    x = w * (0.5 + (slot - 0.5) * spread) + place.normal(0, 0.012 * w) + 0.05 * base * _slow(t, head, 3.1)
    y = (
        h * (0.40 + 0.02 * people + 0.03 * (k % 2))
        + place.normal(0, 0.02 * h)
        + 0.035 * base * _slow(t, head, 2.7)
    )
    inward = 0.30 * (0.5 - slot) * 2 if people > 1 else 0.0
    speaks = _soften((speakers == k).astype(float), t, 0.08)
    attention = _attention(t, k, people, speakers, slot)
    yaw = inward * 0.45 + 0.40 * attention + 0.10 * _slow(t, head, 2.3) + 0.05 * speaks * _slow(t, head, 0.8)
    opened, rounded = _speech(t, speaks, _stream(seed, "speech", k + 1))
    gaze = _stream(seed, "gaze", k)
    return Part(
        x=x,
        y=y,
        unit=base * (1 + 0.015 * _slow(t, head, 5.0)),
        yaw=yaw,
        pitch=0.055 * _slow(t, head, 1.9) + 0.035 * speaks * _slow(t, head, 0.7) - 0.01,
        roll=0.040 * _slow(t, head, 2.9),
        blink=_blinks(t, _stream(seed, "blink", k)),
        gaze_x=np.clip(0.55 * attention + 0.35 * _steps(t, gaze, 1.1), -1, 1),
        gaze_y=np.clip(0.22 * _steps(t, gaze, 1.4) - 0.05, -1, 1),
        smile=np.clip(
            0.18 + 0.22 * mood.normal() * 0.5 + 0.30 * np.maximum(0, _slow(t, mood, 4.5)), -0.3, 0.95
        ),
        opened=opened,
        rounded=rounded,
        brows=np.clip(0.35 * _slow(t, mood, 2.6) + 0.25 * speaks * _slow(t, mood, 0.9), -1, 1),
        clothes=draw_clothes(_stream(seed, "clothes"), k),
    )


def _soften(signal: Signal, t: Signal, seconds: float) -> Signal:
    if len(t) < 3:
        return signal
    reach = max(1, round(seconds / (t[1] - t[0])))
    kernel = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(np.pad(signal, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def _attention(t: Signal, k: int, people: int, speakers: Signal, slot: float) -> Signal:
    """Return to which side a person attends: to who speaks, or to the camera."""
    target = np.zeros(len(t))
    for other in range(people):
        if other != k:
            target[speakers == other] = 1.0 if (other + 0.5) / people > slot else -1.0
    return _soften(target, t, 0.28)


def _steps(t: Signal, rng: np.random.Generator, every: float) -> Signal:
    """Return a signal that jumps now and then, as gaze does."""
    out, now = np.zeros(len(t)), 0.0
    while now <= t[-1]:
        out[t >= now] = np.clip(rng.normal(0, 0.6), -1, 1)
        now += rng.uniform(0.4, 1.6) * every
    return out


def _blinks(t: Signal, rng: np.random.Generator) -> Signal:
    out, now = np.zeros(len(t)), rng.uniform(0.3, 3.0)
    while now < t[-1] + 1:
        out = np.maximum(out, np.clip(1.25 - np.abs(t - now) / 0.085, 0, 1))
        now += rng.uniform(1.6, 4.2)
    return out


def _speech(t: Signal, speaks: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Return how far the mouth is open and rounded: syllables, about five a second, of uneven size."""
    opened, rounded, now = np.zeros(len(t)), np.zeros(len(t)), 0.0
    while now < t[-1] + 0.5:
        long = rng.uniform(0.13, 0.27)
        pulse = np.clip(1 - ((t - now) / (0.55 * long)) ** 2, 0, 1)
        opened = np.maximum(opened, pulse * rng.uniform(0.15, 0.95))
        rounded = np.maximum(rounded, pulse * (rng.random() < 0.3) * rng.uniform(0.3, 0.9))
        now += long
    return opened * speaks, rounded * speaks


def _level(t: Signal, span: float, rng: np.random.Generator, *, lamp: bool) -> Signal:
    level = rng.uniform(0.85, 1.12) + 0.08 * _slow(t, rng, 5.0)
    if lamp:
        at, size = span * rng.uniform(0.35, 0.65), rng.choice([-0.40, 0.30])
        level = level + size * smoothstep(at - 0.25, at + 0.25, t)
    return level


# ------------------------------------------------------------------ events


def _cross(
    parts: list[Part], t: Signal, span: float, size: tuple[int, int], rng: np.random.Generator
) -> list[Part]:
    """Two people change places, one in front of the other."""
    if len(parts) < 2:
        return parts
    i, j = 0, len(parts) - 1
    start, long = span * rng.uniform(0.28, 0.42), max(0.9, 0.30 * span)
    go = smoothstep(start, start + long, t).astype(float)
    walking = np.sin(np.pi * np.clip((t - start) / long, 0, 1)) ** 0.7
    a, b = parts[i], parts[j]
    bob = 0.03 * np.abs(np.sin(2 * np.pi * 1.8 * t)) * walking
    return _with(
        parts,
        {
            i: replace(
                a, x=a.x + (b.x - a.x) * go, yaw=a.yaw * (1 - walking) + 0.62 * walking * np.sign(b.x - a.x),
                unit=a.unit * (1 + 0.12 * walking), y=a.y - bob * a.unit + 0.10 * a.unit * walking,
            ),
            j: replace(
                b, x=b.x + (a.x - b.x) * go, yaw=b.yaw * (1 - walking) + 0.62 * walking * np.sign(a.x - b.x),
                unit=b.unit * (1 - 0.06 * walking), y=b.y - bob * b.unit,
            ),
        },
    )  # fmt: skip


def _leave(
    parts: list[Part], t: Signal, span: float, size: tuple[int, int], rng: np.random.Generator
) -> list[Part]:
    """Somebody at the edge walks out of the picture and comes back."""
    k = len(parts) - 1
    part = parts[k]
    side = 1.0 if part.x[-1] >= size[0] / 2 else -1.0
    go, come = span * 0.22, span * 0.68
    long = max(0.5, 0.16 * span)
    away = (smoothstep(go, go + long, t) * (1 - smoothstep(come, come + long, t))).astype(float)
    speed = np.gradient(away) if len(t) > 1 else np.zeros(1)
    speed = speed / max(float(np.abs(speed).max()), 1e-6)
    far = size[0] * 0.5 + 2.4 * part.unit - side * (part.x - size[0] / 2)
    changed = replace(
        part, x=part.x + side * far * away, yaw=part.yaw * (1 - np.abs(speed)) + 0.95 * side * speed,
        y=part.y - 0.03 * part.unit * np.abs(np.sin(11 * t)) * np.abs(speed),
    )  # fmt: skip
    return _with(parts, {k: changed})


def _turn_away(
    parts: list[Part], t: Signal, span: float, size: tuple[int, int], rng: np.random.Generator
) -> list[Part]:
    """Somebody looks far aside for a while."""
    k = int(rng.integers(len(parts)))
    start, long, side = span * rng.uniform(0.15, 0.6), max(0.8, 0.22 * span), rng.choice([-1.0, 1.0])
    away = (
        smoothstep(start, start + 0.35, t) * (1 - smoothstep(start + long, start + long + 0.35, t))
    ).astype(float)
    return _with(parts, {k: replace(parts[k], yaw=parts[k].yaw * (1 - away) + 1.15 * side * away)})


def _with(parts: list[Part], changed: dict[int, Part]) -> list[Part]:
    return [changed.get(k, part) for k, part in enumerate(parts)]


_EVENTS: dict[
    str, Callable[[list[Part], Signal, float, tuple[int, int], np.random.Generator], list[Part]]
] = {
    "cross": _cross,
    "leave": _leave,
    "turn_away": _turn_away,
}


def _passer(
    like: Part,
    t: Signal,
    span: float,
    size: tuple[int, int],
    rng: np.random.Generator,
    wardrobe: np.random.Generator,
) -> Part:
    """Somebody walks through the picture close to the camera, turned away, so that no face is to be seen."""
    side, start = rng.choice([-1.0, 1.0]), span * rng.uniform(0.35, 0.6)
    share = (t - start) / max(1.1, 0.32 * span)
    w, h = size
    big = 1.45 * float(like.unit.mean())
    still = np.zeros(len(t))
    return replace(
        like,
        x=w * (0.5 + side * (share - 0.5) * 1.9), y=h * 0.46 + 0.04 * big * np.abs(np.sin(10 * t)),
        unit=np.full(len(t), big), yaw=np.full(len(t), side * 2.35), pitch=still, roll=still,
        blink=still, opened=still, rounded=still, clothes=draw_clothes(wardrobe, 5),
    )  # fmt: skip


def _lift(t: Signal, span: float, people: int, rng: np.random.Generator) -> Held:
    """Somebody drinks, or holds a phone or a book up."""
    start, long = span * rng.uniform(0.1, 0.6), max(0.7, 0.25 * span)
    up = (smoothstep(start, start + 0.4, t) * (1 - smoothstep(start + long, start + long + 0.4, t))).astype(
        float
    )
    return Held(int(rng.integers(people)), up, str(rng.choice(("mug", "phone", "book"))))
