"""Clips of policies into the library: made by a child process, taken in as any import."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from config.accounts.models import User
from datasets.importing import ImportReport, PairRule, import_source
from datasets.services.people import people_mark_procedural
from training.child import LOG, watch_child
from training.models import Run, RunKind
from training.work import NO_TORCH

BASE = "base"
MANIFEST = "import.csv"


class NotGenerated(Exception):
    """Why there are no clips, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class ClipsWanted:
    """What `python -m training.evaluation.clips` is asked for.

    Attributes:
        policies: 'base', and runs as name=folder.
        prompts: a file of prompts, or a release.
        labels: let the judge's encoder say which of two clips is better.
    """

    policies: Sequence[str]
    prompts: Path
    seeds: Sequence[int] = (0,)
    most: int | None = None
    guidance: float | None = None
    labels: bool = False
    generator_folder: Path

    def command(self, out: Path) -> list[str]:
        command = [
            sys.executable,
            "-m",
            "training.evaluation.clips",
            str(out),
            "--toy",
            str(self.generator_folder),
        ]
        command += [part for policy in self.policies for part in ("--policy", policy)]
        command += ["--prompts", str(self.prompts), "--seeds", *map(str, self.seeds)]
        command += ["--most", str(self.most)] if self.most is not None else []
        command += ["--guidance", str(self.guidance)] if self.guidance is not None else []
        return [*command, "--labels"] if self.labels else command


def policy_named(text: str) -> tuple[str, Path | None]:
    """Return what a policy is called by the child, and its base's folder: 'base', a run's number, or its folder.

    NotGenerated where there is no such run.
    """
    if text == BASE:
        return BASE, None
    if text.isdecimal():
        run = Run.objects.filter(pk=int(text), kind=RunKind.POLICY).first()
        if run is None:
            raise NotGenerated(f"There is no run {text} of a policy.")
        return f"run-{run.pk}={run.folder}", Path(run.generator_folder)
    if not (Path(text) / "config.toml").is_file():
        raise NotGenerated(f"{text} is no policy: give {BASE}, the number of a run, or its folder.")
    return f"{Path(text).resolve().name}={Path(text).resolve()}", None


def clips_make(wanted: ClipsWanted, out: Path, *, on_beat: Callable[[], None], quiet: bool) -> Path:
    """Generate clips into a folder and return it; one that is finished is taken as it is.

    Raises:
        NotGenerated: with the reason.
    """
    if find_spec("torch") is None:
        raise NotGenerated(NO_TORCH)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / MANIFEST).is_file():
        ended = watch_child(wanted.command(out), out / LOG, on_beat=on_beat, quiet=quiet)
        if ended.code:
            raise NotGenerated(ended.said or "Nothing was generated; what was said stands above.")
    return out


def clips_take(out: Path, *, created_by: User | None = None) -> ImportReport:
    """Import a folder of generated clips; who is in them is marked as procedural."""
    report = import_source(source=out, rule=rule_of(out), created_by=created_by)
    mark_people(out)
    return report


def rule_of(out: Path) -> PairRule:
    """Return how the clips of a folder become pairs: by name where two policies made them, else all of a scene."""
    return PairRule.NAMED if any(row["pair"] for row in _rows(out)) else PairRule.ALL


def mark_people(out: Path) -> None:
    people_mark_procedural(labels={name for row in _rows(out) for name in row["subjects"].split(";")})


def clips_folder(name: str) -> Path:
    return Path(settings.RUNS_ROOT) / name


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / MANIFEST).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
