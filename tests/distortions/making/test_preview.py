"""The job of a preview."""

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from distortions.services.previews import preview_create

pytestmark = pytest.mark.django_db


def test_a_strip_a_recipe_is_drawn_and_what_cannot_be_says_why(scene):
    preview = preview_create(clip=scene.clip, recipes=["geometry_drift", "donor_switch"], severity=5)
    run_jobs(queue="vision")
    assert Job.objects.get(kind="distortion_preview").state == JobState.SUCCEEDED
    drawn, impossible = preview.strips.all()
    # Severity 5 is more than the recipe has: it shows its most.
    with default_storage.open(drawn.picture) as file, Image.open(file) as picture:
        assert picture.width == 3 * picture.height
    assert (impossible.picture, bool(impossible.sentence)) == ("", True)


def test_a_clip_that_cannot_be_read_says_so_on_every_strip(scene):
    preview = preview_create(clip=scene.clip, recipes=["geometry_drift", "drop"], severity=3)
    default_storage.delete(scene.clip.playback_file)
    run_jobs(queue="vision")
    assert {strip.sentence for strip in preview.strips.all()} == {
        "The playback copy is gone from the storage: prepare the clip again."
    }
