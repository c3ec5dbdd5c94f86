"""``workledger close``: a period's checklist, and its lock."""

from datetime import datetime, timedelta
from typing import Any

import click
from django.utils import timezone

from workledger.cli.output import Progress, emit, table
from workledger.close import queries
from workledger.close.actions import lock_period
from workledger.close.queries import Checklist, StepRow
from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.ledger.models import Book, Period, PeriodState

DOOR = "cli"
_ENTITY = click.option("--entity", default="", help="The legal entity, by name; the first otherwise.")
_MONTH = click.option(
    "--month", type=click.DateTime(["%Y-%m"]), help="The period that ends in this month, as 2026-03; the next to close otherwise."
)  # fmt: skip


@click.group("close", invoke_without_command=True)
@_ENTITY
@_MONTH
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, entity: str, month: datetime | None, as_json: bool) -> None:
    """Print the checklist of a period's close as the books stand now.

    \b
    Example:
      workledger close --month 2026-03
      workledger close lock --month 2026-03 --reason "Nothing more is expected"
    """
    if context.invoked_subcommand is not None:
        return
    progress = Progress()
    period = _period(entity, month)
    progress(f"Looking at {period.name}")
    found = queries.checklist(system_actor(DOOR), period.pk, timezone.localdate())
    progress.close()
    if as_json:
        emit(_report(found), as_json=True)
    else:
        emit(None, as_json=False, text=_lines(found))


@command.command("lock")
@_ENTITY
@_MONTH
@click.option("--reason", default="", help="Why it is locked while steps are open; stays on record.")
def lock(entity: str, month: datetime | None, reason: str) -> None:
    """Lock a period once its steps are done, or with a reason while some are open.

    \b
    Example:
      workledger close lock --month 2026-03
    """
    period = _period(entity, month)
    lock_period(actor=system_actor(DOOR), period_id=period.pk, on=timezone.localdate(), reason=reason)
    emit(None, as_json=False, text=[f"{period.name} of {period.book.name} is locked."])


def _period(entity: str, month: datetime | None) -> Period:
    actor = system_actor(DOOR)
    books = Book.objects.visible_to(actor).order_by("name")
    book = (books.filter(name__iexact=entity) if entity else books).first()
    if book is None:
        known = ", ".join(books.values_list("name", flat=True)) or "none"
        raise Refused.because("entity_unknown", f"There is no legal entity {entity}. There are: {known}.")
    rows = Period.objects.visible_to(actor).filter(book=book).select_related("book").order_by("start")
    if month is None:
        found = rows.exclude(state=PeriodState.LOCKED).first()
    else:
        last = (month.date() + timedelta(days=31)).replace(day=1)
        found = rows.filter(end__gt=month.date() + timedelta(days=1), end__lte=last).last()
    if found is None:
        asked = f"that ends in {month:%B %Y}" if month else "to close"
        raise Refused.because("no_such_period", f"{book.name} has no period {asked}.")
    return found


def _lines(found: Checklist) -> list[str]:
    state = found.period.state.label.lower()
    text = [
        f"{found.book}, {found.period.name} is {state}: {found.done} of {len(found.steps)} steps are done."
    ]
    rows = [
        [_state(step), step.title, step.finding.sentence or step.note, step.owner] for step in found.steps
    ]
    return [*text, *table([["", "Step", "Found", "Owner"], *rows])]


def _state(step: StepRow) -> str:
    if step.is_done:
        return "done"
    return "open" if step.blocks else "note"


def _report(found: Checklist) -> dict[str, Any]:
    return {
        "entity": found.book,
        "period": found.period.name,
        "start": found.period.start.isoformat(),
        "end": found.period.end.isoformat(),
        "state": found.period.state.value,
        "done": found.done,
        "steps": [
            {
                "key": step.key, "title": step.title, "state": _state(step), "count": step.finding.count,
                "found": step.finding.sentence, "owner": step.owner,
                "due_on": step.due_on.isoformat() if step.due_on else None, "done_by": step.done_by,
                "done_at": step.done_at.isoformat() if step.done_at else None, "note": step.note,
                "items": [{"label": item.label, "detail": item.detail} for item in step.finding.items],
            }
            for step in found.steps
        ],
    }  # fmt: skip
