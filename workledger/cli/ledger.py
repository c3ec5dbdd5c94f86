"""``workledger ledger``: the trial balance and the journal for other tools."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click
from django.utils import timezone

from workledger.cli.output import Progress, emit, say, table
from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.gl import exporting
from workledger.gl.exporters import FORMS, Order
from workledger.kernel.money import amount_words
from workledger.kernel.rounding import round_amount
from workledger.ledger import queries
from workledger.ledger.export import JournalGrain

DOOR = "cli"
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("ledger")
def command() -> None:
    """Read the books.

    \b
    Example:
      workledger ledger trial-balance --as-of 2026-03-31
    """


@command.command("trial-balance")
@click.option("--as-of", type=_DAY, help="The last day that counts; today otherwise.")
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
@click.option("--format", "form", type=click.Choice(list(FORMS)), required=True)
@click.option("--book", help="The legal entity whose books; all of them, where the format takes several.")
@click.option("--since", type=_DAY, help="The first day that counts.")
@click.option("--through", type=_DAY, help="The last day that counts.")
@click.option(
    "--summarized/--detailed", default=None, help="Sums or every entry; as the books' settings say otherwise."
)
@click.option("--per", type=click.Choice(["day", "period"]), default="period", help="What sums are over.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export_journal(
    form: str,
    book: str | None,
    since: datetime | None,
    through: datetime | None,
    summarized: bool | None,
    per: str,
    file: Path,
) -> None:
    """Write the journal to FILE for hledger, beancount, a spreadsheet, QuickBooks (iif) or Xero.

    Xero takes 300 lines a file: further files are numbered beside FILE.

    \b
    Examples:
      workledger ledger export --format hledger books.journal
      workledger ledger export --format iif --summarized --since 2026-03-01 --through 2026-03-31 march.iif
    """
    actor = system_actor(DOOR)
    progress = Progress()
    chosen = exporting.form_of(form)
    book_ids = _named(queries.books(actor), book)
    order = Order(
        book_ids,
        start=since.date() if since else None,
        end=through.date() + timedelta(days=1) if through else None,
        grain=_grain(summarized, per, book_ids or tuple(each.id for each in queries.books(actor))),
    )
    with exporting.Files.beside(file, chosen.encoding) as files:
        done = exporting.export(
            actor, chosen, order, files, lambda postings: progress("Writing postings", postings)
        )
    progress.close()
    more = f" and {len(files.opened) - 1} more beside it" if len(files.opened) > 1 else ""
    say(f"Wrote {done.entries:,} entries with {done.postings:,} postings to {file}{more}.")


def _named(books: Sequence[queries.BookRef], name: str | None) -> tuple[int, ...] | None:
    if name is None:
        return None
    found = tuple(book.id for book in books if book.name == name)
    if not found:
        known = ", ".join(book.name for book in books)
        raise Refused.because("not_found", f"There are no books of {name}. There are: {known}.", "book")
    return found


def _grain(summarized: bool | None, per: str, book_ids: tuple[int, ...]) -> JournalGrain:
    if summarized is None:
        return exporting.usual_grain(book_ids)
    return JournalGrain(per) if summarized else JournalGrain.DETAIL
