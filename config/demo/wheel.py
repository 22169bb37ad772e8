"""The whole wheel on the toy generator, step by step; each goes on where an earlier start was stopped.

A release with simulated answers, a reward model of it, a policy tuned on that, clips of base and policy on people whom
nothing has seen, a blind study of them, answers of simulated annotators, and a ranking.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotator.models import Study, StudyState
from annotator.services.studies import study_open
from training.models import Run, RunState

CONFIGS = Path(settings.BASE_DIR) / "training" / "configs"
SLUG = "toy-blind"
WEIGHTS = ("base.pt", "reward.pt", "judge.pt")
ANNOTATORS, NOISE = 3, 0.15

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """What is made, and how large.

    Attributes:
        home: folder of everything.
        toy: folder of the toy generator; what it lacks is trained.
        people: in the release.
        prompts, seeds: of the blind study.
    """

    home: Path
    toy: Path
    lead: str
    people: int = 120
    reward_config: Path = CONFIGS / "reward_toy.toml"
    policy_config: Path = CONFIGS / "grpo_toy.toml"
    prompts: int = 24
    seeds: int = 2

    @property
    def release(self) -> Path:
        return self.home / "release"

    @property
    def reward(self) -> Path:
        return self.home / "reward"

    @property
    def policy(self) -> Path:
        return self.home / "policy"


def turn(wheel: Wheel, say: Say) -> list[str]:
    """Do every step that is not done, and return the pages that show what came of it."""
    wheel.home.mkdir(parents=True, exist_ok=True)
    if missing := [name for name in WEIGHTS if not (wheel.toy / name).is_file()]:
        _complete(wheel.toy, missing, say)
    if not wheel.release.is_dir():
        say(f"2. A release: clips of {wheel.people} procedural people, answers of simulated annotators …")
        _module(
            "training.generators.toy.release",
            str(wheel.toy),
            str(wheel.release),
            "--people",
            str(wheel.people),
        )
    say("3. A reward model learns from it …")
    reward = _trained("train_reward", wheel.reward, wheel.release, config=wheel.reward_config)
    say("4. The generator is tuned on that reward …")
    policy = _trained(
        "train_policy",
        wheel.policy,
        wheel.release,
        config=wheel.policy_config,
        reward=wheel.reward,
        toy=wheel.toy,
    )
    if not Study.objects.filter(slug=SLUG).exists():
        say("5. Clips of base and tuned policy on people of the test split, and a blind study of them …")
        call_command(
            "generate", policies=["base", str(policy.pk)], prompts=str(wheel.release), most=wheel.prompts,
            seeds=list(range(wheel.seeds)), labels=True, toy=wheel.toy, out=wheel.home / "clips", ab_study=SLUG,
            username=wheel.lead,
        )  # fmt: skip
    study = Study.objects.get(slug=SLUG)
    if study.state == StudyState.DRAFT:
        study_open(study=study)
    say("6. Simulated annotators answer: what the judge's encoder says, and by chance now and then …")
    call_command("simulate_annotators", SLUG, annotators=ANNOTATORS, noise=NOISE)
    return [
        reverse("training:run", args=[reward.pk]),
        reverse("training:run", args=[policy.pk]),
        f"{reverse('annotator:ranking')}?study={SLUG}&judges=simulated",
    ]


def _complete(toy: Path, missing: list[str], say: Say) -> None:
    """Unpack the toy generator that comes with the repository, or train one where it came without."""
    from training.generators.toy.shipped import SHIPPED, unpack  # torch, which no web process loads

    if SHIPPED.is_file():
        say("1. The toy generator and its encoders are unpacked …")
        unpack(toy)
        return
    say(f"1. The toy generator lacks {', '.join(missing)}: training it, which takes half an hour and more …")
    _module("training.generators.toy", str(toy))


def _trained(command: str, folder: Path, release: Path, **options: Path) -> Run:
    """Return the finished run of a folder, begun or gone on with where it is not."""
    run = Run.objects.filter(folder=str(folder.resolve())).first()
    if run is None or run.state != RunState.FINISHED:
        call_command(command, str(release), out=folder, resume=run is not None, **options)
        run = Run.objects.get(folder=str(folder.resolve()))
    return run


def _module(name: str, *arguments: str) -> None:
    ended = subprocess.run([sys.executable, "-m", name, *arguments], cwd=settings.BASE_DIR, check=False)
    if ended.returncode:
        raise CommandError(
            f"python -m {name} ended with status {ended.returncode}; what it said stands above."
        )
