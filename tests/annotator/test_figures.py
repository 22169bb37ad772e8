import pytest

from annotator.templatetags import figures

GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("filter_", "value", "text"),
    [
        (figures.thousands, 1482, "1,482"),
        (figures.decimals, -0.714, "−0.71"),
        (figures.per_cent, 0.914, f"91{GAP}%"),
        (figures.signed_per_cent, 0.19, f"+19{GAP}%"),
        (figures.signed_per_cent, -0.02, f"−2{GAP}%"),
        (figures.signed_per_cent, 0.001, f"0{GAP}%"),
        (figures.seconds, 34.2, f"34{GAP}s"),
        (figures.seconds, 95, f"1{GAP}min 35{GAP}s"),
        (figures.seconds, 120, f"2{GAP}min"),
        (figures.long_time, 33_000, f"9{GAP}h"),
        (figures.long_time, 20, f"1{GAP}min"),
        (figures.long_time, 300_000, f"3{GAP}days"),
    ],
)
def test_numbers_as_people_read_them(filter_, value: float, text: str) -> None:
    assert filter_(value) == text


@pytest.mark.parametrize(
    "filter_",
    [
        figures.thousands,
        figures.decimals,
        figures.per_cent,
        figures.signed_per_cent,
        figures.seconds,
        figures.long_time,
    ],
)
@pytest.mark.parametrize("value", [None, float("nan"), ""])
def test_what_is_unknown_is_a_dash(filter_, value: object) -> None:
    assert filter_(value) == "–"
