"""One clip's faces: found, named, measured, kept; corrected, taken back, carried over; refused with a sentence."""

import io
import json

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from PIL import Image

from config.jobs.models import Job
from config.jobs.runner import run_jobs
from datasets.analysing.clip import clip_tracks_find
from datasets.identity.store import analysis_read
from datasets.models import AnalysisState, ClipAnalysis, FaceTrack, IdentityTrack, ReferenceFace
from datasets.services.analysis import track_correct, track_correction_remove
from datasets.services.clips import ClipFacts, clip_describe
from datasets.services.deletion import person_delete
from tests.datasets.factories import content_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_dlib(settings) -> None:
    settings.FACE_BACKEND = "dlib"


def found(scene, dlib_backend) -> ClipAnalysis:
    assert clip_tracks_find(clip=scene.clip, backend=dlib_backend) == ""
    return ClipAnalysis.objects.get(clip=scene.clip)


def named(analysis: ClipAnalysis) -> dict[str, FaceTrack]:
    return {
        track.person.name: track for track in analysis.face_tracks.select_related("person") if track.person
    }


def test_both_people_are_found_and_kept(fresh_scene, dlib_backend) -> None:
    scene = fresh_scene
    analysis = found(scene, dlib_backend)
    assert set(named(analysis)) == {"Ada", "Ben"}
    assert analysis.backend == dlib_backend.key
    assert (analysis.score or 0) > 0.5
    people = list(IdentityTrack.objects.filter(analysis=analysis).order_by("row"))
    assert [row.person for row in people] == scene.people
    for row in people:
        assert row.coverage > 0.9
        assert (row.similarity or 0) > row.threshold
        assert len(row.curve["frames"]) == len(row.curve["own"]) == len(row.curve["other"]) >= 2
        assert row.curve["spans"][0][0] <= 2
        assert not any(row.curve["swapped"])


def test_the_files_hold_what_the_rows_say(scene, dlib_backend) -> None:
    analysis = found(scene, dlib_backend)
    stored = analysis_read(default_storage.path(analysis.file))
    overlay = json.loads(content_of(analysis.overlay_file))
    assert [t.number for t in stored.tracks] == [t["number"] for t in overlay["tracks"]]
    first = overlay["tracks"][0]
    assert np.allclose(first["boxes"], stored.tracks[0].boxes, atol=0.56)
    assert first["frames"] == stored.tracks[0].frames.tolist()
    strips = Image.open(io.BytesIO(content_of(analysis.strips_file)))
    assert strips.size == (96 * len(analysis.strip_frames), 96 * 2)
    assert analysis.strip_frames == [3 * i for i in range(8)]  # a second at 24 frames, in eighths
    # Faces, and not the same one twice.
    pixels = np.asarray(strips.convert("RGB"), float)
    assert pixels.std() > 20
    assert np.abs(pixels[:96] - pixels[96:]).mean() > 10


def test_references_are_looked_at_on_the_way(scene, dlib_backend) -> None:
    found(scene, dlib_backend)
    faces = ReferenceFace.objects.all()
    assert faces.count() == 4
    assert all(len(face.embedding or b"") == 4 * 128 and face.error == "" for face in faces)


def test_a_person_without_references_is_named_in_a_note(scene, put_clip, dlib_backend) -> None:
    nobody = make_person("Cem")
    clip = put_clip(*scene.people, nobody)
    assert clip_tracks_find(clip=clip, backend=dlib_backend) == ""
    assert any("Cem cannot be looked for" in note for note in clip.analysis.notes)
    assert clip.analysis.identity_tracks.count() == 2


def test_a_clip_without_subjects_has_faces_of_nobody(scene, put_clip, dlib_backend) -> None:
    clip = put_clip()
    assert clip_tracks_find(clip=clip, backend=dlib_backend) == ""
    assert clip.analysis.face_tracks.count() >= 2
    assert not clip.analysis.face_tracks.exclude(person=None).exists()
    assert (clip.analysis.score, clip.analysis.strips_file) == (None, "")


def test_what_is_no_video_gets_a_sentence(scene, put_clip, dlib_backend) -> None:
    clip = put_clip(*scene.people, content=b"not a video at all")
    sentence = clip_tracks_find(clip=clip, backend=dlib_backend)
    analysis = ClipAnalysis.objects.get(clip=clip)
    assert analysis.state == AnalysisState.FAILED
    assert analysis.error == sentence != ""


def test_stored_tracks_are_read_and_not_found_anew(scene, dlib_backend, monkeypatch) -> None:
    before = found(scene, dlib_backend)
    default_storage.delete(scene.clip.playback_file + ".gone")
    stamp = default_storage.get_modified_time(before.file)
    after = found(scene, dlib_backend)
    assert after.file == before.file
    assert default_storage.get_modified_time(after.file) == stamp


def test_a_lead_exchanges_two_faces(scene, dlib_backend, lead) -> None:
    tracks = named(found(scene, dlib_backend))
    ada, ben = scene.people
    track_correct(track=tracks["Ada"], person=ben, by=lead)
    with pytest.raises(ValidationError, match="at the same time"):
        track_correct(track=tracks["Ben"], person=ben, by=lead)
    run_jobs(queue="vision")
    after = {t.number: t for t in FaceTrack.objects.filter(analysis__clip=scene.clip)}
    assert after[tracks["Ada"].number].person == ben
    assert after[tracks["Ada"].number].machine_person == ada
    assert after[tracks["Ada"].number].correction.by == lead
    # Ben's own face cannot be Ben now; nobody else is left for it but Ada, whom it does not resemble.
    assert after[tracks["Ben"].number].person != ben
    row = IdentityTrack.objects.get(analysis__clip=scene.clip, person=ben)
    assert (row.similarity or 0) < row.threshold


def test_a_correction_is_taken_back(scene, dlib_backend, lead) -> None:
    track = named(found(scene, dlib_backend))["Ada"]
    track_correct(track=track, person=None, by=lead)
    run_jobs(queue="vision")
    track = FaceTrack.objects.get(analysis__clip=scene.clip, number=track.number)
    assert (track.person, track.machine_person) == (None, scene.people[0])
    assert IdentityTrack.objects.get(analysis__clip=scene.clip, person=scene.people[0]).coverage == 0
    track_correction_remove(track=track, by=lead)
    run_jobs(queue="vision")
    assert set(named(ClipAnalysis.objects.get(clip=scene.clip))) == {"Ada", "Ben"}


def test_somebody_who_is_no_subject_cannot_be_a_face(scene, dlib_backend, lead) -> None:
    track = named(found(scene, dlib_backend))["Ada"]
    with pytest.raises(ValidationError, match="not among the people of this clip"):
        track_correct(track=track, person=make_person("Cem"), by=lead)


def test_new_subjects_are_matched_without_finding_faces_again(scene, dlib_backend) -> None:
    found(scene, dlib_backend)
    clip_describe(clip=scene.clip, facts=ClipFacts(subject_ids=(scene.people[1].pk,)))
    run_jobs(queue="vision")
    assert set(named(ClipAnalysis.objects.get(clip=scene.clip))) == {"Ben"}


def test_a_deleted_person_takes_tracks_and_embeddings_along(scene, dlib_backend) -> None:
    analysis = found(scene, dlib_backend)
    names = [analysis.file, analysis.overlay_file, analysis.strips_file]
    assert all(default_storage.exists(name) for name in names)
    person_delete(person=scene.people[0])
    run_jobs(queue="media")
    assert not ClipAnalysis.objects.exists()
    assert not any(default_storage.exists(name) for name in names)
    assert ReferenceFace.objects.count() == 2


def test_a_missing_model_is_a_sentence_in_the_job(scene, settings, tmp_path) -> None:
    settings.FACE_BACKEND, settings.FACE_MODELS = "opencv", tmp_path
    from datasets.services.analysis import clips_analyse_later

    clips_analyse_later(clip_ids=[scene.clip.pk])
    run_jobs(queue="vision")
    job = Job.objects.get(kind="clip_analyse")
    assert job.state == "failed"
    assert "is missing: put" in job.error
    assert "Traceback" not in job.error
