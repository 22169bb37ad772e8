from pathlib import Path

import pytest

from datasets.releases.writer import write_release

from .samples import Sample, make_info, make_sample


@pytest.fixture(scope="session")
def sample() -> Sample:
    return make_sample()


@pytest.fixture(scope="session")
def written(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release on disk that no test may change."""
    folder = tmp_path_factory.mktemp("written") / "release"
    write_release(folder, sample.rows(), info=make_info(), splits=sample.splits)
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder with nothing in it, to see what is left behind."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder
