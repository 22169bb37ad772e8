"""Manifests from the browser: a folder for each, filled file by file, read by a job as `import_clips` reads one.

Nothing of a manifest or of what comes with it is read where it is uploaded; names are made safe before a file is
written, and files are kept apart from the library until the import takes them.
"""

import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from config.accounts.models import User
from config.jobs.models import Job
from config.jobs.services import job_create

JOB_KIND = "library_import"
SUFFIXES = (".csv", ".jsonl", ".ndjson")
MAX_MANIFEST_BYTES = 20 * 1024**2
MAX_NAME_LENGTH = 1000
MAX_PART_BYTES = 255
MAX_DEPTH = 16
# A folder that nobody imported is deleted when somebody uploads a manifest so many days later.
KEPT_DAYS = 7

NOT_A_MANIFEST = "A manifest is a .csv or a .jsonl file."
TOO_LARGE = "A manifest has at most 20 MB. Split it, or import it on the server with manage.py import_clips."
EMPTY = "This manifest is empty (0 bytes)."
BAD_NAME = "A file of this name cannot be kept: it leaves the folder of the manifest."


class ManifestRefused(Exception):
    """Why an upload is not taken, as a sentence."""


@dataclass(frozen=True, slots=True)
class ManifestFolder:
    """Where one manifest lies, with the files that came beside it."""

    uid: uuid.UUID

    @property
    def path(self) -> Path:
        return _home() / self.uid.hex

    @property
    def manifest(self) -> Path | None:
        return next((path for path in sorted(self.path.glob("manifest.*"))), None)

    def place(self, name: str) -> Path:
        """Return where a file of that name, as the manifest writes it, belongs. Raises ManifestRefused."""
        parts = PurePosixPath(name).parts
        if (
            not parts
            or name.startswith("/")
            or "\\" in name
            or not name.isprintable()
            or len(name) > MAX_NAME_LENGTH
            or len(parts) > MAX_DEPTH
            or any(part in ("..", ".") or len(part.encode()) > MAX_PART_BYTES for part in parts)
            or (len(parts) == 1 and parts[0].startswith("manifest."))
        ):
            raise ManifestRefused(BAD_NAME)
        return self.path.joinpath(*parts)


def manifest_store(*, path: Path, name: str) -> ManifestFolder:
    """Keep an uploaded manifest in a folder of its own. Raises ManifestRefused."""
    suffix = PurePosixPath(name).suffix.lower()
    size = path.stat().st_size
    for refused, sentence in (
        (suffix not in SUFFIXES, NOT_A_MANIFEST),
        (size > MAX_MANIFEST_BYTES, TOO_LARGE),
        (size == 0, EMPTY),
    ):
        if refused:
            raise ManifestRefused(sentence)
    _discard_old()
    folder = ManifestFolder(uuid.uuid4())
    folder.path.mkdir(parents=True)
    shutil.copyfile(path, folder.path / f"manifest{suffix}")
    return folder


def manifest_file_add(*, folder: ManifestFolder, name: str, path: Path) -> None:
    """Put a file beside the manifest, under the name by which it is called there. Raises ManifestRefused."""
    target = folder.place(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{uuid.uuid4().hex}.partial")
        shutil.copyfile(path, partial)
        partial.replace(target)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise ManifestRefused(f"There is a file and a folder of the same name: {name}.") from error


def manifest_read_queue(*, folder: ManifestFolder, dry_run: bool, by: User) -> Job:
    """Have a worker say line by line what an import would do, or do it."""
    return job_create(
        kind=JOB_KIND,
        params={"import": folder.uid.hex, "dry_run": dry_run},
        key=_key(folder),
        label="A manifest, nothing written yet" if dry_run else "A manifest",
        created_by=by,
    )


def last_reading(folder: ManifestFolder) -> Job | None:
    return Job.objects.filter(kind=JOB_KIND, key=_key(folder)).order_by("-pk").first()


def manifest_discard(*, folder: ManifestFolder) -> None:
    shutil.rmtree(folder.path, ignore_errors=True)


def _key(folder: ManifestFolder) -> str:
    return f"import:{folder.uid.hex}"


def _home() -> Path:
    return Path(settings.HOME) / "imports"


def _discard_old() -> None:
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in _home().glob("*"):
        if path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)
