from django.conf import settings
from django.db import models


class Person(models.Model):
    """Someone whose face must be kept."""

    key = models.SlugField(max_length=120, unique=True, help_text="The name that manifests use.")
    name = models.CharField(max_length=200)
    is_procedural = models.BooleanField(default=False, help_text="Computed, not a human being.")
    consent = models.TextField(blank=True, help_text="On what ground this face may be used, and for what.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name


class Reference(models.Model):
    """An image of one person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="references")
    sha256 = models.CharField(max_length=64, help_text="Of the stored image.")
    source_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the file as it came: what came before is not decoded again."
    )
    file = models.CharField(
        max_length=300, help_text="Storage name of the image, re-encoded without metadata."
    )
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(default=0)
    source_name = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "sha256"], name="references_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.position}"
