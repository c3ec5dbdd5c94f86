"""``workledger recognize``: revenue of obligations through a month."""

from datetime import datetime
from typing import Any

import click

from workledger.cli.entities import entities
from workledger.cli.output import Progress, emit, table
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.kernel.money import amount_words, money_words
from workledger.revenue.actions import recognize
from workledger.revenue.inputs import ProposedEntry, RunResult

DOOR = "cli"


@click.command("recognize")
@click.option(
    "--month", required=True, type=click.DateTime(["%Y-%m"]), help="The last month recognized, as 2026-03."
)
@click.option("--entity", default="", help="The legal entity, by name; every one otherwise.")
@click.option("--dry-run", is_flag=True, help="Say what would be posted and why, and change nothing.")
@click.option("--why", is_flag=True, help="Print the derivation of each amount.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(month: datetime, entity: str, dry_run: bool, why: bool, as_json: bool) -> None:
    """Recognize what contracts earned through a month and no run posted yet.

    Running it again posts only what is new. What cannot be measured is listed with what is missing.

    \b
    Example:
      workledger recognize --month 2026-03 --dry-run --why
    """
    progress = Progress()
    found = []
    for one in entities(entity):
        progress(f"Recognizing revenue of {one.name}")
        result = recognize.using(Options(dry_run=dry_run))(
            actor=system_actor(DOOR), entity_id=one.pk, month=month.date()
        )
        found.append((one.name, result))
    progress.close()
    if as_json:
        emit([_report(name, result) for name, result in found], as_json=True)
        return
    text = []
    for name, result in found:
        text += _lines(name, result, dry_run=dry_run, why=why)
    emit(None, as_json=False, text=text)


def _lines(name: str, result: RunResult, *, dry_run: bool, why: bool) -> list[str]:
    verb = "would recognize" if dry_run else "recognized"
    amount = money_words(result.amount, result.currency)
    text = [f"{name} {verb} {amount} through {result.month:%B %Y}, in {len(result.entries)} entries."]
    rows = [_row(entry) for entry in result.entries]
    if rows and not why:
        text += table([["Contract", "Obligation", "Month", "Amount", "", "Progress"], *rows], right=(3, 5))
    for entry, row in zip(result.entries, rows if why else (), strict=False):
        text.append("  ".join(row))
        text += [f"    {step}: {said}" for step, said in entry.steps]
    for provision in result.provisions:
        change = money_words(provision.change, result.currency)
        text.append(f"Provision for the loss of {provision.contract}: {change}.")
    for one in result.left_out:
        text.append(f"Left out: {one.contract}, {one.obligation}. {one.message}")
    return text


def _row(entry: ProposedEntry) -> list[str]:
    return [
        entry.contract, entry.obligation, f"{entry.service_month:%b %Y}", amount_words(entry.amount, entry.currency),
        entry.currency, f"{entry.progress * 100:.2f} %",
    ]  # fmt: skip


def _report(name: str, result: RunResult) -> dict[str, Any]:
    return {
        "entity": name,
        "month": f"{result.month:%Y-%m}",
        "run_id": result.run_id,
        "amount": str(result.amount),
        "currency": result.currency,
        "entries": [
            {
                "contract": entry.contract, "obligation": entry.obligation, "kind": entry.kind,
                "service_month": f"{entry.service_month:%Y-%m}", "posted_on": entry.posted_on.isoformat(),
                "currency": entry.currency, "amount": str(entry.amount), "to_date": str(entry.to_date),
                "price": str(entry.price), "progress": str(entry.progress),
                "steps": [{"name": step, "said": said} for step, said in entry.steps],
            }
            for entry in result.entries
        ],
        "provisions": [
            {"contract": one.contract, "stands": str(one.stands), "change": str(one.change)}
            for one in result.provisions
        ],
        "left_out": [
            {"contract": one.contract, "obligation": one.obligation, "message": one.message}
            for one in result.left_out
        ],
    }  # fmt: skip
