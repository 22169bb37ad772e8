"""A second virtual environment that has Hugging Face's `datasets`, made once and kept in the user's cache.

That library and our own app share an import name, so it must never come into the environment of this repository.

    python -m tests.datasets.releases.second_environment   # makes it before a test asks for it
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Exact versions: other torch wheels bring CUDA, and later torchcodec wants its libraries.
PACKAGES = ("datasets==5.2.0", "torch==2.13.0", "torchcodec==0.13.0", "pyarrow==26.0.1", "pillow==13.0.0")


class NoSecondEnvironment(Exception):
    """It cannot be made here; the message says why."""


def cache_folder() -> Path:
    home = os.environ.get("LIKENESS_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    )
    return Path(home) / "likeness"


def second_python() -> Path:
    """The interpreter of the second environment, which is made on the first call: a minute and 1.3 GB."""
    key = hashlib.sha256("\n".join([sys.version, *PACKAGES]).encode()).hexdigest()[:12]
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"huggingface-{key}"
    with (cache / "huggingface.lock").open("w") as lock:
        # Test processes beside one another wait for the one that makes it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder)
    python = folder / "bin" / "python"
    _check_decoder(python)
    return python


def _make(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
    (folder / "complete").touch()


def _check_decoder(python: Path) -> None:
    """torchcodec loads the FFmpeg libraries of the system, which pip does not bring."""
    try:
        _run([str(python), "-P", "-c", "import torchcodec.decoders"])
    except NoSecondEnvironment as error:
        raise NoSecondEnvironment(
            f"torchcodec finds no FFmpeg libraries (apt install ffmpeg): {error}"
        ) from error


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=900)
    if result.returncode:
        raise NoSecondEnvironment(f"{' '.join(command[:4])} …: {result.stderr.strip()[-600:]}")


if __name__ == "__main__":
    try:
        second_python()
    except NoSecondEnvironment as error:
        sys.exit(str(error))
