"""What a worker runs for this app's kinds of jobs (settings.JOB_KINDS)."""

from annotator.models import Study
from annotator.services import release_build
from annotator.services import release_push as pushing
from annotator.services.consensus import study_consensus_refresh
from config.jobs.runner import JobRefused, JobRun


def study_consensus(run: JobRun) -> None:
    """Refresh the consensus of the study in `params`; running it twice does no harm."""
    study = Study.objects.filter(pk=run.params["study"]).first()
    if study is None:
        raise JobRefused("The study is gone.")
    run.result = {"items": study_consensus_refresh(study=study, progress=run.progress)}


def release_export(run: JobRun) -> None:
    release_build.release_export(run=run)


def release_push(run: JobRun) -> None:
    pushing.release_push(run=run)
