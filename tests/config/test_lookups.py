"""`among` finds what `in` finds, on both databases, whatever it is asked of and however much."""

import pytest

from config.lookups import Ids
from datasets.models import Clip, ClipSubject
from tests.annotator.factories import make_clip, make_person

pytestmark = pytest.mark.django_db


def test_it_finds_what_in_finds() -> None:
    people = [make_person() for _ in range(3)]
    clips = [make_clip(subjects=(people[number % 3],)) for number in range(9)]
    some = {clips[0].pk, clips[4].pk, clips[8].pk, 10**12}
    assert set(Clip.objects.filter(pk__among=Ids(some))) == {clips[0], clips[4], clips[8]}
    by_clip = ClipSubject.objects.filter(clip__among=Ids(some)).order_by("pk")
    assert list(by_clip) == list(ClipSubject.objects.filter(clip__in=some).order_by("pk"))
    across = Clip.objects.filter(clip_subjects__person__among=Ids([people[0].pk]))
    assert set(across) == {clips[0], clips[3], clips[6]}
    assert set(Clip.objects.exclude(pk__among=Ids(some))) == set(clips) - {clips[0], clips[4], clips[8]}


def test_among_none_is_nothing_and_many_are_one_parameter(django_assert_num_queries) -> None:
    clip = make_clip()
    assert not Clip.objects.filter(pk__among=Ids([])).exists()
    with django_assert_num_queries(1):
        assert list(Clip.objects.filter(pk__among=Ids(range(clip.pk + 100_000)))) == [clip]
