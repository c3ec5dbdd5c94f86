"""The group of commands and the one place where errors become sentences and an exit status."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

import click
import psycopg
from django.db import Error as DatabaseError
from django.db import OperationalError

from workledger import __version__
from workledger.cli import boot
from workledger.cli.output import complain
from workledger.config import ConfigError
from workledger.core.refusals import Refused
from workledger.runtime.problems import MachineProblem, explain_os_error

DONE, REFUSED, NOT_UNDERSTOOD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its module holds a click command named ``command``, imported once Django is up."""

    module: str
    summary: str
    migrated: bool = True
    database: bool = True


# Every command, in the order people meet them.
COMMANDS: dict[str, Entry] = {
    "demo": Entry("workledger.cli.demo", "Load the demo firm and serve it."),
    "init": Entry("workledger.cli.init", "Set up your firm and its first administrator."),
    "serve": Entry("workledger.cli.serve", "Serve the pages and run the jobs."),
    "import": Entry("workledger.cli.import_", "Import time from another tool, or undo an import."),
    "approve": Entry("workledger.cli.approve", "Approve submitted time."),
    "bill": Entry("workledger.cli.bill", "Draft, and if wanted issue, invoices."),
    "simulate": Entry(
        "workledger.cli.simulate", "Say what terms of a contract come to over time.", database=False
    ),
    "pay": Entry("workledger.cli.pay", "Record a payment of an invoice."),
    "recognize": Entry("workledger.cli.recognize", "Recognize revenue through a month."),
    "ledger": Entry("workledger.cli.ledger", "Trial balance and journal export."),
    "gl": Entry("workledger.cli.gl", "Keep a general ledger in step: send, ask, compare."),
    "check": Entry("workledger.cli.check", "Check every invariant of the books."),
    "scenario": Entry("workledger.cli.scenario", "Run contracts written as text files."),
    "user": Entry("workledger.cli.user", "Add and list users, set passwords."),
    "manage": Entry("workledger.cli.manage", "Django's own commands.", migrated=False),
}


class Commands(click.Group):
    """Imports a command's module only when it is called, after bringing up what it needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; start the database unless it needs none or only its help is wanted."""
        name, rest = args[0], args[1:]
        entry = COMMANDS.get(name)
        if entry is None:
            ctx.fail(f"There is no command {name!r}. The commands are: {', '.join(COMMANDS)}.")
        boot.start(database=entry.database and not _wants_help(rest), migrated=entry.migrated)
        command: click.Command = import_module(entry.module).command
        return name, command, rest


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="workledger")
def workledger() -> None:
    """Workledger: from hours to paid invoices and books that balance.

    \b
    Example:
      workledger demo
    """


def _wants_help(arguments: Iterable[str]) -> bool:
    return any(argument in {"-h", "--help"} for argument in arguments)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    try:
        result = workledger.main(args=arguments, prog_name="workledger", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return NOT_UNDERSTOOD
    except click.ClickException as error:
        error.show()
        return REFUSED
    except click.Abort:
        complain(["Stopped."])
        return REFUSED
    except Refused as error:
        complain(problem.message for problem in error.problems)
        return REFUSED
    except (ConfigError, MachineProblem) as error:
        complain(error.problems)
        return REFUSED
    except (OperationalError, psycopg.OperationalError) as error:
        complain([_database_sentence(error)])
        return REFUSED
    except OSError as error:
        complain(
            explain_os_error(error, f"Using {error.filename}" if error.filename else "The command").problems
        )
        return REFUSED
    finally:
        boot.finish()
    return result if isinstance(result, int) else DONE


def _database_sentence(error: DatabaseError | psycopg.Error) -> str:
    text = " ".join(str(error).split()).rstrip("?.")
    if "No space left" in text:
        return "The database's disk is full. Nothing was changed. Free some space and try again."
    return f"The database does not answer: {text}. Check DATABASE_URL and that it is running, then try again."


def main() -> None:
    """The console script."""
    sys.exit(run())
