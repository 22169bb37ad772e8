"""Run all tests on SQLite, then those that depend on the database on PostgreSQL: what `make test` does.

    python -m tests.both_databases [arguments for pytest]

Without a PostgreSQL the second half is left out and the closing line says so; LIKENESS_EXPECT_SERVICES=1 makes
that a failure.
"""

import os
import subprocess
import sys
import tempfile
import time

from tests import servers
from tests.made_once import SHELF

# One test more than cores at a time, since many wait for processes that they started; those of one xdist_group (the
# browser's) on the same worker.
PYTEST = [sys.executable, "-m", "pytest", "-n", str(min(os.cpu_count() or 1, 7) + 1), "--dist", "loadgroup"]


def main(arguments: list[str]) -> int:
    # Bytecode that is kept spares every process that a test starts from compiling the project anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="likeness-tests-") as shelf:
        os.environ[SHELF] = shelf
        outcomes = [_on_sqlite(arguments), _on_postgres(arguments)]
    print("\nmake test:", "; ".join(sentence for sentence, _ in outcomes), flush=True)
    return 0 if all(passed for _, passed in outcomes) else 1


def _on_sqlite(arguments: list[str]) -> tuple[str, bool]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return _pytest("SQLite", [*PYTEST, *arguments], environment)


def _on_postgres(arguments: list[str]) -> tuple[str, bool]:
    problem = servers.postgres_problem()
    if problem:
        return f"PostgreSQL SKIPPED ({problem})", not servers.are_expected()
    # A name of its own lets two checkouts run their tests against one server at the same time.
    server, _, _ = servers.POSTGRES_URL.rpartition("/")
    environment = {**os.environ, "DATABASE_URL": f"{server}/likeness_{os.getpid()}"}
    return _pytest("PostgreSQL", [*PYTEST, "--only-database", "-m", "not e2e", *arguments], environment)


def _pytest(database: str, command: list[str], environment: dict[str, str]) -> tuple[str, bool]:
    print(f"\n{database}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, env=environment, check=False).returncode
    verdict = "passed" if status == 0 else f"FAILED (pytest's exit status {status})"
    return f"{database} {verdict} in {time.monotonic() - started:.0f} s", status == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
