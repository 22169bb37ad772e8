from celery import shared_task

from annotator.services.consensus import stale_consensus_queue
from annotator.services.releases import releases_fail_abandoned


@shared_task
def consensus_sweep() -> None:
    stale_consensus_queue()


@shared_task
def releases_sweep() -> None:
    releases_fail_abandoned()
