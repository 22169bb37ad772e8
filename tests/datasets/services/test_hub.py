"""Uploads by the real huggingface_hub to a stand-in on loopback, in a process of its own: that library reads its
endpoint and token from the environment when it is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.releases.writer import write_release
from tests.datasets.releases.hub_double import TOKEN, Hub, serve
from tests.datasets.releases.samples import make_info, make_sample

REPOSITORY = Path(__file__).resolve().parents[3]
PUSH = """
import sys
from pathlib import Path
from datasets.releases.errors import ReleaseError
from datasets.services.hub import hub_push
try:
    print(hub_push(folder=Path(sys.argv[1]), repo=sys.argv[2], private=sys.argv[3] == "private", message="Add it"))
except ReleaseError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "release"
    sample = make_sample()
    write_release(folder, sample.rows(), info=make_info(), splits=sample.splits)
    return folder


def push(
    release: Path, home: Path, *, endpoint: str, token: str = TOKEN, repo="team/tea", visible="private"
) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_ENDPOINT": endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        **({"HF_TOKEN": token} if token else {}),
    }
    result = subprocess.run(
        [sys.executable, "-c", PUSH, str(release), repo, visible],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout.strip()


def test_the_hub_gets_every_byte_of_the_release(release, tmp_path):
    with serve(Hub()) as hub:
        address = push(release, tmp_path, endpoint=hub.address)

    assert address == f"{hub.address}/datasets/team/tea"
    files = {
        str(path.relative_to(release)): path.read_bytes() for path in release.rglob("*") if path.is_file()
    }
    assert hub.files == {"team/tea": files}
    assert hub.messages == ["Add it"]
    assert len(hub.blobs) == len(list(release.rglob("*.parquet")))


@pytest.mark.parametrize(("visible", "private"), [("private", True), ("public", False)])
def test_a_new_repository_is_private_unless_asked_otherwise(release, tmp_path, visible, private):
    with serve(Hub()) as hub:
        push(release, tmp_path, endpoint=hub.address, visible=visible)

    wanted = hub.repositories["team/tea"]
    assert wanted["type"] == "dataset"
    assert wanted.get("private", wanted.get("visibility") == "private") is private


def test_a_missing_token_is_one_sentence(release, tmp_path):
    with serve(Hub()) as hub:
        said = push(release, tmp_path, endpoint=hub.address, token="")

    assert said == (
        "There is no token for the Hugging Face Hub: set HF_TOKEN to one with write access, or run `hf auth login`."
    )
    assert not hub.repositories


def test_a_wrong_token_is_one_sentence(release, tmp_path):
    with serve(Hub()) as hub:
        said = push(release, tmp_path, endpoint=hub.address, token="hf_other")

    assert said.startswith("The Hub does not know this token (401)")


def test_a_token_without_the_right_is_one_sentence(release, tmp_path):
    with serve(Hub(status=403)) as hub:
        said = push(release, tmp_path, endpoint=hub.address)

    assert said.startswith("This token may not write to team/tea (403)")


def test_a_hub_that_does_not_answer_is_one_sentence(release, tmp_path):
    with serve(Hub()) as hub:
        gone = hub.address

    said = push(release, tmp_path, endpoint=gone)

    assert said.startswith(f"The Hub cannot be reached at {gone}")
    assert "\n" not in said


def test_a_name_that_is_no_repository_is_one_sentence(release, tmp_path):
    said = push(release, tmp_path, endpoint="http://127.0.0.1:9", repo="tea")

    assert said == "A repository on the Hub is written owner/name, not 'tea'."
