"""Take a folder or a manifest of clips into the library; with --study, make a study of its pairs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotator.models import Study
from annotator.services.studies import study_add_items, study_create
from config.accounts.models import User
from config.web.progress import ProgressLine
from datasets.importing import ImportReport, PairRule, import_source
from datasets.models import ClipState, Pair
from datasets.selectors.clips import clips_among
from datasets.services.preparation import clips_prepare_here


class Command(BaseCommand):
    help = (
        "Import clips from a CSV or JSONL manifest, from a folder that holds one (import.csv, manifest.jsonl, …), or "
        "from a folder whose file names say what each is. What cannot be taken is said line by line, the rest goes "
        "in, and running it again adds nothing. Exit status 1 when something was not taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="manifest or folder")
        parser.add_argument("--study", metavar="SLUG", help="make a study of the pairs, or add them to it")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done and write nothing")
        parser.add_argument(
            "--pairs",
            type=PairRule,
            choices=list(PairRule),
            help="named: by the column 'pair'; all: clips of one scene by different generators; default: "
            "named where the manifest names any, else all",
        )
        parser.add_argument(
            "--wait",
            action="store_true",
            help="make the playback copies here and now (the default); --no-wait leaves them to the workers",
        )
        parser.add_argument("--no-wait", dest="wait", action="store_false", help="see --wait")
        parser.add_argument("--as", dest="username", help="the lead who is said to have imported them")
        parser.set_defaults(wait=True)

    def handle(self, *, source: Path, dry_run: bool, wait: bool, study: str | None, **options: Any) -> None:
        if study and not wait and not dry_run:
            raise CommandError("--study needs the clips prepared: leave --no-wait out.", returncode=2)
        user = self._user(options["username"])
        try:
            with ProgressLine(self.stderr, "rows") as progress:
                report = import_source(
                    source=source,
                    rule=options["pairs"],
                    dry_run=dry_run,
                    created_by=user,
                    on_progress=progress,
                )
        except FileNotFoundError as error:
            raise CommandError(str(error), returncode=2) from None
        refused = self._prepare(report) if wait and not dry_run else []
        for problem in [*report.problems, *refused]:
            self.stderr.write(str(problem))
        self._print_table(report, dry_run=dry_run)
        if study and not dry_run:
            self._make_study(study, report, user)
        failed = len(report.problems) + len(refused)
        if failed:
            raise CommandError(
                f"{failed} {'thing was' if failed == 1 else 'things were'} not taken, see above."
            )

    def _user(self, username: str | None) -> User | None:
        if not username:
            return None
        user = User.objects.filter(username=username, is_lead=True).first()
        if user is None:
            raise CommandError(f"There is no lead called {username}.", returncode=2)
        return user

    def _prepare(self, report: ImportReport) -> list[str]:
        """Make the playback copies and return the sentences of the clips that are no usable videos."""
        waiting = [clip.pk for clip in clips_among(report.clip_ids, state=ClipState.PENDING)]
        if waiting:
            with ProgressLine(self.stderr, "clips prepared") as progress:
                clips_prepare_here(
                    clip_ids=waiting,
                    on_prepared=lambda left: progress(len(waiting) - left, len(waiting)),
                )
        refused = clips_among(report.clip_ids, state=ClipState.REFUSED)
        unprepared = clips_among(report.clip_ids, state=ClipState.PENDING)
        return [
            # A refusal begins with the file's name: its folder in front tells one a.mp4 from another.
            *("".join(clip.source_name.rpartition("/")[:2]) + clip.refusal for clip in refused),
            *(f"{clip.source_name} is not prepared yet; its job says why." for clip in unprepared),
        ]

    def _print_table(self, report: ImportReport, *, dry_run: bool) -> None:
        ready = len(clips_among(report.clip_ids, state=ClipState.READY))
        self.stdout.write(
            f"{report.source}: {report.rows} rows{', nothing written (dry run)' if dry_run else ''}"
        )
        self.stdout.write(f"  {'':<12}{'new':>8}{'there':>8}")
        for name, new, known in (
            ("people", report.people_new, None),
            ("references", report.references_new, None),
            ("clips", report.clips_new, report.clips_known),
            ("pairs", report.pairs_new, report.pairs_known),
        ):
            self.stdout.write(f"  {name:<12}{new:>8}{'' if known is None else known:>8}")
        if not dry_run:
            self.stdout.write(f"  {ready} of {len(report.clip_ids)} clips can be judged")

    def _make_study(self, slug: str, report: ImportReport, user: User | None) -> None:
        pairs = Pair.objects.filter(pk__in=report.pair_ids)
        study = Study.objects.filter(slug=slug).first()
        try:
            if study is None:
                name = slug.replace("-", " ").replace("_", " ").capitalize()
                study = study_create(name=name, slug=slug, pairs=pairs, created_by=user)
                self.stdout.write(
                    f"  study {slug} was made with {study.items.count()} items; open it when it is ready"
                )
            else:
                self.stdout.write(
                    f"  {study_add_items(study=study, pairs=pairs)} items were added to study {slug}"
                )
        except ValidationError as error:
            raise CommandError(f"study {slug}: {' '.join(error.messages)}") from None
