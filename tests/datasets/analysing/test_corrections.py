"""A lead who corrects while a worker matches: what was said is kept, and matched with."""

import pytest

from datasets.analysing.clip import clip_tracks_find
from datasets.analysing.strips import strips_jpeg
from datasets.models import ClipAnalysis, FaceTrack, IdentityTrack
from datasets.services.analysis import track_correct

pytestmark = pytest.mark.django_db


def test_what_is_said_while_the_worker_matches_is_not_lost(scene, dlib_backend, lead, monkeypatch) -> None:
    assert clip_tracks_find(clip=scene.clip, backend=dlib_backend) == ""
    ada = scene.people[0]
    track = FaceTrack.objects.get(person=ada)
    runs: list[None] = []

    def cut_while_a_lead_corrects(*args, **kwargs):
        runs.append(None)
        if len(runs) == 1:
            track_correct(track=track, person=None, by=lead)
        return strips_jpeg(*args, **kwargs)

    monkeypatch.setattr("datasets.analysing.clip.strips_jpeg", cut_while_a_lead_corrects)
    assert clip_tracks_find(clip=scene.clip, backend=dlib_backend) == ""
    after = FaceTrack.objects.get(analysis__clip=scene.clip, number=track.number)
    assert (after.person, after.machine_person, after.correction.by) == (None, ada, lead)
    assert IdentityTrack.objects.get(person=ada).coverage == 0, "matched anew with the correction"
    assert ClipAnalysis.objects.count() == 1
    assert len(runs) == 2
