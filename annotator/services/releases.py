"""Releasing a study: the row first, then the folder, then the row says frozen. Nothing changes after that."""

import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, Max, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from annotator.models import Study
from annotator.releasing.evidence import chunked
from annotator.releasing.rows import OnProgress, StudyRows
from config.accounts.models import User
from config.jobs.models import ACTIVE_STATES, Job, JobState
from config.jobs.runner import JobRefused, JobRun
from config.jobs.services import JobCancelled, JobLost, job_cancel, job_create
from datasets.models import Release, ReleaseState
from datasets.releases import Manifest, ReleaseError, ReleaseInfo, parse_splits, write_release
from datasets.releases import Release as ReleaseFolder
from datasets.releases.checksums import CHECKSUMS_NAME
from datasets.releases.formats import FORMATS
from datasets.releases.manifest import MANIFEST_NAME, file_sha256

LIKENESS = "likeness"
FORMAT_NAMES = (LIKENESS, *FORMATS)
BATCH = 500

NOTHING = "There is nothing to release yet: no pair of this study has an answer or a published label."
CANCELLED = "The export was cancelled."
DIED = "The worker died while it built this release."
CHANGED = "People or clips of this release were deleted while it was built. Build it again without them."

JOB_KIND = "release_export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOptions:
    """How a study is released.

    `embed`: each comparison holds both clips, besides the table of clips. `media`: clips and references come with
    their files. `licence`: of the preferences and of the release as a whole.
    """

    format: str = LIKENESS
    splits: str = "80/10/10"
    seed: int = 0
    embed: bool = False
    media: bool = True
    licence: str = "other"

    def __post_init__(self) -> None:
        parse_splits(self.splits)
        if self.format not in FORMAT_NAMES:
            raise ReleaseError(f"The format {self.format!r} is none of {', '.join(FORMAT_NAMES)}.")
        if self.embed and not (self.media and self.format == LIKENESS):
            raise ReleaseError("Clips are embedded in comparisons in the format likeness, with media.")
        if not self.media and self.format not in (LIKENESS, "jsonl"):
            raise ReleaseError(f"The format {self.format} cannot do without media.")


def releases_folder() -> Path:
    """Where releases lie that were asked for in the browser."""
    return Path(settings.HOME) / "releases"


def release_create(
    *, study: Study, options: ReleaseOptions, folder: Path | None = None, created_by: User | None = None
) -> Release:
    """Make the row of a release that is about to be built, under the next version of the study's name."""
    while True:
        last = Release.objects.filter(name=study.slug).aggregate(last=Max("version"))["last"] or 0
        home = folder or releases_folder() / f"{study.slug}-v{last + 1}"
        release = Release(
            name=study.slug,
            version=last + 1,
            format=options.format,
            folder=str(home.absolute()),
            config={"study": study.slug, **asdict(options)},
            created_by=created_by,
        )
        try:
            with transaction.atomic():
                release.save()
                study.releases.add(release)
        except IntegrityError:
            continue  # Somebody released the same study at this moment: the next version is ours.
        return release


@transaction.atomic
def release_queue(*, study: Study, options: ReleaseOptions, created_by: User | None = None) -> Release:
    """Make the row and have a worker build it."""
    release = release_create(study=study, options=options, created_by=created_by)
    _queue(release, study, created_by)
    return release


@transaction.atomic
def release_retry(*, release: Release, by: User | None = None) -> bool:
    """Build a release again that failed or was cancelled; False when it is not one of those."""
    study = release.studies.first()
    rows = Release.objects.filter(pk=release.pk, state=ReleaseState.FAILED)
    if study is None or not rows.update(state=ReleaseState.BUILDING, error=""):
        return False
    _queue(release, study, by)
    return True


def _queue(release: Release, study: Study, created_by: User | None) -> Job:
    return job_create(
        kind=JOB_KIND,
        params={"release": release.pk, "study": study.pk},
        key=f"release:{release.pk}",
        label=f"Release {release}"[:200],
        created_by=created_by,
    )


def release_cancel(*, release: Release) -> bool:
    """Cancel the job of a release: at once while it waits, else after its step. False when none is under way."""
    job = Job.objects.filter(kind=JOB_KIND, key=f"release:{release.pk}", state__in=ACTIVE_STATES).first()
    if job is None:
        return False
    job_cancel(job=job)
    releases_fail_abandoned()
    return True


def releases_fail_abandoned() -> int:
    """Mark as failed what nobody builds any more, and return how many releases that were.

    A job that is cancelled while it waits, or whose workers all died, has no chance to say so itself.
    """
    abandoned = list(_abandoned())
    for release in abandoned:
        last = Job.objects.filter(kind=JOB_KIND, key=f"release:{release.pk}").latest("pk")
        sentence = CANCELLED if last.state == JobState.CANCELLED else last.reason or DIED
        if _abandoned().filter(pk=release.pk).update(state=ReleaseState.FAILED, error=sentence):
            _clear(release)
    return len(abandoned)


def _abandoned() -> QuerySet[Release]:
    jobs = Job.objects.filter(kind=JOB_KIND, key=Concat(Value("release:"), Cast(OuterRef("pk"), CharField())))
    active = jobs.filter(state__in=ACTIVE_STATES)
    return Release.objects.filter(Exists(jobs), ~Exists(active), state=ReleaseState.BUILDING)


def _clear(release: Release) -> None:
    """Remove what attempts that were cut off left of a release that is not frozen, hidden folders included."""
    folder = Path(release.folder)
    if folder.parent == releases_folder().absolute():
        for left in (folder, *folder.parent.glob(f".{folder.name}.*")):
            shutil.rmtree(left, ignore_errors=True)


def release_delete(*, release: Release) -> bool:
    """Delete a release that never came to be; a frozen one stays, and one that is being built is cancelled first."""
    deleted, _ = Release.objects.filter(pk=release.pk, state=ReleaseState.FAILED).delete()
    return bool(deleted)


def release_export(*, run: JobRun) -> None:
    """The job behind the button. Run again after a crash it starts over: what lies there was never frozen."""
    release = Release.objects.filter(pk=run.params["release"]).first()
    study = Study.objects.filter(pk=run.params["study"]).first()
    if release is None or study is None:
        raise JobRefused("The release or its study is gone.")
    if release.state == ReleaseState.FROZEN:
        return
    _clear(release)
    try:
        release_build(release=release, study=study, on_progress=run.progress)
    except JobCancelled:
        _fail(release, CANCELLED)
        raise
    except ReleaseError as error:
        _fail(release, str(error))
        raise JobRefused(str(error)) from error
    except JobLost:
        raise  # Somebody else builds it now.
    except Exception as error:
        _fail(release, f"{type(error).__name__}: {error}")
        raise
    run.result = {"release": release.pk}


def _fail(release: Release, sentence: str) -> None:
    Release.objects.filter(pk=release.pk, state=ReleaseState.BUILDING).update(
        state=ReleaseState.FAILED, error=sentence
    )


def release_build(
    *, release: Release, study: Study, on_progress: OnProgress = lambda done, total: None
) -> Release:
    """Write the folder of a release, whole or not at all, and freeze the row.

    Raises ReleaseError with a sentence, and whatever `on_progress` raises; then there is no folder.
    """
    options = _options(release)
    rows = StudyRows(study, licence=options.licence, media=options.media, embed=options.embed)
    target = Path(release.folder)
    if options.format == LIKENESS:
        manifest = _write(target, release, study, options, rows, on_progress)
        counts = _counts(manifest)
    else:
        manifest, counts = _write_other(target, release, study, options, rows, on_progress)
    try:
        _freeze(release, rows, counts | _size(target))
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, IntegrityError):
            raise ReleaseError(CHANGED) from error
        raise
    return release


def _options(release: Release) -> ReleaseOptions:
    return ReleaseOptions(**{name: value for name, value in release.config.items() if name != "study"})


def _write(
    target: Path,
    release: Release,
    study: Study,
    options: ReleaseOptions,
    rows: StudyRows,
    on_progress: OnProgress,
) -> Manifest:
    splits = rows.groups().assign(parse_splits(options.splits), seed=options.seed)
    if not sum(splits.comparisons.values()):
        raise ReleaseError(NOTHING)
    info = ReleaseInfo(
        name=release.name,
        version=release.version,
        created=release.created_at.isoformat(timespec="seconds"),
        seed=options.seed,
        licence=options.licence,
        configuration=_configuration(study, options, rows.evidence.left_out),
        tools={"likeness": _own_version()},
        description=study.instructions,
    )
    return write_release(
        target, rows.rows(splits, on_progress), info=info, splits=splits, embed=options.embed
    )


def _write_other(
    target: Path,
    release: Release,
    study: Study,
    options: ReleaseOptions,
    rows: StudyRows,
    on_progress: OnProgress,
) -> tuple[Manifest, dict[str, Any]]:
    """A release first, beside the target, then the other format from it: so all of them say the same."""
    if target.exists():
        raise ReleaseError(f"{target} exists already; a release is never written over another.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        between = Path(folder) / "release"
        manifest = _write(between, release, study, options, rows, on_progress)
        written = FORMATS[options.format].write(ReleaseFolder.open(between), target)
    return manifest, {**_counts(manifest), "written": written.rows, "left_out": written.left_out}


def _configuration(study: Study, options: ReleaseOptions, left_out: list[str]) -> dict[str, Any]:
    return {
        "study": study.slug,
        "study_name": study.name,
        "answers_per_item": study.overlap,
        "repeat_share": study.repeat_share,
        "asked": [
            name
            for name, asked in (
                ("overall", study.ask_overall),
                ("people", study.ask_people),
                ("marks", study.ask_marks),
                ("remark", study.ask_remark),
            )
            if asked
        ],
        **asdict(options),
        "left_out": left_out,
    }


def _own_version() -> str:
    try:
        return version("likeness")
    except PackageNotFoundError:
        return "0.1.0"


def _counts(manifest: Manifest) -> dict[str, Any]:
    return {
        "tables": manifest.counts,
        "splits": manifest.splits,
        "summary": manifest.summary,
        "left_out": manifest.info.configuration["left_out"],
    }


def _size(target: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in target.rglob("*") if path.is_file()]
    return {"bytes": sum(sizes), "files": len(sizes)}


@transaction.atomic
def _freeze(release: Release, rows: StudyRows, counts: dict[str, Any]) -> None:
    name = MANIFEST_NAME if release.format == LIKENESS else CHECKSUMS_NAME
    release.state = ReleaseState.FROZEN
    release.counts = counts
    release.manifest_sha256 = file_sha256(Path(release.folder) / name)
    release.save(update_fields=["state", "counts", "manifest_sha256"])
    clips, people = Release.clips.through, Release.people.through
    for chunk in chunked(sorted(rows.clip_ids), BATCH):
        clips._default_manager.bulk_create([clips(release_id=release.pk, clip_id=clip) for clip in chunk])
    for chunk in chunked(sorted(rows.person_ids), BATCH):
        people._default_manager.bulk_create(
            [people(release_id=release.pk, person_id=person) for person in chunk]
        )
