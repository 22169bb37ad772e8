"""The procedural cast: licence-free people on film with known identities. Needs OpenCV; pure otherwise.

from datasets.cast import draw_clip, render
for picture, truth in render(draw_clip(seed=7, people=3)): ...
"""

from datasets.cast.chosen import CHOSEN, chosen_cast
from datasets.cast.clip import Clip, FrameTruth, draw_clip, render
from datasets.cast.course import Course, blend, drift, held, swap
from datasets.cast.film import Filmed, film
from datasets.cast.identity import TRAITS, Identity, draw_identity
from datasets.cast.references import VIEWS, draw_reference
from datasets.cast.truth import Truth, gather, load_truth, save_truth

__all__ = [
    "CHOSEN",
    "TRAITS",
    "VIEWS",
    "Clip",
    "Course",
    "Filmed",
    "FrameTruth",
    "Identity",
    "Truth",
    "blend",
    "chosen_cast",
    "draw_clip",
    "draw_identity",
    "draw_reference",
    "drift",
    "film",
    "gather",
    "held",
    "load_truth",
    "render",
    "save_truth",
    "swap",
]
