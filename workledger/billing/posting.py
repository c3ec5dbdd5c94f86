"""The journal entries of billing. Contract position is one account; its balance per contract is the position."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.calc.crediting import share_of_value
from workledger.billing.calc.position import Held, realized
from workledger.kernel.rounding import minor_quantum, round_amount
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole

_Account = tuple[AccountRole, int, int, int, int]

ITEM = "item"
INVOICE = "invoice"
_ZERO = Decimal(0)


class BookRate(NamedTuple):
    """How a document's currency becomes the book's: book, document currency, book currency, rate (1 if equal)."""

    book_id: int
    currency: str
    book_currency: str
    rate: Decimal

    def functional(self, amount: Decimal) -> Decimal | None:
        """Return the amount in the book's currency, or None where the currencies are equal."""
        if self.currency == self.book_currency:
            return None
        return round_amount(amount * self.rate, self.book_currency)


class ItemValue(NamedTuple):
    """A priced item as the books need it."""

    item_id: int
    contract_id: int
    contract_line_id: int
    client_id: int
    project_id: int
    task_id: int
    person_id: int
    role_id: int
    practice_id: int
    office_id: int
    service_date: date
    billable_seconds: int
    amount: Decimal
    revenue: AccountRole = AccountRole.SERVICES_REVENUE


def items_priced(items: Iterable[tuple[BookRate, ItemValue]]) -> list[tuple[EntryDraft, list[int]]]:
    """Return, per book, currency and day, the entry that recognizes items as invoiced, and the items in it.

    Debit Contract position per contract line and project; credit the item's revenue account per item.
    """
    by_day: dict[tuple[BookRate, date], list[ItemValue]] = defaultdict(list)
    for book, item in items:
        by_day[book, item.service_date].append(item)
    return [
        (_items_of_day(book, day, rows), [item.item_id for item in rows])
        for (book, day), rows in sorted(by_day.items(), key=lambda pair: pair[0])
    ]


def _items_of_day(book: BookRate, day: date, items: Sequence[ItemValue]) -> EntryDraft:
    postings = []
    position: dict[tuple[int, int, int, int], list[Decimal]] = {}
    for item in items:
        value = book.functional(item.amount)
        taken = item.amount < 0  # a lower estimate or retained money takes revenue back
        postings.append(
            PostingDraft(
                item.revenue,
                -item.amount if taken else _ZERO,
                _ZERO if taken else item.amount,
                value if value is None else abs(value),
                item.client_id,
                item.contract_id,
                item.contract_line_id,
                item.project_id,
                item.task_id,
                item.person_id,
                item.role_id,
                item.practice_id,
                item.office_id,
                0,
                item.billable_seconds,
                "s",
                day,
                ITEM,
                item.item_id,
            )
        )
        sums = position.setdefault(
            (item.client_id, item.contract_id, item.contract_line_id, item.project_id), [_ZERO, _ZERO]
        )
        sums[0] += item.amount
        sums[1] += item.amount if value is None else value
    foreign = book.currency != book.book_currency
    for dimensions, (amount, functional) in sorted(position.items()):
        if amount or functional:
            postings.append(
                _side(AccountRole.CONTRACT_POSITION, amount, abs(functional) if foreign else None, dimensions)
            )
    return EntryDraft(
        book.book_id, day, "work_priced", f"Work of {day:%d %b %Y} priced", book.currency, postings
    )


def items_voided(book: BookRate, day: date, original_id: int, items: Sequence[ItemValue]) -> EntryDraft:
    """Return the reversal of items out of the entry that recognized them."""
    return _items_of_day(book, day, items).reversal(
        day, original_id, f"Work of {day:%d %b %Y} withdrawn or priced anew"
    )


class Share(NamedTuple):
    """An amount on one contract line and project."""

    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    amount: Decimal


def written_down(
    book: BookRate, on: date, shares: Sequence[Share], description: str, kind: str = "written_down"
) -> EntryDraft:
    """Debit Billing adjustments, credit Contract position; negative amounts take a write-down back."""
    postings: list[PostingDraft] = []
    for share in shares:
        postings += _pair(
            book, AccountRole.BILLING_ADJUSTMENTS, AccountRole.CONTRACT_POSITION, share.amount, share[:4]
        )
    return EntryDraft(book.book_id, on, kind, description, book.currency, postings)


def _pair(
    book: BookRate,
    debit: AccountRole,
    credit: AccountRole,
    amount: Decimal,
    dimensions: tuple[int, int, int, int],
) -> list[PostingDraft]:
    """Return a debit and a credit of the same amount; a negative amount swaps the sides."""
    if not amount:
        return []
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    functional = book.functional(amount)
    return [
        PostingDraft(debit, amount, _ZERO, functional, *dimensions),
        PostingDraft(credit, _ZERO, amount, functional, *dimensions),
    ]


def invoice_issued(
    book: BookRate,
    *,
    invoice_id: int,
    number: str,
    issued_on: date,
    shares: Sequence[Share],
    rounding: Mapping[tuple[int, int, int, int], Decimal],
    tax: Decimal,
    held: Mapping[tuple[int, int, int, int], Held] | None = None,
) -> EntryDraft:
    """Debit Accounts receivable (gross); credit Contract position per contract line (net) and Tax payable.

    `held` is what the contract's position is carried at, by what it is about: what is billed of work that was booked at
    another rate leaves at its carrying amount, and the difference is realized FX.

    What the lines' rounding adds to or takes from the value of their items goes between Contract position and
    Billing adjustments, so that the position of a fully billed contract is zero.
    """
    client_id, contract_id = shares[0].client_id, shares[0].contract_id
    credited = [(AccountRole.CONTRACT_POSITION, share.amount, share[:4]) for share in shares if share.amount]
    if tax:
        credited.append((AccountRole.TAX_PAYABLE, tax, (client_id, contract_id, 0, 0)))
    gross = sum((amount for _, amount, _ in credited), _ZERO)
    postings: list[PostingDraft] = []
    functional_gross = _ZERO
    for account, amount, dimensions in credited:
        functional = book.functional(abs(amount))
        signed = abs(amount) if functional is None else functional
        functional_gross += signed if amount > 0 else -signed
        postings.append(_side(account, -amount, functional, dimensions))
    foreign = book.currency != book.book_currency
    if gross or functional_gross:
        receivable = abs(functional_gross) if foreign else None
        postings.insert(0, _side(AccountRole.RECEIVABLE, gross, receivable, (client_id, contract_id, 0, 0)))
    for dimensions, amount in sorted(rounding.items()):
        postings += _pair(
            book, AccountRole.CONTRACT_POSITION, AccountRole.BILLING_ADJUSTMENTS, amount, dimensions
        )
    if foreign and held:
        postings += _settled(postings, held, book, (client_id, contract_id, 0, 0))
    return EntryDraft(
        book.book_id,
        issued_on,
        "invoice_issued",
        f"Invoice {number}",
        book.currency,
        postings,
        INVOICE,
        invoice_id,
    )


def position_of(postings: Iterable[PostingDraft]) -> dict[tuple[int, int, int, int], Held]:
    """Return what postings change of contract positions, by what they are about."""
    found: dict[tuple[int, int, int, int], Held] = {}
    for row in postings:
        if row.account is AccountRole.CONTRACT_POSITION:
            key = row.client_id, row.contract_id, row.contract_line_id, row.project_id
            before = found.get(key, Held(_ZERO, _ZERO))
            value = row.functional or _ZERO
            found[key] = Held(
                before.amount + row.debit - row.credit, before.value + (-value if row.credit else value)
            )
    return found


def _settled(
    postings: Sequence[PostingDraft],
    held: Mapping[tuple[int, int, int, int], Held],
    book: BookRate,
    whole: tuple[int, int, int, int],
) -> list[PostingDraft]:
    """Return the realized difference of what postings settle, in the book's currency alone.

    The contract decides how much (it is presented net); each line and project has its own part, and what lines do
    not explain, since one was billed for another's work, stands at the contract.
    """
    quantum = minor_quantum(book.book_currency)
    changes = position_of(postings)
    parts = {
        key: realized(held.get(key, Held(_ZERO, _ZERO)), change, quantum) for key, change in changes.items()
    }
    total = realized(_together(held.values()), _together(changes.values()), quantum)
    parts[whole] = parts.get(whole, _ZERO) + total - sum(parts.values(), _ZERO)
    return [
        PostingDraft(account, _ZERO, _ZERO, value, *key)
        for key, part in sorted(parts.items())
        if part
        for account, value in ((AccountRole.CONTRACT_POSITION, part), (AccountRole.REALIZED_FX, -part))
    ]


def _together(rows: Iterable[Held]) -> Held:
    amounts = [tuple(row) for row in rows]
    return Held(sum((amount for amount, _ in amounts), _ZERO), sum((value for _, value in amounts), _ZERO))


def _side(
    account: AccountRole, amount: Decimal, functional: Decimal | None, dimensions: tuple[int, int, int, int]
) -> PostingDraft:
    """Return a debit for a positive amount, a credit for a negative one."""
    if amount >= 0:
        return PostingDraft(account, amount, _ZERO, functional, *dimensions)
    return PostingDraft(account, _ZERO, -amount, functional, *dimensions)


class CreditSums:
    """What credit notes take of one invoice: net and rounding by contract line and project, and tax."""

    def __init__(self, tax: Decimal) -> None:
        self.tax = tax
        self.nets: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        self.roundings: dict[tuple[int, int], Decimal] = defaultdict(Decimal)

    def add(self, contract_line_id: int, project_id: int, net: Decimal, rounding: Decimal) -> None:
        """Add a line."""
        self.nets[contract_line_id, project_id] += net
        self.roundings[contract_line_id, project_id] += rounding

    def sides(self, client_id: int, contract_id: int) -> dict[_Account, Decimal]:
        """Return the debit balance that an invoice over this would post, by account; without the receivable."""
        sums: dict[_Account, Decimal] = defaultdict(Decimal)
        for work, net in self.nets.items():
            sums[AccountRole.CONTRACT_POSITION, client_id, contract_id, *work] -= net
        for work, rounding in self.roundings.items():
            sums[AccountRole.CONTRACT_POSITION, client_id, contract_id, *work] += rounding
            sums[AccountRole.BILLING_ADJUSTMENTS, client_id, contract_id, *work] -= rounding
        sums[AccountRole.TAX_PAYABLE, client_id, contract_id, 0, 0] -= self.tax
        return sums


class CreditValues(NamedTuple):
    """A part of an invoice that is credited: the book's currency, what notes took before, and what this one takes."""

    book_currency: str
    before: CreditSums
    now: CreditSums


def part_credited(whole: EntryDraft, values: CreditValues, *, client_id: int, contract_id: int) -> EntryDraft:
    """Return the part of an invoice's entry that a credit note takes back, to be reversed.

    Each account's value in the book's currency is shared by what is credited of it, so that all notes together
    reverse the invoice's exactly.
    """
    amounts: dict[_Account, Decimal] = defaultdict(Decimal)
    worth: dict[_Account, Decimal] = defaultdict(Decimal)
    foreign = whole.currency != values.book_currency
    for row in whole.postings:
        if not (row.debit or row.credit):
            continue  # a realized difference, which has a share of its own
        key = (row.account, row.client_id, row.contract_id, row.contract_line_id, row.project_id)
        amounts[key] += row.debit - row.credit
        worth[key] += (row.functional or _ZERO) if row.debit else -(row.functional or _ZERO)
    before, now = values.before.sides(client_id, contract_id), values.now.sides(client_id, contract_id)
    quantum = minor_quantum(values.book_currency)
    postings, total, total_value = [], _ZERO, _ZERO
    for key, amount in sorted(now.items()):
        value = None
        if foreign:
            done = before.get(key, _ZERO)
            value = share_of_value(worth[key], amounts[key], done, done + amount, quantum)
            total_value += value
        if amount or value:
            total += amount
            postings.append(_side(key[0], amount, None if value is None else abs(value), key[1:]))
    receivable = (client_id, contract_id, 0, 0)
    postings.insert(
        0, _side(AccountRole.RECEIVABLE, -total, abs(total_value) if foreign else None, receivable)
    )
    postings += _realized_credited(whole, amounts, before, now, quantum)
    return whole._replace(postings=postings)


def _realized_credited(
    whole: EntryDraft,
    amounts: Mapping[_Account, Decimal],
    before: Mapping[_Account, Decimal],
    now: Mapping[_Account, Decimal],
    quantum: Decimal,
) -> Iterable[PostingDraft]:
    """Return the share of realized differences that goes with what is credited of the positions behind them.

    A difference of the whole contract goes with all of its position.
    """
    for row in whole.postings:
        if row.debit or row.credit or not row.functional:
            continue
        own = (
            AccountRole.CONTRACT_POSITION,
            row.client_id,
            row.contract_id,
            row.contract_line_id,
            row.project_id,
        )
        keys = [own] if amounts.get(own) else [key for key in amounts if key[0] is own[0]]
        base, done, more = (
            sum((rows.get(key, _ZERO) for key in keys), _ZERO) for rows in (amounts, before, now)
        )
        share = share_of_value(row.functional, base, done, done + more, quantum)
        if share:
            yield row._replace(functional=share)
