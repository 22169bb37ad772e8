"""Take a release, or a folder in one of the other formats, into the library: people, references, clips, pairs.

The folder is checked first, and kept as a release of this library too: so what the library has no place for (prompts
without clips, judgments that are not imported, identity tracks, which it makes anew of its own copies) is not lost.
People go by key, files by content, pairs by their clips: running it twice adds nothing.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from config.accounts.models import User
from datasets.models import Clip, Origin, Pair, Person, PublishedLabel, Release, ReleaseState
from datasets.releases.checksums import CHECKSUMS_NAME
from datasets.releases.errors import ReleaseError
from datasets.releases.formats import open_folder
from datasets.releases.manifest import MANIFEST_NAME, file_sha256
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.schema import TABLES
from datasets.releases.source import Source
from datasets.releases.staging import staged_folder
from datasets.releases.verify import verify_release
from datasets.services.clips import ClipFacts, NewClip, clips_ingest, storable_name
from datasets.services.images import ImageRefused
from datasets.services.known import NewAnswer, NewTruth, answers_put, truths_put
from datasets.services.media_files import hash_file
from datasets.services.pairs import NewPair, pairs_create
from datasets.services.people import people_ensure, person_key, reference_add

OnProgress = Callable[[int, int], None]
BATCH = 100
BATCH_BYTES = 64 * 2**20
SHOWN_FINDINGS = 5

# Labels of these origins are what the release's publisher claims of a pair, the more direct one first.
_CLAIMS = ("published", "human")
_LABELS = {
    "a": PublishedLabel.A,
    "b": PublishedLabel.B,
    "tie": PublishedLabel.TIE,
    "both_bad": PublishedLabel.TIE,
}
_FLIPPED = {"a": "b", "b": "a"}


@dataclass
class ReleaseReport:
    """What an import of a release added; `clip_ids` maps each clip's sha256 in the release to the library's row."""

    format: str
    release: Release
    is_new: bool
    people_new: int = 0
    references_new: int = 0
    clips_new: int = 0
    pairs_new: int = 0
    prompts: int = 0
    problems: list[str] = field(default_factory=list)
    clip_ids: dict[str, int] = field(default_factory=dict)
    person_ids: dict[str, int] = field(default_factory=dict)
    pair_ids: dict[tuple[int, int], int] = field(default_factory=dict)


def import_release(
    *, folder: Path, created_by: User | None = None, on_progress: OnProgress = lambda done, total: None
) -> tuple[ReleaseReport, Source]:
    """Import a folder that `export_pairs` wrote, or VideoAlign's or Identity-GRPO's own.

    Returns what was added, and the opened folder for whoever wants its judgments.

    Raises:
        ReleaseError: The folder is damaged, or in no format that is known here.
    """
    form, source = open_folder(folder)
    _check(folder)
    release, is_new = _keep(folder, form, source, created_by)
    report = ReleaseReport(format=form, release=release, is_new=is_new)
    _take_people(source, report, created_by)
    _take_clips(source, report, created_by, on_progress)
    _take_pairs(source, report)
    if is_new:
        release.clips.set(report.clip_ids.values())
        release.people.set(report.person_ids.values())
    return report, source


def _check(folder: Path) -> None:
    """Somebody else's folder has no checksums to check."""
    if not any((folder / name).is_file() for name in (MANIFEST_NAME, CHECKSUMS_NAME)):
        return
    if findings := verify_release(folder):
        more = f" And {len(findings) - SHOWN_FINDINGS:,} more." if len(findings) > SHOWN_FINDINGS else ""
        raise ReleaseError(f"{folder} is not whole. {' '.join(findings[:SHOWN_FINDINGS])}{more}")


# ------------------------------------------------------------------ the folder itself


def _keep(folder: Path, form: str, source: Source, created_by: User | None) -> tuple[Release, bool]:
    """Copy the folder beside the library's own releases and register it; one that is there already is found."""
    name, version = _name_of(folder, source)
    listing = next(
        (folder / each for each in (MANIFEST_NAME, CHECKSUMS_NAME) if (folder / each).is_file()), None
    )
    digest = file_sha256(listing) if listing else ""
    known = Release.objects.filter(name=name, state=ReleaseState.FROZEN)
    known = (
        known.filter(manifest_sha256=digest) if digest else known.filter(config__imported_from=str(folder))
    )
    if found := known.first():
        return found, False
    if Release.objects.filter(name=name, version=version).exists():
        version = 1 + (Release.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0)
    target = Path(settings.HOME) / "releases" / f"{name}-v{version}"
    with staged_folder(target) as staged:
        shutil.copytree(folder, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git", ".cache"))
    release = Release.objects.create(
        name=name,
        version=version,
        format=form,
        state=ReleaseState.FROZEN,
        folder=str(target.absolute()),
        manifest_sha256=digest,
        counts=_counts(target, source),
        config={"imported_from": str(folder)},
        created_by=created_by,
    )
    return release, True


def _name_of(folder: Path, source: Source) -> tuple[str, int]:
    if isinstance(source, ReleaseFolder):
        info = source.manifest.info
        return person_key(info.name), info.version
    return person_key(folder.resolve().name), 1


def _counts(folder: Path, source: Source) -> dict[str, Any]:
    """What the release's page shows, as an export counts it."""
    if isinstance(source, ReleaseFolder):
        counts = {
            "tables": source.manifest.counts,
            "splits": source.manifest.splits,
            "summary": source.manifest.summary,
        }
    else:
        counts = {
            "tables": {
                table: {split: sum(1 for _ in source.rows(table, split)) for split in source.splits}
                for table in TABLES
            }
        }
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {**counts, "bytes": sum(sizes), "files": len(sizes)}


# ------------------------------------------------------------------ people


def _take_people(source: Source, report: ReleaseReport, created_by: User | None) -> None:
    for row in source.rows("people", media=True):
        key = person_key(row["person_id"])
        is_new = not Person.objects.filter(key=key).exists()
        person = people_ensure(labels=[row["person_id"]], created_by=created_by)[row["person_id"]]
        report.person_ids[row["person_id"]] = person.pk
        report.people_new += is_new
        if is_new:
            person.name = (row.get("name") or person.name)[:200]
            person.is_procedural = bool(row.get("procedural"))
            person.consent = row.get("consent") or ""
            person.save(update_fields=["name", "is_procedural", "consent"])
        for reference in row["references"]:
            _take_reference(person, reference, report)


def _take_reference(person: Person, reference: dict[str, Any], report: ReleaseReport) -> None:
    content = reference.get("image")
    if content is None or person.references.filter(sha256=reference["sha256"]).exists():
        return
    name = reference.get("name") or content["path"]
    with _as_file(content) as path:
        try:
            _, is_new = reference_add(
                person=person,
                path=path,
                source_name=name,
                licence=(reference.get("licence") or "")[:200],
                keep_plain=True,
            )
        except ImageRefused as error:
            report.problems.append(f"A reference of {person.key} was not taken: {error}")
        else:
            report.references_new += is_new


# ------------------------------------------------------------------ clips


def _take_clips(
    source: Source, report: ReleaseReport, created_by: User | None, on_progress: OnProgress
) -> None:
    total = sum(1 for _ in source.rows("clips"))
    parents: dict[str, str] = {}
    done = 0
    for batch in _batches(source.rows("clips", media=True)):
        _take_batch(batch, report, created_by)
        parents |= {row["sha256"]: row["source_clip"] for row in batch if row.get("source_clip")}
        truths_put(truths=[truth for row in batch for truth in _truths(row, report)])
        done += len(batch)
        on_progress(done, total)
    _name_parents(parents, report)


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows together while their files are small, so that memory stays bounded."""
    batch: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row["video"]["bytes"]) if row["video"] else 0
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _take_batch(rows: list[dict[str, Any]], report: ReleaseReport, created_by: User | None) -> None:
    known = _known_clips(rows)
    missing = [row for row in rows if row["sha256"] not in known and row["video"] is None]
    if missing:
        report.problems.append(f"{len(missing):,} clips come without their files and are not in the library.")
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as home:
        new = [
            _new_clip(row, Path(home), report) for row in rows if row["sha256"] not in known and row["video"]
        ]
        report.clips_new += len(clips_ingest(new=new, created_by=created_by))
    report.clip_ids |= _known_clips(rows)


def _known_clips(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Clips of the library that these rows mean: the same original, the same copy, or that copy as an original."""
    hashes = [each for row in rows for each in (row["sha256"], row.get("original_sha256")) if each]
    clips = Clip.objects.filter(Q(sha256__in=hashes) | Q(playback_sha256__in=hashes)).exclude(state="removed")
    of_hash: dict[str, int] = {}
    for pk, sha256, playback in clips.values_list("pk", "sha256", "playback_sha256"):
        of_hash |= {sha256: pk, **({playback: pk} if playback else {})}
    named = ((row["sha256"], (row.get("original_sha256"), row["sha256"])) for row in rows)
    return {sha256: of_hash[each] for sha256, hashes in named for each in reversed(hashes) if each in of_hash}


def _new_clip(row: dict[str, Any], home: Path, report: ReleaseReport) -> NewClip:
    path = home / row["sha256"]
    path.write_bytes(row["video"]["bytes"])
    sha256, size = hash_file(path)
    suffix = Path(row["video"]["path"] or "").suffix or ".mp4"
    name = Path(row.get("name") or row["sha256"]).with_suffix(suffix).name
    origin = row.get("origin") or Origin.GENERATED
    facts = ClipFacts(
        prompt=row.get("prompt") or "",
        generator="" if origin == Origin.REAL else (row.get("generator") or "")[:200],
        generator_version=(row.get("generator_version") or "")[:200],
        seed=(row.get("seed") or "")[:64],
        licence=(row.get("licence") or "")[:200],
        origin=origin,
        subject_ids=tuple(report.person_ids[person] for person in row["subjects"]),
    )
    return NewClip(path=path, source_name=storable_name(name), sha256=sha256, bytes=size, facts=facts)


@transaction.atomic
def _name_parents(parents: dict[str, str], report: ReleaseReport) -> None:
    for copy, source in parents.items():
        if copy in report.clip_ids and source in report.clip_ids:
            Clip.objects.filter(pk=report.clip_ids[copy], parent=None).update(parent=report.clip_ids[source])


def _truths(row: dict[str, Any], report: ReleaseReport) -> Iterator[NewTruth]:
    """What a release says was done to a clip, if it is one of the library now."""
    clip = report.clip_ids.get(row["sha256"])
    if clip is None or not row.get("recipe") or row.get("severity") not in range(1, 6):
        return
    try:
        record = json.loads(row.get("truth") or "{}")
        edits = [edit["person"] for edit in record.get("edits", [])]
    except (ValueError, AttributeError, KeyError, TypeError):
        record, edits = {}, []
    yield NewTruth(
        clip=clip,
        recipe=row["recipe"],
        severity=row["severity"],
        schedule=row.get("schedule") or "",
        onset_frame=row.get("onset_frame"),
        is_control=record.get("kind") == "control",
        change=record.get("calibration", {}).get("achieved"),
        people=tuple(person_key(each) for each in edits if each),
        record=record,
    )


# ------------------------------------------------------------------ pairs


def _take_pairs(source: Source, report: ReleaseReport) -> None:
    """One pair for all comparisons of two clips. What a program judged or made is nobody's claim."""
    pairs: dict[tuple[int, int], NewPair] = {}
    known: dict[tuple[int, int], dict[str, Any]] = {}
    claims: dict[tuple[int, int], str] = {}
    for row in source.rows("comparisons"):
        if "clip_a" not in row:
            report.prompts += 1
            continue
        a, b = report.clip_ids.get(row["clip_a"]), report.clip_ids.get(row["clip_b"])
        if a is None or b is None or a == b:
            continue
        pair = NewPair(clip_a=a, clip_b=b, prompt=row["prompt"], key=(row.get("comparison_id") or "")[:200])
        pairs.setdefault(pair.clips, pair)
        if row["origin"] == "synthetic" and row.get("edited_side") and row["preference"]:
            known.setdefault(pair.clips, row)
        claim = claims.get(pair.clips)
        if row["origin"] in _CLAIMS and row["preference"] and (claim is None or row["origin"] == "published"):
            claims[pair.clips] = row["origin"]
            first = pairs[pair.clips]
            label = str(row["preference"])
            label = label if first.clip_a == a else _FLIPPED.get(label, label)
            pairs[pair.clips] = replace(first, published_better=_LABELS[label])
    new = list(pairs.values())
    ids, report.pairs_new = pairs_create(pairs=new)
    report.pair_ids = {pair.clips: pk for pair, pk in zip(new, ids, strict=True)}
    _take_known(known, report)


def _take_known(rows: dict[tuple[int, int], dict[str, Any]], report: ReleaseReport) -> None:
    """Known answers of pairs, by their clips: in terms of the library's a and b, which may be the other way round."""
    first = dict(Pair.objects.filter(pk__in=report.pair_ids.values()).values_list("pk", "clip_a"))
    answers: list[NewAnswer] = []
    truths: list[NewTruth] = []
    for clips, row in rows.items():
        pair = report.pair_ids[clips]
        sides = {side: report.clip_ids[row[f"clip_{side}"]] for side in "ab"}
        is_same = first[pair] == sides["a"]
        side, preference = (
            label if is_same else _FLIPPED.get(label, label)
            for label in (row["edited_side"], row["preference"])
        )
        # A format without the table of clips says of the pair alone what was done; a tie is made of controls.
        told = {**row, "sha256": row[f"clip_{row['edited_side']}"], "truth": None}
        is_tie = row["preference"] == "tie"
        truths += [replace(truth, is_control=is_tie) for truth in _truths(told, report)]
        answers.append(
            NewAnswer(
                pair=pair, preference=preference, edited_side=side, batch=f"Imported with {report.release}",
                reserved_for_test=bool(row.get("reserved_for_test")),
            )
        )  # fmt: skip
    truths_put(truths=truths)
    answers_put(answers=answers)


@contextmanager
def _as_file(content: dict[str, Any]) -> Iterator[Path]:
    """An embedded file as a file on disk, for as long as the block lasts."""
    with tempfile.NamedTemporaryFile(suffix=Path(content["path"] or "").suffix) as file:
        file.write(content["bytes"])
        file.flush()
        yield Path(file.name)
