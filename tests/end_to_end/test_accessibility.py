"""Every page against axe-core: WCAG 2.2 A and AA and its best practices, in both themes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotator.models import Item, Role, Study
from annotator.releasing.options import ReleaseOptions
from annotator.services.faces import track_report_resolve, tracks_report
from annotator.services.gold import gold_add, gold_settings
from annotator.services.members import invitation_create
from annotator.services.releases import release_queue
from annotator.services.studies import study_create
from config.accounts.models import User
from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from config.jobs.services import job_create
from datasets.models import Clip, Pair, Person, Resemblance
from datasets.services.manifests import manifest_read_queue, manifest_store
from distortions.models import ResultState
from tests.annotator.answering import answer_all, answer_one, for_clip_a, for_clip_b
from tests.annotator.factories import make_annotator, make_user, member_of
from tests.annotator.known import make_known
from tests.annotator.scoring import make_scores
from tests.datasets.factories import make_analysis
from tests.distortions.factories import make_distortion, make_truth
from tests.end_to_end.studies import make_watchable_study
from tests.end_to_end.workbench_page import PASSWORD, WorkbenchPage
from tests.training.factories import finish_policy, make_policy, make_reward

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OPTIONS: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}
# What a page that is right in one theme can get wrong in the other.
OF_COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


# A change of theme reaches inherited colours frame by frame. Bounded, for a page that never stands still.
SETTLE = """async () => {
    for (let still = 0, frame = 0; still < 3 && frame < 300; frame++) {
        await new Promise(requestAnimationFrame);
        still = document.getAnimations().some((each) => each.playState === "running") ? 0 : still + 1;
    }
}"""


def check(page: Page, where: str, options: dict[str, Any] = OPTIONS) -> list[str]:
    """Return what axe finds wrong on the page once its colours stand still, a line a rule and element."""
    page.evaluate(SETTLE)
    return [
        f"{where}: {rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary'][:300]}"
        for rule in Axe().run(page, options=options).response["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.fixture
def lead(transactional_db: None) -> User:
    user = make_user("the-lead", is_lead=True)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


@pytest.fixture
def judged(lead: User, home: None) -> Study:
    """A study with everything that its pages can show: disputes, a review, people taken off, a release."""
    study = make_watchable_study(pairs=3, overlap=2, created_by=lead, instructions="Look at the **faces**.")
    for clip in Clip.objects.all():
        clip.playback_sha256 = f"{clip.pk:064x}"
        clip.save(update_fields=["playback_sha256"])
    answer_all(study, make_annotator(study), for_clip_a)
    leaving = make_annotator(study, is_simulated=True)
    answer_all(study, leaving, for_clip_b)
    member_of(study, leaving).delete()
    answer_one(study, make_annotator(study, Role.REVIEWER), "cannot_judge")
    answer_one(study, make_annotator(study, Role.REVIEWER), "tie")
    return study


@pytest.fixture
def addresses(judged: Study, lead: User, tmp_path: Path) -> list[str]:
    release = release_queue(study=judged, options=ReleaseOptions(media=False), created_by=lead)
    manifest = tmp_path / "clips.csv"
    manifest.write_text("clip,prompt\na.mp4,They dance.\n")
    folder = manifest_store(path=manifest, name="clips.csv")
    manifest_read_queue(folder=folder, dry_run=True, by=lead)
    run_jobs(queue="media")
    waiting = release_queue(study=judged, options=ReleaseOptions(media=False), created_by=lead)
    job_create(kind="files_discard", params={"names": []}, label="A job that waits")
    draft = study_create(name="A draft", pairs=Pair.objects.all(), created_by=lead)
    invitation = invitation_create(study=judged, created_by=lead, valid_for=timedelta(days=1))
    item = Item.objects.filter(study=judged).earliest("position")
    track_report_resolve(report=tracks_report(item=item, annotator=lead), by=lead)
    tracks_report(item=item, annotator=lead, remark="Ada and Bo are the wrong way round.")
    clip, person = Clip.objects.earliest("pk"), Person.objects.earliest("pk")
    member = member_of(judged, lead)
    make_analysis(clip, None)
    alike = Person.objects.exclude(pk=person.pk).earliest("pk")
    Resemblance.objects.create(
        first=person, second=alike, similarity=0.7, threshold=0.4, made_at=timezone.now()
    )
    errors = [{"clip": clip.pk, "name": "dance.mp4", "error": "Not a video."}]
    faces_job = Job.objects.create(
        kind="clips_analyse",
        queue="vision",
        state=JobState.SUCCEEDED,
        label="Many clips",
        result={"analysed": 1, "failed": 1, "errors": errors},
    )
    made = make_distortion(
        clip=Clip.objects.exclude(pk=clip.pk).earliest("pk"), source=clip, truth=make_truth(frames=48),
        curve={"frames": [0, 20, 47], "change": [0.0, 0.2, 0.4]},
        tries=[{"seed": 1, "passed": True, "similarity": 0.8, "sentences": [], "checks": [
            {"name": "change", "value": 0.3, "passed": True, "sentence": ""}]}],
    )  # fmt: skip
    for severity in (2, 4):
        make_known(*Person.objects.all(), severity=severity, onset=3)
    gold_add(study=judged)
    gold_settings(
        study=judged,
        share=0.5,
        most=None,
        tie_up_to=2,
        feedback=False,
        qualification_size=1,
        qualification_pass=1,
    )
    answer_all(judged, make_annotator(judged), for_clip_a)
    make_annotator(judged)  # in the round
    policy = make_policy(lead, tmp_path)
    finish_policy(policy)
    make_scores(judged, (0.02, 0.03, 0.95))  # against what was said
    reward = make_reward(lead, tmp_path / "reward", clip.playback_sha256)
    refused = make_distortion(made.batch, source=clip, state=ResultState.REFUSED, refused_for="seam")
    return [
        "/batches/",
        "/batches/new/",
        f"/batches/{made.batch_id}/",
        f"/batches/{made.batch_id}/{made.number}/",
        f"/batches/{made.batch_id}/{refused.number}/",
        f"/jobs/{faces_job.uid}/",
        "/studies/",
        "/studies/?state=closed",
        "/studies/new/",
        f"/studies/{judged.slug}/",
        f"/studies/{draft.slug}/",
        f"/studies/{judged.slug}/close/",
        f"/studies/{judged.slug}/members/",
        f"/studies/{judged.slug}/members/{member.pk}/remove/",
        f"/studies/{judged.slug}/faces/",
        f"/studies/{judged.slug}/gold/",
        f"/studies/{draft.slug}/gold/",
        f"/studies/{judged.slug}/reviews/",
        f"/studies/{judged.slug}/reviews/{item.pk}/",
        f"/studies/{judged.slug}/reviews/?show=flagged",
        f"/studies/{judged.slug}/queue/",
        f"/studies/{judged.slug}/release/",
        "/releases/",
        f"/releases/{release.pk}/",
        f"/releases/{release.pk}/push/",
        f"/releases/{waiting.pk}/",
        "/ranking/",
        "/ranking/?judges=all",
        "/runs/",
        "/runs/new/policy/",
        f"/runs/{policy.pk}/",
        f"/runs/{reward.pk}/",
        f"/runs/{reward.pk}/mistakes/",
        "/work/",
        "/library/",
        "/library/?q=nobody",
        "/library/upload/",
        "/library/import/",
        f"/library/import/{folder.uid}/",
        f"/library/{clip.pk}/",
        f"/library/{clip.pk}/remove",
        "/people/",
        f"/people/{person.key}/",
        f"/people/{person.key}/remove",
        "/jobs/?show=active",
        "/jobs/?show=done",
        "/jobs/?show=failed",
        f"/join/{invitation.token}/",
        "/nothing-here/",
    ]


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, lead: User) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill("the-lead")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/studies/")
    yield page
    context.close()


def test_pages_of_leads(page: Page, addresses: list[str]) -> None:
    found: list[str] = []
    for theme, options in zip(THEMES, (OPTIONS, OF_COLOURS), strict=True):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for address in addresses:
            page.goto(address)
            found += check(page, f"{theme} {address}", options)
    assert found == []


def test_dialogs_of_the_study_page(page: Page, judged: Study) -> None:
    found: list[str] = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for name in ("Invite", "Close"):
            page.goto(f"/studies/{judged.slug}/")
            page.get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("dialog").locator("form").first).to_be_visible()
            found += check(page, f"{theme} {name}")
    assert found == []


def test_pages_of_guests(chromium: Browser, live_server: LiveServer, judged: Study, lead: User) -> None:
    invitation = invitation_create(study=judged, created_by=lead, valid_for=timedelta(days=1))
    found: list[str] = []
    for theme in THEMES:
        context = chromium.new_context(base_url=live_server.url, color_scheme=theme)
        page = context.new_page()
        for address in ("/login/", f"/join/{invitation.token}/"):
            page.goto(address)
            found += check(page, f"{theme} {address}")
        context.close()
    assert found == []


def test_the_workbench(workbench: WorkbenchPage) -> None:
    found: list[str] = []
    for theme in THEMES:
        workbench.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += check(workbench.page, theme)
    workbench.press("1", "q", "a", "m", "?")
    expect(workbench.page.get_by_role("dialog")).to_be_visible()
    found += check(workbench.page, "map of keys")
    assert found == []
