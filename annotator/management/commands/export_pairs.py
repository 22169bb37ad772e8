"""Write what a study found out as a dataset."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.models import Study
from annotator.releasing.options import ReleaseOptions
from annotator.services.release_build import release_build
from annotator.services.releases import CANCELLED, release_begin
from config.jobs.models import JobState
from config.jobs.runner import JobRun, beating
from config.jobs.services import JobCancelled, JobLost, job_finish
from config.web.progress import ProgressLine
from datasets.models import Release
from datasets.releases.errors import ReleaseError
from datasets.releases.names import FORMAT_NAMES
from datasets.services.hub import hub_check, hub_push

LOST = "This export was silent for so long that it was taken for dead. Start it again."


class Command(BaseCommand):
    help = (
        "Release a study: write its comparisons, judgments, clips, people and tracks to a new folder, whole or not "
        "at all, and register it as frozen. Nobody is in two splits. With --push-to-hub the folder is uploaded to a "
        "dataset repository on the Hugging Face Hub (token in HF_TOKEN, or from `hf auth login`)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("--out", type=Path, required=True, help="folder to make; it must not exist")
        parser.add_argument("--format", choices=FORMAT_NAMES, default="likeness")
        parser.add_argument("--splits", default="80/10/10", help="train/validation/test in percent")
        parser.add_argument("--seed", type=int, default=0, help="decides between equal ways to split")
        parser.add_argument("--embed", action="store_true", help="put both clips into each comparison, too")
        parser.add_argument(
            "--no-media",
            dest="media",
            action="store_false",
            help="name clips and references without their files",
        )
        parser.add_argument(
            "--no-tracks",
            dest="tracks",
            action="store_false",
            help="leave out the faces found in the clips, and their embeddings",
        )
        parser.add_argument(
            "--synthetic",
            action="store_true",
            help="with the known answers of pairs that nobody judged, marked synthetic",
        )
        parser.add_argument(
            "--gold",
            action="store_true",
            help="with what annotators said of test questions, as judgments like any other",
        )
        parser.add_argument("--licence", default="other", help="of the preferences: cc-by-4.0, …")
        parser.add_argument("--push-to-hub", metavar="REPO", help="owner/name of a dataset repository")
        parser.add_argument(
            "--public", action="store_true", help="make a new repository public; default: private"
        )

    def handle(self, *, study: str, out: Path, push_to_hub: str | None, public: bool, **options: Any) -> None:
        found = Study.objects.filter(slug=study).first()
        if found is None:
            raise CommandError(f"There is no study {study}.", returncode=2)
        names = ("format", "splits", "seed", "embed", "media", "tracks", "licence", "synthetic", "gold")
        try:
            wanted = ReleaseOptions(**{name: options[name] for name in names})
            if push_to_hub:
                hub_check(repo=push_to_hub)  # Before the work, not after it.
            release = self._build(found, wanted, out)
            self._say(release)
            if push_to_hub:
                url = hub_push(folder=out, repo=push_to_hub, private=not public, message=f"Add {release}")
                self.stdout.write(f"  uploaded to {url}")
        except ReleaseError as error:
            raise CommandError(str(error)) from error

    def _build(self, study: Study, options: ReleaseOptions, out: Path) -> Release:
        release, job = release_begin(study=study, options=options, folder=out)
        run = JobRun(job)
        ended = JobState.FAILED
        try:
            with beating(job), ProgressLine(self.stderr, "pairs and clips") as progress:

                def tell(done: int, total: int) -> None:
                    progress(done, total)
                    run.progress(done, total)

                release_build(release=release, study=study, on_progress=tell)
            ended = JobState.SUCCEEDED
        except (JobCancelled, KeyboardInterrupt) as error:
            ended = JobState.CANCELLED
            raise ReleaseError(CANCELLED) from error
        except JobLost as error:
            raise ReleaseError(LOST) from error
        finally:
            if ended != JobState.SUCCEEDED:
                release.delete()
            job_finish(job=job, state=ended)
        return release

    def _say(self, release: Release) -> None:
        counts = release.counts
        self.stdout.write(f"{release} in {release.folder}")
        splits = list(counts["splits"]["requested"])
        self.stdout.write(f"  {'':<12}" + "".join(f"{split:>12}" for split in splits))
        for table, rows in counts["tables"].items():
            self.stdout.write(f"  {table:<12}" + "".join(f"{rows[split]:>12,}" for split in splits))
        for sentence in [*counts["left_out"], counts["splits"]["warning"]]:
            if sentence:
                self.stderr.write(sentence)
        self.stdout.write(f"  {counts['files']:,} files, {counts['bytes'] / 1e6:,.1f} MB")
