"""What the workers do: for leads, with a way to stop a job and to start it again."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from config.web.access import lead_required
from config.web.http import SiteRequest

from .models import Job
from .selectors import job_counts, jobs_listed
from .services import job_cancel, job_resume

PAGE_SIZE = 50
LABELS = {"active": "Active", "failed": "Failed and cancelled", "done": "Done"}


@require_GET
@lead_required
def jobs(request: SiteRequest) -> HttpResponse:
    return _list(request, request.GET.get("show", ""))


def _list(request: SiteRequest, show: str) -> HttpResponse:
    counts = job_counts()
    if show not in LABELS:
        show = "active" if counts["active"] or not counts["failed"] else "failed"
    context = {
        "page": Paginator(jobs_listed(show), PAGE_SIZE).get_page(request.GET.get("page")),
        "show": show,
        "groups": [(group, label, counts[group]) for group, label in LABELS.items()],
    }
    return render(request, "jobs/_jobs.html" if request.htmx else "jobs/jobs.html", context)


@require_GET
@lead_required
def job(request: SiteRequest, uid: str) -> HttpResponse:
    return _one(request, get_object_or_404(Job.objects.select_related("created_by"), uid=uid))


def _one(request: SiteRequest, shown: Job) -> HttpResponse:
    return render(request, "jobs/_job.html" if request.htmx else "jobs/job.html", {"job": shown})


@require_POST
@lead_required
def job_stop(request: SiteRequest, uid: str) -> HttpResponse:
    job_cancel(job=get_object_or_404(Job, uid=uid))
    return _back(request, uid)


@require_POST
@lead_required
def job_again(request: SiteRequest, uid: str) -> HttpResponse:
    job_resume(job=get_object_or_404(Job, uid=uid))
    return _back(request, uid)


def _back(request: SiteRequest, uid: str) -> HttpResponse:
    """Answer with what the page that asked shows: one job, or the list."""
    show = request.POST.get("show", "")
    if show == "one":
        return (
            _one(request, get_object_or_404(Job, uid=uid)) if request.htmx else redirect("jobs:job", uid=uid)
        )
    return (
        _list(request, show)
        if request.htmx
        else redirect(f"{reverse('jobs:jobs')}?show={show if show in LABELS else ''}")
    )
