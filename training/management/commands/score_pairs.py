"""Let a trained reward model judge the library's pairs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.web.progress import ProgressLine
from training.reward.errors import RewardError


class Command(BaseCommand):
    help = (
        "Let a trained reward model judge every pair of the library whose faces were found by the model's face model. "
        "The scores order a study's queue (`manage.py order_queue`), point at answers that disagree with a confident "
        "model, and have columns of their own in releases. Run it again after new imports or corrected faces."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", metavar="MODEL", type=Path, help="a run's folder, or its model folder")
        parser.add_argument("--name", default="", help="what pages call the model; its folder by default")

    def handle(self, *, model: Path, name: str, **options: Any) -> None:
        # Torch is loaded by no other command of the site.
        from training.scoring import pairs_score

        folder = model / "model" if (model / "model").is_dir() else model
        try:
            with ProgressLine(self.stderr, "clips") as progress:
                done = pairs_score(model=folder, name=name, on_progress=progress)
        except RewardError as error:
            raise CommandError(str(error), returncode=2) from None
        for sentence in done.left_out:
            self.stderr.write(sentence)
        self.stdout.write(self.style.SUCCESS(f"{done.scorer}: {done.pairs:,} pairs have a score."))
