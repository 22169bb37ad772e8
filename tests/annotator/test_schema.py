"""The API against its own schema: whatever is sent, the reply is one that the schema names, and never a 500."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.authtoken.models import Token
from schemathesis.checks import CHECKS, load_all_checks

from annotator.services.slots import slot_claim
from tests.annotator.factories import make_annotator, make_study

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)


@pytest.fixture
def token(transactional_db) -> str:
    """Make a study and a member of it who is a lead of the library too, with a pair in hand."""
    study = make_study(slug="study")
    annotator = make_annotator(study, is_lead=True)
    slot_claim(study=study, annotator=annotator)
    return Token.objects.create(user=annotator).key


@pytest.mark.slow
def test_every_reply_is_one_that_the_schema_names(live_server, token):
    schema = schemathesis.openapi.from_url(f"{live_server.url}/api/v1/schema/")
    names = []
    for result in schema.exclude(path_regex="schema").get_all_operations():
        operation = result.ok()
        names.append(operation.label)

        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case):
            case.call_and_validate(checks=CHECKED, headers={"Authorization": f"Token {token}"})

        check()
    assert "POST /api/v1/slots/submit" in names
