"""Building a release: the folder, whole or not at all, and then the row says frozen. Nothing changes after that."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from annotator.models import Study
from annotator.releasing.evidence import chunked
from annotator.releasing.options import ReleaseOptions
from annotator.releasing.rows import OnProgress, StudyRows
from config.jobs.runner import JobRefused, JobRun
from config.jobs.services import JobCancelled, JobLost
from config.rows import rows_insert
from datasets.models import Release, ReleaseState
from datasets.releases.checksums import CHECKSUMS_NAME
from datasets.releases.errors import ReleaseError
from datasets.releases.formats import FORMATS
from datasets.releases.manifest import MANIFEST_NAME, Manifest, ReleaseInfo, file_sha256
from datasets.releases.names import LIKENESS
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.splits import parse_splits
from datasets.releases.writer import write_release

from .releases import CANCELLED, release_clear, release_fail

BATCH = 500

NOTHING = "There is nothing to release yet: no pair of this study has an answer or a published label."
RESERVED = (
    "{:,} comparisons were left out: they are reserved for tests, and their people are in another split. "
    "Ask for a larger test split, or reserve all pairs of some people."
)
ALL_RESERVED = "All pairs of this study are reserved for tests: ask for a split test, as in 80/10/10."
CHANGED = "People or clips of this release were deleted while it was built. Build it again without them."


def release_export(*, run: JobRun) -> None:
    """The job behind the button. Run again after a crash it starts over: what lies there was never frozen."""
    release = Release.objects.filter(pk=run.params["release"]).first()
    study = Study.objects.filter(pk=run.params["study"]).first()
    if release is None or study is None:
        raise JobRefused("The release or its study is gone.")
    if release.state == ReleaseState.FROZEN:
        return
    release_clear(release=release)
    try:
        release_build(release=release, study=study, on_progress=run.progress)
    except JobCancelled:
        release_fail(release=release, sentence=CANCELLED)
        raise
    except ReleaseError as error:
        release_fail(release=release, sentence=str(error))
        raise JobRefused(str(error)) from error
    except JobLost:
        raise  # Somebody else builds it now.
    except Exception as error:
        release_fail(release=release, sentence=f"{type(error).__name__}: {error}")
        raise
    run.result = {"release": release.pk}


def release_build(
    *, release: Release, study: Study, on_progress: OnProgress = lambda done, total: None
) -> Release:
    """Write the folder of a release, whole or not at all, and freeze the row.

    Raises ReleaseError with a sentence, and whatever `on_progress` raises; then there is no folder.
    """
    options = _options(release)
    names = ("licence", "media", "embed", "tracks", "synthetic", "gold")
    rows = StudyRows(study, **{name: getattr(options, name) for name in names})
    target = Path(release.folder)
    with _rare_collections():
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


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Have Python look for cycles less often: rows by the hundred thousand have none, and a fifth of the time goes."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
        raise ReleaseError(ALL_RESERVED if splits.reserved_left_out else NOTHING)
    left_out = rows.evidence.left_out
    if splits.reserved_left_out:
        left_out.append(RESERVED.format(splits.reserved_left_out))
    info = ReleaseInfo(
        name=release.name,
        version=release.version,
        created=release.created_at.isoformat(timespec="seconds"),
        seed=options.seed,
        licence=options.licence,
        configuration=_configuration(study, options, left_out),
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
    for through, column, ids in (
        (Release.clips.through, "clip", rows.clip_ids),
        (Release.people.through, "person", rows.person_ids),
    ):
        for chunk in chunked(sorted(ids), BATCH):
            rows_insert(through, (column,), [(each,) for each in chunk], release=release)
