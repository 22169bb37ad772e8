from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.models import Study
from annotator.services.refusals import Refused
from annotator.services.simulation import annotators_simulate
from config.web.progress import ProgressLine


class Command(BaseCommand):
    help = "Fill an open study with judgments of simulated annotators, marked as such everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="The study's slug.")
        parser.add_argument("--annotators", type=int, default=3, metavar="N")
        parser.add_argument("--noise", type=float, default=0.15, help="Share of answers at random, 0 to 1.")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']}.")
        try:
            with ProgressLine(self.stderr, "answers") as progress:
                n_answers = annotators_simulate(
                    study=study,
                    n_annotators=options["annotators"],
                    noise=options["noise"],
                    seed=options["seed"],
                    progress=progress,
                )
        except (Refused, ValueError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(self.style.SUCCESS(f"{n_answers} simulated answers in {study.name}."))
