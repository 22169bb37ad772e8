"""The embedded broker: kombu's filesystem transport, with files that nobody ever sees half written.

kombu 5 creates a message under its final name and fills it afterwards; a worker that looks in between takes an empty
file, fails to parse it and ends (celery/kombu issue 1551, open). Its tables of queues are truncated and filled in the
same way. Here both are written beside and renamed, which POSIX makes one step.
"""

from __future__ import annotations

import fcntl
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)
Table = list[exchange_queue_t]


class Channel(filesystem.Channel):
    """A channel whose messages and tables of queues are there whole or not at all."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str) -> Any:  # type: ignore[override]
        while True:
            try:
                return super()._get(queue)
            except Empty:
                raise
            except ValueError:
                # Left by a full disk or an older version. The row of the job is the truth; the sweep wakes it again.
                log.warning("a message of the queue %s cannot be read and is left out", queue)

    def get_table(self, exchange: str) -> Table:  # type: ignore[override]
        try:
            text = self._table_file(exchange).read_text()
        except FileNotFoundError:
            return []
        try:
            return [exchange_queue_t(*row) for row in loads(text)]
        except ValueError:
            log.warning("the table of %s cannot be read and is made anew", exchange)
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._table_change(exchange, lambda table: table if row in table else [row, *table])

    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any
    ) -> None:
        # Past kombu's own, which rewrites the table in place.
        super(filesystem.Channel, self)._delete(queue, exchange, routing_key, pattern, *args, **kwargs)
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._table_change(exchange, lambda table: [each for each in table if each != row])

    def _table_file(self, exchange: str) -> Path:
        return self._exchange_file(exchange)  # type: ignore[attr-defined]

    def _table_change(self, exchange: str, change: Callable[[Table], Table]) -> None:
        file = self._table_file(exchange)
        self.control_folder.mkdir(exist_ok=True)
        with _held(file.with_suffix(".lock")):
            before = self.get_table(exchange)
            after = change(before)
            if after != before:
                _write(file, dumps(after))


class Transport(filesystem.Transport):
    """Named in the settings as CELERY_BROKER_TRANSPORT."""

    Channel = Channel


def _write(path: Path, text: str) -> None:
    """Write a file in one step. No queue is named like the unfinished one."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_text(text)
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a lock among processes, which the system drops when this one ends."""
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
