"""The faces of a study's clips in its release: who they are by the last word, whole, and nobody who went."""

from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage

from annotator.releasing.options import ReleaseOptions
from annotator.services.release_build import release_build
from annotator.services.releases import release_create
from datasets.identity.space import Space
from datasets.identity.store import analysis_write
from datasets.identity.tracks import Analysis, Track
from datasets.importing.release import import_release
from datasets.models import Clip, ClipAnalysis, FaceTrack, IdentityTrack, ReferenceFace, TrackCorrection
from datasets.releases.errors import ReleaseError
from datasets.releases.reader import Release as ReleaseFolder
from datasets.releases.verify import verify_release
from datasets.services.deletion import person_delete

pytestmark = pytest.mark.django_db

SPACE = Space(
    name="test",
    version="1",
    licence="none",
    dimension=4,
    distance="cosine",
    threshold=0.6,
    threshold_source="made up for this test",
)


def face(number: int, frames: list[int], *, still: bool = False) -> Track:
    """A face that lies at its number, with an embedding for its first frame."""
    n = len(frames)
    embedding = np.zeros((1, 4), np.float32)
    embedding[0, number % 4] = 1
    return Track(
        number=number,
        frames=np.array(frames, np.int32),
        boxes=np.tile(np.array([number, 2, number + 10, 20], np.float32), (n, 1)),
        landmarks=np.zeros((n, 5, 2), np.float32),
        detected=np.ones(n, np.bool_),
        quality=np.full(n, 0.5, np.float32),
        sample_frames=np.array(frames[:1], np.int32),
        sample_quality=np.ones(1, np.float32),
        sample_size=np.ones(1, np.float32),
        sample_sharpness=np.ones(1, np.float32),
        sample_yaw=np.zeros(1, np.float32),
        embeddings=embedding,
        thumbs=np.zeros((1, 8, 8), np.uint8),
        still=still,
    )


def analyse(clip: Clip, faces: list[Track], people: list) -> ClipAnalysis:
    """Store what a worker would have found: the file, and a row for each face with who it is."""
    analysis = Analysis(
        frames=clip.frames or 0,
        fps=12.0,
        width=64,
        height=48,
        cuts=(),
        tracks=tuple(faces),
        space=SPACE,
        backend="a detector@1+test@1",
    )
    name = f"tracks/{clip.pk}.npz"
    analysis_write(analysis, Path(default_storage.path(name)))
    row = ClipAnalysis.objects.create(clip=clip, backend=analysis.backend, file=name)
    for track, person in zip(faces, people, strict=True):
        FaceTrack.objects.create(
            analysis=row,
            number=track.number,
            first=track.first,
            last=track.last,
            frames=len(track.frames),
            quality=0.5,
            still=track.still,
            person=person,
        )
    for place, person in enumerate(dict.fromkeys(filter(None, people))):
        IdentityTrack.objects.create(
            analysis=row, person=person, row=place, similarity=0.75, coverage=0.5, threshold=0.25
        )
    return row


def export(study, out: Path, **options) -> ReleaseFolder:
    release = release_create(study=study, options=ReleaseOptions(**options), folder=out)
    release_build(release=release, study=study)
    assert verify_release(out) == []
    return ReleaseFolder.open(out)


@pytest.fixture
def clip(items) -> Clip:
    return items[0].pair.clip_a


@pytest.fixture
def people(clip) -> list:
    return list(clip.subjects.order_by("clip_subjects__position"))


def test_somebody_in_two_pieces_is_one_row_and_nobody_is_none(judged, clip, people, out):
    amy, bob = people
    faces = [
        face(0, [3, 4]),
        face(1, [0, 1, 2, 3]),
        face(2, [0, 1]),
        face(3, [0, 5], still=True),
        face(4, [5]),
    ]
    row = analyse(clip, faces, [amy, bob, amy, bob, None])
    TrackCorrection.objects.create(track=row.face_tracks.get(number=2), person=amy)

    rows = {each["person_id"]: each for each in export(judged, out).rows("tracks")}

    assert rows.keys() == {amy.key, bob.key}
    own = rows[amy.key]
    assert (own["clip"], own["backend"]) == (clip.playback_sha256, "a detector@1+test@1")
    assert (own["corrected"], rows[bob.key]["corrected"]) == (True, False)
    assert (own["similarity"], own["threshold"], own["coverage"]) == (0.75, 0.25, 0.5)
    assert own["frames"] == [0, 1, 3, 4]
    assert [box[0] for box in own["boxes"]] == [2.0, 2.0, 0.0, 0.0]
    assert own["quality"] == [0.5] * 4
    assert own["sample_frames"] == [0, 3]
    assert own["embeddings"] == [[0, 0, 1, 0], [1, 0, 0, 0]]


def test_a_person_who_was_deleted_is_in_no_track(judged, clip, people, out):
    amy, bob = people
    analyse(clip, [face(0, [0]), face(1, [1])], [amy, bob])
    person_delete(person=bob)

    assert bob.key not in {row["person_id"] for row in export(judged, out).rows("tracks")}


def test_without_tracks_on_request(judged, clip, people, out):
    analyse(clip, [face(0, [0]), face(1, [1])], people)

    assert list(export(judged, out, tracks=False).rows("tracks")) == []


def test_references_come_with_what_the_face_model_made_of_them(judged, clip, people, out):
    amy, bob = people
    usable, poor = (person.references.first() for person in people)
    vector = np.array([0, 0.5, 0, 0.5], "<f4")
    ReferenceFace.objects.create(reference=usable, backend="a detector@1+test@1", embedding=vector.tobytes())
    ReferenceFace.objects.create(reference=poor, backend="a detector@1+test@1", error="Nobody is in it.")

    faces = {row["person_id"]: row["faces"] for row in export(judged, out).rows("people")}

    assert faces[amy.key] == [
        {"reference": usable.sha256, "backend": "a detector@1+test@1", "embedding": [0, 0.5, 0, 0.5]}
    ]
    assert faces[bob.key] == []


def test_a_lost_file_of_tracks_is_said(judged, clip, people, out):
    row = analyse(clip, [face(0, [0]), face(1, [1])], people)
    default_storage.delete(row.file)

    with pytest.raises(ReleaseError, match=r"cannot be read: .* Or release without tracks"):
        export(judged, out)
    assert not out.exists()


def test_an_import_keeps_the_tracks_in_its_copy_of_the_release(judged, clip, people, out, settings, tmp_path):
    analyse(clip, [face(0, [0]), face(1, [1])], people)
    before = list(export(judged, out).rows("tracks"))
    settings.HOME = tmp_path / "elsewhere"

    for form in ("likeness", "jsonl"):
        folder = out if form == "likeness" else tmp_path / "as-jsonl"
        if form == "jsonl":
            release = release_create(study=judged, options=ReleaseOptions(format=form), folder=folder)
            release_build(release=release, study=judged)
        judged.releases.update(name="exported-here")
        report, source = import_release(folder=folder)
        assert list(source.rows("tracks")) == before
        assert sum(report.release.counts["tables"]["tracks"].values()) == 2
