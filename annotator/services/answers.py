"""What an answer may say. The one place where an annotator's words are checked, for every way that they come in."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from django.core.exceptions import ValidationError

from annotator.models import MarkKind, PersonVerdict, Side, Verdict

MAX_REMARK = 10_000
MAX_MARKS = 500
MAX_PEOPLE = 100

# What a browser sends when an emoji is cut in the middle.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

_KEYS = {"overall", "people", "marks", "no_drift", "remark"}


@dataclass(frozen=True, slots=True)
class Questions:
    """What the study asks, of whom, about clips of how many frames."""

    overall: bool
    people: bool
    marks: bool
    remark: bool
    person_ids: Collection[int]
    frames: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MarkAnswer:
    person_id: int
    side: str
    kind: str
    frame: int


@dataclass(frozen=True, slots=True)
class Answer:
    overall: str
    people: dict[int, str] = field(default_factory=dict)
    marks: list[MarkAnswer] = field(default_factory=list)
    no_drift: frozenset[int] = frozenset()
    remark: str = ""
    # People named here who are not in the clips any more: deleted, or taken off them, while the pair was on a screen.
    gone: frozenset[int] = frozenset()


def answer_check(raw: Any, questions: Questions) -> Answer:
    """Return the answer in checked form. Raises ValidationError that names every field at fault.

    What is said of people who do not appear in the clips is taken, and named in `gone`: nobody at a screen can mend
    an answer to a pair that changed meanwhile, and what they said of everybody else must not be lost with it.
    """
    if not isinstance(raw, Mapping):
        raise ValidationError({"answer": "An answer is an object."})
    errors: dict[str, str] = {}

    def checked(name: str, check: Callable[[Any, Questions], Any]) -> Any:
        try:
            return check(raw.get(name), questions)
        except _Wrong as wrong:
            errors[name] = str(wrong)
            return None

    for name in sorted(map(str, raw.keys() - _KEYS)):
        errors[name] = "There is no such question."
    overall = checked("overall", _overall)
    people = checked("people", _people)
    marks = checked("marks", _marks)
    no_drift = checked("no_drift", _no_drift)
    remark = checked("remark", _remark)
    if not errors:
        errors = _contradictions(overall, people, marks, no_drift, questions)
    if errors:
        raise ValidationError(errors)
    named = {*people, *no_drift, *(mark.person_id for mark in marks)}
    return Answer(overall, people, marks, no_drift, remark, frozenset(named.difference(questions.person_ids)))


class _Wrong(ValueError):
    """The sentence for one field."""


def _overall(value: Any, questions: Questions) -> str:
    if not questions.overall:
        if value not in (None, ""):
            raise _Wrong("This study asks for no overall verdict.")
        return ""
    if value not in Verdict.values:
        raise _Wrong(f"Answer one of {', '.join(Verdict.values)}.")
    return str(value)


def _people(value: Any, questions: Questions) -> dict[int, str]:
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        raise _Wrong("An object of verdicts by person is expected.")
    if value and not questions.people:
        raise _Wrong("This study asks for no verdict for each person.")
    if len(value) > MAX_PEOPLE:
        raise _Wrong(f"At most {MAX_PEOPLE} people fit in one answer.")
    verdicts = {}
    for key, verdict in value.items():
        person = _person(key)
        if verdict not in PersonVerdict.values:
            raise _Wrong(f"Answer one of {', '.join(PersonVerdict.values)} for each person.")
        verdicts[person] = str(verdict)
    return verdicts


def _marks(value: Any, questions: Questions) -> list[MarkAnswer]:
    value = [] if value is None else value
    if not isinstance(value, list):
        raise _Wrong("A list of marks is expected.")
    if value and not questions.marks:
        raise _Wrong("This study asks for no marks.")
    if len(value) > MAX_MARKS:
        raise _Wrong(f"At most {MAX_MARKS} marks fit in one answer.")
    # The same mark twice says nothing more than once.
    return list(dict.fromkeys(_mark(mark, questions) for mark in value))


def _mark(mark: Any, questions: Questions) -> MarkAnswer:
    if not isinstance(mark, Mapping):
        raise _Wrong("A mark is an object of person, side, kind and frame.")
    person = _person(mark.get("person"))
    side, kind, frame = mark.get("side"), mark.get("kind"), mark.get("frame")
    if side not in Side.values:
        raise _Wrong(f"The side of a mark is one of {', '.join(Side.values)}.")
    if kind not in MarkKind.values:
        raise _Wrong(f"The kind of a mark is one of {', '.join(MarkKind.values)}.")
    last = questions.frames[side] - 1
    if not _is_int(frame) or not 0 <= frame <= last:
        raise _Wrong(f"The frame of a mark on the {side} is a whole number from 0 to {last}.")
    return MarkAnswer(person, side, kind, frame)


def _no_drift(value: Any, questions: Questions) -> frozenset[int]:
    value = [] if value is None else value
    if not isinstance(value, list):
        raise _Wrong("A list of people is expected.")
    if value and not questions.marks:
        raise _Wrong("This study asks for no marks.")
    if len(value) > MAX_PEOPLE:
        raise _Wrong(f"At most {MAX_PEOPLE} people fit in one answer.")
    return frozenset(_person(person) for person in value)


def _remark(value: Any, questions: Questions) -> str:
    value = "" if value is None else value
    if not isinstance(value, str):
        raise _Wrong("A remark is text.")
    # No database stores half an emoji, nor PostgreSQL a NUL: mended, since a refusal would cost the whole answer.
    value = _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", value.replace("\x00", "")).strip()
    if value and not questions.remark:
        raise _Wrong("This study asks for no remark.")
    if len(value) > MAX_REMARK:
        raise _Wrong(f"A remark has at most {MAX_REMARK} characters.")
    return value


def _contradictions(
    overall: str,
    people: dict[int, str],
    marks: list[MarkAnswer],
    no_drift: frozenset[int],
    questions: Questions,
) -> dict[str, str]:
    if not overall and not people.keys() >= set(questions.person_ids):
        return {"people": "A verdict for each person is expected."}
    if any(mark.kind == MarkKind.DRIFT and mark.person_id in no_drift for mark in marks):
        return {"no_drift": "A person has drift marks or no drift, not both."}
    return {}


def _person(value: Any) -> int:
    """Return a person's id, which JSON's keys turn into text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if not _is_int(value) or value < 1:
        raise _Wrong("A person is named by the number that the pair gave them.")
    return value


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
