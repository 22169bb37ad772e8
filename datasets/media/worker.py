"""The child process in which strangers' files are decoded: `python -m datasets.media.worker`.

One line of JSON comes in on stdin: {"call": "module:function", "arguments": {…}, "limits": {…}}. The function is
called as `function(arguments, limits, progress)`. Lines of JSON go out on stdout: {"progress": 0.5, "step": "…"}
while it works, and one of these at the end:

    {"result": {…}}    what the function returned
    {"refused": "…"}   a reason that lies in the file: MediaError, too much memory, too much output
    {"failed": "…"}    anything else: a bug, a full disk

Stdin stays open as a lifeline: when the parent dies, it closes, and the child ends.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import sys
import threading
import time
from typing import Any, TextIO

from datasets.media.errors import MediaError
from datasets.media.limits import Limits

PROGRESS_EVERY_S = 0.2
# Files that the decoder and the interpreter need open at once, with room to spare.
MAX_OPEN_FILES = 128
ORPHANED = 3


def main() -> None:
    request = json.loads(sys.stdin.readline())
    limits = Limits(**request["limits"])
    confine(limits)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    replies = _take_stdout()
    _send(replies, _answer(request, limits, replies))


def confine(limits: Limits) -> None:
    """Have the kernel hold this process to its limits; none can be raised again."""
    _set_limit(resource.RLIMIT_AS, limits.memory_bytes)
    # At the soft limit comes SIGXCPU, which tells the parent why; at the hard one only SIGKILL.
    _set_limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 5)
    _set_limit(resource.RLIMIT_FSIZE, limits.output_bytes)
    _set_limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _set_limit(resource.RLIMIT_CORE, 0)


def _set_limit(kind: int, soft: int, hard: int | None = None) -> None:
    allowed = resource.getrlimit(kind)[1]
    ceiling = sys.maxsize if allowed == resource.RLIM_INFINITY else allowed
    resource.setrlimit(kind, (min(soft, ceiling), min(soft if hard is None else hard, ceiling)))


def _end_with_parent() -> None:
    # Reading the descriptor itself: the buffered reader would hold a lock while the interpreter ends.
    while os.read(0, 4096):
        pass
    os._exit(ORPHANED)


def _take_stdout() -> TextIO:
    """Keep stdout for replies; whatever else prints, goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _answer(request: dict[str, Any], limits: Limits, replies: TextIO) -> dict[str, Any]:
    module, _, function = request["call"].partition(":")
    try:
        call = getattr(importlib.import_module(module), function)
        return {"result": call(request["arguments"], limits, _Progress(replies))}
    except MediaError as error:
        return {"refused": error.reason}
    except MemoryError:
        return {"refused": f"needs more than {limits.memory_bytes / 1e9:.1f} GB of memory to decode"}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {
                "refused": f"would become larger than {limits.output_bytes / 1e6:.0f} MB as a playback copy"
            }
        return {"failed": f"{type(error).__name__}: {error}"}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


class _Progress:
    """Sends progress lines, not more often than somebody can read them."""

    def __init__(self, replies: TextIO) -> None:
        self._replies = replies
        self._step = ""
        self._sent_at = 0.0

    def __call__(self, share: float, step: str) -> None:
        now = time.monotonic()
        if step != self._step or now - self._sent_at >= PROGRESS_EVERY_S:
            self._step, self._sent_at = step, now
            _send(self._replies, {"progress": round(share, 3), "step": step})


def _send(replies: TextIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
