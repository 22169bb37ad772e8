from django.db.models import OuterRef, QuerySet, Subquery

from annotator.models import Member, Study
from config.accounts.models import User


def studies_of(user: User) -> QuerySet[Study]:
    """Return the studies that a user is a member of, newest first, each with their role as `own_role`."""
    own = Member.objects.filter(study=OuterRef("pk"), user=user)
    return Study.objects.filter(members__user=user).annotate(own_role=Subquery(own.values("role")))
