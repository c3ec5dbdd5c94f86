"""Reads of vendors' bills, and the approved time that each line charges."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from workledger.core import locks
from workledger.core.access import Actor
from workledger.expenses.calc.matching import Charged, Difference, Work, difference
from workledger.expenses.models import VendorBill, VendorBillLine, VendorBillState
from workledger.kernel.allocation import allocate

_DAY = timedelta(days=1)
_ZERO = Decimal(0)

# What the books hold of a time entry as labour cost; an approval that was withdrawn sums to nothing and is left out.
_TIME = """
    SELECT p.source_id, p.client_id, p.contract_id, p.contract_line_id, p.project_id, p.task_id, p.person_id,
           p.role_id, p.practice_id, p.office_id, sum(p.quantity)::bigint,
           sum(p.functional_debit - p.functional_credit)
    FROM timesheets_timeentry e
    JOIN ledger_posting p ON p.source_kind = 'time' AND p.source_id = e.id AND p.book_id = %(book)s
    JOIN ledger_account a ON a.id = p.account_id AND a.role = 'labour_cost'
    {joined} WHERE {where}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 HAVING sum(p.quantity) > 0 ORDER BY 1
"""
_CANDIDATES = _TIME.format(
    joined="LEFT JOIN expenses_matchedtime m ON m.entry_id = e.id",
    where="e.person_id = %(person)s AND e.work_date >= %(start)s AND e.work_date < %(end)s AND m.id IS NULL"
    " AND (%(project)s::bigint IS NULL OR p.project_id = %(project)s)",
)
_MATCHED = _TIME.format(
    joined="JOIN expenses_matchedtime m ON m.entry_id = e.id", where="m.line_id = %(line)s"
)


@dataclass(frozen=True, slots=True)
class LineMatch:
    """A line of a bill beside the approved time it charges.

    `amount` is net in the bill's currency, `home_amount` in the entity's. `last_day` is included.
    """

    line_id: int
    person_id: int
    person: str
    project: str
    start: date
    last_day: date
    seconds: int
    amount: Decimal
    home_amount: Decimal
    time: tuple[Charged, ...]

    @property
    def approved_seconds(self) -> int:
        """The approved time."""
        return sum(entry.seconds for entry in self.time)

    @property
    def labour_cost(self) -> Decimal:
        """What that time was posted at."""
        return sum((entry.cost for entry in self.time), _ZERO)

    @property
    def without_cost_rate(self) -> int:
        """How many entries were posted at no cost."""
        return sum(1 for entry in self.time if not entry.cost)

    @property
    def difference(self) -> Difference:
        """What the bill has more (less: negative)."""
        return difference(self.seconds, self.home_amount, self.time)


def line_matches(bill: VendorBill) -> tuple[LineMatch, ...]:
    """Return each line with its time: what it was matched to, or what it would be.

    An entry goes to one line only, those that name a project first.
    """
    lines = list(VendorBillLine.objects.filter(bill=bill).select_related("person", "project"))
    home = allocate(
        bill.functional_amount - bill.input_tax, [line.amount for line in lines], bill.entity.book.currency
    )
    taken: set[int] = set()
    time: dict[int, tuple[Charged, ...]] = {}
    for line in sorted(lines, key=lambda each: (each.project_id is None, each.position)):
        found = [entry for entry in _time(bill, line) if entry.entry_id not in taken]
        taken |= {entry.entry_id for entry in found}
        time[line.pk] = tuple(found)
    return tuple(
        LineMatch(
            line.pk, line.person_id, line.person.name, line.project.name if line.project else "", line.start,
            line.end - _DAY, line.seconds, line.amount, amount, time[line.pk],
        )
        for line, amount in zip(lines, home, strict=True)
    )  # fmt: skip


def _time(bill: VendorBill, line: VendorBillLine) -> list[Charged]:
    asked: dict[str, Any] = {
        "book": bill.entity_id,
        "person": line.person_id,
        "start": line.start,
        "end": line.end,
        "project": line.project_id,
        "line": line.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES if bill.state == VendorBillState.RECORDED else _MATCHED, asked)
        return [Charged(row[0], Work(*row[1:10]), row[10], row[11]) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class BillRow:
    """A vendor's bill in a list; `amount` is gross in `currency`."""

    bill_id: int
    vendor: str
    number: str
    bill_date: date
    state: VendorBillState
    currency: str
    amount: Decimal
    home_currency: str
    home_amount: Decimal


_ROW = (
    "pk", "vendor", "number", "bill_date", "state", "currency", "amount", "entity__book__currency",
    "functional_amount",
)  # fmt: skip


def vendor_bills(actor: Actor, *, state: str = "") -> list[BillRow]:
    """Return bills, newest first. One query."""
    found = VendorBill.objects.visible_to(actor).order_by("-bill_date", "-pk")
    if state in VendorBillState.values:
        found = found.filter(state=state)
    return [
        BillRow(pk, vendor, number, day, VendorBillState(at), *rest)
        for pk, vendor, number, day, at, *rest in found.values_list(*_ROW)
    ]


@dataclass(frozen=True, slots=True)
class BillPage:
    """One bill with its lines beside the time. Amounts in `currency`, `home_*` in the entity's."""

    row: BillRow
    entity: str
    tax_amount: Decimal
    exchange_rate: Decimal
    input_tax: Decimal
    match_reason: str
    paid_on: date | None
    settled_amount: Decimal | None
    lines: tuple[LineMatch, ...]

    @property
    def net(self) -> Decimal:
        """What the lines come to in the entity's currency."""
        return sum((line.home_amount for line in self.lines), _ZERO)

    @property
    def labour_cost(self) -> Decimal:
        """What the approved time was posted at."""
        return sum((line.labour_cost for line in self.lines), _ZERO)

    @property
    def difference(self) -> Difference:
        """What the bill has more (less: negative) than the time."""
        return Difference(
            sum(line.difference.seconds for line in self.lines),
            sum((line.difference.amount for line in self.lines), _ZERO),
        )

    @property
    def billed_seconds(self) -> int:
        """The hours the bill charges."""
        return sum(line.seconds for line in self.lines)

    @property
    def approved_seconds(self) -> int:
        """The approved hours."""
        return sum(line.approved_seconds for line in self.lines)

    @property
    def can_match(self) -> bool:
        """Whether each line has approved time."""
        return self.row.state is VendorBillState.RECORDED and all(line.time for line in self.lines)


def vendor_bill(actor: Actor, bill_id: int) -> BillPage:
    """Return one bill. Refuses: not_found."""
    bill: VendorBill = locks.one(VendorBill.objects.visible_to(actor).select_related("entity__book"), bill_id)
    home = bill.entity.book.currency
    return BillPage(
        row=BillRow(
            bill.pk, bill.vendor, bill.number, bill.bill_date, VendorBillState(bill.state), bill.currency, bill.amount,
            home, bill.functional_amount,
        ),
        entity=bill.entity.name,
        tax_amount=bill.tax_amount,
        exchange_rate=bill.exchange_rate,
        input_tax=bill.input_tax,
        match_reason=bill.match_reason,
        paid_on=bill.paid_on,
        settled_amount=bill.settled_amount,
        lines=line_matches(bill),
    )  # fmt: skip
