import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models


def make_pseudonym() -> str:
    """Return the name under which an account appears in exports: random, so that it leads back to nobody."""
    return f"ann-{secrets.token_hex(4)}"


class AccountManager(UserManager["User"]):
    def create_superuser(self, *args: Any, **kwargs: Any) -> "User":
        """Create the account that `manage.py createsuperuser` asks for: whoever sets a site up leads there."""
        return super().create_superuser(*args, **{"is_lead": True, **kwargs})


class User(AbstractUser):
    """An account. Leads make studies; everybody else sees the studies they were invited to."""

    is_lead = models.BooleanField(
        default=False, help_text="May import clips, make studies and release datasets."
    )
    is_simulated = models.BooleanField(
        default=False, help_text="Not a person: answers of this account are marked as simulated everywhere."
    )
    pseudonym = models.CharField(max_length=32, unique=True, default=make_pseudonym, editable=False)

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(is_simulated=True, is_lead=True), name="simulated_accounts_lead_nothing"
            ),
        ]

    def __str__(self) -> str:
        return self.username
