"""People go by key, references by content."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage

from config.jobs.runner import run_jobs
from datasets.models import Person
from datasets.services.people import (
    people_ensure,
    people_named,
    person_create,
    person_update,
    reference_add,
    reference_remove,
    references_reorder,
)
from tests.datasets.factories import make_person, make_reference

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("label", "key", "name"),
    [
        ("jane_doe", "jane_doe", "Jane Doe"),
        ("Jane Doe", "jane-doe", "Jane Doe"),
        ("JD-7", "JD-7", "JD-7"),
        ("Ólafur", "olafur", "Ólafur"),
        ("李雷", "person-0b6fb8abb9aa", "李雷"),
    ],
)
def test_the_key_and_name_that_a_label_gives(label: str, key: str, name: str) -> None:
    person = people_ensure(labels=[label])[label]
    assert person.name == name
    if label.isascii() or key == "olafur":
        assert person.key == key
    else:
        assert person.key.startswith("person-")
    assert people_ensure(labels=[label])[label] == person
    assert Person.objects.count() == 1


def test_two_people_of_one_name_get_two_keys() -> None:
    first, second, third = (person_create(name="Jane Doe") for _ in range(3))
    assert [first.key, second.key, third.key] == ["jane_doe", "jane_doe-2", "jane_doe-3"]


def test_a_lead_means_people_by_name_or_key() -> None:
    jane = person_create(name="Jane Doe")
    assert people_named(labels=["jane doe", "jane_doe"]) == [jane, jane]
    [new] = people_named(labels=["Al Foo"])
    assert (new.key, new.name) == ("al_foo", "Al Foo")


def test_a_person_needs_a_name() -> None:
    person = make_person("Jo")
    with pytest.raises(ValidationError):
        person_update(person=person, name="  ", consent="")
    person_update(person=person, name="Jo B", consent="signed")
    person.refresh_from_db()
    assert (person.name, person.consent) == ("Jo B", "signed")


def test_a_reference_is_stored_once_and_decoded_once(
    tmp_path: Path, jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person()
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg())
    reference, is_new = reference_add(person=person, path=path, source_name="../x.jpg")
    assert is_new
    assert (reference.width, reference.height, reference.position) == (80, 60, 0)
    assert (reference.source_name, reference.file) == (
        "x.jpg",
        f"references/{reference.sha256[:2]}/{reference.sha256}.jpg",
    )
    assert default_storage.exists(reference.file)
    monkeypatch.setattr("datasets.services.people.reference_read", lambda **_: pytest.fail("decoded again"))
    assert reference_add(person=person, path=path, source_name="y.jpg") == (reference, False)


def test_references_are_put_in_order() -> None:
    person = make_person()
    one, two, three = (make_reference(person) for _ in range(3))
    references_reorder(person=person, ids=[three.pk, one.pk, two.pk])
    assert list(person.references.all()) == [three, one, two]


@pytest.mark.parametrize(
    "choose", [lambda ids: ids[:2], lambda ids: [*ids, ids[0]], lambda ids: [*ids[:2], 10**6]]
)
def test_an_order_of_other_references_is_refused(choose) -> None:
    person = make_person()
    ids = [make_reference(person).pk for _ in range(3)]
    with pytest.raises(ValidationError, match="have changed meanwhile"):
        references_reorder(person=person, ids=choose(ids))
    assert [reference.pk for reference in person.references.all()] == ids


def test_a_picture_goes_with_its_last_reference() -> None:
    one = make_reference(make_person(), b"the same")
    two = make_reference(make_person(), b"the same")
    reference_remove(reference=one)
    run_jobs(queue="media")
    assert default_storage.exists(two.file)
    reference_remove(reference=two)
    run_jobs(queue="media")
    assert not default_storage.exists(two.file)
