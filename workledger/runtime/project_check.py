"""Checks of the project that need no database: ``python -m workledger.runtime.project_check``.

Every template compiles, Django's own checks pass, and the models have no change without a migration.
"""

import os
import sys
import warnings
from pathlib import Path

import django
from django.apps import apps
from django.core.management import CommandError, call_command
from django.template import TemplateSyntaxError
from django.template.loader import get_template

# A folder that does not exist: whoever wrongly asks for data here is told so at once.
NO_DATABASE = "postgresql://nobody@/nothing?host=/nonexistent"


def broken_templates() -> list[str]:
    """Compile every template of our own packages; return a line per template that does not."""
    problems = []
    for config in apps.get_app_configs():
        folder = Path(config.path) / "templates"
        if not config.name.startswith("workledger."):
            continue
        for path in sorted(folder.rglob("*.html")):
            name = path.relative_to(folder).as_posix()
            try:
                get_template(name)
            except TemplateSyntaxError as error:
                problems.append(f"{config.name} template {name}: {error}")
    return problems


def main() -> int:
    """Run the checks; return the exit status."""
    os.environ.setdefault("WORKLEDGER_ENV", "test")
    os.environ["DATABASE_URL"] = NO_DATABASE
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workledger.settings")
    django.setup()
    problems = broken_templates()
    for command, options in (("check", {}), ("makemigrations", {"check_changes": True, "dry_run": True})):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # makemigrations would also ask the database
                call_command(command, verbosity=1 if command == "makemigrations" else 0, **options)
        except CommandError as error:
            problems.append(str(error))
        except SystemExit:
            problems.append(
                "The models changed and no migration says so; run: workledger manage makemigrations"
            )
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
