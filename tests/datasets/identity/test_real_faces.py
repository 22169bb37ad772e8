"""The real models on real faces and clips; skipped where either is missing."""

import importlib.util
import io

import numpy as np
import pytest
from PIL import Image

from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import backend_load
from datasets.identity.errors import ModelError, ReferencePictureError
from datasets.identity.matching import match_tracks
from datasets.identity.references import people_read, person_read, reference_read


def jpeg(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def opened(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture(scope="module", params=["mobilefacenet", "dlib", "yunet+dlib_resnet", "insightface"])
def backend(request, shared_models):
    try:
        return backend_load(request.param, shared_models)
    except ModelError as error:
        pytest.skip(str(error))


def test_each_backend_tells_two_men_apart(backend, shared_data):
    obama = person_read("obama", sorted((shared_data / "refs/obama").iterdir()), backend)
    biden = person_read("biden", sorted((shared_data / "refs/biden").iterdir()), backend)
    space = backend.space

    between = space.similarity(obama.embeddings, biden.embeddings)
    assert between.max() < space.same_person
    for person in (obama, biden):
        if len(person.references) > 1:
            assert space.pairwise(person.embeddings[:1], person.embeddings[1:2])[0] > space.same_person
    assert obama.embeddings.shape[1] == space.dimension


def test_landmarks_are_in_one_order_whatever_the_detector(backend, shared_data):
    picture = opened(sorted((shared_data / "refs/obama").iterdir())[0])
    scale = 400 / max(picture.shape[:2])
    picture = np.asarray(Image.fromarray(picture).resize([round(s * scale) for s in picture.shape[1::-1]]))
    face = max(backend.detector.detect(picture, 0), key=lambda each: each.eye_distance)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks

    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert 0 < face.score <= 1


def test_a_picture_without_a_face_is_no_reference(real_backend):
    flat = np.full((200, 200, 3), 90, np.uint8)
    with pytest.raises(ReferencePictureError, match="shows no face"):
        reference_read(jpeg(flat), real_backend, name="wall.jpg")


def test_a_picture_of_two_is_no_reference(real_backend, shared_data):
    path = next((shared_data / "refs/group_obama_biden").iterdir())
    with pytest.raises(ReferencePictureError, match="shows 2 faces"):
        reference_read(path, real_backend)


def test_what_is_no_picture_is_said(real_backend, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(ReferencePictureError, match=r"a\.jpg cannot be read"):
        reference_read(tmp_path / "a.jpg", real_backend)


def test_a_small_blurred_reference_is_warned_of(real_backend, shared_data):
    picture = opened(next((shared_data / "refs/obama").iterdir()))
    small = np.asarray(Image.fromarray(picture).resize((72, round(72 * picture.shape[0] / picture.shape[1]))))
    reference = reference_read(jpeg(small), real_backend, name="small.jpg")

    assert any("small" in warning for warning in reference.warnings)


def test_usable_and_refused_references_of_one_person(real_backend, shared_data, tmp_path):
    folder = tmp_path / "obama"
    folder.mkdir()
    (folder / "good.jpg").write_bytes(next((shared_data / "refs/obama").iterdir()).read_bytes())
    (folder / "wall.jpg").write_bytes(jpeg(np.full((90, 90, 3), 90, np.uint8)))
    (person,) = people_read(tmp_path, real_backend)

    assert [reference.name for reference in person.references] == ["good.jpg"]
    assert any("wall.jpg shows no face" in warning for warning in person.warnings)
    assert any("1 reference" in warning for warning in person.warnings)


def test_pictures_named_after_their_person(real_backend, shared_data, tmp_path):
    sources = {"anna-1": "obama", "anna-2": "obama", "bela": "biden"}
    for name, who in sources.items():
        (tmp_path / f"{name}.jpg").write_bytes(next((shared_data / "refs" / who).iterdir()).read_bytes())
    people = people_read(tmp_path, real_backend)

    assert [(person.name, len(person.references)) for person in people] == [("anna", 2), ("bela", 1)]


def test_an_empty_folder_of_references_says_what_it_needs(real_backend, tmp_path):
    with pytest.raises(ReferencePictureError, match="a folder of pictures for each person"):
        people_read(tmp_path, real_backend)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clip", "who"),
    [
        ("pairs/concatid_4-4/a.mp4", ("concatid_man_a", "concatid_man_b")),
        ("clips/magref_multihuman_13_av1.webm", ("magref_d9_man", "magref_d9_woman")),
    ],
)
def test_real_clips_are_matched(real_backend, shared_data, clip, who):
    people = [
        person_read(name, sorted((shared_data / "refs" / name).iterdir()), real_backend) for name in who
    ]
    analysis = analyse_clip(shared_data / clip, real_backend)
    matching = match_tracks(analysis, people)

    assert len(analysis.people) == 2
    assert sorted(match.person for match in matching.matches) == [0, 1]
    assert all(match.margin > 0.3 for match in matching.matches)


@pytest.mark.slow
def test_burnt_in_references_are_stills(real_backend, shared_data):
    analysis = analyse_clip(shared_data / "clips/concatid_2-4.mp4", real_backend)

    assert [len(analysis.people), len(analysis.tracks) - len(analysis.people)] == [2, 2]


@pytest.mark.slow
def test_cuts_of_a_real_film(real_backend, shared_data):
    assert analyse_clip(shared_data / "clips/bikes_street.mp4", real_backend).cuts == (30, 76, 137, 187, 242)


def test_insightface_says_which_library_is_missing(shared_models):
    if importlib.util.find_spec("insightface") is not None:
        pytest.skip("insightface is installed")
    with pytest.raises(ModelError, match="pip install --no-deps insightface"):
        backend_load("insightface", shared_models)
