"""What a release says, and what is refused of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated_release import Setting, simulate
from datasets.releases.reader import Release
from training.reward.checks import check_corpus, usable
from training.reward.config import Data, config_of
from training.reward.corpus import choice_of, corpus_read, label_of
from training.reward.errors import BadCorpus


def test_every_comparison_is_there_with_its_split(simulated, corpus):
    counts = Release.open(simulated).manifest.counts["comparisons"]

    assert {split: len(rows) for split, rows in corpus.comparisons.items()} == counts
    assert corpus.space == "simulated@1"
    assert len(corpus.checksum) == 64


def test_answers_are_soft_labels(corpus):
    judged = next(row for row in corpus.comparisons["train"] if row.origin == "simulated")

    assert sum(judged.label) == pytest.approx(1)
    assert np.allclose(judged.people.sum(axis=1), 1)
    assert 0.5 <= judged.weight <= 1


@pytest.mark.parametrize(
    ("preference", "label"), [("a", (1, 0, 0)), ("b", (0, 0, 1)), ("both_bad", (0, 1, 0)), (None, None)]
)
def test_a_preference_without_probabilities_is_a_label(preference, label):
    assert label_of({"prob_a": None, "preference": preference}) == label


def test_truth_says_where_a_face_is_kept(simulated, corpus):
    truths = {row["sha256"]: row["truth"] for row in Release.open(simulated).rows("clips")}
    for clip, known in zip(corpus.clips, corpus.known, strict=True):
        if known.origin == "real" or known.control:
            assert (known.kept == 1).all()
        for person, onset in known.onset.items():
            edit = next(each for each in json.loads(truths[clip.key])["edits"] if each["person"] == person)
            kept = known.kept[clip.people.index(person)]
            assert onset == edit["onset"]
            assert (kept[: clip.moment_of(onset)] > 0.9).all()
            assert kept.min() < 1


def test_a_damaged_release_is_refused(simulated, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in simulated.rglob("*"):
        if path.is_file():
            target = copy / path.relative_to(simulated)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    shard = next(copy.rglob("tracks/*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1])

    with pytest.raises(BadCorpus, match=r"does not pass verification.*Fetch or export the release again"):
        corpus_read(copy, Data())


def test_a_folder_that_is_no_release_is_refused(tmp_path):
    with pytest.raises(BadCorpus, match="is not a release"):
        corpus_read(tmp_path, Data())


def test_no_comparisons(tmp_path):
    simulate(tmp_path / "empty", Setting(groups=2, copies=0, judged=0, dimension=8))

    with pytest.raises(BadCorpus, match="has no comparisons: release a study"):
        corpus_read(tmp_path / "empty", Data())


def with_backends(simulated, monkeypatch, table, change):
    """Read the release as if its rows of a table were others."""
    original = Release.rows

    def rows(self, name, *arguments, **options):
        for number, row in enumerate(original(self, name, *arguments, **options)):
            yield change(number, row) if name == table else row

    monkeypatch.setattr(Release, "rows", rows)


def test_tracks_of_two_embedders_are_refused(simulated, monkeypatch):
    with_backends(
        simulated, monkeypatch, "tracks", lambda n, row: row | ({"backend": "d@1+other@2"} if n else {})
    )

    with pytest.raises(BadCorpus, match=r"several face models .* analyse all its clips with one backend"):
        corpus_read(simulated, Data(), verify=False)


def test_references_of_another_embedder_are_none(simulated, monkeypatch):
    with_backends(simulated, monkeypatch, "people", lambda n, row: row | {"faces": []})

    with pytest.raises(BadCorpus, match="no embeddings of references by simulated@1"):
        corpus_read(simulated, Data(), verify=False)


def test_clips_without_tracks_leave_nothing_to_learn_from(simulated, tiny, monkeypatch):
    with_backends(simulated, monkeypatch, "tracks", lambda n, row: row | {"embeddings": []})
    corpus = corpus_read(simulated, tiny.data, verify=False)

    with pytest.raises(BadCorpus, match=r"leaves nothing to learn from. .* a clip has no track"):
        check_corpus(corpus, tiny)


def test_ties_alone_teach_nothing(corpus, tiny):
    rows = [row for row in corpus.comparisons["train"] if row.choice == 1]
    ties = replace(corpus, comparisons={**corpus.comparisons, "train": tuple(rows)})

    with pytest.raises(BadCorpus, match="are ties: nothing tells better from worse"):
        check_corpus(ties, tiny)


def test_a_split_that_shares_somebody_is_refused(corpus, tiny):
    leak = {**corpus.comparisons, "test": corpus.comparisons["train"][:1]}

    with pytest.raises(BadCorpus, match="is in the splits train and test"):
        check_corpus(replace(corpus, comparisons=leak), tiny)


def test_a_strategy_without_its_rows_is_refused(corpus):
    config = config_of({"data": {"human": ["human"], "automatic": ["synthetic"]}})

    with pytest.raises(BadCorpus, match="The strategy smooth needs human rows"):
        check_corpus(corpus, config)


def test_no_validation_rows(corpus, tiny):
    with pytest.raises(BadCorpus, match="no comparisons in its split validation"):
        check_corpus(replace(corpus, comparisons={**corpus.comparisons, "validation": ()}), tiny)


def test_held_out_recipes_are_in_no_training_row(corpus):
    config = config_of({"data": {"holdout_recipes": ["morph_drift"]}})
    kept = usable(corpus, config, "train")

    assert 0 < len(kept) < len(corpus.comparisons["train"])
    assert all(corpus.known[place].recipe != "morph_drift" for row in kept for place in (row.a, row.b))


@pytest.mark.parametrize(
    ("label", "choice"),
    [
        ((1 / 3, 1 / 3, 1 / 3), 1),
        ((0.5, 0.0, 0.5), 1),
        ((0.4, 0.4, 0.2), 1),
        ((0.5, 0.3, 0.2), 0),
        ((0.1, 0.2, 0.7), 2),
    ],
)
def test_a_comparison_is_decided_where_one_side_is_likelier_than_all_else(label, choice):
    assert choice_of(label) == choice
    assert choice_of(label[::-1]) == 2 - choice
