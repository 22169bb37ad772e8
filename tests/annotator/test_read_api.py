import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from annotator.releasing.options import ReleaseOptions
from annotator.services.releases import release_create
from config.accounts.models import User
from tests.annotator.factories import make_annotator, make_pair, make_person, make_study, make_user
from tests.annotator.test_slots_api import claim, client_of, submit

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_names_every_endpoint():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    paths = set(schema["paths"])
    assert {
        "/api/v1/token",
        "/api/v1/people",
        "/api/v1/clips",
        "/api/v1/pairs",
        "/api/v1/releases",
        "/api/v1/studies",
        "/api/v1/judgments",
        "/api/v1/studies/{slug}/slots/claim",
        "/api/v1/slots/heartbeat",
        "/api/v1/slots/submit",
    } <= paths
    shapes = schema["components"]["schemas"]
    assert shapes["StudyOut"]["properties"]["curves"]["allOf"] == [
        {"$ref": "#/components/schemas/CurvesEnum"}
    ]
    assert shapes["CurvesEnum"]["enum"] == ["never", "after", "always"]


@pytest.mark.parametrize("name", ["people", "clips", "pairs", "releases"])
def test_the_library_is_for_leads(name):
    pair = make_pair(make_person())
    lead, other = client_of(make_user(is_lead=True)), client_of(make_user())
    assert other.get(f"/api/v1/{name}").json()["results"] == []
    assert other.get(f"/api/v1/pairs/{pair.pk}").status_code == 404
    assert len(lead.get(f"/api/v1/{name}").json()["results"]) == {"releases": 0, "clips": 2}.get(name, 1)
    assert Client().get(f"/api/v1/{name}").status_code in (401, 403)


def test_clips_are_filtered_by_person():
    ada, bo = make_person(key="ada"), make_person(key="bo")
    make_pair(ada), make_pair(bo)
    lead = client_of(make_user(is_lead=True))
    rows = lead.get("/api/v1/clips?subjects__key=ada").json()["results"]
    assert [row["subjects"] for row in rows] == [["ada"], ["ada"]]


def test_a_study_shows_itself_to_members_alone():
    study = make_study()
    member, outsider = client_of(make_annotator(study)), client_of(make_user(is_lead=True))
    shown = member.get(f"/api/v1/studies/{study.slug}").json()
    assert (shown["role"], shown["curves"]) == ("annotator", "after")
    assert outsider.get(f"/api/v1/studies/{study.slug}").status_code == 404
    assert outsider.get("/api/v1/studies").json()["results"] == []
    assert outsider.get(f"/api/v1/studies/{study.slug}/slots/last").status_code == 404


def test_a_release_is_for_the_leads_of_its_study():
    """As on the pages: what a study found out is not every lead's, though the library is."""
    leads = [make_user(is_lead=True), make_user(is_lead=True)]
    studies = [make_study(created_by=lead) for lead in leads]
    release = release_create(study=studies[0], options=ReleaseOptions(), created_by=leads[0])
    mine, other = map(client_of, leads)

    assert [row["id"] for row in mine.get("/api/v1/releases").json()["results"]] == [release.pk]
    assert mine.get(f"/api/v1/releases/{release.pk}").json()["name"] == studies[0].slug
    assert other.get("/api/v1/releases").json()["results"] == []
    assert other.get(f"/api/v1/releases/{release.pk}").status_code == 404
    former = User.objects.get(pk=leads[0].pk)
    former.is_lead = False
    former.save()
    assert client_of(former).get("/api/v1/releases").json()["results"] == []


def test_everybody_sees_their_own_judgments():
    study = make_study()
    mine, theirs = client_of(make_annotator(study)), client_of(make_annotator(study))
    number = submit(mine, claim(mine, study).json()["slot"]["token"]).json()["judgment"]
    assert mine.get(f"/api/v1/judgments/{number}").json()["answer"]["overall"] == "left"
    assert theirs.get("/api/v1/judgments").json()["results"] == []
    assert theirs.get(f"/api/v1/judgments/{number}").status_code == 404


def test_a_password_is_good_for_a_token():
    study = make_study()
    annotator = make_annotator(study, name="ann")
    annotator.set_password("a long password")
    annotator.save()
    login = {"username": "ann", "password": "a long password"}
    token = Client().post("/api/v1/token", login, content_type="application/json").json()["token"]
    wrong = Client().post("/api/v1/token", {**login, "password": "x"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "login_refused")

    program = Client(headers={"authorization": f"Token {token}"})
    assert submit(program, claim(program, study).json()["slot"]["token"]).status_code == 201
