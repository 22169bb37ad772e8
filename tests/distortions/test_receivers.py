"""What goes with clips and people that the library deletes."""

import pytest

from config.jobs.models import Job
from datasets.models import Clip
from datasets.services.deletion import clip_delete, person_delete
from distortions.models import Distortion
from distortions.services.previews import preview_create, strip_put
from distortions.services.results import result_refuse
from tests.datasets.factories import make_clip, make_person
from tests.distortions.factories import make_distortion, make_truth

pytestmark = pytest.mark.django_db


def discarded() -> set[str]:
    return {name for job in Job.objects.filter(kind="files_discard") for name in job.params["names"]}


def test_with_a_source_go_its_results_pictures_and_previews():
    source = make_clip()
    made = make_clip(origin="distorted", parent=source)
    make_distortion(source=source, clip=made, picture="distortions/1/1.jpg")
    strip_put(strip=preview_create(clip=source, recipes=["swap"], severity=3).strips.get(), picture="p.jpg")
    clip_delete(clip=source)
    assert not Distortion.objects.exists()
    assert {"distortions/1/1.jpg", "p.jpg", source.file} <= discarded()


def test_without_its_clip_a_result_keeps_its_numbers_and_no_picture():
    made = make_clip()
    row = make_distortion(clip=made, picture="distortions/1/1.jpg")
    clip_delete(clip=made)
    row.refresh_from_db()
    assert (row.clip, row.picture, row.state) == (None, "", "made")
    assert "distortions/1/1.jpg" in discarded()


def test_a_donor_takes_along_the_clips_that_got_their_features():
    donor, other = make_person("Cleo"), make_person("Ada")
    source = make_clip(other)
    row = make_distortion(source=source, clip=make_clip(other, origin="distorted", parent=source))
    untouched = make_distortion(source=source, clip=make_clip(other, origin="distorted", parent=source))
    row.donors.add(donor)
    person_delete(person=donor)
    assert set(Clip.objects.all()) == {source, untouched.clip}
    assert row.clip.file in discarded()


def test_whose_features_came_in_is_remembered():
    donor, row = make_person("Cleo"), make_distortion()
    truth = make_truth()
    truth["edits"][0]["donor"] = donor.key
    assert result_refuse(row=row, error="A seam shows.", truth=truth)
    assert list(row.donors.all()) == [donor]
