"""Decoding strangers' files in a child process with limits on time, memory and output."""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets.media.errors import MediaError
from datasets.media.facts import Probe
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.prepared import (
    FILMSTRIP_NAME,
    NAMES,
    PLAYBACK_NAME,
    POSTER_NAME,
    Prepared,
    PreparedFiles,
)
from datasets.media.regular import require_regular_file

logger = logging.getLogger(__name__)

OnProgress = Callable[[float, str], None]

_REPOSITORY = Path(__file__).resolve().parents[2]
# More than any honest worker says; a worker that was taken over cannot fill our memory.
_MAX_REPLY_BYTES = 4 * 1024 * 1024
_STDERR_NAME = "stderr.txt"
# Ends of a child that the file it read brought about.
_FATAL_SIGNALS = {
    signal.SIGXCPU: "took more processor time than a clip may take",
    signal.SIGSEGV: "made the decoder crash",
    signal.SIGBUS: "made the decoder crash",
    signal.SIGABRT: "made the decoder crash",
    signal.SIGILL: "made the decoder crash",
    signal.SIGFPE: "made the decoder crash",
}


class SandboxError(RuntimeError):
    """The child failed for a reason that does not lie in the file: a full disk, a kill from outside, a bug.

    Trying again may help.
    """


def prepare_clip(
    src: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: OnProgress | None = None,
) -> Prepared:
    """Make the playback copy, the poster and the filmstrip of an untrusted clip.

    A link is followed: which paths may be named is for the caller to check.

    Args:
        src: The clip.
        out_dir: Folder for clip.mp4, poster.jpg and filmstrip.jpg; made if it is missing. They
            appear when all three are complete.
        limits: Bounds on the clip and on the child process.
        on_progress: Called with the share done, 0 to 1, and what is being done. If it raises, the
            child is killed and the error goes on.

    Raises:
        MediaError: the clip cannot be used; the sentence names it and says why.
        SandboxError: something other than the clip is wrong.
    """
    source, target = Path(src).absolute(), Path(out_dir).absolute()
    require_regular_file(source, limits)
    target.mkdir(parents=True, exist_ok=True)
    # Inside the target, so that moving the results is a rename.
    work = Path(tempfile.mkdtemp(prefix=".preparing-", dir=target))
    try:
        reply = run_limited(
            "datasets.media.prepare:prepare",
            {"source": str(source)},
            name=source.name,
            work=work,
            limits=limits,
            on_progress=on_progress,
        )
        for name in NAMES:
            (work / name).replace(target / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    files = PreparedFiles(target / PLAYBACK_NAME, target / POSTER_NAME, target / FILMSTRIP_NAME)
    return Prepared(Probe.from_json(reply["probe"]), Probe.from_json(reply["playback"]), files)


def run_limited(
    call: str,
    arguments: dict[str, Any],
    *,
    name: str,
    work: Path,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Call a function of ours on a stranger's file in a child process, and return what it returns.

    The child has no environment of ours, no open files but three pipes' ends, `work` as its folder,
    and its own process group, which is killed when the call ends, however it ends.

    Args:
        call: "module:function", called as `function(arguments, limits, progress)`; never from input.
        arguments: JSON-ready.
        name: The file's name, for the sentence of a MediaError.
        work: An existing folder, the child's working folder.
        limits: Bounds on the child.
        on_progress: Called with (share, step).

    Raises:
        MediaError: the function raised one, or the file drove the child over a limit.
        SandboxError: anything else went wrong.
    """
    request = {"call": call, "arguments": arguments, "limits": asdict(limits)}
    deadline = time.monotonic() + limits.wall_seconds
    with _child(work) as child:
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        for reply in _replies(child, deadline, name):
            if "progress" in reply:
                if on_progress is not None:
                    on_progress(float(reply["progress"]), str(reply["step"]))
            elif "result" in reply:
                return dict(reply["result"])
            elif "refused" in reply:
                raise MediaError(name, str(reply["refused"]))
            else:
                raise SandboxError(f"preparing {name} failed: {reply.get('failed')}")
    raise _silent_end(child.returncode, name, work)


@contextmanager
def _child(work: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker; kill its whole process group in the end."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(work),
        "TMPDIR": str(work),
        "PYTHONPATH": str(_REPOSITORY),
        # Address space is limited: one arena and no thread pools of BLAS.
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with (work / _STDERR_NAME).open("wb") as stderr:
        child = subprocess.Popen(
            # -P: modules come from the repository and never from the working folder.
            [sys.executable, "-P", "-s", "-B", "-m", "datasets.media.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=work,
            env=environment,
            close_fds=True,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        # Before the child is waited for: until then its number cannot belong to another group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _replies(child: subprocess.Popen[bytes], deadline: float, name: str) -> Iterator[dict[str, Any]]:
    """Yield the child's messages until it closes its end. Raises MediaError when the time is up."""
    assert child.stdout is not None
    pending, received = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise MediaError(name, "took longer to decode than a clip may take")
            data = os.read(child.stdout.fileno(), 65536)
            if not data:
                return
            received += len(data)
            if received > _MAX_REPLY_BYTES:
                raise SandboxError(f"preparing {name} failed: the child said too much")
            *lines, pending = (pending + data).split(b"\n")
            yield from map(json.loads, lines)


def _silent_end(status: int, name: str, work: Path) -> Exception:
    """Return the error for a child that ended without an answer."""
    with suppress(OSError):
        said = (work / _STDERR_NAME).read_bytes()[-2000:].decode(errors="replace")
        logger.warning("the media worker ended with status %d on %s: %s", status, name, said)
    if status < 0 and -status in _FATAL_SIGNALS:
        return MediaError(name, _FATAL_SIGNALS[signal.Signals(-status)])
    return SandboxError(f"preparing {name} failed: the child ended without an answer (status {status})")
