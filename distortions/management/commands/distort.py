"""Make a batch of distortions from a TOML file."""

from __future__ import annotations

import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from config.web.progress import ProgressLine
from datasets.models import ClipState
from datasets.services.preparation import clips_prepare_here
from distortions.config import BatchConfig, ConfigError, config_of
from distortions.models import Batch, BatchState, ResultState
from distortions.selectors.board import clips_of
from distortions.services.batches import batch_create

REASONS_SHOWN = 10


class Command(BaseCommand):
    help = (
        "Distort clips of the library as a TOML file says, judge the results, and make pairs whose answer is known. "
        "The same file started twice is one batch, which is gone on with; ctrl-C pauses it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("config", type=Path, metavar="CONFIG.toml")
        parser.add_argument(
            "--detach", action="store_true", help="Leave it to the workers of the queue vision."
        )

    def handle(self, *, config: Path, detach: bool, **options: Any) -> None:
        try:
            batch, is_new = batch_create(config=_read(config))
        except ConfigError as error:
            raise CommandError("\n".join(error.sentences), returncode=2) from None
        if not is_new:
            self.stdout.write(
                f"This batch was started before, as “{batch}” ({batch.pk}); it goes on from there."
            )
        for each in batch.left_out:
            self.stderr.write(f"{each['name']}: {each['sentence']}")
        if batch.state == BatchState.CANCELLED:
            raise CommandError("It was cancelled. Change its name or seed to make it anew.")
        if detach:
            self.stdout.write(f"Batch {batch.pk} is queued; results planned: {batch.distortions.count()}.")
            return
        self._report(self._run(batch))

    def _run(self, batch: Batch) -> Batch:
        # Face models are loaded by no other command.
        from distortions.making.here import batch_run_here

        with ProgressLine(self.stderr, "results") as line:
            batch = batch_run_here(batch=batch, on_progress=line)
        waiting = list(clips_of(batch).filter(state=ClipState.PENDING).values_list("pk", flat=True))
        if waiting:
            with ProgressLine(self.stderr, "clips prepared") as line:
                clips_prepare_here(
                    clip_ids=waiting, on_prepared=lambda left: line(len(waiting) - left, len(waiting))
                )
        return batch

    def _report(self, batch: Batch) -> None:
        if batch.state == BatchState.PAUSED:
            raise CommandError("Paused; the same command goes on from there.")
        counts = {state: batch.distortions.filter(state=state).count() for state in ResultState}
        not_made = batch.distortions.filter(state__in=[ResultState.REFUSED, ResultState.FAILED])
        reasons = not_made.values_list("recipe", "error").annotate(times=Count("pk")).order_by("-times")
        for recipe, error, times in reasons[:REASONS_SHOWN]:
            self.stderr.write(f"{times} × {recipe}: {error}")
        self.stdout.write(
            self.style.SUCCESS(
                f"Batch {batch.pk}: {counts[ResultState.MADE]} made, {counts[ResultState.REFUSED]} refused by the "
                f"gate, {counts[ResultState.FAILED]} failed; {batch.pairs.count()} pairs with known answers."
            )
        )
        if counts[ResultState.PLANNED]:
            raise CommandError(f"{counts[ResultState.PLANNED]} are not made: the jobs page says why.")


def _read(path: Path) -> BatchConfig:
    """Read and check a file, recipes' parameters included."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"There is no file {path}."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path} cannot be read: {error}."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path} is not TOML: {error}."]) from None
    config = config_of({"name": path.stem, **data})
    if config.parameters:
        from distortions.making.parameters import parameters_check

        parameters_check(config)
    return config
