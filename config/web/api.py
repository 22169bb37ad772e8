"""What every endpoint of the API shares: one error body, one way to page."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from config.accounts.models import User


class ApiRequest(Request):
    """A request that passed authentication, which every endpoint but the login asks for."""

    user: User


class JsonParser(JSONParser):
    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse what is nested deeper than Python's own parser goes, instead of failing."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - nested too deeply") from None


class OnlyJson(DefaultContentNegotiation):
    """There is one renderer, so there is nothing to weigh: whoever wants something else gets JSON too."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class CursorPages(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "-id"


class ApiError(exceptions.APIException):
    """A refusal with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status
        self.code = code


def error_body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn every refusal into `{"error": {"code", "message", "fields"}}`.

    A ValidationError of Django (a business rule or a constraint) and one of DRF (the request's shape) both
    become 422 here: the request was understood and its content refused. JSON that cannot be parsed stays 400.
    """
    if isinstance(exc, ValidationError):
        exc = exceptions.ValidationError(detail=getattr(exc, "message_dict", None) or exc.messages)
    elif isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    response = drf_exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        return response
    if isinstance(exc, exceptions.ValidationError):
        fields = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        response.status_code = 422
        response.data = error_body("invalid", _first_sentence(fields), fields)
    else:
        code = exc.get_codes() if isinstance(exc.get_codes(), str) else exc.default_code
        response.data = error_body(str(code), str(exc.detail))
    return response


def _first_sentence(fields: dict[str, Any]) -> str:
    for name, messages in fields.items():
        first = messages[0] if isinstance(messages, list) and messages else messages
        return str(first) if name == "non_field_errors" else f"{name}: {first}"
    return "The request was refused."
