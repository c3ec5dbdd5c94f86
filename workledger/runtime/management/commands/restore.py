"""``workledger manage restore FILE``: the database back from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workledger.runtime import dumps


class Command(BaseCommand):
    """Read a backup into the database, all of it or nothing."""

    help = (
        "Read the backup FILE into the database. Example: workledger manage restore workledger.dump --replace"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file's name and the consent to lose what is there."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="Throw away what the database holds now.")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:  # noqa: ARG002
        """Run it."""
        dumps.restore(settings.DATABASE_URL, file, replace=replace)
        self.stdout.write("The backup is restored. Now run: workledger check")
