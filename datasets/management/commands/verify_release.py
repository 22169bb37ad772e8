"""Check that a release is what it says."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datasets.releases.verify import verify_release


class Command(BaseCommand):
    help = (
        "Check every checksum, count, column, reference between tables and the split rule of a release; of a folder "
        "in another format, its checksums. Prints one sentence for each finding; exit status 1 if there is any."
    )
    # It reads a folder and nothing else: it works where there is no database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options: Any) -> None:
        findings = verify_release(folder)
        for finding in findings:
            self.stderr.write(finding)
        if findings:
            raise CommandError(
                f"{folder} is not whole: {len(findings)} {'finding' if len(findings) == 1 else 'findings'}."
            )
        self.stdout.write(f"{folder} is whole.")
