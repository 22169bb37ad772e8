"""The training loop: stages, steps, validation, checkpoints. Deterministic on a processor, and resumed to the bit.

Everything random is a function of (seed, stage, step), but for dropout, whose generator is kept in the checkpoint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.reward.batches import augmented_batch
from training.reward.checkpoint import checkpoint_read, checkpoint_write
from training.reward.config import Config
from training.reward.corpus import Comparison, Corpus
from training.reward.errors import BadModel, TrainingStopped
from training.reward.losses import preference_loss
from training.reward.model import RewardModel
from training.reward.network import IdentityReward
from training.reward.objective import Objective
from training.reward.sampling import Pools, draw_rows, swapped
from training.reward.stages import TEACHER, Stage, agreed, pools_of, recipe_rows, stages_of, stopping_rows

METRICS = "metrics.jsonl"
_AUGMENT, _SWAP = 11, 13  # apart from the seeds that draw rows

OnStep = Callable[[str, int, int, float], None]
"""Called after each step with the stage's name, its step, its steps and the loss."""


@dataclass
class Progress:
    """Where a run is; with weights and optimiser all that a checkpoint holds."""

    stage: int = 0
    step: int = 0
    best: float = math.inf
    best_step: int = 0
    without_gain: int = 0
    kept: list[int] | None = None
    lines: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a run: the best weights by validation, and how it went."""

    network: IdentityReward
    objective: Objective
    steps: int
    best_step: int
    kept: int | None
    automatic: int


class Trainer:
    """One run over a corpus, in a folder of its own."""

    def __init__(self, corpus: Corpus, config: Config, folder: Path) -> None:
        self.corpus, self.config, self.folder = corpus, config, folder
        self.pools = pools_of(corpus, config)
        self.stopping = stopping_rows(corpus, config)
        self.by_recipe = recipe_rows(corpus, config)
        self.stages = stages_of(config)
        self.progress = Progress()
        self.network: IdentityReward
        self.objective: Objective
        self.optimiser: torch.optim.AdamW

    def run(self, *, resume: bool = False, on_step: OnStep | None = None) -> Trained:
        """Train to the end.

        Raises:
            TrainingStopped: a loss is no number, or the disk is full; the last checkpoint is kept.
            BadModel: the checkpoint is of another configuration or release.
        """
        with _deterministic(self.config.training.threads):
            self._begin(self.stages[0])
            state = checkpoint_read(self.folder) if resume else None
            if state is not None:
                self._restore(state)
            self._trim_metrics()
            for stage in self.stages[self.progress.stage :]:
                self._run_stage(stage, on_step)
        return Trained(
            self.network.eval(),
            self.objective,
            self.progress.step,
            self.progress.best_step,
            None if self.progress.kept is None else len(self.progress.kept),
            len(self.pools.automatic),
        )

    # ------------------------------------------------------------ stages and steps

    def _begin(self, stage: Stage) -> None:
        """Make new weights for a stage; those of the model do not come from the teacher."""
        training = self.config.training
        torch.manual_seed(training.seed * 1009 + stage.number)
        self.network = IdentityReward(self.config.network, self.corpus.dimension)
        self.objective = Objective(self.config.loss)
        self._set_spread()
        parameters = [*self.network.parameters(), *self.objective.parameters()]
        self.optimiser = torch.optim.AdamW(
            [each for each in parameters if each.requires_grad],
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            fused=True,
        )

    def _set_spread(self) -> None:
        """Measure how likeness spreads in the training clips, so that every embedder looks alike to the network."""
        rows = [*self.pools.human, *self.pools.automatic]
        places = sorted({place for row in rows for place in (row.a, row.b)})
        clips = [self.corpus.clips[place] for place in places]
        values = np.concatenate([clip.likeness[clip.present] for clip in clips])
        if len(values):
            self.network.likeness_mean.copy_(torch.from_numpy(values.mean(axis=0)))
            self.network.likeness_spread.copy_(torch.from_numpy(np.maximum(values.std(axis=0), 1e-3)))

    def _run_stage(self, stage: Stage, on_step: OnStep | None) -> None:
        training, progress = self.config.training, self.progress
        while progress.step < stage.steps and progress.without_gain < training.patience:
            loss = self._step(stage)
            progress.step += 1
            if progress.step % training.validate_every == 0 or progress.step == stage.steps:
                self._validate(stage)
            if progress.step % training.checkpoint_every == 0:
                self._save()
            if on_step is not None:
                on_step(stage.name, progress.step, stage.steps, loss)
        self._take_best()
        if stage.name == TEACHER:
            self._filter()
            self._begin(self.stages[stage.number + 1])
            self.progress = Progress(stage=progress.stage + 1, kept=progress.kept, lines=progress.lines)
        self._save()

    def _step(self, stage: Stage) -> float:
        training, step = self.config.training, self.progress.step
        rows = draw_rows(self._pools(stage), training, stage.strategy, stage.number, step, stage.steps)
        rng = np.random.default_rng([training.seed, stage.number, step, _SWAP])
        rows = swapped(rows, rng)
        rng = np.random.default_rng([training.seed, stage.number, step, _AUGMENT])
        clips = [self.corpus.clips[place] for place in [*(row.a for row in rows), *(row.b for row in rows)]]
        batch = augmented_batch(clips, training, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = training.learning_rate * _pace(step, training.warmup, stage.steps)
        self.network.train()
        losses = self.objective(self.network, rows, batch, self.corpus.known)
        if not torch.isfinite(losses["loss"]):
            raise TrainingStopped(
                f"The loss is no number at step {step} of the {stage.name}. The last checkpoint is kept: go on with "
                "--resume and a lower training.learning_rate, and look for embeddings out of range."
            )
        self.optimiser.zero_grad()
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), training.clip)
        self.optimiser.step()
        values = {name: round(float(value.detach()), 6) for name, value in losses.items()}
        self._write({"stage": stage.name, "step": step, **values})
        return values["loss"]

    def _pools(self, stage: Stage) -> Pools:
        if stage.name == TEACHER:
            return Pools(self.pools.human, [], self.pools.weights)
        if self.progress.kept is None:
            return self.pools
        return Pools(
            self.pools.human,
            [self.pools.automatic[place] for place in self.progress.kept],
            self.pools.weights,
        )

    # ------------------------------------------------------------ validation and the teacher

    def _validate(self, stage: Stage) -> None:
        progress = self.progress
        rewards = self._rewards([*self.stopping, *(row for rows in self.by_recipe.values() for row in rows)])
        loss, accuracy = self._measure(self.stopping, rewards)
        progress.without_gain += 1
        if loss < progress.best:
            progress.best, progress.best_step, progress.without_gain = loss, progress.step, 0
            progress.best_weights = {
                name: value.detach().clone()
                for module, prefix in ((self.network, "network."), (self.objective, "objective."))
                for name, value in module.state_dict(prefix=prefix).items()
            }
        self._write(
            {
                "stage": stage.name,
                "step": progress.step,
                "validation_loss": round(loss, 6),
                "validation_accuracy": round(accuracy, 6),
                "best_step": progress.best_step,
                "recipes": {
                    name: [round(self._measure(rows, rewards)[1], 6), len(rows)]
                    for name, rows in self.by_recipe.items()
                },
            }
        )

    def _measure(self, rows: Sequence[Comparison], rewards: torch.Tensor) -> tuple[float, float]:
        """Return the preference loss, and the share of decided rows whose better side scores higher."""
        places = torch.tensor([[row.a, row.b] for row in rows])
        difference = rewards[places[:, 0]] - rewards[places[:, 1]]
        label = torch.tensor([row.label for row in rows], dtype=torch.float32)
        weight = torch.tensor([row.weight for row in rows], dtype=torch.float32)
        loss = preference_loss(difference, label, self.objective.log_theta.detach(), weight)
        decided = torch.tensor([row.choice != 1 for row in rows])
        sign = torch.tensor([1.0 - row.choice for row in rows])
        right = (difference * sign > 0)[decided].float()
        return float(loss), float(right.mean()) if len(right) else math.nan

    def _rewards(self, rows: Sequence[Comparison]) -> torch.Tensor:
        """Return the reward of each clip of the corpus that is in these rows; NaN for the others."""
        places = sorted({place for row in rows for place in (row.a, row.b)})
        model = RewardModel(self.network.eval(), self.config, self.corpus.backend, self.corpus.dimension)
        scores = model.score_clips([self.corpus.clips[place] for place in places])
        rewards = torch.full((len(self.corpus.clips),), math.nan)
        rewards[torch.tensor(places)] = torch.tensor(scores.reward, dtype=torch.float32)
        return rewards

    def _filter(self) -> None:
        rows = self.pools.automatic
        log_theta = float(self.objective.log_theta.detach())
        kept = agreed(rows, self._rewards(rows), log_theta, self.config.training.confidence)
        self.progress.kept = kept
        self._write({"stage": TEACHER, "step": self.progress.step, "kept": len(kept), "automatic": len(rows)})

    def _take_best(self) -> None:
        if self.progress.best_weights:
            for module, prefix in ((self.network, "network."), (self.objective, "objective.")):
                weights = self.progress.best_weights
                module.load_state_dict(
                    {name.removeprefix(prefix): v for name, v in weights.items() if name.startswith(prefix)}
                )

    # ------------------------------------------------------------ what is on disk

    def _write(self, line: dict[str, Any]) -> None:
        try:
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise TrainingStopped(
                f"{self.folder / METRICS} cannot be written: {error.strerror}. The last checkpoint is kept: free some "
                "space, then go on with --resume."
            ) from error
        self.progress.lines += 1

    def _trim_metrics(self) -> None:
        """Cut lines that were written after the checkpoint: their steps are done again."""
        path = self.folder / METRICS
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        path.write_text("".join(lines[: self.progress.lines]), encoding="utf-8")

    def _save(self) -> None:
        checkpoint_write(
            self.folder,
            {
                "identity": self._identity(),
                "progress": vars(self.progress),
                "network": self.network.state_dict(),
                "objective": self.objective.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "random": torch.get_rng_state(),
            },
        )

    def _restore(self, state: dict[str, Any]) -> None:
        if state["identity"] != self._identity():
            raise BadModel(
                f"The checkpoint in {self.folder} is of another configuration or release: give the same ones, or "
                "another --out."
            )
        self.progress = Progress(**state["progress"])
        if self.progress.stage < len(self.stages):
            self._begin(self.stages[self.progress.stage])
        self.network.load_state_dict(state["network"])
        self.objective.load_state_dict(state["objective"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])

    def _identity(self) -> str:
        return json.dumps([self.corpus.checksum, self.config.as_dict()], sort_keys=True)


def _pace(step: int, warmup: int, steps: int) -> float:
    """Return the share of the learning rate: up in a line, down by a cosine to a tenth."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))


@contextmanager
def _deterministic(threads: int) -> Iterator[None]:
    """Make torch repeat itself to the bit meanwhile."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
