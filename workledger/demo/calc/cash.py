"""What clients paid and when: by their terms and habits, tuned so that days sales outstanding meet a target."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random

from workledger.demo.calc.dates import DAY
from workledger.demo.calc.records import Client, Entity, Invoice, Payment

TARGET_DSO_DAYS = 46  # gross; against net revenue it is some days more
_YEAR = 365
_PART = Decimal("0.6")
_STUCK = ((78, 16_000), (97, 9_000), (131, 6_500), (170, 3_000))  # age in days and amount of what nobody pays


@dataclass(frozen=True, slots=True)
class Cash:
    """Payments, the invoices with the dispute marked, and which invoices are special."""

    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]
    disputed: int | None
    part_paid: int | None
    over_paid: int | None


def gross_of(invoice: Invoice, clients: Sequence[Client], entity: Entity) -> Decimal:
    """The invoice's estimated total with tax."""
    standard = clients[invoice.client_index].tax_treatment == "S"
    return (invoice.net_estimate * (1 + (entity.tax_percent / 100 if standard else 0))).quantize(
        Decimal("0.01")
    )


def collect(
    rng: Random, invoices: Sequence[Invoice], clients: Sequence[Client], entity: Entity, today: date
) -> Cash:
    """Let every client pay as it does; the common delay is chosen so that DSO comes near its target today."""
    habits = [rng.choices((-3, 2, 6, 18, 34), (18, 32, 26, 16, 8))[0] for _ in clients]
    delays = [habits[invoice.client_index] + int(rng.gauss(0, 5)) for invoice in invoices]
    # The late tail: papers lost, approvals stuck. It stays where it is, whatever the common delay.
    stuck_for = [rng.randrange(55, 125) if rng.random() < 0.055 else None for _ in invoices]
    payable = [
        index for index, invoice in enumerate(invoices) if invoice.issued_on and invoice.credited_on is None
    ]
    gross = [gross_of(invoice, clients, entity) for invoice in invoices]
    marked = list(invoices)
    disputed = _nearest(invoices, payable, gross, today - DAY * 72, Decimal(24000))
    if disputed is not None:
        marked[disputed] = replace(
            marked[disputed], disputed_on=min(today, _issued(marked[disputed]) + DAY * 11)
        )
    normal = [index for index in payable if index != disputed]
    settled = [index for index in normal if _issued(marked[index]) < today - DAY * 20]
    part_paid = _nearest(invoices, settled, gross, today - DAY * 64, Decimal(30000))
    for age, amount in _STUCK:
        found = _nearest(invoices, settled, gross, today - DAY * age, Decimal(amount))
        if found is not None:
            stuck_for[found] = 365
    if part_paid is not None:
        stuck_for[part_paid] = 365
    billed = sum(
        (gross[index] for index in payable if _issued(marked[index]) > today - DAY * _YEAR), Decimal(0)
    )
    oldest = min((_issued(marked[index]) for index in payable), default=today)
    span = min(_YEAR, (today - oldest).days + 35)
    owed = billed * TARGET_DSO_DAYS / span - (gross[disputed] if disputed is not None else 0)
    if part_paid is not None:
        owed += gross[part_paid] * _PART
    paid_on = _paid_days(marked, normal, (delays, stuck_for), gross, owed, today)
    payments = {
        index: Payment(index, day, Decimal(1), Decimal(0), _reference(rng))
        for index, day in sorted(paid_on.items())
        if day <= today
    }
    if part_paid is not None:
        payments[part_paid] = Payment(
            part_paid, _workday(today - DAY * 6), _PART, Decimal(0), _reference(rng)
        )
    recent = [index for index in payments if index != part_paid]
    over_paid = max(recent, key=lambda index: (payments[index].received_on, index)) if recent else None
    if over_paid is not None:
        payments[over_paid] = replace(payments[over_paid], extra=Decimal("238.00"))
    ordered = sorted(payments.values(), key=lambda payment: (payment.received_on, payment.invoice_index))
    return Cash(tuple(marked), tuple(ordered), disputed, part_paid, over_paid)


def _issued(invoice: Invoice) -> date:
    assert invoice.issued_on is not None, "only issued invoices are collected"
    return invoice.issued_on


def _due(invoice: Invoice) -> date:
    assert invoice.due_on is not None, "only issued invoices are collected"
    return invoice.due_on


def _paid(invoice: Invoice, delay: int) -> date:
    """Never before the client can have read the invoice."""
    return max(_due(invoice) + DAY * delay, _issued(invoice) + DAY * 2)


def _delay(delays: Sequence[int], stuck_for: Sequence[int | None], index: int, shift: int) -> int:
    stuck = stuck_for[index]
    return delays[index] + shift if stuck is None else stuck


def _workday(day: date) -> date:
    return day + DAY * max(0, 7 - day.weekday()) if day.weekday() >= 5 else day


def _nearest(
    invoices: Sequence[Invoice],
    among: Sequence[int],
    gross: Sequence[Decimal],
    wanted: date,
    amount: Decimal,
) -> int | None:
    """The invoice closest to a day and an amount, if there are enough to choose from."""
    if len(among) < 12:
        return None
    return min(
        among,
        key=lambda index: (
            abs((_issued(invoices[index]) - wanted).days) * 400 + abs(int(gross[index] - amount)),
            index,
        ),
    )


def _paid_days(
    invoices: Sequence[Invoice],
    normal: Sequence[int],
    waits: tuple[Sequence[int], Sequence[int | None]],
    gross: Sequence[Decimal],
    owed: Decimal,
    today: date,
) -> dict[int, date]:
    """When each invoice is paid, so that about `owed` of them is open today.

    Takes the common delay that leaves the most open without passing `owed`, then lets the latest payers
    wait a little longer as long as that comes closer.
    """
    best: dict[int, date] = {}
    best_open = Decimal(-1)
    for shift in range(-25, 46):
        paid_on = {index: _workday(_paid(invoices[index], _delay(*waits, index, shift))) for index in normal}
        still_open = sum((gross[index] for index, day in paid_on.items() if day > today), Decimal(0))
        if not best or best_open < still_open <= owed:
            best, best_open = paid_on, still_open
    latest = sorted(best, key=lambda index: (best[index], index), reverse=True)
    for index in latest:
        if best[index] <= today and best_open + gross[index] <= owed:
            best[index] = today + DAY * 5
            best_open += gross[index]
        if best[index] < today - DAY * 12:
            break
    return best


def _reference(rng: Random) -> str:
    return f"SEPA {rng.randrange(10**9, 10**10)}"
