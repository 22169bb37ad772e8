"""Who is who, and what the metrics say of drift, blend, swap and drop of known size."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import theilslopes

from datasets.identity.analyse import analyse_clip
from datasets.identity.errors import IdentityError
from datasets.identity.matching import best_assignment, match_tracks
from datasets.identity.metrics.copy_paste import m_cp
from datasets.identity.metrics.drift import theil_sen
from datasets.identity.metrics.measure import measure
from datasets.identity.metrics.threshold import calibrated_threshold
from datasets.identity.references import resemblances
from tests.datasets.identity.films import Film, constant, crossing, identity, make_person, standing


@pytest.fixture
def judge(tmp_path):
    """Return a function from a film and its people to analysis, matching and metrics."""

    def run(film: Film, people):
        analysis = analyse_clip(film.write(tmp_path / "film.mp4"), film.backend)
        matching = match_tracks(analysis, people)
        return analysis, matching, measure(analysis, matching, people)

    return run


@pytest.fixture
def people():
    return [make_person(0), make_person(1)]


def mixed(frames: int, share: np.ndarray, other: int = 1) -> np.ndarray:
    """Return identity vectors of two people, the first turning into `other` by `share` (T,)."""
    who = constant(2, frames)
    who[:, 0] = (1 - share)[:, None] * identity(0) + share[:, None] * identity(other)
    return who


# ---------------------------------------------------------------- matching


def test_each_track_gets_its_person_whatever_their_order(judge, people):
    _, matching, metrics = judge(Film(standing(60, 180), constant(2)), people[::-1])

    assert matching.people == ("person 1", "person 0")
    assert [p.similarity > 0.8 for p in metrics.people] == [True, True]
    assert [p.margin > 0.5 for p in metrics.people] == [True, True]
    assert not matching.swaps


def test_crossing_people_are_told_apart(judge, people):
    _, matching, metrics = judge(crossing(), people)

    assert len(matching.matches) == 2
    assert [p.swap_rate for p in metrics.people] == [0, 0]


def test_a_stranger_is_nobody(judge, people):
    film = Film(standing(40, 120, 210), constant(3))
    _, matching, _ = judge(film, people)

    assert sorted(match.person for match in matching.matches) == [0, 1]
    assert not any(match.presumed for match in matching.matches)


def test_a_face_wrong_from_the_first_frame_is_presumed_to_be_who_is_left(judge, people):
    _, matching, metrics = judge(Film(standing(60, 180), mixed(75, np.ones(75), other=5)), people)

    assert sorted((match.person, match.presumed) for match in matching.matches) == [(0, True), (1, False)]
    assert metrics.people[0].presumed
    assert metrics.people[0].similarity < 0.4


def test_nobody_is_presumed_when_two_are_left_for_one_place(judge, people):
    who = constant(3)
    who[:, 0], who[:, 2] = identity(7), identity(8)
    _, matching, _ = judge(Film(standing(40, 120, 210), who), people)

    assert [match.person for match in matching.matches] == [1]


def test_one_face_where_two_are_expected(judge, people):
    film = Film(standing(60), constant(1))
    _, matching, metrics = judge(film, people)

    assert [match.person for match in matching.matches] == [0]
    assert metrics.people[1].coverage == 0
    assert metrics.people[1].drop.share == 1
    assert np.isnan(metrics.people[1].similarity)
    assert metrics.people[1].numbers()["similarity"] is None
    assert metrics.score == pytest.approx(metrics.people[0].similarity / 2, abs=0.05)


def test_twins_are_warned_of_and_still_matched_to_one_track_each(judge):
    film = Film(standing(60, 180), np.stack([np.tile(identity(0), (75, 1))] * 2, axis=1))
    twins = [make_person(0, name="left"), replace(make_person(0), name="right")]
    analysis, matching, _ = judge(film, twins)

    assert [(each.first, each.second) for each in resemblances(twins, analysis.space)] == [("left", "right")]
    assert sorted(match.person for match in matching.matches) == [0, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.randoms(use_true_random=False))
def test_assignment_is_the_hungarian_methods_where_all_tracks_overlap(tracks, people, random):
    weights = np.array([[random.uniform(-1, 1) for _ in range(people)] for _ in range(tracks)])
    chosen = best_assignment(weights, [(0, 10)] * tracks)
    rows, columns = linear_sum_assignment(np.maximum(weights, 0), maximize=True)

    assert len({t for t, _ in chosen}) == len({p for _, p in chosen}) == len(chosen)
    best = np.maximum(weights, 0)[rows, columns].sum()
    assert sum(weights[t, p] for t, p in chosen) == pytest.approx(best, abs=1e-6)  # the solver's tolerance


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=7), st.integers(1, 3))
def test_a_person_is_never_in_two_places(spans, people):
    spans = [(start, start + length) for start, length in spans]
    weights = np.random.default_rng(len(spans)).uniform(0, 1, (len(spans), people))
    chosen = best_assignment(weights, spans)

    for frame in range(31):
        here = [p for t, p in chosen if spans[t][0] <= frame <= spans[t][1]]
        assert len(here) == len(set(here))


def test_embeddings_of_two_backends_are_never_compared(people, judge):
    analysis, _, _ = judge(Film(standing(60, 180), constant(2)), people)
    elsewhere = [replace(person, space=replace(person.space, version="2")) for person in people]

    with pytest.raises(IdentityError, match="cannot be compared"):
        match_tracks(analysis, elsewhere)


# ---------------------------------------------------------------- metrics


def test_a_steady_clip_has_nothing_wrong_with_it(judge, people):
    _, _, metrics = judge(Film(standing(60, 180), constant(2)), people)
    person = metrics.people[0]

    assert person.coverage == 1
    assert person.drop.share == 0
    assert person.swap_rate == person.blend_rate == 0
    assert person.survival.survived
    assert not person.drift.is_drift
    assert metrics.score == pytest.approx(np.mean([p.similarity for p in metrics.people]), abs=0.02)


def test_similarity_and_slope_fall_with_the_size_of_a_drift(judge, people):
    means, slopes, survivals = [], [], []
    for size in (0.0, 0.3, 0.6, 0.9):
        who = mixed(75, np.linspace(0, size, 75), other=9)
        _, _, metrics = judge(Film(standing(60, 180), who), people)
        means.append(metrics.people[0].similarity)
        slopes.append(metrics.people[0].drift.per_second)
        survivals.append(metrics.people[0].survival.seconds)

    assert np.all(np.diff(means) < -0.01)
    assert np.all(np.diff(slopes) < -0.01)
    assert metrics.people[0].drift.is_drift
    assert metrics.people[0].drift.low <= slopes[-1] <= metrics.people[0].drift.high < 0
    assert survivals[-1] < survivals[0]
    assert not metrics.people[1].drift.is_drift


def test_blend_is_seen_in_the_middle_between_two_people_only(judge, people):
    rates = []
    for share in (0.0, 0.15, 0.5):
        _, _, metrics = judge(Film(standing(60, 180), mixed(75, np.full(75, share))), people)
        rates.append(metrics.people[0].blend_rate)

    assert rates == [0, 0, 1]


def test_a_swap_half_way_fools_the_published_score_and_not_ours(judge, people):
    _, _, steady = judge(Film(standing(60, 180), constant(2)), people)
    who = constant(2)
    who[38:] = who[38:, ::-1]
    analysis, matching, swapped = judge(Film(standing(60, 180), who), people)

    assert len(analysis.tracks) == 2
    # Each track may be matched to either of its two halves' people, but all its swaps lie in the other half.
    for track in analysis.tracks:
        assert len({swap.frame >= 38 for swap in matching.swaps if swap.track == track.number}) == 1
    assert [p.swap_rate for p in swapped.people] == pytest.approx([0.5, 0.5], abs=0.1)
    assert swapped.face_sim == pytest.approx(steady.face_sim, abs=0.02)
    assert swapped.score < 0.65 * steady.score


def test_one_face_for_two_people_fools_the_published_score_and_not_ours(judge):
    lookalikes = [make_person(0, name="a"), replace(make_person(0, noise=0.3), name="b")]
    _, _, metrics = judge(Film(standing(60), constant(1)), lookalikes)

    assert metrics.face_sim > 0.8
    assert metrics.score < 0.6


def test_drop_and_coverage_count_the_missing_frames(judge, people):
    centres = standing(60, 180, frames=100)
    centres[50:, 1] = np.nan
    _, _, metrics = judge(Film(centres, constant(2, 100)), people)
    missing = metrics.people[1]

    assert missing.coverage == pytest.approx(0.5, abs=0.03)
    assert missing.drop.share == pytest.approx(0.5, abs=0.03)
    assert missing.drop.longest_s == pytest.approx(2, abs=0.1)
    assert missing.drop.gaps[-1][1] == 99
    assert metrics.people[0].drop.share == 0


def test_flicker_sees_jumps_and_not_drift(judge, people):
    jumping = mixed(75, np.where(np.arange(75) // 8 % 2, 0.6, 0.0), other=9)
    drifting = mixed(75, np.linspace(0, 0.6, 75), other=9)
    _, _, jumps = judge(Film(standing(60, 180), jumping, noise=0), people)
    _, _, drift = judge(Film(standing(60, 180), drifting, noise=0), people)

    assert jumps.people[0].flicker > 5 * drift.people[0].flicker


def copied(person, track, which):
    """A person one of whose references is what the track shows: its picture and, to the model, its face."""
    middle = len(track.thumbs) // 2
    reference = replace(
        person.references[which], thumb=track.thumbs[middle], embedding=track.embeddings[middle].copy()
    )
    return replace(
        person, references=tuple(reference if k == which else r for k, r in enumerate(person.references))
    )


def test_copy_paste_needs_the_picture_and_the_face_of_one_reference(judge, people):
    film = Film(standing(60, 180), mixed(75, np.full(75, 0.35), other=9))
    analysis, matching, metrics = judge(film, people)
    assert not metrics.people[0].copy_paste.is_suspected

    (track,) = [t for t in analysis.tracks if matching.person_of(t.number) == 0]
    pasted = measure(analysis, matching, [copied(people[0], track, 1), people[1]]).people[0].copy_paste
    assert pasted.is_suspected
    assert pasted.reference == "1.jpg"

    alike = replace(people[0].references[1], thumb=track.thumbs[len(track.thumbs) // 2])
    calm = replace(people[0], references=(people[0].references[0], alike, people[0].references[2]))
    only_alike = measure(analysis, matching, [calm, people[1]]).people[0].copy_paste
    assert only_alike.share == pasted.share > 0.5
    assert not only_alike.is_suspected


def test_copy_paste_does_not_look_at_what_is_behind_the_face(judge, people):
    analysis, matching, _ = judge(Film(standing(60, 180), constant(2)), people)
    (track,) = [t for t in analysis.tracks if matching.person_of(t.number) == 0]
    elsewhere = track.thumbs[len(track.thumbs) // 2].copy()
    elsewhere[:, :4], elsewhere[:, -4:], elsewhere[:3] = 255, 0, 255
    shown = replace(people[0].references[0], thumb=elsewhere)
    pasted = measure(analysis, matching, [replace(people[0], references=(shown,)), people[1]])

    assert pasted.people[0].copy_paste.share > 0.5
    assert not pasted.people[0].copy_paste.is_suspected  # nothing to lean away from


def test_m_cp_is_one_for_a_copy_and_minus_one_for_the_truth():
    truth, reference = np.eye(3, dtype=np.float32)[:2]
    middle = (truth + reference) / np.sqrt(2)

    assert m_cp(np.stack([reference, truth, middle]), truth, reference) == pytest.approx([1, -1, 0], abs=1e-3)


def test_face_consistency_benchmark_by_hand(judge, people):
    _, _, metrics = judge(Film(standing(60, 180), constant(2), noise=0), people)
    assert metrics.people[0].fcb_model_frame == pytest.approx(0, abs=1e-5)
    assert metrics.people[0].fcb_random_pairs == pytest.approx(0, abs=1e-5)

    half = mixed(75, np.where(np.arange(75) < 38, 0.0, 1.0), other=9)
    _, _, metrics = judge(Film(standing(60, 180), half, noise=0), people)
    apart = 1 - identity(0) @ identity(9) / np.linalg.norm(identity(0)) / np.linalg.norm(identity(9))
    assert metrics.people[0].fcb_random_pairs == pytest.approx(apart / 2, rel=0.25)


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 40), st.integers(0, 1000))
def test_theil_sen_is_scipys(count, seed):
    rng = np.random.default_rng(seed)
    times, values = np.arange(count) / 3.0, rng.normal(size=count)
    ours = theil_sen(times, values)
    slope, _, low, high = theilslopes(values, times, alpha=0.95)

    assert ours.per_second == pytest.approx(slope)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.35)
    assert ours.low <= ours.per_second <= ours.high


def test_the_threshold_lies_between_own_and_other_references(judge, people):
    analysis, _, _ = judge(Film(standing(60, 180), constant(2)), people)
    alone = [make_person(0, references=1)]

    assert calibrated_threshold(alone, 0, analysis.space) == analysis.space.same_person
    assert 0.3 <= calibrated_threshold(people, 0, analysis.space) <= 0.7
