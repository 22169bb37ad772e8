"""The recipes. One file each, all of the same anatomy, so that a new one starts as a copy of `geometry_drift.py`:

1. A docstring: which failure of which kind of model it imitates, what it cannot do, source, units.
2. `XParams(Params)`: frozen, keyword-only, checks itself in `__post_init__`. `amount` (0 to 1), `schedule`, `subject`
   and `seed` come from `recipe.Params`; parameters are plain numbers, strings and tuples, for the truth record.
3. `sample_params(rng, severity)`: draws parameters. Negatives leave `amount` to calibration; controls, which are not
   calibrated, set it.
4. `prepare(frames, material, params) -> (Edit, …)`: everything slow, once a clip; never changes `frames`. An `Edit`
   says whose face (`subject`, or -1 for the whole picture), how much of the schedule can be shown at each frame
   (`reach`), and holds an `Effect` whose `draw(frame, out, index, strength)` changes `out`, a copy of the frame, in
   place. A frame is drawn without the others, in any order, from several threads; strength 0 is never drawn, so the
   frame keeps its bytes.
5. `apply(frames, material, params) -> frames`: `RECIPE.apply(frames, material, params)`.
6. `RECIPE`, and a row in the dict below. The table test in tests/distortions runs every row.

Recipes do not import one another; what two of them need is a module of `distortions.synthesis`.
"""

from distortions.synthesis.recipe import Recipe
from distortions.synthesis.recipes import (
    averaging,
    crop_scale,
    donor_switch,
    drop,
    expression,
    feature_bleed,
    geometry_drift,
    morph_drift,
    photometric,
    reenact,
    rerender,
    self_blend,
    swap,
    temporal,
    texture_loss,
)

RECIPES: dict[str, Recipe] = {
    "geometry_drift": geometry_drift.RECIPE,
    "morph_drift": morph_drift.RECIPE,
    "feature_bleed": feature_bleed.RECIPE,
    "swap": swap.RECIPE,
    "donor_switch": donor_switch.RECIPE,
    "averaging": averaging.RECIPE,
    "drop": drop.RECIPE,
    "rerender": rerender.RECIPE,
    "self_blend": self_blend.RECIPE,
    "texture_loss": texture_loss.RECIPE,
    "photometric": photometric.RECIPE,
    "temporal": temporal.RECIPE,
    "expression": expression.RECIPE,
    "crop_scale": crop_scale.RECIPE,
    "reenact": reenact.RECIPE,
}
