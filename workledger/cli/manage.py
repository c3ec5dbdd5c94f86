"""``workledger manage``: Django's own commands, on the right settings and database."""

import click
from django.core.management import execute_from_command_line


@click.command(
    "manage",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run one of Django's commands.

    \b
    Example:
      workledger manage migrate
    """
    execute_from_command_line(["workledger manage", *arguments])
