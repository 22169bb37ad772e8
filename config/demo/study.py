"""The demo's study: takes clips into the library and grows as their playback copies get ready."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from annotator.models import Study
from annotator.services.members import member_add
from annotator.services.studies import study_add_items, study_create, study_open
from config.accounts.models import User
from config.jobs.models import ACTIVE_STATES, Job, JobState
from datasets.importing import ImportReport, import_source
from datasets.models import Clip, ClipAnalysis, ClipState, Pair, Person
from datasets.services.pairs import NewPair, pairs_create

PROBLEMS_SHOWN = 10

INSTRUCTIONS = """\
Watch both clips and look at the faces beside them.

* **Overall**: which clip keeps everybody's face better?
* **For each person**: which clip keeps this face better?
* **Marks**: press M at the first frame in which a face goes wrong.

Press ? for all keys.
"""


@dataclass
class DemoStudy:
    """What the demo has imported, and the study over it once its first pair can be judged."""

    name: str
    slug: str
    lead: User
    annotator: User
    clip_ids: set[int] = field(default_factory=set)
    pair_ids: set[int] = field(default_factory=set)

    def take(self, source: Path) -> ImportReport:
        """Import a folder or manifest; what is there already is not added again."""
        report = import_source(source=source, created_by=self.lead)
        self.clip_ids.update(report.clip_ids)
        self.pair_ids.update(report.pair_ids)
        return report

    def mark_procedural(self) -> None:
        """Say of everybody in the imported clips that they are computed and no human beings."""
        Person.objects.filter(clips__in=self.clip_ids).update(is_procedural=True)

    def pair_neighbours(self) -> int:
        """Pair each imported clip with the next one, for folders whose names say nothing; return how many pairs."""
        pairs = [NewPair(clip_a=a, clip_b=b) for a, b in pairwise(sorted(self.clip_ids))]
        ids, _ = pairs_create(pairs=pairs)
        self.pair_ids.update(ids)
        return len(ids)

    def grow(self) -> Study | None:
        """Make the study, or add to it, when there are pairs that can be judged and are not in it yet."""
        study = Study.objects.filter(slug=self.slug).first()
        pairs = self._judgeable().exclude(items__study__slug=self.slug)
        if not pairs.exists():
            return study
        if study is not None:
            study_add_items(study=study, pairs=pairs)
            return study
        study = study_create(
            name=self.name,
            slug=self.slug,
            pairs=pairs,
            created_by=self.lead,
            instructions=INSTRUCTIONS,
            overlap=2,
        )
        member_add(study=study, user=self.annotator)
        return study_open(study=study)

    def pending(self) -> int:
        return Clip.objects.filter(pk__in=self.clip_ids, state=ClipState.PENDING).count()

    def faces_pending(self) -> int:
        """Return how many clips wait for their faces to be found; one whose job came to nothing does not."""
        if not settings.ANALYSE_CLIPS:
            return 0
        ended = Job.objects.filter(kind="clip_analyse").exclude(state__in=ACTIVE_STATES)
        given_up = {int(key) for key in ended.values_list("key", flat=True)}
        waiting = Clip.objects.filter(pk__in=self.clip_ids, state=ClipState.READY, analysis__isnull=True)
        return len(set(waiting.values_list("pk", flat=True)) - given_up)

    def without_faces(self) -> list[str]:
        """Return why clips have no face tracks, a line each."""
        failed = ClipAnalysis.objects.filter(clip__in=self.clip_ids).exclude(error="").order_by("clip")
        jobs = Job.objects.filter(kind="clip_analyse", state=JobState.FAILED).order_by("pk")
        return list(dict.fromkeys([*failed.values_list("error", flat=True), *(job.reason for job in jobs)]))

    def refusals(self) -> list[str]:
        refused = Clip.objects.filter(pk__in=self.clip_ids, state=ClipState.REFUSED).order_by("pk")
        return list(refused.values_list("refusal", flat=True))

    def _judgeable(self) -> QuerySet[Pair]:
        ready = ClipState.READY
        return Pair.objects.filter(pk__in=self.pair_ids, clip_a__state=ready, clip_b__state=ready)


def shown(problems: Iterable[object]) -> list[str]:
    """Return the first few problems as lines, and how many more there are."""
    lines = [str(problem) for problem in problems]
    left_out = len(lines) - PROBLEMS_SHOWN
    return lines[:PROBLEMS_SHOWN] + ([f"and {left_out} more"] if left_out > 0 else [])
