"""``workledger bill``: pre-bills, and if wanted invoices, from approved work."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from django.utils import timezone

from workledger.billing.actions.prebills import run_billing
from workledger.billing.queries import BillRun
from workledger.cli.output import Progress, emit, table
from workledger.contracts.actions import apply_due_orders
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.models import Client, LegalEntity
from workledger.directory.queries import exchange_rate
from workledger.kernel.money import amount_words
from workledger.kernel.rounding import round_amount

DOOR = "cli"
_ZERO = Decimal(0)
_FIGURES = ("net", "tax", "gross")


@click.command("bill")
@click.option(
    "--through", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day of work billed."
)
@click.option("--client", "client", default="", help="Bill this client alone, by name.")
@click.option("--issue", is_flag=True, help="Issue at once: number, freeze and post the invoices.")
@click.option("--issued-on", type=click.DateTime(["%Y-%m-%d"]), help="The date of issue; today otherwise.")
@click.option("--dry-run", is_flag=True, help="Say what would be billed and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    through: datetime, client: str, issue: bool, issued_on: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Make a pre-bill per contract from approved work up to a day.

    Change orders that the client accepted and whose day has come are applied first. Running it again bills only what is open by then. What cannot be billed is listed with its reason.

    \b
    Example:
      workledger bill --through 2026-03-31 --client "Acme AG" --issue
    """
    progress = Progress()
    progress("Billing")
    day = issued_on.date() if issued_on else timezone.localdate()
    apply_due_orders.using(Options(dry_run=dry_run))(actor=system_actor(DOOR), on=day)
    run = run_billing.using(Options(dry_run=dry_run))(
        actor=system_actor(DOOR),
        through=through.date(),
        client_ids=_client_ids(client),
        issue=issue,
        issued_on=day,
    )
    progress.close()
    if as_json:
        emit(_report(run, day), as_json=True)
    else:
        emit(None, as_json=False, text=_lines(run, through.date(), issue=issue, dry_run=dry_run))


def _client_ids(name: str) -> list[int] | None:
    if not name:
        return None
    clients = Client.objects.visible_to(system_actor(DOOR))
    found = list(clients.filter(name__iexact=name).values_list("pk", flat=True))
    if not found:
        near = clients.filter(name__icontains=name).order_by("name").values_list("name", flat=True)[:5]
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise Refused.because("client_unknown", f"There is no client named '{name}'.{hint}", "client")
    return found


def _totals(run: BillRun) -> dict[str, dict[str, Decimal]]:
    """Return net, tax and gross by currency."""
    sums: dict[str, dict[str, Decimal]] = {}
    for invoice in run.invoices:
        mine = sums.setdefault(invoice.currency, dict.fromkeys(_FIGURES, _ZERO))
        for name in _FIGURES:
            mine[name] += getattr(invoice, name)
    return {currency: _printed(figures, currency) for currency, figures in sorted(sums.items())}


def _printed(figures: dict[str, Decimal], currency: str) -> dict[str, Decimal]:
    return {name: round_amount(amount, currency) for name, amount in figures.items()}


def _at_home(totals: dict[str, dict[str, Decimal]], day: date) -> dict[str, Decimal]:
    """Return one total: of the one currency, else in the firm's own at the rates of the day."""
    if len(totals) == 1:
        return next(iter(totals.values()))
    home = LegalEntity.objects.order_by("pk").values_list("book__currency", flat=True).first() or "EUR"
    sums = dict.fromkeys(_FIGURES, _ZERO)
    for currency, figures in totals.items():
        rate = Decimal(1) if currency == home else exchange_rate(currency, home, day)
        if rate is None:
            message = f"There is no exchange rate from {currency} to {home} on {day}. Add one first."
            raise Refused.because("exchange_rate_missing", message)
        for name in _FIGURES:
            sums[name] += figures[name] * rate
    return _printed(sums, home)


def _report(run: BillRun, day: date) -> dict[str, Any]:
    totals = _totals(run)
    report: dict[str, Any] = {
        "invoices": [
            {
                "number": row.number,
                "client": row.client,
                "currency": row.currency,
                **_printed({name: getattr(row, name) for name in _FIGURES}, row.currency),
                "lines": row.lines,
            }
            for row in run.invoices
        ],
        "totals": _at_home(totals, day),
        "exceptions": [
            {"kind": row.kind, "count": row.count, "detail": row.detail} for row in run.exceptions
        ],
    }
    if len(totals) > 1:
        report["totals_by_currency"] = totals
    return report


def _lines(run: BillRun, through: date, *, issue: bool, dry_run: bool) -> list[str]:
    noun = "invoice" if issue else "pre-bill"
    verb = "Would make" if dry_run else "Made"
    said = [f"{verb} {len(run.invoices):,} {noun}{'s' if len(run.invoices) != 1 else ''} through {through}."]
    said += table(
        (
            [
                row.number or f"pre-bill {row.id}",
                row.client,
                row.currency,
                *(amount_words(getattr(row, name), row.currency) for name in _FIGURES),
            ]
            for row in run.invoices
        ),
        right=(3, 4, 5),
    )
    for currency, figures in _totals(run).items():
        parts = (f"{name} {amount_words(figures[name], currency)}" for name in _FIGURES)
        said.append(f"Total {currency}: {', '.join(parts)}")
    if run.exceptions:
        said.append("Not billed:")
        said += [f"  {row.kind} ({row.count:,}): {row.detail}" for row in run.exceptions]
    return said
