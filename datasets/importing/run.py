"""Take a source into the library: people, references, clips, pairs, in that order and in small transactions.

Running it twice adds nothing: people go by key, files by content, pairs by their two clips. So an import that was
stopped goes on when it is started again.
"""

from collections.abc import Callable
from pathlib import Path

from config.accounts.models import User

from .folder import find_manifest, read_folder
from .manifest import read_manifest
from .pairing import PairRule, plan_pairs
from .report import ImportReport
from .rows import Parsed
from .taking import Taking

BATCH = 500
OnProgress = Callable[[int, int], None]


def import_source(
    *,
    source: Path,
    rule: PairRule | None = None,
    dry_run: bool = False,
    created_by: User | None = None,
    on_progress: OnProgress = lambda done, total: None,
) -> ImportReport:
    """Import a manifest (CSV, JSONL) or a folder; a folder with a manifest in it is read by that.

    `on_progress` gets the number of rows done and of all rows. With `dry_run` nothing is written.
    Raises FileNotFoundError when there is no such source.
    """
    parsed, name = _parse(source)
    report = ImportReport(source=name, rows=parsed.read, problems=parsed.problems)
    taking = Taking(report, dry_run=dry_run, created_by=created_by)
    taking.people(parsed.rows)
    for start in range(0, len(parsed.rows), BATCH):
        taking.clips(parsed.rows[start : start + BATCH])
        on_progress(min(start + BATCH, len(parsed.rows)), len(parsed.rows))
    pairs, problems = plan_pairs(taking.taken, rule)
    report.problems.extend(problems)
    taking.pairs(pairs)
    report.problems.sort(key=lambda problem: problem.line)
    return report


def _parse(source: Path) -> tuple[Parsed, str]:
    manifest = find_manifest(source) if source.is_dir() else source
    if manifest is None:
        return read_folder(source), source.name
    if not manifest.is_file():
        raise FileNotFoundError(f"There is neither a folder nor a manifest at {source}.")
    return read_manifest(manifest), manifest.name
