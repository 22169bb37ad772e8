"""Who may open a page. What is not for somebody is not there: 404, so that a guess learns nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseBase

from .http import SiteRequest

P = ParamSpec("P")
View = Callable[Concatenate[SiteRequest, P], HttpResponseBase]


def lead_required(view: View[P]) -> Callable[..., HttpResponseBase]:
    @login_required
    @wraps(view)
    def checked(request: SiteRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_lead:
            raise Http404
        return view(request, *args, **kwargs)

    return checked
