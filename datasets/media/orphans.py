"""Pools of processes leave nobody behind when their parent is killed."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Have this process end when the one that started it is gone, however that ended.

    For a pool's initializer: the pipes of `ProcessPoolExecutor` are open at both ends in every worker, so a killed
    parent goes unnoticed and its workers would wait for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, daemon=True).start()
