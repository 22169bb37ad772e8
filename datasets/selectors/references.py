"""A person's references, and what a face model makes of them."""

from dataclasses import dataclass

from config.jobs.models import ACTIVE_STATES, Job, JobState
from datasets.models import Person, Reference

ADVISED = (3, 5)


@dataclass(frozen=True, slots=True)
class SeenReference:
    """A reference with what was seen in it: sentences that say why it cannot be used or serves poorly."""

    row: Reference
    is_examined: bool
    error: str
    warnings: list[str]

    @property
    def is_usable(self) -> bool:
        return self.is_examined and not self.error


@dataclass(frozen=True, slots=True)
class PersonReferences:
    """All references of a person, in order, and the job that looks at them or looked last."""

    rows: list[SeenReference]
    job: Job | None

    @property
    def is_waiting(self) -> bool:
        return self.job is not None and self.job.is_active

    @property
    def job_state(self) -> str:
        return self.job.state if self.job is not None and self.job.is_active else "none"

    @property
    def problem(self) -> str:
        """Why the last look failed; "" where it did not."""
        return self.job.reason if self.job is not None and self.job.state == JobState.FAILED else ""

    @property
    def n_usable(self) -> int:
        return sum(seen.is_usable for seen in self.rows)

    @property
    def n_unseen(self) -> int:
        return sum(not seen.is_examined for seen in self.rows)

    @property
    def is_short(self) -> bool:
        """Fewer references than advised can be used, as far as is known."""
        return self.n_usable + self.n_unseen < ADVISED[0]


def person_references(person: Person) -> PersonReferences:
    """Return a person's references in order, in two queries."""
    rows = person.references.select_related("face").order_by("position", "pk")
    jobs = Job.objects.filter(kind="person_examine", key=str(person.pk))
    job = jobs.filter(state__in=ACTIVE_STATES).first() or jobs.order_by("-pk").first()
    return PersonReferences([_seen(row) for row in rows], job)


def _seen(row: Reference) -> SeenReference:
    face = getattr(row, "face", None)
    if face is None:
        return SeenReference(row, is_examined=False, error="", warnings=[])
    name = row.source_name or f"Picture {row.position + 1}"
    return SeenReference(
        row,
        is_examined=True,
        error=_without(name, face.error),
        warnings=[_without(name, warning) for warning in face.warnings],
    )


def _without(name: str, sentence: str) -> str:
    """Return a sentence without the file's name in front: it stands under the picture."""
    for start in (f"{name}: ", f"{name} "):
        if sentence.startswith(start):
            rest = sentence[len(start) :]
            return rest[:1].upper() + rest[1:]
    return sentence
