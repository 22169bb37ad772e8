"""A manifest in the browser: read without writing, then imported by a job."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from datasets.models import Clip, ClipState, Pair, Person
from datasets.services import manifests
from datasets.services.people import people_ensure, reference_add

pytestmark = pytest.mark.django_db

HEADER = "clip,prompt,subjects,generator\n"
TWO = HEADER + "a.mp4,They dance.,jo;al,vace\nscenes/b.mp4,They dance.,jo;al,phantom\n"
HTMX = {"HX-Request": "true"}


def start(client: Client, text: str | bytes, name: str = "clips.csv") -> Any:
    content = text.encode() if isinstance(text, str) else text
    return client.post("/library/import/", {"manifest": SimpleUploadedFile(name, content)})


def uploaded(client: Client, text: str) -> str:
    """Upload a manifest, let a worker read it; return its page's address."""
    url: str = start(client, text).headers["Location"]
    run_jobs(queue="media")
    return url


def add(client: Client, url: str, name: str, content: bytes, path: str = "") -> Any:
    return client.post(f"{url}file", {"file": SimpleUploadedFile(name, content), "path": path})


def look_again(client: Client, url: str, how: str = "check") -> str:
    client.post(f"{url}{how}")
    run_jobs(queue="media")
    return client.get(url).content.decode()


def lines(page: str) -> list[str]:
    """What the page says of each line, tags left out."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_the_library_page_leads_here(lead_client: Client) -> None:
    assert 'href="/library/import/"' in lead_client.get("/library/upload/").content.decode()
    assert "published_better" in lead_client.get("/library/import/").content.decode()


def test_says_line_by_line_what_it_would_do_and_writes_nothing(lead_client: Client) -> None:
    text = TWO + "../secret.mp4,,,\nc.mp4,one cell too many,,,\n"

    page = lead_client.get(uploaded(lead_client, text)).content.decode()

    assert lines(page) == [
        "2 not taken a.mp4: does not exist",
        "3 not taken scenes/b.mp4: does not exist",
        "4 not taken ../secret.mp4: leaves the folder of the manifest",
        "5 not taken the line has 5 cells, the header 4",
    ]
    assert (Clip.objects.count(), Person.objects.count()) == (0, 0)


def test_files_uploaded_beside_it_are_taken(lead_client: Client, lead, make_video, home: Path) -> None:
    url = uploaded(lead_client, TWO)
    first, second = make_video(shade=1).read_bytes(), make_video(shade=9).read_bytes()
    assert add(lead_client, url, "a.mp4", first).json() == {"state": "stored", "message": ""}
    assert add(lead_client, url, "b.mp4", second, path="scenes/b.mp4").status_code == 201

    page = look_again(lead_client, url)
    assert lines(page) == ["2 new a.mp4 jo, al vace –", "3 new scenes/b.mp4 jo, al phantom –"]
    assert not Clip.objects.exists()

    page = look_again(lead_client, url, "take")
    assert "Imported." in page
    assert sorted(Clip.objects.values_list("source_name", "state", "created_by")) == [
        ("a.mp4", ClipState.READY, lead.pk),
        ("scenes/b.mp4", ClipState.READY, lead.pk),
    ]
    assert Pair.objects.count() == 1
    assert list((home / "imports").iterdir()) == []


def test_files_that_came_without_their_folder_are_found_by_their_name(
    lead_client: Client, make_video
) -> None:
    url = uploaded(lead_client, HEADER + "x/a.mp4,,,\nx/b.mp4,,,\ny/b.mp4,,,\n")
    for name, shade in (("a.mp4", 1), ("b.mp4", 9)):
        add(lead_client, url, name, make_video(shade=shade).read_bytes())

    assert lines(look_again(lead_client, url)) == [
        "2 new x/a.mp4 – – –",
        "3 not taken x/b.mp4: does not exist",  # or was it the other one?
        "4 not taken y/b.mp4: does not exist",
    ]


def test_clips_of_the_library_need_no_upload(lead_client: Client, make_video) -> None:
    for name, shade in (("a.mp4", 1), ("b.mp4", 9)):
        file = SimpleUploadedFile(name, make_video(shade=shade).read_bytes())
        lead_client.post("/library/upload/file", {"file": file, "origin": "generated"})
    run_jobs(queue="media")

    url = uploaded(lead_client, TWO)
    assert [line.split()[1:4] for line in lines(lead_client.get(url).content.decode())] == [
        ["in", "the", "library"],
        ["in", "the", "library"],
    ]
    look_again(lead_client, url, "take")

    assert Clip.objects.count() == 2
    assert Clip.objects.get(source_name="a.mp4").generator == "vace"
    assert Pair.objects.count() == 1


def test_pictures_that_the_library_has_are_not_missed(
    lead_client: Client, make_video, jpeg, tmp_path: Path
) -> None:
    picture = tmp_path / "jo.jpg"
    picture.write_bytes(jpeg(shade=1))
    jo = people_ensure(labels=["jo"])["jo"]
    reference_add(person=jo, path=picture, source_name="refs/jo.jpg")
    url = uploaded(lead_client, "clip,subjects,references\na.mp4,jo,refs/jo.jpg\n")
    add(lead_client, url, "a.mp4", make_video(shade=1).read_bytes())
    assert "are not here" in lead_client.get(url).content.decode()

    page = look_again(lead_client, url)

    assert lines(page) == ["2 new a.mp4 jo – –"]
    assert "are not here" not in page


def test_a_name_that_two_clips_have_stands_for_neither(lead_client: Client, make_video) -> None:
    for shade in (1, 9):
        file = SimpleUploadedFile("a.mp4", make_video(shade=shade).read_bytes())
        lead_client.post("/library/upload/file", {"file": file, "origin": "generated"})
    page = lead_client.get(uploaded(lead_client, HEADER + "a.mp4,,,\n")).content.decode()

    assert lines(page) == ["2 not taken a.mp4: does not exist"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("clips.xlsx", b"x", manifests.NOT_A_MANIFEST),
        ("clips.csv", b"", manifests.EMPTY),
        ("clips.csv", b"x" * (manifests.MAX_MANIFEST_BYTES + 1), manifests.TOO_LARGE),
    ],
)
def test_what_is_no_manifest_is_refused_with_a_sentence(
    lead_client: Client, home: Path, name: str, content: bytes, said: str
) -> None:
    response = start(lead_client, content, name)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not (home / "imports").exists()


@pytest.mark.parametrize(
    "path", ["../x.mp4", "/etc/x.mp4", "a/../../x.mp4", "..\\x.mp4", "a\x00b.mp4", "x" * 300, "manifest.csv"]
)
def test_no_file_leaves_the_folder_of_its_manifest(
    lead_client: Client, home: Path, tmp_path: Path, path: str
) -> None:
    url = uploaded(lead_client, TWO)
    before = sorted(tmp_path.rglob("*"))

    response = add(lead_client, url, "x.mp4", b"x", path=path)

    assert (response.status_code, response.json()["message"]) == (422, manifests.BAD_NAME)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_and_a_folder_of_one_name_are_a_sentence(lead_client: Client) -> None:
    url = uploaded(lead_client, TWO)
    add(lead_client, url, "a", b"x", path="a")

    assert add(lead_client, url, "b.mp4", b"x", path="a/b.mp4").status_code == 422


def test_a_manifest_that_is_no_text_says_so(lead_client: Client) -> None:
    page = lead_client.get(uploaded(lead_client, "\ufffe")).content.decode()

    assert "has no column" in page
    assert "/take" not in page  # there is nothing to import


def test_htmx_asks_while_a_worker_reads(lead_client: Client) -> None:
    url = start(lead_client, TWO).headers["Location"]
    assert "Waiting for a worker" in lead_client.get(url).content.decode()

    fragment = lead_client.get(url, headers=HTMX).content.decode()
    assert "<html" not in fragment
    assert "every 1s" in fragment
    run_jobs(queue="media")
    assert "every 1s" not in lead_client.get(url, headers=HTMX).content.decode()


def test_an_import_that_waits_is_cancelled(lead_client: Client) -> None:
    url = start(lead_client, TWO).headers["Location"]
    job = Job.objects.get(kind="library_import")
    assert f'action="/jobs/{job.uid}/cancel"' in lead_client.get(url).content.decode()

    lead_client.post(f"/jobs/{job.uid}/cancel")

    page = lead_client.get(url).content.decode()
    assert "It was cancelled." in page
    assert "Look again" in page


def test_folders_that_nobody_imported_go_after_a_week(lead_client: Client, home: Path) -> None:
    uploaded(lead_client, TWO)
    (old,) = (home / "imports").iterdir()
    week_ago = time.time() - (manifests.KEPT_DAYS * 24 * 3600 + 60)
    os.utime(old, (week_ago, week_ago))

    uploaded(lead_client, TWO)

    (kept,) = (home / "imports").iterdir()
    assert kept != old


def test_a_job_whose_manifest_is_gone_says_so(lead_client: Client, home: Path) -> None:
    url = start(lead_client, TWO).headers["Location"]
    (folder,) = (home / "imports").iterdir()
    (folder / "manifest.csv").unlink()
    run_jobs(queue="media")

    assert Job.objects.get(kind="library_import").state == JobState.FAILED
    assert "Upload it again" in lead_client.get(url).content.decode()
    assert lead_client.post(f"{url}take").status_code == 404


def test_outsiders_import_nothing(outsider_client: Client, lead_client: Client) -> None:
    url = uploaded(lead_client, TWO)

    assert start(outsider_client, TWO).status_code == 404
    for path in ("file", "check", "take"):
        assert outsider_client.post(f"{url}{path}").status_code == 404
    assert outsider_client.get(url).status_code == 404
    assert Job.objects.filter(kind="library_import").count() == 1
