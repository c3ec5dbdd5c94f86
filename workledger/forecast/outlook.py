"""The forecast of a legal entity through a day: recognized from the books, the rest from terms, estimates and plans.

A fixed number of queries, whatever the number of contracts. A contract counts from the day it began, or was activated
before; a closed one has nothing to come after its end. Amounts to come take the exchange rate of the day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from workledger.billing.books import Books
from workledger.billing.calc.fees import ChargeDue, ChargeKind, due_charges, part_amounts
from workledger.billing.calc.taxes import tax_taken_out
from workledger.billing.models import Charge
from workledger.billing.taxing import Taxes
from workledger.contracts.calc import terms
from workledger.contracts.models import (
    BillingModel,
    Contract,
    ContractLine,
    ContractState,
    ContractVersion,
    RevenueMethod,
)
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.directory.models import BillingProfile, LegalEntity
from workledger.forecast.calc import schedule
from workledger.forecast.calc.schedule import (
    Dated,
    ForecastKind,
    ForecastSource,
    Limit,
    Part,
    Planned,
    TimeLine,
    mean_burn,
)
from workledger.forecast.plans import planned
from workledger.forecast.positions import Earned, Positions, positions
from workledger.kernel.allocation import allocate
from workledger.kernel.period import next_month
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.timeline import Method, Obligation
from workledger.revenue.facts import Held, load
from workledger.revenue.models import PerformanceObligation

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
HORIZON_MONTHS = 12
"""How many whole months after a forecast's own are looked at where no contract ends."""
_BY_TIME = (
    BillingModel.TIME_AND_MATERIALS, BillingModel.BLENDED, BillingModel.DAY_RATE, BillingModel.UNIT, BillingModel.PREPAID
)  # fmt: skip
_BY_FEES = (BillingModel.RETAINER, BillingModel.RECURRING)
_FEE_KINDS = (ChargeKind.FEE, ChargeKind.RETAINER_FEE, ChargeKind.INSTALMENT, ChargeKind.MILESTONE)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of a month; `functional` is in the book's currency. `month` None is 'not known when'."""

    month: date | None
    kind: ForecastKind
    amount: Decimal
    functional: Decimal
    source: ForecastSource
    said: str


@dataclass(frozen=True, slots=True)
class Item:
    """What is forecast as one: an obligation, or a contract line whose work is revenue at once.

    `price` is agreed with `uncertain` amounts in it; where there is none, `limit` may say how much was agreed. `rate` turns
    the contract's currency into the book's. `belief` and `limit_said` are equal in two forecasts while nothing was
    estimated or agreed anew. `note` says what deserves a look.
    """

    key: str
    contract_id: int
    contract: str
    client_id: int
    client: str
    obligation_id: int | None
    line_id: int | None
    name: str
    method: str
    currency: str
    rate: Decimal
    start: date
    end: date | None
    is_live: bool
    price: Decimal | None = None
    uncertain: Decimal = _ZERO
    limit: Decimal | None = None
    limit_said: str = ""
    belief: str = ""
    note: str = ""
    is_right_to_invoice: bool = False
    amounts: tuple[Amount, ...] = ()

    def total(self, *kinds: ForecastKind) -> Decimal:
        """Return what it comes to, of some kinds, in the contract's currency."""
        return sum((each.amount for each in self.amounts if each.kind in kinds), _ZERO)

    def functional(self, *kinds: ForecastKind) -> Decimal:
        """Return what it comes to, of some kinds, in the book's currency."""
        return sum((each.functional for each in self.amounts if each.kind in kinds), _ZERO)

    @property
    def agreed(self) -> Decimal | None:
        """What was agreed in all: its price, else its limit; None where neither is known."""
        return self.limit if self.price is None else self.price


@dataclass(frozen=True, slots=True)
class Bill:
    """What is expected to be billed of a contract in a month; both currencies. `month` None is 'not known when'."""

    contract_id: int
    month: date | None
    amount: Decimal
    functional: Decimal
    said: str


class Position(NamedTuple):
    """A contract's position in the books, a debit is positive: in its currency and in the book's."""

    amount: Decimal
    functional: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast of a legal entity: what is recognized through `as_of`, and what is still to come.

    `through` is the last day that is looked at where nothing ends. `bills` and `positions` are known of a forecast that is computed, not of a frozen one.
    """

    entity_id: int
    entity: str
    currency: str
    as_of: date
    through: date
    items: tuple[Item, ...]
    bills: tuple[Bill, ...] = ()
    positions: Mapping[int, Position] = field(default_factory=dict)

    def total(self, *kinds: ForecastKind) -> Decimal:
        """Return the sum of some kinds in the book's currency."""
        return sum((item.functional(*kinds) for item in self.items), _ZERO)


def horizon(as_of: date) -> date:
    """Return the last day of the twelfth month after a day's own."""
    index = as_of.year * 12 + as_of.month - 1 + HORIZON_MONTHS
    return next_month(date(index // 12, index % 12 + 1, 1)) - _DAY


@dataclass(frozen=True, slots=True)
class _Line:
    """A contract line with its terms; amounts of its terms are net of tax."""

    row: ContractLine
    contract: Contract
    document: terms.Terms
    end: date | None
    is_live: bool
    tax: Decimal = _ZERO

    def net(self, amount: Decimal) -> Decimal:
        """Return an amount of the terms without the tax that it contains."""
        return tax_taken_out(amount, self.tax, self.contract.currency) if self.tax else amount


@dataclass(slots=True)
class _Facts:
    """Everything that a forecast is made of."""

    day: date
    through: date
    book: Positions
    lines: dict[int, _Line]
    helds: list[Held]
    charges: dict[int, list[Charge]]
    rates: Mapping[int, Decimal | None]
    plan: Mapping[int, Sequence[Planned]]
    home: str


def forecast(entity: LegalEntity, as_of: date, actor: Actor, contract_id: int | None = None) -> Forecast:
    """Return the forecast of a legal entity through a day, over the contracts that an actor may see, or one of them."""
    rows = Contract.objects.visible_to(actor).filter(entity=entity)
    contracts = _contracts(rows if contract_id is None else rows.filter(pk=contract_id), as_of)
    through = horizon(as_of)
    facts = _load(entity, contracts, as_of, through)
    items = [item for item in _items(contracts, facts) if item.amounts or item.price or item.is_live]
    items.sort(key=lambda item: (item.client, item.contract, item.name))
    held = {
        pk: Position(facts.book.held[pk], facts.book.home_held[pk])
        for pk in contracts
        if pk in facts.book.held
    }
    return Forecast(
        entity.pk,
        entity.name,
        entity.book.currency,
        as_of,
        through,
        tuple(items),
        tuple(_bills(items, facts)),
        held,
    )


def _contracts(rows: QuerySet[Contract], day: date) -> dict[int, Contract]:
    """Return contracts that had begun by a day, or were activated by then."""
    found = {
        row.pk: row for row in rows.exclude(state=ContractState.DRAFT).select_related("client").order_by("pk")
    }
    later = [pk for pk, row in found.items() if row.start > day]
    agreed = set(
        ContractVersion.objects.filter(contract__in=later, number=1, at__date__lte=day).values_list(
            "contract_id", flat=True
        )
    )
    return {pk: row for pk, row in found.items() if row.start <= day or pk in agreed}


def _load(entity: LegalEntity, contracts: Mapping[int, Contract], day: date, through: date) -> _Facts:
    helds = load(
        PerformanceObligation.objects.filter(contract__in=contracts).order_by(
            "contract_id", "position", "pk"
        ),
        by_day=True,
    )
    lines = _lines(contracts, day)
    books = Books()
    charges: dict[int, list[Charge]] = defaultdict(list)
    for row in Charge.objects.filter(contract_line__in=lines, due_on__lte=day).order_by("due_on", "pk"):
        charges[row.contract_line_id].append(row)
    rates = {pk: books.rate(pk, day) for pk in contracts}
    return _Facts(
        day, through, positions(entity.pk, day, contracts, [held.id for held in helds]), lines, helds, charges,
        {pk: rate.rate if rate else None for pk, rate in rates.items()},
        planned(list(lines), day + _DAY, through + _DAY), entity.book.currency,
    )  # fmt: skip


def _lines(contracts: Mapping[int, Contract], day: date) -> dict[int, _Line]:
    rows = list(ContractLine.objects.filter(contract__in=contracts).order_by("contract_id", "position", "pk"))
    taxes = _taxes([row for row in contracts.values() if row.prices_include_tax])
    found = {}
    for row in rows:
        contract = contracts[row.contract_id]
        tax = _tax(taxes, row, day) if contract.prices_include_tax else _ZERO
        ends = [end for end in (row.end, contract.end) if end is not None]
        found[row.pk] = _Line(
            row,
            contract,
            terms.parse(row.model, row.terms),
            min(ends, default=None),
            _is_live(contract, day),
            tax,
        )
    return found


def _is_live(contract: Contract, day: date) -> bool:
    """Tell whether anything can still come of a contract after a day."""
    return contract.state == ContractState.ACTIVE or (contract.end is not None and contract.end > day + _DAY)


def _taxes(contracts: Sequence[Contract]) -> Taxes | None:
    if not contracts:
        return None
    profiles = BillingProfile.objects.filter(client__in={row.client_id for row in contracts})
    return Taxes(contracts, {row.client_id: row for row in profiles})


def _tax(taxes: Taxes | None, row: ContractLine, day: date) -> Decimal:
    """Return the percentage that a line's prices contain; nothing where none is known yet."""
    try:
        return taxes.on(row.contract_id, row.pk, day).percentage if taxes else _ZERO
    except Refused:
        return _ZERO


# --- items --------------------------------------------------------------------------------------------------


def _items(contracts: Mapping[int, Contract], facts: _Facts) -> Iterator[Item]:
    for held in facts.helds:
        yield _of_obligation(held, facts)
    ahead = _ahead_of_lines(contracts, facts)
    obliged = {line.line_id for held in facts.helds for line in held.lines}
    for (contract_id, line_id), months in facts.book.of_lines.items():
        if contract_id in contracts and (line_id not in facts.lines or line_id in obliged) and _any(months):
            yield _leftover(contracts[contract_id], line_id, months, facts)
    for line_id, line in facts.lines.items():
        if line_id not in obliged:
            yield _of_line(line, ahead.get(line_id, []), facts)


def _any(months: Mapping[date, Earned]) -> bool:
    return any(each.amount or each.functional for each in months.values())


def _item(contract: Contract, key: str, name: str, method: str, facts: _Facts) -> Item:
    rate = facts.rates[contract.pk]
    return Item(
        key=key, contract_id=contract.pk, contract=str(contract), client_id=contract.client_id,
        client=contract.client.name, obligation_id=None, line_id=None, name=name, method=method,
        currency=contract.currency, rate=rate or _ZERO, start=contract.start, end=contract.end,
        is_live=_is_live(contract, facts.day),
        note="" if rate else f"There is no exchange rate from {contract.currency}, so what is to come has no value in the books' currency.",
    )  # fmt: skip


def _with(item: Item, months: Mapping[date, Earned], parts: Iterable[Part], home: str) -> Item:
    """Return an item with what is recognized and what is to come."""
    found = [
        Amount(
            month,
            ForecastKind.RECOGNIZED,
            each.amount,
            each.functional,
            ForecastSource.BOOKS,
            "Posted as revenue.",
        )
        for month, each in sorted(months.items())
        if each.amount or each.functional
    ]
    found += [
        Amount(part.month, part.kind, part.amount, round_amount(part.amount * item.rate, home), part.source, part.said)
        for part in parts
    ]  # fmt: skip
    return replace(item, amounts=tuple(found))


def _leftover(contract: Contract, line_id: int, months: Mapping[date, Earned], facts: _Facts) -> Item:
    """Return revenue of no obligation on a line that has one, or of no line: roundings of bills, earlier work."""
    line = facts.lines.get(line_id)
    name = f"{line.row.name}, beside its obligation" if line else "Of no line"
    item = _item(contract, f"r{contract.pk}-{line_id}", name, "As posted", facts)
    return _with(replace(item, line_id=line_id or None), months, (), facts.home)


def _of_obligation(held: Held, facts: _Facts) -> Item:
    row, months = held.row, facts.book.of_obligations.get(held.id, {})
    item = _item(row.contract, f"o{held.id}", row.name, row.get_method_display(), facts)
    price, posted = schedule.price_of(held.facts), sum((each.amount for each in months.values()), _ZERO)
    fixed = held.fixed[-1].price if held.fixed else _ZERO
    item = replace(
        item, obligation_id=held.id, price=price, uncertain=price - fixed, belief=_belief(held),
        line_id=held.lines[0].line_id if len(held.lines) == 1 else None,
    )  # fmt: skip
    if not item.is_live:
        if price != posted:
            note = "The contract is closed: what is left of its price is not expected."
            item = replace(item, note=note)
        return _with(item, months, (), facts.home)
    plan = [each for line in held.lines for each in facts.plan.get(line.line_id, ())]
    parts = schedule.of_obligation(
        held.facts, facts.day, posted=posted, ends=_ends(held, facts),
        dated=_milestones(held.facts, held, facts), plan=_merged(plan),
    )  # fmt: skip
    return _with(item, months, parts, facts.home)


def _ends(held: Held, facts: _Facts) -> date | None:
    """Return the first day after an obligation's work: as expected, else the end of its lines, else the contract's."""
    if held.row.expected_end:
        return held.row.expected_end
    ends = [facts.lines[line.line_id].end for line in held.lines if line.line_id in facts.lines]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else held.row.contract.end


def _belief(held: Held) -> str:
    """Return what is believed of an obligation beside its price, so that two beliefs can be compared."""
    estimates = held.facts.estimates
    last = estimates[-1] if estimates else None
    said = f"{last.seconds}/{last.cost}/{last.materials}/{last.delivered}" if last else ""
    return f"{said};{held.row.expected_end or ''}"[:200]


def _merged(plan: Iterable[Planned]) -> list[Planned]:
    found: dict[date, int] = defaultdict(int)
    for each in plan:
        found[each.month] += each.seconds
    return [Planned(month, seconds) for month, seconds in sorted(found.items())]


def _milestones(obligation: Obligation, held: Held, facts: _Facts) -> list[Dated]:
    """Return the milestones of an obligation's lines that were not accepted."""
    if obligation.method is not Method.OUTPUT_MILESTONES:
        return []
    return [
        part
        for line in held.lines
        if line.line_id in facts.lines
        for part in _parts_to_come(facts.lines[line.line_id], facts)
    ]


def _parts_to_come(line: _Line, facts: _Facts) -> list[Dated]:
    """Return milestones or instalments that were not charged by the day."""
    document = line.document
    if isinstance(document, terms.Milestones):
        parts: Sequence[terms.MilestonePart | terms.Instalment] = document.milestones
    elif isinstance(document, terms.FixedFee):
        parts = document.instalments
    else:
        return []
    charged = {row.key for row in facts.charges[line.row.pk]}
    worth = part_amounts(document, line.contract.currency)
    keys = [terms.part_key(place, part) for place, part in enumerate(parts)]
    return [
        Dated(part.name, part.due, line.net(worth[key]))
        for key, part in zip(keys, parts, strict=True)
        if key not in charged
    ]


# --- lines recognized as invoiced ---------------------------------------------------------------------------


def _ahead_of_lines(contracts: Mapping[int, Contract], facts: _Facts) -> dict[int, list[Part]]:
    """Return what is to come of lines whose work is revenue at once; a contract's cap is over its lines of time."""
    found: dict[int, list[Part]] = {}
    by_contract: dict[int, list[int]] = defaultdict(list)
    for line_id, line in facts.lines.items():
        if not line.is_live or line.row.revenue_method != RevenueMethod.AS_INVOICED:
            continue
        found[line_id] = _ahead(line, facts)
        if line.row.model in _BY_TIME and line.row.model != BillingModel.PREPAID:
            by_contract[line.contract.pk].append(line_id)
    for contract_id, line_ids in by_contract.items():
        cap = contracts[contract_id].cap
        limit = terms.parse_cap(cap).amount if cap else None
        if limit is not None:
            used = sum((facts.book.revenue[line_id] for line_id in line_ids), _ZERO)
            left = facts.lines[line_ids[0]].net(limit) - used
            within = schedule.within({pk: found[pk] for pk in line_ids}, left, "the contract's cap")
            found |= within
    return found


def _ahead(line: _Line, facts: _Facts) -> list[Part]:
    row, first, currency = line.row, facts.day + _DAY, line.contract.currency
    if row.model in _BY_FEES:
        return schedule.of_fees(_fees_to_come(line, facts), facts.day, line.end)
    price = _price(line)
    if (
        row.model in (BillingModel.FIXED_FEE, BillingModel.MILESTONE, BillingModel.PROGRESS)
        and price is not None
    ):
        rest = price - _recognized(row.pk, facts)
        if rest <= 0:
            return []
        dated = _parts_to_come(line, facts)
        return schedule.on_due_dates(rest, dated, first, line.end, currency)
    if row.model in _BY_TIME:
        return schedule.of_time(_time(line, facts), facts.day, facts.plan.get(row.pk, ()))
    return []


def _price(line: _Line) -> Decimal | None:
    """Return the price of a line as its terms state it, net of tax."""
    document = line.document
    price: Decimal | None = None
    if isinstance(document, terms.FixedFee):
        price = document.price
    elif isinstance(document, terms.Milestones):
        price = sum((part.amount for part in document.milestones), _ZERO)
    elif isinstance(document, terms.Progress):
        price = document.value
    return None if price is None else round_amount(line.net(price), line.contract.currency)


def _recognized(line_id: int, facts: _Facts) -> Decimal:
    return facts.book.revenue[line_id]


def _fees_to_come(line: _Line, facts: _Facts) -> list[ChargeDue]:
    """Return the fees of periods that were not charged by the day, through the horizon or the contract's end."""
    start, end = line.contract.start, line.end
    renews = isinstance(line.document, terms.Recurring) and line.document.renews
    until = facts.through if end is None else max(end - _DAY, facts.through) if renews else end - _DAY
    charged = {(row.kind, row.key) for row in facts.charges[line.row.pk]}
    return [
        each._replace(amount=line.net(each.amount))
        for each in due_charges(line.document, start, end, until, line.contract.currency)
        if (each.kind.value, each.key) not in charged
    ]


def _time(line: _Line, facts: _Facts) -> TimeLine:
    return TimeLine(
        currency=line.contract.currency, burn=_burn(line, facts), start=line.contract.start, end=line.end,
        through=facts.through, limits=tuple(_limits(line, facts)),
    )  # fmt: skip


def _burn(line: _Line, facts: _Facts) -> schedule.Burn:
    months = facts.book.of_lines.get((line.contract.pk, line.row.pk), {})
    seconds = facts.book.seconds.get(line.row.pk, {})
    return mean_burn(
        {month: (months[month].amount if month in months else _ZERO, seconds.get(month, 0)) for month in {*months, *seconds}},
        facts.day, line.contract.currency,
    )  # fmt: skip


def _limits(line: _Line, facts: _Facts) -> Iterator[Limit]:
    """Yield what limits a line of time: blocks that were bought, its price or budget, its cap, its hours."""
    row = line.row
    used, worked = _recognized(row.pk, facts), sum(facts.book.seconds.get(row.pk, {}).values())
    for amount, said in _agreed_amounts(line, facts):
        yield Limit(amount=amount - used, said=said)
    if row.budget_seconds:
        yield Limit(seconds=row.budget_seconds - worked, said="the budget of hours")
    cap = terms.cap_of(line.document)
    if cap is not None and cap.hours is not None:
        yield Limit(seconds=int(cap.hours * 3600) - worked, said="the cap in hours")


def _agreed_amounts(line: _Line, facts: _Facts) -> Iterator[tuple[Decimal, str]]:
    row = line.row
    if isinstance(line.document, terms.Prepaid):
        bought = [each.amount for each in facts.charges[row.pk] if each.kind == ChargeKind.BLOCK]
        amount = sum(bought, _ZERO) if bought else line.document.price
        yield line.net(amount), "the prepaid block"
        return
    if row.price is not None:
        yield line.net(row.price), "the price"
    if row.budget_amount is not None:
        yield line.net(row.budget_amount), "the budget"
    cap = terms.cap_of(line.document)
    if cap is not None and cap.amount is not None:
        yield line.net(cap.amount), "the cap"


def _of_line(line: _Line, parts: Sequence[Part], facts: _Facts) -> Item:
    row = line.row
    months = facts.book.of_lines.get((line.contract.pk, row.pk), {})
    item = _item(line.contract, f"l{row.pk}", row.name, row.get_revenue_method_display(), facts)
    price, limit = _price(line), None
    if row.model in _BY_FEES and line.end is not None:
        earned = sum((each.amount for each in months.values()), _ZERO)
        price = earned + sum((part.amount for part in parts if part.kind is ForecastKind.CONTRACTED), _ZERO)
    elif row.model in _BY_TIME:
        limit = _agreed(line, facts)
    said = ", ".join(f"{said} {amount:f}" for amount, said in _agreed_amounts(line, facts))
    end = line.end.isoformat() if line.end else ""
    item = replace(
        item, line_id=row.pk, price=price, limit=limit, is_right_to_invoice=row.revenue_method == RevenueMethod.AS_INVOICED,
        limit_said=f"{said};{row.budget_seconds or ''};{line.contract.cap or ''};{end}"[:300],
    )  # fmt: skip
    return _with(item, months, parts, facts.home)


def _agreed(line: _Line, facts: _Facts) -> Decimal | None:
    """Return how much was agreed of a line of time: its tightest amount, else its hours at what an hour earned lately."""
    amounts = [amount for amount, _ in _agreed_amounts(line, facts)]
    if amounts:
        return min(amounts)
    burn = _burn(line, facts)
    if line.row.budget_seconds and burn.seconds:
        rate = burn.amount / hours(burn.seconds)
        return round_amount(rate * hours(line.row.budget_seconds), line.contract.currency)
    return None


# --- billing ------------------------------------------------------------------------------------------------


def _bills(items: Sequence[Item], facts: _Facts) -> Iterator[Bill]:
    """Yield what is expected to be billed: on due dates where there are any, else as it is earned."""
    earned_on = _earned_on_lines(items, facts)
    for line_id, line in facts.lines.items():
        if line.row.model == BillingModel.NON_BILLABLE:
            continue
        for month, amount, said in _billing_of(line, earned_on.get(line_id, ()), facts):
            if amount:
                rate = facts.rates[line.contract.pk] or _ZERO
                value = round_amount(amount * rate, facts.home)
                yield Bill(line.contract.pk, month, amount, value, said)


_Billing = tuple[date | None, Decimal, str]


def _billing_of(line: _Line, earned: Iterable[Amount], facts: _Facts) -> Iterator[_Billing]:
    first = facts.day + _DAY
    now = first.replace(day=1)
    if line.row.model in (*_BY_FEES, BillingModel.FIXED_FEE, BillingModel.MILESTONE):
        yield from _billed_when_due(line, facts)
        return
    waits = facts.book.position[line.row.pk]
    if waits > 0:
        yield now, waits, f"{line.row.name}: earned and not billed yet."
    if line.row.model != BillingModel.PREPAID:
        for each in earned:
            yield each.month, each.amount, f"{line.row.name}: billed as it is earned."


def _billed_when_due(line: _Line, facts: _Facts) -> Iterator[_Billing]:
    """Yield what was due and is not billed, then what falls due; what has no day, 'not known when'."""
    first, name = facts.day + _DAY, line.row.name
    charged = [row for row in facts.charges[line.row.pk] if row.kind in _FEE_KINDS]
    due = sum((line.net(row.amount) for row in charged), _ZERO)
    late = due - facts.book.billed(line.row.pk)
    if late > 0:
        yield first.replace(day=1), late, f"{name}: due and not billed yet."
    if not line.is_live:
        return
    if line.row.model in _BY_FEES:
        for part in schedule.of_fees(_fees_to_come(line, facts), facts.day, line.end):
            if part.kind is not ForecastKind.RENEWAL:
                yield part.month, part.amount, f"{name}: {part.said}"
        return
    to_come = _parts_to_come(line, facts)
    for each in to_come:
        month = max(each.due, first).replace(day=1) if each.due else None
        yield month, each.worth, f"{name}: {each.name}."
    price = _price(line) or _ZERO
    rest = price - due - sum((each.worth for each in to_come), _ZERO)
    if rest > 0:
        yield None, rest, f"{name}: no instalment is agreed for it."


def _earned_on_lines(items: Sequence[Item], facts: _Facts) -> dict[int, list[Amount]]:
    """Return what is still to be earned, by contract line; what an obligation earns is divided over its lines."""
    found: dict[int, list[Amount]] = defaultdict(list)
    lines = {f"o{held.id}": held.lines for held in facts.helds}
    for item in items:
        to_come = [
            each for each in item.amounts if each.kind in (ForecastKind.CONTRACTED, ForecastKind.EXPECTED)
        ]
        if item.obligation_id is None:
            if item.line_id is not None:
                found[item.line_id] += to_come
            continue
        weights = [line.weight for line in lines[item.key]]
        if not sum(weights, _ZERO):
            weights = [Decimal(1)] * len(weights)
        for each in to_come if weights else ():
            parts = allocate(round_amount(each.amount, item.currency), weights, item.currency)
            for line, part in zip(lines[item.key], parts, strict=True):
                found[line.line_id].append(replace(each, amount=part))
    return found
