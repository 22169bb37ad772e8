from pathlib import Path

import pytest
from django.contrib.auth import authenticate

from config.demo.accounts import make_logins

pytestmark = pytest.mark.django_db


def test_both_can_log_in_and_one_is_a_lead(tmp_path: Path) -> None:
    users = [
        authenticate(username=login.username, password=login.password) for login in make_logins(tmp_path)
    ]
    assert [user and user.is_lead for user in users] == [True, False]


def test_the_second_start_keeps_the_logins(tmp_path: Path) -> None:
    assert make_logins(tmp_path) == make_logins(tmp_path)


def test_only_the_owner_can_read_the_passwords(tmp_path: Path) -> None:
    make_logins(tmp_path)
    assert (tmp_path / "logins.json").stat().st_mode & 0o077 == 0
