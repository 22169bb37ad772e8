"""A whole Likeness on one laptop: database, accounts, clips, study, site and worker, until Ctrl-C."""

import fcntl
import os
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.text import slugify

from config.accounts.models import User
from config.demo.accounts import Login, make_logins
from config.demo.batch import demo_batch, is_being_made, outcome
from config.demo.clips import write_demo_clips
from config.demo.processes import ChildEnded, Processes
from config.demo.site import HOST, free_port, site_command, wait_for_site, worker_command
from config.demo.study import DemoStudy, shown

LOOK_EVERY_S = 0.25


class Command(BaseCommand):
    help = "Start a demo on 127.0.0.1 with a study that can be judged; Ctrl-C stops all of it and keeps the data."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--clips", type=Path, help="a folder or manifest of clips instead of the procedural cast"
        )
        parser.add_argument("--port", type=int, default=8000, help="the port, or the next one that is free")

    def handle(self, *args: Any, clips: Path | None, port: int, **options: Any) -> None:
        if clips is not None and not clips.exists():
            raise CommandError(f"There is neither a folder nor a manifest at {clips}.")
        if clips is None and find_spec("cv2") is None:
            raise CommandError(
                "Drawing the procedural cast needs OpenCV: pip install -r requirements/vision.txt, or give --clips."
            )
        home = Path(settings.HOME) / "demo"
        home.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
        with _only_one(home / "lock"):
            try:
                self._run(home, clips, free_port(port))
            except KeyboardInterrupt:
                self.stdout.write("\nStopped. The data stays; the next start goes on with it.")
            except (ChildEnded, TimeoutError) as error:
                raise CommandError(str(error)) from None

    def _run(self, home: Path, clips: Path | None, port: int) -> None:
        address = f"http://{HOST}:{port}/"
        with Processes(home / "logs", folder=settings.BASE_DIR) as processes:
            # The site answers nobody before it is announced, so it may load while the database is made.
            processes.start("site", site_command(port), os.environ)
            call_command("migrate", verbosity=0, interactive=False)
            logins = make_logins(home)
            queues = {kind["queue"] for kind in settings.JOB_KINDS.values()}
            processes.start("worker", worker_command(queues), os.environ)
            wait_for_site(address, processes)
            self._announce(address, logins)

            lead, annotator = (User.objects.get(username=login.username) for login in logins)
            study = DemoStudy("Demo", "demo", lead, annotator)
            if clips is not None:
                study.name = f"Demo: {clips.resolve().name}"
                study.slug = slugify(f"demo-{clips.resolve().stem}")[:100]
            progress = _Progress(self, study, address)
            self._fill(study, self._sources(clips, home), progress, processes, procedural=clips is None)
            if settings.ANALYSE_CLIPS:
                self._distort(study, address, processes)
            processes.wait()

    def _announce(self, address: str, logins: Iterable[Login]) -> None:
        self.stdout.write(f"\nLikeness runs at {self.style.SUCCESS(address)}\n\n")
        for login in logins:
            self.stdout.write(f"    {login.username:<10} password  {login.password}")
        self.stdout.write("\nCtrl-C stops it.\n\n")

    def _sources(self, clips: Path | None, home: Path) -> Iterator[Path]:
        if clips is not None:
            self.stdout.write(f"Importing {clips} …")
            yield clips
        else:
            self.stdout.write("Drawing clips of procedural people …")
            yield from write_demo_clips(home / "clips")

    def _fill(
        self,
        study: DemoStudy,
        sources: Iterable[Path],
        progress: "_Progress",
        processes: Processes,
        *,
        procedural: bool,
    ) -> None:
        """Import and go on until every clip has its playback copy and its faces; say when the first pair is there."""
        for source in sources:
            for line in shown(study.take(source).problems):
                self.stdout.write(f"    not taken: {line}")
            if procedural:
                study.mark_procedural()
            progress.look()
            # What comes next is drawn for a while: somebody may judge before that.
            while study.pending() and not progress.announced:
                processes.check()
                time.sleep(LOOK_EVERY_S)
                progress.look()
        if study.clip_ids and not study.pair_ids:
            count = study.pair_neighbours()
            self.stdout.write(
                f"Nothing says which clips belong together: each is paired with the next ({count})."
            )
        while study.pending():
            processes.check()
            progress.look()
            time.sleep(LOOK_EVERY_S)
        progress.prepared()
        while study.faces_pending():
            processes.check()
            time.sleep(LOOK_EVERY_S)
        progress.finish()

    def _distort(self, study: DemoStudy, address: str, processes: Processes) -> None:
        """Have a small batch of distortions made, and say what came of it."""
        batch = demo_batch(name=study.name, clip_ids=study.clip_ids, lead=study.lead)
        if batch is None:
            self.stdout.write("No face is matched to anybody, so nothing can be distorted.")
            return
        page = f"{address.rstrip('/')}{reverse('distortions:batch', args=[batch.pk])}"
        if is_being_made(batch):
            self.stdout.write(f"{batch.distortions.count()} distortions are being made: {page}")
        while is_being_made(batch):
            processes.check()
            time.sleep(LOOK_EVERY_S)
        self.stdout.write(f"Distortions: {outcome(batch)}. {page}")


class _Progress:
    """Says, once each, that the study can be judged and what it holds in the end."""

    def __init__(self, command: BaseCommand, study: DemoStudy, address: str) -> None:
        self._say = command.stdout.write
        self._study = study
        self._address = address.rstrip("/")
        self.announced = False

    def look(self) -> None:
        study = self._study.grow()
        if study is not None and not self.announced:
            self.announced = True
            self._say(f"Judge pairs at {self._address}{reverse('annotator:workbench', args=[study.slug])}")

    def prepared(self) -> None:
        self.look()
        for line in shown(self._study.refusals()):
            self._say(f"    refused: {line}")
        if not self.announced:
            self._say("No pair can be judged: a study needs two playable clips of the same scene.")
        else:
            self._say(f"All {len(self._study.clip_ids)} clips are prepared.")

    def finish(self) -> None:
        problems = self._study.without_faces()
        for line in shown(problems):
            self._say(f"    no faces: {line}")
        if settings.ANALYSE_CLIPS and not problems:
            self._say("Faces are found in all of them: strips stand under the players.")


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Hold the demo's lock, which the system drops when the process ends, however it ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"A demo is already running with the data in {settings.HOME}.") from None
        yield


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
