"""A lead with a clip's faces, by browser: names over the film, the playhead, corrections by key, drag and button."""

import re
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import Locator, Page, expect

from config.celery import app
from config.jobs.models import Job, JobState
from datasets.media.write import write_video
from datasets.models import Clip, FaceTrack
from tests.datasets.factories import make_analysis, make_clip, make_person

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """Two people and somebody else, in two seconds of grey film."""
    write_video(
        (np.full((120, 160, 3), shade, np.uint8) for shade in range(60, 108)), tmp_path / "a.mp4", fps=24
    )
    name = default_storage.save("playback/film.mp4", ContentFile((tmp_path / "a.mp4").read_bytes()))
    clip = make_clip(make_person("Ada"), make_person("Bo"), playback_file=name, width=160, height=120)
    make_analysis(clip, None, strips_file="")
    return clip


@pytest.fixture
def page(lead_page: Page, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The clip's page, of a site whose worker is away: what a job does is done by `end_the_job`."""
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    lead_page.goto(f"/library/{clip.pk}/")
    expect(names(lead_page)).to_have_attribute("data-shown", "Ada, Bo, nobody of them")
    return lead_page


def names(page: Page) -> Locator:
    return page.locator("canvas[data-boxes]")


def face(page: Page, number: int) -> Locator:
    return page.locator(f"#face-{number}")


def lane_of(page: Page, number: int) -> str | None:
    return page.evaluate(
        "n => document.getElementById(`face-${n}`).closest('[data-person]').dataset.name", number
    )


def said(number: int) -> str | None:
    track = FaceTrack.objects.select_related("person").get(number=number)
    return track.person.name if track.person else None


def end_the_job() -> None:
    """As a worker does that has matched; the rows have been changed by the correction itself."""
    Job.objects.update(state=JobState.SUCCEEDED)


def test_names_lie_over_the_film_and_can_be_put_away(page: Page) -> None:
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(value => value)"
    assert names(page).evaluate(drawn)
    page.keyboard.press("b")
    expect(names(page)).to_have_attribute("data-shown", "")
    assert not names(page).evaluate(drawn)
    page.reload()
    expect(page.get_by_role("button", name="Names")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Names").click()
    expect(names(page)).to_have_attribute("data-shown", "Ada, Bo, nobody of them")


def test_the_playhead_follows_the_film_and_leads_it(page: Page) -> None:
    plot = page.locator("[data-plot]").first.bounding_box()
    assert plot is not None
    for _ in range(3):
        page.keyboard.press(".")
    expect(page.locator("[data-position]")).to_contain_text("frame 3 of 48")
    middle = page.locator("[data-playhead]").bounding_box()
    assert middle is not None
    assert middle["x"] + middle["width"] / 2 == pytest.approx(plot["x"] + plot["width"] * 3.5 / 48, abs=2)
    page.locator("[data-plot]").first.click(position={"x": plot["width"] / 2, "y": 5})
    expect(page.locator("[data-position]")).to_contain_text(re.compile("frame 2[345] of 48"))


def test_steps_are_counted_while_the_film_is_still_loading(page: Page) -> None:
    page.evaluate("document.querySelector('[data-player] video').load()")
    for _ in range(3):
        page.keyboard.press(".")
    expect(page.locator("[data-position]")).to_contain_text("frame 3 of 48")


def test_a_face_is_corrected_by_key_and_taken_back(page: Page) -> None:
    face(page, 2).focus()
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("Matching again")).to_be_visible()
    expect(names(page)).to_have_attribute("data-shown", "Ada, Bo, Ada")
    assert (lane_of(page, 2), said(2)) == ("Ada", "Ada")
    end_the_job()
    expect(page.get_by_text("Matching again")).to_have_count(0)
    expect(face(page, 2)).to_be_focused()
    expect(face(page, 2)).to_contain_text("machine: nobody")

    page.keyboard.press("Backspace")
    expect(face(page, 2)).not_to_contain_text("machine:")
    assert (lane_of(page, 2), said(2)) == ("Nobody of them", None)


def test_a_face_is_corrected_by_drag_and_what_cannot_be_is_said(page: Page) -> None:
    drag(page, 0, "Nobody of them")
    expect(face(page, 0)).to_contain_text("machine: Ada")
    assert said(0) is None
    drag(page, 2, "Ada")
    expect(face(page, 2)).to_contain_text("machine: nobody")
    drag(page, 1, "Ada")
    expect(page.get_by_role("alert")).to_contain_text("Another face is Ada at the same time")
    assert [said(number) for number in range(3)] == [None, "Bo", "Ada"]


def test_a_drag_that_is_broken_off_changes_nothing(page: Page) -> None:
    drag(page, 0, "Nobody of them", escape=True)
    expect(page.locator(".drag-ghost")).to_have_count(0)
    assert said(0) == "Ada"
    assert not Job.objects.exists()


def test_a_face_is_corrected_by_buttons(page: Page) -> None:
    face(page, 1).click()
    page.locator("[data-picker]").get_by_role("button", name="Nobody of them").click()
    expect(face(page, 1)).to_contain_text("machine: Bo")
    assert said(1) is None
    page.locator("[data-picker]").get_by_role("button", name="Machine's answer").click()
    expect(face(page, 1)).not_to_contain_text("machine:")
    assert said(1) == "Bo"


def drag(page: Page, number: int, lane: str, *, escape: bool = False) -> None:
    page.locator("[data-lanes]").evaluate("lanes => lanes.scrollIntoView({ block: 'center' })")
    start = face(page, number).locator(".bar-hit").bounding_box()
    end = page.locator(f"[data-name='{lane}'][data-person]").bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 40, start["y"] + 6)
    page.mouse.down()
    page.mouse.move(start["x"] + 50, start["y"] + 20, steps=3)
    page.mouse.move(end["x"] + 200, end["y"] + end["height"] / 2, steps=3)
    if escape:
        page.keyboard.press("Escape")
    page.mouse.up()
