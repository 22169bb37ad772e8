"""Write the rows of an import into the library, a batch at a time."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from config.accounts.models import User
from datasets.models import Clip, Origin, Person
from datasets.services.clips import ClipFacts, NewClip, clips_complete, clips_ingest, storable_path
from datasets.services.images import ImageRefused
from datasets.services.known import cast_truths_put
from datasets.services.media_files import hash_file
from datasets.services.pairs import NewPair, pairs_create, pairs_present
from datasets.services.people import people_ensure, person_key, reference_add

from .files import truth_beside
from .known import KnownClips
from .pairing import PlannedPair
from .report import ImportReport, Problem
from .rows import Row, RowRefused


class Taking:
    """One import under way; the report grows with it. In a dry run everything is read and nothing written."""

    def __init__(self, report: ImportReport, *, dry_run: bool, created_by: User | None) -> None:
        self.taken: list[Row] = []
        self._report = report
        self._dry_run = dry_run
        self._created_by = created_by
        self._people: dict[str, Person] = {}
        self._hashes: dict[Path, str] = {}
        self._clip_ids: dict[str, int] = {}
        self._known = KnownClips()

    def people(self, rows: Sequence[Row]) -> None:
        labels = list(dict.fromkeys(subject for row in rows for subject in row.subjects))
        keys = {person_key(label) for label in labels}
        present = Person.objects.filter(key__in=keys).count()
        self._report.people_new = len(keys) - present
        if self._dry_run:
            return
        self._people = people_ensure(labels=labels, created_by=self._created_by)
        seen: set[tuple[str, Path]] = set()
        for row in rows:
            for each in row.references:
                if (each.subject, each.path) not in seen:
                    seen.add((each.subject, each.path))
                    self._reference(row.line, self._people[each.subject], each.path, each.name)

    def _reference(self, line: int, person: Person, path: Path, name: str) -> None:
        try:
            _, is_new = reference_add(person=person, path=path, source_name=name)
        except (ImageRefused, OSError) as error:
            self._refuse(line, f"reference {name}", str(error))
        else:
            self._report.references_new += is_new

    def clips(self, rows: Sequence[Row]) -> None:
        """Take a batch of rows: hash, compare with what is known, ingest what is new, complete what is not."""
        hashed = [(row, *found) for row in rows if (found := self._hash(row))]
        self._known.load(sha256 for _, sha256, _ in hashed)
        new: dict[str, NewClip] = {}
        added: dict[str, dict[str, Any]] = {}
        for row, sha256, size in hashed:
            try:
                adds = self._known.accept(sha256, row)
            except RowRefused as refusal:
                self._refuse(row.line, row.name, str(refusal))
                continue
            self.taken.append(row)
            self._hashes[row.path] = sha256
            if adds:
                added.setdefault(sha256, {}).update(adds)
            new.setdefault(sha256, self._new_clip(row, sha256, size))
        self._write(new, added)

    def _hash(self, row: Row) -> tuple[str, int] | None:
        try:
            return hash_file(row.path)
        except OSError as error:
            self._refuse(
                row.line, row.name, f"cannot be read ({(error.strerror or 'unknown error').lower()})"
            )
            return None

    def _new_clip(self, row: Row, sha256: str, size: int) -> NewClip:
        facts = ClipFacts(
            prompt=row.prompt,
            generator=row.generator,
            generator_version=row.generator_version,
            seed=row.seed,
            licence=row.licence,
            origin=row.origin or Origin.GENERATED,
            subject_ids=() if self._dry_run else self._subject_ids(row.subjects),
        )
        name = storable_path(row.name)
        return NewClip(path=row.path, source_name=name, sha256=sha256, bytes=size, facts=facts)

    def _subject_ids(self, labels: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._people[label].pk for label in labels)

    def _write(self, new: dict[str, NewClip], added: dict[str, dict[str, Any]]) -> None:
        if self._dry_run:
            present = dict(Clip.objects.filter(sha256__in=new).values_list("sha256", "pk"))
            fresh = set(new) - set(present) - set(self._clip_ids)
        else:
            fresh = clips_ingest(new=list(new.values()), created_by=self._created_by)
            clips_complete(added=added)
            beside = ((sha256, truth_beside(each.path)) for sha256, each in new.items())
            if truths := {sha256: content for sha256, content in beside if content}:
                cast_truths_put(contents=truths)
            present = dict(Clip.objects.filter(sha256__in=new).values_list("sha256", "pk"))
        met = set(new) & set(self._clip_ids)
        self._clip_ids |= present
        self._report.clips_new += len(fresh)
        self._report.clips_known += len(set(new) - fresh - met)
        self._report.clip_ids += [pk for sha256, pk in present.items() if sha256 not in met]

    def pairs(self, planned: Iterable[PlannedPair]) -> None:
        pairs: dict[tuple[str, str], PlannedPair] = {}
        for pair in planned:
            a, b = self._hashes[pair.a.path], self._hashes[pair.b.path]
            if a == b:
                name = f"pair {pair.key}" if pair.key else pair.b.name
                self._refuse(pair.b.line, name, f"is the same video as {pair.a.name}: no pair")
            else:
                pairs.setdefault((min(a, b), max(a, b)), pair)
        if self._dry_run:
            present = self._count_present(pairs)
            self._report.pairs_known, self._report.pairs_new = present, len(pairs) - present
            return
        new = [self._new_pair(pair) for pair in pairs.values()]
        self._report.pair_ids, self._report.pairs_new = pairs_create(pairs=new)
        self._report.pairs_known = len(new) - self._report.pairs_new

    def _new_pair(self, pair: PlannedPair) -> NewPair:
        return NewPair(
            clip_a=self._clip_ids[self._hashes[pair.a.path]],
            clip_b=self._clip_ids[self._hashes[pair.b.path]],
            prompt=pair.a.prompt or pair.b.prompt,
            key=pair.key,
            published_better=pair.better,
        )

    def _count_present(self, pairs: Iterable[tuple[str, str]]) -> int:
        ids = self._clip_ids
        return pairs_present(clips=[(ids[a], ids[b]) for a, b in pairs if a in ids and b in ids])

    def _refuse(self, line: int, name: str, reason: str) -> None:
        self._report.problems.append(Problem(line=line, name=name, reason=reason))
