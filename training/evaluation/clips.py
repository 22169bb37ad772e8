"""Clips of policies, for people to look at and to judge blindly: files, references and a manifest that an import reads.

    python -m training.evaluation.clips OUT --toy TOY --policy base --policy tuned=RUN --prompts FILE --seeds 0 1

Every policy is asked the same and starts from the same noise. Clips of two policies are pairs by name; `--labels` has
the judge's encoder say which is better, as a published label. The toy's six frames of 32 x 48 are shown eight times as
large, each held for a quarter of a second. Ends with 0, or with 2 and a sentence.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from datasets.media.write import write_video
from training.evaluation.measures import assigned_similarity
from training.evaluation.tables import MARGIN
from training.evaluation.toy import BASE, Judge, Policy, policy_load, sample, with_guidance
from training.generators.prompts import Asked, prompts_of_release, prompts_read, references_write
from training.generators.protocol import GeneratorError
from training.grpo.config import ConfigError
from training.grpo.update import TrainingError

MANIFEST = "import.csv"  # the name by which an import of the folder finds it
COLUMNS = (
    "clip", "prompt", "subjects", "references", "generator", "generator_version", "seed", "pair", "published_better",
    "origin",
)  # fmt: skip
SCALE, HELD, FPS = 8, 6, 24
"""How many times larger, how many frames each is held, frames a second: 6 frames are 1.5 seconds."""


@dataclass(frozen=True)
class Wanted:
    """What is to be generated.

    Attributes:
        policies: (name, run folder), None for the base.
        guidance: of all policies, or None for what each run was tuned with, and the base as the first run.
        labels: let the judge say which of two clips is better.
    """

    policies: tuple[tuple[str, Path | None], ...]
    asked: tuple[Asked, ...]
    seeds: tuple[int, ...]
    guidance: float | None = None
    labels: bool = False


def generate(toy: Path, wanted: Wanted, out: Path) -> Path:
    """Write clips, references and manifest to a folder that does not exist or is empty; return the manifest.

    GeneratorError and TrainingError say what is wrong.
    """
    if len(wanted.policies) > 2 and len(wanted.seeds) > 1:
        raise GeneratorError("three policies or more are compared on one seed: give --seeds once")
    if wanted.labels and len(wanted.policies) != 2:
        raise GeneratorError("--labels says which of two policies' clips is better: give two")
    policies = [policy_load(toy, name, run) for name, run in wanted.policies]
    sampler = next((each.sampler for each in policies if each.name != BASE), policies[0].sampler)
    frames = [
        sample(
            each.generator, wanted.asked, wanted.seeds,
            with_guidance(sampler if each.name == BASE else each.sampler, wanted.guidance),
        )
        for each in policies
    ]  # fmt: skip
    labels = _labels(toy, wanted, frames) if wanted.labels else None
    out.mkdir(parents=True, exist_ok=True)
    (out / "references").mkdir(exist_ok=True)
    rows = list(_rows(out, wanted, policies, frames, labels))
    # Written last and renamed: a manifest that is there names files that are whole.
    partial = out / f"{MANIFEST}.part"
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    partial.rename(out / MANIFEST)
    return out / MANIFEST


def _rows(
    out: Path,
    wanted: Wanted,
    policies: Sequence[Policy],
    frames: Sequence[torch.Tensor],
    labels: Sequence[tuple[str, str]] | None,
) -> Iterator[dict[str, str]]:
    names = [_files(each) for each in wanted.asked]
    pictures = [
        [
            f"{person}={name}"
            for person, own in zip(each.people, each.prompt.references, strict=True)
            for name in references_write(out, own, scale=SCALE)
        ]
        for each in wanted.asked
    ]
    versions = [checksum(policy.weights) for policy in policies]
    for number, (policy, clips) in enumerate(zip(policies, frames, strict=True)):
        for place, clip in enumerate(clips.numpy()):
            prompt, seed = divmod(place, len(wanted.seeds))
            asked = wanted.asked[prompt]
            # The file's name goes no further than the import: it tells nobody which policy made it.
            name = f"{names[prompt]}-{wanted.seeds[seed]}-{number}.mp4"
            write_video(enlarged(clip), out / name, fps=FPS)
            yield {
                "clip": name,
                "prompt": asked.prompt.text,
                "subjects": ";".join(asked.people),
                "references": ";".join(pictures[prompt]),
                "generator": f"toy {policy.name}",
                "generator_version": versions[number],
                "seed": str(wanted.seeds[seed]),
                "pair": f"{'-'.join(versions)} {asked.prompt.id} {wanted.seeds[seed]}"
                if len(policies) == 2
                else "",
                "published_better": labels[place][number] if labels else "",
                "origin": "generated",
            }


def _labels(toy: Path, wanted: Wanted, frames: Sequence[torch.Tensor]) -> list[tuple[str, str]]:
    """Return for each pair what the judge says of both clips, as a manifest writes it."""
    judge, prompts = Judge.load(toy / "judge.pt"), [each.prompt for each in wanted.asked]
    known = judge.known(prompts)
    one, two = (
        assigned_similarity(judge.cosines(judge.features(clips), known, len(wanted.seeds)))
        for clips in frames
    )
    said = {0: ("tie", "tie"), 1: ("yes", "no"), -1: ("no", "yes")}
    return [said[0 if abs(apart) <= MARGIN else int(np.sign(apart))] for apart in one - two]


def checksum(path: Path) -> str:
    """Return the beginning of a file's sha256: which weights made a clip."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def enlarged(clip: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield a clip's frames eight times as large, each HELD times."""
    for frame in clip:
        image = Image.fromarray(frame)
        size = (SCALE * image.width, SCALE * image.height)
        large = np.asarray(image.resize(size, Image.Resampling.BICUBIC))
        for _ in range(HELD):
            yield large


def _files(asked: Asked) -> str:
    return "".join(char if char.isalnum() else "-" for char in asked.prompt.id)[:60]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.clips", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("out", type=Path)
    parser.add_argument("--toy", type=Path, required=True, help="folder of python -m training.generators.toy")
    parser.add_argument("--policy", action="append", required=True, metavar="base|RUN|NAME=RUN")
    parser.add_argument(
        "--prompts", type=Path, required=True, help="a file of prompts, or a release: its test split"
    )
    parser.add_argument("--most", type=int, help="at most so many prompts")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--guidance", type=float)
    parser.add_argument(
        "--labels", action="store_true", help="the judge's encoder says which of two is better"
    )
    given = parser.parse_args(arguments)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        read = (
            prompts_of_release(given.prompts, "test")
            if given.prompts.is_dir()
            else prompts_read(given.prompts)
        )
        wanted = Wanted(
            tuple(_policy(text) for text in given.policy), read[: given.most], tuple(given.seeds), given.guidance,
            given.labels,
        )  # fmt: skip
        print(generate(given.toy, wanted, given.out))
    except (GeneratorError, ConfigError, TrainingError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _policy(text: str) -> tuple[str, Path | None]:
    if text == BASE:
        return BASE, None
    name, _, folder = text.rpartition("=")
    return name or Path(folder).name, Path(folder)


if __name__ == "__main__":
    sys.exit(main())
