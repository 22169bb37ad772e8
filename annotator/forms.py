"""The shapes of what leads and guests send. Rules of the business live in the services."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from annotator.models import Curves, Role, Study
from annotator.releasing.options import ReleaseOptions
from annotator.selectors.pair_filter import (
    PairFilter,
    generators_with_pairs,
    pairs_matching,
    people_with_pairs,
    person_counts_with_pairs,
)
from config.accounts.models import User
from datasets.models import Clip, ClipState, Person, Scorer
from datasets.releases.errors import ReleaseError
from datasets.services.hub_names import hub_name_problem

NO_PAIRS = "No pair of the library matches. Widen the filter, or import clips that form pairs."
NO_QUESTION = "Ask for a verdict: overall, for each person, or both."

MAX_DIGITS = 18

CAMERA = "camera (no generator)"


class RowsField(forms.ModelMultipleChoiceField):
    """Rows by number. One that is larger than any row's is refused here, since SQLite fails on it."""

    def clean(self, value: Any) -> Any:
        for each in value or []:
            if len(str(each)) > MAX_DIGITS:
                raise ValidationError(self.error_messages["invalid_pk_value"], params={"pk": f"{each[:20]}…"})
        return super().clean(value)


class RowsChoice(forms.ModelChoiceField):
    """A row by number, refused as in `RowsField` where it is larger than any."""

    def clean(self, value: Any) -> Any:
        if len(str(value or "")) > MAX_DIGITS:
            raise ValidationError(self.error_messages["invalid_choice"], params={"value": f"{value[:20]}…"})
        return super().clean(value)


class PairFilterForm(forms.Form):
    """Which pairs: the part of the study form that the live count reads as well."""

    people = RowsField(
        queryset=Person.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="People in the clips",
    )
    generators = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Generators, both sides"
    )
    person_counts = forms.TypedMultipleChoiceField(
        required=False, coerce=int, widget=forms.CheckboxSelectMultiple, label="People in a scene"
    )
    prompt = forms.CharField(
        required=False,
        max_length=200,
        label="Prompt contains",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    fresh = forms.BooleanField(required=False, label="Only pairs that are in no study yet")
    synthetic = forms.BooleanField(required=False, label="Synthetic pairs, too: one side was distorted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["people"].queryset = people_with_pairs()
        fields["generators"].choices = [(name, name or CAMERA) for name in generators_with_pairs()]
        fields["person_counts"].choices = [
            (count, "1 person" if count == 1 else f"{count} people") for count in person_counts_with_pairs()
        ]

    def pair_filter(self) -> PairFilter:
        """Return the filter of a form whose filter fields are valid; broken ones ask for nothing."""
        data = self.cleaned_data
        return PairFilter(
            people=tuple(person.pk for person in data.get("people", [])),
            generators=tuple(data.get("generators", [])),
            person_counts=tuple(data.get("person_counts", [])),
            prompt=data.get("prompt", ""),
            fresh=data.get("fresh", False),
            synthetic=data.get("synthetic", False),
        )


class StudyForm(PairFilterForm):
    name = forms.CharField(
        max_length=200,
        help_text="Annotators see it, so it should not say which generators are compared.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    instructions = forms.CharField(
        required=False, max_length=20_000, help_text="Markdown.", widget=forms.Textarea(attrs={"rows": 8})
    )
    example_clips = RowsField(queryset=Clip.objects.filter(state=ClipState.READY), required=False)
    overlap = forms.IntegerField(
        min_value=1, max_value=25, label="Answers per item", help_text="By as many annotators."
    )
    repeat_per_cent = forms.IntegerField(
        min_value=0,
        max_value=50,
        label="Repeats, %",
        help_text="Seen again by the same person, sides swapped.",
    )
    lease_minutes = forms.IntegerField(
        min_value=1,
        max_value=24 * 60,
        label="Lease, minutes",
        help_text="A pair left lying that long goes to somebody else.",
    )
    ask_overall = forms.BooleanField(
        required=False, label="Overall", help_text="Which side keeps all the faces better?"
    )
    ask_people = forms.BooleanField(
        required=False, label="Each person", help_text="Left, same or right, one verdict a person."
    )
    ask_marks = forms.BooleanField(
        required=False,
        label="Marks",
        help_text="The frame at which a face drifts, swaps, blends or is missing.",
    )
    ask_remark = forms.BooleanField(required=False, label="Remark", help_text="Free text, optional.")
    curves = forms.ChoiceField(
        choices=Curves,
        required=False,
        label="Similarity curves",
        help_text="A model's view of each face over time. Seen before the answer, it would lead it.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        label="Seed",
        help_text="Of the order and of the repeats.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", study_defaults())
        super().__init__(*args, **kwargs)

    def clean_curves(self) -> str:
        return self.cleaned_data["curves"] or Curves.AFTER

    def clean_seed(self) -> int:
        return self.cleaned_data["seed"] or 0

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not (data.get("ask_overall") or data.get("ask_people")):
            self.add_error("ask_overall", NO_QUESTION)
        if not pairs_matching(self.pair_filter()).exists():
            raise ValidationError(NO_PAIRS)
        return data


def study_defaults() -> dict[str, Any]:
    """Return what a study has unless somebody says otherwise: the defaults of the model, in the form's units."""
    blank = Study()
    fields = [
        "overlap",
        "lease_minutes",
        "ask_overall",
        "ask_people",
        "ask_marks",
        "ask_remark",
        "curves",
        "seed",
    ]
    return {
        **{name: getattr(blank, name) for name in fields},
        "repeat_per_cent": round(100 * blank.repeat_share),
        "instructions": DEFAULT_INSTRUCTIONS,
    }


DEFAULT_INSTRUCTIONS = """\
Which clip keeps the faces of the people better?

- Compare each face with its **references** below the clips, not with your idea of a good video.
- Ignore sharpness, motion and background unless they change who somebody is.
- Mark the **first frame** at which a face stops being that person.
- If both clips keep everybody equally well, answer *tie*.
"""


class InvitationForm(forms.Form):
    DAYS = ((1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days"))

    role = forms.ChoiceField(
        choices=[(r.value, r.label) for r in Role],
        initial=Role.ANNOTATOR,
        help_text="A lead can use the library and make studies, too.",
    )
    max_uses = forms.IntegerField(min_value=1, max_value=1000, initial=1, label="For how many people")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=7, label="Valid for")


class ReleaseForm(forms.Form):
    """How a study is released; the options themselves check what goes with what."""

    FORMATS = (
        ("likeness", "Likeness: Parquet with every clip, loads with load_dataset"),
        ("videoalign", "VideoAlign: one CSV of pairs with the label SA"),
        ("identity-grpo", "Identity-GRPO: train.csv and test.csv of prompts and references"),
        ("jsonl", "JSONL: one line a comparison"),
    )

    format = forms.ChoiceField(choices=FORMATS)
    splits = forms.CharField(
        max_length=11,
        initial="80/10/10",
        label="Splits, %",
        help_text="Train/validation/test. Nobody appears in two of them.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text="Of the draw into splits: the same seed, the same splits.",
    )
    licence = forms.CharField(
        max_length=100,
        initial="other",
        help_text="Of the preferences, as the Hub writes it: cc-by-4.0, other, …",
    )
    with_media = forms.BooleanField(
        required=False,
        initial=True,
        label="With clips and references",
        help_text="Else hashes and facts alone.",
    )
    tracks = forms.BooleanField(
        required=False,
        initial=True,
        label="With identity tracks",
        help_text="Boxes, quality and embeddings of faces: biometric data.",
    )
    synthetic = forms.BooleanField(
        required=False,
        label="With known answers",
        help_text="Pairs that were made with a known answer are in though nobody judged them, marked synthetic.",
    )
    gold = forms.BooleanField(
        required=False,
        label="With answers to test questions",
        help_text="As judgments like any other; else what annotators said of them stays here.",
    )
    embed = forms.BooleanField(
        required=False,
        label="Clips in every comparison",
        help_text="Larger; a row then needs no other table. Format Likeness only.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.options()
            except ReleaseError as refused:
                raise ValidationError(str(refused)) from refused
        return data

    def options(self) -> ReleaseOptions:
        """Return the options. Raises ReleaseError where they do not go together."""
        data = dict(self.cleaned_data)
        return ReleaseOptions(media=data.pop("with_media"), **data)  # a form's own `media` are its scripts


class GoldAddForm(forms.Form):
    """Which pairs with known answers become test questions."""

    GAPS = ((1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5"), (0, "ties: nobody was changed"))

    batches = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Batches of distortions"
    )
    gaps = forms.TypedMultipleChoiceField(
        choices=GAPS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Severities",
    )
    most = forms.IntegerField(
        required=False, min_value=1, max_value=10_000, label="How many", help_text="Empty: all that fit."
    )
    with_reserved = forms.BooleanField(
        required=False,
        label="Reserved ones too",
        help_text="Pairs kept for test splits: only where nothing of this study is trained on.",
    )

    def __init__(self, *args: Any, batches: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["batches"].choices = batches  # type: ignore[attr-defined]


class QueueForm(forms.Form):
    """By which model, and how much of it by chance."""

    scorer = RowsChoice(queryset=Scorer.objects.none(), label="Reward model", empty_label=None)
    random_per_cent = forms.IntegerField(
        min_value=0, max_value=100, initial=25, label="At random, %", help_text="Of the places in the queue."
    )
    seed = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, initial=0, label="Seed", help_text="Of chance."
    )

    def __init__(self, *args: Any, scorers: QuerySet[Scorer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scorer"].queryset = scorers  # type: ignore[attr-defined]


class GoldSettingsForm(forms.Form):
    """How test questions are asked."""

    share_per_cent = forms.IntegerField(
        min_value=0, max_value=50, label="Share, %", help_text="Of an annotator's pairs, at random places."
    )
    most = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10_000,
        label="At most",
        help_text="For each; empty: all there are.",
    )
    tie_up_to = forms.TypedChoiceField(
        choices=[(0, "never"), *((n, f"up to severity {n}") for n in range(1, 6))],
        coerce=int,
        label="A tie is right",
        help_text="Where one side was changed no more than that.",
    )
    feedback = forms.BooleanField(
        required=False,
        label="Say after each whether it was right",
        help_text="Annotators then know which pairs were test questions.",
    )
    qualification_size = forms.IntegerField(
        min_value=0,
        max_value=200,
        label="Round before the first pair",
        help_text="Test questions; 0: no round.",
    )
    qualification_pass = forms.IntegerField(
        min_value=0, max_value=200, label="Right at least", help_text="To be let in."
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            size, wanted = data["qualification_size"], data["qualification_pass"]
            if size and not 1 <= wanted <= size:
                self.add_error("qualification_pass", f"Of {size} questions, 1 to {size} can be asked for.")
            if not size:
                data["qualification_pass"] = 0
        return data


class PushForm(forms.Form):
    """Where a release is pushed on the Hugging Face Hub. No token: that is the worker's own."""

    repo = forms.CharField(
        max_length=193,
        label="Repository",
        help_text="owner/name; it is made where there is none.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    private = forms.BooleanField(
        required=False,
        initial=True,
        label="Private, if it is made now",
        help_text="Faces are personal data: think before you make them public.",
    )

    def clean_repo(self) -> str:
        repo: str = self.cleaned_data["repo"]
        if problem := hub_name_problem(repo):
            raise ValidationError(problem)
        return repo


class SignUpForm(BaseUserCreationForm):
    """A new account for a guest with an invitation: a name and a password, no address."""

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username",)
        help_texts = {"username": "Letters, digits and @ . + - _; whoever leads the study sees it."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password2"].help_text = ""
