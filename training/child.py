"""The child process that trains: the seam between site and GPU is a command and a folder of files.

The child ends by itself when its parent is gone, so that a worker killed with -9 leaves nobody training behind; the
next attempt goes on from the last checkpoint, to the bit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from training.models import Run, RunKind

REPOSITORY = Path(__file__).resolve().parent.parent
LOG = "output.log"
METRICS = "metrics.jsonl"
BEAT_SECONDS = 2.0
STOP_SECONDS = 20.0
_TAIL = 4096


class Where(NamedTuple):
    """The last step that a run wrote down."""

    stage: str
    step: int


class Ended(NamedTuple):
    """How a child ended: its exit code, and the last line of what it said."""

    code: int
    said: str


def run_child(run: Run, *, on_beat: Callable[[Where], None], quiet: bool) -> Ended:
    """Train in a child process until it ends. What `on_beat` raises stops it first.

    Args:
        run: Which. Its folder is resumed where it holds a checkpoint.
        on_beat: Called every two seconds with where the run is.
        quiet: Write what it says to `output.log` in the folder, instead of to the terminal as well.
    """
    folder = Path(run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.toml"
    wanted.write_text(run.config, encoding="utf-8")
    command = _COMMANDS[RunKind(run.kind)](run, folder, wanted)
    return watch_child(command, folder / LOG, on_beat=lambda: on_beat(where_is(folder)), quiet=quiet)


def watch_child(command: list[str], log: Path, *, on_beat: Callable[[], None], quiet: bool) -> Ended:
    """Run a command of ours in a child process until it ends. What `on_beat` raises stops it first."""
    with log.open("wb") as file, _child(command, file if quiet else None) as process:
        while True:
            try:
                code = process.wait(timeout=BEAT_SECONDS)
            except subprocess.TimeoutExpired:
                on_beat()
                continue
            break
    return Ended(code, _last_line(log) if quiet else "")


def _reward_command(run: Run, folder: Path, wanted: Path) -> list[str]:
    module = "training.reward.vlm.train" if "vlm" in tomllib.loads(run.config) else "training.reward.train"
    command = [sys.executable, "-m", module, run.release_folder, "--config", str(wanted)]
    command += ["--out", str(folder), "--tied"]
    return [*command, "--resume"] if (folder / METRICS).exists() else command


def _policy_command(run: Run, folder: Path, wanted: Path) -> list[str]:
    """A policy's run goes on with what its folder holds by itself."""
    command = [sys.executable, "-m", "training.grpo", str(folder), "--config", str(wanted), "--tied"]
    command += ["--toy", run.generator_folder, "--release", run.release_folder]
    return [*command, "--reward", run.reward_folder] if run.reward_folder else command


_COMMANDS: dict[RunKind, Callable[[Run, Path, Path], list[str]]] = {
    RunKind.REWARD: _reward_command,
    RunKind.POLICY: _policy_command,
}


@contextmanager
def _child(command: list[str], log: IO[bytes] | None) -> Iterator[subprocess.Popen[bytes]]:
    """Start a child that is stopped however this ends: asked first, forced after a while."""
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment() -> dict[str, str]:
    """Return what a child needs of the environment: no secret of the site's."""
    secret = ("SECRET", "PASSWORD", "DATABASE_URL", "BROKER", "TOKEN")
    return {name: value for name, value in os.environ.items() if not any(part in name for part in secret)}


def where_is(folder: Path) -> Where:
    """Return the last step that was written down, without reading the whole file."""
    try:
        with (folder / METRICS).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return Where("", 0)
    for line in reversed(lines):
        try:
            row = json.loads(line)
            if "update" in row:  # a policy's, which has one stage
                return Where("policy", int(row["update"]) + 1)
            return Where(str(row["stage"]), int(row["step"]))
        except (ValueError, KeyError, TypeError):
            continue  # The file's beginning was cut off, or the line is being written.
    return Where("", 0)


def _last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
