"""The table of base and tuned toy policies: python -m training.grpo.compare_toy FOLDER RUN... --out OUT"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import torch
from PIL import Image

from training.generators.protocol import GeneratorError
from training.grpo.toy_comparison import compare, contact_sheet, table
from training.grpo.update import TrainingError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.grpo.compare_toy", description=__doc__)
    parser.add_argument("toy", type=Path, help="folder made by python -m training.generators.toy")
    parser.add_argument("runs", type=Path, nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        found = compare(given.toy, {run.name: run for run in given.runs}, split=given.split)
    except (GeneratorError, TrainingError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    cells = {name: dataclasses.asdict(cell) for name, cell in found.cells.items()}
    (given.out / "results.json").write_text(json.dumps(cells, indent=1) + "\n")
    names = [name for name in found.frames if not name.startswith(("coded", "other"))]
    Image.fromarray(contact_sheet(found, names)).save(given.out / "sheet.png")
    print(table(found.cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
