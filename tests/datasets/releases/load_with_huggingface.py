"""Runs inside the second virtual environment, where `datasets` is Hugging Face's library: loads a release.

    python -P load_with_huggingface.py FOLDER

Prints JSON: for each config the features and number of rows, then what a row of each kind decodes to.
"""

import importlib
import json
import sys
from typing import Any

import numpy as np

# By name, as checkers of this repository would look into its own package.
datasets = importlib.import_module("datasets")


def main(folder: str) -> None:
    # The folder of this repository must not be on the path, or its own `datasets` would be imported.
    assert "site-packages" in str(datasets.__file__), datasets.__file__
    report: dict[str, Any] = {"version": datasets.__version__, "configs": {}}
    loaded = {name: datasets.load_dataset(folder, name) for name in datasets.get_dataset_config_names(folder)}
    for name, splits in loaded.items():
        features = next(iter(splits.values())).features
        report["configs"][name] = {
            "rows": {split: len(rows) for split, rows in splits.items()},
            "features": {column: repr(feature) for column, feature in features.items()},
        }
    report["default"] = {split: len(rows) for split, rows in datasets.load_dataset(folder).items()}
    comparison = loaded["comparisons"]["train"][0]
    labels = loaded["comparisons"]["train"].features["preference"]
    report["preference"] = labels.int2str(comparison["preference"])
    report["person"] = comparison["people"][0]["person_id"]
    if "video_a" in comparison:
        report["video_a"] = len(comparison["video_a"])
    clip = loaded["clips"]["train"][0]
    frames = np.stack([frame.numpy() for frame in clip["video"]])
    report["video"] = {
        "sha256": clip["sha256"],
        "shape": frames.shape,
        "means": frames.mean(axis=(0, 2, 3)).tolist(),
    }
    person = loaded["people"]["train"][0]
    image = person["references"][0]["image"]
    report["image"] = {
        "sha256": person["references"][0]["sha256"],
        "size": image.size,
        "pixel": image.convert("RGB").getpixel((3, 3)),
    }
    report["created_at"] = loaded["judgments"]["train"][0]["created_at"].isoformat()
    stream = datasets.load_dataset(folder, "comparisons", split="train", streaming=True)
    report["streamed"] = next(iter(stream))["comparison_id"]
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
