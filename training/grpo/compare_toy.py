"""The table of toy bases and what was tuned from them.

    python -m training.grpo.compare_toy TOY --out OUT --base TOY/base.pt --run grpo TOY/base.pt RUN [--run …]

Runs of one name on several bases are one policy over several seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from PIL import Image

from training.generators.protocol import GeneratorError
from training.grpo.toy_comparison import (
    Comparison,
    Gain,
    Tuned,
    cells_table,
    compare,
    contact_sheet,
    gain_of,
    gains_table,
    label_of,
)
from training.grpo.update import TrainingError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.grpo.compare_toy", description=__doc__)
    parser.add_argument("toy", type=Path, help="folder made by python -m training.generators.toy")
    parser.add_argument("--base", type=Path, action="append", required=True)
    parser.add_argument("--run", nargs=3, action="append", default=[], metavar=("NAME", "BASE", "RUN"))
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0, 2.5])
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    tuned = [Tuned(name, Path(base), Path(run)) for name, base, run in given.run]
    try:
        found = compare(
            given.toy, tuned, given.base, split=given.split, prompts=given.prompts, guidances=given.guidance
        )
    except (GeneratorError, TrainingError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    gains = _gains(found, [one.name for one in tuned], given.guidance)
    given.out.mkdir(parents=True, exist_ok=True)
    held = {
        "cells": {base: {k: cell.as_dict() for k, cell in of.items()} for base, of in found.cells.items()},
        "anchors": {name: cell.as_dict() for name, cell in found.anchors.items()},
        "gains": {name: asdict(gain) for name, gain in gains.items()},
    }
    (given.out / "results.json").write_text(json.dumps(held) + "\n")
    names = [name for name in found.frames if not name.startswith(("coded", "other"))]
    Image.fromarray(contact_sheet(found, names)).save(given.out / "sheet.png")
    print(cells_table(found), gains_table(gains), sep="\n\n")
    return 0


def _gains(found: Comparison, names: list[str], guidances: list[float]) -> dict[str, Gain]:
    """Each policy against the base at the same guidance, and against the base at every other."""
    return {
        f"{label_of(name, one)} against {label_of('base', other)}": gain_of(
            found.cells, label_of(name, one), label_of("base", other)
        )
        for name in dict.fromkeys(names)
        for one in guidances
        for other in guidances
    }


if __name__ == "__main__":
    sys.exit(main())
