"""A lead in the library by browser: uploads, manifests, filters, filmstrips, references, deletion."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from datasets.media.write import write_video
from datasets.models import Clip, ClipState, Pair, Person

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(lead_page: Page) -> Page:
    return lead_page


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / name for name in ("dance.mp4", "letter.mp4", "empty.mp4")}
    shades = np.arange(24, dtype=np.uint8) * 10
    write_video((np.full((48, 64, 3), shade, np.uint8) for shade in shades), paths["dance.mp4"], fps=12)
    paths["letter.mp4"].write_text("Dear reader, this is no video.")
    paths["empty.mp4"].touch()
    return paths


def test_files_go_up_and_each_gets_its_sentence(page: Page, files: dict[str, Path]) -> None:
    page.goto("/library/upload/")
    page.get_by_label("People in it").fill("Jo; Al")
    page.get_by_label("Generator").fill("vace")
    page.locator("[data-upload] input").set_input_files(list(files.values()))
    expect(page.locator("[data-uploads-summary]")).to_have_text("3 of 3 done, 2 not usable", timeout=120_000)
    rows = page.locator("[data-uploads] > li")
    expect(rows.filter(has_text="dance.mp4")).to_contain_text("ready")
    expect(rows.filter(has_text="letter.mp4")).to_contain_text("letter.mp4 is not a video: it holds text.")
    expect(rows.filter(has_text="empty.mp4")).to_contain_text("empty.mp4 is empty (0 bytes).")
    page.get_by_role("link", name="dance.mp4").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("vace")
    assert {(clip.source_name, clip.state) for clip in Clip.objects.all()} == {
        ("dance.mp4", ClipState.READY),
        ("letter.mp4", ClipState.REFUSED),
    }
    assert {person.name for person in Person.objects.all()} == {"Jo", "Al"}


def test_the_filter_stands_in_the_url_and_strips_follow_the_keys(page: Page, files: dict[str, Path]) -> None:
    page.goto("/library/upload/")
    page.get_by_label("Generator").fill("vace")
    page.locator("[data-upload] input").set_input_files([files["dance.mp4"], files["letter.mp4"]])
    expect(page.locator("[data-uploads-summary]")).to_contain_text("2 of 2 done", timeout=120_000)
    page.goto("/library/")
    page.get_by_label("State").select_option("Ready")
    expect(page.locator(".clip-card")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/library/\?state=ready$"))
    page.reload()
    expect(page.locator(".clip-card")).to_have_count(1)

    shades = []
    page.locator(".clip-card a").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(".clip-card canvas")
        shades.append(
            page.evaluate(
                "() => { const c = document.querySelector('.clip-card canvas');"
                " return c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0]; }"
            )
        )
    assert shades == sorted(shades), "the tiles come in the order of time"
    assert shades[-1] - shades[0] > 150
    page.keyboard.press("Tab")
    expect(page.locator(".clip-card canvas")).to_have_count(0)


def test_references_are_added_ordered_and_deleted_and_the_person_goes(page: Page, tmp_path: Path) -> None:
    for name, colour in (("red.jpg", "red"), ("blue.jpg", "blue")):
        Image.new("RGB", (90, 90), colour).save(tmp_path / name)
    (tmp_path / "letter.jpg").write_text("no picture")
    page.goto("/people/")
    page.get_by_role("button", name="Add a person").click()
    page.get_by_label("Name").and_(page.locator("dialog input")).fill("Jo")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jo")

    page.locator("[data-drop] input").set_input_files(
        [tmp_path / name for name in ("red.jpg", "letter.jpg", "blue.jpg")]
    )
    expect(page.locator(".reference")).to_have_count(2)
    expect(page.get_by_role("alert")).to_contain_text("letter.jpg is not a picture")
    with page.expect_response(re.compile("/order$")):
        page.get_by_role("button", name="Move reference 1 back").click()
    person = Person.objects.get()
    assert [reference.source_name for reference in person.references.all()] == ["blue.jpg", "red.jpg"]

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete reference 2").click()
    expect(page.locator(".reference")).to_have_count(1)
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("1 reference, 0 clips")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No people yet")).to_be_visible()
    assert not Person.objects.exists()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A manifest, and the folder that it names files of."""
    folder = tmp_path / "source"
    rows = ["clip,prompt,subjects,generator"]
    for name, shade in (("scenes/a.mp4", 10), ("scenes/b.mp4", 90)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_video((np.full((48, 64, 3), shade + n, np.uint8) for n in range(12)), folder / name, fps=12)
        rows.append(f"{name},They dance.,jo;al,maker of {name[-5]}")
    (tmp_path / "clips.csv").write_text("\n".join([*rows, "../x.mp4,,,"]))
    return folder


def test_a_manifest_is_seen_line_by_line_then_imported(page: Page, source: Path) -> None:
    page.goto("/library/upload/")
    page.get_by_role("link", name="Import a manifest").click()
    page.get_by_label("Manifest").set_input_files(source.parent / "clips.csv")
    page.get_by_role("button", name="Look what it would do").click()
    lines = page.locator("#import tbody tr")
    expect(lines).to_have_count(3, timeout=120_000)
    expect(lines.nth(0)).to_contain_text("does not exist")
    expect(lines.nth(2)).to_contain_text("leaves the folder of the manifest")
    assert Clip.objects.count() == 0

    # The folder keeps its paths; when all is up, the lines are read again by themselves.
    page.locator("input[webkitdirectory]").set_input_files(source)
    expect(lines.nth(0)).to_contain_text("new", timeout=120_000)
    expect(lines.nth(1)).to_contain_text("scenes/b.mp4")
    assert Clip.objects.count() == 0

    page.get_by_role("button", name="Import what can be taken").click()
    expect(page.get_by_text("Imported.")).to_be_visible(timeout=120_000)
    expect(page.locator("#import")).to_contain_text("leaves the folder of the manifest")
    page.get_by_role("link", name="To the library").click()
    expect(page.locator(".clip-card")).to_have_count(2)
    assert set(Clip.objects.values_list("state", flat=True)) == {ClipState.READY}
    assert Pair.objects.count() == 1
