"""What a model gets most wrong, on its page; and its scores, asked for there and written by a worker."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from config.jobs.models import Job
from datasets.identity.space import Space
from datasets.identity.store import analysis_write
from datasets.identity.tracks import Analysis, Track
from datasets.models import Clip, ClipAnalysis, FaceTrack, PairScore, Person, Reference, ReferenceFace
from datasets.releases.reader import Release
from tests.annotator.factories import make_clip, make_pair, make_person, make_user
from tests.training.reward.conftest import corpus, model, run
from tests.training.reward.vlm.conftest import media
from training.models import RunState
from training.reward.config import Config
from training.reward.model import RewardModel
from training.services import run_create

__all__ = ["corpus", "media", "model", "run"]

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

DIMENSION = 16


@pytest.fixture
def finished(run, simulated):
    """The tests' run as a row that belongs to nobody."""
    row = run_create(release_folder=simulated, config=Config(), folder=run, name="Tiny", resume=False)
    row.state = RunState.FINISHED
    row.save()
    return row


def test_the_worst_pairs_are_shown_and_those_in_the_library_can_be_played(client, finished, run):
    found = json.loads((run / "mistakes.json").read_text())
    rows = next(iter(found.values()))
    assert rows, "a model of twelve steps is wrong somewhere"
    worst = rows[0]
    assert worst["given"][0 if worst["label"][0] > worst["label"][2] else 2] < 0.5
    clip = make_clip(playback_sha256=worst["a"]["clip"])
    client.force_login(make_user("lead", is_lead=True))

    page = client.get(f"/runs/{finished.pk}/mistakes/").content.decode()

    assert f"/library/{clip.pk}/playback.mp4" in page
    assert "Neither the library nor the release holds this clip" in page
    assert "Chance that the face of" in page


def test_a_clip_of_the_release_is_played_only_where_it_was_got_wrong(client, finished, run, media, tmp_path):
    sha256 = next(iter(Release.open(media).rows("clips")))["sha256"]
    side = {"clip": sha256, "reward": 0.0, "recipe": "", "severity": 0, "people": {}}
    row = {"comparison": "c", "origin": "human", "label": [1, 0, 0], "given": [0.1, 0.1, 0.8], "judgments": 1}
    listed = json.dumps({"test": [{**row, "a": side, "b": side}]})
    (tmp_path / "mistakes.json").write_text(listed)
    finished.folder, finished.release_folder = str(tmp_path), str(media)
    finished.save()
    client.force_login(make_user("lead", is_lead=True))

    assert f"mistakes/{sha256}.mp4" in client.get(f"/runs/{finished.pk}/mistakes/").content.decode()
    answer = client.get(f"/runs/{finished.pk}/mistakes/{sha256}.mp4")
    assert b"".join(answer.streaming_content) == Release.open(media).clip_bytes(sha256)
    assert client.get(f"/runs/{finished.pk}/mistakes/{'0' * 64}.mp4").status_code == 404


def test_a_run_without_a_list_says_so(client, finished, run, tmp_path):
    finished.folder = str(tmp_path)
    finished.save()
    client.force_login(make_user("lead", is_lead=True))
    assert "wrote no list" in client.get(f"/runs/{finished.pk}/mistakes/").content.decode()


def test_scoring_is_left_to_a_worker_by_leads_alone(client, finished):
    client.force_login(make_user("annotator"))
    assert client.post(f"/runs/{finished.pk}/score").status_code in (302, 403, 404)
    assert not Job.objects.filter(kind="pairs_score").exists()
    client.force_login(make_user("lead", is_lead=True))
    assert client.post(f"/runs/{finished.pk}/score").status_code == 302
    assert Job.objects.get().queue == "training"


def seen(clip: Clip, person: Person, vector: np.ndarray, backend: str, folder: Path) -> None:
    """Record one face all through a clip."""
    assert clip.frames is not None
    frames = np.arange(clip.frames, dtype=np.int32)
    samples = frames[::4]
    track = Track(
        number=0, frames=frames, boxes=np.zeros((len(frames), 4), np.float32),
        landmarks=np.zeros((len(frames), 5, 2), np.float32), detected=np.ones(len(frames), bool),
        quality=np.ones(len(frames), np.float32), sample_frames=samples,
        sample_quality=np.ones(len(samples), np.float32), sample_size=np.full(len(samples), 40, np.float32),
        sample_sharpness=np.ones(len(samples), np.float32), sample_yaw=np.zeros(len(samples), np.float32),
        embeddings=np.tile(vector.astype(np.float32), (len(samples), 1)),
        thumbs=np.zeros((len(samples), 8, 8), np.uint8),
    )  # fmt: skip
    space = Space("simulated", "1", "none", DIMENSION, "cosine", 0.7, "nowhere")
    path = folder / f"{clip.pk}.npz"
    analysis_write(Analysis(clip.frames, 24.0, 64, 48, (), (track,), space, backend), path)
    name = default_storage.save(f"tracks/{clip.pk}.npz", ContentFile(path.read_bytes()))
    row = ClipAnalysis.objects.create(clip=clip, backend=backend, file=name)
    FaceTrack.objects.create(
        analysis=row, number=0, first=0, last=clip.frames - 1, frames=clip.frames, quality=1, person=person
    )


def test_scores_of_the_library_are_those_of_the_model(finished, run, tmp_path, capsys):
    reward = RewardModel.from_pretrained(run / "model")
    person, own = make_person(), np.eye(DIMENSION)[0]
    reference = Reference.objects.create(person=person, sha256="1" * 64, file="r.jpg", width=8, height=8)
    ReferenceFace.objects.create(
        reference=reference, backend=reward.backend, embedding=own.astype("<f4").tobytes()
    )
    kept, unseen = make_pair(person), make_pair(make_person())
    stranger = np.eye(DIMENSION)[1]
    seen(kept.clip_a, person, own, reward.backend, tmp_path)
    seen(kept.clip_b, person, stranger, reward.backend, tmp_path)

    call_command("score_pairs", str(run), "--name", "Tiny")

    score = PairScore.objects.get()
    assert score.pair == kept
    assert score.prob_a + score.prob_tie + score.prob_b == pytest.approx(1)
    assert (score.reward_a > score.reward_b) == (score.prob_a > score.prob_b)
    assert score.scorer.learned_from_simulated
    said = capsys.readouterr()
    assert "1 pairs have a score" in said.out
    assert "1 pairs have no score" in said.err
    assert unseen.scores.count() == 0


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CommandError, match="holds no reward model"):
        call_command("score_pairs", str(tmp_path))
