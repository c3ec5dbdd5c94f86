"""A simulation as pages, the API and the command line show it, with the postings that the posting rules make of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from workledger.billing import posting
from workledger.billing.calc.draws import BlockLeft, RetainerPeriod
from workledger.billing.calc.simulation import (
    Figures,
    LineStatement,
    SimulatedInvoice,
    SimulatedPeriod,
    Simulation,
)
from workledger.billing.posting import BookRate, ItemValue, Share
from workledger.kernel.quantity import hours
from workledger.ledger.drafts import EntryDraft
from workledger.ledger.models import AccountRole

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class PostedAccount:
    """What a period posts to an account."""

    account: str
    name: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class PostedAct:
    """What a period posts for one reason, account by account; debits equal credits."""

    what: str
    accounts: tuple[PostedAccount, ...]


@dataclass(frozen=True, slots=True)
class InvoiceLineFound:
    """A line of a simulated invoice: quantity × rate is the amount. `tax` is the percentage."""

    line: str
    description: str
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    is_adjustment: bool
    tax: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceFound:
    """A simulated invoice. One that is negative is never issued."""

    issued_on: date
    service_start: date
    service_end: date
    net: Decimal
    tax: Decimal
    gross: Decimal
    is_issued: bool
    lines: tuple[InvoiceLineFound, ...]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A retainer's period or a prepaid block, in hours or money.

    `given` is what it included or held when it was bought, `brought` what came from earlier periods, `left` what can
    still be drawn or goes on to the next period; `over` was charged beyond it, `deficit` is taken from the next period.
    """

    start: date
    last_day: date | None
    given: Decimal
    brought: Decimal
    used: Decimal
    over: Decimal
    deficit: Decimal
    expired: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class StatementFound:
    """The statement of a retainer or prepaid line at the end of a period; `balance` is what can still be drawn."""

    line: str
    is_money: bool
    balance: Decimal
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class PeriodFound:
    """What a period comes to.

    Hours, value, invoiced, discount, covered, over cap, waiting and non-billable are the period's own; `wip` and
    `over_cap_to_date` stand at its end. Value is billable time at its rates; invoiced is net.
    """

    start: date
    last_day: date
    hours: Decimal
    value: Decimal
    invoiced: Decimal
    wip: Decimal
    over_cap: Decimal
    over_cap_to_date: Decimal
    discount: Decimal
    covered_hours: Decimal
    covered: Decimal
    waiting: Decimal
    non_billable: Decimal
    invoice: InvoiceFound | None
    statements: tuple[StatementFound, ...]
    postings: tuple[PostedAct, ...]


@dataclass(frozen=True, slots=True)
class SimulationFound:
    """What the terms of a variant come to over all periods; amounts are of `currency`."""

    name: str
    currency: str
    hours: Decimal
    value: Decimal
    invoiced: Decimal
    gross: Decimal
    wip: Decimal
    over_cap: Decimal
    covered: Decimal
    discount: Decimal
    waiting: Decimal
    non_billable: Decimal
    balance: Decimal | None
    periods: tuple[PeriodFound, ...]


def found(simulation: Simulation, name: str = "") -> SimulationFound:
    """Return a simulation as it is shown."""
    names = {line.key: line.name for line in simulation.plan.lines}
    figures = simulation.through
    periods = tuple(_period(simulation, period, names) for period in simulation.periods)
    statements = periods[-1].statements if periods else ()
    return SimulationFound(
        name, simulation.plan.currency, hours(figures.seconds), figures.value, figures.invoiced,
        sum((invoice.gross for invoice in simulation.invoices), _ZERO), figures.wip, figures.over_cap, figures.covered,
        figures.discount, figures.waiting, figures.non_billable,
        sum((each.balance for each in statements), _ZERO) if statements else None, periods,
    )  # fmt: skip


def _period(simulation: Simulation, period: SimulatedPeriod, names: dict[str, str]) -> PeriodFound:
    during: Figures = period.during
    through = period.through
    return PeriodFound(
        period.days.start, period.days.end - _DAY, hours(during.seconds), during.value, during.invoiced, through.wip,
        during.over_cap, through.over_cap, during.discount, hours(during.covered_seconds), during.covered,
        during.waiting, during.non_billable, None if period.invoice is None else _invoice(period.invoice, names),
        tuple(_statement(each, names) for each in period.statements), postings(simulation, period),
    )  # fmt: skip


def _invoice(invoice: SimulatedInvoice, names: dict[str, str]) -> InvoiceFound:
    return InvoiceFound(
        invoice.issued_on, invoice.service_start, invoice.service_end, invoice.net, invoice.tax, invoice.gross,
        invoice.is_issued,
        tuple(
            InvoiceLineFound(
                names[line.line], line.description, line.quantity, line.unit, line.rate, line.amount,
                line.is_adjustment, line.tax.percentage,
            )
            for line in invoice.lines
        ),
    )  # fmt: skip


def _statement(statement: LineStatement, names: dict[str, str]) -> StatementFound:
    is_money = statement.is_money
    rows = [_of_period(each, is_money=is_money) for each in statement.periods]
    rows += [_of_block(each, is_money=is_money) for each in statement.blocks]
    balance = _of(statement.balance, is_money=is_money)
    return StatementFound(names[statement.line], is_money, balance, tuple(rows))


def _of(amount: Decimal, *, is_money: bool) -> Decimal:
    return amount if is_money else hours(int(amount))


def _of_period(each: RetainerPeriod, *, is_money: bool) -> StatementRow:
    left = max(each.included + each.carried_in - each.used - each.expired, _ZERO)
    figures = (each.included, each.carried_in, each.used, each.over, each.deficit, each.expired, left)
    return StatementRow(
        each.days.start, each.days.end - _DAY, *(_of(figure, is_money=is_money) for figure in figures)
    )


def _of_block(each: BlockLeft, *, is_money: bool) -> StatementRow:
    figures = (each.block.size, _ZERO, each.drawn, _ZERO, _ZERO, each.expired, each.left)
    last_day = each.block.expires and each.block.expires - _DAY
    return StatementRow(each.block.bought, last_day, *(_of(figure, is_money=is_money) for figure in figures))


# --- postings -----------------------------------------------------------------------------------------------


def postings(simulation: Simulation, period: SimulatedPeriod) -> tuple[PostedAct, ...]:
    """Return what a period posts: recognized work and charges, agreed discounts, its invoice. In the contract's currency."""
    currency = simulation.plan.currency
    book = BookRate(0, currency, currency, Decimal(1))
    numbers = {line.key: number for number, line in enumerate(simulation.plan.lines, start=1)}
    priced = [
        (book, _value(numbers[each.line], each.day, each.amount)) for each in period.recognized if each.amount
    ]
    discounts = [
        posting.written_down(
            book, each.day, [Share(0, 0, numbers[each.line], 0, each.discount)], "Agreed discount"
        )
        for each in period.recognized
        if each.discount
    ]
    entries = [
        ("Work and charges recognized", [entry for entry, _ in posting.items_priced(priced)]),
        ("Agreed discounts", discounts),
        ("Invoice issued", list(_issued(book, period.invoice, numbers))),
    ]
    acts = (PostedAct(what, _by_account(drafts)) for what, drafts in entries)
    return tuple(act for act in acts if act.accounts)


def _value(number: int, day: date, amount: Decimal) -> ItemValue:
    return ItemValue(0, 0, number, 0, 0, 0, 0, 0, 0, 0, day, 0, amount)


def _issued(
    book: BookRate, invoice: SimulatedInvoice | None, numbers: dict[str, int]
) -> Iterable[EntryDraft]:
    if invoice is None or not invoice.is_issued:
        return
    nets: dict[tuple[int, int, int, int], Decimal] = defaultdict(Decimal)
    roundings: dict[tuple[int, int, int, int], Decimal] = defaultdict(Decimal)
    for line in invoice.lines:
        key = 0, 0, numbers[line.line], line.project_id or 0
        nets[key] += line.amount
        roundings[key] += line.rounding
    yield posting.invoice_issued(
        book,
        invoice_id=0,
        number="",
        issued_on=invoice.issued_on,
        shares=[Share(*key, amount) for key, amount in sorted(nets.items())],
        rounding=roundings,
        tax=invoice.tax,
    )


def _by_account(drafts: Sequence[EntryDraft]) -> tuple[PostedAccount, ...]:
    sums: dict[AccountRole, tuple[Decimal, Decimal]] = {}
    for draft in drafts:
        for each in draft.postings:
            debit, credit = sums.get(each.account, (_ZERO, _ZERO))
            sums[each.account] = debit + each.debit, credit + each.credit
    return tuple(
        PostedAccount(role.value, str(role.label), debit, credit)
        for role, (debit, credit) in sums.items()
        if debit or credit
    )
