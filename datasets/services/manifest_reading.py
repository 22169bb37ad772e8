"""Reading a manifest that came by the browser: what a worker does, first without writing anything."""

import os
import shutil
import uuid
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files.storage import FileSystemStorage, default_storage

from config.jobs.runner import JobRefused, JobRun
from datasets.importing import ImportReport, Problem, import_source
from datasets.importing.manifest import read_manifest
from datasets.importing.rows import Parsed, Row
from datasets.models import Clip, ClipState, Reference

from .manifests import ManifestFolder, ManifestRefused, manifest_discard
from .media_files import hash_file
from .people import person_key

# A page shows so many lines, those with a problem in front of all; the counts are of all lines.
SHOWN = 500
# How an import says that a file is not there, and that it speaks of a picture of somebody.
MISSING, REFERENCE = "does not exist", "reference "
GONE = "The manifest is not there any more. Upload it again."


def library_import(*, run: JobRun) -> None:
    """Read the manifest of a job: say line by line what would happen, or import it. Twice adds nothing."""
    folder = ManifestFolder(uuid.UUID(run.params["import"]))
    manifest, dry_run = folder.manifest, run.params["dry_run"]
    if manifest is None:
        raise JobRefused(GONE)
    run.progress(0, message="Looking for clips in the library")
    _find_beside(folder, read_manifest(manifest))
    borrowed = _borrow_from_library(folder, read_manifest(manifest))
    parsed = read_manifest(manifest)
    report = import_source(
        source=manifest,
        dry_run=dry_run,
        created_by=run.job.created_by,
        on_progress=lambda done, total: run.progress(done, total, "Reading rows"),
    )
    report.problems = _without_known_references(report.problems, parsed.rows)
    run.result = _counts(report) | {
        "borrowed": borrowed,
        "problems": [_problem(each) for each in report.problems[:SHOWN]],
        "problem_count": len(report.problems),
        "lacks_files": any(each.reason.startswith(MISSING) for each in report.problems),
        "table": _table(parsed, report) if dry_run else [],
    }
    if not dry_run:
        manifest_discard(folder=folder)


def _find_beside(folder: ManifestFolder, parsed: Parsed) -> None:
    """Put files where the manifest calls them that were chosen one by one, and so came without their folders.

    Only where one missing file alone has that name: which of two was meant nobody can tell.
    """
    names = {
        problem.name.removeprefix(REFERENCE)
        for problem in parsed.problems
        if problem.reason.startswith(MISSING)
    }
    count = Counter(PurePosixPath(name).name for name in names)
    for name in names:
        last = PurePosixPath(name).name
        try:
            came, target = folder.place(last), folder.place(name)
        except ManifestRefused:
            continue
        if count[last] == 1 and came != target and came.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            came.replace(target)


def _borrow_from_library(folder: ManifestFolder, parsed: Parsed) -> int:
    """Put clips beside the manifest that it names and that the library has; returns how many.

    A name is enough where one clip alone came in under it, with its folder or without.
    """
    names = {
        problem.name
        for problem in parsed.problems
        if problem.reason.startswith(MISSING) and not problem.name.startswith(REFERENCE)
    }
    wanted = names | {PurePosixPath(name).name for name in names}
    clips = Clip.objects.filter(source_name__in=wanted).exclude(state=ClipState.REMOVED).exclude(file="")
    rows = list(clips.values_list("source_name", "file"))
    count = Counter(name for name, _ in rows)
    file_of = {name: file for name, file in rows if count[name] == 1}
    borrowed = 0
    for name in names:
        file = file_of.get(name) or file_of.get(PurePosixPath(name).name)
        try:
            target = folder.place(name)
        except ManifestRefused:
            continue
        if file is not None:
            _fetch(file, target)
            borrowed += 1
    return borrowed


def _without_known_references(problems: list[Problem], rows: list[Row]) -> list[Problem]:
    """Leave out pictures that did not come along and that somebody of their row has under that name already."""
    keys = {row.line: {person_key(subject) for subject in row.subjects} for row in rows}
    people = {key for each in keys.values() for key in each}
    known = set(Reference.objects.filter(person__key__in=people).values_list("person__key", "source_name"))

    def is_there(problem: Problem) -> bool:
        name = PurePosixPath(problem.name.removeprefix(REFERENCE)).name
        return any((key, name) in known for key in keys.get(problem.line, ()))

    return [
        problem
        for problem in problems
        if not (
            problem.name.startswith(REFERENCE) and problem.reason.startswith(MISSING) and is_there(problem)
        )
    ]


def _fetch(file: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(default_storage, FileSystemStorage):
        try:
            os.link(default_storage.path(file), target)
            return
        except OSError:
            pass  # another disk: copied
    with default_storage.open(file) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _counts(report: ImportReport) -> dict[str, Any]:
    names = (
        "rows",
        "clips_new",
        "clips_known",
        "people_new",
        "references_new",
        "pairs_new",
        "pairs_known",
    )
    return {name: getattr(report, name) for name in names}


def _table(parsed: Parsed, report: ImportReport) -> list[dict[str, Any]]:
    """The lines of the manifest in order, each with what would become of it."""
    said: dict[int, list[str]] = {}
    for problem in report.problems:
        said.setdefault(problem.line, []).append(_sentence(problem))
    rows = {row.line: row for row in parsed.rows}
    refused = sorted(said.keys() - rows.keys())
    with_problem = [line for line in rows if line in said]
    plain = [line for line in rows if line not in said]
    lines = sorted([*refused, *with_problem, *plain][:SHOWN])
    known = _known([rows[line] for line in lines if line in rows])
    return [_line(line, rows.get(line), said.get(line, []), known) for line in lines]


def _known(rows: list[Row]) -> set[Path]:
    hashes = {row.path: hash_file(row.path)[0] for row in rows}
    present = set(Clip.objects.filter(sha256__in=hashes.values()).values_list("sha256", flat=True))
    return {path for path, sha256 in hashes.items() if sha256 in present}


def _line(line: int, row: Row | None, said: list[str], known: set[Path]) -> dict[str, Any]:
    if row is None:
        return {"line": line, "state": "refused", "said": said}
    return {
        "line": line,
        "state": "known" if row.path in known else "new",
        "clip": row.name,
        "people": list(row.subjects),
        "generator": row.generator,
        "pair": row.pair,
        "said": said,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "said": _sentence(problem)}


def _sentence(problem: Problem) -> str:
    return f"{problem.name}: {problem.reason}" if problem.name else problem.reason
