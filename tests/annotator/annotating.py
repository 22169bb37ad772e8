"""Annotators who do not give up: they ask and send again until a reply comes, an answer always under its key."""

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.live_site import AnnotatorClient, Reply, Unreachable

GIVE_UP_AFTER_S = 300.0
VERDICTS = ["left_much", "left", "tie", "right", "right_much", "both_bad", "cannot_judge"]


@dataclass(frozen=True)
class Accepted:
    """An answer for which a 2xx came."""

    key: str
    judgment: int
    surplus: bool
    overall: str


def judge_together(port: int, slug: str, sessions: list[str]) -> list[Accepted]:
    """Have one annotator a session judge, each in a thread, until nothing is left for any of them."""
    with ThreadPoolExecutor(len(sessions)) as pool:
        results = pool.map(partial(judge_until_nothing_is_left, port, slug), sessions)
    return [accepted for result in results for accepted in result]


def judge_until_nothing_is_left(port: int, slug: str, session: str) -> list[Accepted]:
    """Raises AssertionError for any reply that is not what the protocol promises."""
    client = AnnotatorClient(port, session, slug)
    draw = random.Random(session)
    accepted: list[Accepted] = []
    while (claimed := _until_replied(client.claim)).status != 204:
        assert claimed.status == 200, claimed
        answer = _answer(claimed.body, draw)
        key = uuid.uuid4()
        send = partial(client.submit, claimed.body["slot"]["token"], answer, key)
        reply = _until_replied(send)
        assert reply.status in (200, 201), reply
        if draw.random() < 0.2:
            again = _until_replied(send)
            assert (again.status, again.raw) == (200, reply.raw)
        accepted.append(Accepted(str(key), reply.body["judgment"], reply.body["surplus"], answer["overall"]))
    client.close()
    return accepted


def _until_replied(request: Any) -> Reply:
    deadline = time.monotonic() + GIVE_UP_AFTER_S
    while True:
        try:
            return request()
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _answer(payload: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    people = [person["id"] for person in payload["people"]]
    marks = [{"person": people[0], "side": "left", "kind": "drift", "frame": draw.randrange(100)}]
    return {
        "overall": draw.choice(VERDICTS),
        "people": {str(person): draw.choice(["left", "same", "right"]) for person in people},
        "marks": marks if draw.random() < 0.5 else [],
        "no_drift": people[1:] if draw.random() < 0.5 else [],
        "remark": "",
    }
