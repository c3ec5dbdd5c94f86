"""What a book holds in foreign currencies at a period end, from the ledger as of that day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from workledger.close.calc.differences import Proposal
from workledger.close.calc.revaluing import Item, cleared, revalued
from workledger.close.models import RunKind, What
from workledger.close.period_ends import Outcome, PeriodEnd, outcome, posted
from workledger.directory.queries import exchange_rate
from workledger.ledger.models import AccountRole

_WHAT = {
    AccountRole.RECEIVABLE: What.RECEIVABLE,
    AccountRole.CONTRACT_POSITION: What.CONTRACT_ASSET,
    AccountRole.ACCRUED_REVENUE: What.ACCRUED_REVENUE,
    AccountRole.CUSTOMER_DEPOSITS: What.DEPOSIT,
}

# Whole periods end with this one, so the month-grain balances are the balance of the day.
_HELD = """
SELECT a.role, b.currency, b.client_id, b.contract_id, b.contract_line_id, b.project_id,
       sum(b.debit - b.credit), sum(b.functional_debit - b.functional_credit)
FROM ledger_balance b
JOIN ledger_account a ON a.id = b.account_id
JOIN ledger_period p ON p.id = b.period_id
WHERE a.book_id = %(book)s AND a.role = ANY(%(roles)s) AND b.currency <> %(home)s AND p."end" <= %(end)s
GROUP BY 1, 2, 3, 4, 5, 6
"""
_BILLS = """
SELECT v.id, v.currency, v.amount, sum(p.debit - p.credit)
FROM expenses_vendorbill v
JOIN ledger_posting p ON p.source_kind = 'vendor_bill' AND p.source_id = v.id
JOIN ledger_journalentry e ON e.id = p.entry_id AND e.source_kind = 'vendor_bill'
JOIN ledger_account a ON a.id = p.account_id AND a.role = 'payable'
WHERE v.entity_id = %(book)s AND v.currency <> %(home)s AND p.date < %(end)s
GROUP BY 1, 2, 3
HAVING sum(p.debit - p.credit) <> 0
"""


class _Place(NamedTuple):
    """A place of the books: an account's role, a currency, a client and a contract (0: none)."""

    role: AccountRole
    currency: str
    client_id: int
    contract_id: int


class Valued(NamedTuple):
    """What a period end comes to in foreign currencies; `without_rate` are the currencies left out."""

    proposals: list[Proposal]
    without_rate: list[str]


def revaluation(end: PeriodEnd) -> Outcome:
    """Return what revaluing a period would post; currencies without a rate are left out and listed."""
    found = valued(end)
    left_out = [
        f"There is no exchange rate from {currency} to {end.home} by {end.day:%-d %B %Y}: set one, and run again."
        for currency in found.without_rate
    ]
    return outcome(end, RunKind.REVALUATION, found.proposals, left_out)


def valued(end: PeriodEnd) -> Valued:
    """Return the differences of all monetary items to the closing rate, and what is settled with a remainder."""
    places = _places(end)
    open_items, settled = [], []
    for place, parts in places.items():
        amount = sum((item.amount for item in parts), Decimal(0))
        if not amount:
            settled += parts
        elif place.role is not AccountRole.CONTRACT_POSITION or amount > 0:
            carried = sum((item.carried for item in parts), Decimal(0))
            open_items.append(
                Item(_WHAT[place.role], place.role, place.currency, amount, carried, place.client_id, place.contract_id)
            )  # fmt: skip
    open_items += _bills(end)
    currencies = sorted({item.currency for item in open_items})
    rates = {currency: exchange_rate(currency, end.home, end.day) for currency in currencies}
    known = {currency: rate for currency, rate in rates.items() if rate is not None}
    proposals = [*revalued(open_items, known, end.home), *cleared(settled, end.home)]
    return Valued(proposals, [currency for currency in currencies if currency not in known])


def _places(end: PeriodEnd) -> Mapping[_Place, list[Item]]:
    """Return what each place holds by line and project, without what runs of this period added to it."""
    asked = {
        "book": end.entity.pk,
        "roles": [str(role) for role in _WHAT],
        "home": end.home,
        "end": end.period.end,
    }
    added = _added(end)
    found: dict[_Place, list[Item]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, asked)
        for role, currency, client_id, contract_id, line_id, project_id, amount, value in cursor.fetchall():
            value -= added.pop((role, currency, client_id, contract_id, line_id, project_id), Decimal(0))
            place = _Place(AccountRole(role), currency, client_id, contract_id)
            found[place].append(
                Item(_WHAT[place.role], role, currency, amount, value, client_id, contract_id,
                     contract_line_id=line_id, project_id=project_id)
            )  # fmt: skip
    return found


def _added(end: PeriodEnd) -> dict[tuple[str, str, int, int, int, int], Decimal]:
    found: dict[tuple[str, str, int, int, int, int], Decimal] = defaultdict(Decimal)
    for key, (_, value) in posted(end, RunKind.REVALUATION).items():
        found[
            key.account, key.currency, key.client_id, key.contract_id, key.contract_line_id, key.project_id
        ] += value
    return found


def _bills(end: PeriodEnd) -> Iterable[Item]:
    """Return vendors' bills that were posted and not paid by the day. They are in the books in the book's currency."""
    with connection.cursor() as cursor:
        cursor.execute(_BILLS, {"book": end.entity.pk, "home": end.home, "end": end.period.end})
        rows = cursor.fetchall()
    for bill_id, currency, amount, carried in rows:
        yield Item(
            What.PAYABLE, AccountRole.PAYABLE, currency, -amount, carried, source_kind="vendor_bill", source_id=bill_id
        )  # fmt: skip
