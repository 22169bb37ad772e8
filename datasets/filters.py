"""The filter over the library: what stands in the URL of its page."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from datasets.models import Clip, ClipState, Origin, Person
from datasets.selectors.analysed import FACES, clips_with_faces
from datasets.selectors.clips import generators

SHOWN_STATES = [choice for choice in ClipState.choices if choice[0] != ClipState.REMOVED]


class ClipFilter(django_filters.FilterSet):
    text = django_filters.CharFilter(
        method="by_text",
        label="Text",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Prompt, file name or hash"}),
    )
    person = django_filters.ModelChoiceFilter(
        method="by_person",
        queryset=Person.objects.all(),
        to_field_name="key",
        label="Person",
        empty_label="anybody",
    )
    generator = django_filters.ChoiceFilter(choices=list, label="Generator", empty_label="any")
    origin = django_filters.ChoiceFilter(choices=Origin.choices, label="Origin", empty_label="any")
    state = django_filters.ChoiceFilter(choices=SHOWN_STATES, label="State", empty_label="any")
    faces = django_filters.ChoiceFilter(
        method="by_faces", choices=list(FACES.items()), label="Faces", empty_label="any"
    )

    class Meta:
        model = Clip
        fields = ["text", "person", "generator", "origin", "state", "faces"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.filters["generator"].extra["choices"] = [(name, name) for name in generators()]

    def by_text(self, clips: QuerySet[Clip], name: str, value: str) -> QuerySet[Clip]:
        matches = Q(prompt__icontains=value) | Q(source_name__icontains=value)
        if len(value) >= 6:
            matches |= Q(sha256__startswith=value.lower())
        return clips.filter(matches)

    def by_person(self, clips: QuerySet[Clip], name: str, value: Person) -> QuerySet[Clip]:
        # A clip has a person once (subjects_once_per_clip): the join doubles nothing.
        return clips.filter(clip_subjects__person=value)

    def by_faces(self, clips: QuerySet[Clip], name: str, value: str) -> QuerySet[Clip]:
        return clips_with_faces(clips, value)
