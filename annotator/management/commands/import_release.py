"""Take a released dataset into the library, in any of the formats that export_pairs writes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.services.imported import study_import
from config.accounts.models import User
from config.web.progress import ProgressLine
from datasets.importing.release import ReleaseReport, import_release
from datasets.models import Clip, ClipState
from datasets.releases.errors import ReleaseError
from datasets.services.preparation import clips_prepare_here


class Command(BaseCommand):
    help = (
        "Import a release, or a folder in the formats videoalign, identity-grpo or jsonl: people, references, clips "
        "and pairs; with --study, its judgments too, as a closed study. The folder is checked first and a copy of it "
        "is kept among the releases. Running it again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--study", metavar="SLUG", help="make a closed study of the judgments")
        parser.add_argument(
            "--no-wait", dest="wait", action="store_false", help="leave the playback copies to the workers"
        )
        parser.add_argument("--as", dest="username", help="the lead who is said to have imported it")

    def handle(
        self, *, folder: Path, study: str | None, wait: bool, username: str | None, **options: Any
    ) -> None:
        user = User.objects.filter(username=username, is_lead=True).first() if username else None
        if username and user is None:
            raise CommandError(f"There is no lead called {username}.", returncode=2)
        try:
            with ProgressLine(self.stderr, "clips") as progress:
                report, source = import_release(folder=folder, created_by=user, on_progress=progress)
            if wait:
                self._prepare(report)
            self._say(report)
            if study:
                made = study_import(source=source, report=report, slug=study, created_by=user)
                self.stdout.write(f"  study {made.slug} has {made.judgments.count():,} judgments")
        except ReleaseError as error:
            raise CommandError(str(error)) from error

    def _prepare(self, report: ReleaseReport) -> None:
        clips = Clip.objects.filter(pk__in=report.clip_ids.values(), state=ClipState.PENDING)
        waiting = list(clips.values_list("pk", flat=True))
        if waiting:
            with ProgressLine(self.stderr, "clips prepared") as progress:
                clips_prepare_here(
                    clip_ids=waiting, on_prepared=lambda left: progress(len(waiting) - left, len(waiting))
                )
        refused = Clip.objects.filter(pk__in=waiting, state=ClipState.REFUSED).order_by("pk")
        report.problems += refused.values_list("refusal", flat=True)

    def _say(self, report: ReleaseReport) -> None:
        for problem in report.problems:
            self.stderr.write(problem)
        kept = "kept as" if report.is_new else "there already as"
        self.stdout.write(f"{report.format}, {kept} {report.release}")
        for name in ("people", "references", "clips", "pairs"):
            self.stdout.write(f"  {name:<12}{getattr(report, f'{name}_new'):>8,} new")
        if report.prompts:
            self.stdout.write(f"  {report.prompts:,} prompts without clips stay in the kept folder")
