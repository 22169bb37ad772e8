"""Dear things that tests share, such as a film and the faces found in it: made once a run, by whoever is first.

The workers of pytest-xdist are processes of their own, and `make test` runs pytest twice; all of them find what one
has made in one folder (tests/conftest.py says which).
"""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

# Names the folder when a run has several parts (tests/both_databases.py).
SHELF = "LIKENESS_TEST_SHELF"

MadeOnce = Callable[[str, Callable[[Path], object]], Path]


def made_once(shelf: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder `name` of the shelf, which `make` has filled. No test may change what is in it.

    A second process waits for the first. What a `make` that failed or was killed has left is thrown away.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    place = shelf / name
    with (shelf / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            unfinished = shelf / f"{name}.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(place)
    return place
