"""The real Hugging Face library reads a release, from another folder and without the network."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from datasets.releases.schema import TABLES, tables
from datasets.releases.writer import write_release
from tests import servers

from .samples import FRAMES, make_info
from .second_environment import NoSecondEnvironment, second_python

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("huggingface")]

SCRIPT = Path(__file__).with_name("load_with_huggingface.py")


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return second_python()
    except NoSecondEnvironment as error:
        if servers.are_expected():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def load(python: Path, folder: Path, home: Path) -> dict[str, Any]:
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_HOME": str(home / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    result = subprocess.run(
        [str(python), "-P", str(SCRIPT), str(folder)],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def report(python, written, tmp_path_factory) -> dict[str, Any]:
    return load(python, written, tmp_path_factory.mktemp("elsewhere") / "home")


def test_every_config_loads_with_every_row(report, sample):
    assert report["version"] == "5.2.0"
    assert {name: sum(config["rows"].values()) for name, config in report["configs"].items()} == {
        name: len(rows) for name, rows in sample.tables.items()
    }
    for config in report["configs"].values():
        assert list(config["rows"]) == ["train", "validation", "test"]


def test_comparisons_are_the_default(report):
    assert report["default"] == report["configs"]["comparisons"]["rows"]


def test_every_column_is_there_in_its_type(report):
    for name, table in TABLES.items():
        features = report["configs"][name]["features"]
        assert list(features) == [column.name for column in table.columns]
    comparisons, clips = report["configs"]["comparisons"]["features"], report["configs"]["clips"]["features"]
    assert comparisons["preference"] == "ClassLabel(names=['a', 'b', 'tie', 'both_bad'])"
    assert comparisons["prob_tie"] == "Value('float64')"
    assert comparisons["marks"].startswith("List({'judgment_id': Value('string')")
    assert clips["video"].startswith("Video(decode=True")
    assert "'image': Image(" in report["configs"]["people"]["features"]["references"]
    assert report["configs"]["judgments"]["features"]["created_at"] == "Value('timestamp[us, tz=UTC]')"


def test_values_are_the_ones_that_were_written(report, sample):
    first = sample.tables["comparisons"][0]

    assert report["preference"] == first["preference"]
    assert report["person"] == first["people"][0]["person_id"]
    assert report["created_at"] == "2026-11-02T09:30:05.123456+00:00"
    assert report["streamed"] == first["comparison_id"]


def test_videos_are_decoded(report, sample):
    assert report["video"]["sha256"] == sample.tables["clips"][0]["sha256"]
    assert report["video"]["shape"] == [FRAMES, 3, 48, 64]
    # Colours as they were painted: red 0, green rising 0 to 200 over six frames, blue 90.
    assert report["video"]["means"] == pytest.approx([0, 100, 90], abs=8)


def test_images_are_decoded(report, sample):
    reference = sample.tables["people"][0]["references"][0]

    assert report["image"]["sha256"] == reference["sha256"]
    assert report["image"]["size"] == [20, 24]
    assert report["image"]["pixel"][1] == 80


def test_embedded_clips_are_decoded_in_comparisons(python, sample, tmp_path):
    videos = {row["sha256"]: row["video"] for row in sample.tables["clips"]}

    def rows():
        for table, split, row in sample.rows():
            if table == "comparisons":
                row = {**row, "video_a": videos[row["clip_a"]], "video_b": videos[row["clip_b"]]}
            yield table, split, row

    write_release(tmp_path / "embedded", rows(), info=make_info(), splits=sample.splits, embed=True)

    report = load(python, tmp_path / "embedded", tmp_path / "elsewhere")

    names = [column.name for column in tables(embed=True)["comparisons"].columns]
    assert list(report["configs"]["comparisons"]["features"]) == names
    assert report["video_a"] == FRAMES
