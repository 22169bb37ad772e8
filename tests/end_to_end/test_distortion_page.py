"""A result of a batch in a browser: both clips at one frame, and their difference, under one scrubber."""

from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import Locator, Page, expect

from datasets.media.write import write_video
from datasets.models import Clip
from tests.datasets.factories import make_clip, make_person
from tests.distortions.factories import make_distortion, make_truth

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

FRAMES, ONSET = 48, 24
STEP, CHANGE, AMPLIFIED = (
    3,
    15,
    4,
)  # grey from frame to frame, grey from the onset on, and what the page makes of it


def film(path: Path, change: int) -> str:
    """Store a film whose frames get brighter one by one, and brighter still from the onset on."""
    shades = (40 + STEP * i + (change if i >= ONSET else 0) for i in range(FRAMES))
    write_video((np.full((120, 160, 3), shade, np.uint8) for shade in shades), path, fps=24)
    return default_storage.save(f"playback/{path.name}", ContentFile(path.read_bytes()))


def clip(name: str) -> Clip:
    return make_clip(make_person(), playback_file=name, width=160, height=120, frames=FRAMES)


@pytest.fixture
def page(lead_page: Page, tmp_path: Path) -> Page:
    row = make_distortion(
        source=clip(film(tmp_path / "left.mp4", 0)),
        clip=clip(film(tmp_path / "right.mp4", CHANGE)),
        truth=make_truth(onset=ONSET, frames=FRAMES),
        curve={"frames": [0, ONSET, FRAMES - 1], "change": [0.0, 0.4, 0.4]},
    )
    lead_page.goto(f"/batches/{row.batch_id}/{row.number}/")
    shows(lead_page, 0)
    return lead_page


def position(page: Page) -> Locator:
    return page.locator("[data-position]")


def shows(page: Page, frame: int) -> None:
    """Wait until a frame is said, and its difference painted: one frame apart would be 12 shades."""
    expect(position(page)).to_contain_text(f"frame {frame} of {FRAMES}")
    expected = AMPLIFIED * CHANGE if frame >= ONSET else 0
    page.locator(f"[data-difference][data-shown='{frame}']").wait_for()
    middle = "c => [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data].slice(0, 3)"
    painted = page.locator("[data-difference]").evaluate(middle)
    assert painted == pytest.approx([expected] * 3, abs=AMPLIFIED + 2)


def test_keys_move_both_sides_to_one_frame(page: Page) -> None:
    page.keyboard.press(".")
    shows(page, 1)
    page.keyboard.press("k")
    shows(page, 25)
    page.keyboard.press(",")
    shows(page, 24)
    page.keyboard.press(",")
    shows(page, 23)
    page.keyboard.press("o")
    shows(page, ONSET)


def test_the_scrubber_moves_them_too(page: Page) -> None:
    page.locator("[data-scrubber]").fill("40")
    shows(page, 40)
    page.locator("[data-scrubber]").focus()
    page.keyboard.press("End")
    shows(page, FRAMES - 1)


def test_both_play_and_stop_on_one_frame(page: Page) -> None:
    play = page.get_by_role("button", name="Play")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(position(page)).not_to_contain_text("frame 0 of")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    frame = int(position(page).inner_text().split()[1])
    shows(page, frame)
