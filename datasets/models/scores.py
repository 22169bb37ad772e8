"""What reward models say of pairs. Written by whoever runs a model, read by whoever orders or looks at pairs."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .clips import Pair


class Scorer(models.Model):
    """A reward model whose scores were brought in: one row a set of weights."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the weights.")
    backend = models.CharField(max_length=200, help_text="Detector and embedder whose tracks it judges.")
    origins = models.JSONField(default=list, help_text="Kinds of comparisons that it learned from.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    scored_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def learned_from_simulated(self) -> bool:
        return "simulated" in self.origins


class PairScore(models.Model):
    """How one model judges one pair: rewards, defined up to a shift, and calibrated probabilities."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="scores")
    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, related_name="scores")
    reward_a = models.FloatField()
    reward_b = models.FloatField()
    prob_a = models.FloatField()
    prob_tie = models.FloatField()
    prob_b = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorer", "pair"], name="pair_scores_once"),
            models.CheckConstraint(
                condition=Q(prob_a__gte=0, prob_tie__gte=0, prob_b__gte=0)
                & Q(prob_a__lte=1, prob_tie__lte=1, prob_b__lte=1),
                name="pair_scores_probabilities",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} on pair {self.pair_id}"
