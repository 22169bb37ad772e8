"""What a site says of recipes: light, since a web process loads neither OpenCV nor scipy.

`distortions.synthesis.recipes.RECIPES` is the truth; a test holds that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from distortions.synthesis.schedule import KINDS

SEVERITIES = (1, 2, 3, 4, 5)
SCHEDULES: tuple[str, ...] = KINDS
SCHEDULE_LINES = {
    "constant": "wrong from the first frame on",
    "linear": "more and more, evenly",
    "logistic": "more and more, slowly at both ends",
    "step": "right, then wrong at once",
    "late": "right for half the clip, then more and more",
    "relapse": "lost, and found again",
    "flicker": "lost and found by turns",
}


@dataclass(frozen=True, slots=True)
class RecipeFacts:
    """One recipe, as a person chooses it. Fields as in `synthesis.recipe.Recipe`.

    `cast_only` ones draw a clip of the procedural cast anew, by the truth that came with it.
    """

    name: str
    kind: Literal["negative", "control"]
    about: str
    people: int = 1
    severities: tuple[int, ...] = SEVERITIES
    schedules: tuple[str, ...] = SCHEDULES
    cast_only: bool = False

    @property
    def is_control(self) -> bool:
        return self.kind == "control"

    @property
    def title(self) -> str:
        """`geometry_drift` as people read it: Geometry drift."""
        return self.name.replace("_", " ").capitalize()


_ROWS = (
    RecipeFacts("geometry_drift", "negative", "proportions of a face drift away", severities=(1, 2, 3)),
    RecipeFacts("morph_drift", "negative", "a face slowly becomes somebody else's"),
    RecipeFacts(
        "feature_bleed", "negative", "eyes, nose or mouth of another person of the clip",
        people=2, severities=(1, 2, 3), schedules=("constant", "linear", "step", "logistic"),
    ),
    RecipeFacts(
        "swap", "negative", "two people exchange faces from a moment on",
        people=2, severities=(3, 4, 5), schedules=("step", "constant", "late", "relapse"),
    ),
    RecipeFacts(
        "donor_switch", "negative", "somebody else after a turn or an occlusion",
        severities=(2, 3, 4, 5), schedules=("constant",),
    ),
    RecipeFacts(
        "averaging", "negative", "all faces of the clip move to their mean",
        people=2, severities=(1, 2, 3), schedules=("constant", "linear", "logistic"),
    ),
    RecipeFacts(
        "drop", "negative", "a person becomes generic",
        severities=(1, 2, 3, 4), schedules=("linear", "logistic", "late", "constant", "relapse"),
    ),
    RecipeFacts(
        "rerender", "negative",
        "procedural clips only: the identity itself drifts, bleeds or swaps, hair and all", cast_only=True,
    ),
    RecipeFacts("self_blend", "control", "the person's own face blended back: the same seams"),
    RecipeFacts("texture_loss", "control", "compression, blur, noise or scaling"),
    RecipeFacts("photometric", "control", "light and colour change"),
    RecipeFacts("temporal", "control", "frames held, early, late or slowed down"),
    RecipeFacts("expression", "control", "mouth, brows and lids move as faces move"),
    RecipeFacts("crop_scale", "control", "cropped and enlarged"),
    RecipeFacts(
        "reenact", "control", "the same person's face of another moment",
        schedules=("constant", "linear", "step", "late", "relapse"),
    ),
)  # fmt: skip
CATALOGUE: dict[str, RecipeFacts] = {row.name: row for row in _ROWS}


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " Did you mean “x”?" for the nearest of some names, or nothing."""
    found = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" Did you mean “{found[0]}”?" if found else ""
