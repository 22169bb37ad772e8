"""What a web process may not load: codecs, columns, faces and training belong to workers and commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    "av",
    "pyarrow",
    "pandas",
    "cv2",
    "dlib",
    "onnxruntime",
    "scipy",
    "skimage",
    "torch",
    "huggingface_hub",
)
# All that a server has loaded before its first request, and each page's module after it.
SCRIPT = """
import json, sys
import config.wsgi, config.urls
from django.urls import get_resolver
assert len(list(get_resolver().reverse_dict)) > 20
print(json.dumps(sorted(sys.modules)))
"""


def test_a_web_process_loads_no_codec_no_columns_and_no_face_model() -> None:
    loaded = set(_modules_after(SCRIPT))
    assert "annotator.views.releases" in loaded
    assert "datasets.views.upload" in loaded
    assert sorted(loaded & set(HEAVY)) == []


@pytest.mark.parametrize(
    "module",
    [
        "datasets.media.errors",
        "datasets.media.facts",
        "datasets.media.sandbox",
        "datasets.releases.checksums",
        "datasets.releases.manifest",
        "datasets.releases.names",
        "datasets.releases.splits",
        "datasets.releases.zipping",
    ],
)
def test_light_modules_of_pure_packages_load_neither_av_nor_arrow(module: str) -> None:
    loaded = set(_modules_after(f"import json, sys, {module}\nprint(json.dumps(sorted(sys.modules)))"))
    assert sorted(loaded & {*HEAVY, "numpy", "django"}) == []


def _modules_after(script: str) -> list[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names
