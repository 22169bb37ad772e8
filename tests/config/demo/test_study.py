from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.models import Member, Role, StudyState
from config.accounts.models import User
from config.demo.study import PROBLEMS_SHOWN, DemoStudy, shown
from datasets.media.testclips import Behaviour, TestClip, render_frames
from datasets.media.write import write_video
from datasets.models import Pair

# Jobs are sent when a transaction has committed, and run at once in tests.
pytestmark = pytest.mark.django_db(transaction=True)

MakeClips = Callable[..., Path]


@pytest.fixture
def make_clips(tmp_path: Path) -> MakeClips:
    def make(*names: str, seed: int = 0) -> Path:
        folder = tmp_path / f"clips-{seed}"
        folder.mkdir()
        for name, behaviour in zip(names, Behaviour, strict=False):
            clip = TestClip(behaviour=behaviour, seed=seed, frames=12, width=160, height=90)
            write_video(render_frames(clip), folder / name, fps=24)
        return folder

    return make


@pytest.fixture
def demo() -> DemoStudy:
    lead = User.objects.create_user("lead", is_lead=True)
    return DemoStudy("Demo", "demo", lead, User.objects.create_user("annotator"))


def test_the_study_opens_with_its_first_pair_and_grows(demo: DemoStudy, make_clips: MakeClips) -> None:
    demo.take(make_clips("scene__one.mp4", "scene__two.mp4", seed=1))
    study = demo.grow()
    assert study is not None
    assert (study.state, study.n_items) == (StudyState.OPEN, 1)
    assert Member.objects.get(study=study, user=demo.annotator).role == Role.ANNOTATOR
    assert Member.objects.get(study=study, user=demo.lead).role == Role.LEAD

    demo.take(make_clips("scene__one.mp4", "scene__two.mp4", "scene__three.mp4", seed=2))
    grown = demo.grow()
    assert grown is not None
    assert (grown.pk, grown.n_items) == (study.pk, 4)


def test_nothing_is_added_twice(demo: DemoStudy, make_clips: MakeClips) -> None:
    folder = make_clips("scene__one.mp4", "scene__two.mp4")
    for _ in range(2):
        demo.take(folder)
        study = demo.grow()
    assert study is not None
    assert study.n_items == 1


def test_without_a_playable_pair_there_is_no_study(demo: DemoStudy, make_clips: MakeClips) -> None:
    folder = make_clips("scene__one.mp4")
    (folder / "scene__two.mp4").write_bytes(b"no video")
    demo.take(folder)
    assert demo.grow() is None
    assert demo.pending() == 0
    (refusal,) = demo.refusals()
    assert "scene__two.mp4" in refusal


def test_clips_whose_names_say_nothing_are_paired_with_the_next(
    demo: DemoStudy, make_clips: MakeClips
) -> None:
    demo.take(make_clips("x.mp4", "y.mp4", "z.mp4"))
    assert demo.pair_ids == set()
    assert demo.pair_neighbours() == 2
    study = demo.grow()
    assert study is not None
    assert Pair.objects.filter(items__study=study).count() == 2


@pytest.mark.parametrize(
    ("count", "lines"), [(0, 0), (PROBLEMS_SHOWN, PROBLEMS_SHOWN), (99, PROBLEMS_SHOWN + 1)]
)
def test_only_the_first_problems_are_told(count: int, lines: int) -> None:
    told = shown(range(count))
    assert len(told) == lines
    assert count < 99 or told[-1] == f"and {99 - PROBLEMS_SHOWN} more"
