"""Out and in again: a study is released, everything is forgotten, and the folder brings it back."""

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from annotator.models import Judgment, Mark, PersonJudgment, Study
from annotator.services.consensus import study_consensus_refresh
from config.accounts.models import User
from datasets.models import Clip, Pair, Person, Reference, Release
from datasets.releases.formats import open_folder
from datasets.releases.names import FORMAT_NAMES
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.verify import verify_release
from tests.annotator.factories import make_user
from tests.annotator.judging import answer
from tests.datasets.factories import content_of
from tests.datasets.releases.samples import sha256, video_bytes

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    sink = io.StringIO()
    call_command(*arguments, stdout=sink, stderr=sink)
    return sink.getvalue()


def forget_everything() -> None:
    connection.check_constraints()  # PostgreSQL empties no table whose deferred checks are still to come.
    call_command("flush", interactive=False, verbosity=0)
    shutil.rmtree(settings.MEDIA_ROOT)
    Path(settings.MEDIA_ROOT).mkdir()


def library() -> dict[str, Any]:
    """What the library says, in terms that do not depend on row numbers or copies made anew."""
    return {
        "people": list(Person.objects.order_by("key").values_list("key", "is_procedural")),
        "references": sorted(
            (row.person.key, row.position, row.sha256, content_of(row.file))
            for row in Reference.objects.select_related("person")
        ),
        "pairs": sorted((row.prompt, row.published_better) for row in Pair.objects.all()),
    }


def described_clips() -> list[tuple]:
    return sorted(
        (
            clip.prompt,
            clip.generator,
            clip.generator_version,
            clip.seed,
            clip.licence,
            clip.origin,
            tuple(clip.subjects.order_by("clip_subjects__position").values_list("key", flat=True)),
        )
        for clip in Clip.objects.all()
    )


@pytest.fixture
def rich(judged: Study, items, annotators) -> Study:
    """A judged study with everything that a release can hold."""
    first = Judgment.objects.get(item=items[0], annotator=annotators[0])
    changed = answer(first.slot, annotators[0], "tie", supersedes=first)
    person = items[0].pair.clip_a.subjects.first()
    PersonJudgment.objects.create(judgment=changed, person=person, verdict="same", no_drift=True)
    Mark.objects.create(judgment=changed, person=person, side="left", kind="blend", frame=2)
    answer(items[1].slots.first(), make_user("late"), "b", surplus=True)
    repeat = judged.items.create(pair=items[2].pair, position=10_000, repeat_of=items[2])
    for kind, item, user in (
        ("answer", repeat, annotators[0]),
        ("review", items[-1], make_user("reviewer")),
        ("answer", items[3], make_user("machine", is_simulated=True)),
    ):
        slot = item.slots.create(
            study=judged, slot_no=9, kind=kind, position=99, left_is_a=False, state="done", annotator=user
        )
        answer(slot, user, "b_much")
    Pair.objects.filter(pk=items[4].pair_id).update(published_better="a")
    study_consensus_refresh(study=judged)
    return judged


def told(folder: Path) -> dict[str, list]:
    """Comparisons and judgments of a release without what a new library numbers anew."""
    release = ReleaseFolder.open(folder)
    names = {row["sha256"]: (row["prompt"], row["generator"]) for row in release.rows("clips")}
    comparisons = {row["comparison_id"]: row for row in release.rows("comparisons")}

    def scene(row: dict) -> tuple:
        return row["origin"], names[row["clip_a"]], names[row["clip_b"]]

    def plain(row: dict, *without: str) -> str:
        return str({name: value for name, value in row.items() if name not in without})

    new = ("comparison_id", "clip_a", "clip_b", "chosen", "rejected", "marks", "source", "origin")
    return {
        "comparisons": sorted(
            (scene(row), plain(row, *new), len(row["marks"]))
            for row in comparisons.values()
            if row["origin"] in ("human", "simulated")
        ),
        "judgments": sorted(
            (
                scene(comparisons[row["comparison_id"]]),
                plain(row, "judgment_id", "comparison_id", "supersedes"),
            )
            for row in release.rows("judgments")
        ),
    }


@pytest.mark.parametrize("name", ["likeness", "jsonl"])
def test_a_whole_study_comes_back(rich, tmp_path, name):
    run("export_pairs", "tea", "--out", str(tmp_path / "first"))
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--format", name)
    before, clips = library(), described_clips()
    forget_everything()

    run("import_release", str(tmp_path / "out"), "--study", "again")

    after = library()
    assert after["people"] == before["people"]
    assert after["references"] == before["references"]
    assert [prompt for prompt, _ in after["pairs"]] == [prompt for prompt, _ in before["pairs"]]
    assert described_clips() == clips
    assert {clip.state for clip in Clip.objects.all()} == {"ready"}
    assert Study.objects.get().state == "closed"
    # What a release says of the judgments is what a release of the imported study says.
    run("export_pairs", "again", "--out", str(tmp_path / "second"))
    first, second = told(tmp_path / "first"), told(tmp_path / "second")
    assert second["judgments"] == first["judgments"]
    assert second["comparisons"] == first["comparisons"]


def test_the_file_of_each_clip_is_the_one_that_was_released(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"))
    released = {row["sha256"] for row in ReleaseFolder.open(tmp_path / "out").rows("clips")}
    forget_everything()

    run("import_release", str(tmp_path / "out"), "--no-wait")

    assert {sha256(content_of(clip.file)) for clip in Clip.objects.all()} == released


def test_videoalign_comes_back(judged, items, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--format", "videoalign")
    before, clips = library(), described_clips()
    forget_everything()

    run("import_release", str(tmp_path / "out"), "--no-wait")

    after = library()
    assert (after["people"], after["references"]) == (before["people"], before["references"])
    # The pair in dispute has no label, and this format holds none without.
    assert len(after["pairs"]) == len(items) - 1
    assert {label for _, label in after["pairs"]} == {"a"}
    held = {(prompt, generator, people) for prompt, generator, *_, people in clips}
    assert {(prompt, generator, people) for prompt, generator, *_, people in described_clips()} == held


def test_identity_grpo_comes_back(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--format", "identity-grpo")
    before = library()
    forget_everything()

    said = run("import_release", str(tmp_path / "out"))

    after = library()
    assert (after["people"], after["references"]) == (before["people"], before["references"])
    assert "2 prompts without clips stay in the kept folder" in said
    kept = open_folder(Path(Release.objects.get().folder))[1]
    assert {row["prompt"] for row in kept.rows("comparisons")} == {"scene 0", "scene 1"}


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_second_import_adds_nothing(judged, tmp_path, name):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--format", name)
    forget_everything()
    run("import_release", str(tmp_path / "out"), "--no-wait")
    models = (Person, Reference, Clip, Pair, Release)
    before = [model.objects.count() for model in models]

    run("import_release", str(tmp_path / "out"), "--no-wait")

    assert [model.objects.count() for model in models] == before


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_folder_is_kept_whole(judged, tmp_path, name):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--format", name)
    forget_everything()

    run("import_release", str(tmp_path / "out"), "--no-wait")

    kept = Release.objects.get()
    assert (kept.format, kept.state) == (name, "frozen")
    assert Path(kept.folder).parent == Path(settings.HOME) / "releases"
    assert verify_release(Path(kept.folder)) == []
    assert kept.people.count() == 4


def test_into_the_library_that_it_came_from_it_brings_nothing_new(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"))
    before = (library(), described_clips(), Release.objects.count())

    said = run("import_release", str(tmp_path / "out"))

    assert (library(), described_clips(), Release.objects.count()) == before
    assert "there already as tea v1" in said


def test_imported_annotators_cannot_log_in_and_are_nobody_who_is_here(judged, annotators, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"))

    run("import_release", str(tmp_path / "out"), "--study", "again")

    imported = User.objects.filter(username__startswith="imported-")
    assert len(imported) == 2
    assert not any(user.is_active or user.has_usable_password() for user in imported)
    own = {user.pseudonym for user in annotators}
    assert not own & {user.pseudonym for user in imported}
    assert Study.objects.get(slug="again").judgments.filter(annotator__in=imported).count() == 12


def test_a_damaged_release_is_refused_whole(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"))
    forget_everything()
    path = next((tmp_path / "out" / "data" / "clips").iterdir())
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(CommandError, match=r"is not whole\. data/clips/.* bytes instead of"):
        run("import_release", str(tmp_path / "out"))

    assert not Person.objects.exists()
    assert not Release.objects.exists()


def test_a_release_without_media_brings_its_people_and_says_what_is_missing(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"), "--no-media")
    forget_everything()

    said = run("import_release", str(tmp_path / "out"))

    assert "clips come without their files and are not in the library" in said
    assert Person.objects.count() == 4
    assert not Clip.objects.exists()


def test_a_study_is_not_made_twice_or_of_nothing(judged, tmp_path):
    run("export_pairs", "tea", "--out", str(tmp_path / "out"))
    run("export_pairs", "tea", "--out", str(tmp_path / "pairs"), "--format", "videoalign")

    with pytest.raises(CommandError, match="There is a study tea already"):
        run("import_release", str(tmp_path / "out"), "--study", "tea")
    with pytest.raises(CommandError, match="no judgments"):
        run("import_release", str(tmp_path / "pairs"), "--study", "new")


def test_somebody_elses_videoalign_folder_comes_in(db, tmp_path):
    folder = tmp_path / "theirs"
    (folder / "videos").mkdir(parents=True)
    for name, number in (("one_A", 0), ("one_B", 1)):
        (folder / "videos" / f"{name}.mp4").write_bytes(video_bytes(number))
    (folder / "train.csv").write_text(
        "path_A,path_B,prompt,VQ,SA,fps_A,num_frames_A,fps_B,num_frames_B\n"
        "videos/one_A.mp4,./videos/one_B.mp4,they talk,B,B,12.0,6,12.0,6\n"
    )

    run("import_release", str(folder))

    pair = Pair.objects.get()
    assert (pair.published_better, pair.prompt) == ("b", "they talk")
    assert {pair.clip_a.state, pair.clip_b.state} == {"ready"}
