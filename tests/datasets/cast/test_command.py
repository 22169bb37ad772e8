"""The command writes a clip, its truth and references, and says what it cannot read."""

import pytest

pytest.importorskip("cv2")

import numpy as np
from PIL import Image

from datasets.cast.__main__ import main
from datasets.cast.truth import load_truth
from datasets.media.probe import probe

SMALL = ["--size", "192x108", "--fps", "8", "--workers", "1"]


def test_it_writes_clip_truth_and_references(tmp_path):
    out = tmp_path / "made" / "clip.mp4"
    code = main(["--people", "2", "--seconds", "1", "--seed", "7", "--out", str(out), "--references", "3",
                 "--change", "swap:0:1:4", *SMALL])  # fmt: skip
    assert code == 0
    facts = probe(out)
    assert (facts.codec, facts.width, facts.height, facts.frames) == ("h264", 192, 108, 8)
    truth = load_truth(out.with_suffix(".truth.npz"))
    assert truth.boxes.shape == (8, 2, 4)
    assert np.array_equal(truth.identity[4, 0], truth.identity[0, 1])
    assert not np.array_equal(truth.identity[3, 0], truth.identity[4, 0])
    pictures = sorted(p.name for p in out.with_suffix(".references").iterdir())
    assert pictures == [f"{k}-{view}.png" for k in (0, 1) for view in ("left", "neutral", "right")]
    with Image.open(out.with_suffix(".references") / "0-neutral.png") as picture:
        assert picture.size == (512, 512)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--size", "wide"],
        ["--people", "7"],
        ["--change", "melt:0:1"],
        ["--change", "drift:9:0:5"],
        ["--people", "2", "--cast", "1"],
    ],
    ids=["size", "crowd", "unknown change", "nobody there", "too few seeds"],
)
def test_it_says_what_it_cannot_read(tmp_path, capsys, arguments):
    code = main(["--seconds", "0.5", "--out", str(tmp_path / "clip.mp4"), *SMALL, *arguments])
    assert code == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "clip.mp4").exists()
