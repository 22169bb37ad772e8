"""The form of a new run: a release, a preset, and what is most often changed of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms

from config.accounts.models import User
from datasets.models import Release
from training.reward.config import STRATEGIES, Config, config_read
from training.reward.errors import BadConfig
from training.selectors import releases_for

CONFIGS = Path(__file__).resolve().parent / "configs"
STRATEGY_LINES = {
    "smooth": "smooth: a teacher filters automatic rows, whose share falls",
    "all": "all: every row by its weight",
    "human": "human: judged rows alone",
    "automatic": "automatic: rows with known answers alone",
    "random": "random: half and half",
}


def presets() -> list[tuple[str, str]]:
    return [(path.name, path.stem.replace("_", " ")) for path in sorted(CONFIGS.glob("reward_*.toml"))]


class RunForm(forms.Form):
    name = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    release: forms.ModelChoiceField = forms.ModelChoiceField(
        Release.objects.none(), empty_label="choose a release",
        help_text="In Likeness's own format, with tracks.",
    )  # fmt: skip
    preset = forms.ChoiceField()
    strategy = forms.ChoiceField(
        choices=[(name, STRATEGY_LINES[name]) for name in STRATEGIES], initial="smooth"
    )
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=0)
    holdout_recipes = forms.CharField(
        required=False, label="Recipes held out",
        help_text="Names with commas. Their clips are in no training row, and are measured apart.",
    )  # fmt: skip

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["release"].queryset = releases_for(user)  # type: ignore[attr-defined]
        self.fields["preset"] = forms.ChoiceField(choices=presets())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                values["config"] = self._config(values)
            except BadConfig as error:
                raise forms.ValidationError(str(error)) from None
        return values

    def _config(self, values: dict[str, Any]) -> Config:
        recipes = [name.strip() for name in values["holdout_recipes"].split(",") if name.strip()]
        return config_read(CONFIGS / values["preset"]).with_values(
            [
                f"training.strategy='{values['strategy']}'",
                f"training.seed={values['seed']}",
                f"data.holdout_recipes={recipes}",
            ]
        )
