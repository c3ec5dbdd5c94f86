"""``workledger gl``: how the general ledgers are, sending, asking for changes, comparing."""

from datetime import datetime

import click
from django.utils import timezone

from workledger.cli.output import emit, table
from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.gl.sync import actions, delivery, queries
from workledger.kernel.money import amount_words

DOOR = "cli"
_NAME = click.option("--name", default="", help="The connection, by name; every one otherwise.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("gl")
def command() -> None:
    """Keep a general ledger in step.

    \b
    Example:
      workledger gl status
    """


def _connections(name: str) -> list[queries.ConnectionRow]:
    rows = queries.connections(system_actor(DOOR))
    found = [row for row in rows if not name or row.name.casefold() == name.casefold()]
    if not found:
        known = ", ".join(row.name for row in rows)
        said = (
            f"There is no connection {name}. There are: {known}."
            if rows
            else "No general ledger is connected."
        )
        raise Refused.because("connection_unknown", said)
    return found


@command.command("status")
@_NAME
@_JSON
def status(name: str, as_json: bool) -> None:
    """Say how each connection is.

    \b
    Example:
      workledger gl status --json
    """
    rows = _connections(name)
    report = [
        {
            "connection": row.name, "book": row.book, "is_on": row.is_on, "state": row.sentence, "waiting": row.waiting,
            "rejected": row.rejected, "held": row.held, "conflicts": row.conflicts, "tied_on": row.tied_on,
            "difference": row.difference,
        }
        for row in rows
    ]  # fmt: skip
    emit(report, as_json=as_json, text=lambda: [f"{row.name} ({row.book}): {row.sentence}" for row in rows])


@command.command("deliver")
@_NAME
@click.option(
    "--journals", is_flag=True, help="First queue journals of what no document carries, through today."
)
@_JSON
def deliver(name: str, journals: bool, as_json: bool) -> None:
    """Send what is due.

    \b
    Example:
      workledger gl deliver --journals
    """
    actor, report, text = system_actor(DOOR), [], []
    for row in _connections(name):
        if journals:
            actions.queue_journals(actor=actor, connection_id=row.id, through=timezone.localdate())
        done = delivery.deliver(actor, row.id, timezone.now())
        report.append(
            {"connection": row.name, "sent": done.sent, "rejected": done.rejected, "said": done.said}
        )
        refused = f", {done.rejected} refused" if done.rejected else ""
        text.append(f"{row.name}: {done.sent} sent{refused}. {done.said}".rstrip())
    emit(report, as_json=as_json, text=text)


@command.command("pull")
@_NAME
@_JSON
def pull(name: str, as_json: bool) -> None:
    """Ask what people did on the other side, and take it over.

    \b
    Example:
      workledger gl pull
    """
    actor, report, text = system_actor(DOOR), [], []
    for row in _connections(name):
        done = delivery.pull(actor, row.id, timezone.now())
        report.append({"connection": row.name, "taken": done.taken, "said": done.said})
        text.append(f"{row.name}: {done.taken} new changes. {done.said}".rstrip())
    emit(report, as_json=as_json, text=text)


@command.command("tie-out")
@_NAME
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day at whose end both sides are compared; today otherwise.",
)
@_JSON
def tie_out(name: str, as_of: datetime | None, as_json: bool) -> None:
    """Compare both sides by account and customer. Ends with status 1 where something differs that nothing explains.

    \b
    Example:
      workledger gl tie-out --as-of 2026-03-31
    """
    actor, report, text, differs = system_actor(DOOR), [], list[str](), False
    day = as_of.date() if as_of else timezone.localdate()
    for row in _connections(name):
        found = queries.tie_out(actor, delivery.tie_out(actor, row.id, day))
        differs = differs or bool(found.tie_out.difference)
        report.append(
            {
                "connection": row.name, "as_of": day, "waiting": found.tie_out.waiting,
                "difference": found.tie_out.difference,
                "rows": [
                    {"account": line.account, "customer": line.name, "ours": line.ours, "theirs": line.theirs,
                     "waiting": line.waiting, "unexplained": line.unexplained}
                    for line in found.rows
                ],
            }
        )  # fmt: skip
        text += _tie_out_lines(row, found)
    emit(report, as_json=as_json, text=text)
    if differs:
        raise click.exceptions.Exit(1)


def _tie_out_lines(row: queries.ConnectionRow, found: queries.TieOutDetail) -> list[str]:
    verdict = "differs" if found.tie_out.difference else "ties"
    head = f"{row.name} at the end of {found.tie_out.as_of}: {verdict} ({found.currency})"
    shown = [line for line in found.rows if line.unexplained or line.waiting]
    if not shown:
        return [f"{head}. {found.tie_out.places} accounts and customers compared."]
    rows = [["Account", "", "Customer", "Here", "There", "On its way", "Not explained"]]
    rows += [
        [line.account, line.account_name, line.name,
         *(amount_words(each, found.currency) for each in (line.ours, line.theirs, line.waiting, line.unexplained))]
        for line in shown
    ]  # fmt: skip
    return [head, *table(rows, right=(3, 4, 5, 6))]
