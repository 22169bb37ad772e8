"""What stands in the terminal of whoever starts the site on a laptop."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

READ_A_STYLESHEET = """
from django.test import Client
from config.wsgi import application
response = Client().get("/static/likeness/likeness.css")
assert response.status_code == 200, response.status_code
"""


def test_the_site_starts_and_finds_its_files_without_a_warning(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "LIKENESS_HOME": str(tmp_path),
    }
    started = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", READ_A_STYLESHEET],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (started.returncode, started.stderr) == (0, "")
