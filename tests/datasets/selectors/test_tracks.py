"""What a clip's page reads of faces: people in order, machine and lead apart, at a fixed number of queries."""

import pytest

from config.jobs.models import Job, JobState
from config.jobs.services import job_create
from datasets.face_numbers import face_numbers
from datasets.face_timeline import GOOD, face_timeline
from datasets.identity import quality
from datasets.models import FaceTrack, IdentityTrack
from datasets.selectors.tracks import analysis_job_of, clip_faces, vision_notice
from datasets.services.analysis import analysis_batch_start, analysis_fail, clips_analyse_later, track_correct
from tests.datasets.factories import make_analysis, make_clip, make_person, make_reference

pytestmark = pytest.mark.django_db


def scene(people: int = 2, others: int = 1):
    persons = [make_person(f"Person {i}") for i in range(people)]
    for person in persons:
        make_reference(person)
    clip = make_clip(*persons)
    return clip, persons, make_analysis(clip, *[None] * others)


@pytest.mark.parametrize(("people", "others"), [(1, 0), (4, 12)])
def test_a_crowd_costs_no_more_queries_than_one_face(people, others, django_assert_num_queries) -> None:
    clip, _, _ = scene(people, others)
    with django_assert_num_queries(7):
        faces = clip_faces(clip)
        timeline = face_timeline(faces)
        assert len(timeline.lanes) == people
        assert len([bar.spoken for bar in timeline.others]) == others


def test_subjects_keep_their_order_and_keys(lead) -> None:
    clip, (ada, bo), _ = scene()
    faces = clip_faces(clip)
    assert [(subject.person, subject.key) for subject in faces.subjects] == [(ada, "1"), (bo, "2")]
    assert [track.number for track in faces.tracks] == [0, 1, 2]
    assert [track.number for track in faces.others] == [2]


def test_what_a_lead_says_stands_beside_the_machines_answer(lead) -> None:
    clip, _, analysis = scene()
    track_correct(track=analysis.face_tracks.get(number=2), person=None, by=lead)
    track_correct(track=analysis.face_tracks.get(number=0), person=None, by=lead)
    timeline = face_timeline(clip_faces(clip))
    assert timeline.lanes[0].bars == []
    said = {bar.track.number: bar for bar in timeline.others}
    assert said[0].is_disputed
    assert "the machine says Person 0" in said[0].spoken
    assert said[2].is_corrected
    assert not said[2].is_disputed


def test_a_person_who_left_the_clips_subjects_is_among_the_others() -> None:
    clip, (ada, bo), _ = scene()
    clip.clip_subjects.filter(person=ada).delete()
    faces = clip_faces(clip)
    assert [subject.person for subject in faces.subjects] == [bo]
    assert ada in [track.person for track in faces.others]


def test_places_are_shares_of_the_clip() -> None:
    clip, (ada, _), analysis = scene()  # 48 frames
    FaceTrack.objects.filter(analysis=analysis, number=0).update(first=12, last=35)
    IdentityTrack.objects.filter(person=ada).update(
        curve={
            "frames": [12, 20, 34, 35], "own": [0.9, 0.5, 0.3, 1.2], "other": [0.1, 0.2, 0.8, 0.9],
            "quality": [1.0, 0.1, 1.0, 1.0], "swapped": [False, False, True, True],
            "spans": [[12, 23], [30, 35]],
        },
        numbers={"drop_gaps": [[24, 29]]},
    )  # fmt: skip
    lane = face_timeline(clip_faces(clip)).lanes[0]
    (bar,) = lane.bars
    assert (bar.extent.x, bar.extent.width) == (25, 50)
    assert [(place.frame, place.width) for place in bar.seen] == [(12, 25), (30, 12.5)]
    assert [(place.frame, place.width) for place in lane.drops] == [(24, 12.5)]
    assert [place.frame for place in lane.swaps] == [27]  # half way between the samples 20 and 34
    assert lane.swaps[0].x + lane.swaps[0].width == pytest.approx(100)
    assert lane.lines[1].split() == ["71.875,70.0", "73.958,0.0"], "what is above 1 is drawn at 1"
    assert len(lane.dots) == 2, "the poor sample, and the good one that has no neighbour in its span"


def test_tracks_at_the_same_time_are_drawn_in_rows() -> None:
    clip, _, analysis = scene(1, 3)
    for number, (first, last) in enumerate([(0, 47), (0, 20), (10, 30), (21, 47)]):
        FaceTrack.objects.filter(analysis=analysis, number=number).update(first=first, last=last)
    timeline = face_timeline(clip_faces(clip))
    assert {bar.track.number: bar.row for bar in timeline.others} == {1: 0, 2: 1, 3: 0}
    assert len(timeline.other_rows) == 2


def test_numbers_that_want_a_look_are_marked_and_unknown_ones_are_dashes() -> None:
    clip, (ada, _), _ = scene()
    IdentityTrack.objects.filter(person=ada).update(
        numbers={
            "similarity": 0.3, "survival_threshold": 0.36, "margin": -0.2, "swap_rate": 0.5,
            "drift_per_second": -0.1, "drift_low": -0.2, "drift_high": -0.01, "coverage": 0.75,
        }
    )  # fmt: skip
    rows = {metric.name: metric.cells for metric in face_numbers(clip_faces(clip))}
    conspicuous = {name for name, (first, _) in rows.items() if first.is_conspicuous}
    assert conspicuous == {"similarity", "margin", "swapped", "drift a second"}
    assert (rows["margin"][0].text, rows["drift a second"][0].beside) == ("−0.20", "−0.20 to −0.01")
    assert (rows["seen"][0].text, rows["flicker"][0].text) == ("75\N{NO-BREAK SPACE}%", "–")
    assert not any(cells[1].is_conspicuous for cells in rows.values())


def test_the_line_between_good_and_poor_samples_is_the_metrics_own() -> None:
    assert GOOD == quality.GOOD


def test_the_job_of_a_clip_is_its_own_or_a_batch_that_has_it() -> None:
    clip, other = make_clip(), make_clip()
    assert analysis_job_of(clip) is None
    batch = analysis_batch_start(clip_ids=[clip.pk], label="all")
    assert analysis_job_of(clip) == batch
    assert analysis_job_of(other) is None
    clips_analyse_later(clip_ids=[clip.pk])
    assert analysis_job_of(clip) == Job.objects.get(kind="clip_analyse")


def test_a_failed_job_is_a_problem_until_an_analysis_follows() -> None:
    clip = make_clip()
    job = job_create(kind="clip_analyse", params={"clip": clip.pk}, key=str(clip.pk))
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED, error="No model.\n\nTraceback", finished_at="2020-01-01T00:00Z"
    )
    assert clip_faces(clip).problem == "No model."
    analysis_fail(clip=clip, backend="", error="Not a video.")
    assert clip_faces(clip).problem == "Not a video."
    clip.analysis.delete()
    make_analysis(clip)
    assert clip_faces(clip).problem == ""


def test_a_lead_is_told_of_missing_vision_and_of_the_fallback(settings) -> None:
    settings.ANALYSE_CLIPS, settings.FACE_BACKEND = False, ""
    assert "requirements/vision.txt" in vision_notice()
    settings.ANALYSE_CLIPS = True
    assert vision_notice() == ""
    analysis = make_analysis(make_clip(), backend="dlib_hog@20+dlib_resnet@v1")
    assert "fetch_models" in vision_notice()
    settings.FACE_BACKEND = "dlib"  # somebody chose it
    assert vision_notice() == ""
    settings.FACE_BACKEND = ""
    make_analysis(make_clip(), backend="yunet@1+sface@1")
    assert vision_notice() == "", analysis
