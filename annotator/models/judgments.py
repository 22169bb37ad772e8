from django.conf import settings
from django.db import models
from django.db.models import Q

from datasets.models import Person

from .slots import Slot
from .studies import Item, Study


class Verdict(models.TextChoices):
    """What an annotator answered, in the terms of what was on screen."""

    LEFT_MUCH = "left_much"
    LEFT = "left"
    TIE = "tie"
    RIGHT = "right"
    RIGHT_MUCH = "right_much"
    BOTH_BAD = "both_bad"
    CANNOT_JUDGE = "cannot_judge"


class PersonVerdict(models.TextChoices):
    LEFT = "left"
    SAME = "same"
    RIGHT = "right"


class Side(models.TextChoices):
    LEFT = "left"
    RIGHT = "right"


class MarkKind(models.TextChoices):
    DRIFT = "drift"
    SWAP = "swap"
    BLEND = "blend"
    MISSING = "missing"


class Judgment(models.Model):
    """One annotator's immutable answer. A changed mind is a new row that supersedes the old one."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="judgments")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="judgments")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="judgments")
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="judgments"
    )
    idempotency_key = models.UUIDField(unique=True)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    surplus = models.BooleanField(
        default=False, help_text="Arrived after its slot was answered by somebody else: kept, not counted."
    )
    is_review = models.BooleanField(default=False)
    is_simulated = models.BooleanField(default=False)

    left_is_a = models.BooleanField()
    overall = models.CharField(max_length=16, choices=Verdict, blank=True)
    remark = models.TextField(blank=True)
    active_ms = models.PositiveIntegerField(help_text="Time with the page in view, in milliseconds.")
    progress = models.JSONField(
        default=dict,
        help_text="What the reply said of the annotator's progress: a repeated request gets it again.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(surplus=False, supersedes__isnull=True),
                name="judgments_one_per_slot",
            ),
        ]
        indexes = [
            models.Index(fields=["study", "annotator", "id"], name="judgments_by_annotator"),
            models.Index(fields=["study", "created_at"], name="judgments_by_time"),
        ]

    def __str__(self) -> str:
        return f"judgment {self.pk}"


class PersonJudgment(models.Model):
    """Which side keeps one person better."""

    judgment = models.ForeignKey(Judgment, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=8, choices=PersonVerdict, blank=True)
    no_drift = models.BooleanField(
        default=False, help_text="The annotator looked and found no drift on either side."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["judgment", "person"], name="person_judgments_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.verdict}"


class Mark(models.Model):
    """A frame at which a person's face goes wrong on one side."""

    judgment = models.ForeignKey(Judgment, on_delete=models.CASCADE, related_name="marks")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    kind = models.CharField(max_length=8, choices=MarkKind)
    frame = models.PositiveIntegerField(help_text="Index in the playback copy of that side.")

    class Meta:
        ordering = ["frame", "id"]
        constraints = [
            models.UniqueConstraint(fields=["judgment", "person", "side", "kind", "frame"], name="marks_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.frame}"


class ConsensusState(models.TextChoices):
    OPEN = "open"
    AGREED = "agreed"
    DISPUTED = "disputed"


class ConsensusMethod(models.TextChoices):
    VOTE = "vote"
    DAWID_SKENE = "dawid_skene"
    REVIEW = "review"


class Consensus(models.Model):
    """What the judgments of an item together say, with its uncertainty."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="consensus")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="consensus")
    state = models.CharField(max_length=16, choices=ConsensusState, default=ConsensusState.OPEN)
    method = models.CharField(max_length=16, choices=ConsensusMethod, default=ConsensusMethod.VOTE)
    prob_a = models.FloatField()
    prob_tie = models.FloatField()
    prob_b = models.FloatField()
    n_judgments = models.PositiveIntegerField()
    n_simulated = models.PositiveIntegerField(
        default=0, help_text="How many of the judgments simulated annotators made."
    )
    agreement = models.FloatField(null=True, help_text="Share of pairs of judgments that agree, 0 to 1.")
    both_bad = models.PositiveIntegerField(default=0, help_text="How many judgments called both sides bad.")
    people = models.JSONField(
        default=dict, help_text="For each person's id: prob_a, prob_same, prob_b, n, state."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "consensus"
        indexes = [models.Index(fields=["study", "state"], name="consensus_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(prob_a__gte=0, prob_tie__gte=0, prob_b__gte=0)
                & Q(prob_a__lte=1, prob_tie__lte=1, prob_b__lte=1),
                name="consensus_probabilities",
            )
        ]

    def __str__(self) -> str:
        return f"consensus of item {self.item_id}"
