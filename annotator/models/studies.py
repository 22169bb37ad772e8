import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from datasets.models import Clip, Pair, Release, Scorer


class StudyState(models.TextChoices):
    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Curves(models.TextChoices):
    """When annotators may see how like its references each face is."""

    NEVER = "never"
    AFTER = "after", "after the answer"
    ALWAYS = "always"


class Study(models.Model):
    """A question put to a group of annotators over a set of items."""

    slug = models.SlugField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=StudyState, default=StudyState.DRAFT)
    instructions = models.TextField(blank=True, help_text="Markdown, shown before the first pair.")
    example_clips = models.ManyToManyField(Clip, blank=True, related_name="+")

    overlap = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(25)], help_text="Answers per item."
    )
    lease_minutes = models.PositiveSmallIntegerField(
        default=20, validators=[MinValueValidator(1), MaxValueValidator(24 * 60)]
    )
    repeat_share = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="Share of items that the same annotator sees again, sides swapped.",
    )
    ask_overall = models.BooleanField(default=True)
    ask_people = models.BooleanField(default=True)
    ask_marks = models.BooleanField(default=True)
    ask_remark = models.BooleanField(default=True)
    curves = models.CharField(
        max_length=8,
        choices=Curves,
        default=Curves.AFTER,
        help_text="When annotators may see the similarity curves.",
    )

    gold_share = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="Share of an annotator's pairs that are test questions, as far as there are any.",
    )
    gold_most = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Test questions for each annotator at most; empty: all of them."
    )
    gold_tie_up_to = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(5)],
        help_text="A tie counts as right where the sides are at most so many severities apart.",
    )
    gold_feedback = models.BooleanField(
        default=False, help_text="Annotators are told after a test question whether they were right."
    )
    qualification_size = models.PositiveSmallIntegerField(
        default=0, help_text="Test questions before the first pair; 0: none."
    )
    qualification_pass = models.PositiveSmallIntegerField(
        default=0, help_text="How many of these have to be right."
    )

    filter = models.JSONField(
        default=dict, blank=True, help_text="The filter over the library that chose the pairs; empty: all."
    )
    seed = models.PositiveBigIntegerField(
        default=0, help_text="Of the order of items and the choice of repeats."
    )
    # Written with the items, so that an annotator's progress costs no count over slots.
    n_items = models.PositiveIntegerField(default=0, editable=False, help_text="Repeats included.")
    n_slots = models.PositiveIntegerField(
        default=0, editable=False, help_text="Places for an answer, repeats included, reviews not."
    )
    n_gold = models.PositiveIntegerField(
        default=0, editable=False, help_text="Test questions that an annotator of all items meets."
    )
    n_done_by_former = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Of these, how many people filled who answer no more: taken off, or made reviewers.",
    )
    releases = models.ManyToManyField(Release, blank=True, related_name="studies")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1) & Q(overlap__lte=25), name="studies_overlap"),
            models.CheckConstraint(
                condition=Q(repeat_share__gte=0) & Q(repeat_share__lte=0.5), name="studies_repeats"
            ),
            models.CheckConstraint(condition=Q(lease_minutes__gte=1), name="studies_lease"),
            models.CheckConstraint(
                condition=Q(ask_overall=True) | Q(ask_people=True), name="studies_ask_for_a_verdict"
            ),
            models.CheckConstraint(
                condition=Q(gold_share__gte=0, gold_share__lte=0.5, gold_tie_up_to__lte=5),
                name="studies_gold",
            ),
            models.CheckConstraint(
                condition=Q(qualification_size=0, qualification_pass=0)
                | Q(qualification_pass__gte=1, qualification_pass__lte=models.F("qualification_size")),
                name="studies_qualification_can_be_passed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    LEAD = "lead"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"


class Qualification(models.TextChoices):
    """How somebody stands to the test questions before the first pair."""

    NOT_ASKED = "", "not asked"
    OPEN = "open", "in the round"
    PASSED = "passed"
    FAILED = "failed"


class Member(models.Model):
    """Somebody's place in a study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)
    # Nothing before this position was free for this member when last looked at: claims start here, so that
    # their cost does not grow with what has been answered. A search that finds nothing starts again at 0.
    cursor = models.PositiveBigIntegerField(default=0)
    n_done = models.PositiveIntegerField(default=0, help_text="Slots that this member has filled.")
    recent_ms = models.JSONField(
        default=list, help_text="Active times of the last answers in milliseconds, newest last: their pace."
    )
    qualification = models.CharField(
        max_length=8, choices=Qualification, default=Qualification.NOT_ASKED, blank=True
    )
    qualification_tries = models.PositiveSmallIntegerField(
        default=0, help_text="Rounds that were begun, the present one included."
    )
    let_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The lead who let somebody in that had not passed.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="members_once_per_study"),
            models.CheckConstraint(
                condition=Q(qualification="", qualification_tries=0)
                | Q(qualification__in=["open", "failed"], qualification_tries__gte=1)
                | Q(qualification="passed"),
                name="members_qualification_has_a_round",
            ),
            models.CheckConstraint(
                condition=Q(let_in_by__isnull=True) | Q(qualification="passed"), name="members_let_in_are_in"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.study}"


def make_invitation_token() -> str:
    return secrets.token_urlsafe(24)


class Invitation(models.Model):
    """A link that lets whoever has it join a study in one role."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)
    token = models.CharField(max_length=64, unique=True, default=make_invitation_token, editable=False)
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__lte=models.F("max_uses")), name="invitations_not_overused"
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Item(models.Model):
    """A pair in a study; with `repeat_of`, the same pair again, sides swapped, for the same annotators."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="items")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveBigIntegerField()
    repeat_of = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="repeat")
    is_gold = models.BooleanField(
        default=False, help_text="A test question with a known answer: it counts in no consensus."
    )
    drawn_at_random = models.BooleanField(
        null=True,
        help_text=(
            "Whether chance gave it its place in a queue that a reward model ordered; empty where none did. What is "
            "not drawn at random was asked because the model was in doubt."
        ),
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="items_in_order"),
            models.UniqueConstraint(
                fields=["study", "pair"], condition=Q(repeat_of__isnull=True), name="items_once_per_study"
            ),
            models.CheckConstraint(
                condition=Q(is_gold=False) | Q(repeat_of__isnull=True), name="items_gold_is_not_repeated"
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"


class QueueOrder(models.Model):
    """A reward model's part in the order of a study's pairs, as it was set last. Without a row: none."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="queue_order")
    scorer = models.ForeignKey(Scorer, null=True, on_delete=models.SET_NULL, related_name="+")
    random_share = models.FloatField(
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Share of the queue's places that are filled at random.",
    )
    seed = models.PositiveBigIntegerField(default=0)
    n_ordered = models.PositiveIntegerField(help_text="Pairs that were put in order: untouched till then.")
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ordered_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(random_share__gte=0, random_share__lte=1), name="queue_orders_random_share"
            )
        ]

    def __str__(self) -> str:
        return f"queue of {self.study}"
