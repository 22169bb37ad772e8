"""Get the free face models from the Hub, checked, and say under which licence they come."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Fetch YuNet (finds faces) and SFace (tells them apart) from the Hugging Face Hub into the models folder. What"
        " is there already is only checked; an interrupted download goes on where it broke off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            help="models folder; default: LIKENESS_MODELS, else models in LIKENESS_HOME",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Vision's packages are needed for nothing else that the site's commands do.
        from datasets.identity.errors import ModelError
        from datasets.identity.models import FETCHED, MODELS, model_fetch

        for name in FETCHED:
            self.stdout.write(f"{MODELS[name].what}, licence {MODELS[name].licence} …")
            try:
                found = model_fetch(name, options["folder"] or settings.FACE_MODELS)
            except ModelError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"  {found.path}")
