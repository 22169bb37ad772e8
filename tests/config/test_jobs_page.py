"""The jobs' page: what runs, with cancel and resume."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.accounts.models import User
from config.jobs.models import Job, JobState
from config.jobs.services import job_finish

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead_client() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("lead", is_lead=True))
    return client


def make(state: str = JobState.QUEUED, **fields) -> Job:
    return Job.objects.create(kind="clip_prepare", queue="media", state=state, label="dance.mp4", **fields)


def test_jobs_are_shown_by_how_they_stand(lead_client) -> None:
    queued, failed, done = (
        make(),
        make(JobState.FAILED, error="The disk is full.\n\nTrace"),
        make(JobState.SUCCEEDED),
    )
    for show, job in (("active", queued), ("failed", failed), ("done", done)):
        assert list(lead_client.get(f"/jobs/?show={show}").context["page"]) == [job]
    text = lead_client.get("/jobs/?show=failed").content.decode()
    assert "The disk is full." in text
    assert reverse("jobs:job-resume", args=[failed.uid]) in text


def test_what_is_active_comes_first_then_what_failed(lead_client) -> None:
    failed = make(JobState.FAILED)
    assert list(lead_client.get("/jobs/").context["page"]) == [failed]
    queued = make()
    assert list(lead_client.get("/jobs/?show=odd").context["page"]) == [queued]


def test_htmx_gets_the_table_alone(lead_client) -> None:
    assert b"<html" not in lead_client.get("/jobs/", headers=HTMX).content


def test_a_job_is_cancelled_and_resumed(lead_client) -> None:
    job = make()
    assert lead_client.post(reverse("jobs:job-cancel", args=[job.uid]), headers=HTMX).status_code == 200
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert lead_client.post(reverse("jobs:job-resume", args=[job.uid])).status_code == 302
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_outsiders_get_404() -> None:
    client = Client()
    client.force_login(User.objects.create_user("outsider"))
    job = make()
    assert client.get("/jobs/").status_code == 404
    assert client.post(reverse("jobs:job-cancel", args=[job.uid])).status_code == 404
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_job_has_a_page_that_follows_it(lead_client) -> None:
    job = make(
        JobState.RUNNING, worker=uuid.uuid4(), heartbeat_at=timezone.now(), progress_done=3, progress_total=12
    )
    url = reverse("jobs:job", args=[job.uid])
    page = lead_client.get(url).content.decode()
    assert "3 of 12" in page
    assert reverse("jobs:job-cancel", args=[job.uid]) in page
    part = lead_client.get(url, headers=HTMX).content.decode()
    assert 'hx-trigger="every 1s"' in part
    assert "<html" not in part
    job_finish(job=job, state=JobState.SUCCEEDED)
    assert "hx-trigger" not in lead_client.get(url, headers=HTMX).content.decode()


def test_a_job_is_cancelled_and_resumed_on_its_page(lead_client) -> None:
    job = make()
    cancel, resume = (reverse(f"jobs:job-{what}", args=[job.uid]) for what in ("cancel", "resume"))
    assert b"Resume" in lead_client.post(cancel, {"show": "one"}, headers=HTMX).content
    assert lead_client.post(resume, {"show": "one"})["Location"] == reverse("jobs:job", args=[job.uid])
    assert Job.objects.get().state == JobState.QUEUED


def test_what_a_batch_could_not_do_is_listed_with_links(lead_client) -> None:
    errors = [{"clip": 7, "name": "a & b.mp4", "error": "Not a video."}]
    job = make(JobState.SUCCEEDED, result={"analysed": 4, "failed": 1, "errors": errors})
    page = lead_client.get(reverse("jobs:job", args=[job.uid])).content.decode()
    for part in ("4 analysed", reverse("datasets:clip", args=[7]), "a &amp; b.mp4", "Not a video."):
        assert part in page
    listed = lead_client.get("/jobs/?show=done").content.decode()
    assert "1 without a result" in listed
    assert reverse("jobs:job", args=[job.uid]) in listed
