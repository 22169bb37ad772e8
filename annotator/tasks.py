from celery import shared_task

from annotator.services.consensus import stale_consensus_queue


@shared_task
def consensus_sweep() -> None:
    stale_consensus_queue()
