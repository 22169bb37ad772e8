"""What closing a study at this moment would leave open."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.db.models.functions import Now

from annotator.models import Slot, SlotKind, SlotState, Study


@dataclass(frozen=True, kw_only=True)
class Closing:
    """`done` of `total` answers are given; `held` pairs are in the hands of `holders` people with time left."""

    done: int
    total: int
    held: int
    holders: int
    reviews: int

    @property
    def open(self) -> int:
        return max(0, self.total - self.done)


def study_closing(study: Study) -> Closing:
    is_held = Q(state=SlotState.LEASED, lease_expires_at__gt=Now())
    counts = Slot.objects.filter(study=study).aggregate(
        done=Count("pk", filter=Q(kind=SlotKind.ANSWER, state=SlotState.DONE)),
        held=Count("pk", filter=is_held),
        holders=Count("annotator", filter=is_held, distinct=True),
        reviews=Count("pk", filter=Q(kind=SlotKind.REVIEW) & ~Q(state=SlotState.DONE)),
    )
    return Closing(total=study.n_slots, **counts)
