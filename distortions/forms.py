"""The form of a new batch. It says the same as a TOML file, and is checked by the same class."""

from __future__ import annotations

import random
from typing import Any

from django import forms

from datasets.models import Clip, ClipState, Origin, Person
from datasets.selectors.clips import generators
from distortions.catalogue import CATALOGUE, SCHEDULE_LINES, SCHEDULES, SEVERITIES
from distortions.config import PAIR_KINDS, BatchConfig, ConfigError, config_of

PLAIN = {"linear": 1, "constant": 1, "step": 1, "late": 1}
TO_DISTORT = [choice for choice in Origin.choices if choice[0] != Origin.DISTORTED]
MAX_WEIGHT = 1000


def _weight(label: str, initial: float) -> forms.FloatField:
    return forms.FloatField(
        required=False, min_value=0, max_value=MAX_WEIGHT, initial=initial, label=label,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip


class BatchForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    text = forms.CharField(
        required=False, max_length=200, label="Prompt or file",
        widget=forms.TextInput(attrs={"type": "search"}),
    )  # fmt: skip
    person = forms.ChoiceField(required=False, label="Person")
    generator = forms.ChoiceField(required=False, label="Generator")
    origin = forms.ChoiceField(required=False, choices=[("", "any"), *TO_DISTORT], label="Origin")
    count = forms.IntegerField(
        min_value=1, max_value=100_000, initial=100, label="Results",
        help_text="Distorted clips that are planned.",
    )  # fmt: skip
    controls_per_cent = forms.IntegerField(
        min_value=0, max_value=100, initial=25, label="Controls, %",
        help_text="Results that keep who somebody is.",
    )  # fmt: skip
    tries = forms.IntegerField(
        min_value=1, max_value=10, initial=3, label="Tries",
        help_text="With other parameters, when the gate refuses.",
    )  # fmt: skip
    longest_side = forms.IntegerField(
        min_value=240, max_value=1920, initial=1280, label="Longest side, pixels",
        help_text="Both sides of a pair are scaled down to it.",
    )  # fmt: skip
    seed = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, label="Seed", help_text="The same seed gives the same clips."
    )
    donors = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Who may lend features"
    )
    reserved_recipes = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Recipes kept for tests"
    )
    reserved_people = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="People kept for tests"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(person.key, person.name) for person in Person.objects.order_by("name", "pk")]
        fields: dict[str, Any] = self.fields
        fields["person"].choices = [("", "anybody"), *people]
        fields["generator"].choices = [("", "any"), *((name, name) for name in generators())]
        fields["reserved_people"].choices = people
        fields["reserved_recipes"].choices = [(facts.name, facts.title) for facts in CATALOGUE.values()]
        fields["donors"].choices = people_who_may_lend()
        for facts in CATALOGUE.values():
            fields[f"recipe_{facts.name}"] = _weight(facts.title, 0 if facts.cast_only else 1)
        for severity in SEVERITIES:
            fields[f"severity_{severity}"] = _weight(str(severity), 1)
        for schedule in SCHEDULES:
            fields[f"schedule_{schedule}"] = _weight(schedule.capitalize(), PLAIN.get(schedule, 0))
        for kind in PAIR_KINDS:
            fields[f"pair_{kind}"] = _weight(kind.capitalize(), 1)
        if not any(facts.is_control for facts in CATALOGUE.values()):
            fields["controls_per_cent"].initial = 0
        fields["seed"].initial = random.SystemRandom().randrange(10**6)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.config = config_of(self.as_toml(data))
            except ConfigError as error:
                self.add_error(None, error.sentences)
        return data

    config: BatchConfig

    def as_toml(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what a TOML file of the same batch says."""
        same = ("name", "seed", "count", "tries", "longest_side", "donors")
        clips = {key: data[key] for key in ("text", "person", "generator", "origin") if data[key]}
        return {
            **{key: data[key] for key in same},
            "controls": data["controls_per_cent"] / 100,
            "clips": clips,
            "recipes": self._weights(data, "recipe", CATALOGUE),
            "severities": self._weights(data, "severity", map(str, SEVERITIES)),
            "schedules": self._weights(data, "schedule", SCHEDULES),
            "pairs": self._weights(data, "pair", PAIR_KINDS),
            "reserved": {"recipes": data["reserved_recipes"], "people": data["reserved_people"]},
        }

    @staticmethod
    def _weights(data: dict[str, Any], prefix: str, names: Any) -> dict[str, float]:
        return {name: data[f"{prefix}_{name}"] or 0 for name in names}

    def recipe_rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the recipes of a kind with their fields, for the table."""
        return [
            {"facts": facts, "field": self[f"recipe_{facts.name}"]}
            for facts in CATALOGUE.values()
            if facts.kind == kind
        ]

    def negative_rows(self) -> list[dict[str, Any]]:
        return self.recipe_rows("negative")

    def control_rows(self) -> list[dict[str, Any]]:
        return self.recipe_rows("control")

    def severity_fields(self) -> list[Any]:
        return [self[f"severity_{severity}"] for severity in SEVERITIES]

    def schedule_rows(self) -> list[dict[str, Any]]:
        return [{"field": self[f"schedule_{name}"], "about": SCHEDULE_LINES[name]} for name in SCHEDULES]

    def pair_rows(self) -> list[dict[str, Any]]:
        return [{"field": self[f"pair_{kind}"], "about": about} for kind, about in PAIR_KINDS.items()]


def people_who_may_lend() -> list[tuple[str, str]]:
    """Return people with a reference, and on what ground their faces may be used."""
    people = Person.objects.filter(references__isnull=False).distinct().order_by("name", "pk")
    return [
        (
            person.key,
            f"{person.name} ({'computed' if person.is_procedural else person.consent or 'no consent noted'})",
        )
        for person in people
    ]


class PreviewForm(forms.Form):
    """Which clip a preview is drawn of, and how strong."""

    clip = forms.ModelChoiceField(queryset=Clip.objects.none())
    severity = forms.TypedChoiceField(choices=[(s, s) for s in SEVERITIES], coerce=int, initial=3)
    donors = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["clip"].queryset = Clip.objects.filter(state=ClipState.READY, analysis__isnull=False)
        fields["donors"].choices = people_who_may_lend()

    def recipes(self) -> list[str]:
        """Return the recipes with a weight in the form around it, or all of them."""
        chosen = [
            name for name in CATALOGUE if str(self.data.get(f"recipe_{name}") or "0") not in ("0", "0.0")
        ]
        return chosen or list(CATALOGUE)
