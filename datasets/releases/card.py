"""README.md of a release: the dataset card, with the YAML head that the Hugging Face Hub reads."""

import json
from collections.abc import Mapping
from typing import Any

from .manifest import Manifest
from .schema import tables

# Identifiers of licences that the Hub takes as they are; anything else is `other` with a name.
HUB_LICENCES = frozenset(
    {
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause"),
        *("cc", "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
        *("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-4.0"),
        *("odbl", "odc-by", "pddl", "cdla-permissive-2.0", "cdla-sharing-1.0", "other", "unknown"),
    }
)

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_ORIGINS = {
    "human": "people looked at both clips and judged",
    "synthetic": "one side was distorted on purpose; the other is better by construction, nobody judged",
    "published": "the publisher of the clips claims it; nobody judged here",
    "simulated": "a program judged, in place of people: for tests and power calculations, never as evidence",
}


def render_card(manifest: Manifest) -> str:
    """The whole text of README.md. Strings in the YAML are JSON strings, which YAML reads as they are."""
    parts = [
        _yaml(manifest),
        f"# {manifest.info.name} v{manifest.info.version}\n",
        manifest.info.description.strip() + "\n" if manifest.info.description.strip() else "",
        _counts(manifest),
        _origins(manifest),
        _making(manifest),
        _loading(manifest),
        _columns(manifest),
        _terms(manifest),
    ]
    return "\n".join(part for part in parts if part)


def _yaml(manifest: Manifest) -> str:
    licence = manifest.info.licence
    lines = ["---"]
    if licence in HUB_LICENCES:
        lines.append(f"license: {licence}")
    else:
        lines += ["license: other", f"license_name: {_quoted(licence)}"]
    total = manifest.total("comparisons")
    lines += [
        f"pretty_name: {_quoted(f'{manifest.info.name} v{manifest.info.version}')}",
        "task_categories:",
        "- text-to-video",
        "tags:",
        *(f"- {tag}" for tag in ("likeness", "preference", "identity-preservation", "video")),
        "size_categories:",
        f"- {next((name for limit, name in _SIZES if total < limit), '1M<n<10M')}",
        "configs:",
    ]
    for table in tables():
        splits = [name for name in manifest.split_names if manifest.shards(table, name)]
        if not splits:
            continue
        lines.append(f"- config_name: {table}")
        if table == "comparisons":
            lines.append("  default: true")
        lines.append("  data_files:")
        for split in splits:
            lines += [f"  - split: {split}", f"    path: data/{table}/{split}-*.parquet"]
    return "\n".join([*lines, "---", ""])


def _counts(manifest: Manifest) -> str:
    splits = manifest.split_names
    rows = [
        [
            table,
            *(f"{manifest.counts.get(table, {}).get(split, 0):,}" for split in splits),
            f"{manifest.total(table):,}",
        ]
        for table in tables()
    ]
    people = manifest.splits["people"]
    groups = manifest.splits["groups"]
    text = (
        f"Splits are made over connected groups of people ({groups:,} {_plural(groups, 'group')}): nobody, no clip and "
        f"no distorted copy of a clip is in two of them. People by split: "
        f"{', '.join(f'{name} {people.get(name, 0):,}' for name in splits)}."
    )
    warning = manifest.splits["warning"]
    return "\n".join(
        [
            "## What is in it",
            "",
            _table(["", *splits, "all"], rows),
            "",
            text,
            *(["", f"**{warning}**"] if warning else []),
            "",
        ]
    )


def _origins(manifest: Manifest) -> str:
    summary = manifest.summary
    rows = [
        [origin, f"{count:,}", _agreement(summary["agreement_by_origin"].get(origin)), _ORIGINS[origin]]
        for origin, count in summary["comparisons_by_origin"].items()
    ]
    preferences = ", ".join(
        f"{name} {count:,}" for name, count in summary["comparisons_by_preference"].items()
    )
    judgments, annotators, people = summary["judgments"], summary["annotators"], summary["people"]
    lines = [
        "## Where the preferences come from",
        "",
        _table(["origin", "comparisons", "mean agreement", "meaning"], rows),
        "",
        "Agreement is the share of pairs of judgments of a comparison that say the same.",
        f"Preferences: {preferences or 'none'}.",
        f"Judgments: {judgments['human']:,} by {annotators['human']:,} {_plural(annotators['human'], 'annotator')}, "
        f"{judgments['simulated']:,} simulated (`simulated` is true in each such row).",
        f"People: {people['human']:,} human, {people['procedural']:,} procedural (computed, not human beings; "
        f"`procedural` is true).",
        "",
    ]
    return "\n".join(lines)


def _making(manifest: Manifest) -> str:
    info = manifest.info
    lines = [
        "## How it was made",
        "",
        f"Written {info.created} with seed {info.seed}, schema version {manifest.schema_version}, by "
        f"{', '.join(f'{name} {version}' for name, version in info.tools.items()) or 'Likeness'}. "
        "Annotators saw both clips side by side, on sides drawn at random, without any name of a model or file; "
        "probabilities were made from all their counted judgments. The configuration, every count and the sha256 of "
        "every file are in `release.json`.",
        "",
    ]
    if info.configuration:
        lines += ["```json", json.dumps(info.configuration, indent=2, ensure_ascii=False), "```", ""]
    return "\n".join(lines)


def _loading(manifest: Manifest) -> str:
    configs = [table for table in tables() if manifest.total(table)]
    calls = [
        f'load_dataset("path/or/repository", "{name}")'
        + ("   # the default" if name == "comparisons" else "")
        for name in configs
    ]
    media = (
        "`comparisons` embeds both clips as `video_a` and `video_b`."
        if manifest.embed
        else "`comparisons` names clips by sha256; their files are in `clips`, once each."
    )
    return "\n".join(
        [
            "## How to load it",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            *calls,
            "```",
            "",
            media,
            "",
        ]
    )


def _columns(manifest: Manifest) -> str:
    lines = ["## Columns", ""]
    for table in tables(embed=manifest.embed).values():
        if manifest.total(table.name):
            rows = [[f"`{column.name}`", column.about] for column in table.columns]
            lines += [f"### {table.name}", "", _table(["column", "meaning"], rows), ""]
    return "\n".join(lines)


def _terms(manifest: Manifest) -> str:
    licences: Mapping[str, Any] = manifest.summary["clips_by_licence"]
    rows = [[licence, f"{count:,}"] for licence, count in licences.items()]
    faces = (
        "This release shows human faces, which are personal data: use it on the ground that the column `consent` of "
        "`people` states for each of them, keep it where access is controlled, do not try to find out who somebody is, "
        "and delete a person's rows when they or the publisher ask for it."
        if manifest.summary["people"]["human"]
        else "Everybody in this release is procedural: computed, not a human being."
    )
    if manifest.summary["people"]["human"] and manifest.total("tracks"):
        faces += (
            " The embeddings in `tracks` tell who somebody is as a fingerprint does: where biometric data are "
            "protected by law, so are they."
        )
    return "\n".join(
        [
            "## Licence and privacy",
            "",
            f"The preferences: {manifest.info.licence}. Clips and references keep their own licences, in the column "
            "`licence` of each row:",
            "",
            _table(["licence of clips", "clips"], rows),
            "",
            faces + " Annotators appear under pseudonyms.",
            "",
        ]
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _agreement(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else word + "s"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
