"""Alpha against the worked examples of its author, and against another implementation (evalica).

Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections A to D. The example in which most values
are missing is the one in Wikipedia's article on the coefficient.
"""

import evalica
import numpy as np
import pandas as pd
import pytest

from annotator.agreement.alpha import Level, krippendorff_alpha

# One row an observer, one character a unit, a dot where the observer gave no value.
BINARY = ["0100000010", "1110010000"]
LETTERS = ["aabbdcccedda", "babbbcccedd" + "d"]
FOUR_OBSERVERS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
MOSTLY_MISSING = [".....34121133.3", "1.213343.......", "..21344.21133.4"]


def long_form(rows: list[str]) -> tuple[list[int], list[int], list[int]]:
    cells = [
        (unit, observer, int(value, 16))
        for observer, row in enumerate(rows)
        for unit, value in enumerate(row)
        if value != "."
    ]
    items, observers, values = zip(*cells, strict=True)
    return list(items), list(observers), list(values)


@pytest.mark.parametrize(
    ("rows", "level", "published"),
    [
        (BINARY, "nominal", 0.095),
        (LETTERS, "nominal", 0.692),
        (FOUR_OBSERVERS, "nominal", 0.743),
        (FOUR_OBSERVERS, "ordinal", 0.815),
        (FOUR_OBSERVERS, "interval", 0.849),
        (MOSTLY_MISSING, "nominal", 0.691),
        (MOSTLY_MISSING, "interval", 0.811),
    ],
)
def test_it_gives_the_published_alpha(rows: list[str], level: Level, published: float) -> None:
    alpha = krippendorff_alpha(*long_form(rows), level=level)

    assert alpha.value == pytest.approx(published, abs=0.0005)
    assert alpha.reason == ""


def test_it_counts_pairable_values_as_the_paper_does() -> None:
    alpha = krippendorff_alpha(*long_form(FOUR_OBSERVERS))

    # The twelfth unit has one value, which pairs with nothing.
    assert (alpha.items, alpha.values) == (11, 40)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_evalica(level: Level, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 5, (4, 40)).astype(float)
    table[1] = np.where(rng.random(40) < 0.6, table[0], table[1])
    table[rng.random(table.shape) < 0.3] = np.nan
    observer, unit = np.nonzero(~np.isnan(table))

    ours = krippendorff_alpha(unit, observer, table[observer, unit], level=level)
    theirs = evalica.alpha(pd.DataFrame(table), distance=level)

    assert ours.value == pytest.approx(theirs.alpha, abs=1e-9)
