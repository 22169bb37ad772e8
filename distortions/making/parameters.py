"""Fixed parameters of recipes are checked against the recipes themselves."""

from __future__ import annotations

from distortions.catalogue import nearest
from distortions.config import BatchConfig, ConfigError
from distortions.synthesis.errors import BadParameter
from distortions.synthesis.make import recipe_named

DRAWN_ELSEWHERE = ("schedule", "seed")


def parameters_check(config: BatchConfig) -> None:
    """Raise ConfigError for a parameter that a recipe does not have, or whose value is out of range."""
    wrong = []
    for name, values in config.parameters.items():
        recipe = recipe_named(name)
        known = set(recipe.params().as_dict()) - set(DRAWN_ELSEWHERE)
        unknown = sorted(set(values) - known)
        wrong += [f"{name} has no parameter “{each}”.{nearest(each, sorted(known))}" for each in unknown]
        if unknown:
            continue
        try:
            recipe.make_params(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        except (BadParameter, TypeError) as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        raise ConfigError(wrong)
