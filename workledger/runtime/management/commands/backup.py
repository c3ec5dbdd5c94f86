"""``workledger manage backup FILE``: the whole database in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workledger.runtime import dumps


class Command(BaseCommand):
    """Write the database to a file, consistent while people work."""

    help = "Write the whole database to FILE. Example: workledger manage backup workledger.dump"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run it."""
        dumps.backup(settings.DATABASE_URL, file)
        self.stdout.write(f"The database is in {file}. Keep {settings.MEDIA_ROOT} with it.")
