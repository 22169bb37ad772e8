from django.db.models import QuerySet

from annotator.models import Judgment, Study
from config.accounts.models import User


def judgments_of(user: User) -> QuerySet[Judgment]:
    """Return a user's own judgments, newest first, with their details."""
    return (
        Judgment.objects.filter(annotator=user)
        .select_related("study")
        .prefetch_related("people", "marks")
        .order_by("-id")
    )


def last_judgment(*, study: Study, annotator: User) -> Judgment | None:
    """Return the last thing that an annotator said in a study, surplus or not: it is what they would take back."""
    return judgments_of(annotator).filter(study=study).select_related("slot").first()
