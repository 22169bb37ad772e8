"""Releases of the studies that somebody leads, with the job that builds each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet

from annotator.models import Member, Role, Study
from config.accounts.models import User
from config.jobs.models import Job
from datasets.models import Release, ReleaseState
from datasets.releases.checksums import read_checksums
from datasets.releases.errors import ReleaseError
from datasets.releases.manifest import FileEntry, read_manifest


@dataclass(frozen=True, kw_only=True)
class ReleaseRow:
    """A release as its list shows it. `job` is the last one that worked on it; `study` may be gone."""

    release: Release
    study: Study | None
    job: Job | None

    @property
    def is_building(self) -> bool:
        return self.release.state == ReleaseState.BUILDING

    @property
    def comparisons(self) -> int | None:
        return self._rows_of("comparisons")

    @property
    def judgments(self) -> int | None:
        return self._rows_of("judgments")

    @property
    def clips(self) -> int | None:
        return self._rows_of("clips")

    @property
    def people(self) -> int | None:
        return self._rows_of("people")

    @property
    def split_counts(self) -> list[tuple[str, int]]:
        """How many comparisons each split has."""
        return list(self.release.counts.get("tables", {}).get("comparisons", {}).items())

    @property
    def files(self) -> list[FileEntry]:
        """Every file of a whole release with its checksum; none where the folder was moved away."""
        folder = Path(self.release.folder)
        try:
            if self.release.format == "likeness":
                return list(read_manifest(folder).files)
            return read_checksums(folder)
        except ReleaseError:
            return []

    def _rows_of(self, table: str) -> int | None:
        splits: dict[str, int] | None = self.release.counts.get("tables", {}).get(table)
        return sum(splits.values()) if splits is not None else None


def releases_led(user: User, *, study: Study | None = None) -> QuerySet[Release]:
    """Return the releases of the user's studies, newest first."""
    leads = Member.objects.filter(user=user, role=Role.LEAD, study__releases=OuterRef("pk"))
    if study is not None:
        leads = leads.filter(study=study)
    return Release.objects.filter(Exists(leads)).prefetch_related("studies").order_by("-id")


def release_rows(releases: Sequence[Release]) -> list[ReleaseRow]:
    """Join each release with its job; one query for all of them."""
    keys = {f"release:{release.pk}": release.pk for release in releases}
    jobs = {
        keys[job.key]: job for job in Job.objects.filter(kind="release_export", key__in=keys).order_by("id")
    }
    return [
        ReleaseRow(
            release=release,
            study=next(iter(release.studies.all()), None),
            job=jobs.get(release.pk),
        )
        for release in releases
    ]
