"""The shapes of what leads send to the library. Rules live in the services."""

from typing import Any

from django import forms

from config.accounts.models import User
from datasets.models import Clip, Origin, Person
from datasets.services.clips import ClipFacts
from datasets.services.people import people_named

SEPARATOR = ";"
MAX_NAME_LENGTH = 200


class ClipFactsForm(forms.Form):
    """What is said of a clip; people by name or key, new names become new people."""

    people = forms.CharField(
        required=False,
        max_length=2000,
        label="People in it",
        help_text="Separated by “;”. A name that is new is added to the people.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "people-names"}),
    )
    prompt = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}))
    origin = forms.ChoiceField(choices=Origin.choices, initial=Origin.GENERATED)
    generator = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "generator-names"}),
    )
    generator_version = forms.CharField(required=False, max_length=200, label="Version")
    seed = forms.CharField(required=False, max_length=64)
    licence = forms.CharField(required=False, max_length=200)

    @classmethod
    def of_clip(cls, clip: Clip) -> "ClipFactsForm":
        return cls(
            initial={
                "people": f"{SEPARATOR} ".join(
                    clip.subjects.order_by("clip_subjects__position").values_list("name", flat=True)
                ),
                "prompt": clip.prompt,
                "origin": clip.origin,
                "generator": clip.generator,
                "generator_version": clip.generator_version,
                "seed": clip.seed,
                "licence": clip.licence,
            }
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if any(len(label) > MAX_NAME_LENGTH for label in self._labels(data.get("people", ""))):
            self.add_error(
                "people", f"A name has at most {MAX_NAME_LENGTH} characters. Separate people by “;”."
            )
        if data.get("origin") == Origin.REAL and data.get("generator"):
            self.add_error("generator", "A real clip has no generator.")
        return data

    def facts(self, *, by: User) -> ClipFacts:
        """Return the facts of a valid form; adds the people who are new."""
        data = self.cleaned_data
        people = people_named(labels=self._labels(data["people"]), created_by=by)
        return ClipFacts(
            prompt=data["prompt"].strip(),
            generator=data["generator"].strip(),
            generator_version=data["generator_version"].strip(),
            seed=data["seed"].strip(),
            licence=data["licence"].strip(),
            origin=data["origin"],
            subject_ids=tuple(dict.fromkeys(person.pk for person in people)),
        )

    @staticmethod
    def _labels(people: str) -> list[str]:
        return [label for part in people.split(SEPARATOR) if (label := part.strip())]


class PersonForm(forms.ModelForm):
    class Meta:
        model = Person
        fields = ["name", "consent"]
        labels = {"consent": "Consent"}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "consent": forms.Textarea(attrs={"rows": 3}),
        }
