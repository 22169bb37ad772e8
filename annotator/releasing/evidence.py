"""The pairs of a study with everything that was said of them, read in pieces: memory does not grow with the study.

Everything is read up to the last judgment that there was when the export began. So answers that arrive meanwhile
change nothing, and no lock is held.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from annotator.agreement.consensus import overall_from_people, to_storage
from annotator.models import Item, Judgment, Mark, PersonJudgment, Study
from config.lookups import Ids
from datasets.models import ClipState, ClipSubject, KnownAnswer
from datasets.selectors.known import known_answers

CHUNK = 500
HUMAN, SIMULATED, PUBLISHED, SYNTHETIC = "human", "simulated", "published", "synthetic"

T = TypeVar("T")


class Verdict(NamedTuple):
    """What an answer says of one person, in terms of a and b; `person` is None when they were deleted."""

    person: int | None
    verdict: str
    no_drift: bool


class Seen(NamedTuple):
    """A frame at which a face goes wrong; `side` is a or b."""

    person: int | None
    side: str
    kind: str
    frame: int


@dataclass(slots=True)
class Answer:
    """One judgment. `overall` is in terms of a and b; `counts`: neither surplus, nor taken back, nor a repeat."""

    judgment: int
    supersedes: int | None
    pseudonym: str
    counts: bool
    is_repeat: bool
    is_review: bool
    is_simulated: bool
    left_is_a: bool
    overall: str
    remark: str
    active_ms: int
    created_at: datetime
    people: list[Verdict] = field(default_factory=list)
    marks: list[Seen] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return SIMULATED if self.is_simulated else HUMAN

    @property
    def verdicts(self) -> dict[int, str]:
        return {each.person: each.verdict for each in self.people if each.person is not None and each.verdict}

    @property
    def vote(self) -> str:
        """The overall answer, implied by the people where the study does not ask it."""
        return self.overall or overall_from_people(list(self.verdicts.values()))


@dataclass(slots=True)
class JudgedPair:
    """An item with its clips. `origins`: each kind of evidence that there is, and so each comparison.

    `known`: the answer of a pair that was made with one.
    """

    item: int
    pair: int
    prompt: str
    published: str
    key: str
    clips: tuple[int, int]
    sha256: tuple[str, str]
    people: list[int] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    known: KnownAnswer | None = None

    @property
    def is_reserved(self) -> bool:
        return self.known is not None and self.known.reserved_for_test


class Evidence:
    """What there is to release of one study.

    Args:
        study: Whose pairs and judgments.
        synthetic: With the known answers of pairs that nobody judged; those of others go along.
        gold: What annotators said of test questions counts as evidence like anything else.
    """

    def __init__(self, study: Study, *, synthetic: bool = False, gold: bool = False) -> None:
        self.study = study
        self.synthetic = synthetic
        self.gold = gold
        self.last_judgment = Judgment.objects.filter(study=study).aggregate(last=Max("pk"))["last"] or 0
        self._left_out: dict[str, int] = {}
        # Who is in a pair, told once and kept for the next reading: by item the number of its cast, 0 for no pair.
        self._casts: list[list[int]] = [[]]
        self._cast_numbers: dict[tuple[int, ...], int] = {}
        self._cast_of = array("L")

    @property
    def left_out(self) -> list[str]:
        """Sentences on what the last full reading passed over."""
        return [f"{count:,} {what}." for what, count in sorted(self._left_out.items())]

    @cached_property
    def items(self) -> Sequence[int]:
        """Items of which there is something to say, in order: an answer that came in time, a label, a known answer."""
        answered = Judgment.objects.filter(
            study=self.study, surplus=False, pk__lte=self.last_judgment
        ).order_by()
        again = answered.filter(item__repeat_of__isnull=False)
        said = Q(pk__in=answered.values("item")) | Q(pk__in=again.values("item__repeat_of"))
        if not self.gold:
            said &= Q(is_gold=False)
        if self.synthetic:
            said |= Q(pair__known_answer__isnull=False)
        wanted = Item.objects.filter(study=self.study, repeat_of__isnull=True).filter(
            said | ~Q(pair__published_better="")
        )
        return array("q", wanted.order_by("position").values_list("pk", flat=True).iterator())

    def pairs(self) -> Iterator[JudgedPair]:
        """Pairs without their answers: who must stay together."""
        for pairs in self._chunks():
            yield from pairs.values()

    def answered_chunks(self) -> Iterator[list[JudgedPair]]:
        """The same pairs with their answers, a chunk at a time."""
        for pairs in self._chunks():
            self._add_answers(pairs)
            yield list(pairs.values())

    def _chunks(self) -> Iterator[dict[int, JudgedPair]]:
        """Pairs by item, a chunk at a time; what cannot be released is counted and passed over."""
        removed = same = 0
        for start in range(0, len(self.items), CHUNK):
            items = self.items[start : start + CHUNK]
            pairs: dict[int, JudgedPair] = {}
            rows = list(_item_rows(items))
            known = known_answers([row[1] for row in rows]) if self._has_known else {}
            for item, pair, prompt, published, key, a, sha_a, state_a, b, sha_b, state_b in rows:
                if {state_a, state_b} != {ClipState.READY}:
                    removed += 1
                elif sha_a == sha_b:
                    same += 1
                else:
                    pairs[item] = JudgedPair(item, pair, prompt, published, key, (a, b), (sha_a, sha_b))
                    pairs[item].known = known.get(pair)
                    pairs[item].origins = self._origins_of(item, published, is_known=pair in known)
            if start == len(self._cast_of):
                self._cast(items, pairs)
            yield self._with_cast(start, items, pairs)
        self._left_out = {
            what: count
            for what, count in (
                ("pairs were left out: a clip was removed or is no usable video", removed),
                ("pairs were left out: their two clips look exactly the same", same),
            )
            if count
        }

    # ------------------------------------------------------------ people and kinds of evidence

    def _judgments(self) -> QuerySet[Judgment]:
        return Judgment.objects.filter(study=self.study, pk__lte=self.last_judgment).order_by()

    def _items_judged(self, *, simulated: bool) -> set[int]:
        rows = (
            self._judgments().filter(is_simulated=simulated).values_list("item", "item__repeat_of").distinct()
        )
        return {original or item for item, original in rows}

    @cached_property
    def _has_known(self) -> bool:
        return KnownAnswer.objects.filter(pair__items__study=self.study).exists()

    @cached_property
    def _not_evidence(self) -> set[int]:
        """Test questions, unless what was said of them is asked for."""
        items = Item.objects.filter(study=self.study, is_gold=True, repeat_of__isnull=True)
        return set() if self.gold else set(items.values_list("pk", flat=True))

    @cached_property
    def _simulated(self) -> set[int]:
        return self._items_judged(simulated=True)

    @cached_property
    def _human(self) -> set[int] | None:
        """Items that people judged; None for all of them, as in most studies, where no set is worth its memory."""
        published = Item.objects.filter(study=self.study).exclude(pair__published_better="")
        others = self._simulated or self._has_known or published.exists()
        return self._items_judged(simulated=False) if others else None

    def _origins_of(self, item: int, published: str, *, is_known: bool) -> list[str]:
        counts = item not in self._not_evidence
        human = counts and (self._human is None or item in self._human)
        return [
            *([HUMAN] if human else []),
            *([SIMULATED] if counts and item in self._simulated else []),
            *([PUBLISHED] if published else []),
            *([SYNTHETIC] if is_known and (self.synthetic or human) else []),
        ]

    @cached_property
    def _judged_besides(self) -> dict[int, set[int]]:
        """By item, people who were judged in it though they are not named as subjects of its clips any more."""
        others: dict[int, set[int]] = defaultdict(set)
        for model in (PersonJudgment, Mark):
            rows = model._default_manager.filter(
                judgment__in=self._judgments(), person__isnull=False
            ).order_by()
            for side in ("a", "b"):
                clip = OuterRef(f"judgment__item__pair__clip_{side}")
                rows = rows.exclude(Exists(ClipSubject.objects.filter(clip=clip, person=OuterRef("person"))))
            fields = ("judgment__item", "judgment__item__repeat_of", "person")
            for item, original, person in rows.values_list(*fields).distinct():
                others[original or item].add(person)
        return others

    def _cast(self, items: Sequence[int], pairs: Mapping[int, JudgedPair]) -> None:
        """Find out who is in these pairs: everybody who should be in either clip, in order, then whoever was judged."""
        subjects: dict[int, list[int]] = defaultdict(list)
        clips = {clip for pair in pairs.values() for clip in pair.clips}
        rows = ClipSubject.objects.filter(clip__among=Ids(clips)).order_by("clip", "position", "pk")
        for clip, person in rows.values_list("clip", "person"):
            subjects[clip].append(person)
        for item in items:
            if item not in pairs:
                self._cast_of.append(0)
                continue
            a, b = pairs[item].clips
            people = tuple(
                dict.fromkeys([*subjects[a], *subjects[b], *sorted(self._judged_besides.get(item, ()))])
            )
            number = self._cast_numbers.setdefault(people, len(self._casts))
            if number == len(self._casts):
                self._casts.append(list(people))
            self._cast_of.append(number)

    def _with_cast(
        self, start: int, items: Sequence[int], pairs: Mapping[int, JudgedPair]
    ) -> dict[int, JudgedPair]:
        """The pairs with their people; one that was none at the first reading is none at the second."""
        named: dict[int, JudgedPair] = {}
        for item, number in zip(items, self._cast_of[start : start + CHUNK], strict=True):
            if number and item in pairs:
                named[item] = pairs[item]
                named[item].people = self._casts[number]
        return named

    # ------------------------------------------------------------ answers

    @cached_property
    def _has_repeats(self) -> bool:
        return Item.objects.filter(study=self.study, repeat_of__isnull=False).exists()

    def _add_answers(self, pairs: dict[int, JudgedPair]) -> None:
        items: dict[int, int] = {item: item for item in pairs}
        if self._has_repeats:
            repeats = Item.objects.filter(repeat_of__among=Ids(pairs)).values_list("pk", "repeat_of")
            items |= {item: original for item, original in repeats if original is not None}
        later = Judgment.objects.filter(supersedes=OuterRef("pk"), pk__lte=self.last_judgment)
        rows = (
            self._judgments().filter(item__among=Ids(items)).annotate(taken_back=Exists(later)).order_by("pk")
        )
        answers: dict[int, Answer] = {}
        # Plain values, in the order of the fields below: rows of the model would cost more than all the rest.
        for pk, item, surplus, taken_back, supersedes, pseudonym, *said in rows.values_list(
            *("pk", "item", "surplus", "taken_back", "supersedes", "annotator__pseudonym"),
            *("is_review", "is_simulated", "left_is_a", "overall", "remark", "active_ms", "created_at"),
        ):
            values: Any = said
            is_review, is_simulated, left_is_a, overall, remark, active_ms, created_at = values
            is_repeat = items[item] != item
            answers[pk] = Answer(
                judgment=pk,
                supersedes=supersedes,
                pseudonym=pseudonym,
                counts=not (surplus or taken_back or is_repeat),
                is_repeat=is_repeat,
                is_review=is_review,
                is_simulated=is_simulated,
                left_is_a=left_is_a,
                overall=to_storage(overall, left_is_a=left_is_a),
                remark=remark,
                active_ms=active_ms,
                created_at=created_at,
            )
            pairs[items[item]].answers.append(answers[pk])
        verdicts = PersonJudgment.objects.filter(judgment__among=Ids(answers)).order_by("judgment", "pk")
        for judgment, person, verdict, no_drift in verdicts.values_list(
            "judgment", "person", "verdict", "no_drift"
        ):
            answer = answers[judgment]
            answer.people.append(Verdict(person, to_storage(verdict, left_is_a=answer.left_is_a), no_drift))
        marks = Mark.objects.filter(judgment__among=Ids(answers)).order_by("judgment", "frame", "pk")
        for judgment, person, side, kind, frame in marks.values_list(
            "judgment", "person", "side", "kind", "frame"
        ):
            answer = answers[judgment]
            answer.marks.append(Seen(person, to_storage(side, left_is_a=answer.left_is_a), kind, frame))


def _item_rows(items: Sequence[int]) -> Iterable[tuple]:
    return (
        Item.objects.filter(pk__among=Ids(items))
        .order_by("position")
        .values_list(
            "pk",
            "pair",
            "pair__prompt",
            "pair__published_better",
            "pair__key",
            *("pair__clip_a", "pair__clip_a__playback_sha256", "pair__clip_a__state"),
            *("pair__clip_b", "pair__clip_b__playback_sha256", "pair__clip_b__state"),
        )
    )


def chunked(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
