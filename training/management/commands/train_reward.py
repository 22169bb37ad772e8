"""Train a reward model on a release."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from training.management.running import run_start
from training.reward.config import Config, config_read, toml_text
from training.reward.errors import BadConfig
from training.reward.vlm.config import is_vlm_config, vlm_config_read
from training.selectors import release_folder
from training.services import run_create


def _config(path: Path | None, values: list[str]) -> Config | str:
    """Return how to train: of the identity reward, or as TOML of the one that looks at pictures."""
    if path is not None and is_vlm_config(path):
        return toml_text(vlm_config_read(path, values).as_dict())
    return (config_read(path) if path else Config()).with_values(values)


class Command(BaseCommand):
    help = (
        "Train a reward model on a release, in a child process (`python -m training.reward.train`). The run's "
        "folder gets metrics.jsonl, checkpoints, results.json and the model; ctrl-C stops it, and --resume goes on "
        "to the same weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("release", metavar="RELEASE", help="its folder, name or name@version")
        parser.add_argument("--config", type=Path, help="TOML, such as training/configs/reward_identity.toml")
        parser.add_argument("--set", action="append", dest="values", default=[], metavar="SECTION.NAME=VALUE")
        parser.add_argument("--out", type=Path, help="the run's folder; below LIKENESS_HOME/runs by default")
        parser.add_argument(
            "--detach", action="store_true", help="leave it to the workers of the queue training"
        )
        parser.add_argument("--resume", action="store_true", help="go on with the run in --out")

    def handle(
        self, *, release: str, config: Path | None, values: list[str], out: Path | None, detach: bool, resume: bool,
        **options: Any,
    ) -> None:  # fmt: skip
        folder = release_folder(release)
        if folder is None:
            raise CommandError(f"There is no release {release}: give its folder or its name.", returncode=2)
        if resume and out is None:
            raise CommandError("--resume needs the run's folder: --out FOLDER.", returncode=2)
        try:
            wanted = _config(config, values)
            run = run_create(release_folder=folder, config=wanted, folder=out, resume=resume)
        except BadConfig as error:
            raise CommandError(str(error), returncode=2) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        run_start(self, run, detach=detach, result=f"{run.folder}/model")
