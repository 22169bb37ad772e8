import pytest
from django.core.management import CommandError, call_command

from config.jobs.models import Job
from distortions.models import Batch, BatchState
from distortions.services.batches import batch_cancel

pytestmark = pytest.mark.django_db

TOML = """
count = 1
seed = 5
tries = 1
longest_side = 384
[recipes]
geometry_drift = 1
[severities]
2 = 1
[schedules]
constant = 1
[pairs]
clean = 1
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    return path


def complaint(path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(CommandError) as wrong:
        call_command("distort", path)
    assert wrong.value.returncode == 2
    return str(wrong.value)


def test_it_plans_and_leaves_the_work_to_workers(scene, config, capsys):
    call_command("distort", config, "--detach")
    batch = Batch.objects.get()
    assert batch.name == "small"
    assert "results planned: 1." in capsys.readouterr().out
    assert Job.objects.filter(kind="clip_distort").count() == 1
    call_command("distort", config, "--detach")
    assert "was started before" in capsys.readouterr().out
    assert Batch.objects.count() == 1


def test_a_cancelled_batch_is_said_to_be_cancelled(scene, config):
    call_command("distort", config, "--detach")
    batch_cancel(batch=Batch.objects.get())
    with pytest.raises(CommandError, match="Change its name or seed"):
        call_command("distort", config)
    assert Batch.objects.get().state == BatchState.CANCELLED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[recipes]\ngeometri_drift = 1", "Did you mean “geometry_drift”?"),
        ("this is no TOML", "is not TOML"),
        (
            TOML + "[parameters.geometry_drift]\namuont = 1",
            "geometry_drift has no parameter “amuont”. Did you mean “amount”?",
        ),
        (
            TOML + "[parameters.geometry_drift]\namount = 3",
            "geometry_drift: amount lies between 0 and 1, got 3.",
        ),
        (TOML, "The filter matches no clip of the library."),
    ],
)
def test_what_is_wrong_with_a_file_is_said(config, text, sentence):
    assert sentence in complaint(config, text)
    assert not Batch.objects.exists()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("distort", tmp_path / "none.toml")


@pytest.mark.django_db(transaction=True)
def test_it_does_the_work_itself_and_says_what_came(scene, config, capsys):
    call_command("distort", config)
    assert "1 made, 0 refused by the gate, 0 failed; 1 pairs with known answers." in capsys.readouterr().out
    batch = Batch.objects.get()
    assert batch.state == BatchState.FINISHED
    assert {clip.state for clip in [batch.distortions.get().clip]} == {"ready"}
