"""The embedded broker under several writers and readers: no message lost, none twice, none half written."""

import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from config.celery import app
from config.jobs.file_broker import Channel

MESSAGES, WRITERS, READERS = 120, 3, 3


def connection(folder: Path) -> Connection:
    for name in ("queue", "control"):
        (folder / name).mkdir(exist_ok=True)
    return Connection(
        "filesystem://localhost",
        transport="config.jobs.file_broker:Transport",
        transport_options={
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
        },
    )


def channel(folder: Path) -> Channel:
    found = connection(folder).channel()
    assert isinstance(found, Channel)
    return found


def at_once(*works: Any) -> list[BaseException]:
    """Run these in a thread each; return what they raised."""
    raised: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return raised


def test_a_site_without_services_uses_it():
    assert app.conf.broker_url.startswith("filesystem://")
    with app.connection() as connected:
        assert isinstance(connected.channel(), Channel)


def test_every_message_is_read_once_and_whole(tmp_path):
    got: list[int] = []
    done = threading.Event()

    def write(first: int) -> None:
        mine = channel(tmp_path)
        for number in range(first, MESSAGES, WRITERS):
            mine._put("media", {"number": number, "padding": "x" * 20_000})

    def read() -> None:
        mine = channel(tmp_path)
        while not done.is_set() or mine._size("media"):
            try:
                got.append(mine._get("media")["number"])
            except Empty:
                pass

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    raised = at_once(*(lambda first=first: write(first) for first in range(WRITERS)))
    done.set()
    for reader in readers:
        reader.join(timeout=120)
    assert raised == []
    assert sorted(got) == list(range(MESSAGES))


def test_a_message_that_cannot_be_read_is_left_out(tmp_path):
    mine = channel(tmp_path)
    (tmp_path / "queue" / "0_left-by-a-full-disk.media.msg").write_bytes(b"")
    mine._put("media", {"number": 1})
    assert mine._get("media") == {"number": 1}
    with pytest.raises(Empty):
        mine._get("media")


def test_a_message_being_written_is_not_there_yet(tmp_path, monkeypatch):
    mine, other = channel(tmp_path), channel(tmp_path)
    seen: list[int] = []
    write_text = Path.write_text

    def slowly(path: Path, text: str) -> int:
        written = write_text(path, "")
        seen.append(other._size("media"))
        with pytest.raises(Empty):
            other._get("media")
        return written + write_text(path, text)

    monkeypatch.setattr(Path, "write_text", slowly)
    mine._put("media", {"number": 1})
    assert seen == [0]
    assert other._get("media") == {"number": 1}


def test_queues_bound_at_one_moment_are_all_bound(tmp_path):
    channel(tmp_path)

    def bind(name: str) -> None:
        exchange = Exchange("likeness", type="fanout", durable=False)
        with connection(tmp_path) as connected:
            Queue(name, exchange)(connected.channel()).declare()

    names = [f"queue-{number}" for number in range(8)]
    assert at_once(*(lambda name=name: bind(name) for name in names)) == []
    assert {row.queue for row in channel(tmp_path).get_table("likeness")} == set(names)
