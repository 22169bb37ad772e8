import re
from dataclasses import replace

import pytest
import yaml

from datasets.releases.card import render_card
from datasets.releases.manifest import read_manifest
from datasets.releases.schema import TABLES

from .samples import make_info


def head(text: str) -> dict:
    """The YAML that the Hub reads."""
    _, block, _ = text.split("---\n", 2)
    return yaml.safe_load(block)


def test_the_head_names_every_file_of_every_split(written):
    manifest = read_manifest(written)

    configs = {
        config["config_name"]: config for config in head((written / "README.md").read_text())["configs"]
    }

    assert configs.keys() == TABLES.keys()
    assert [name for name, config in configs.items() if config.get("default")] == ["comparisons"]
    for name, config in configs.items():
        matched = [
            str(path.relative_to(written))
            for part in config["data_files"]
            for path in written.glob(part["path"])
        ]
        assert sorted(matched) == sorted(entry.path for entry in manifest.shards(name))


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("cc-by-4.0", {"license": "cc-by-4.0"}),
        ('ours: "research" only', {"license": "other", "license_name": 'ours: "research" only'}),
    ],
)
def test_the_licence_is_one_that_the_hub_takes(written, licence, expected):
    manifest = replace(read_manifest(written), info=make_info(licence=licence))

    assert expected.items() <= head(render_card(manifest)).items()


def test_tables_and_splits_without_rows_are_left_out_of_the_head(written):
    manifest = read_manifest(written)
    files = tuple(entry for entry in manifest.files if entry.table != "judgments" and entry.split != "test")

    configs = head(render_card(replace(manifest, files=files)))["configs"]

    assert [config["config_name"] for config in configs] == ["comparisons", "clips", "people", "tracks"]
    assert [part["split"] for part in configs[0]["data_files"]] == ["train", "validation"]


def test_the_text_marks_what_is_not_human(written):
    text = (written / "README.md").read_text()

    assert re.search(r"\| simulated \| 1 \| 1.00 \| a program judged", text)
    assert re.search(r"\| synthetic \| 1 \| – \| one side was distorted on purpose", text)
    assert "Judgments: 10 by 1 annotator, 1 simulated" in text
    assert "People: 18 human, 2 procedural" in text


def test_a_warning_about_the_splits_stands_in_the_card(written):
    manifest = read_manifest(written)
    warned = replace(manifest, splits={**manifest.splits, "warning": "All 9 comparisons hang together."})

    assert "**All 9 comparisons hang together.**" in render_card(warned)


def test_faces_of_human_beings_come_with_a_note(written):
    manifest = read_manifest(written)
    procedural = replace(manifest, summary={**manifest.summary, "people": {"human": 0, "procedural": 2}})

    assert "shows human faces, which are personal data" in render_card(manifest)
    procedural.summary["people"]["references"] = 2
    assert "Everybody in this release is procedural" in render_card(procedural)


def test_text_from_outside_cannot_break_a_table(written):
    manifest = read_manifest(written)
    licences = {"a|b\nc": 3}

    text = render_card(replace(manifest, summary={**manifest.summary, "clips_by_licence": licences}))

    assert "| a\\|b c | 3 |" in text
