"""Let a reward model's doubts order what is left of a study."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotator.models import Study
from annotator.services.queue import RANDOM_SHARE, queue_order
from datasets.models import Scorer


class Command(BaseCommand):
    help = (
        "Put the pairs of a study that nobody has begun in order: those that a reward model is least sure of first, "
        "and a fixed share drawn at random, so that rates can be estimated from these alone (column drawn_at_random "
        "of a release). Scores come from `manage.py score_pairs`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument(
            "--scorer", default="", help="name of the model; the one that scored last by default"
        )
        parser.add_argument(
            "--random-share", type=float, default=RANDOM_SHARE, help="0 to 1 (default: %(default)s)"
        )
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *, study: str, scorer: str, random_share: float, seed: int, **options: Any) -> None:
        found = Study.objects.filter(slug=study).first()
        if found is None:
            raise CommandError(f"There is no study {study}.", returncode=2)
        models = Scorer.objects.order_by("-scored_at")
        model = (models.filter(name=scorer) if scorer else models).first()
        if model is None:
            raise CommandError(
                f"No reward model{f' {scorer}' if scorer else ''} has scored anything: see `manage.py score_pairs`.",
                returncode=2,
            )
        try:
            order = queue_order(study=found, scorer=model, random_share=random_share, seed=seed)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        self.stdout.write(
            self.style.SUCCESS(
                f"{order.n_ordered:,} pairs of {found} are in order by {model}; {random_share:.0%} of the places are "
                "filled at random."
            )
        )
