from django.conf import settings
from django.db import models
from django.db.models import Q

from .studies import Item, Study


class SlotState(models.TextChoices):
    WAITING = "waiting"  # a repeat whose original is not answered yet; a place whose clips are gone
    FREE = "free"
    LEASED = "leased"
    DONE = "done"


class SlotKind(models.TextChoices):
    ANSWER = "answer"
    REVIEW = "review"
    GOLD = "gold"  # a test question among the others; annotators see it as an answer like any
    QUALIFY = "qualify"  # a test question before the first pair


class Slot(models.Model):
    """One of the places for an answer to an item. Made in advance; claimed, leased and filled."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="slots")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="slots")
    slot_no = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=SlotKind, default=SlotKind.ANSWER)
    position = models.PositiveBigIntegerField(
        help_text=(
            "Order of handing out within the study; of a repeat that is free, how many judgments its annotator "
            "makes before it is due."
        )
    )
    state = models.CharField(max_length=8, choices=SlotState, default=SlotState.FREE)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="slots"
    )
    reserved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="A repeat belongs to whoever answered the original; so does each test question to somebody.",
    )
    repeat_of = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="repeat")
    left_is_a = models.BooleanField(
        help_text=(
            "Which clip is shown on the left. Drawn from the study's seed when the slot is made, so that it is "
            "the same for whoever has the slot, however late the answer; opposite in a repeat."
        )
    )
    lease = models.UUIDField(null=True, help_text="The lease that may fill this slot.")
    lease_expires_at = models.DateTimeField(null=True)
    lease_count = models.PositiveIntegerField(default=0, help_text="How often the slot was handed out.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "slot_no"], name="slots_numbered"),
            models.UniqueConstraint(
                fields=["item", "annotator"],
                condition=Q(state__in=["leased", "done"]),
                name="slots_one_per_annotator",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["waiting", "free"], annotator__isnull=True, lease__isnull=True)
                    | Q(
                        state="leased",
                        annotator__isnull=False,
                        lease__isnull=False,
                        lease_expires_at__isnull=False,
                    )
                    | Q(state="done", annotator__isnull=False)
                ),
                name="slots_state_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["gold", "qualify"])
                | Q(reserved_for__isnull=False, repeat_of__isnull=True),
                name="slots_gold_is_somebodys",
            ),
        ]
        indexes = [
            models.Index(
                fields=["study", "kind", "position"],
                condition=Q(state="free", reserved_for__isnull=True),
                name="slots_free",
            ),
            models.Index(
                fields=["reserved_for", "study", "position"],
                condition=Q(state="free", reserved_for__isnull=False),
                name="slots_reserved",
            ),
            models.Index(fields=["annotator", "study", "state"], name="slots_by_annotator"),
            models.Index(fields=["study", "state", "lease_expires_at"], name="slots_by_state"),
        ]

    def __str__(self) -> str:
        return f"slot {self.pk} ({self.state})"
