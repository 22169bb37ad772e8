"""`make demo` as a newcomer meets it: one command, a pair that can be judged, Ctrl-C, and again.

The first scene is drawn and its faces are found by dlib; the others, as after an earlier start, are there already,
and are small clips without faces.
"""

import csv
import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from django.core.management import CommandError, call_command

from config.demo.clips import COLUMNS, GENERATORS, MANIFEST, PROCEDURAL, SCENES
from datasets.media.testclips import Behaviour, TestClip, render_frames
from datasets.media.write import write_video
from tests.live_site import free_port

ROOT = Path(__file__).resolve().parent.parent.parent.parent
# Only end a test that would never end.
PATIENCE_S = 900
REPLY_WITHIN_S = 120

pytestmark = pytest.mark.slow


class Demo:
    """A running demo and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def listen(self, pattern: str) -> str:
        """Return the first group of `pattern` as soon as what was said has it."""
        assert self.process.stdout
        while not (found := re.search(pattern, self.said)):
            line = self.process.stdout.readline()
            assert line, f"the demo ended before it said {pattern!r}:\n{self.said}"
            self.said += line
        return found[1]

    def stop(self) -> None:
        """Press Ctrl-C; afterwards none of its processes may be left."""
        assert self.process.stdout
        family = psutil.Process(self.process.pid).children(recursive=True)
        assert len(family) >= 4  # gunicorn and Celery, each with children of their own
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.stdout.read()
        assert self.process.wait(timeout=PATIENCE_S) == 0, self.said
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []


@contextmanager
def demo(home: Path, *arguments: str) -> Iterator[Demo]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "LIKENESS_HOME")
    }
    environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "LIKENESS_HOME": str(home),
        "LIKENESS_ENV_FILE": str(home / "none"),
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(free_port()), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        # A demo that hangs must not hang the test run.
        watchdog = threading.Timer(PATIENCE_S, process.terminate)
        watchdog.start()
        try:
            yield Demo(process)
        finally:
            watchdog.cancel()
            process.terminate()


class Browser:
    """Just enough of one to log in and ask for a pair."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.cookies = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies)).open

    def get(self, path: str, **headers: str) -> bytes:
        with self._open(
            urllib.request.Request(f"{self.address}{path}", headers=headers), timeout=REPLY_WITHIN_S
        ) as response:
            return response.read()

    def post(self, path: str, body: bytes, content_type: str) -> tuple[str, bytes]:
        headers = {"Content-Type": content_type, "X-CSRFToken": self._token(), "Referer": self.address}
        request = urllib.request.Request(f"{self.address}{path}", data=body, headers=headers)
        with self._open(request, timeout=REPLY_WITHIN_S) as response:
            return response.url, response.read()

    def log_in(self, username: str, password: str) -> None:
        self.get("/login/")
        fields = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": self._token()})
        landed, _ = self.post("/login/", fields.encode(), "application/x-www-form-urlencoded")
        assert not landed.endswith("/login/"), f"{username} could not log in"

    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")


def write_small_clips(folder: Path, *names: str, seed: int = 0) -> None:
    folder.mkdir(parents=True)
    for name, behaviour in zip(names, Behaviour, strict=False):
        clip = TestClip(behaviour=behaviour, seed=seed, frames=12, width=160, height=90)
        write_video(render_frames(clip), folder / name, fps=24)


def write_later_scenes(clips: Path) -> None:
    """Leave all scenes but the first as an earlier start would have."""
    for number, scene in list(enumerate(SCENES, start=1))[1:]:
        place = clips / f"cast-{number}"
        names = {generator: f"{generator.lower()}.mp4" for generator in GENERATORS}
        write_small_clips(place, *names.values(), seed=number)
        with (place / MANIFEST).open("w", newline="", encoding="utf-8") as file:
            rows = csv.DictWriter(file, COLUMNS, restval="")
            rows.writeheader()
            people = ";".join(PROCEDURAL[person] for person in scene.people)
            for generator, name in names.items():
                rows.writerow(
                    {"clip": name, "prompt": scene.prompt, "subjects": people, "generator": generator}
                )


def test_a_pair_can_be_judged_and_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    write_later_scenes(tmp_path / "demo" / "clips")
    with demo(tmp_path) as first:
        address = first.listen(r"runs at (http://127\.0\.0\.1:\d+/)")
        password = first.listen(r"annotator +password +(\S+)")
        first.listen(r"Judge pairs at http://127\.0\.0\.1:\d+(/w/demo/)")

        browser = Browser(address)
        browser.log_in("annotator", password)
        assert b"<main" in browser.get("/w/demo/")
        _, reply = browser.post(
            "/api/v1/studies/demo/slots/claim", json.dumps({"holding": []}).encode(), "application/json"
        )
        payload = json.loads(reply)
        assert payload["prompt"] in {scene.prompt for scene in SCENES}
        for side in ("left", "right"):
            assert b"ftyp" in browser.get(payload[side]["url"], Range="bytes=0-63")

        assert int(first.listen(r"All (\d+) clips are prepared")) == len(SCENES) * len(GENERATORS)
        first.listen(r"(Faces are found in all of them)")
        first.stop()

    with demo(tmp_path) as second:
        assert second.listen(r"annotator +password +(\S+)") == password
        second.listen(r"Judge pairs at \S+(/w/demo/)")
        second.listen(r"(clips are prepared)")
        second.stop()


def test_a_folder_of_clips_of_ones_own_becomes_a_study(tmp_path: Path) -> None:
    write_small_clips(tmp_path / "mine", "scene__one.mp4", "scene__two.mp4")
    with demo(tmp_path, "--clips", str(tmp_path / "mine")) as running:
        running.listen(r"Judge pairs at \S+(/w/demo-mine/)")
        running.stop()


def test_a_folder_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither a folder nor a manifest"):
        call_command("demo", clips=tmp_path / "nowhere")
