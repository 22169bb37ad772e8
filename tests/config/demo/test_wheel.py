"""`make demo-train` in small: release, reward, policy, clips, blind study, ranking, on a toy of random weights."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from annotator.models import Study
from config.accounts.models import User
from datasets.models import Clip, Person
from tests.made_once import MadeOnce
from tests.training.reward.conftest import TINY
from tests.training.toys import PEOPLE, TINY_POLICY, make_toy
from training.models import Run, RunKind, RunState
from training.reward.config import config_of, toml_text

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_database]


def test_the_whole_wheel_turns(tmp_path: Path, settings, once: MadeOnce, django_user_model) -> None:
    settings.HOME = tmp_path
    settings.RUNS_ROOT = str(tmp_path / "runs")
    toy = once("toy", make_toy)
    (tmp_path / "reward.toml").write_text(toml_text(config_of(TINY).as_dict()))
    (tmp_path / "policy.toml").write_text(TINY_POLICY)
    asked = {
        "toy": toy, "people": PEOPLE, "reward_config": tmp_path / "reward.toml",
        "policy_config": tmp_path / "policy.toml", "prompts": 2, "seeds": 1,
    }  # fmt: skip

    call_command("demo_train", **asked)
    call_command("demo_train", **asked)  # nothing is done twice

    assert [(run.kind, run.state) for run in Run.objects.order_by("pk")] == [
        (RunKind.REWARD, RunState.FINISHED),
        (RunKind.POLICY, RunState.FINISHED),
    ]
    policy = Run.objects.get(kind=RunKind.POLICY)
    assert {"assigned similarity", "won of decided", "reward"} <= {row["name"] for row in policy.results}
    clips = Clip.objects.all()
    assert {clip.generator for clip in clips} == {"toy base", f"toy run-{policy.pk}"}
    assert all(clip.seed == "0" and len(clip.generator_version) == 12 and clip.prompt for clip in clips)
    assert Person.objects.filter(is_procedural=True).count() == Person.objects.count() > 0
    study = Study.objects.get(slug="toy-blind")
    assert study.items.filter(repeat_of=None).count() == 2

    client = Client()
    client.force_login(User.objects.get(username="lead"))
    page = client.get("/ranking/?study=toy-blind&judges=simulated").content.decode()
    assert f"toy run-{policy.pk}" in page
    assert "answers here are" in page
    assert "simulated" in page
    run_page = client.get(f"/runs/{policy.pk}/").content.decode()
    assert "On people whom no training saw" in run_page
    sheet = client.get(f"/runs/{policy.pk}/sheets/2.png")
    assert sheet.content.startswith(b"\x89PNG")
