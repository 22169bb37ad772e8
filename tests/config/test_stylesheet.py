"""The colours of the stylesheet can be read: WCAG 2.2 AA in both themes, measured on the tokens."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STYLESHEET = Path(__file__).parents[2] / "config" / "static" / "likeness" / "likeness.css"
THEMES = ("light", "dark")

TEXT = 4.5
MARK = 3.0

# What is written on what, and what must be told apart from what it lies on.
PAIRS = [
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("paper", "surface", "raised", "well")
    ),
    *(("ink", ground, TEXT) for ground in ("accent-soft", "signal-soft", "error-soft")),
    *(("ink-2", ground, TEXT) for ground in ("accent-soft", "signal-soft")),
    *(
        ("accent-ink", ground, TEXT)
        for ground in ("paper", "surface", "raised", "well", "accent-soft", "signal-soft")
    ),
    *(("signal-ink", ground, TEXT) for ground in ("paper", "surface", "raised", "signal-soft")),
    *(("error-ink", ground, TEXT) for ground in ("paper", "surface", "error-soft")),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    *(("line-strong", ground, MARK) for ground in ("paper", "surface", "well")),
    *(("signal-line", ground, MARK) for ground in ("paper", "surface")),
    *(("focus", ground, MARK) for ground in ("paper", "surface", "raised", "accent-soft", "signal-soft")),
    *((f"plot-{n}", "surface", MARK) for n in range(1, 5)),
]


def tokens(theme: str) -> dict[str, str]:
    css = STYLESHEET.read_text()
    found = re.findall(r"--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)", css)
    return {name: (light if theme == "light" else dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_formula_on_the_values_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_colours_can_be_told_apart(theme: str, ink: str, ground: str, least: float) -> None:
    colours = tokens(theme)

    assert contrast(colours[ink], colours[ground]) >= least


def rules() -> Iterator[tuple[int, str]]:
    body = STYLESHEET.read_text().split("@layer base {", 1)[1]
    yield from enumerate(body.splitlines())


def test_components_take_their_colours_from_tokens() -> None:
    """A colour written into a rule would have no second theme; over pictures and video there is only one."""
    over_pictures = {"#fff", "#b6bcc6", "rgb(12 13 16 / 0.78)"}
    literal = [
        line.strip()
        for _, line in rules()
        for colour in re.findall(r"(#[0-9a-f]{3,8}\b|rgb\([^)]*\))", line)
        if colour not in over_pictures
    ]

    assert literal == []


def test_every_token_in_use_is_defined() -> None:
    css = STYLESHEET.read_text()
    defined = set(re.findall(r"(--[a-z0-9-]+):", css))

    assert set(re.findall(r"var\((--[a-z0-9-]+)", css)) - defined == set()
