"""A job that gets on is not given up however often its worker dies."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from config.jobs.models import Job, JobState
from config.jobs.runner import JobRun
from config.jobs.services import job_claim, job_create, jobs_release_stale

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("gets_on", "state"), [(True, JobState.RUNNING), (False, JobState.FAILED)])
def test_deaths_count_only_while_nothing_is_done(gets_on, state):
    job_create(kind="clip_distort", params={}, key="one", label="")
    for _ in range(5):
        job = job_claim(queue="vision", worker=uuid.uuid4())
        if job is None:
            break
        if gets_on:
            JobRun(job).headway()
        Job.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))  # the worker is gone
        jobs_release_stale()
    else:
        job_claim(queue="vision", worker=uuid.uuid4())
    assert Job.objects.get().state == state
