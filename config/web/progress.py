"""A line of progress for commands."""

import time
from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper


class ProgressLine:
    """Called with what is done and the total: rewrites one line on a terminal, says tenths elsewhere."""

    def __init__(self, output: OutputWrapper, what: str) -> None:
        self._output = output
        self._what = what
        self._is_terminal = output.isatty()
        self._started = time.monotonic()
        self._said = -1

    def __call__(self, done: int, total: int) -> None:
        step = done if self._is_terminal else (10 * done) // total if total else 0
        if step == self._said:
            return
        self._said = step
        seconds = time.monotonic() - self._started
        line = f"{done:,} of {total:,} {self._what}, {seconds:.0f} s"
        if self._is_terminal:
            self._output.write(f"\r{line}\x1b[K", ending="")
        else:
            self._output.write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_terminal and self._said >= 0:
            self._output.write("")
