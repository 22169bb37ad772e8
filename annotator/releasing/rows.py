"""A study's evidence, clips and people as the rows of a release (datasets.releases.schema)."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from django.core.files.storage import default_storage
from django.db.models import Count

from annotator.models import Item, ReportState, Study, TrackReport
from annotator.selectors.scores import scorer_of
from config.lookups import Ids
from datasets.models import Clip, ClipSubject, ClipTruth, KnownAnswer, PairScore, Person, Reference, Scorer
from datasets.releases.errors import ReleaseError
from datasets.releases.schema import Row
from datasets.releases.splits import Groups, Splits

from .evidence import CHUNK, PUBLISHED, SYNTHETIC, Answer, Evidence, JudgedPair, Seen, chunked
from .outcome import Opinion, Stored, outcome_of, stored_consensus
from .tracks import track_rows

OnProgress = Callable[[int, int], None]


class _ClipFacts(NamedTuple):
    """What a release says of a prepared clip, by the names of the model's fields."""

    id: int
    sha256: str
    playback_sha256: str
    playback_file: str
    source_name: str
    width: int
    height: int
    fps_num: int
    fps_den: int
    frames: int
    origin: str
    generator: str
    generator_version: str
    seed: str
    prompt: str
    licence: str
    parent__playback_sha256: str | None


class StudyRows:
    """Rows of one study, in the order comparisons and judgments, clips, people, tracks. First call `groups`."""

    def __init__(
        self,
        study: Study,
        *,
        licence: str,
        media: bool,
        embed: bool,
        tracks: bool = True,
        synthetic: bool = False,
        gold: bool = False,
    ) -> None:
        self.study = study
        self.evidence = Evidence(study, synthetic=synthetic, gold=gold)
        self.licence = licence
        self.media = media
        self.embed = embed
        self.tracks = tracks
        self.clip_ids: set[int] = set()
        self.person_ids: set[int] = set()

    def groups(self) -> Groups:
        """Who must stay together, the sources of distorted copies included."""
        groups = Groups()
        for pair in self.evidence.pairs():
            people = [self._keys[person] for person in pair.people]
            for _origin in pair.origins:
                groups.add_comparison(*pair.sha256, people=people, reserved=pair.is_reserved)
            if pair.origins:
                self.clip_ids.update(pair.clips)
                self.person_ids.update(pair.people)
        for chunk in chunked(sorted(self.clip_ids), CHUNK):
            derived = Clip.objects.filter(pk__among=Ids(chunk), parent__isnull=False).order_by("pk")
            for sha256, source in derived.values_list("playback_sha256", "parent__playback_sha256"):
                groups.add_clip(sha256, subjects=(), source=source)
        return groups

    @property
    def total(self) -> int:
        """Steps that `rows` reports."""
        return len(self.evidence.items) + len(self.clip_ids)

    def rows(self, splits: Splits, on_progress: OnProgress) -> Iterator[tuple[str, str, Row]]:
        """(table, split, row) of the whole release; an error that `on_progress` raises stops it."""
        done = 0
        if splits.reserved_left_out:
            self._forget_left_out(splits)
        for pairs in self.evidence.answered_chunks():
            stored = stored_consensus([pair.item for pair in pairs])
            for pair in pairs:
                split = splits.of_clip(pair.sha256[0])
                if not splits.keeps(pair.sha256[0], reserved=pair.is_reserved):
                    continue
                for table, row in self._pair_rows(pair, stored.get(pair.item)):
                    yield table, split, row
            done += len(pairs)
            on_progress(done, self.total)
        done = len(self.evidence.items)
        for row in self._clip_rows():
            yield "clips", splits.of_clip(row["sha256"]), row
            done += 1
            if done % 20 == 0:
                on_progress(done, self.total)
        for row in self._person_rows():
            yield "people", splits.of_person(row["person_id"]), row
        if self.tracks:
            for row in track_rows(self.clip_ids, people=self.person_ids, copies_shared=self._shared):
                yield "tracks", splits.of_clip(row["clip"]), row
                on_progress(done, self.total)
        on_progress(self.total, self.total)

    def _forget_left_out(self, splits: Splits) -> None:
        """Clips and people of no comparison but such as are reserved for tests, and are not in that split."""
        self.clip_ids, self.person_ids = set(), set()
        for pair in self.evidence.pairs():
            if pair.origins and splits.keeps(pair.sha256[0], reserved=pair.is_reserved):
                self.clip_ids.update(pair.clips)
                self.person_ids.update(pair.people)

    # ------------------------------------------------------------ comparisons and judgments

    @cached_property
    def _keys(self) -> dict[int, str]:
        return dict(Person.objects.values_list("pk", "key"))

    @cached_property
    def _references(self) -> dict[int, list[str]]:
        references: dict[int, list[str]] = defaultdict(list)
        rows = Reference.objects.order_by("person", "position", "pk").values_list("person", "sha256")
        for person, sha256 in rows:
            references[person].append(sha256)
        return references

    @cached_property
    def _reported(self) -> dict[int, dict[int | None, dict[str, int]]]:
        """By item, repeats with their originals, and person (None: everybody): how many reports of wrong tracks."""
        reported: dict[int, dict[int | None, dict[str, int]]] = defaultdict(dict)
        reports = TrackReport.objects.filter(study=self.study).order_by("id")
        for item, original, person, state in reports.values_list(
            "item", "item__repeat_of", "person", "state"
        ):
            counts = reported[original or item].setdefault(person, {"n_open": 0, "n_resolved": 0})
            counts["n_open" if state == ReportState.OPEN else "n_resolved"] += 1
        return reported

    def _pair_rows(self, pair: JudgedPair, stored: Stored | None) -> Iterator[tuple[str, Row]]:
        for origin in pair.origins:
            key = f"{self.study.slug}-{pair.item}" + ("" if origin == "human" else f"-{origin}")
            answers = [answer for answer in pair.answers if answer.origin == origin]
            yield "comparisons", self._comparison(pair, origin, key, answers, stored)
            for answer in answers:
                yield "judgments", self._judgment(answer, key)

    def _comparison(
        self, pair: JudgedPair, origin: str, key: str, answers: Sequence[Answer], stored: Stored | None
    ) -> Row:
        row: Row = {
            "comparison_id": key,
            "origin": origin,
            "prompt": pair.prompt,
            "people": [
                {"person_id": self._keys[person], "references": self._references.get(person, [])}
                for person in pair.people
            ],
            "clip_a": pair.sha256[0],
            "clip_b": pair.sha256[1],
            "tracks_reported": [
                {"person_id": None if person is None else self._keys[person], **counts}
                for person, counts in self._reported.get(pair.item, {}).items()
                if person is None or person in pair.people
            ],
        }
        if origin == PUBLISHED:
            row |= self._published(pair)
        elif origin == SYNTHETIC and pair.known is not None:
            row |= self._constructed(pair, pair.known)
        else:
            row |= self._judged(pair, answers, stored)
        if pair.known is not None:
            row |= _known_columns(pair.known)
        sides = {"a": pair.sha256, "b": pair.sha256[::-1]}.get(row["preference"] or "", (None, None))
        row["chosen"], row["rejected"] = sides
        row |= self._scored(pair)
        if self.embed:
            row["video_a"], row["video_b"] = (self._video_of(sha256) for sha256 in pair.sha256)
        return row

    def _scored(self, pair: JudgedPair) -> Row:
        """What a reward model says of the pair, and whether it had it asked before others."""
        row: Row = {"drawn_at_random": self._drawn_at_random.get(pair.item)}
        if self._scorer is not None and pair.pair in self._scores:
            reward_a, reward_b = self._scores[pair.pair]
            row |= {"reward_model": self._scorer.name, "reward_a": reward_a, "reward_b": reward_b}
        return row

    @cached_property
    def _scorer(self) -> Scorer | None:
        return scorer_of(self.study)

    @cached_property
    def _scores(self) -> dict[int, tuple[float, float]]:
        rows = PairScore.objects.filter(scorer=self._scorer, pair__items__study=self.study).order_by()
        return {pair: (a, b) for pair, a, b in rows.values_list("pair", "reward_a", "reward_b")}

    @cached_property
    def _drawn_at_random(self) -> dict[int, bool]:
        rows = Item.objects.filter(study=self.study, drawn_at_random__isnull=False).order_by()
        return {item: bool(drawn) for item, drawn in rows.values_list("pk", "drawn_at_random")}

    def _published(self, pair: JudgedPair) -> Row:
        return {
            "preference": pair.published,
            "n_judgments": 0,
            "people_preferences": [],
            "marks": [],
            "source": f"published with the clips{f' ({pair.key})' if pair.key else ''}",
        }

    def _constructed(self, pair: JudgedPair, known: KnownAnswer) -> Row:
        """What is so because we made it so: whoever was changed more on one side is kept better on the other."""
        harm = {side: self._harm_of(known, side) for side in "ab"}
        return {
            "preference": known.preference,
            **{f"prob_{name}": float(name == known.preference) for name in ("a", "tie", "b")},
            "n_judgments": 0,
            "method": "construction",
            "people_preferences": [
                self._person_preference(
                    person, _less_harm(harm["a"].get(person, 0), harm["b"].get(person, 0))
                )
                for person in pair.people
            ],
            "marks": [],
            "licence": self.licence,
        }

    def _harm_of(self, known: KnownAnswer, side: str) -> dict[int, int]:
        """How far each person who was changed on a side is from themselves, as severities."""
        truth = known.edit if side == known.edited_side else known.other
        if truth is None or truth.is_control:
            return {}
        return dict.fromkeys(self._changed.get(truth.pk, ()), truth.severity)

    @cached_property
    def _changed(self) -> dict[int, list[int]]:
        """By truth, the people whose faces were changed."""
        changed: dict[int, list[int]] = defaultdict(list)
        rows = ClipTruth.people.through.objects.filter(cliptruth__clip__among=Ids(self.clip_ids))
        for truth, person in rows.values_list("cliptruth", "person"):
            changed[truth].append(person)
        return changed

    def _judged(self, pair: JudgedPair, answers: Sequence[Answer], stored: Stored | None) -> Row:
        counted = [answer for answer in answers if answer.counts]
        outcome = outcome_of(counted, stored, overlap=self.study.overlap)
        return {
            "preference": outcome.overall.choice or None,
            "prob_a": outcome.overall.prob_a,
            "prob_tie": outcome.overall.prob_tie,
            "prob_b": outcome.overall.prob_b,
            "n_judgments": len(counted),
            "agreement": outcome.agreement,
            "method": outcome.method,
            "people_preferences": [
                self._person_preference(person, opinion)
                for person, opinion in outcome.people.items()
                if person in pair.people
            ],
            "marks": [
                {"judgment_id": str(answer.judgment), **self._mark(mark)}
                for answer in counted
                for mark in answer.marks
            ],
            "licence": self.licence,
        }

    def _person_preference(self, person: int, opinion: Opinion) -> Row:
        return {
            "person_id": self._keys[person],
            "preference": "same" if opinion.choice in ("tie", "both_bad") else opinion.choice or None,
            "prob_a": opinion.prob_a,
            "prob_same": opinion.prob_tie,
            "prob_b": opinion.prob_b,
            "n_judgments": opinion.votes,
        }

    def _judgment(self, answer: Answer, comparison: str) -> Row:
        return {
            "judgment_id": str(answer.judgment),
            "comparison_id": comparison,
            "annotator": answer.pseudonym,
            "simulated": answer.is_simulated,
            "kind": "review" if answer.is_review else "answer",
            "repeat": answer.is_repeat,
            "counted": answer.counts,
            "supersedes": None if answer.supersedes is None else str(answer.supersedes),
            "left_side": "a" if answer.left_is_a else "b",
            "overall": answer.overall or None,
            "people": [
                {
                    "person_id": self._keys[each.person],
                    "verdict": each.verdict or None,
                    "no_drift": each.no_drift,
                }
                for each in answer.people
                if each.person is not None
            ],
            "marks": [self._mark(mark) for mark in answer.marks],
            "remark": answer.remark or None,
            "active_ms": answer.active_ms,
            "created_at": answer.created_at,
        }

    def _mark(self, mark: Seen) -> Row:
        person = None if mark.person is None else self._keys[mark.person]
        return {"person_id": person, "side": mark.side, "kind": mark.kind, "frame": mark.frame}

    # ------------------------------------------------------------ clips and people

    @cached_property
    def _shared(self) -> set[str]:
        """Playback copies that several clips of the library have."""
        copies = Clip.objects.exclude(playback_sha256="").order_by().values("playback_sha256")
        shared = copies.annotate(clips=Count("pk")).filter(clips__gt=1)
        return set(shared.values_list("playback_sha256", flat=True))

    def _clip_rows(self) -> Iterator[Row]:
        """One row for each playback copy; clips that differ in nothing that can be seen share one."""
        written: set[str] = set()
        for chunk in chunked(sorted(self.clip_ids), CHUNK):
            subjects: dict[int, list[str]] = defaultdict(list)
            named = ClipSubject.objects.filter(clip__among=Ids(chunk)).order_by("clip", "position", "pk")
            for clip_id, person in named.values_list("clip", "person"):
                subjects[clip_id].append(self._keys[person])
            truths = {each.clip_id: each for each in ClipTruth.objects.filter(clip__among=Ids(chunk))}
            clips = Clip.objects.filter(pk__among=Ids(chunk)).order_by("pk").values_list(*_ClipFacts._fields)
            for clip in map(_ClipFacts._make, clips):
                if clip.playback_sha256 not in written:
                    if clip.playback_sha256 in self._shared:
                        written.add(clip.playback_sha256)
                    yield self._clip(clip, subjects[clip.id]) | _truth_columns(truths.get(clip.id))

    def _clip(self, clip: "_ClipFacts", subjects: list[str]) -> Row:
        return {
            "sha256": clip.playback_sha256,
            "video": _stored_file(clip.playback_file, clip.playback_sha256) if self.media else None,
            "original_sha256": clip.sha256,
            "name": clip.source_name,
            "width": clip.width,
            "height": clip.height,
            "fps": clip.fps_num / clip.fps_den,
            "fps_fraction": f"{clip.fps_num}/{clip.fps_den}",
            "frames": clip.frames,
            "origin": clip.origin,
            "generator": clip.generator or None,
            "generator_version": clip.generator_version or None,
            "seed": clip.seed or None,
            "prompt": clip.prompt or None,
            "subjects": subjects,
            "source_clip": clip.parent__playback_sha256 or None,
            "licence": clip.licence or None,
        }

    def _video_of(self, sha256: str) -> dict[str, Any]:
        name = Clip.objects.filter(playback_sha256=sha256).values_list("playback_file", flat=True)[0]
        return _stored_file(name, sha256)

    def _person_rows(self) -> Iterator[Row]:
        for chunk in chunked(sorted(self.person_ids), CHUNK):
            people = Person.objects.filter(pk__in=chunk).order_by("pk")
            for person in people.prefetch_related("references__face"):
                yield {
                    "person_id": person.key,
                    "name": person.name,
                    "procedural": person.is_procedural,
                    "references": [self._reference(reference) for reference in person.references.all()],
                    "consent": person.consent or None,
                    "faces": self._faces(person) if self.tracks else None,
                }

    def _faces(self, person: Person) -> list[Row]:
        """What a face model made of the references, so that tracks can be compared with them without it."""
        return [
            {
                "reference": reference.sha256,
                "backend": reference.face.backend,
                "embedding": np.frombuffer(reference.face.embedding, "<f4").tolist(),
            }
            for reference in person.references.all()
            if hasattr(reference, "face") and reference.face.embedding is not None
        ]

    def _reference(self, reference: Reference) -> Row:
        return {
            "sha256": reference.sha256,
            "image": _stored_file(reference.file, reference.sha256) if self.media else None,
            "name": reference.source_name or None,
            "licence": reference.licence or None,
        }


def _recipe_columns(truth: ClipTruth) -> Row:
    return {
        "recipe": truth.recipe,
        "severity": truth.severity,
        "schedule": truth.schedule or None,
        "onset_frame": truth.onset_frame,
    }


def _known_columns(known: KnownAnswer) -> Row:
    """What marks every comparison of a pair that was made with a known answer, whoever says which side is better."""
    return {
        **_recipe_columns(known.edit),
        "edited_side": known.edited_side,
        "reserved_for_test": known.reserved_for_test,
    }


def _truth_columns(truth: ClipTruth | None) -> Row:
    if truth is None:
        return {}
    record = json.dumps(truth.record, ensure_ascii=False, sort_keys=True) if truth.record else None
    return {**_recipe_columns(truth), "truth": record}


def _less_harm(a: int, b: int) -> Opinion:
    """What follows for one person from how much was done to them on each side."""
    choice = "tie" if a == b else "a" if a < b else "b"
    return Opinion(choice, float(choice == "a"), float(choice == "tie"), float(choice == "b"), 0)


def _stored_file(name: str, sha256: str) -> dict[str, Any]:
    """A file of the library as an embedded one. Its checksum is checked by whoever verifies the release."""
    try:
        with default_storage.open(name, "rb") as file:
            return {"bytes": file.read(), "path": f"{sha256}{PurePosixPath(name).suffix}"}
    except OSError as error:
        raise ReleaseError(f"The library's file {name} cannot be read: {error.strerror or error}.") from error
