"""Analyses as rows: corrections apart from the machine's answer, none lost, all gone with the person."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage

from config.jobs.models import Job
from config.jobs.runner import run_jobs
from datasets.models import ClipAnalysis, FaceTrack, ReferenceFace, TrackCorrection
from datasets.services.analysis import (
    AnalysisFacts,
    CorrectionsChanged,
    analysis_store,
    corrections_of,
    track_correct,
    track_correction_remove,
)
from datasets.services.deletion import person_delete
from tests.datasets.factories import make_analysis, make_clip, make_person, make_reference, make_release

pytestmark = pytest.mark.django_db


def facts(**changes) -> AnalysisFacts:
    values: dict[str, Any] = {
        "backend": "yunet@1+sface@1", "file": "tracks/new.npz", "overlay_file": "overlays/new.json",
        "strips_file": "", "strip_frames": [], "strip_step": 0.25, "summary": {}, "score": None, "face_sim": None,
        "notes": [], "tracks": [], "people": [],
    }  # fmt: skip
    return AnalysisFacts(**(values | changes))


def test_facts_that_rest_on_too_little_are_not_stored(lead) -> None:
    ada = make_person("Ada")
    clip = make_clip(ada)
    track = make_analysis(clip).face_tracks.get()
    track_correct(track=track, person=None, by=lead)
    with pytest.raises(CorrectionsChanged):
        analysis_store(clip=clip, facts=facts())
    assert TrackCorrection.objects.count() == 1
    assert corrections_of(clip) == {0: (None, lead.pk)}
    assert analysis_store(clip=clip, facts=facts(based_on=corrections_of(clip))) is not None


def test_a_track_that_was_replaced_meanwhile_is_not_corrected(lead) -> None:
    ada = make_person("Ada")
    clip = make_clip(ada)
    track = make_analysis(clip).face_tracks.select_related("analysis").get()
    analysis_store(clip=clip, facts=facts())
    with pytest.raises(ValidationError, match="matched again at this moment"):
        track_correct(track=track, person=None, by=lead)
    with pytest.raises(ValidationError, match="matched again at this moment"):
        track_correction_remove(track=track, by=lead)


def test_two_corrections_in_a_row_wait_for_one_job(lead) -> None:
    clip = make_clip(make_person(), make_person())
    make_analysis(clip)
    for track in FaceTrack.objects.select_related("analysis"):
        track_correct(track=track, person=None, by=lead)
    assert Job.objects.filter(kind="clip_analyse").count() == 1
    assert set(corrections_of(clip)) == {0, 1}


def test_the_old_analysis_files_go_and_the_new_ones_stay(lead) -> None:
    clip = make_clip(make_person())
    before = make_analysis(clip)
    kept = before.file
    analysis_store(clip=clip, facts=facts(file=kept))
    run_jobs(queue="media")
    assert default_storage.exists(kept)
    assert not default_storage.exists(before.overlay_file)
    assert not default_storage.exists(before.strips_file)


def test_a_deleted_person_takes_faces_along_even_from_clips_that_a_release_holds() -> None:
    ada, bo = make_person("Ada"), make_person("Bo")
    reference = make_reference(ada)
    ReferenceFace.objects.create(reference=reference, backend="yunet@1+sface@1", embedding=b"\0" * 16)
    free, held, others = make_clip(ada), make_clip(ada, bo), make_clip(bo)
    going = [make_analysis(free), make_analysis(held)]
    staying = make_analysis(others)
    make_release(held)
    person_delete(person=ada)
    run_jobs(queue="media")
    assert list(ClipAnalysis.objects.all()) == [staying]
    assert not ReferenceFace.objects.exists()
    assert not FaceTrack.objects.exclude(analysis=staying).exists()
    for each in going:
        assert not any(
            default_storage.exists(name) for name in (each.file, each.overlay_file, each.strips_file)
        )
    assert default_storage.exists(staying.overlay_file)
