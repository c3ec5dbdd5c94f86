"""``workledger ledger``: the trial balance and the journal for other tools."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click
from django.utils import timezone

from workledger.cli.output import Progress, emit, say, table
from workledger.core.access import system_actor
from workledger.kernel.money import amount_words
from workledger.kernel.rounding import round_amount
from workledger.ledger import queries
from workledger.ledger.export import Format, export

DOOR = "cli"


@click.group("ledger")
def command() -> None:
    """Read the books.

    \b
    Example:
      workledger ledger trial-balance --as-of 2026-03-31
    """


@command.command("trial-balance")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The last day that counts; today otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trial_balance(as_of: datetime | None, as_json: bool) -> None:
    """Print every account with its debits, credits and balance, per legal entity.

    \b
    Example:
      workledger ledger trial-balance --as-of 2026-03-31 --json
    """
    actor = system_actor(DOOR)
    day = as_of.date() if as_of else timezone.localdate()
    balances = [queries.trial_balance(actor, book.id, day) for book in queries.books(actor)]
    report = {
        "as_of": day,
        "books": [
            {
                "book": balance.book.name,
                "currency": balance.book.currency,
                "accounts": [
                    {
                        "code": line.code,
                        "name": line.name,
                        "kind": line.kind,
                        **_sums([line], balance.book.currency),
                        "balance": round_amount(line.debits - line.credits, balance.book.currency),
                    }
                    for line in balance.lines
                ],
                **_sums(balance.lines, balance.book.currency),
            }
            for balance in balances
        ],
    }
    emit(report, as_json=as_json, text=lambda: [row for balance in balances for row in _lines(balance)])


def _sums(lines: Sequence[queries.TrialLine], currency: str) -> dict[str, Decimal]:
    return {
        "debits": round_amount(sum((line.debits for line in lines), Decimal(0)), currency),
        "credits": round_amount(sum((line.credits for line in lines), Decimal(0)), currency),
    }


def _lines(balance: queries.TrialBalance) -> list[str]:
    currency = balance.book.currency

    def cells(lines: Sequence[queries.TrialLine]) -> list[str]:
        debits, credited = _sums(lines, currency).values()
        return [amount_words(each, currency) for each in (debits, credited, debits - credited)]

    rows = [["Account", "", "Debit", "Credit", "Balance"]]
    rows += [[line.code, line.name, *cells([line])] for line in balance.lines]
    rows.append(["", "Total", *cells(balance.lines)])
    head = f"{balance.book.name}, {currency}, as of {balance.as_of}"
    return [head, *table(rows, right=(2, 3, 4))]


@command.command("export")
@click.option("--format", "form", type=click.Choice([str(each.value) for each in Format]), required=True)
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export_journal(form: str, file: Path) -> None:
    """Write the whole journal to FILE for hledger, beancount or a spreadsheet.

    \b
    Example:
      workledger ledger export --format hledger books.journal
    """
    progress = Progress()

    def count(postings: int) -> None:
        progress("Writing postings", postings)

    with file.open("w", encoding="utf-8") as target:
        done = export(system_actor(DOOR), Format(form), target.write, progress=count)
    progress.close()
    say(f"Wrote {done.entries:,} entries with {done.postings:,} postings to {file}.")
