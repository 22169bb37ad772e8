"""The demo's batch: of the clips that keep everybody, planned once, and left alone afterwards."""

import pytest

from config.demo.batch import COUNT, demo_batch, is_being_made, outcome
from config.jobs.models import Job
from datasets.models import Clip, FaceTrack
from distortions.models import BatchState
from distortions.services.batches import batch_pause
from tests.annotator.analyses import make_analysis
from tests.annotator.factories import make_clip, make_person, make_user

pytestmark = pytest.mark.django_db


def analysed(generator: str = "camera", *, matched: bool = True) -> Clip:
    people = (make_person(), make_person())
    clip = make_clip(subjects=people, generator=generator)
    analysis = make_analysis(clip, *people)
    for number, person in enumerate(people):
        FaceTrack.objects.create(
            analysis=analysis,
            number=number,
            first=0,
            last=47,
            frames=48,
            quality=0.9,
            person=person if matched else None,
            machine_person=person if matched else None,
        )
    return clip


def test_it_takes_what_keeps_everybody_and_mixes_negatives_with_controls():
    kept = [analysed("Steady"), analysed("Steady")]
    others = [analysed("Drifter"), analysed("Swapper")]
    batch = demo_batch(name="Demo", clip_ids=[clip.pk for clip in kept + others], lead=make_user())
    planned = list(batch.distortions.all())
    assert len(planned) == COUNT
    assert {each.source_id for each in planned} == {clip.pk for clip in kept}
    assert {each.is_control for each in planned} == {True, False}
    assert batch is not None
    assert is_being_made(batch)
    assert outcome(batch).endswith(f"{COUNT} are left to do")


def test_clips_of_ones_own_are_taken_as_they_are():
    clips = [analysed(), analysed()]
    batch = demo_batch(name="Demo: mine", clip_ids=[clip.pk for clip in clips], lead=make_user())
    assert {each.source_id for each in batch.distortions.all()} == {clip.pk for clip in clips}


def test_the_next_start_finds_it_as_it_was_left():
    ids, lead = [analysed().pk], make_user()
    first = demo_batch(name="Demo", clip_ids=ids, lead=lead)
    assert first is not None
    batch_pause(batch=first)
    jobs = Job.objects.count()
    again = demo_batch(name="Demo", clip_ids=ids, lead=lead)
    assert again is not None
    assert again == first
    assert again.state == BatchState.PAUSED
    assert Job.objects.count() == jobs
    assert not is_being_made(again)


def test_clips_in_which_nobody_is_known_make_none():
    lead = make_user()
    unseen = make_clip()
    assert demo_batch(name="Demo", clip_ids=[unseen.pk], lead=lead) is None
    assert demo_batch(name="Demo", clip_ids=[analysed(matched=False).pk], lead=lead) is None
