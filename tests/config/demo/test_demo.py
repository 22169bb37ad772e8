"""`make demo` as a newcomer meets it: one command, a pair that can be judged, Ctrl-C, and again."""

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

from config.demo.clips import GENERATORS, SCENES
from config.demo.site import free_port

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PATIENCE_S = 240

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
        assert self.process.wait(timeout=60) == 0, self.said
        _, alive = psutil.wait_procs(family, timeout=10)
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
        [sys.executable, "manage.py", "demo", "--port", str(free_port(18300)), *arguments],
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
            urllib.request.Request(f"{self.address}{path}", headers=headers), timeout=30
        ) as response:
            return response.read()

    def post(self, path: str, body: bytes, content_type: str) -> tuple[str, bytes]:
        headers = {"Content-Type": content_type, "X-CSRFToken": self._token(), "Referer": self.address}
        request = urllib.request.Request(f"{self.address}{path}", data=body, headers=headers)
        with self._open(request, timeout=30) as response:
            return response.url, response.read()

    def log_in(self, username: str, password: str) -> None:
        self.get("/login/")
        fields = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": self._token()})
        landed, _ = self.post("/login/", fields.encode(), "application/x-www-form-urlencoded")
        assert not landed.endswith("/login/"), f"{username} could not log in"

    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")


def test_a_pair_can_be_judged_and_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
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


def test_a_folder_of_clips_of_ones_own_becomes_a_study(tmp_path: Path, shared_data: Path) -> None:
    with demo(tmp_path, "--clips", str(shared_data / "import.csv")) as running:
        running.listen(r"Judge pairs at \S+(/w/demo-import/)")
        running.stop()


def test_a_folder_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    with demo(tmp_path, "--clips", str(tmp_path / "nowhere")) as running:
        running.listen(r"(neither a folder nor a manifest)")
        assert running.process.wait(timeout=30) == 1
