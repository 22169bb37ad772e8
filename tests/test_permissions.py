"""Who gets what at every address of the site: a table with a row for each, against one study and its library.

An address without a row fails the test, so nobody can add a page without saying who may open it.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver

from annotator.models import Role
from annotator.payload import slot_payload
from annotator.releasing.options import ReleaseOptions
from annotator.services.faces import tracks_report
from annotator.services.members import invitation_create
from annotator.services.releases import release_create
from annotator.services.slots import slot_claim
from config.accounts.models import User
from config.jobs.services import job_create
from datasets.models import Clip, Reference, ReleaseState
from datasets.services.manifests import ManifestFolder, manifest_read_queue
from distortions.services.previews import preview_create
from tests.annotator.analyses import make_analysis
from tests.annotator.factories import make_annotator, make_answer, make_study, make_user
from tests.datasets.factories import make_analysis as make_faces
from tests.datasets.factories import make_clip
from tests.distortions.factories import make_distortion
from training.reward.config import Config
from training.services import run_create

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "outsider", "annotator", "reviewer", "lead", "other lead")

# Columns: nobody logged in; an annotator of another study; an annotator and a reviewer of this one; its lead; the lead
# of another study. What is not for somebody is not there (404); who is nobody is sent to the login (302), and told so
# by the API (403).
LIBRARY = (302, 404, 404, 404, 200, 200)
LIBRARY_DONE = (302, 404, 404, 404, 302, 302)
STUDY = (302, 404, 404, 404, 200, 404)
STUDY_DONE = (302, 404, 404, 404, 302, 404)
LEADS = (302, 404, 404, 404, 200, 200)
MEMBERS = (302, 404, 200, 200, 200, 404)
ONE_ANNOTATOR = (302, 404, 200, 404, 404, 404)
EVERYBODY = (200,) * 6
LOGGED_IN = (302, 200, 200, 200, 200, 200)
API_LISTS = (403, 200, 200, 200, 200, 200)
API_LIBRARY = (403, 404, 404, 404, 200, 200)
API_STUDY = (403, 404, 200, 200, 200, 404)
NEVER = (405,) * 6
NOWHERE = (404,) * 6

# Method, route as the URLconf has it (less the signs of a regular expression), statuses by role.
TABLE: list[tuple[str, str, tuple[int, ...]]] = [
    ("GET", "", (302,) * 6),
    ("GET", "login/", (200, 302, 302, 302, 302, 302)),
    ("GET", "logout/", NEVER),
    ("POST", "logout/", (302,) * 6),
    # ---- the API
    ("GET", "api/", NOWHERE),
    ("GET", "api/v1/schema/", EVERYBODY),
    ("POST", "api/v1/token", (401,) * 6),
    ("GET", "api/v1/people", API_LISTS),
    ("GET", "api/v1/people/<pk>", API_LIBRARY),
    ("GET", "api/v1/clips", API_LISTS),
    ("GET", "api/v1/clips/<pk>", API_LIBRARY),
    ("GET", "api/v1/tracks", API_LISTS),
    ("GET", "api/v1/tracks/<pk>", API_LIBRARY),
    ("GET", "api/v1/pairs", API_LISTS),
    ("GET", "api/v1/pairs/<pk>", API_LIBRARY),
    ("GET", "api/v1/releases", API_LISTS),
    ("GET", "api/v1/releases/<pk>", (403, 404, 404, 404, 200, 404)),
    ("GET", "api/v1/studies", API_LISTS),
    ("GET", "api/v1/studies/<slug>", API_STUDY),
    ("GET", "api/v1/studies/<slug>/gold", (403, 404, 404, 404, 200, 404)),
    ("GET", "api/v1/judgments", API_LISTS),
    ("GET", "api/v1/judgments/<pk>", (403, 404, 200, 404, 404, 404)),
    ("POST", "api/v1/studies/<slug>/slots/claim", (403, 404, 200, 204, 200, 404)),
    ("GET", "api/v1/studies/<slug>/slots/last", (403, 404, 200, 204, 204, 404)),
    ("POST", "api/v1/slots/heartbeat", (403, 403, 200, 403, 403, 403)),
    ("POST", "api/v1/slots/release", (403, 403, 200, 403, 403, 403)),
    ("POST", "api/v1/slots/submit", (403, 403, 201, 403, 403, 403)),
    ("GET", "api/v1/slots/<lease>/faces", (403, 403, 200, 403, 403, 403)),
    # The pair that the annotator holds is not answered, so its curves are nobody's yet.
    ("POST", "api/v1/slots/<lease>/curves", (403, 403, 409, 403, 403, 403)),
    ("POST", "api/v1/slots/<lease>/reports", (403, 403, 204, 403, 403, 403)),
    # ---- jobs
    ("GET", "jobs/", LEADS),
    ("GET", "jobs/<uid>/", LEADS),
    ("POST", "jobs/<uid>/cancel", LIBRARY_DONE),
    ("POST", "jobs/<uid>/resume", LIBRARY_DONE),
    # ---- the library
    ("GET", "library/", LIBRARY),
    ("GET", "library/upload/", LIBRARY),
    ("POST", "library/upload/file", (302, 404, 404, 404, 422, 422)),
    ("GET", "library/import/", LIBRARY),
    ("POST", "library/import/", (302, 404, 404, 404, 422, 422)),
    ("GET", "library/import/<import>/", LIBRARY),
    ("POST", "library/import/<import>/file", (302, 404, 404, 404, 422, 422)),
    ("POST", "library/import/<import>/check", LIBRARY_DONE),
    ("POST", "library/import/<import>/take", LIBRARY_DONE),
    ("GET", "library/<clip>/", LIBRARY),
    ("POST", "library/<clip>/edit", LIBRARY_DONE),
    ("GET", "library/<clip>/status", LIBRARY),
    ("POST", "library/<clip>/again", LIBRARY_DONE),
    ("GET", "library/<clip>/remove", LIBRARY),
    ("POST", "library/<clip>/remove", LIBRARY_DONE),
    ("GET", "library/<clip>/playback.mp4", LIBRARY),
    ("GET", "library/<clip>/poster.jpg", LIBRARY),
    ("GET", "library/<clip>/filmstrip.jpg", LIBRARY),
    ("POST", "library/faces", LIBRARY_DONE),
    ("GET", "library/<seen>/faces", LIBRARY),
    ("POST", "library/<seen>/faces/find", LIBRARY_DONE),
    ("POST", "library/<seen>/faces/<number>/correct", LIBRARY),
    ("POST", "library/<seen>/faces/<number>/take-back", LIBRARY),
    ("GET", "library/<seen>/overlay.json", LIBRARY),
    ("GET", "library/<seen>/strips.jpg", LIBRARY),
    ("GET", "people/", LIBRARY),
    ("POST", "people/new", LIBRARY_DONE),
    ("GET", "people/references/<reference>.jpg", LIBRARY),
    ("POST", "people/references/<reference>/delete", LIBRARY),
    ("GET", "people/<key>/", LIBRARY),
    ("POST", "people/<key>/", LIBRARY_DONE),
    ("GET", "people/<key>/remove", LIBRARY),
    ("POST", "people/<key>/remove", LIBRARY_DONE),
    ("POST", "people/<key>/references", LIBRARY),
    ("GET", "people/<key>/references/part", LIBRARY),
    ("POST", "people/<key>/examine", LIBRARY),
    ("POST", "people/<key>/order", LIBRARY),
    # ---- the workbench
    ("GET", "w/<slug>/", MEMBERS),
    ("GET", "w/<slug>/examples/1.mp4", MEMBERS),
    ("GET", "w/media/<left>/clip.mp4", ONE_ANNOTATOR),
    ("GET", "w/media/<face>/ref.jpg", ONE_ANNOTATOR),
    ("GET", "w/media/<crops>/faces.jpg", ONE_ANNOTATOR),
    ("GET", "work/", LOGGED_IN),
    # ---- distortions
    ("GET", "runs/", LIBRARY),
    ("GET", "runs/new/", LIBRARY),
    ("POST", "runs/new/", (302, 404, 404, 404, 422, 422)),
    ("GET", "runs/new/policy/", LIBRARY),
    ("POST", "runs/new/policy/", (302, 404, 404, 404, 422, 422)),
    ("GET", "runs/<run>/", LIBRARY),
    ("GET", "runs/<run>/sheets/1.png", (302, 404, 404, 404, 404, 404)),  # nothing is kept yet
    ("POST", "runs/<run>/cancel", LIBRARY_DONE),
    ("POST", "runs/<run>/clips", LIBRARY_DONE),
    ("POST", "runs/<run>/resume", LIBRARY_DONE),
    ("GET", "runs/<run>/mistakes/", LIBRARY),
    ("GET", "runs/<run>/mistakes/1.mp4", (302, 404, 404, 404, 404, 404)),  # nothing was measured yet
    ("POST", "runs/<run>/score", (302, 404, 404, 404, 404, 404)),  # it has not finished
    ("GET", "batches/", LIBRARY),
    ("GET", "batches/new/", LIBRARY),
    ("POST", "batches/new/", (302, 404, 404, 404, 422, 422)),
    ("GET", "batches/new/plan", LIBRARY),
    ("POST", "batches/new/preview", (302, 404, 404, 404, 422, 422)),
    ("GET", "batches/previews/<drawn>/", LIBRARY),
    ("GET", "batches/previews/<drawn>/<recipe>.jpg", LIBRARY),
    ("GET", "batches/<batch>/", LIBRARY),
    ("POST", "batches/<batch>/pause", LIBRARY_DONE),
    ("POST", "batches/<batch>/resume", LIBRARY_DONE),
    ("POST", "batches/<batch>/cancel", LIBRARY_DONE),
    ("GET", "batches/<batch>/<result>/", LIBRARY),
    ("GET", "batches/<batch>/<result>/faces.jpg", LIBRARY),
    # ---- studies
    ("GET", "studies/", LEADS),
    ("GET", "studies/new/", LEADS),
    ("POST", "studies/new/", (302, 404, 404, 404, 422, 422)),
    ("GET", "studies/new/plan/", LEADS),
    ("POST", "studies/new/preview/", LEADS),
    ("GET", "studies/<slug>/", STUDY),
    ("POST", "studies/<slug>/state/pause/", STUDY_DONE),
    ("GET", "studies/<slug>/members/", STUDY),
    ("POST", "studies/<slug>/members/", STUDY),
    ("POST", "studies/<slug>/members/<invitation>/revoke/", STUDY),
    ("GET", "studies/<slug>/members/<member>/remove/", STUDY),
    ("POST", "studies/<slug>/members/<member>/remove/", STUDY_DONE),
    ("POST", "studies/<slug>/members/return/", (302, 404, 404, 404, 404, 404)),
    ("GET", "studies/<slug>/close/", STUDY),
    ("GET", "studies/<slug>/gold/", STUDY),
    ("POST", "studies/<slug>/gold/add/", (302, 404, 404, 404, 422, 404)),
    ("POST", "studies/<slug>/gold/settings/", (302, 404, 404, 404, 422, 404)),
    ("POST", "studies/<slug>/gold/<member>/let-in/", STUDY_DONE),
    ("GET", "studies/<slug>/queue/", STUDY),
    ("POST", "studies/<slug>/queue/order/", (302, 404, 404, 404, 422, 404)),
    ("POST", "studies/<slug>/gold/<member>/again/", STUDY_DONE),
    ("GET", "studies/<slug>/preview/", STUDY),
    ("POST", "studies/<slug>/preview/claim", STUDY),
    ("GET", "studies/<slug>/preview/last", (302, 404, 404, 404, 204, 404)),
    ("POST", "studies/<slug>/preview/heartbeat", STUDY),
    ("POST", "studies/<slug>/preview/submit", (302, 404, 404, 404, 201, 404)),
    ("GET", "studies/<slug>/preview/<item>/faces", STUDY),
    ("GET", "studies/<slug>/preview/<item>/left.jpg", STUDY),
    ("POST", "studies/<slug>/preview/<item>/curves", STUDY),
    ("POST", "studies/<slug>/preview/<item>/reports", (302, 404, 404, 404, 204, 404)),
    ("GET", "studies/<slug>/faces/", STUDY),
    ("POST", "studies/<slug>/faces/<report>/resolve/", STUDY_DONE),
    # A reviewer who has not judged a disputed pair blind is sent to do that.
    ("GET", "studies/<slug>/reviews/", (302, 404, 404, 200, 200, 404)),
    ("GET", "studies/<slug>/reviews/<item>/", (302, 404, 404, 302, 200, 404)),
    ("GET", "studies/<slug>/reviews/<item>/left.mp4", STUDY),
    # ---- releases
    ("GET", "studies/<slug>/release/", STUDY),
    ("POST", "studies/<slug>/release/", (302, 404, 404, 404, 422, 404)),
    ("GET", "releases/", LEADS),
    ("GET", "releases/<release>/", STUDY),
    ("GET", "releases/<release>/download.zip", STUDY),
    ("GET", "releases/<release>/push/", STUDY),
    ("POST", "releases/<release>/push/", (302, 404, 404, 404, 422, 404)),
    ("POST", "releases/<release>/push/cancel/", STUDY_DONE),
    ("POST", "releases/<release>/cancel/", STUDY_DONE),
    ("POST", "releases/<release>/again/", STUDY_DONE),
    ("POST", "releases/<release>/delete/", STUDY_DONE),
    # ---- everything else
    ("GET", "join/<invitation-token>/", (200, 200, 302, 302, 302, 200)),
    ("POST", "join/<invitation-token>/", (422, 302, 302, 302, 302, 302)),
    ("GET", "ranking/", LEADS),
]


@dataclass
class World:
    """A study at work, with everything that an address can name, and somebody in each role."""

    users: dict[str, User | None]
    names: dict[str, Any]
    bodies: dict[str, Any]


def stored(name: str, content: bytes = b"0123456789") -> str:
    return default_storage.save(name, ContentFile(content))


@pytest.fixture
def world() -> World:
    lead, other_lead = make_user("lead", is_lead=True), make_user("other-lead", is_lead=True)
    study = make_study(3, created_by=lead, name="Two friends")
    other_study = make_study(1, created_by=other_lead)
    users = {
        "anonymous": None,
        "outsider": make_annotator(other_study),
        "annotator": make_annotator(study),
        "reviewer": make_annotator(study, Role.REVIEWER),
        "lead": lead,
        "other lead": other_lead,
    }
    for clip in Clip.objects.all():
        clip.playback_file = stored(f"playback/{clip.pk}.mp4")
        clip.poster_file, clip.filmstrip_file = (
            stored(f"poster/{clip.pk}.jpg"),
            stored(f"strip/{clip.pk}.jpg"),
        )
        clip.save()
    item = study.items.order_by("position")[0]
    clip = item.pair.clip_a
    study.example_clips.add(clip)
    person = clip.subjects.earliest("pk")
    reference = Reference.objects.create(
        person=person, sha256="0", file=stored("references/0.jpg"), width=80, height=60
    )
    release = release_create(study=study, options=ReleaseOptions(), created_by=lead)
    Path(release.folder).mkdir(parents=True)
    release.state = ReleaseState.FROZEN
    release.save()
    annotator = users["annotator"]
    assert annotator is not None
    judged = client_of(annotator).post(
        "/api/v1/slots/submit",
        submission(slot_claim(study=study, annotator=annotator)),
        content_type="application/json",
    )
    lease = slot_claim(study=study, annotator=annotator)
    assert lease is not None
    payload = slot_payload(lease=lease, study=study)
    for shown in Clip.objects.all():
        make_analysis(shown, *shown.subjects.all())
    faces = client_of(annotator).get(f"/api/v1/slots/{lease.token}/faces").json()
    seen = make_faces(make_clip(), None).clip_id
    pks = {"people": person, "clips": clip, "pairs": item.pair, "releases": release}
    return World(
        users=users,
        names={
            "slug": study.slug,
            "clip": clip.pk,
            "seen": seen,
            "api/v1/tracks/pk": seen,
            "number": 0,
            "key": person.key,
            "reference": reference.pk,
            "item": item.pk,
            "import": a_manifest(lead),
            **a_batch(lead),
            "run": a_run(),
            "member": study.members.get(user=annotator).pk,
            "release": release.pk,
            "uid": job_create(kind="files_discard", params={"names": []}).uid,
            "left": payload["left"]["url"].split("/")[3],
            "lease": lease.token,
            "crops": faces["left"].split("/")[3],
            "report": tracks_report(item=item, annotator=annotator).pk,
            "face": payload["people"][0]["references"][0].split("/")[3],
            **{f"api/v1/{name}/pk": row.pk for name, row in pks.items()},
            "api/v1/judgments/pk": judged.json()["judgment"],
            **invitation(study, lead),
        },
        bodies={
            "api/v1/token": {"username": "lead", "password": "a wrong one"},
            "api/v1/slots/heartbeat": {"tokens": [str(lease.token)]},
            "api/v1/slots/release": {"token": str(lease.token)},
            "api/v1/slots/submit": submission(lease),
            "library/<clip>/edit": {"origin": "generated"},
            "studies/<slug>/members/": {"role": "annotator", "max_uses": 1, "days": 7},
            "people/new": {"name": "Somebody"},
            "people/<key>/": {"name": "Somebody"},
        },
    )


def submission(lease: Any) -> dict[str, Any]:
    return {
        "token": str(lease.token),
        "idempotency_key": str(uuid.uuid4()),
        "answer": make_answer(),
        "active_ms": 1000,
    }


def a_manifest(lead: User) -> str:
    folder = ManifestFolder(uuid.uuid4())
    folder.path.mkdir(parents=True)
    (folder.path / "manifest.csv").write_text("clip\n")
    manifest_read_queue(folder=folder, dry_run=True, by=lead)
    return str(folder.uid)


def a_batch(lead: User) -> dict[str, Any]:
    row = make_distortion(picture=stored("distortions/1/1.jpg"))
    preview = preview_create(clip=row.source, recipes=[row.recipe], severity=3, by=lead)
    preview.strips.update(picture=stored("distortions/previews/1.jpg"))
    return {"batch": row.batch_id, "result": row.number, "drawn": preview.uid, "recipe": row.recipe}


def a_run() -> int:
    folder = Path("release")
    return run_create(release_folder=folder, config=Config()).pk


def invitation(study: Any, lead: User) -> dict[str, Any]:
    made = invitation_create(study=study, created_by=lead, valid_for=timedelta(days=1))
    return {"invitation": made.pk, "invitation-token": made.token}


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def ask(world: World, client: Client, method: str, route: str) -> Any:
    base = route.rpartition("/")[0]
    names = {**world.names, "pk": world.names.get(f"{base}/pk")}
    path = "/" + re.sub(r"<([\w-]+)>", lambda match: str(names[match[1]]), route)
    if method == "GET":
        return client.get(path)
    body = world.bodies.get(route, {})
    if path.startswith("/api/") or "/preview/" in path:
        return client.post(path, body, content_type="application/json")
    return client.post(path, body)


WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE)\b", re.IGNORECASE)


def test_everybody_gets_what_is_theirs(world):
    wrong: dict[str, list[str]] = defaultdict(list)
    for method, route, expected in TABLE:
        for role, status in zip(ROLES, expected, strict=True):
            client = client_of(world.users[role])
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                response = ask(world, client, method, route)
                if response.streaming:
                    response.getvalue()
                transaction.set_rollback(True)
            told = wrong[f"{method} {route}"]
            if response.status_code != status:
                told.append(f"{role}: {response.status_code}, not {status}")
            if method == "GET" or status in (403, 404, 405):
                told += [f"{role}: {q['sql'][:80]}" for q in queries if WRITES.match(q["sql"])]
            if role == "anonymous" and status == 302 and route not in ("", "logout/"):
                told += [] if response.headers["Location"].startswith("/login/?next=/") else ["no login"]
    assert {row: told for row, told in wrong.items() if told} == {}


def test_the_table_has_every_address():
    told = {re.sub(r"<[^>]+>", "<>", route) for _, route, _ in TABLE}
    there = {shape(route) for route in routes() if not route.startswith("admin/")}
    # One of the values that a part of these may have stands in the table.
    for there_is, told_as in {
        "w/<>/examples/<>.mp4": "w/<>/examples/1.mp4",
        "studies/<>/state/<>/": "studies/<>/state/pause/",
        "studies/<>/reviews/<>/<>.mp4": "studies/<>/reviews/<>/left.mp4",
        "runs/<>/sheets/<>.png": "runs/<>/sheets/1.png",
        "runs/<>/mistakes/<>.mp4": "runs/<>/mistakes/1.mp4",
        "studies/<>/preview/<>/<>.jpg": "studies/<>/preview/<>/left.jpg",
    }.items():
        there.remove(there_is)
        there.add(told_as)
    assert there == told


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def shape(route: str) -> str:
    """A route with its parts left blank, of a path and of a regular expression alike."""
    blank = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]+>", "<>", route)
    return blank.replace("^", "").replace("$", "")


@pytest.mark.parametrize("path", ["", "accounts/user/", "accounts/user/1/password/", "annotator/study/"])
def test_the_admin_is_for_staff(world, path):
    for role in ROLES:
        response = client_of(world.users[role]).get(f"/admin/{path}")
        assert (response.status_code, response.headers["Location"].startswith("/admin/login/")) == (302, True)


def test_a_clip_of_another_study_is_not_there(world):
    """The links of one annotator are worth nothing to another, nor numbers of items and pairs outside a study."""
    outsider, other_lead = client_of(world.users["outsider"]), client_of(world.users["other lead"])
    item, slug = world.names["item"], make_study(1, created_by=world.users["other lead"]).slug
    assert outsider.get(f"/w/media/{world.names['left']}/clip.mp4").status_code == 404
    assert other_lead.get(f"/studies/{slug}/reviews/{item}/").status_code == 404
    assert other_lead.get(f"/studies/{slug}/reviews/{item}/left.mp4").status_code == 404
    assert other_lead.post(f"/studies/{slug}/members/{world.names['invitation']}/revoke/").status_code == 404
    assert other_lead.post(f"/studies/{slug}/members/{world.names['member']}/remove/").status_code == 404


def test_other_sites_cannot_post_in_somebodys_name(world):
    """Every address that writes asks for the CSRF token, the JSON ones included."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.users["lead"])
    for method, route, expected in TABLE:
        if method == "POST" and route != "api/v1/token" and expected[4] != 404:
            with transaction.atomic():
                assert ask(world, browser, method, route).status_code == 403, route
                transaction.set_rollback(True)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_login_leads_to_no_other_site(target):
    User.objects.create_user("guest", password="a long password")
    response = Client().post("/login/", {"username": "guest", "password": "a long password", "next": target})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
