import pytest
from django.core.cache import cache

from config.accounts import guessing
from config.accounts.models import User

pytestmark = pytest.mark.django_db

RIGHT = "the right password"


@pytest.fixture(autouse=True)
def account():
    cache.clear()
    return User.objects.create_user("somebody", password=RIGHT)


def log_in(client, password, name="somebody", address="10.0.0.1", **headers):
    fields = {"username": name, "password": password}
    return client.post("/login/", fields, REMOTE_ADDR=address, headers=headers)


def guess(client, times=guessing.TRIES, **fields):
    for number in range(times):
        assert log_in(client, f"wrong {number}", **fields).status_code == 200


def test_a_guesser_is_held_up_and_told_so(client):
    guess(client)
    answer = log_in(client, RIGHT)
    assert answer.status_code == 200
    assert guessing.TOO_MANY in answer.content.decode()


def test_a_few_slips_cost_nothing(client):
    guess(client, guessing.TRIES - 1)
    assert log_in(client, RIGHT).status_code == 302


def test_nobody_can_lock_somebody_else_out(client):
    guess(client)
    assert log_in(client, RIGHT, address="10.0.0.2").status_code == 302


def test_a_header_that_anybody_can_send_makes_no_other_address(client):
    for number in range(guessing.TRIES):
        log_in(client, "wrong", **{"X-Forwarded-For": f"10.1.0.{number}"})
    assert log_in(client, RIGHT, **{"X-Forwarded-For": "10.2.0.1"}).status_code == 200


def test_the_doors_share_one_count(client):
    guess(client)
    token = {"username": "somebody", "password": RIGHT}
    answer = client.post("/api/v1/token", token, content_type="application/json", REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 401
