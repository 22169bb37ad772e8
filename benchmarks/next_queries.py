"""What 'next' costs the database in a small and in a large study: `python -m benchmarks.next_queries`.

Statements of one claim over the API, transaction brackets apart, the messages in which they went, and how long they
took, in a study of 1,000 and in one of 1,000,000 slots on PostgreSQL (a database of its own, dropped at the end;
seeding takes minutes).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from statistics import median

from benchmarks.claim_submit import postgres_database

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
OVERLAP = 25
REPEATS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--in-database", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_database:
        _measure(options.slots)
        return
    with tempfile.TemporaryDirectory() as home, postgres_database() as url:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": url,
            "LIKENESS_HOME": home,
        }
        command = [sys.executable, "-m", "benchmarks.next_queries", "--in-database", "--slots"]
        subprocess.run([*command, *map(str, options.slots)], env=environment, check=True)


def _measure(sizes: list[int]) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from annotator.services.members import member_add
    from benchmarks.seeding import seed_study
    from config.accounts.models import User

    call_command("migrate", verbosity=0)
    print("| slots | statements for 'next' | in messages | in the database, ms (median of 20) |")
    print("| --- | --- | --- | --- |")
    for n_slots in sizes:
        study = seed_study(n_slots=n_slots, overlap=OVERLAP, name=f"Load {n_slots}")
        counts, messages, times = set(), set(), []
        for n in range(REPEATS + 1):
            # Each is somebody's first claim: none has been answered, so the cursors move over nothing of their own.
            user = User.objects.create(username=f"{study.slug}-{n}")
            member_add(study=study, user=user)
            client = Client()
            client.force_login(user)
            with CaptureQueriesContext(connection) as captured:
                reply = client.post(
                    f"/api/v1/studies/{study.slug}/slots/claim", {}, content_type="application/json"
                )
            assert reply.status_code == 200, reply.content
            queries = [each for each in captured.captured_queries if not each["sql"].startswith(BRACKETS)]
            if n:  # With the first, the statements are prepared.
                counts.add(sum(each["sql"].count("; ") + 1 for each in queries))
                messages.add(len(queries))
                times.append(1000 * sum(float(each["time"]) for each in queries))
        cells = [f"{n_slots:,}", _listed(counts), _listed(messages), f"{median(times):.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


if __name__ == "__main__":
    main()
