"""A strict Content-Security-Policy on every page: nothing from elsewhere, nothing inline."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def policy(*, media_origins: list[str]) -> str:
    """Return the policy; media also come from these origins (a bucket), everything else from here alone."""
    media = " ".join(["'self'", *media_origins])
    return "; ".join(
        [
            "default-src 'self'",
            # blob: is what the player decodes from once a clip is prefetched.
            f"img-src {media} data: blob:",
            f"media-src {media} blob:",
            f"connect-src {media} blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = policy(media_origins=settings.MEDIA_ORIGINS)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
