"""The judgments of a release come in as a closed study: the same answers, by accounts that nobody can log in to."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from annotator.agreement.consensus import CLASSES
from annotator.models import (
    Consensus,
    ConsensusMethod,
    ConsensusState,
    Item,
    Judgment,
    Mark,
    Member,
    PersonJudgment,
    Role,
    Slot,
    SlotKind,
    SlotState,
    Study,
    StudyState,
)
from config.accounts.models import User, make_pseudonym
from datasets.importing.release import ReleaseReport
from datasets.releases.errors import ReleaseError
from datasets.releases.schema import Row
from datasets.releases.source import Source

from .consensus import item_consensus_refresh

BATCH = 500
_FROM_STORAGE = {"a": ("left", "right"), "b": ("right", "left")}


@transaction.atomic
def study_import(
    *, source: Source, report: ReleaseReport, slug: str, created_by: User | None = None
) -> Study:
    """Make a closed study of the judgments of a release that was just imported.

    Who, when, on which side, what was taken back and what the consensus was stay as they are.

    Raises:
        ReleaseError: The slug is taken, or the release holds no judgments.
    """
    if Study.objects.filter(slug=slug).exists():
        raise ReleaseError(f"There is a study {slug} already.")
    comparisons = {
        row["comparison_id"]: row for row in source.rows("comparisons") if _pair(row, report) is not None
    }
    judgments = [row for row in source.rows("judgments") if row["comparison_id"] in comparisons]
    if not judgments:
        raise ReleaseError("There are no judgments in it to make a study of.")
    return _StudyImport(comparisons, judgments, report, slug, created_by).run()


def _pair(row: Row, report: ReleaseReport) -> int | None:
    """The library's pair of a comparison."""
    a, b = (report.clip_ids.get(row.get(side) or "") for side in ("clip_a", "clip_b"))
    return None if a is None or b is None else report.pair_ids.get((min(a, b), max(a, b)))


class _StudyImport:
    def __init__(
        self,
        comparisons: dict[str, Row],
        judgments: Sequence[Row],
        report: ReleaseReport,
        slug: str,
        created_by: User | None,
    ) -> None:
        self.comparisons = comparisons
        self.judgments = judgments
        self.report = report
        self.slug = slug
        self.created_by = created_by
        self.taken_back = {row["supersedes"] for row in judgments if row["supersedes"]}

    def run(self) -> Study:
        self.study = self._study()
        self.items = self._items()
        self.users = self._users()
        self.slots = self._slots()
        self._write_judgments()
        self._write_consensus()
        return self.study

    def _study(self) -> Study:
        answers = Counter(row["comparison_id"] for row in self.judgments if self._counts_as_answer(row))
        study = Study.objects.create(
            slug=self.slug,
            name=f"Imported from {self.report.release}"[:200],
            state=StudyState.CLOSED,
            overlap=min(25, max(answers.values(), default=1)),
            repeat_share=0.0,
            ask_overall=any(row["overall"] for row in self.judgments),
            ask_people=any(row["people"] for row in self.judgments),
            ask_marks=any(row["marks"] for row in self.judgments),
            ask_remark=any(row["remark"] for row in self.judgments),
            created_by=self.created_by,
        )
        study.releases.add(self.report.release)
        if self.created_by is not None:
            Member.objects.create(study=study, user=self.created_by, role=Role.LEAD)
        return study

    @staticmethod
    def _counts_as_answer(row: Row) -> bool:
        return bool(row["counted"]) and row["kind"] == "answer"

    def _items(self) -> dict[tuple[int, bool], Item]:
        """The item of each pair, and its repeat where somebody judged it twice."""
        pairs = list(dict.fromkeys(self._pair_of(row) for row in self.judgments))
        again = list(dict.fromkeys(self._pair_of(row) for row in self.judgments if row["repeat"]))
        items = Item.objects.bulk_create(
            [Item(study=self.study, pair_id=pair, position=n) for n, pair in enumerate(pairs)],
            batch_size=BATCH,
        )
        of_pair = dict(zip(pairs, items, strict=True))
        repeats = Item.objects.bulk_create(
            [
                Item(study=self.study, pair_id=pair, position=len(pairs) + n, repeat_of=of_pair[pair])
                for n, pair in enumerate(again)
            ],
            batch_size=BATCH,
        )
        return {(pair, False): item for pair, item in of_pair.items()} | {
            (pair, True): item for pair, item in zip(again, repeats, strict=True)
        }

    def _pair_of(self, judgment: Row) -> int:
        pair = _pair(self.comparisons[judgment["comparison_id"]], self.report)
        assert pair is not None  # Other comparisons were left out from the start.
        return pair

    def _users(self) -> dict[str, User]:
        """An account for each pseudonym, switched off. It never is an account that is here already."""
        simulated = {row["annotator"]: bool(row["simulated"]) for row in self.judgments}
        taken = set(User.objects.filter(pseudonym__in=simulated).values_list("pseudonym", flat=True))
        return {
            name: User.objects.create(
                username=f"imported-{uuid.uuid4().hex[:12]}",
                password=make_password(None),
                is_active=False,
                is_simulated=is_simulated,
                pseudonym=make_pseudonym() if name in taken or len(name) > 32 else name,
            )
            for name, is_simulated in simulated.items()
        }

    def _slots(self) -> dict[str, Slot]:
        """The slot of each judgment: its own; that of the one that it takes back; for one that came late, any."""
        slots: dict[str, Slot] = {}
        numbers: Counter[int] = Counter()
        for row in self.judgments:
            if self._is_surplus(row) or row["supersedes"]:
                continue
            item = self._item_of(row)
            slots[row["judgment_id"]] = Slot(
                study=self.study,
                item=item,
                slot_no=numbers[item.pk],
                kind=SlotKind.REVIEW if row["kind"] == "review" else SlotKind.ANSWER,
                position=len(slots),
                state=SlotState.DONE,
                annotator=self.users[row["annotator"]],
                left_is_a=row["left_side"] == "a",
            )
            numbers[item.pk] += 1
        Slot.objects.bulk_create(slots.values(), batch_size=BATCH)
        first_of_item: dict[int, Slot] = {}
        for slot in slots.values():
            first_of_item.setdefault(slot.item_id, slot)
        for row in self.judgments:
            if row["judgment_id"] not in slots:
                earlier = slots.get(row["supersedes"] or "") or first_of_item.get(self._item_of(row).pk)
                if earlier is not None:
                    slots[row["judgment_id"]] = earlier
        n_slots = Slot.objects.filter(study=self.study).count()
        Study.objects.filter(pk=self.study.pk).update(n_items=len(self.items), n_slots=n_slots)
        return slots

    def _item_of(self, row: Row) -> Item:
        return self.items[self._pair_of(row), bool(row["repeat"])]

    def _is_surplus(self, row: Row) -> bool:
        return not (row["counted"] or row["repeat"] or row["judgment_id"] in self.taken_back)

    # ------------------------------------------------------------ judgments

    def _write_judgments(self) -> None:
        written: dict[str, Judgment] = {}
        # Whoever is taken back is written first, as its number is needed.
        waiting = [row for row in self.judgments if row["judgment_id"] in self.slots]
        while ready := [row for row in waiting if not row["supersedes"] or row["supersedes"] in written]:
            rows = [self._judgment(row, written) for row in ready]
            for row, judgment in zip(
                ready, Judgment.objects.bulk_create(rows, batch_size=BATCH), strict=True
            ):
                written[row["judgment_id"]] = judgment
            waiting = [row for row in waiting if row["judgment_id"] not in written]
        self._date(written)
        told = [(written[row["judgment_id"]], row) for row in self.judgments if row["judgment_id"] in written]
        PersonJudgment.objects.bulk_create(self._verdicts(told), batch_size=BATCH)
        Mark.objects.bulk_create(self._marks(told), batch_size=BATCH)

    def _judgment(self, row: Row, written: dict[str, Judgment]) -> Judgment:
        slot = self.slots[row["judgment_id"]]
        left_is_a = row["left_side"] == "a"
        return Judgment(
            study=self.study,
            item=self._item_of(row),
            slot=slot,
            annotator=self.users[row["annotator"]],
            idempotency_key=uuid.uuid4(),
            supersedes=written[row["supersedes"]] if row["supersedes"] else None,
            surplus=self._is_surplus(row),
            is_review=row["kind"] == "review",
            is_simulated=row["simulated"],
            left_is_a=left_is_a,
            overall=_on_screen(row["overall"] or "", left_is_a),
            remark=row["remark"] or "",
            active_ms=row["active_ms"] or 0,
        )

    def _date(self, written: dict[str, Judgment]) -> None:
        """Set the times, which the model fills in by itself at first."""
        times = {row["judgment_id"]: row["created_at"] for row in self.judgments}
        for key, judgment in written.items():
            judgment.created_at = times[key]
        Judgment.objects.bulk_update(written.values(), ["created_at"], batch_size=BATCH)

    def _verdicts(self, told: Iterable[tuple[Judgment, Row]]) -> list[PersonJudgment]:
        return [
            PersonJudgment(
                judgment=judgment,
                person_id=self.report.person_ids[part["person_id"]],
                verdict=_on_screen(part["verdict"] or "", judgment.left_is_a),
                no_drift=bool(part["no_drift"]),
            )
            for judgment, row in told
            for part in row["people"]
        ]

    def _marks(self, told: Iterable[tuple[Judgment, Row]]) -> list[Mark]:
        return [
            Mark(
                judgment=judgment,
                person_id=self.report.person_ids.get(mark["person_id"] or ""),
                side=_on_screen(mark["side"], judgment.left_is_a),
                kind=mark["kind"],
                frame=mark["frame"],
            )
            for judgment, row in told
            for mark in row["marks"]
        ]

    # ------------------------------------------------------------ consensus

    def _write_consensus(self) -> None:
        """Keep what the release says. Where people and simulated annotators judged one pair, it is made anew."""
        of_item: dict[int, list[Row]] = defaultdict(list)
        counted: Counter[str] = Counter()
        both_bad: Counter[str] = Counter()
        for row in self.judgments:
            counted[row["comparison_id"]] += bool(row["counted"])
            both_bad[row["comparison_id"]] += bool(row["counted"]) and row["overall"] == "both_bad"
        for key in dict.fromkeys(row["comparison_id"] for row in self.judgments):
            pair = _pair(self.comparisons[key], self.report)
            assert pair is not None
            of_item[self.items[pair, False].pk].append(self.comparisons[key])
        alone = {
            item: rows[0]
            for item, rows in of_item.items()
            if len(rows) == 1 and rows[0]["prob_a"] is not None
        }
        Consensus.objects.bulk_create(
            [
                self._consensus(item, row, counted[row["comparison_id"]], both_bad[row["comparison_id"]])
                for item, row in alone.items()
            ],
            batch_size=BATCH,
        )
        for item in of_item.keys() - alone.keys():
            item_consensus_refresh(item=item)

    def _consensus(self, item: int, row: Row, counted: int, both_bad: int) -> Consensus:
        state = ConsensusState.AGREED if row["preference"] else ConsensusState.DISPUTED
        if not row["preference"] and counted < self.study.overlap:
            state = ConsensusState.OPEN
        return Consensus(
            item_id=item,
            study=self.study,
            state=state,
            method=row["method"] if row["method"] in ConsensusMethod.values else ConsensusMethod.VOTE,
            **{f"prob_{name}": row[f"prob_{name}"] for name in CLASSES},
            n_judgments=counted,
            n_simulated=counted if row["origin"] == "simulated" else 0,
            agreement=row["agreement"],
            both_bad=both_bad,
            people={
                str(self.report.person_ids[part["person_id"]]): self._person(part)
                for part in row["people_preferences"]
            },
        )

    def _person(self, part: Row) -> dict[str, Any]:
        state = ConsensusState.AGREED if part["preference"] else ConsensusState.OPEN
        names = ("prob_a", "prob_same", "prob_b")
        return {**{name: part[name] for name in names}, "n": part["n_judgments"], "state": state.value}


def _on_screen(answer: str, left_is_a: bool) -> str:
    """An answer about a and b as one about left and right; others stay as they are. Undoes `to_storage`."""
    side, _, degree = answer.partition("_")
    if side not in _FROM_STORAGE:
        return answer
    seen = _FROM_STORAGE[side][0 if left_is_a else 1]
    return f"{seen}_{degree}" if degree else seen
