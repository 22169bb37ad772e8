"""The model as it is saved, loaded and asked: `RewardModel.from_pretrained(folder).score(clips, references, prompts)`.

A folder: model.safetensors, config.toml (configuration, embedder, calibration, the release's checksum), README.md.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from training.reward.batches import batch_of
from training.reward.clips import Clip, Track, Vectors, clip_of
from training.reward.config import Config, config_of, toml_text
from training.reward.corpus import embedder_of
from training.reward.errors import BadConfig, BadModel
from training.reward.network import IdentityReward

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.toml", "README.md"
KIND = "identity"
BATCH = 64


@dataclass(frozen=True)
class Calibration:
    """What turns differences of rewards into probabilities: d / temperature, and theta for ties."""

    temperature: float = 1.0
    theta: float = 5.0

    def probabilities(self, difference: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (…, 3): P(a), P(tie), P(b) for differences (…)."""
        d = np.asarray(difference, float) / self.temperature
        log_theta = math.log(self.theta)
        a, b = _logistic(d - log_theta), _logistic(-d - log_theta)
        return np.stack([a, (self.theta**2 - 1) * a * b, b], axis=-1)


@dataclass(frozen=True, eq=False)
class FaceTracks:
    """What a clip is scored by: its identity tracks.

    Attributes:
        key: Names the clip.
        frames: How many it has.
        tracks: By person; without an entry a person was not found.
        backend: Detector and embedder of the tracks.
    """

    key: str
    frames: int
    tracks: Mapping[str, Track]
    backend: str


@dataclass(frozen=True, eq=False)
class Scores:
    """Of N clips.

    Attributes:
        reward: (N,) overall; defined up to a shift, so that differences alone mean something.
        people: For each clip, by person, their score on the same scale.
        curves: For each clip, by person, (T,) probability that the face is kept at each moment.
        frames: For each clip, (T,) the middle frame of each moment.
        calibration: Of `probability`.
    """

    reward: NDArray[np.float64]
    people: tuple[dict[str, float], ...]
    curves: tuple[dict[str, NDArray[np.float64]], ...]
    frames: tuple[NDArray[np.float64], ...]
    calibration: Calibration = field(default_factory=Calibration)

    def probability(self, a: int, b: int) -> tuple[float, float, float]:
        """Return the calibrated probability that clip a is better than clip b, that neither is, that b is."""
        better, tie, worse = self.calibration.probabilities(
            np.array(self.reward[a] - self.reward[b])
        ).tolist()
        return better, tie, worse


@dataclass(eq=False)
class RewardModel:
    """A trained model.

    Attributes:
        network: In evaluation mode.
        config: It was trained with.
        backend: Detector and embedder of the tracks it was trained on.
        dimension: Numbers in an embedding.
        calibration: Fitted on the validation rows.
        about: Release, checksum and the like.
    """

    network: IdentityReward
    config: Config
    backend: str
    dimension: int
    calibration: Calibration = field(default_factory=Calibration)
    about: Mapping[str, Any] = field(default_factory=dict)

    def save(self, folder: Path, card: str) -> None:
        """Write the model's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.detach().contiguous() for name, value in self.network.state_dict().items()}
        save_file(weights, folder / WEIGHTS)
        document = {
            "model": {
                "kind": KIND,
                "backend": self.backend,
                "dimension": self.dimension,
                "temperature": self.calibration.temperature,
                "theta": self.calibration.theta,
                **self.about,
            },
            **self.config.as_dict(),
        }
        (folder / CONFIG).write_text(toml_text(document), encoding="utf-8")
        (folder / CARD).write_text(card, encoding="utf-8")

    @classmethod
    def from_pretrained(cls, source: str | Path) -> RewardModel:
        """Load a model from a folder, or by its id from the Hub.

        Raises:
            BadModel: There is none, or its files do not fit together.
        """
        folder = model_folder(source)
        try:
            document = tomllib.loads((folder / CONFIG).read_text(encoding="utf-8"))
            facts = document.pop("model")
            if facts.get("kind", KIND) != KIND:
                raise BadModel(
                    f"{folder} holds a model of kind {facts['kind']}, which looks at pictures: load it by "
                    "training.reward.vlm.model."
                )
            config = config_of(document)
            network = IdentityReward(config.network, facts["dimension"])
            network.load_state_dict(load_file(folder / WEIGHTS))
        except (
            OSError,
            KeyError,
            tomllib.TOMLDecodeError,
            SafetensorError,
            RuntimeError,
            BadConfig,
        ) as error:
            reason = str(error).splitlines()[0]
            raise BadModel(f"{folder} holds no reward model that can be used: {reason}") from error
        own = {"kind", "backend", "dimension", "temperature", "theta"}
        return cls(
            network.eval(),
            config,
            facts["backend"],
            facts["dimension"],
            Calibration(facts["temperature"], facts["theta"]),
            {name: value for name, value in facts.items() if name not in own},
        )

    def score(
        self,
        clips: Sequence[FaceTracks],
        references: Sequence[Mapping[str, Vectors]],
        prompts: Sequence[str] = (),
    ) -> Scores:
        """Judge how well everybody's identity is kept.

        Args:
            clips: Identity tracks of each clip, by the embedder that the model was trained on.
            references: For each clip, by person who should be in it, (R, D) embeddings, R at least 1.
            prompts: What each clip was asked to show; this model looks at faces alone and does not read them.

        Raises:
            BadModel: Tracks of another embedder, or nobody to look for.
        """
        ready = []
        for clip, people in zip(clips, references, strict=True):
            self.require(clip.backend)
            if not people:
                raise BadModel(
                    f"Nobody is named who should be in {clip.key}: give at least one person's references."
                )
            names = sorted(people)
            most = self.config.data.references
            ready.append(
                clip_of(
                    clip.key,
                    clip.frames,
                    names,
                    [people[name][:most] for name in names],
                    [clip.tracks.get(name) for name in names],
                    steps=self.config.data.steps,
                )
            )
        return self.score_clips(ready)

    def score_clips(self, clips: Sequence[Clip]) -> Scores:
        """Judge clips that are on a grid already, as a corpus holds them."""
        rewards: list[float] = []
        people: list[dict[str, float]] = []
        curves: list[dict[str, NDArray[np.float64]]] = []
        for part in _parts(clips, BATCH):
            with torch.inference_mode():
                output = self.network(batch_of(part))
            kept = output.kept.sigmoid().double().numpy()
            rewards += output.reward.tolist()
            for place, clip in enumerate(part):
                own = output.person[place].tolist()
                people.append(dict(zip(clip.people, own, strict=False)))
                curves.append(dict(zip(clip.people, kept[place], strict=False)))
        frames = tuple(np.array([clip.frame_of(t) for t in range(clip.steps)]) for clip in clips)
        return Scores(np.array(rewards, float), tuple(people), tuple(curves), frames, self.calibration)

    def require(self, backend: str) -> None:
        """Raise BadModel unless tracks of a backend can be judged."""
        if embedder_of(backend) != embedder_of(self.backend):
            raise BadModel(
                f"This model was trained on embeddings of {embedder_of(self.backend)}; these tracks have embeddings of "
                f"{embedder_of(backend)}. Analyse the clips by the former, or train on a release with the latter."
            )


def _parts(clips: Sequence[Clip], size: int) -> Iterator[Sequence[Clip]]:
    for start in range(0, len(clips), size):
        yield clips[start : start + size]


def model_folder(source: str | Path) -> Path:
    """Return a model's folder: the one given, or a copy of what the Hub has under that id.

    Raises:
        BadModel: there is neither.
    """
    folder = Path(source)
    if folder.is_dir():
        return folder
    name = str(source)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise BadModel(f"There is no folder {folder}.")
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, allow_patterns=[WEIGHTS, CONFIG, CARD]))
    except Exception as error:
        raise BadModel(f"{name} is neither a folder nor a model that the Hub gives: {error}") from error


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (1 + np.tanh(0.5 * x))
