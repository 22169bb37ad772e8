"""The request as the middleware leaves it, so that views are typed without casts."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from config.accounts.models import User


class SiteRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: User
    htmx: HtmxDetails
