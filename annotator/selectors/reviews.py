"""A disputed item with everything that was said of it, for those who may know."""

from dataclasses import dataclass
from typing import Literal

from django.db.models import Prefetch

from annotator.models import Consensus, ConsensusMethod, ConsensusState, Item, Judgment, Mark, PersonJudgment
from annotator.selectors.disputes import effective_judgments, left_and_right
from config.accounts.models import User
from datasets.models import Clip

WORDS = {
    "left_much": "Left, much",
    "left": "Left",
    "tie": "Tie",
    "same": "Same",
    "right": "Right",
    "right_much": "Right, much",
    "both_bad": "Both bad",
    "cannot_judge": "Cannot judge",
}


HOW: dict[str, str] = {
    ConsensusMethod.VOTE: "by vote",
    ConsensusMethod.DAWID_SKENE: "with annotators weighed",
    ConsensusMethod.REVIEW: "by a reviewer",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A verdict in the order in which the two clips are on the page now."""

    word: str
    side: Literal["left", "right", ""]


@dataclass(frozen=True, kw_only=True)
class MarkSeen:
    kind: str
    side: str
    person: str
    frame: int


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    who: str
    is_review: bool
    is_simulated: bool
    is_mine: bool
    overall: Answer | None
    people: list[Answer | None]
    marks: list[MarkSeen]
    remark: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Review:
    """`people` are the names over the columns of verdicts; probabilities are those of the consensus."""

    item: Item
    left: Clip
    right: Clip
    people: list[str]
    rows: list[AnswerRow]
    consensus: Consensus | None
    prob_left: float
    prob_right: float

    @property
    def how(self) -> str:
        """How the consensus came about."""
        if self.consensus is None:
            return ""
        is_open = self.consensus.state == ConsensusState.DISPUTED
        if is_open and self.consensus.method == ConsensusMethod.REVIEW:
            return "by vote, as no reviewer could judge"
        return HOW[self.consensus.method]


def review_of(*, item: Item, viewer: User, own: Judgment | None) -> Review:
    """Return the item with its answers, turned to one order of sides: the viewer's own, else a drawn one."""
    left, right = left_and_right(item, own)
    pair, left_is_a = item.pair, left.pk == item.pair.clip_a_id
    subjects = list(pair.clip_a.clip_subjects.select_related("person"))
    judgments = (
        effective_judgments(Judgment.objects.filter(item=item))
        .select_related("annotator")
        .prefetch_related("people", Prefetch("marks", Mark.objects.select_related("person")))
        .order_by("is_review", "id")
    )
    consensus = Consensus.objects.filter(item=item).first()
    a, b = (consensus.prob_a, consensus.prob_b) if consensus else (0.0, 0.0)
    return Review(
        item=item,
        left=left,
        right=right,
        people=[subject.person.name for subject in subjects],
        rows=[
            _row(
                judgment, [s.person_id for s in subjects], flip=judgment.left_is_a != left_is_a, viewer=viewer
            )
            for judgment in judgments
        ],
        consensus=consensus,
        prob_left=a if left_is_a else b,
        prob_right=b if left_is_a else a,
    )


def _row(judgment: Judgment, people: list[int], *, flip: bool, viewer: User) -> AnswerRow:
    verdicts: dict[int | None, PersonJudgment] = {row.person_id: row for row in judgment.people.all()}
    return AnswerRow(
        who=judgment.annotator.pseudonym,
        is_review=judgment.is_review,
        is_simulated=judgment.is_simulated,
        is_mine=judgment.annotator_id == viewer.pk,
        overall=_answer(judgment.overall, flip=flip),
        people=[_answer(verdicts[pk].verdict, flip=flip) if pk in verdicts else None for pk in people],
        marks=[
            MarkSeen(
                kind=mark.get_kind_display().lower(),
                side=_turned(mark.side, flip=flip),
                person=mark.person.name if mark.person else "somebody deleted",
                frame=mark.frame,
            )
            for mark in judgment.marks.all()
        ],
        remark=judgment.remark,
        seconds=judgment.active_ms / 1000,
    )


def _answer(verdict: str, *, flip: bool) -> Answer | None:
    if not verdict:
        return None
    seen = _turned(verdict, flip=flip)
    side: Literal["left", "right", ""] = (
        "left" if seen.startswith("left") else "right" if seen.startswith("right") else ""
    )
    return Answer(word=WORDS[seen], side=side)


def _turned(verdict: str, *, flip: bool) -> str:
    """Swap left and right in a verdict or a side, unless both orders are the same."""
    if not flip:
        return verdict
    for one, other in (("left", "right"), ("right", "left")):
        if verdict.startswith(one):
            return other + verdict.removeprefix(one)
    return verdict
