"""The API against its own schema, for each kind of caller: the reply is one that the schema names, never a 500.

The site runs in the test's own process and transaction, so that nothing that is sent stays.
"""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.authtoken.models import Token
from schemathesis.checks import CHECKS, load_all_checks

from annotator.models import Judgment
from annotator.services.slots import slot_claim
from config.wsgi import application
from tests.annotator.factories import make_annotator, make_study, make_user
from tests.annotator.test_slots_api import client_of, submit

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)
BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_schema_has_no_gap_that_its_maker_warns_of():
    written = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    assert "openapi: 3" in written.getvalue()


def test_a_filter_may_be_called_format(db):
    lead = client_of(make_user(is_lead=True))
    assert lead.get("/api/v1/releases?format=jsonl").json()["results"] == []


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's transaction: a request would close its connection before and after."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(db) -> dict[str, Any]:
    """Values of things that are there, by what the schema calls them; half of all requests use them."""
    study = make_study(3, slug="study")
    annotator = make_annotator(study)
    lead = make_annotator(study, is_lead=True)
    token = str(slot_claim(study=study, annotator=annotator).token)
    assert submit(client_of(annotator), token).status_code == 201
    held = str(slot_claim(study=study, annotator=annotator).token)
    return {
        "callers": {
            "lead": Token.objects.create(user=lead).key,
            "annotator": Token.objects.create(user=annotator).key,
            "outsider": Token.objects.create(user=make_user()).key,
            "anonymous": "",
        },
        "slug": "study",
        "id": Judgment.objects.get().pk,
        "tokens": [token, held],
    }


@pytest.mark.slow
@pytest.mark.parametrize("caller", ["lead", "annotator", "outsider", "anonymous"])
def test_every_reply_is_one_that_the_schema_names(known, one_connection, caller):
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    key = known["callers"][caller]
    headers = {"Authorization": f"Token {key}"} if key else {}
    statuses: set[int] = set()
    for result in schema.exclude(path_regex="schema").get_all_operations():
        operation = result.ok()

        @BOUNDED
        @given(case=operation.as_strategy(), real=st.booleans(), which=st.integers(0, 1))
        def check(case, real, which):
            if real:
                use_what_is_there(case, known, which)
            with transaction.atomic():
                response = case.call(headers=headers)
                statuses.add(response.status_code)
                case.validate_response(response, checks=CHECKED)
                if response.status_code >= 400:
                    error = response.json()["error"]
                    assert error.keys() == {"code", "message", "fields"}
                    assert error["message"]
                if caller == "anonymous" and real and not case.path.endswith("/token"):
                    assert response.status_code in (401, 403), case.formatted_path
                transaction.set_rollback(True)

        check()
    wanted = {
        "lead": {200, 404, 409, 422},
        "annotator": {200, 404, 409, 422},
        "outsider": {200, 403, 404},
    }
    assert wanted.get(caller, {403}) <= statuses


def use_what_is_there(case: Any, known: dict[str, Any], which: int) -> None:
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known["slug" if name == "slug" else "id"]
    if isinstance(case.body, dict):
        if "token" in case.body:
            case.body["token"] = known["tokens"][which]
        if isinstance(case.body.get("answer"), dict) and which:
            case.body["answer"] = {"overall": "tie", "remark": case.body["answer"].get("remark", "")}
