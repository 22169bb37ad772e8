"""What a person's page says of references and of who looks alike."""

import pytest
from django.utils import timezone

from config.jobs.models import Job, JobState
from datasets.models import Person, Reference, ReferenceFace, Resemblance
from datasets.selectors.people import people_listed
from datasets.selectors.references import person_references
from datasets.selectors.resemblance import closest_people, hard_pairs_count, nearest_people
from datasets.services.analysis import person_examine_later
from tests.datasets.factories import make_person, make_reference

pytestmark = pytest.mark.django_db


def see(reference: Reference, **fields) -> None:
    values = {"backend": "b", "embedding": None if fields.get("error") else b"\0\0\0\0"}
    ReferenceFace.objects.create(reference=reference, **(values | fields))


def alike(a: Person, b: Person, similarity: float, threshold: float = 0.4) -> None:
    first, second = sorted((a, b), key=lambda person: person.pk)
    Resemblance.objects.create(
        first=first, second=second, similarity=similarity, threshold=threshold, made_at=timezone.now()
    )


def test_each_reference_has_its_sentences_without_the_files_name(django_assert_num_queries) -> None:
    jo = make_person("Jo")
    rows = [make_reference(jo) for _ in range(4)]
    Reference.objects.filter(pk=rows[0].pk).update(source_name="a.jpg")
    see(rows[0], warnings=["a.jpg: the face is blurred."])
    see(rows[1], error="Picture 1 shows no face that can be found.")
    see(rows[2])
    with django_assert_num_queries(3):
        seen = person_references(jo)
    assert seen.rows[0].warnings == ["The face is blurred."]
    assert seen.rows[1].error == "Shows no face that can be found."
    assert [row.is_usable for row in seen.rows] == [True, False, True, False]
    assert (seen.n_usable, seen.n_unseen, seen.is_short) == (2, 1, False)


def test_three_are_advised() -> None:
    jo = make_person("Jo")
    assert person_references(jo).is_short
    for _ in range(3):
        see(make_reference(jo))
    assert not person_references(jo).is_short
    ReferenceFace.objects.filter(reference=jo.references.first()).update(error="No.", embedding=None)
    assert person_references(jo).is_short


def test_the_page_waits_for_the_job_and_says_how_it_failed() -> None:
    jo = make_person("Jo")
    person_examine_later(person=jo)
    assert (person_references(jo).job_state, person_references(jo).problem) == ("queued", "")
    Job.objects.update(state=JobState.FAILED, error="No model.\n\nTraceback")
    assert (person_references(jo).job_state, person_references(jo).problem) == ("none", "No model.")


def test_the_list_counts_what_cannot_be_used() -> None:
    jo = make_person("Jo")
    see(make_reference(jo), error="No face.")
    see(make_reference(jo))
    make_reference(jo)
    row = vars(people_listed().get())
    assert (row["n_references"], row["n_unusable"]) == (3, 1)


def test_the_nearest_people_come_first(django_assert_max_num_queries) -> None:
    ada, bo, cem = (make_person(name) for name in ("Ada", "Bo", "Cem"))
    for each in (ada, bo, cem):
        make_reference(each)
    alike(ada, bo, 0.2)
    alike(bo, cem, 0.6)
    alike(cem, ada, 0.4)
    with django_assert_max_num_queries(3):
        closest = closest_people()
    assert [{person.name for person in near.shown} for near in closest] == [
        {"Bo", "Cem"}, {"Ada", "Cem"}, {"Ada", "Bo"},
    ]  # fmt: skip
    assert [near.is_hard for near in closest] == [True, True, False]
    assert hard_pairs_count() == 2
    assert [near.shown[0].name for near in nearest_people(ada)] == ["Cem", "Bo"]
    cem.delete()
    assert [near.shown[0].name for near in nearest_people(ada)] == ["Bo"]
