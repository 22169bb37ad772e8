"""Identity-GRPO's prompts: what a policy is trained on, `train.csv` and `test.csv` with references beside.

    train.csv  test.csv  [validation.csv]  refs/<person>/01.jpg

Checked against alibaba/identity-grpo at 337ccb47 (config/dgx.py, `TextImagePromptDataset` in train_wan2_1_vace.py):
`config.dataset` is a folder in which both `train.csv` and `test.csv` are read with pandas, the columns `prompt` and
`ref_paths` by name, others ignored; `ref_paths` is split at semicolons and each picture, one a person, is opened with
PIL **relative to the folder that the trainer was started in**. So start it in this folder, with `config.dataset` set to
it. A `validation.csv` is for whoever wants one; that trainer passes it over.

A row stands for one combination of prompt and people, once a split; `origins` says where the preferences about it
come from, human or synthetic or both. Lost: clips, preferences and judgments.
"""

from pathlib import Path

from datasets.releases.checksums import write_checksums
from datasets.releases.source import Source
from datasets.releases.splits import SPLIT_NAMES
from datasets.releases.staging import staged_folder

from .folder import (
    SEPARATOR,
    FolderSource,
    MediaFiles,
    PeopleByFolder,
    Written,
    file_name,
    key_of,
    read_csv,
    split_paths,
    write_csv,
    write_references,
)

REQUIRED = ("ref_paths", "prompt")
COLUMNS = (*REQUIRED, "subjects", "procedural", "origins")
REFERENCES = "refs"


def recognise(folder: Path) -> bool:
    """Both files, and no pairs of videos in them."""
    if not ((folder / "train.csv").is_file() and (folder / "test.csv").is_file()):
        return False
    with (folder / "train.csv").open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline().strip().split(",")
    return "ref_paths" in header and "path_A" not in header


def write(source: Source, target: Path) -> Written:
    """Write the prompts and people of a release's comparisons.

    Raises:
        ReleaseError: The target exists, the disk is full, or the release has no media.
    """
    rows: dict[str, int] = {}
    with staged_folder(target) as folder:
        references = write_references(source, folder, REFERENCES)
        procedural = {row["person_id"] for row in source.rows("people") if row["procedural"]}
        # The trainer opens train.csv and test.csv, whether they have rows or not.
        for split in dict.fromkeys((*source.splits, "train", "test")):
            lines = [
                {
                    "ref_paths": SEPARATOR.join(
                        references[person][0] for person in people if references[person]
                    ),
                    "prompt": prompt,
                    "subjects": SEPARATOR.join(map(file_name, people)),
                    "procedural": SEPARATOR.join(
                        file_name(person) for person in people if person in procedural
                    ),
                    "origins": SEPARATOR.join(sorted(origins)),
                }
                for (prompt, people), origins in _prompts(source, split).items()
            ]
            rows[split] = write_csv(folder / f"{split}.csv", COLUMNS, lines)
        write_checksums(folder)
    return Written(rows)


def _prompts(source: Source, split: str) -> dict[tuple[str, tuple[str, ...]], set[str]]:
    """Each combination of prompt and people of a split, in the order of comparisons, with their origins."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for row in source.rows("comparisons", split) if split in source.splits else ():
        combination = (row["prompt"], tuple(person["person_id"] for person in row["people"]))
        found.setdefault(combination, set()).add(row["origin"])
    return found


def read(folder: Path) -> FolderSource:
    """Read prompts and people; a comparison row has them alone, without clips.

    Raises:
        ReleaseError: With file and line: a column or file is missing, or a path leaves the folder.
    """
    names = [name for name in SPLIT_NAMES[3] if (folder / f"{name}.csv").is_file()]
    source = FolderSource(tuple(names))
    people = PeopleByFolder(folder, MediaFiles(folder, source.files), REFERENCES)
    seen: set[str] = set()
    for split in names:
        for place, line in read_csv(folder / f"{split}.csv", REQUIRED):
            named = people.of_paths(split_paths(line["ref_paths"]), place)
            subjects = [key_of(name) for name in split_paths(line.get("subjects", ""))] or named
            procedural = {key_of(name) for name in split_paths(line.get("procedural", ""))}
            for person in subjects:
                row = people.add(person, procedural=person in procedural)
                if person not in seen:
                    seen.add(person)
                    source.add("people", split, row)
            entries = [
                {
                    "person_id": person,
                    "references": [part["sha256"] for part in people.row(person)["references"]],
                }
                for person in subjects
            ]
            source.add("comparisons", split, {"prompt": line["prompt"], "people": entries})
    return source
