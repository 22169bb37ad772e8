"""The forms of new runs: what is learned from, a preset, and what is most often changed of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django import forms

from config.accounts.models import User
from datasets.models import Release
from training.models import Run
from training.reward.config import STRATEGIES, Config, config_read, toml_text
from training.reward.errors import BadConfig
from training.selectors import releases_for, rewards_for

CONFIGS = Path(__file__).resolve().parent / "configs"
STRATEGY_LINES = {
    "smooth": "smooth: a teacher filters automatic rows, whose share falls",
    "all": "all: every row by its weight",
    "human": "human: judged rows alone",
    "automatic": "automatic: rows with known answers alone",
    "random": "random: half and half",
}


METHODS = {
    "grpo_toy.toml": "GRPO: samples of a prompt against one another",
    "nft_toy.toml": "NFT: towards good samples, away from bad ones, without noise in steps",
    "sft_toy.toml": "fine-tuning on the base's best samples, the comparison",
}
"""Configurations of the toy generator."""


def presets() -> list[tuple[str, str]]:
    return [
        (path.name, path.stem.replace("_", " ")) for path in sorted(CONFIGS.glob("reward_identity*.toml"))
    ]


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


class PolicyForm(forms.Form):
    """A policy takes prompts and people from its reward model's release: so nobody whom it is measured on taught it."""

    reward: forms.ModelChoiceField = forms.ModelChoiceField(
        Run.objects.none(), label="Reward model", empty_label="choose a finished run",
        help_text="Its release gives prompts and people: train to tune on, test to measure.",
    )  # fmt: skip
    name = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    method = forms.ChoiceField(choices=list(METHODS.items()))
    updates = forms.IntegerField(min_value=1, max_value=10_000, initial=60)
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=0)

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["reward"].queryset = rewards_for(user)  # type: ignore[attr-defined]

    def config(self) -> str:
        """Return the configuration of a valid form, as TOML."""
        values = self.cleaned_data
        held = tomllib.loads((CONFIGS / values["method"]).read_text(encoding="utf-8"))
        return toml_text({**held, "updates": values["updates"], "seed": values["seed"]})
