"""The model as it is saved, loaded and asked: `VlmRewardModel.from_pretrained(folder).score(clips, references)`.

A folder: model.safetensors (what was trained; the base is named, not copied), config.toml, README.md. The interface is
`training.reward.model.RewardModel`'s, on pictures where that has tracks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from training.reward.config import toml_text
from training.reward.errors import BadConfig, BadModel, RewardError
from training.reward.model import CARD, CONFIG, WEIGHTS, Calibration, Scores, model_folder
from training.reward.vlm.config import VlmConfig, vlm_config_of
from training.reward.vlm.films import sampled
from training.reward.vlm.inputs import Film, Frames, Inputs, tokenizer_of
from training.reward.vlm.network import VlmReward, backbone_of

KIND = "vlm"
NO_GPU = (
    "Qwen2.5-VL needs a GPU, and torch sees none here: use a machine that has one, the small model on identity tracks "
    '(training.reward.train), or base = "tiny" to try that everything runs.'
)


@dataclass(frozen=True, eq=False)
class FilmClip:
    """A clip to be judged: (T, H, W, 3) uint8 RGB, frames a second."""

    key: str
    frames: Frames
    fps: float


@dataclass(eq=False)
class VlmRewardModel:
    """A trained model, in evaluation mode.

    Attributes:
        network, inputs: The model, and what makes tensors for it.
        config: It was trained with.
        calibration: Fitted on the validation rows.
        about: Release, checksum and the like.
    """

    network: VlmReward
    inputs: Inputs
    config: VlmConfig
    calibration: Calibration = field(default_factory=Calibration)
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def new(cls, config: VlmConfig) -> VlmRewardModel:
        """Return an untrained model, on a GPU where there is one.

        Raises:
            RewardError: it is no tiny one, and there is no GPU.
        """
        device, dtype = device_for(config)
        inputs = Inputs(tokenizer_of(config), config)
        backbone = backbone_of(config, inputs, dtype=dtype)
        torch.manual_seed(config.seed)
        return cls(VlmReward(backbone, config, inputs.reward_id).to(device), inputs, config)

    @property
    def device(self) -> torch.device:
        return self.network.head.weight.device

    def save(self, folder: Path, card: str) -> None:
        """Write the model's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.cpu().contiguous() for name, value in self.network.trained().items()}
        save_file(weights, folder / WEIGHTS)
        facts = {
            "kind": KIND,
            "temperature": self.calibration.temperature,
            "theta": self.calibration.theta,
            **self.about,
        }
        (folder / CONFIG).write_text(toml_text({"model": facts, **self.config.as_dict()}), encoding="utf-8")
        (folder / CARD).write_text(card, encoding="utf-8")

    @classmethod
    def from_pretrained(cls, source: str | Path) -> VlmRewardModel:
        """Load a model from a folder, or by its id from the Hub; its base comes from where its configuration says.

        Raises:
            BadModel: there is none, or its files do not fit together.
            RewardError: there is no GPU.
        """
        folder = model_folder(source)
        try:
            document = tomllib.loads((folder / CONFIG).read_text(encoding="utf-8"))
            facts = document.pop("model")
            if facts["kind"] != KIND:
                raise BadModel(
                    f"{folder} holds a model of kind {facts['kind']}: load it by training.reward.model."
                )
            model = cls.new(vlm_config_of(document))
            model.network.load_trained(load_file(folder / WEIGHTS))
        except (OSError, KeyError, tomllib.TOMLDecodeError, SafetensorError, BadConfig) as error:
            raise BadModel(f"{folder} holds no reward model that can be used: {error}") from error
        own = {"kind", "temperature", "theta"}
        model.network.eval()
        model.calibration = Calibration(facts["temperature"], facts["theta"])
        model.about = {name: value for name, value in facts.items() if name not in own}
        return model

    def score(
        self,
        clips: Sequence[FilmClip],
        references: Sequence[Mapping[str, Sequence[Frames]]],
        prompts: Sequence[str] = (),
    ) -> Scores:
        """Judge how well everybody's identity is kept.

        Args:
            clips: Films.
            references: For each clip, by person who should be in it, pictures (H, W, 3) uint8 RGB, one at least.
            prompts: What each clip was asked to show; this model reads them.

        The curves are empty: this model gives a score for each person, not for each moment.
        """
        asked = list(prompts) or [""] * len(clips)
        films = []
        for clip, people, prompt in zip(clips, references, asked, strict=True):
            if not people or not all(people.values()):
                raise BadModel(
                    f"Nobody is named who should be in {clip.key}: give each person one picture at least."
                )
            at = sampled(len(clip.frames), self.config.frames)
            seconds = tuple(place / clip.fps for place in at)
            films.append(Film(clip.key, clip.frames[at], seconds, people, prompt))
        return self.score_films(films)

    def score_films(self, films: Sequence[Film]) -> Scores:
        """Judge films whose frames are sampled already."""
        rewards: list[float] = []
        people: list[dict[str, float]] = []
        self.network.eval()
        for film in films:
            with torch.inference_mode():
                output = self.network(self.inputs.batch([film]).to(self.device))
            rewards.append(float(output.reward[0]))
            people.append(dict(zip(film.references, output.people[0].tolist(), strict=False)))
        frames = tuple(np.array(film.seconds) for film in films)
        return Scores(
            np.array(rewards, float), tuple(people), tuple({} for _ in films), frames, self.calibration
        )


def device_for(config: VlmConfig) -> tuple[torch.device, torch.dtype]:
    """Return where and in what numbers a base runs.

    Raises:
        RewardError: it is no tiny one, and there is no GPU.
    """
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device()), torch.bfloat16
    if not config.is_tiny:
        raise RewardError(NO_GPU)
    return torch.device("cpu"), torch.float32
