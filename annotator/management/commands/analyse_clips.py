from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.models import Study
from config.jobs.models import Job, JobState
from config.web.progress import ProgressLine
from datasets.models import Clip, ClipState
from datasets.services.analysis import analysis_batch_start


class Command(BaseCommand):
    help = "Find and name the faces of clips; those that were analysed with the same backend are only matched anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--study", metavar="STUDY", help="The clips of a study, by its slug.")
        which.add_argument("--all", action="store_true", help="Every clip of the library.")
        parser.add_argument(
            "--backend", default="", help="opencv, insightface, dlib, mobilefacenet; the best by default"
        )
        parser.add_argument("--again", action="store_true", help="Also what was analysed before.")
        parser.add_argument("--detach", action="store_true", help="Leave it to the workers.")

    def handle(self, *args: Any, **options: Any) -> None:
        clips, label = _clips(options["study"])
        if not clips:
            raise CommandError(f"There is no clip ready in {label}.")
        job = analysis_batch_start(
            clip_ids=clips, label=label, backend=options["backend"], again=options["again"]
        )
        if options["detach"]:
            self.stdout.write(f"Job {job.pk} is queued: {len(clips)} clips of {label}.")
            return
        self._report(self._run(job))

    def _run(self, job: Job) -> Job:
        # Face models are loaded by no other command.
        from datasets.analysing.here import batch_run_here

        with ProgressLine(self.stderr, "clips") as line:
            return batch_run_here(
                job=job, on_progress=lambda row: line(row.progress_done, row.progress_total or 0)
            )

    def _report(self, job: Job) -> None:
        if job.state == JobState.FAILED:
            raise CommandError(job.reason)
        if job.state == JobState.CANCELLED:
            raise CommandError(
                f"Cancelled after {job.progress_done} clips; the same command goes on from there."
            )
        for each in job.result["errors"]:
            self.stderr.write(f"{each['name']}: {each['error']}")
        self.stdout.write(self.style.SUCCESS(f"{job.result['analysed']} clips analysed."))
        if job.result["failed"]:
            self.stdout.write(f"{job.result['failed']} clips have no tracks.")


def _clips(slug: str | None) -> tuple[list[int], str]:
    ready = Clip.objects.filter(state=ClipState.READY)
    if slug is None:
        return list(ready.values_list("pk", flat=True)), "the library"
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise CommandError(f"There is no study {slug}.")
    in_pairs = ready.filter(pairs_as_a__items__study=study) | ready.filter(pairs_as_b__items__study=study)
    return list(in_pairs.distinct().values_list("pk", flat=True)), study.name
