"""Generate clips with policies and take them into the library."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from training.generating import (
    BASE,
    ClipsWanted,
    NotGenerated,
    clips_folder,
    clips_make,
    mark_people,
    policy_named,
    rule_of,
)
from training.selectors import release_folder


class Command(BaseCommand):
    help = (
        "Generate clips with the base generator and tuned policies, all from the same prompts and seeds, and import "
        "them with generator, version, seed, prompt and people. Clips of two policies become pairs; --ab-study makes "
        "a study of them, in which annotators do not learn which is which."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--policy",
            action="append",
            dest="policies",
            metavar="RUN|base",
            help="a run's number or folder; again for more",
        )
        parser.add_argument(
            "--prompts",
            required=True,
            metavar="FILE|RELEASE",
            help="JSON lines, or a release: its test split is asked for",
        )
        parser.add_argument("--most", type=int, metavar="N", help="at most so many prompts")
        parser.add_argument("--seeds", type=int, nargs="+", default=[0])
        parser.add_argument("--guidance", type=float, help="by default what the run was tuned with")
        parser.add_argument(
            "--labels", action="store_true",
            help="with two policies: the judge's encoder says which clip is better, as a published label",
        )  # fmt: skip
        parser.add_argument(
            "--toy", type=Path, help="the generator's folder; by default the run's, or LIKENESS_TOY"
        )
        parser.add_argument(
            "--out", type=Path, help="where clips are written; below LIKENESS_HOME/runs by default"
        )
        parser.add_argument("--ab-study", metavar="SLUG", help="make a study of the pairs, or add them to it")
        parser.add_argument(
            "--no-import", action="store_true", help="write the folder, and nothing into the library"
        )
        parser.add_argument("--as", dest="username", help="the lead who is said to have imported them")

    def handle(self, *, prompts: str, ab_study: str | None, no_import: bool, **options: Any) -> None:
        source = release_folder(prompts) or Path(prompts)
        out = options["out"] or clips_folder(f"clips-{timezone.now():%Y%m%d-%H%M%S}")
        try:
            named = [policy_named(text) for text in options["policies"] or [BASE]]
            if ab_study and len(named) < 2:
                raise NotGenerated("--ab-study compares: give two policies or more.")
            toy = options["toy"] or next((folder for _, folder in named if folder), Path(settings.TOY))
            wanted = ClipsWanted(
                policies=[name for name, _ in named], prompts=source, seeds=options["seeds"], most=options["most"],
                guidance=options["guidance"], labels=options["labels"], generator_folder=toy,
            )  # fmt: skip
            clips_make(wanted, out, on_beat=lambda: None, quiet=True)
        except NotGenerated as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"Clips, references and manifest are in {out}.")
        if no_import:
            return
        # By its command, as training knows no studies: it imports, prepares and makes the study.
        call_command(
            "import_clips", str(out), pairs=rule_of(out), study=ab_study, username=options["username"],
            stdout=self.stdout, stderr=self.stderr,
        )  # fmt: skip
        mark_people(out)
