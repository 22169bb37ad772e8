"""Clips come in, are prepared or refused, and are described."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from config.accounts.models import User
from config.jobs.services import JobWork, job_create, jobs_create
from config.rows import rows_insert
from datasets.media.errors import MediaError
from datasets.models import Clip, ClipState, ClipSubject, Origin, Person

from .analysis import clip_analyse_if_wanted, clips_analyse_later
from .media_files import content_name, file_is_stored, file_put, files_discard, hash_file

ORIGINALS = "clips"
BATCH = 500
MAX_NAME_LENGTH = 300
DESCRIBED = ("prompt", "licence", "origin", "generator", "generator_version", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """What people say about a clip. A real one has no generator."""

    prompt: str = ""
    generator: str = ""
    generator_version: str = ""
    seed: str = ""
    licence: str = ""
    origin: str = Origin.GENERATED
    subject_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClip:
    """A file on this machine that shall become a clip."""

    path: Path
    source_name: str
    sha256: str
    bytes: int
    facts: ClipFacts


def clip_ingest(
    *, path: Path, source_name: str, facts: ClipFacts, created_by: User | None = None
) -> tuple[Clip, bool]:
    """Take a file into the library and queue its preparation; returns the clip and whether it is new.

    A file that the library has already stays as it is described there.
    Raises MediaError when the file is empty or larger than a clip may be.
    """
    sha256, size = hash_file(path)
    source_name = storable_name(source_name)
    if size == 0:
        raise MediaError(source_name, "is empty (0 bytes)")
    if size > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES / 1e9
        raise MediaError(source_name, f"is larger than a clip may be (limit {limit:.2g} GB)")
    new = NewClip(path=path, source_name=source_name, sha256=sha256, bytes=size, facts=facts)
    is_new = clips_ingest(new=[new], created_by=created_by) == {sha256}
    return Clip.objects.get(sha256=sha256), is_new


def clips_ingest(*, new: Sequence[NewClip], created_by: User | None = None) -> set[str]:
    """Take many files in by few statements and return the sha256 of those that the library did not have.

    A clip whose files were removed, or whose original is gone from the storage, gets its file again.
    """
    known = {clip.sha256: clip for clip in Clip.objects.filter(sha256__in=[each.sha256 for each in new])}
    wanting = [each for each in new if not _is_whole(known.get(each.sha256))]
    for each in wanting:
        file_put(name=_original_name(each), source=each.path)
    with transaction.atomic():
        _insert([each for each in wanting if each.sha256 not in known], created_by)
        for each in wanting:
            if each.sha256 in known:
                _restore(known[each.sha256], each)
        hashes = [each.sha256 for each in wanting]
        ids = dict(Clip.objects.filter(sha256__in=hashes).values_list("sha256", "pk"))
        _name_subjects({ids[each.sha256]: each.facts.subject_ids for each in wanting})
        _queue_preparation([(ids[each.sha256], each.source_name) for each in wanting], created_by)
    return {each.sha256 for each in wanting}


def _is_whole(clip: Clip | None) -> bool:
    """A row with its file; a pending one is looked at, since a crash may have cut its file short."""
    if clip is None or clip.state == ClipState.REMOVED:
        return False
    return clip.state == ClipState.READY or file_is_stored(name=clip.file, size=clip.bytes)


def _original_name(new: NewClip) -> str:
    suffix = Path(new.source_name).suffix.lower()
    if not (suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6):
        suffix = ".bin"
    return content_name(folder=ORIGINALS, sha256=new.sha256, suffix=suffix)


def _insert(new: Iterable[NewClip], created_by: User | None) -> None:
    """Add rows. Somebody may bring the same file at the same moment: whose row comes first stands."""
    own = ("sha256", "file", "bytes", "source_name")
    rows = [
        (
            *(each.sha256, _original_name(each), each.bytes, each.source_name),
            *(getattr(each.facts, name) for name in DESCRIBED),
        )
        for each in new
    ]
    rows_insert(Clip, (*own, *DESCRIBED), rows, created_by=created_by)


def _restore(clip: Clip, new: NewClip) -> None:
    """Give a row its file again. One that was removed on purpose comes back as if it were new."""
    clip.file, clip.refusal = _original_name(new), ""
    fields = ["file", "refusal", "state"]
    if clip.state == ClipState.REMOVED:
        facts = new.facts
        clip.source_name, clip.prompt, clip.licence = new.source_name, facts.prompt, facts.licence
        clip.origin, clip.generator = facts.origin, facts.generator
        clip.generator_version, clip.seed = facts.generator_version, facts.seed
        fields += ["source_name", *DESCRIBED]
    clip.state = ClipState.PENDING
    clip.save(update_fields=fields)


def _name_subjects(subjects: dict[int, tuple[int, ...]]) -> None:
    rows = [
        (clip_id, person_id, position)
        for clip_id, person_ids in subjects.items()
        for position, person_id in enumerate(person_ids)
    ]
    rows_insert(ClipSubject, ("clip", "person", "position"), rows)


def _queue_preparation(clips: Iterable[tuple[int, str]], created_by: User | None) -> None:
    works = [JobWork(params={"clip": pk}, key=str(pk), label=name[:200]) for pk, name in clips]
    jobs_create(kind="clip_prepare", works=works, created_by=created_by)


def storable_name(name: str) -> str:
    """Return a file's own name as text that every database stores: printable, without its folder, bounded."""
    return storable_path(name.replace("\\", "/").rstrip("/").rpartition("/")[2])


def storable_path(path: str) -> str:
    """Return a path inside a source as text that every database stores; the end tells more than the start."""
    printable = path
    if not path.isprintable():
        printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in path)
    return (
        printable if len(printable) <= MAX_NAME_LENGTH else "…" + printable[1 - MAX_NAME_LENGTH :]
    ) or "clip"


@transaction.atomic
def clips_complete(*, added: dict[str, dict[str, Any]]) -> None:
    """Fill in what was not said of clips before: field and value by sha256; `subjects` are keys of people."""
    clips = {clip.sha256: clip for clip in Clip.objects.filter(sha256__in=added)}
    keys = {key for values in added.values() for key in values.get("subjects", ())}
    people = dict(Person.objects.filter(key__in=keys).values_list("key", "pk"))
    fields: set[str] = set()
    for sha256, values in added.items():
        for name, value in values.items():
            if name != "subjects":
                setattr(clips[sha256], name, value)
                fields.add(name)
    if fields:
        Clip.objects.bulk_update(clips.values(), sorted(fields), batch_size=BATCH)
    _name_subjects(
        {
            clips[sha256].pk: tuple(people[key] for key in values.get("subjects", ()))
            for sha256, values in added.items()
        }
    )
    _match_again([clips[sha256].pk for sha256, values in added.items() if "subjects" in values])


def _match_again(clip_ids: Iterable[int]) -> None:
    """Clips whose subjects changed and whose faces are known are matched with the new ones."""
    analysed = Clip.objects.filter(pk__in=list(clip_ids), analysis__isnull=False)
    clips_analyse_later(clip_ids=analysed.values_list("pk", flat=True))


def clip_publish(*, clip: Clip, facts: dict[str, Any]) -> None:
    """Make a prepared clip ready. When its row went meanwhile, the copies made of it go too."""
    published = Clip.objects.filter(pk=clip.pk, state__in=[ClipState.PENDING, ClipState.REFUSED]).update(
        state=ClipState.READY, refusal="", **facts
    )
    if published:
        clip_analyse_if_wanted(clip=clip)
    elif not Clip.objects.filter(pk=clip.pk, state=ClipState.READY).exists():
        files_discard(names=[facts["playback_file"], facts["poster_file"], facts["filmstrip_file"]])


def clip_refuse(*, clip: Clip, reason: str) -> None:
    Clip.objects.filter(pk=clip.pk, state=ClipState.PENDING).update(state=ClipState.REFUSED, refusal=reason)


@transaction.atomic
def clip_retry(*, clip: Clip, by: User | None = None) -> None:
    """Prepare a clip again that was refused, or whose job was cancelled or failed."""
    changed = Clip.objects.filter(pk=clip.pk, state__in=[ClipState.REFUSED, ClipState.PENDING]).update(
        state=ClipState.PENDING, refusal=""
    )
    if changed:
        job_create(
            kind="clip_prepare",
            params={"clip": clip.pk},
            key=str(clip.pk),
            label=clip.source_name[:200],
            created_by=by,
        )


@transaction.atomic
def clip_describe(*, clip: Clip, facts: ClipFacts) -> Clip:
    """Say anew what a clip shows and where it comes from."""
    clip.prompt, clip.licence, clip.origin = facts.prompt, facts.licence, facts.origin
    clip.generator, clip.generator_version, clip.seed = facts.generator, facts.generator_version, facts.seed
    clip.full_clean(exclude={field.name for field in Clip._meta.fields} - set(DESCRIBED))
    clip.save(update_fields=DESCRIBED)
    clip.clip_subjects.all().delete()
    _name_subjects({clip.pk: facts.subject_ids})
    _match_again([clip.pk])
    return clip
