"""Deleting people and clips: what goes, what a frozen release holds, what judgments rest on."""

from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage

from annotator.models import Item, PersonJudgment
from annotator.services.studies import study_create
from config.jobs.models import Job
from config.jobs.runner import run_jobs
from datasets.models import Clip, ClipState, Pair, Person, Reference, ReleaseState
from datasets.services.deletion import clip_delete, person_delete, person_deletion
from tests.annotator.judging import judge
from tests.datasets.factories import files_of, make_clip, make_pair, make_person, make_reference, make_release

pytestmark = pytest.mark.django_db


def stored(names: list[str]) -> set[bool]:
    return {default_storage.exists(name) for name in names}


@pytest.fixture
def scene() -> SimpleNamespace:
    """Jo with two references: alone, with Al, in a copy of that, and in a clip that a release holds."""
    jo, al = make_person("Jo"), make_person("Al")
    alone, both, held, other = make_clip(jo), make_clip(jo, al), make_clip(jo), make_clip(al)
    copy = make_clip(al, parent=both, origin="distorted")
    return SimpleNamespace(
        jo=jo,
        al=al,
        alone=alone,
        both=both,
        copy=copy,
        held=held,
        other=other,
        references=[make_reference(jo), make_reference(jo)],
        als=make_reference(al),
        release=make_release(held, people=(jo,)),
    )


def test_what_would_go_is_said_and_nothing_is_written(scene) -> None:
    deletion = person_deletion(person=scene.jo)
    assert deletion.clips == [scene.alone, scene.both, scene.copy]
    assert deletion.held == [scene.held]
    assert deletion.references == scene.references
    assert deletion.shared_with == [scene.al]
    assert deletion.releases == [scene.release]
    assert (Person.objects.count(), Clip.objects.count(), Reference.objects.count()) == (2, 5, 3)


def test_a_person_goes_with_references_and_clips(scene) -> None:
    going = [name for clip in (scene.alone, scene.both, scene.copy) for name in files_of(clip)]
    going += [reference.file for reference in scene.references]
    assert person_delete(person=scene.jo).releases == [scene.release]
    run_jobs(queue="media")
    assert list(Person.objects.all()) == [scene.al]
    assert list(Clip.objects.order_by("pk")) == [scene.held, scene.other]
    assert stored(going) == {False}
    assert stored([*files_of(scene.held), *files_of(scene.other), scene.als.file]) == {True}


def test_a_release_that_is_not_frozen_holds_nothing(scene) -> None:
    scene.release.state = ReleaseState.BUILDING
    scene.release.save()
    deletion = person_delete(person=scene.jo)
    assert (deletion.releases, deletion.held) == ([], [])
    assert scene.held in deletion.clips


def test_the_files_go_even_if_the_server_dies_after_the_commit(scene) -> None:
    person_delete(person=scene.jo)
    job = Job.objects.get(kind="files_discard")
    assert set(job.params["names"]) > {scene.alone.file, scene.references[0].file}
    assert stored(files_of(scene.alone)) == {True}
    run_jobs(queue="media")
    assert stored(files_of(scene.alone)) == {False}


def test_a_file_that_came_again_meanwhile_stays(scene) -> None:
    person_delete(person=scene.jo)
    again = make_clip(file=scene.alone.file)
    run_jobs(queue="media")
    assert default_storage.exists(again.file)


def test_judgments_stay_and_name_nobody(scene, lead, outsider) -> None:
    pair = make_pair(scene.alone, scene.both)
    study = study_create(name="S", pairs=Pair.objects.filter(pk=pair.pk), created_by=lead)
    judge(study.items.get(), outsider, "a", {scene.jo.pk: "same"})
    about_jo = PersonJudgment.objects.get(person=scene.jo)
    person_delete(person=scene.jo)
    run_jobs(queue="media")
    about_jo.refresh_from_db()
    assert (about_jo.person, about_jo.verdict) == (None, "same")
    assert Item.objects.filter(pair=pair).exists()
    scene.alone.refresh_from_db()
    assert (scene.alone.state, scene.alone.file, scene.alone.source_name) == (ClipState.REMOVED, "", "")
    assert not Clip.objects.filter(pk=scene.copy.pk).exists()


def test_a_clip_goes_with_its_files_and_pairs(home) -> None:
    one, two = make_clip(), make_clip()
    pair = make_pair(one, two)
    assert clip_delete(clip=one) == []
    run_jobs(queue="media")
    assert not Pair.objects.filter(pk=pair.pk).exists()
    assert list(Clip.objects.all()) == [two]
    assert stored(files_of(one)) == {False}
    assert stored(files_of(two)) == {True}


def test_a_clip_of_a_frozen_release_stays(home) -> None:
    clip = make_clip()
    release = make_release(clip)
    assert clip_delete(clip=clip) == [release]
    run_jobs(queue="media")
    assert Clip.objects.filter(pk=clip.pk).exists()
    assert stored(files_of(clip)) == {True}
