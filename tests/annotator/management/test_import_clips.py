"""manage.py import_clips: from a folder to a study, with a sentence for all that was not taken."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotator.models import Study
from config.accounts.models import User
from config.jobs.models import Job, JobState
from datasets.media.write import write_video
from datasets.models import Clip, ClipState, Pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scenes by two generators each, by the names of their files."""
    source = tmp_path / "clips"
    source.mkdir()
    picture = np.zeros((48, 64, 3), np.uint8)
    for shade, name in enumerate(["dance__vace", "dance__phantom", "song__vace", "song__phantom"]):
        write_video([picture + np.uint8(shade * 20)] * 3, source / f"{name}.mp4", fps=12)
    return source


def run(source: Path, *arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_clips", str(source), *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_folder_becomes_clips_pairs_and_a_study(folder: Path) -> None:
    lead = User.objects.create_user("lead", is_lead=True)
    out, err = run(folder, "--study", "first-faces", "--as", "lead")
    assert set(Clip.objects.values_list("state", flat=True)) == {ClipState.READY}
    assert Pair.objects.count() == 2
    study = Study.objects.get()
    assert (study.slug, study.name, study.items.filter(repeat_of=None).count()) == (
        "first-faces",
        "First faces",
        2,
    )
    assert study.created_by == lead
    assert "4 of 4 clips can be judged" in out
    assert "4 of 4 clips prepared" in err


def test_again_it_adds_nothing_but_what_is_new(folder: Path) -> None:
    run(folder, "--study", "faces")
    picture = np.full((48, 64, 3), 200, np.uint8)
    write_video([picture] * 3, folder / "song__wan.mp4", fps=12)
    run(folder, "--study", "faces")
    assert (Clip.objects.count(), Pair.objects.count()) == (5, 4)
    assert Study.objects.get().items.filter(repeat_of=None).count() == 4


def test_what_was_not_taken_is_said_and_the_rest_goes_in(folder: Path, capsys) -> None:
    (folder / "broken__vace.mp4").write_bytes(b"a letter")
    (folder / "empty__vace.mp4").write_bytes(b"")
    err = io.StringIO()
    with pytest.raises(CommandError, match="2 things were not taken") as failure:
        call_command("import_clips", str(folder), stdout=io.StringIO(), stderr=err)
    assert failure.value.returncode == 1
    assert "broken__vace.mp4 is not a video: it holds text." in err.getvalue()
    assert "empty__vace.mp4: is empty (0 bytes)" in err.getvalue()
    assert Clip.objects.filter(state=ClipState.READY).count() == 4


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    out, _ = run(folder, "--dry-run", "--study", "faces")
    assert "nothing written (dry run)" in out
    assert not Clip.objects.exists()
    assert not Study.objects.exists()


def test_no_wait_leaves_the_work_to_the_workers(folder: Path) -> None:
    run(folder, "--no-wait")
    assert set(Clip.objects.values_list("state", flat=True)) == {ClipState.PENDING}
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.QUEUED}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--no-wait", "--study", "faces"], "--study needs the clips prepared"),
        (["--as", "nobody"], "There is no lead called nobody"),
    ],
)
def test_a_wrong_use_is_told_apart_from_bad_rows(folder: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as failure:
        run(folder, *arguments)
    assert failure.value.returncode == 2
    assert not Clip.objects.exists()


def test_no_such_source(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither a folder nor a manifest") as failure:
        run(tmp_path / "none")
    assert failure.value.returncode == 2


def test_without_pairs_there_is_no_study(folder: Path) -> None:
    with pytest.raises(CommandError, match="study faces"):
        run(folder, "--pairs", "none", "--study", "faces")
    assert not Study.objects.exists()


def test_the_real_pairs(shared_data: Path) -> None:
    run(shared_data / "import.csv", "--no-wait")
    assert Pair.objects.count() == 8
    assert Pair.objects.exclude(published_better="").count() == 7
    run(shared_data, "--no-wait")
    assert Pair.objects.count() == 8
