"""People's pages: references by drop, order, names, deletion with a preview."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config.jobs.models import Job, JobState
from datasets.models import Clip, Person, Reference, ReferenceFace, Resemblance
from tests.datasets.factories import make_clip, make_person, make_reference, make_release

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def test_people_are_listed_with_counts(lead_client, django_assert_max_num_queries) -> None:
    for number in range(20):
        person = make_person(f"Person {number:02}")
        make_reference(person)
        make_clip(person)
        make_clip(person)
    with django_assert_max_num_queries(7):
        response = lead_client.get("/people/")
    people = list(response.context["page"])
    assert {(person.n_references, person.n_clips) for person in people} == {(1, 2)}
    found = lead_client.get("/people/?text=PERSON 07").context["page"]
    assert [person.name for person in found] == ["Person 07"]
    assert lead_client.get("/people/?text=%00&page=x").status_code == 200


def test_a_person_is_added(lead_client, lead) -> None:
    response = lead_client.post("/people/new", {"name": "Jane Doe", "consent": "signed"})
    person = Person.objects.get()
    assert response["Location"] == reverse("datasets:person", args=["jane_doe"])
    assert (person.name, person.consent, person.created_by) == ("Jane Doe", "signed", lead)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b"])
def test_a_person_without_a_usable_name_is_not(lead_client, name: str) -> None:
    assert lead_client.post("/people/new", {"name": name}).status_code == 422
    assert not Person.objects.exists()


def test_a_person_is_renamed_and_keeps_the_key(lead_client) -> None:
    person = make_person("Jo")
    url = reverse("datasets:person", args=[person.key])
    assert lead_client.get(url).status_code == 200
    lead_client.post(url, {"name": "Jo B", "consent": "signed"})
    person.refresh_from_db()
    assert (person.name, person.consent) == ("Jo B", "signed")
    response = lead_client.post(url, {"name": ""})
    assert response.status_code == 422
    assert Person.objects.get().name == "Jo B"


def test_pictures_are_added_and_each_that_is_none_is_said(lead_client, jpeg) -> None:
    person = make_person()
    images = [
        SimpleUploadedFile("one.jpg", jpeg(shade=1)),
        SimpleUploadedFile("letter.jpg", b"a letter"),
        SimpleUploadedFile("two.jpg", jpeg(shade=2)),
    ]
    response = lead_client.post(reverse("datasets:references-add", args=[person.key]), {"images": images})
    assert response.status_code == 200
    assert person.references.count() == 2
    text = response.content.decode()
    assert "letter.jpg is not a picture" in text
    assert "<html" not in text


def test_a_picture_that_is_there_is_said(lead_client, jpeg) -> None:
    person = make_person()
    url = reverse("datasets:references-add", args=[person.key])
    for _ in range(2):
        response = lead_client.post(url, {"images": [SimpleUploadedFile("one.jpg", jpeg())]})
    assert "one.jpg is there already." in response.content.decode()
    assert person.references.count() == 1


def test_references_are_put_in_order_and_deleted(lead_client) -> None:
    person = make_person()
    one, two = make_reference(person), make_reference(person)
    url = reverse("datasets:references-order", args=[person.key])
    lead_client.post(url, {"ids": [two.pk, one.pk]})
    assert list(person.references.all()) == [two, one]
    for ids in ([two.pk], ["x"], [two.pk, one.pk, 10**30]):
        assert "changed meanwhile" in lead_client.post(url, {"ids": ids}).content.decode()
    lead_client.post(reverse("datasets:reference-delete", args=[two.pk]))
    assert list(person.references.all()) == [one]


def test_deleting_says_what_goes_and_what_a_release_holds(lead_client) -> None:
    jo, al = make_person("Jo"), make_person("Al")
    make_reference(jo)
    make_clip(jo, al)
    release = make_release(make_clip(jo), people=(jo,))
    url = reverse("datasets:person-remove", args=[jo.key])
    text = lead_client.get(url).content.decode()
    for part in ("1 reference, 1 clip", "also show Al", str(release)):
        assert part in text
    assert Person.objects.count() == 2
    said = lead_client.post(url, follow=True).content.decode()
    assert f"Frozen releases still hold this person: {release}." in said
    assert list(Person.objects.all()) == [al]
    assert Clip.objects.count() == 1


def test_outsiders_get_404(outsider_client) -> None:
    person = make_person()
    reference = make_reference(person)
    for name in ("person", "person-remove"):
        assert outsider_client.get(reverse(f"datasets:{name}", args=[person.key])).status_code == 404
    for name in ("person", "person-remove", "references-add", "references-order"):
        assert outsider_client.post(reverse(f"datasets:{name}", args=[person.key])).status_code == 404
    assert outsider_client.post("/people/new", {"name": "x"}).status_code == 404
    assert outsider_client.post(reverse("datasets:reference-delete", args=[reference.pk])).status_code == 404
    assert (Person.objects.count(), Reference.objects.count()) == (1, 1)


def test_references_show_what_a_face_model_says_of_them(lead_client) -> None:
    jo = make_person("Jo")
    url = reverse("datasets:person", args=[jo.key])
    assert "Add 3 to 5 pictures" in lead_client.get(url).content.decode()
    bad, poor, _unseen = (make_reference(jo) for _ in range(3))
    ReferenceFace.objects.create(reference=bad, backend="b", error="It shows 2 faces: crop it.")
    ReferenceFace.objects.create(
        reference=poor, backend="b", warnings=["The face is blurred."], embedding=b"\0"
    )
    text = lead_client.get(url).content.decode()
    for part in (
        "It shows 2 faces: crop it.",
        "The face is blurred.",
        "not looked at yet",
        "Add 3 to 5 pictures",
    ):
        assert part in text


def test_references_are_looked_at_when_a_lead_asks(lead_client, outsider_client) -> None:
    jo = make_person("Jo")
    make_reference(jo)
    examine = reverse("datasets:references-examine", args=[jo.key])
    part = reverse("datasets:references-part", args=[jo.key])
    assert outsider_client.post(examine).status_code == 404
    assert outsider_client.get(part).status_code == 404
    assert not Job.objects.exists()
    text = lead_client.post(examine, headers=HTMX).content.decode()
    assert "waiting for a worker" in text
    assert Job.objects.get().params == {"person": jo.pk}
    assert lead_client.get(f"{part}?job=queued", headers=HTMX).status_code == 204
    Job.objects.update(state=JobState.SUCCEEDED)
    assert "every 1s" not in lead_client.get(f"{part}?job=queued", headers=HTMX).content.decode()


def test_people_who_are_hard_to_tell_apart_are_warned_of(lead_client) -> None:
    ada, bo = make_person("Ada"), make_person("Bo")
    row = Resemblance.objects.create(
        first=ada, second=bo, similarity=0.6, threshold=0.4, made_at=timezone.now()
    )
    assert "1 pair hard to tell apart" in lead_client.get("/people/").content.decode()
    assert "hard to tell apart" in lead_client.get(reverse("datasets:person", args=[bo.key])).content.decode()
    row.similarity = 0.2
    row.save()
    assert "Everybody is told apart" in lead_client.get("/people/").content.decode()
