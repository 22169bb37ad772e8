"""What every test has: a home folder of its own, the real test data, and the servers that answer."""

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import servers
from tests.made_once import SHELF, MadeOnce, made_once

# The same examples in every run, however slow the machine is: a failure is a change's, never chance's.
hypothesis_settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="run only the tests that depend on the database (the second half of `make test`, on PostgreSQL)",
    )


def pytest_report_header(config: pytest.Config) -> list[str]:
    problems = [servers.postgres_problem(), servers.redis_problem(), servers.rabbitmq_problem()]
    return [
        f"database: {django_settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}",
        *(f"server missing: {problem}" for problem in problems if problem),
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("e2e"):
            # One browser at a time: two of them starve one another on two cores.
            item.add_marker(pytest.mark.xdist_group("browser"))
    # Long ones first, so that at the end no worker waits for another's last test.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if config.getoption("--only-database"):
        left_out = [item for item in items if not _depends_on_database(item)]
        items[:] = [item for item in items if _depends_on_database(item)]
        config.hook.pytest_deselected(items=left_out)


def _depends_on_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(DATABASE_FIXTURES & fixtures)


def pytest_unconfigure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    home = Path(django_settings.HOME)
    is_temporary = home.parent == Path(tempfile.gettempdir()) and home.name.startswith("likeness-test-")
    if is_temporary and not is_worker:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings) -> Path:
    """Give each test its own home and media folder, so that none sees another's files."""
    folder = tmp_path / "home"
    media, uploads = folder / "media", folder / "uploads"
    media.mkdir(parents=True)
    uploads.mkdir()
    settings.HOME = folder
    settings.MEDIA_ROOT = str(media)
    settings.FILE_UPLOAD_TEMP_DIR = str(uploads)
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Return a function that makes a folder of films or the like once for all workers and databases of a run."""
    shelf = os.environ.get(SHELF)
    if not shelf:
        base = tmp_path_factory.getbasetemp()
        # A worker's base folder lies in the one of the whole run.
        shelf = str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shelf")
    return partial(made_once, Path(shelf))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real clips and references beside the repository; skip where there is none."""
    folder = Path(os.environ.get("LIKENESS_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "manifest.json").is_file():
        pytest.skip(f"no real test data at {folder} (set LIKENESS_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Return a PostgreSQL URL whose server answers; its database need not exist."""
    return _required(servers.POSTGRES_URL, servers.postgres_problem())


@pytest.fixture(scope="session")
def redis_url() -> str:
    return _required(servers.REDIS_URL, servers.redis_problem())


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    return _required(servers.RABBITMQ_URL, servers.rabbitmq_problem())


def _required(url: str, problem: str | None) -> str:
    if problem and servers.are_expected():
        pytest.fail(problem, pytrace=False)
    if problem:
        pytest.skip(problem)
    return url
