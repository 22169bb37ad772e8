"""The references on a person's page: added by dropping pictures, put in order, taken away."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.models import Person, Reference
from datasets.selectors.references import person_references
from datasets.services.analysis import person_examine_later
from datasets.services.images import ImageRefused
from datasets.services.people import reference_add, reference_remove, references_reorder

from .guards import limits_body
from .upload import local_file

FIELD = "images"


@require_POST
@lead_required
@limits_body
def references_add(request: SiteRequest, key: str) -> HttpResponse:
    person = get_object_or_404(Person, key=key)
    refusals = []
    for file in request.FILES.getlist(FIELD):
        try:
            with local_file(file) as path:
                _, is_new = reference_add(person=person, path=path, source_name=file.name or "")
        except ImageRefused as refusal:
            refusals.append(str(refusal))
        else:
            if not is_new:
                refusals.append(f"{file.name} is there already.")
    if not request.FILES:
        refusals.append("No picture came with the upload.")
    return _fragment(request, person, refusals)


@require_POST
@lead_required
def references_order(request: SiteRequest, key: str) -> HttpResponse:
    person = get_object_or_404(Person, key=key)
    try:
        references_reorder(person=person, ids=[int(each) for each in request.POST.getlist("ids")])
    except (ValidationError, ValueError):
        return _fragment(
            request, person, ["The references have changed meanwhile; this is how they are now."]
        )
    return _fragment(request, person)


@require_POST
@lead_required
def reference_delete(request: SiteRequest, pk: int) -> HttpResponse:
    reference = get_object_or_404(Reference.objects.select_related("person"), pk=pk)
    reference_remove(reference=reference, by=request.user)
    return _fragment(request, reference.person)


@require_GET
@lead_required
def references_part(request: SiteRequest, key: str) -> HttpResponse:
    """The references of a person as part of the page; nothing new (204) while a worker still looks at them."""
    person = get_object_or_404(Person, key=key)
    if request.GET.get("job") == person_references(person).job_state:
        return HttpResponse(status=204)
    return _fragment(request, person)


@require_POST
@lead_required
def references_examine(request: SiteRequest, key: str) -> HttpResponse:
    person = get_object_or_404(Person, key=key)
    person_examine_later(person=person, by=request.user)
    return _fragment(request, person)


def _fragment(request: SiteRequest, person: Person, refusals: list[str] | None = None) -> HttpResponse:
    context = {"person": person, "seen": person_references(person), "refusals": refusals or []}
    return render(request, "datasets/_references.html", context)
