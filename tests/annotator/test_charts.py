import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.charts import Bin, Scale, bar_chart, interval_mark, nice_ceiling, nice_ticks, sparkline

START = datetime(2026, 3, 5, 22, tzinfo=UTC)  # a Thursday


def hours(*counts: int) -> list[Bin]:
    return [Bin(start=START + timedelta(hours=n), count=count) for n, count in enumerate(counts)]


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter("text")]


def test_a_bar_chart_says_its_numbers_without_hovering() -> None:
    chart = bar_chart(hours(3, 0, 17, 5), unit="hour")

    assert {"0", "10", "20", "17", "Fri", "22:00"} <= set(texts(chart))


def test_a_bar_is_as_high_as_its_share_of_the_axis() -> None:
    bars = ET.fromstring(bar_chart(hours(20, 10, 0), unit="hour")).findall("rect")
    heights = [float(bar.attrib["height"]) for bar in bars]

    assert heights[0] == 2 * heights[1]
    assert heights[2] == 1  # an hour without answers leaves a trace
    assert bars[2].attrib["class"] == "fill-none"


def test_a_single_bar_is_no_wall() -> None:
    (bar,) = ET.fromstring(bar_chart(hours(20), unit="hour")).findall("rect")
    width, left = (float(bar.attrib[name].removesuffix("%")) for name in ("width", "x"))

    assert width < 10
    assert left + width / 2 == pytest.approx(50)


def test_a_bar_chart_is_named_and_described_for_those_who_cannot_see_it() -> None:
    root = ET.fromstring(bar_chart(hours(3, 0, 17), unit="hour"))

    assert root.attrib["role"] == "img"
    assert root.findtext("title") == "Answers per hour"
    assert root.findtext("desc") == (
        "20 answers in 3 hours from Thu 5 Mar, 22:00 to Fri 6 Mar, 00:00; the most, 17, on Fri 6 Mar, 00:00."
    )


def test_a_chart_of_nothing_is_a_chart() -> None:
    assert ET.fromstring(bar_chart([], unit="day")).findtext("desc") == "No answers yet."
    assert not ET.fromstring(sparkline([], label="none")).findall("rect")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=400))
def test_few_labels_and_nothing_outside(counts: list[int]) -> None:
    units: list[tuple[Literal["hour", "day"], timedelta]] = [
        ("hour", timedelta(hours=1)),
        ("day", timedelta(days=1)),
    ]
    for unit, step in units:
        bins = [Bin(start=START + n * step, count=count) for n, count in enumerate(counts)]
        root = ET.fromstring(bar_chart(bins, unit=unit))

        labels = [
            node for node in root.iter("text") if "%" in node.attrib["x"] and "class" not in node.attrib
        ]
        assert len(labels) <= max(8, len(counts) / 24 + 1)
        for bar in root.findall("rect"):
            left, width = (float(bar.attrib[name].rstrip("%")) for name in ("x", "width"))
            assert left >= 0
            assert left + width <= 100.01
            assert float(bar.attrib["y"]) >= 0


def test_labels_are_escaped() -> None:
    mark = interval_mark(1, 0, 2, Scale(low=0, high=2), label='a "<b>"')

    assert ET.fromstring(mark).attrib["aria-label"] == 'a "<b>"'


def test_an_interval_is_where_its_numbers_are() -> None:
    root = ET.fromstring(interval_mark(0.5, 0.25, 0.75, Scale(low=0, high=1), label=""))

    line = root.findall("line")[-1]
    assert (line.attrib["x1"], line.attrib["x2"]) == ("25%", "75%")
    assert root.findall("circle")[0].attrib["cx"] == "50%"


def test_a_scale_keeps_what_lies_outside_on_its_edge() -> None:
    assert Scale(low=10, high=20).percent(25) == 100
    assert Scale(low=10, high=10).percent(10) == 50


@given(st.integers(0, 10**7))
def test_a_ceiling_is_even_above_and_near(value: int) -> None:
    top = nice_ceiling(value)

    assert top >= value
    assert top % 2 == 0
    assert top <= max(2, 2 * value)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (880, 1130, [900, 950, 1000, 1050, 1100]), (5, 5, [5])],
)
def test_ticks_are_round_and_within(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(Scale(low=low, high=high)) == ticks
