"""Jobs as their page shows them."""

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from .models import ACTIVE_STATES, Job, JobState

GROUPS: dict[str, tuple[JobState, ...]] = {
    "active": ACTIVE_STATES,
    "failed": (JobState.FAILED, JobState.CANCELLED),
    "done": (JobState.SUCCEEDED,),
}


def jobs_listed(group: str) -> QuerySet[Job]:
    """Jobs of a group, what runs first and then the newest; an unknown group is all of them."""
    runs_first = Case(
        When(state=JobState.RUNNING, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    jobs = Job.objects.select_related("created_by")
    if group == "active":
        return jobs.filter(state__in=ACTIVE_STATES).order_by(runs_first, "pk")
    if group in GROUPS:
        jobs = jobs.filter(state__in=GROUPS[group])
    return jobs.order_by("-pk")


def job_counts() -> dict[str, int]:
    """How many jobs there are in each group."""
    by_state = dict(Job.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return {group: sum(by_state.get(state, 0) for state in states) for group, states in GROUPS.items()}
