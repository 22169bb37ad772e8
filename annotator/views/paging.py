from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from config.web.http import SiteRequest


def page_of(rows: QuerySet[Any], request: SiteRequest, *, size: int = 30) -> Page[Any]:
    """Return the page that the query string asks for; a number that makes no sense gets the nearest one."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
