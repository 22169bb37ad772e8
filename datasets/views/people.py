"""People, and each person's page."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.forms import PersonForm
from datasets.models import Person
from datasets.selectors.analysed import with_faces
from datasets.selectors.clips import clips_listed
from datasets.selectors.people import people_listed
from datasets.selectors.references import person_references
from datasets.selectors.resemblance import closest_people, hard_pairs_count, nearest_people
from datasets.selectors.tracks import vision_notice
from datasets.services.deletion import person_delete, person_deletion
from datasets.services.people import person_create, person_update

PAGE_SIZE = 60
CLIPS_SHOWN = 12


@require_GET
@lead_required
def people(request: SiteRequest) -> HttpResponse:
    return _list(request, PersonForm())


def _list(request: SiteRequest, form: PersonForm, status: int = 200) -> HttpResponse:
    search = request.GET.get("text", "").replace("\0", "")[:200]
    page = Paginator(people_listed(search), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "search": search,
        "form": form,
        "closest": closest_people(),
        "n_hard": hard_pairs_count(),
        "vision_notice": vision_notice(),
    }
    return render(request, "datasets/people.html", context, status=status)


@require_POST
@lead_required
def person_new(request: SiteRequest) -> HttpResponse:
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    data = form.cleaned_data
    person = person_create(name=data["name"], consent=data["consent"], created_by=request.user)
    return redirect("datasets:person", key=person.key)


@require_http_methods(["GET", "POST"])
@lead_required
def person(request: SiteRequest, key: str) -> HttpResponse:
    shown = get_object_or_404(Person, key=key)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=shown)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            person_update(person=shown, name=data["name"], consent=data["consent"])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, "Saved.")
            return redirect("datasets:person", key=key)
    clips = with_faces(clips_listed()).filter(clip_subjects__person=shown)
    context = {
        "person": get_object_or_404(Person, key=key),
        "seen": person_references(shown),
        "nearest": nearest_people(shown),
        "form": form,
        "clips": clips[:CLIPS_SHOWN],
        "clip_count": clips.count(),
    }
    return render(request, "datasets/person.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@lead_required
def person_remove(request: SiteRequest, key: str) -> HttpResponse:
    """Say what goes with a person and what releases keep; delete when that was confirmed."""
    going = get_object_or_404(Person, key=key)
    if request.method == "GET":
        return render(request, "datasets/person_remove.html", {"deletion": person_deletion(person=going)})
    deletion = person_delete(person=going, by=request.user)
    held = ""
    if deletion.releases:
        names = ", ".join(map(str, deletion.releases))
        held = f" Frozen releases still hold this person: {names}."
    messages.success(
        request,
        f"{going.name}, {len(deletion.references)} references and {len(deletion.clips)} clips were deleted.{held}",
    )
    return redirect("datasets:people")
