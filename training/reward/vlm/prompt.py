"""What the model is asked, as a list of pieces: text, a picture, or the place where a score is read off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REWARD = "<|reward|>"
VISION_START, IMAGE, VISION_END = "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"
TURN_START, TURN_END = "<|im_start|>", "<|im_end|>"

RUBRIC = (
    "Judge one thing alone: is each person in the frames the person in the pictures, in every frame? Look at the build "
    "of the face, eyes, brows, nose, mouth, hairline, skin and age. Somebody who turns into somebody else, takes on "
    "another's features, changes places with another or is missing has lost their identity, however short the moment. "
    "Expression, turn of the head, light, clothes and sharpness are no part of identity; that a frame copies a "
    "picture's expression or pose earns nothing."
)


@dataclass(frozen=True)
class Picture:
    """The place of a picture: `which` in the order in which pictures are given."""

    which: int


@dataclass(frozen=True)
class Score:
    """The place of a score: `person` in the order of people, or nothing for the whole clip."""

    person: int | None


Piece = str | Picture | Score


def pieces(references: Mapping[str, int], frames: Sequence[float], asked: str) -> list[Piece]:
    """Return the question.

    Args:
        references: By person's name how many pictures of them there are, in order; at least one person.
        frames: Seconds into the clip of each frame.
        asked: The prompt that the clip was made from; "" where nobody knows.

    Pictures are numbered references first, person after person, then frames.
    """
    number = 0
    out: list[Piece] = [f"{TURN_START}user\n"]
    for name, count in references.items():
        out.append(f"{name} looks like this: ")
        for _ in range(count):
            out.append(Picture(number))
            number += 1
        out.append("\n")
    out.append(f"A clip was asked to show: {asked}\n" if asked else "A clip shows them.\n")
    out.append(f"{len(frames)} frames of it, in order:\n")
    for seconds in frames:
        out.append(f"{seconds:.2f} s ")
        out.append(Picture(number))
        number += 1
    out.append(f"\n{RUBRIC}{TURN_END}\n{TURN_START}assistant\n")
    for place, name in enumerate(references):
        out += [f"{name}: ", Score(place), "\n"]
    out += ["Everybody: ", Score(None)]
    return out
