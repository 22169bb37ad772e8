from celery import shared_task

from .runner import run_jobs
from .services import jobs_release_stale


@shared_task
def jobs_wake(queue: str) -> None:
    run_jobs(queue=queue)


@shared_task
def jobs_sweep() -> None:
    for queue in jobs_release_stale():
        jobs_wake.apply_async(kwargs={"queue": queue}, queue=queue)
