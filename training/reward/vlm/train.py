"""Train the vision-language reward on a release.

    python -m training.reward.vlm.train RELEASE --config training/configs/reward_vlm.toml --out RUN [--resume]
    accelerate launch -m training.reward.vlm.train …     # several GPUs: each takes its share of every batch
    python -m training.reward.vlm.train RELEASE --set base=tiny --set steps=4 --out RUN    # on any machine

RUN gets config.toml, metrics.jsonl, checkpoint.pt, results.json and model/. Ends with 0, or with 2 and a sentence.
Which comparisons are in a batch is a function of seed and step; with the state of dropout in the checkpoint a resumed
run goes on to the same weights on a processor.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from training.reward import measures
from training.reward.calibration import calibrate
from training.reward.checkpoint import checkpoint_read, checkpoint_write
from training.reward.checks import check_disk
from training.reward.config import toml_text
from training.reward.errors import BadConfig, BadModel, RewardError, TrainingStopped
from training.reward.losses import preference_loss
from training.reward.process import end_with_parent, folder_locked
from training.reward.vlm.config import VlmConfig, vlm_config_of, vlm_config_read
from training.reward.vlm.films import FilmPair, Films, sides
from training.reward.vlm.model import VlmRewardModel
from training.reward.vlm.network import Output

METRICS, CONFIG, MODEL, RESULTS = "metrics.jsonl", "config.toml", "model", "results.json"
VALIDATED = 64
"""Comparisons at most that a look at the validation rows, or the last measurement, takes."""


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    if options.tied:
        end_with_parent()
    try:
        config = (
            vlm_config_read(options.config, options.set) if options.config else vlm_config_of({}, options.set)
        )
        results = train(
            options.release, config, options.out, resume=options.resume, verify=not options.unverified
        )
    except RewardError as error:
        print(error, file=sys.stderr)
        return 2
    for row in results:
        print(f"{row['name']:24} {row['value']:.3f}, n = {row['n']}")
    return 0


def train(
    release: Path, config: VlmConfig, folder: Path, *, resume: bool = False, verify: bool = True
) -> list[dict[str, Any]]:
    """Train, calibrate, measure, and write the run's folder; return the rows of results.json.

    Raises:
        RewardError: with a sentence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = toml_text(config.as_dict())
    if not resume and (folder / METRICS).exists():
        raise BadConfig(f"{folder} holds a run already: go on with --resume, or choose another --out.")
    if resume and (folder / CONFIG).is_file() and (folder / CONFIG).read_text(encoding="utf-8") != text:
        raise BadConfig(f"{folder / CONFIG} is of another configuration: --resume goes on with the same one.")
    check_disk(folder)
    (folder / CONFIG).write_text(text, encoding="utf-8")
    with folder_locked(folder):
        return _Run(release, config, folder, verify=verify).work(resume=resume)


class _Run:
    """One run on one process of perhaps several."""

    def __init__(self, release: Path, config: VlmConfig, folder: Path, *, verify: bool) -> None:
        from accelerate import Accelerator

        self.config, self.folder = config, folder
        self.films = Films(release, config, folder / "frames", verify=verify)
        self.model = VlmRewardModel.new(config)
        self.accelerator = Accelerator(
            cpu=not torch.cuda.is_available(),
            mixed_precision="bf16" if torch.cuda.is_available() else "no",
        )
        self.log_theta = torch.tensor(math.log(config.theta), device=self.model.device)
        parameters = [each for each in self.model.network.parameters() if each.requires_grad]
        # What is trained stays in 32 bits, whatever the base is in: steps of 1e-5 are lost in 16.
        for each in parameters:
            each.data = each.data.float()
        optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.network, self.optimiser = self.accelerator.prepare(self.model.network, optimiser)
        self.step = 0
        self.lines = 0

    def work(self, *, resume: bool) -> list[dict[str, Any]]:
        state = checkpoint_read(self.folder) if resume else None
        if state is not None:
            self._restore(state)
        self._trim()
        config = self.config
        while self.step < config.steps:
            self._update()
            self.step += 1
            if self.step % config.validate_every == 0 or self.step == config.steps:
                self._look()
            if self.step % config.checkpoint_every == 0 or self.step == config.steps:
                self._save()
        return self._end()

    # ------------------------------------------------------------ steps

    def _update(self) -> None:
        """One update from `accumulate` passes on each process."""
        config, accelerator = self.config, self.accelerator
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * min(1.0, (self.step + 1) / max(config.warmup, 1))
        started = time.perf_counter()
        self.network.train()
        sums: dict[str, float] = {}
        for part in range(config.accumulate):
            losses = self._losses(self._rows(part))
            loss = losses["loss"] / config.accumulate
            if not torch.isfinite(loss):
                raise TrainingStopped(
                    f"The loss is no number at step {self.step}. The last checkpoint is kept: go on with --resume "
                    "and a lower learning_rate."
                )
            accelerator.backward(loss)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / config.accumulate
        accelerator.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], config.clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        row: dict[str, Any] = {"stage": MODEL, "step": self.step}
        row |= {name: round(value, 6) for name, value in sums.items()}
        row["seconds"] = round(time.perf_counter() - started, 3)
        if torch.cuda.is_available():
            row["memory_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        self._write(row)

    def _rows(self, part: int) -> list[FilmPair]:
        """Return this process's comparisons of one pass: a function of seed, step and part."""
        config, count = self.config, self.accelerator.num_processes
        rng = np.random.default_rng([config.seed, self.step, part])
        pairs = self.films.pairs["train"]
        chosen = rng.choice(len(pairs), config.batch * count, replace=len(pairs) < config.batch * count)
        flips = rng.random(len(chosen)) < 0.5
        own = range(self.accelerator.process_index, len(chosen), count)
        return [pairs[int(chosen[i])].swapped() if flips[i] else pairs[int(chosen[i])] for i in own]

    def _losses(self, pairs: list[FilmPair]) -> dict[str, torch.Tensor]:
        batch = self.model.inputs.batch(sides(self.films, pairs)).to(self.model.device)
        output: Output = self.network(batch)
        return vlm_losses(output, pairs, self.log_theta, self.config.person)

    def _look(self) -> None:
        """Measure the validation rows; the last weights are the ones that are kept."""
        pairs = self.films.pairs.get("validation", [])[:VALIDATED]
        if not pairs or not self.accelerator.is_main_process:
            return
        difference = self._differences(pairs)
        labels = torch.tensor([pair.label for pair in pairs], dtype=torch.float32)
        loss = preference_loss(
            torch.tensor(difference, dtype=torch.float32),
            labels,
            self.log_theta.cpu(),
            torch.ones(len(pairs)),
        )
        right = measures.rights(difference, cast(Any, pairs))
        accuracy = float(np.nanmean(right)) if np.isfinite(right).any() else math.nan
        self._write(
            {
                "stage": MODEL,
                "step": self.step,
                "validation_loss": round(float(loss), 6),
                "validation_accuracy": round(accuracy, 6),
            }
        )

    def _differences(self, pairs: list[FilmPair]) -> np.ndarray:
        rewards = self.model.score_films(sides(self.films, pairs)).reward
        return rewards[: len(pairs)] - rewards[len(pairs) :]

    # ------------------------------------------------------------ the end, and what is on disk

    def _end(self) -> list[dict[str, Any]]:
        if not self.accelerator.is_main_process:
            return []
        validation = self.films.pairs.get("validation", [])[:VALIDATED]
        if validation:
            # `calibrate` reads nothing of rows but their labels.
            found = calibrate(self._differences(validation), validation)  # type: ignore[arg-type]
            self.model = replace(self.model, calibration=found)
        results = []
        for split in ("validation", "test"):
            if pairs := self.films.pairs.get(split, [])[:VALIDATED]:
                results += self._measured(split, pairs)
        manifest = self.films.release.manifest
        self.model.about = {
            "release": f"{manifest.info.name} version {manifest.info.version}",
            "licence": manifest.info.licence,
            "origins": sorted({pair.origin for own in self.films.pairs.values() for pair in own}),
        }
        self.model.save(self.folder / MODEL, _card(self.model, results))
        (self.folder / RESULTS).write_text(
            json.dumps({"results": results}, indent=1) + "\n", encoding="utf-8"
        )
        return results

    def _measured(self, split: str, pairs: list[FilmPair]) -> list[dict[str, Any]]:
        """Return the rows of results.json of one split; intervals by a bootstrap over groups of people."""
        difference, calibration = self._differences(pairs), self.model.calibration
        rows: Any = pairs  # `measures` reads nothing of rows but label and choice.
        groups = ["+".join(sorted(pair.names)) for pair in pairs]
        right = measures.rights(difference, rows)
        if not np.isfinite(right).any():
            return []
        measured = [
            measures.mean_measured("accuracy", right, groups),
            measures.mean_measured(
                "accuracy with ties", measures.rights_with_ties(difference, rows, calibration), groups
            ),
            measures.mean_measured("log loss", measures.log_losses(difference, rows, calibration), groups),
        ]
        where = {"evaluation": f"held-out people ({split})", "split": split, "seed": self.config.seed}
        return measures.as_rows(measured, {"judge": "vlm", **where})

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            state = {
                "identity": self._identity(),
                "step": self.step,
                "lines": self.lines,
                "network": {name: value.cpu() for name, value in self.model.network.trained().items()},
                "optimiser": self.optimiser.state_dict(),
                "random": torch.get_rng_state(),
            }
            checkpoint_write(self.folder, state)
        self.accelerator.wait_for_everyone()

    def _restore(self, state: dict[str, Any]) -> None:
        if state["identity"] != self._identity():
            raise BadModel(f"The checkpoint in {self.folder} is of another configuration or release.")
        self.step, self.lines = state["step"], state["lines"]
        self.model.network.load_trained(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])

    def _identity(self) -> str:
        checksum = json.loads(self.films.release.manifest.render())["checksum"]
        return json.dumps([checksum, self.config.as_dict()], sort_keys=True)

    def _trim(self) -> None:
        """Cut lines that were written after the checkpoint: their steps are done again."""
        if self.accelerator.is_main_process:
            path = self.folder / METRICS
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
            path.write_text("".join(lines[: self.lines]), encoding="utf-8")

    def _write(self, row: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            self.lines += 1


def vlm_losses(
    output: Output, pairs: list[FilmPair], log_theta: torch.Tensor, person: float
) -> dict[str, torch.Tensor]:
    """Return each loss by name, weighted, and their sum as "loss".

    Args:
        output: Of 2N films, first all a, then all b.
        pairs: N comparisons.
        log_theta: Of the ties.
        person: Weight of the loss for each person.
    """
    n, device = len(pairs), output.reward.device
    ones = torch.ones(n, device=device)
    label = torch.tensor([pair.label for pair in pairs], dtype=torch.float32, device=device)
    losses = {"overall": preference_loss(output.reward[:n] - output.reward[n:], label, log_theta, ones)}
    if person:
        most = output.people.shape[1]
        people = torch.full((n, most, 3), math.nan, device=device)
        for place, pair in enumerate(pairs):
            people[place, : len(pair.people)] = torch.from_numpy(pair.people).to(device)
        difference = (output.people[:n] - output.people[n:]).flatten()
        each = torch.ones(n * most, device=device)
        losses["person"] = person * preference_loss(difference, people.flatten(0, 1), log_theta, each)
    losses["loss"] = torch.stack(list(losses.values())).sum()
    return losses


def _card(model: VlmRewardModel, results: list[dict[str, Any]]) -> str:
    rows = "\n".join(
        f"- {row['evaluation']}: {row['name']} {row['value']:.3f}, n = {row['n']}" for row in results
    )
    tiny = "\n**A tiny base of random weights: it was made to try the code, and knows nothing.**\n"
    return f"""---
license: {model.about["licence"]}
base_model: {model.config.base}
tags: [reward-model, identity, video]
---

# Identity reward, vision-language
{tiny if model.config.is_tiny else ""}
Adapters, reward token and head for {model.config.base}. Learned from {model.about["release"]}, rows
{", ".join(model.about["origins"])}; {model.config.frames} frames of a clip.

{rows or "No split was left to measure on."}

Scores are defined up to a shift. Terms: the release's ({model.about["licence"]}), and those of the base.
"""


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.reward.vlm.train", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("release", type=Path)
    parser.add_argument(
        "--config", type=Path, help="TOML with a table [vlm]; what it leaves out has its default"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument(
        "--unverified", action="store_true", help="do not check every byte of the release first"
    )
    parser.add_argument(
        "--tied", action="store_true", help="end when the process that started this one is gone"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
