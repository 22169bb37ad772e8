"""Slow down whoever guesses passwords, at every door: the login page, the admin's, the API's.

After `TRIES` wrong passwords for a name from one address, that address gets no further try with that name until
`WAIT_S` seconds after the first of them, right password or not. Another address is not held up, so nobody can lock
somebody else out.
The count is in the cache: with several processes and no Redis each counts for itself.
"""

import hashlib
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

from .models import User

TRIES = 10
WAIT_S = 300
TOO_MANY = "Too many wrong passwords for this name. Wait five minutes, then try again."


def is_held_up(request: HttpRequest | None, username: str | None) -> bool:
    return bool(request and username) and cache.get(_key(request, username), 0) >= TRIES


class GuardedBackend(ModelBackend):
    """Django's own accounts, behind the count of wrong passwords."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if is_held_up(request, username):
            raise PermissionDenied(TOO_MANY)
        return super().authenticate(request, username=username, password=password, **kwargs)


class LoginForm(AuthenticationForm):
    """The login form, which says why a right password may be refused."""

    def get_invalid_login_error(self) -> ValidationError:
        if is_held_up(self.request, self.cleaned_data.get("username")):
            return ValidationError(TOO_MANY, code="too_many")
        return super().get_invalid_login_error()


@receiver(user_login_failed)
def _count(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    username = credentials.get("username")
    if request is not None and username:
        key = _key(request, username)
        cache.add(key, 0, WAIT_S)
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, WAIT_S)  # It ran out between the two.


def _key(request: Any, username: Any) -> str:
    """Return the cache's key. The address is that of the client behind as many proxies as NUM_PROXIES says."""
    whose = f"{str(username).casefold()}\n{BaseThrottle().get_ident(request)}"
    return f"wrong-passwords:{hashlib.sha256(whose.encode()).hexdigest()}"
