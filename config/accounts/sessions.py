"""Sessions, read together with the account that is logged in: one statement for what every request asks first.

Whose session it is stands inside the session, so each process remembers that of the sessions it has seen, to know
which account to read along. That is a hint and never an answer: session, end, account and password are read with
every request, and where the hint does not fit them Django's own way is gone. So a logout, a new password or a locked
account counts from the next request on, in every process.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from config.reading import RowReader

from .models import User

T = TypeVar("T")

MAX_REMEMBERED = 10_000

_ACCOUNT = RowReader(User)
_SESSION_AND_ACCOUNT = f"""
SELECT {_ACCOUNT.columns("account")}, session.session_data
FROM django_session AS session, accounts_user AS account
WHERE session.session_key = %s AND session.expire_date > %s AND account.id = %s
"""  # noqa: S608

_account_of_session: dict[str, str] = {}


class SessionStore(db.SessionStore):
    """A session in the database that knows its account, once loaded."""

    account: User | None = None

    def load(self) -> dict[str, Any]:
        hint = _account_of_session.get(self.session_key or "")
        found = _surely(lambda: self._load_with(hint)) if hint else None
        if found is not None:
            return found
        stored = _surely(super().load)
        self._remember(stored)
        return stored

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Make the row that is about to be saved."""
        self._remember(data)
        return super().create_model_instance(data)

    def _load_with(self, account_id: str) -> dict[str, Any] | None:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_SESSION_AND_ACCOUNT, [self.session_key, now, account_id])
            row = cursor.fetchone()
        if row is None:
            return None
        self.account = _ACCOUNT.read(row)
        return self.decode(row[-1])

    def _remember(self, data: dict[str, Any]) -> None:
        if SESSION_KEY in data and self.session_key:
            if len(_account_of_session) >= MAX_REMEMBERED:
                _account_of_session.clear()
            _account_of_session[self.session_key] = data[SESSION_KEY]


class AccountMiddleware(AuthenticationMiddleware):
    """Django's own, which takes the account that came with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast(User, SimpleLazyObject(lambda: _account_of(request)))


def _account_of(request: HttpRequest) -> User | AnonymousUser:
    """Return the account if everything holds that Django asks of a session; else leave it all to Django."""
    session = cast(SessionStore, request.session)
    if session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS:  # This loads the session.
        account = session.account
        if (
            account is not None
            and str(account.pk) == session.get(SESSION_KEY)
            and account.is_active
            and constant_time_compare(session.get(HASH_SESSION_KEY, ""), account.get_session_auth_hash())
        ):
            return account
    return get_user(request)


def _surely(read: Callable[[], T]) -> T:
    """Return what `read` reads, over a new connection if the server closed the one at hand since the last request.

    This is the first that a request asks, so it stands for the health check that would be a statement of its own.
    """
    cast(Any, connection).health_check_done = True
    try:
        return read()
    except OperationalError:
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return read()
