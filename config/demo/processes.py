"""Start a few child processes, notice when one ends, and stop all of them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

STOP_WITHIN_S = 3.0  # a worker that is killed loses its current step and nothing else
_PR_SET_PDEATHSIG = 1


class ChildEnded(Exception):
    """A child process that should run on has ended; the message says which, how, and what it wrote last."""


@dataclass
class Processes:
    """Child processes that live as long as the `with` block.

    Each child leads a process group of its own, so that Ctrl-C in the terminal reaches this process alone, which
    then ends them in good order, grandchildren included. They run in `folder`; what a child prints goes to
    `<logs>/<name>.log`.
    """

    logs: Path
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # safe: no threads are running
            )

    def check(self) -> None:
        """Raise ChildEnded when one has ended."""
        for name, process in self.running.items():
            status = process.poll()
            if status is not None:
                lines = self.log_of(name).read_text(errors="replace").splitlines()[-15:]
                told = "\n".join(f"    {line}" for line in lines)
                raise ChildEnded(f"The {name} ended with status {status}. Its last lines:\n{told}")

    def wait(self) -> None:
        """Wait until one of them ends, which raises ChildEnded."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """End all of them: asked first, forced after STOP_WITHIN_S."""
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for process in self.running.values():
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            # Also when the leader has gone: a grandchild may have outlived it.
            _kill_group(process)
            process.wait()
        self.running.clear()

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # the whole group has ended (macOS says PermissionError of a group of zombies)


def _end_with_parent() -> None:
    """Have Linux end this child when its parent dies without a chance to stop it (kill -9)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
