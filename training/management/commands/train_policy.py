"""Tune a generator on a reward model, with a release's people and prompts."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from training.management.running import run_start
from training.models import RunKind
from training.selectors import release_folder
from training.services import run_create

NO_RELEASE = "There is no release {}: give its folder or its name."


class Command(BaseCommand):
    help = (
        "Tune a generator on a reward model, in a child process (`python -m training.grpo`). Prompts and people are "
        "the release's: train to tune on, validation to look at, test to measure at the end. The run's folder gets "
        "metrics.jsonl, checkpoints, clips of the same prompts and seeds, and results.json; ctrl-C stops it, and "
        "--resume goes on to the same weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("release", metavar="RELEASE", help="its folder, name or name@version")
        parser.add_argument(
            "--reward",
            type=Path,
            metavar="DIR",
            help="a run of train_reward; else the toy's own similarity is the reward",
        )
        parser.add_argument(
            "--config", type=Path, required=True, help="TOML, such as training/configs/grpo_toy.toml"
        )
        parser.add_argument("--toy", type=Path, help="the toy generator's folder; LIKENESS_TOY by default")
        parser.add_argument("--out", type=Path, help="the run's folder; below LIKENESS_HOME/runs by default")
        parser.add_argument(
            "--name", default="", help="what it is called; the configuration's name by default"
        )
        parser.add_argument(
            "--detach", action="store_true", help="leave it to the workers of the queue training"
        )
        parser.add_argument("--resume", action="store_true", help="go on with the run in --out")

    def handle(
        self, *, release: str, config: Path, out: Path | None, detach: bool, resume: bool, **options: Any
    ) -> None:
        folder = release_folder(release)
        if folder is None:
            raise CommandError(NO_RELEASE.format(release), returncode=2)
        if resume and out is None:
            raise CommandError("--resume needs the run's folder: --out FOLDER.", returncode=2)
        reward = options["reward"]
        if reward is not None and not reward.is_dir():
            raise CommandError(
                f"There is no reward model in {reward}: make one with train_reward.", returncode=2
            )
        try:
            run = run_create(
                kind=RunKind.POLICY, release_folder=folder, config=_configured(config), reward_folder=reward,
                generator_folder=options["toy"] or Path(settings.TOY), folder=out, resume=resume,
                name=options["name"] or config.stem.replace("_", " "),
            )  # fmt: skip
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        if not detach:
            self.stdout.write(f"Run {run.pk} in {run.folder}")
        run_start(self, run, detach=detach, result=run.folder)


def _configured(path: Path) -> str:
    """Return the text of a configuration that can be used; checked here where torch is, else by the child."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=2) from None
    if find_spec("torch") is not None:
        from training.grpo.config import ConfigError, read_config

        try:
            read_config(path)
        except ConfigError as error:
            raise CommandError(f"{path}: {error}", returncode=2) from None
    return text
