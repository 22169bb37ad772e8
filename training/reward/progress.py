"""A plain progress line on a terminal, and a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, TextIO

WIDTH = 30
LOG_SECONDS = 30.0


class ProgressBar:
    """Shows stage, step, loss and what is left."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty()
        self._started = self._shown = time.monotonic()
        self._stage, self._from = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.stream.write("\n")

    def step(self, stage: str, step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._from, self._started = stage, step - 1, now
        if now - self._shown < (0.2 if self.live else LOG_SECONDS) and step < steps:
            return
        self._shown = now
        pace = (now - self._started) / max(step - self._from, 1)
        done = round(WIDTH * step / steps)
        line = f"{stage:8} [{'#' * done}{'.' * (WIDTH - done)}] {step}/{steps} loss {loss:.3f}"
        line += f", {pace * (steps - step):.0f} s left"
        self.stream.write(f"\r{line}  " if self.live else f"{line}\n")
        self.stream.flush()
