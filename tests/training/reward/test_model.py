"""A saved model: loaded to the bit, asked about clips, and refusing what it cannot judge."""

import numpy as np
import pytest

from training.reward import score as command
from training.reward.clips import Track
from training.reward.errors import BadModel
from training.reward.model import CARD, CONFIG, WEIGHTS, Calibration, FaceTracks, RewardModel


def face_tracks(clip, backend="simulated@1+simulated@1") -> FaceTracks:
    """A clip as somebody would give it, one sample a moment."""
    tracks = {}
    for place, person in enumerate(clip.people):
        moments = np.flatnonzero(clip.present[place])
        if len(moments):
            frames = np.array([round(clip.frame_of(moment)) for moment in moments], np.int32)
            tracks[person] = Track(
                frames, np.full(len(frames), 0.5, np.float32), frames, clip.embeddings[place, moments]
            )
    return FaceTracks(clip.key, clip.frames, tracks, backend)


def references(clip):
    return dict(zip(clip.people, clip.references, strict=True))


def test_a_model_is_three_files_that_say_where_it_comes_from(run, corpus):
    folder = run / "model"

    assert {path.name for path in folder.iterdir()} == {WEIGHTS, CONFIG, CARD}
    for text in ((folder / CONFIG).read_text(), (folder / CARD).read_text()):
        assert corpus.checksum in text
    assert "preferences are simulated" in (folder / CARD).read_text()


def test_saved_and_loaded_it_says_the_same(model, corpus, tmp_path):
    model.save(tmp_path, "card")
    loaded = RewardModel.from_pretrained(tmp_path)

    assert np.array_equal(
        loaded.score_clips(corpus.clips[:6]).reward, model.score_clips(corpus.clips[:6]).reward
    )
    assert loaded.calibration == model.calibration
    assert loaded.config == model.config
    assert loaded.about == model.about


def test_scores_have_a_person_and_a_curve_for_everybody(model, corpus):
    crowd = next(clip for clip in corpus.clips if len(clip.people) == 3)
    alone = next(clip for clip in corpus.clips if len(clip.people) == 1)

    scores = model.score(
        [face_tracks(crowd), face_tracks(alone)], [references(crowd), references(alone)], ["a prompt", ""]
    )

    assert [tuple(each) for each in scores.people] == [crowd.people, alone.people]
    for curve in scores.curves[0].values():
        assert curve.shape == scores.frames[0].shape == (model.config.data.steps,)
        assert ((curve >= 0) & (curve <= 1)).all()
    assert sum(scores.probability(0, 1)) == pytest.approx(1)
    assert scores.probability(0, 1) == pytest.approx(scores.probability(1, 0)[::-1])


def test_the_order_in_which_people_are_named_is_nothing(model, corpus):
    crowd = next(clip for clip in corpus.clips if len(clip.people) == 3)
    turned = dict(reversed(references(crowd).items()))

    first, second = (model.score([face_tracks(crowd)], [each]) for each in (references(crowd), turned))

    assert first.reward == pytest.approx(second.reward, abs=1e-6)


def test_tracks_of_another_embedder_are_refused(model, corpus):
    clip = corpus.clips[0]

    with pytest.raises(
        BadModel, match="trained on embeddings of simulated@1; these tracks have embeddings of arc@9"
    ):
        model.score([face_tracks(clip, "yunet@1+arc@9")], [references(clip)])
    model.require("another-detector@2+simulated@1")


def test_nobody_to_look_for(model, corpus):
    with pytest.raises(BadModel, match="give at least one person's references"):
        model.score([face_tracks(corpus.clips[0])], [{}])


@pytest.mark.parametrize("missing", [WEIGHTS, CONFIG])
def test_a_folder_that_lacks_something(model, tmp_path, missing):
    model.save(tmp_path, "card")
    (tmp_path / missing).unlink()

    with pytest.raises(BadModel, match="holds no reward model that can be used"):
        RewardModel.from_pretrained(tmp_path)


def test_weights_of_another_network_are_refused(model, tmp_path):
    model.save(tmp_path, "card")
    text = (tmp_path / CONFIG).read_text()
    (tmp_path / CONFIG).write_text(text.replace("width = 8", "width = 16"))

    with pytest.raises(BadModel, match="holds no reward model that can be used"):
        RewardModel.from_pretrained(tmp_path)


def test_no_such_folder(tmp_path):
    with pytest.raises(BadModel, match="There is no folder"):
        RewardModel.from_pretrained(tmp_path / "nothing")


def test_calibrated_probabilities_add_up_and_mirror():
    given = Calibration(temperature=0.3, theta=2.0).probabilities(np.array([-1.0, 0.0, 1.0]))

    assert given.sum(axis=1) == pytest.approx(1)
    assert given[0] == pytest.approx(given[2][::-1])
    assert given[1] == pytest.approx([1 / 3, 1 / 3, 1 / 3])  # theta 2: s(-ln 2) = 1/3


def test_the_command_prints_a_line_for_each_clip(run, simulated, corpus, capsys):
    assert command.main([str(run / "model"), str(simulated), "--split", "test", "--unverified"]) == 0

    lines = capsys.readouterr().out.splitlines()
    compared = {place for row in corpus.comparisons["test"] for place in (row.a, row.b)}
    assert len(lines) == len(compared)


def test_the_command_says_what_is_wrong(tmp_path, simulated, capsys):
    assert command.main([str(tmp_path), str(simulated)]) == 2

    assert "holds no reward model" in capsys.readouterr().err
