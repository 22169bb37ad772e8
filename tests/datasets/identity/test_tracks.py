"""From frames to tracks, with the truth in place of a face model."""

import numpy as np
import pytest

from datasets.identity.analyse import analyse_clip
from datasets.identity.faces import box_overlaps
from tests.datasets.identity.films import FPS, HEIGHT, SIDE, WIDTH, Film, constant, crossing, standing


def analyse(film: Film, tmp_path):
    return analyse_clip(film.write(tmp_path / "film.mp4"), film.backend)


def note_codes(analysis) -> set[str]:
    return {note.code for note in analysis.notes}


def people_of(track, film: Film) -> set[int]:
    """Return whose boxes a track's boxes are."""
    who = set()
    for frame, box in zip(track.frames, track.boxes, strict=True):
        boxes = np.nan_to_num(film.truth.boxes[frame], nan=-1000).astype(np.float32)
        overlaps = box_overlaps(box[None], boxes)[0]
        if overlaps.max() > 0.3:
            who.add(int(overlaps.argmax()))
    return who


def test_two_people_are_two_tracks_with_a_box_in_every_frame(tmp_path):
    film = Film(standing(60, 180), constant(2))
    analysis = analyse(film, tmp_path)

    assert [len(track.frames) for track in analysis.tracks] == [75, 75]
    assert {frozenset(people_of(track, film)) for track in analysis.tracks} == {
        frozenset({0}),
        frozenset({1}),
    }
    assert not analysis.cuts


def test_boxes_between_detections_follow_the_face(tmp_path):
    film = Film(standing(70, frames=60, sway=25.0), constant(1, 60))
    (track,) = analyse(film, tmp_path).tracks

    assert 0.3 < track.detected.mean() < 0.7
    errors = np.abs(track.boxes - film.truth.boxes[track.frames, 0])[~track.detected]
    assert errors.max() < 0.1 * SIDE


def test_crossing_people_keep_their_tracks(tmp_path):
    film = crossing()
    analysis = analyse(film, tmp_path)

    assert len(analysis.tracks) == 2
    assert sorted(tuple(people_of(track, film)) for track in analysis.tracks) == [(0,), (1,)]
    assert all(track.first == 0 and track.last == 74 for track in analysis.tracks)
    (in_front,) = [track for track in analysis.tracks if people_of(track, film) == {0}]
    assert len(in_front.frames) == 75  # never hidden: the moment of doubt is bridged


def test_somebody_who_leaves_and_comes_back_is_one_track(tmp_path):
    centres = standing(60, 190, frames=100)
    centres[30:70, 1] = np.nan
    film = Film(centres, constant(2, 100))
    analysis = analyse(film, tmp_path)

    assert len(analysis.tracks) == 2
    (returned,) = [track for track in analysis.tracks if people_of(track, film) == {1}]
    assert returned.first <= 1
    assert returned.last >= 98
    assert not set(range(33, 67)) & set(returned.frames.tolist())


def test_a_stranger_who_takes_a_place_is_another_track(tmp_path):
    centres = standing(60, 60, frames=100)
    centres[45:, 0] = np.nan
    centres[:48, 1] = np.nan
    film = Film(centres, constant(2, 100))
    analysis = analyse(film, tmp_path)

    assert sorted(tuple(people_of(track, film)) for track in analysis.tracks) == [(0,), (1,)]


def test_a_cut_ends_tracks_and_the_same_face_is_found_again(tmp_path):
    centres = standing(60, 190, frames=80)
    centres[40:] = centres[40:, ::-1]
    film = Film(centres, constant(2, 80), cuts=(40,))
    analysis = analyse(film, tmp_path)

    assert analysis.cuts == (40,)
    assert sorted(tuple(people_of(track, film)) for track in analysis.tracks) == [(0,), (1,)]
    assert "cuts" in note_codes(analysis)


def test_a_flash_is_no_cut(tmp_path):
    from datasets.media.write import write_video

    film = Film(standing(60, 190, frames=60), constant(2, 60))
    frames = [film.frame(i) for i in range(60)]
    for i in (30, 31):
        frames[i] = np.clip(frames[i].astype(int) + 150, 0, 255).astype(np.uint8)
    write_video(frames, tmp_path / "flash.mp4", fps=FPS)

    assert analyse_clip(tmp_path / "flash.mp4", film.backend).cuts == ()


def test_a_picture_in_the_picture_is_a_still(tmp_path):
    centres = standing(60, 210)
    centres[:, 1] = (215, 30)
    film = Film(centres, constant(2), frozen=(1,))
    analysis = analyse(film, tmp_path)

    assert [track.still for track in analysis.tracks] == [
        people_of(track, film) == {1} for track in analysis.tracks
    ]
    assert len(analysis.people) == 1
    assert "stills" in note_codes(analysis)


def test_samples_are_bounded_and_spread_over_time(tmp_path):
    from datasets.identity.settings import Settings

    film = Film(standing(60, frames=100), constant(1, 100))
    clip = film.write(tmp_path / "film.mp4")
    (track,) = analyse_clip(clip, film.backend, settings=Settings(max_samples=8)).tracks

    assert 6 <= len(track.sample_frames) <= 10
    assert np.diff(track.sample_frames).max() < 30


def test_a_face_found_once_by_a_doubtful_detector_is_left_out(tmp_path):
    centres = standing(60, 200)
    centres[:, 1] = np.nan
    centres[36:38, 1] = (200, 70)
    analysis = analyse(Film(centres, constant(2)), tmp_path)

    assert len(analysis.tracks) == 1


# ---------------------------------------------------------------- odd clips


def test_no_face(tmp_path):
    analysis = analyse(Film(np.full((50, 1, 2), np.nan), constant(1, 50)), tmp_path)

    assert analysis.tracks == ()
    assert "no_face" in note_codes(analysis)


def test_one_frame(tmp_path):
    analysis = analyse(Film(standing(60, 190, frames=1), constant(2, 1)), tmp_path)

    assert len(analysis.tracks) == 2
    assert "one_frame" in note_codes(analysis)


def test_grey_film(tmp_path):
    assert len(analyse(Film(standing(60, 190), constant(2), grey=True), tmp_path).people) == 2


def test_black_film(tmp_path):
    from datasets.media.write import write_video

    write_video(np.zeros((30, HEIGHT, WIDTH, 3), np.uint8), tmp_path / "black.mp4", fps=FPS)
    film = Film(np.full((30, 1, 2), np.nan), constant(1, 30))
    analysis = analyse_clip(tmp_path / "black.mp4", film.backend)

    assert {"black", "no_face"} <= note_codes(analysis)


def test_faces_of_eight_pixels_are_followed_but_not_judged(tmp_path):
    analysis = analyse(Film(standing(60, 190), constant(2), side=8), tmp_path)

    assert len(analysis.tracks) == 2
    assert all(not len(track.sample_frames) for track in analysis.tracks)
    assert "too_small" in note_codes(analysis)


def test_a_crowd_of_forty(tmp_path):
    places = np.array([(16 + 24 * (i % 10), 20 + 34 * (i // 10)) for i in range(40)], float)
    times = np.arange(40)[:, None, None] / FPS
    centres = places[None] + 2 * np.sin(3 * times + np.arange(40)[None, :, None])
    analysis = analyse(Film(centres, constant(40, 40), side=16), tmp_path)

    assert len(analysis.tracks) == 40
    assert "crowd" in note_codes(analysis)


def test_a_profile_for_the_whole_clip_is_said(tmp_path):
    from dataclasses import replace

    from datasets.identity.backends.truth import truth_backend

    film = Film(standing(60), constant(1))
    landmarks = np.tile([[0.3, 0.4], [0.6, 0.4], [0.72, 0.6], [0.35, 0.8], [0.55, 0.8]], (75, 1, 1, 1))
    boxes = film.truth.boxes
    scaled = boxes[..., None, :2] + landmarks * (boxes[..., None, 2:] - boxes[..., None, :2])
    truth = replace(film.truth, landmarks=scaled)
    analysis = analyse_clip(film.write(tmp_path / "film.mp4"), truth_backend(truth, rate=12))

    assert "profile" in note_codes(analysis)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pictures_of_a_clip(tmp_path):
    """Fifty seconds more of film are 138 MB of pictures; what may grow is a few KB a frame."""
    import tracemalloc

    from datasets.identity.settings import Settings

    peaks = []
    for frames in (150, 1400):
        film = Film(standing(60, 190, frames=frames), constant(2, frames))
        clip, backend = film.write(tmp_path / f"{frames}.mp4"), film.backend
        tracemalloc.start()
        try:
            analysis = analyse_clip(clip, backend, settings=Settings(chunk_bytes=2**21))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert len(analysis.people) == 2
        assert max(len(track.sample_frames) for track in analysis.people) <= 1.2 * Settings().max_samples

    assert peaks[1] - peaks[0] < 12 * 2**20


def test_what_is_no_clip_is_said(tmp_path):
    from datasets.media.errors import MediaError

    path = tmp_path / "text.mp4"
    path.write_text("no film")
    with pytest.raises(MediaError, match=r"text\.mp4"):
        analyse_clip(path, Film(standing(60), constant(1)).backend)
