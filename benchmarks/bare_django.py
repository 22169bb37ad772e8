"""The least that Django does for a claim and a submit: the yardstick beside ours in `benchmarks.claim_submit`.

How many judgments a machine stores in a second says more of the machine than of the code. Beside this it says
something: session, account, one slot claimed, one answer stored, by the ORM alone and without anything that makes
a study (repeats, leases that end, consensus, progress). Not fit for use.
"""

# The type checker knows the models of installed apps alone.
# mypy: disable-error-code="attr-defined"

import json
import secrets
import sys
from collections.abc import Callable

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="known to all, since nothing here is secret",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": __import__("environ").Env().db_url("DATABASE_URL") | {"CONN_MAX_AGE": None}},
        USE_TZ=True,
    )
    django.setup()

from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, models, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path


class Slot(models.Model):  # noqa: DJ008
    study = models.CharField(max_length=40)
    position = models.BigIntegerField()
    annotator = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    token = models.CharField(max_length=40, default="")
    is_done = models.BooleanField(default=False)

    class Meta:
        app_label = "bare"
        indexes = [
            models.Index(fields=["study", "position"], condition=models.Q(annotator=None), name="bare_free"),
            models.Index(fields=["token"], name="bare_token"),
        ]


class Judgment(models.Model):  # noqa: DJ008
    slot = models.OneToOneField(Slot, on_delete=models.PROTECT)
    key = models.UUIDField(unique=True)
    answer = models.JSONField()

    class Meta:
        app_label = "bare"


@transaction.atomic
def claim(request: HttpRequest, slug: str) -> JsonResponse:
    free = Slot.objects.select_for_update(skip_locked=True).filter(study=slug, annotator=None)
    slot = free.order_by("position")[0]
    slot.annotator_id, slot.token = request.user.pk, secrets.token_hex(8)
    slot.save(update_fields=["annotator", "token"])
    return JsonResponse({"slot": {"token": slot.token}, "people": [{"id": 1}, {"id": 2}]})


@transaction.atomic
def submit(request: HttpRequest) -> JsonResponse:
    body = json.loads(request.body)
    held = Slot.objects.select_for_update().filter(annotator_id=request.user.pk, is_done=False)
    slot = held.get(token=body["token"])
    Judgment.objects.create(slot=slot, key=body["idempotency_key"], answer=body["answer"])
    slot.is_done = True
    slot.save(update_fields=["is_done"])
    return JsonResponse({"judgment": slot.pk}, status=201)


urlpatterns = [
    path("api/v1/studies/<slug:slug>/slots/claim", claim),
    path("api/v1/slots/submit", submit),
]
application: Callable[..., object] = WSGIHandler()


def seed(n_slots: int, n_annotators: int) -> dict[str, object]:
    from django.core.management import call_command

    from tests.live_site import session_of

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Slot)
        editor.create_model(Judgment)
    Slot.objects.bulk_create((Slot(study="bare", position=n) for n in range(n_slots)), batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    users = [User.objects.create(username=f"bare-{n}") for n in range(n_annotators)]
    sessions = [session_of(user) for user in users]
    return {"slug": "bare", "study": 0, "sessions": sessions}


if __name__ == "__main__" and sys.argv[1:2] == ["seed"]:
    print(json.dumps(seed(*map(int, sys.argv[2:]))))
