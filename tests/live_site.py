"""The site as it runs for people: gunicorn in processes of its own, and annotators who speak HTTP to it.

For tests that kill it and for benchmarks. `python -m tests.live_site seed …` fills the database that the
environment names and prints what a client needs as JSON.
"""

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
STARTED_WITHIN_S = 300.0
TICKS = os.sysconf("SC_CLK_TCK")


class Unreachable(Exception):
    """No reply came: the server is down, or died before it had sent one."""


@dataclass
class LiveSite:
    """A gunicorn with its workers, in a process group of its own."""

    database_url: str
    home: Path
    workers: int = 2
    threads: int = 4
    application: str = "config.wsgi:application"
    port: int = field(default_factory=lambda: free_port())
    _process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "LIKENESS_ENV_FILE": os.devnull,
            "DATABASE_URL": self.database_url,
            "LIKENESS_HOME": str(self.home),
            "LIKENESS_BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": str(self.workers),
            "LIKENESS_WEB_THREADS": str(self.threads),
        }

    def seed(self, *, n_slots: int, overlap: int, n_annotators: int) -> "Seeded":
        """Migrate, make a study and annotators with a session each."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.live_site", "seed"]
        numbers = [str(number) for number in (n_slots, overlap, n_annotators)]
        done = subprocess.run(
            [*command, *numbers], cwd=REPOSITORY, env=self.environment, check=True, stdout=subprocess.PIPE
        )
        return Seeded(**json.loads(done.stdout.splitlines()[-1]))

    def start(self) -> None:
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", self.application),
                    *("--config", "deploy/gunicorn.conf.py"),
                ],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTED_WITHIN_S
        while time.monotonic() < deadline:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), timeout=1)):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError((self.home / "server.log").read_text()[-4000:])

    def kill(self) -> None:
        """Kill the server and its workers at once, as a power cut would."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_a_worker(self) -> None:
        workers = self.worker_pids()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(secrets.choice(workers), signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()

    def worker_pids(self) -> list[int]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def cpu_seconds(self) -> float:
        """Return the processor time that the workers have used, user and system."""
        return sum(process_cpu_seconds(pid) for pid in self.worker_pids())

    def memory_mb(self) -> float:
        """Return what server and workers hold, with shared pages counted once (PSS), in MB."""
        assert self._process is not None
        return sum(_pss_kb(pid) for pid in [self._process.pid, *self.worker_pids()]) / 1024


def process_cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Seeded:
    slug: str
    study: int
    sessions: list[str]


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    raw: bytes


class AnnotatorClient:
    """One annotator's browser, as far as the server can tell: a session, and one connection kept open."""

    def __init__(self, port: int, session: str, slug: str, timeout_s: float = 120) -> None:
        csrf = secrets.token_hex(16)
        self._headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={session}; csrftoken={csrf}",
            "X-CSRFToken": csrf,
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._slug = slug

    def claim(self, holding: tuple[str, ...] = ()) -> Reply:
        return self._post(f"/api/v1/studies/{self._slug}/slots/claim", {"holding": holding})

    def submit(
        self, token: str, answer: dict[str, Any], key: uuid.UUID, *, supersedes: int | None = None
    ) -> Reply:
        body = {"token": token, "idempotency_key": str(key), "supersedes": supersedes, "answer": answer}
        return self._post("/api/v1/slots/submit", {**body, "active_ms": 8000})

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, body: dict[str, Any]) -> Reply:
        try:
            self._connection.request("POST", path, json.dumps(body), self._headers)
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unreachable(str(error)) from error
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Reply(response.status, json.loads(raw) if raw and is_json else None, raw)


def session_of(user: Any) -> str:
    """Log an account in and return the key of its session. Needs Django set up."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _seed(n_slots: int, overlap: int, n_annotators: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from annotator.services.members import member_add
    from benchmarks.seeding import seed_study
    from config.accounts.models import User

    call_command("migrate", verbosity=0)
    study = seed_study(n_slots=n_slots, overlap=overlap)
    sessions = []
    for n in range(n_annotators):
        user = User.objects.create(username=f"{study.slug}-{n}")
        member_add(study=study, user=user)
        sessions.append(session_of(user))
    print(json.dumps({"slug": study.slug, "study": study.pk, "sessions": sessions}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["seed"])
    parser.add_argument("n_slots", type=int)
    parser.add_argument("overlap", type=int)
    parser.add_argument("n_annotators", type=int)
    arguments = parser.parse_args()
    _seed(arguments.n_slots, arguments.overlap, arguments.n_annotators)
