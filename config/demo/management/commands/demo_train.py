"""The wheel on a processor: release, reward, policy, clips, blind study, ranking."""

from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.demo.accounts import make_logins
from config.demo.wheel import Wheel, turn


class Command(BaseCommand):
    help = (
        "Turn the whole wheel once on the toy generator: a release, a reward model, a tuned policy, clips, a blind "
        "study and its ranking. Nobody in it is real and all answers are simulated. Stopped, it goes on next time."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--toy", type=Path, default=Path(settings.TOY), help="folder of the toy generator"
        )
        parser.add_argument("--people", type=int, default=Wheel.people, help="in the release")
        parser.add_argument("--reward-config", type=Path, default=Wheel.reward_config)
        parser.add_argument("--policy-config", type=Path, default=Wheel.policy_config)
        parser.add_argument("--prompts", type=int, default=Wheel.prompts, help="of the blind study")
        parser.add_argument("--seeds", type=int, default=Wheel.seeds, help="clips of each prompt and policy")

    def handle(self, *args: Any, toy: Path, people: int, prompts: int, seeds: int, **options: Any) -> None:
        for module, file in (("torch", "training"), ("cv2", "vision")):
            if find_spec(module) is None:
                raise CommandError(
                    f"This needs {module}: pip install -r requirements/{file}.txt.", returncode=2
                )
        call_command("migrate", verbosity=0, interactive=False)
        home = Path(settings.HOME) / "demo-train"
        logins = make_logins(Path(settings.HOME) / "demo")
        wheel = Wheel(
            home=home, toy=toy, lead=logins[0].username, people=people, reward_config=options["reward_config"],
            policy_config=options["policy_config"], prompts=prompts, seeds=seeds,
        )  # fmt: skip
        pages = turn(wheel, self.stdout.write)
        self.stdout.write(
            self.style.SUCCESS(
                f"Done. `manage.py runserver` or `make demo` shows it, as {logins[0].username}"
            )
        )
        self.stdout.write(f"(password {logins[0].password}): {'  '.join(pages)}")
