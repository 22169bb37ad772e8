"""The commands of the demo's processes, the port, and the wait for the first answer."""

import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable

from .processes import Processes

HOST = "127.0.0.1"
PORTS_TRIED = 50
ANSWER_WITHIN_S = 60.0


def site_command(port: int) -> list[str]:
    """Return gunicorn's command, relative to the repository."""
    options = f"--config deploy/gunicorn.conf.py --bind {HOST}:{port}"
    return [sys.executable, "-m", "gunicorn", *options.split(), "config.wsgi:application"]


def worker_command(queues: Iterable[str]) -> list[str]:
    """Return the command of a worker that also keeps the schedule (--beat): enough for one laptop."""
    options = f"--beat --queues {','.join(sorted(set(queues)))} --concurrency 2 --loglevel warning"
    return [sys.executable, "-m", "celery", "--app", "config.celery", "worker", *options.split()]


def free_port(first: int) -> int:
    """Return `first`, or the next port on the loopback address that nobody listens on."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the server will do: a port that waits out its last connections counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {first} to {first + PORTS_TRIED - 1}")


def wait_for_site(address: str, processes: Processes) -> None:
    """Return when the login page answers. Raises ChildEnded or TimeoutError when it never will."""
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while time.monotonic() < deadline:
        processes.check()
        try:
            with urllib.request.urlopen(f"{address}login/", timeout=5):  # noqa: S310 - our own http address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"the site did not answer within {ANSWER_WITHIN_S:.0f} seconds")
