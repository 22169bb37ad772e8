"""What must hold before a request's body is read."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

# Room for the form fields and boundaries around one file.
OVERHEAD_BYTES = 1024 * 1024


def limits_body(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse a body that is too large before a byte of it is read.

    The check for CSRF reads the form, and with it the whole upload, so it is put after the check of the length.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        limit = settings.UPLOAD_MAX_BYTES
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit + OVERHEAD_BYTES:
            message = f"That is larger than an upload may be (limit {limit / 1e9:.2g} GB)."
            return JsonResponse({"state": "refused", "message": message}, status=413)
        return checked(request, *args, **kwargs)

    return limited
