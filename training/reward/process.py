"""A run is one process's: it holds its folder, and may end with whoever started it."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.reward.errors import RewardError

LOCK = ".lock"
_LOOK_SECONDS = 1.0


@contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder; the lock goes with the process, however it ends.

    Raises:
        RewardError: another process trains in it.
    """
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RewardError(
                f"Another process trains in {folder}: wait for it, or choose another --out."
            ) from None
        yield


def end_with_parent() -> None:
    """End this process when its parent is gone: checkpoints make that safe at any moment."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
