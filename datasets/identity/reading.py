"""A clip's pictures in chunks, read ahead by a thread, with the small copies that tracking and shots need."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import Frame
from datasets.identity.flow import GREY_WIDTH
from datasets.identity.shots import Glance, glance
from datasets.identity.tracklets import grey_picture
from datasets.media.probe import Scan
from datasets.media.read import iter_frames

MIN_CHUNK, MAX_CHUNK = 8, 48


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame, its grey copy (`scale` times as large) and its glance."""

    index: int
    frame: Frame
    grey: NDArray[np.uint8]
    scale: float
    glance: Glance


def read_chunks(
    path: str | os.PathLike[str],
    scanned: Scan,
    *,
    max_side: int,
    chunk_bytes: int,
    spent: Callable[[float], None],
) -> Iterator[list[Picture]]:
    """Yield the clip's pictures in order, in lists of about `chunk_bytes`; one list is read ahead.

    `spent` is told the reading thread's processor time, seconds, when the clip is at its end.

    Raises:
        MediaError: the clip cannot be read.
    """
    ahead: queue.Queue[list[Picture] | BaseException | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(item: list[Picture] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ahead.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for chunk in _chunks(path, scanned, max_side, chunk_bytes):
                put(chunk)
                if stopped.is_set():
                    return
            spent(time.thread_time())
            put(None)
        except BaseException as error:  # handed over to the thread that asked
            put(error)

    reader = threading.Thread(target=read, name="clip-reader", daemon=True)
    reader.start()
    try:
        while (item := ahead.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        reader.join()


def _chunks(
    path: str | os.PathLike[str], scanned: Scan, max_side: int, chunk_bytes: int
) -> Iterator[list[Picture]]:
    chunk: list[Picture] = []
    longest = max(scanned.probe.width, scanned.probe.height)
    for index, frame in iter_frames(path, scanned=scanned, max_size=max_side if longest > max_side else None):
        grey, scale = grey_picture(frame, GREY_WIDTH)
        chunk.append(Picture(index, frame, grey, scale, glance(frame)))
        if len(chunk) >= min(max(chunk_bytes // frame.nbytes, MIN_CHUNK), MAX_CHUNK):
            yield chunk
            chunk = []
    if chunk:
        yield chunk
