"""An import from a manifest to rows in the library."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from config.jobs.models import Job
from datasets.importing import ImportReport, PairRule, import_source
from datasets.models import CastTruth, Clip, ClipState, Pair, Person, PublishedLabel, Reference
from datasets.services.deletion import person_delete
from tests.datasets.factories import content_of

pytestmark = pytest.mark.django_db

HEADER = "clip,prompt,subjects,references,generator,pair,published_better\n"


@pytest.fixture
def folder(tmp_path: Path, jpeg) -> Path:
    source = tmp_path / "source"
    (source / "refs").mkdir(parents=True)
    for number in range(6):
        (source / f"{number}.mp4").write_bytes(b"clip %d" % number)
    (source / "refs" / "jo.jpg").write_bytes(jpeg(shade=1))
    (source / "refs" / "al.jpg").write_bytes(jpeg(shade=2))
    return source


def run(folder: Path, rows: str, **options) -> ImportReport:
    (folder / "import.csv").write_text(HEADER + rows)
    return import_source(source=folder, **options)


ROWS = (
    "0.mp4,They dance.,jo;al,refs/jo.jpg;refs/al.jpg,vace,p,yes\n"
    "1.mp4,They dance.,jo;al,refs/jo.jpg;refs/al.jpg,phantom,p,no\n"
    "2.mp4,They sing.,al,refs/al.jpg,vace,,\n"
)


def test_the_truth_of_the_procedural_cast_comes_with_its_film(folder: Path) -> None:
    (folder / "0.truth.npz").write_bytes(b"truth of 0")
    (folder.parent / "elsewhere").write_bytes(b"a secret")
    (folder / "1.truth.npz").symlink_to(folder.parent / "elsewhere")
    for _ in range(2):
        run(folder, ROWS)
    kept = CastTruth.objects.get()
    assert (kept.clip.source_name, bytes(kept.content)) == ("0.mp4", b"truth of 0")


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Person, Reference, Clip, Pair, Job))


def test_everything_goes_in(folder: Path) -> None:
    report = run(folder, ROWS)
    assert report.problems == []
    assert (report.rows, report.people_new, report.references_new) == (3, 2, 2)
    assert (report.clips_new, report.clips_known, report.pairs_new, report.pairs_known) == (3, 0, 1, 0)
    clip = Clip.objects.get(source_name="0.mp4")
    assert (clip.state, clip.prompt, clip.generator) == (ClipState.PENDING, "They dance.", "vace")
    assert [subject.person.key for subject in clip.clip_subjects.all()] == ["jo", "al"]
    assert content_of(clip.file) == b"clip 0"
    assert clip.file == f"clips/{clip.sha256[:2]}/{clip.sha256}.mp4"
    pair = Pair.objects.get()
    assert (pair.key, pair.prompt, pair.published_better) == ("p", "They dance.", PublishedLabel.A)
    assert pair.clip_a == clip
    jobs = Job.objects.filter(kind="clip_prepare")
    assert {job.params["clip"] for job in jobs} == set(Clip.objects.values_list("pk", flat=True))


def test_running_it_twice_adds_nothing(folder: Path) -> None:
    run(folder, ROWS)
    before = counts()
    report = run(folder, ROWS)
    assert counts() == before
    assert report.problems == []
    assert (report.people_new, report.references_new, report.clips_new, report.pairs_new) == (0, 0, 0, 0)
    assert (report.clips_known, report.pairs_known) == (3, 1)


def test_a_dry_run_counts_and_writes_nothing(folder: Path) -> None:
    report = run(folder, ROWS, dry_run=True)
    assert (report.people_new, report.clips_new, report.pairs_new) == (2, 3, 1)
    assert counts() == (0, 0, 0, 0, 0)
    assert default_storage.listdir("")[0] == []
    run(folder, ROWS)
    again = run(folder, ROWS, dry_run=True)
    assert (again.people_new, again.clips_new, again.clips_known) == (0, 0, 3)
    assert (again.pairs_new, again.pairs_known) == (0, 1)


def test_an_import_that_was_stopped_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.importing.run.BATCH", 1)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, ROWS, on_progress=stop)
    assert Clip.objects.count() == 2
    report = run(folder, ROWS)
    assert (report.clips_new, report.clips_known, report.pairs_new) == (1, 2, 1)


def test_good_rows_go_in_beside_bad_ones(folder: Path) -> None:
    report = run(folder, "gone.mp4,x,,,vace,p,\n" + ROWS.replace(",p,", ",q,") + "../out.mp4,x,,,vace,,\n")
    assert Clip.objects.count() == 3
    assert [str(problem) for problem in report.problems] == [
        "line 2: gone.mp4: does not exist",
        "line 6: ../out.mp4: leaves the folder of the manifest",
    ]


def test_a_pair_whose_other_clip_was_refused_is_none(folder: Path) -> None:
    report = run(folder, "0.mp4,x,,,vace,p,\ngone.mp4,x,,,phantom,p,\n")
    assert [problem.line for problem in report.problems] == [2, 3]
    assert not Pair.objects.exists()


def test_all_against_all_by_generator(folder: Path) -> None:
    rows = "".join(f"{number}.mp4,They dance.,jo,,g{number % 3},,\n" for number in range(6))
    report = run(folder, rows)
    assert report.pairs_new == 12  # 15 of 6 clips, less one pair of equals for each of three generators
    assert run(folder, rows, rule=PairRule.NONE).pairs_known == 0


def test_a_reversed_pair_is_the_same_pair(folder: Path) -> None:
    run(folder, "0.mp4,x,,,vace,p,\n1.mp4,x,,,phantom,p,\n")
    report = run(folder, "1.mp4,x,,,phantom,p,\n0.mp4,x,,,vace,p,\n")
    assert (report.pairs_new, report.pairs_known) == (0, 1)


def test_one_video_under_two_names_is_one_clip(folder: Path) -> None:
    (folder / "copy.mp4").write_bytes(b"clip 0")
    report = run(folder, "0.mp4,x,,,vace,p,\ncopy.mp4,x,,,vace,q,\n1.mp4,x,,,phantom,p,\n2.mp4,x,,,gen,q,\n")
    assert report.problems == []
    assert (Clip.objects.count(), Pair.objects.count(), report.clips_new) == (3, 2, 3)


def test_one_video_described_in_two_ways_is_refused(folder: Path) -> None:
    (folder / "copy.mp4").write_bytes(b"clip 0")
    report = run(folder, "0.mp4,x,,,vace,,\ncopy.mp4,x,,,phantom,,\n")
    assert [str(problem) for problem in report.problems] == [
        "line 3: copy.mp4: is the same video as a clip with generator “vace”, here “phantom”; change one of them"
    ]
    report = run(folder, "0.mp4,another prompt,,,vace,,\n")
    assert Clip.objects.get().prompt == "x"
    assert report.problems[0].line == 2


def test_a_pair_of_one_video_with_itself_is_none(folder: Path) -> None:
    (folder / "copy.mp4").write_bytes(b"clip 0")
    report = run(folder, "0.mp4,x,,,vace,p,\ncopy.mp4,x,,,vace,p,\n")
    assert [str(problem) for problem in report.problems] == [
        "line 3: pair p: is the same video as 0.mp4: no pair"
    ]


def test_what_was_not_said_before_is_filled_in(folder: Path) -> None:
    run(folder, "0.mp4,,,,,,\n1.mp4,x,,,vace,,\n")
    report = run(folder, "0.mp4,They dance.,jo,,vace,,\n1.mp4,,al,,,,\n")
    assert report.problems == []
    first, second = Clip.objects.order_by("source_name")
    assert (first.prompt, first.generator, first.subjects.get().key) == ("They dance.", "vace", "jo")
    assert (second.prompt, second.generator, second.subjects.get().key) == ("x", "vace", "al")


def test_a_reference_that_is_no_picture_is_said_and_the_clip_taken(folder: Path) -> None:
    (folder / "refs" / "bad.jpg").write_bytes(b"not a picture")
    report = run(folder, "0.mp4,x,jo,refs/bad.jpg,vace,,\n")
    assert [str(problem) for problem in report.problems] == [
        "line 2: reference refs/bad.jpg: "
        "bad.jpg is not a picture that is read here (JPEG, PNG, WebP, BMP, TIFF)."
    ]
    assert Clip.objects.count() == 1


def test_a_clip_that_was_removed_comes_back(folder: Path) -> None:
    run(folder, ROWS)
    person_delete(person=Person.objects.get(key="jo"))
    Clip.objects.filter(source_name="0.mp4").delete()
    report = run(folder, ROWS)
    assert report.clips_new == 2
    assert {clip.state for clip in Clip.objects.all()} == {ClipState.PENDING}


def test_a_file_that_a_crash_cut_short_is_stored_again(folder: Path) -> None:
    run(folder, ROWS)
    clip = Clip.objects.get(source_name="0.mp4")
    Path(default_storage.path(clip.file)).write_bytes(b"cl")
    run(folder, ROWS)
    assert content_of(clip.file) == b"clip 0"


def test_no_source(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="neither a folder nor a manifest"):
        import_source(source=tmp_path / "none")
