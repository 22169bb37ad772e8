"""The library's grid: filtered by its URL, paged, for leads alone."""

import pytest
from django.urls import reverse

from datasets.models import ClipState
from tests.datasets.factories import make_clip, make_person

pytestmark = pytest.mark.django_db

URL = "/library/"
HTMX = {"HX-Request": "true"}


def shown(response) -> set[int]:
    return {clip.pk for clip in response.context["page"]}


@pytest.mark.parametrize(
    "name",
    ["datasets:clips", "datasets:upload", "datasets:people", "jobs:jobs"],
)
def test_only_leads_see_it(name: str, client, outsider_client, lead_client) -> None:
    url = reverse(name)
    assert lead_client.get(url).status_code == 200
    assert outsider_client.get(url).status_code == 404
    assert client.get(url).status_code == 302


def test_an_empty_library_says_what_to_do(lead_client) -> None:
    assert b"No clips yet" in lead_client.get(URL).content


def test_each_filter_narrows_it(lead_client) -> None:
    jo = make_person("Jo")
    vace = make_clip(jo, generator="vace", prompt="They dance in the rain.")
    real = make_clip(origin="real", source_name="holiday.mov")
    refused = make_clip(state=ClipState.REFUSED, refusal="It is no video.", poster_file="")
    make_clip(state=ClipState.REMOVED, file="", playback_file="", poster_file="", filmstrip_file="")
    assert shown(lead_client.get(URL)) == {vace.pk, real.pk, refused.pk}
    for query, expected in [
        (f"person={jo.key}", {vace.pk}),
        ("generator=vace", {vace.pk}),
        ("origin=real", {real.pk}),
        ("state=refused", {refused.pk}),
        ("text=DANCE", {vace.pk}),
        ("text=holiday", {real.pk}),
        (f"text={real.sha256[:10]}", {real.pk}),
        ("generator=vace&origin=real", set()),
    ]:
        assert shown(lead_client.get(f"{URL}?{query}")) == expected, query


@pytest.mark.parametrize(
    "query",
    ["person=nobody", "generator=none", "state=odd", "page=x", "page=99", "page=-1", "text=%00", "text=%ff"],
)
def test_a_filter_that_is_none_is_no_error(lead_client, query: str) -> None:
    make_clip()
    assert lead_client.get(f"{URL}?{query}").status_code == 200


def test_htmx_gets_the_grid_alone(lead_client) -> None:
    clip = make_clip(generator="vace")
    whole, part = lead_client.get(URL), lead_client.get(URL, headers=HTMX)
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert shown(part) == {clip.pk}


def test_a_page_of_many_clips_costs_few_queries(lead_client, django_assert_max_num_queries) -> None:
    people = [make_person() for _ in range(3)]
    for _ in range(70):
        make_clip(*people)
    with django_assert_max_num_queries(9):
        response = lead_client.get(f"{URL}?text=mp4")
    assert len(shown(response)) == 60
    assert b"page=2&amp;text=mp4" in response.content or b"text=mp4&amp;page=2" in response.content
    assert len(shown(lead_client.get(f"{URL}?text=mp4&page=2"))) == 10


def test_it_asks_again_while_clips_are_prepared(lead_client) -> None:
    make_clip()
    assert b"every 3s" not in lead_client.get(URL).content
    make_clip(state=ClipState.PENDING)
    assert b"every 3s" in lead_client.get(URL).content
