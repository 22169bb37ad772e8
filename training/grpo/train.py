"""The loop: sample, reward, update, write down; it can be killed anywhere and goes on bit for bit.

A run is a folder:

    config.toml        every setting, defaults spelt out
    metrics.jsonl      one line an update: rewards, ratios, guards, evaluation; the same if it was interrupted
    timings.jsonl      seconds by phase, which are not
    last.pt            weights, moving average, optimiser: written whole after each update, so a kill costs one update
    evaluation/        clips of the same prompts and seeds, as arrays, at each evaluation
    stopped.txt        why a guard ended the run, if one did

Departures from Flow-GRPO and Identity-GRPO: explicit plan with group ids, log-probabilities recomputed by
the path that trains, no noise in the last step and none in reference slots, moving average once an update
and cloned, rewards never written to disk.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import Conditions, Generator, Prompt
from training.grpo import ranks
from training.grpo.advantage import Advantages, RewardError, group_advantages
from training.grpo.config import PolicyConfig, as_toml
from training.grpo.guards import Watch, copying, diversity, motion, sharpness
from training.grpo.loss import old_policy_decay
from training.grpo.plan import UpdatePlan, evaluation_rows, plan_update, rows_of_rank, seed_of
from training.grpo.policy import Policy, add_adapters, average_decay, blend_into
from training.grpo.rollout import Reward, Rollout, roll_out
from training.grpo.update import Learner, TrainingError, update_policy

Judge = Callable[[Tensor, Sequence[Prompt]], dict[str, float]]


@dataclass(frozen=True)
class Task:
    """What a policy is tuned on.

    Attributes:
        prompts: trained on. reward: of clips, `reward` and whatever parts it has.
        held_out: prompts of other people, for evaluation. judge: that the reward never saw.
    """

    generator: Generator
    prompts: tuple[Prompt, ...]
    reward: Reward
    held_out: tuple[Prompt, ...] = ()
    judge: Judge | None = None


def train(task: Task, config: PolicyConfig, folder: Path, *, updates: int | None = None) -> str | None:
    """Train until the configured number of updates, or `updates` more; return why a guard stopped the run, or None.

    A folder with a checkpoint is gone on with; another configuration there raises TrainingError.
    """
    with _alone(folder):
        run = Run(task, config, folder)
        last = config.updates if updates is None else min(config.updates, run.done + updates)
        while run.done < last and run.stopped is None:
            try:
                run.advance()
            except torch.OutOfMemoryError as error:
                raise TrainingError(
                    f"out of memory: groups.batch = {max(1, config.groups.batch // 2)} about halves what is needed"
                ) from error
        return run.stopped


class Run:
    """A run in memory."""

    def __init__(self, task: Task, config: PolicyConfig, folder: Path) -> None:
        self.task, self.config, self.folder = task, config, folder
        _check_prompts(task)
        if config.groups.groups < ranks.ranks():
            raise TrainingError(
                f"groups.groups = {config.groups.groups} leaves some of {ranks.ranks()} processes idle"
            )
        if config.objective.scale == "batch" and ranks.ranks() > 1:
            raise TrainingError("objective.scale = 'batch' needs all rewards in one process: take 'group'")
        add_adapters(task.generator.network, task.generator.lora_targets, config.optimiser, config.seed)
        task.generator.network.eval()  # no dropout: the two passes must agree
        self.policy = Policy(task.generator.network)
        chosen = config.optimiser
        self.learner = Learner(
            task.generator,
            self.policy,
            torch.optim.AdamW(
                self.policy.parameters.values(),
                lr=chosen.learning_rate,
                betas=(chosen.beta1, chosen.beta2),
                weight_decay=chosen.weight_decay,
            ),
            config,
            old=self.policy.snapshot(),
        )
        self.average = self.policy.snapshot()
        self.watch = Watch(config.guards)
        self.done = 0
        self.stopped: str | None = None
        self.conditions = task.generator.encode(task.prompts)
        self.held_out: Conditions | None = task.generator.encode(task.held_out) if task.held_out else None
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def advance(self) -> None:
        """Do one update and write it down."""
        clock = _Clock()
        record: dict[str, Any] = {"update": self.done}
        if self.done % self.config.evaluate_every == 0:
            record |= self.evaluate()
            clock.lap("evaluate")
        plan = plan_update(self.config, self.done, len(self.task.prompts))
        rollout = self._sample(plan)
        clock.lap("rollout")
        rewards, parts = self._reward(rollout)
        clock.lap("reward")
        advantages = self._advantages(rollout, rewards)
        record["flat_groups"] = ranks.summed(torch.tensor(float(advantages.flat))).item()
        record |= ranks.averaged(parts | {"reward_spread": float(np.mean(advantages.spreads))})
        record |= self._guarded(rollout)
        clock.lap("guards")
        record |= update_policy(self.learner, rollout, advantages, rewards)
        self.done += 1
        decay = average_decay(self.config.optimiser.average, self.done)
        blend_into(self.average, self.policy, decay)
        objective = self.config.objective
        blend_into(
            self.learner.old,
            self.policy,
            old_policy_decay(self.done, slope=objective.nft_slope, most=objective.nft_most),
        )
        clock.lap("learning")
        self._write(record, clock)
        if self.done == self.config.updates and self.stopped is None:
            self._finish()

    def evaluate(self) -> dict[str, float]:
        """Judge the moving average on held-out prompts: the ODE's samples from seeds of their own."""
        if self.held_out is None or self.task.judge is None or ranks.rank() != 0:
            return {}
        rows = evaluation_rows(len(self.task.held_out), self.config.seed)
        with self.policy.using(self.average):
            rollout = roll_out(
                self.task.generator, self.held_out, rows, self.config.sampler, batch=self.config.groups.batch
            )
        found = self.task.judge(rollout.frames, self.task.held_out)
        (self.folder / "evaluation").mkdir(exist_ok=True)
        np.save(self.folder / "evaluation" / f"{self.done:05d}.npy", rollout.frames[:16].numpy())
        return {f"judge/{name}": value for name, value in found.items()}

    def _sample(self, plan: UpdatePlan) -> Rollout:
        """Sample this process's rows: with noise under the current weights, or by the ODE under those that sample."""
        config, rows = self.config, rows_of_rank(plan, ranks.rank(), ranks.ranks())
        common = (self.task.generator, self.conditions, rows, config.sampler)
        if config.objective.method == "grpo":
            return roll_out(*common, window=plan.window, batch=config.groups.batch)
        from_base = config.objective.method == "sft" and config.objective.sft_from == "base"
        with self.policy.using(self.policy.base if from_base else self.learner.old):
            return roll_out(*common, batch=config.groups.batch)

    def _reward(self, rollout: Rollout) -> tuple[np.ndarray, dict[str, float]]:
        prompts = [self.task.prompts[row.prompt] for row in rollout.rows]
        with torch.inference_mode():
            found = {
                name: held.double().numpy()
                for name, held in self.task.reward(rollout.frames, prompts).items()
            }
        rewards = np.array(found["reward"])
        if not np.isfinite(rewards).all():
            worst = rollout.rows[int(np.argmin(np.isfinite(rewards)))]
            raise TrainingError(
                f"the reward of update {worst.update}, group {worst.group}, member {worst.member} is not a number"
            )
        if self.config.objective.shuffle_rewards:
            order = np.random.default_rng(seed_of(self.config, self.done)).permutation(len(rewards))
            return rewards[order], {name: float(values.mean()) for name, values in found.items()}
        return rewards, {name: float(values.mean()) for name, values in found.items()}

    def _advantages(self, rollout: Rollout, rewards: np.ndarray) -> Advantages:
        groups = [row.group for row in rollout.rows]
        objective = self.config.objective
        try:
            return group_advantages(rewards, groups, scale=objective.scale, flat_below=objective.flat_below)
        except RewardError as error:
            raise TrainingError(str(error)) from error

    def _guarded(self, rollout: Rollout) -> dict[str, float]:
        """Measure what the reward does not see, and stop where a limit is broken."""
        frames, prompts = rollout.frames, [self.task.prompts[row.prompt] for row in rollout.rows]
        measured = {
            "motion": motion(frames).mean().item(),
            "sharpness": sharpness(frames).mean().item(),
            "diversity": diversity(frames, [row.group for row in rollout.rows]),
        }
        if (
            self.config.guards.copying_most
        ):  # the slowest to measure: on at most 16 clips, and only where it is wanted
            stride = -(-len(frames) // 16)
            measured["copying"] = copying(frames[::stride], prompts[::stride]).mean().item()
        measured = ranks.averaged(measured)
        self.stopped = self.watch.look(measured)
        return measured

    def _write(self, record: dict[str, Any], clock: _Clock) -> None:
        """Append the record, then the checkpoint: what a kill leaves between the two is cut away on resuming."""
        if ranks.rank() != 0:
            return
        with (self.folder / "metrics.jsonl").open("a") as held:
            held.write(json.dumps(record) + "\n")
        with (self.folder / "timings.jsonl").open("a") as held:
            held.write(json.dumps({"update": record["update"]} | clock.laps) + "\n")
        if self.stopped:
            (self.folder / "stopped.txt").write_text(self.stopped + "\n")
        if self.done % self.config.keep_every == 0 or self.stopped or self.done == self.config.updates:
            self._keep()

    def _keep(self) -> None:
        held = {
            "done": self.done,
            "weights": self.policy.snapshot(),
            "base": self.policy.base,
            "average": self.average,
            "old": self.learner.old,
            "optimiser": self.learner.optimiser.state_dict(),
            "watch": {"base": self.watch.base, "broken": self.watch.broken},
            "stopped": self.stopped,
        }
        partial = self.folder / "last.partial"
        torch.save(held, partial)
        partial.rename(self.folder / "last.pt")

    def _resume(self) -> None:
        text, path = as_toml(self.config), self.folder / "config.toml"
        if not (self.folder / "last.pt").is_file():
            if ranks.rank() == 0:
                path.write_text(text)
                for name in ("metrics.jsonl", "timings.jsonl"):
                    (self.folder / name).write_text("")
            return
        if path.read_text() != text:
            raise TrainingError(f"{self.folder} holds a run of another configuration: take another folder")
        held = torch.load(self.folder / "last.pt", weights_only=True)
        self.policy.base = held["base"]
        self.policy.load(held["weights"])
        self.average, self.learner.old, self.done = held["average"], held["old"], held["done"]
        self.learner.optimiser.load_state_dict(held["optimiser"])
        self.watch = Watch(self.config.guards, **held["watch"])
        self.stopped = held["stopped"]
        if ranks.rank() == 0:
            for name in ("metrics.jsonl", "timings.jsonl"):
                _cut(self.folder / name, self.done)

    def _finish(self) -> None:
        """Judge the last weights too, and keep the tuned policy for whoever generates with it."""
        found = self.evaluate()
        if ranks.rank() == 0:
            (self.folder / "final.json").write_text(json.dumps({"update": self.done} | found) + "\n")


def load_policy(generator: Generator, config: PolicyConfig, folder: Path) -> Policy:
    """Put a run's moving average into a base generator. TrainingError when the run has no checkpoint yet."""
    path = folder / "last.pt"
    if not path.is_file():
        raise TrainingError(f"{folder} has no checkpoint yet")
    add_adapters(generator.network, generator.lora_targets, config.optimiser, config.seed)
    policy = Policy(generator.network)
    policy.load(torch.load(path, weights_only=True)["average"])
    return policy


class _Clock:
    """Seconds by phase."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._since = round(now - self._since, 3), now


def _check_prompts(task: Task) -> None:
    if not task.prompts:
        raise TrainingError("there is no prompt to train on")
    for prompt in (*task.prompts, *task.held_out):
        if len(prompt.references) > task.generator.most_people:
            raise TrainingError(
                f"prompt {prompt.id!r} names {len(prompt.references)} people; this generator takes "
                f"{task.generator.most_people}"
            )


@contextmanager
def _alone(folder: Path) -> Iterator[IO[str]]:
    """Hold the folder's lock, so that no two processes write one run. Other ranks of the same run do not take it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        if ranks.rank() == 0:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise TrainingError(f"{folder} is in use by another process") from error
        yield held


def _cut(path: Path, done: int) -> None:
    """Keep the lines of updates that the checkpoint holds; a line that a kill cut short goes too."""
    kept = []
    for line in path.read_text().splitlines():
        try:
            if json.loads(line)["update"] < done:
                kept.append(line + "\n")
        except (json.JSONDecodeError, KeyError):
            continue
    path.write_text("".join(kept))
