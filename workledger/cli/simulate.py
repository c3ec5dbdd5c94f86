"""``workledger simulate``: what terms of a contract come to over time, from files, without a database."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import click

from workledger.billing.calc.planfiles import MOST_PERIODS, TermsFileInvalid, plan_of, read_terms
from workledger.billing.calc.plans import Plan
from workledger.billing.calc.simulation import simulate
from workledger.billing.calc.taxes import NoTaxRate
from workledger.billing.calc.timerows import RowsInvalid, TimeRow, read_time, without_rate
from workledger.billing.simulated import PeriodFound, SimulationFound, found
from workledger.cli.output import emit, table
from workledger.core.refusals import Problem, Refused
from workledger.kernel.money import amount_words

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_HEAD = ("period", "hours", "value", "invoiced", "WIP", "over cap", "covered", "balance")


@click.command("simulate")
@click.argument("terms", type=_FILE)
@click.argument("time", type=_FILE)
@click.option(
    "--periods", type=click.IntRange(1, MOST_PERIODS), help="Months to simulate; else to the contract's end, or 12."
)  # fmt: skip
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: each invoice with its lines, statements, postings."
)
def command(terms: Path, time: Path, periods: int | None, as_json: bool) -> None:
    """Simulate the terms of a contract (a TOML file) over time (a CSV file), month by month.

    Nothing is written, and no database is needed. docs/simulator.md describes both files.

    \b
    Example:
      workledger simulate retainer.toml hours.csv --periods 12
    """
    rows, plan = _read(terms, time, periods)
    try:
        simulation = simulate(plan)
    except NoTaxRate as error:
        raise Refused.because("tax_rate_missing", f"{terms}: {error}") from error
    lacking = without_rate(rows, simulation.unpriced)
    if lacking:
        raise Refused(
            Problem("rate_missing", f"{time}, line {each.line}: {each.message}") for each in lacking
        )
    result = found(simulation, terms.stem)
    emit(result, as_json=as_json, text=lambda: _lines(result))


def _read(terms: Path, time: Path, periods: int | None) -> tuple[list[TimeRow], Plan]:
    """Read both files and say everything that is wrong with either at once."""
    problems: list[Problem] = []
    read = rows = None
    try:
        read = read_terms(_text(terms))
    except TermsFileInvalid as error:
        problems += [
            Problem(
                "terms_invalid",
                f"{terms}, line {each.line}: {each.field}: {each.message}".replace(": :", ":"),
                each.field,
            )
            for each in error.problems
        ]
    try:
        rows = read_time(_text(time))
        if read is not None:
            return rows, plan_of(read, rows, periods)
    except RowsInvalid as error:
        problems += [
            Problem("time_invalid", f"{time}, line {each.line}: {each.message}", each.column)
            for each in error.problems
        ]
    raise Refused(problems)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not written in UTF-8. Save it as UTF-8 and try again."
        raise Refused.because("not_utf8", message) from error


def _lines(result: SimulationFound) -> Iterator[str]:
    currency = result.currency
    yield f"{result.name}, {len(result.periods)} months, {currency}"
    rows = [_HEAD, *(_row(period, currency) for period in result.periods)]
    rows.append(
        (
            "total", str(result.hours), *(amount_words(each, currency) for each in (
                result.value, result.invoiced, result.wip, result.over_cap, result.covered)), "",
        )
    )  # fmt: skip
    yield from table(rows, right=range(1, len(_HEAD)))
    for period in result.periods:
        if period.invoice is not None:
            yield ""
            yield from _invoice(period, currency)


def _row(period: PeriodFound, currency: str) -> tuple[str, ...]:
    figures = (period.value, period.invoiced, period.wip, period.over_cap, period.covered)
    balance = sum((each.balance for each in period.statements), Decimal(0)) if period.statements else None
    return (
        f"{period.start:%Y-%m}",
        str(period.hours),
        *(amount_words(figure, currency) for figure in figures),
        "" if balance is None else f"{balance:,f}",
    )


def _invoice(period: PeriodFound, currency: str) -> Iterator[str]:
    invoice = period.invoice
    assert invoice is not None
    said = "" if invoice.is_issued else " (negative: it would stay a pre-bill)"
    yield f"Invoice of {invoice.issued_on}{said}"
    yield from table(
        (
            (
                "  ",
                line.description,
                f"{line.quantity.normalize():,f} {line.unit}",
                f"{line.rate.normalize():,f}",
                amount_words(line.amount, currency),
            )
            for line in invoice.lines
        ),
        right=(2, 3, 4),
    )
    figures = zip(("net", "tax", "gross"), (invoice.net, invoice.tax, invoice.gross), strict=True)
    yield "   " + ", ".join(f"{name} {amount_words(amount, currency)}" for name, amount in figures)
