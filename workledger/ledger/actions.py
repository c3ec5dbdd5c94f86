"""Writes of the ledger: open a book, post entries, reverse, move periods between states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from workledger.core import bulk, locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.events import emit
from workledger.core.refusals import Problems, Refused
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_units
from workledger.ledger import dimensions
from workledger.ledger.chart import STANDARD_CHART
from workledger.ledger.dimensions import Dimension
from workledger.ledger.drafts import MANUAL, EntryDraft
from workledger.ledger.events import PeriodStateChanged
from workledger.ledger.laying import extend
from workledger.ledger.models import (
    Account,
    AccountKind,
    AccountRole,
    Balance,
    Book,
    JournalEntry,
    Period,
    PeriodState,
    Posting,
)

_POSTING_FIELDS = (
    "entry", "book_id", "account", "period", "date", "service_date", "currency",
    "debit", "credit", "functional_debit", "functional_credit",
    "client_id", "contract_id", "contract_line_id", "project_id", "task_id", "person_id", "role_id",
    "practice_id", "office_id", "quantity", "billable_quantity", "unit", "source_kind", "source_id",
)  # fmt: skip
_ZERO = Decimal(0)


@action("ledger.open_book", needs=Permission.MANAGE_SETTINGS)
def open_book(*, actor: Actor, name: str, currency: str, first_day: date, through: date) -> int:
    """Open the books of a legal entity: chart of accounts and monthly periods over [first_day, through].

    Returns the book's id. Refuses: missing_name, bad_currency, a name that is taken.
    """
    problems = Problems()
    problems.check(name.strip(), "missing_name", "Give the legal entity a name.", "name")
    problems.check(
        len(currency) == 3 and currency.isalpha() and currency.isupper(),
        "bad_currency", "A currency is a three-letter code such as EUR.", "currency",
    )  # fmt: skip
    problems.check(
        not Book.objects.filter(name=name.strip()).exists(),
        "book_name_taken", "There are already books of that name.", "name",
    )  # fmt: skip
    problems.refuse()
    book = Book.objects.create(name=name.strip(), currency=currency)
    Account.objects.bulk_create(
        Account(book=book, code=code, name=label, kind=kind, role=role)
        for code, label, kind, role in STANDARD_CHART
    )
    extend(book, first_day, through)
    record(book, f"Opened the books of {book.name} in {currency}")
    return int(book.pk)


@action("ledger.extend_periods", needs=None)
def extend_periods(*, actor: Actor, book_id: int, first: date, last: date) -> int:
    """Open periods by the book's pattern so that they reach over [first, last] without a gap.

    Runs with whatever act needs the date, so it asks no permission of its own. Returns how many it opened.
    Refuses: not_found, no_period_given (custom periods end before).
    """
    book = locks.for_update(Book.objects.all(), book_id)
    opened = extend(book, first, last)
    if opened:
        record(book, f"Opened {opened} periods of {book.name}")
    return opened


class PostingCalendar:
    """Where work of a day lands: its own date while that period is open, else the first open day after it.

    Loaded once per book and act. Raises `Refused` (no_open_period) when no later period is open.
    """

    def __init__(self, book_id: int, *, may_post_soft_closed: bool) -> None:
        closed = (
            {PeriodState.LOCKED} if may_post_soft_closed else {PeriodState.LOCKED, PeriodState.SOFT_CLOSED}
        )
        self.book = Book.objects.get(pk=book_id)
        self._periods = list(
            Period.objects.filter(book_id=book_id)
            .order_by("start")
            .values_list("id", "start", "end", "state")
        )
        self._closed = closed
        self._found: dict[date, tuple[date, int]] = {}

    @classmethod
    def for_actor(cls, actor: Actor, book_id: int, first: date, last: date) -> "PostingCalendar":
        """Return the calendar with periods over [first, last], opening them when there are none yet."""
        calendar = cls(book_id, may_post_soft_closed=actor.can(Permission.MANAGE_PERIODS))
        if not calendar._periods or first < calendar._periods[0][1] or last >= calendar._periods[-1][2]:
            extend_periods(actor=actor, book_id=book_id, first=first, last=last)
            calendar = cls(book_id, may_post_soft_closed=actor.can(Permission.MANAGE_PERIODS))
        return calendar

    def landing(self, day: date) -> tuple[date, int]:
        """Return (posting date, period id) for something of `day`."""
        found = self._found.get(day)
        if found is None:
            found = self._found[day] = self._search(day)
        return found

    def _search(self, day: date) -> tuple[date, int]:
        for period_id, start, end, state in self._periods:
            if day < end and state not in self._closed:
                return max(day, start), period_id
        raise Refused.because(
            "no_open_period",
            f"No period of {self.book.name} from {day:%d %B %Y} on is open. Ask Finance to open one.",
        )


def post(
    *, actor: Actor, entries: Sequence[EntryDraft], calendar: PostingCalendar | None = None
) -> list[int]:
    """Write entries with their postings by COPY; returns the entries' ids in order.

    Called by other packages' actions inside their transaction. An entry whose date is in a closed period
    lands on the first open day after it. The database refuses an unbalanced entry and a locked period.
    """
    if not entries:
        return []
    calendars: dict[int, PostingCalendar] = {}
    accounts: dict[int, dict[str, int]] = {}
    for book_id in sorted({entry.book_id for entry in entries}):
        dates = [entry.date for entry in entries if entry.book_id == book_id]
        calendars[book_id] = (
            calendar
            if calendar is not None and calendar.book.pk == book_id
            else PostingCalendar.for_actor(actor, book_id, min(dates), max(dates))
        )
        accounts[book_id] = dict(
            Account.objects.filter(book_id=book_id).exclude(role="").values_list("role", "id")
        )
    ids = bulk.reserve_ids(JournalEntry, len(entries))
    landings = [calendars[entry.book_id].landing(entry.date) for entry in entries]
    bulk.copy_rows(
        JournalEntry,
        ("id", "book", "period", "date", "kind", "description", "source_kind", "source_id", "reverses"),
        (
            (entry_id, entry.book_id, period_id, day, entry.kind, entry.description[:300],
             entry.source_kind, entry.source_id, entry.reverses_id)
            for entry_id, entry, (day, period_id) in zip(ids, entries, landings, strict=True)
        ),
    )  # fmt: skip
    bulk.copy_rows(
        Posting,
        _POSTING_FIELDS,
        (
            row
            for entry_id, entry, (day, period_id) in zip(ids, entries, landings, strict=True)
            for row in _rows(entry_id, entry, day, period_id, accounts[entry.book_id])
        ),
    )
    return ids


def _rows(
    entry_id: int, entry: EntryDraft, day: date, period_id: int, accounts: dict[str, int]
) -> Iterable[tuple[object, ...]]:
    for (
        account, debit, credit, functional, client_id, contract_id, contract_line_id, project_id, task_id, person_id,
        role_id, practice_id, office_id, quantity, billable_quantity, unit, service_date, source_kind, source_id,
    ) in entry.postings:  # fmt: skip
        yield (
            entry_id, entry.book_id, accounts[account], period_id, day, service_date or entry.date, entry.currency,
            debit, credit,
            *_functional_sides(debit, credit, functional),
            client_id, contract_id, contract_line_id, project_id, task_id, person_id, role_id,
            practice_id, office_id, quantity, billable_quantity, unit, source_kind, source_id,
        )  # fmt: skip


def _functional_sides(debit: Decimal, credit: Decimal, functional: Decimal | None) -> tuple[Decimal, Decimal]:
    """Return (debit, credit) in the book's currency."""
    if functional is None:
        return debit, credit
    if debit or (not credit and functional > 0):
        return functional, _ZERO
    return _ZERO, abs(functional)


@action("ledger.set_period_state", needs=Permission.MANAGE_PERIODS)
def set_period_state(*, actor: Actor, period_id: int, state: PeriodState, reason: str) -> None:
    """Open, soft-close or lock a period. Reopening a locked one is another person's act, with a reason.

    Refuses: not_found, reason_missing, earlier_period_open, later_period_locked, same_person.
    """
    period = locks.for_update(Period.objects.visible_to(actor), period_id)
    siblings = Period.objects.filter(book_id=period.book_id)
    problems = Problems()
    if period.state == PeriodState.LOCKED and state != PeriodState.LOCKED:
        problems.check(reason.strip(), "reason_missing", "Say why this locked period is reopened.", "reason")
        problems.check(
            not siblings.filter(start__gt=period.start, state=PeriodState.LOCKED).exists(),
            "later_period_locked", "A later period is locked. Reopen the latest one first.", "state",
        )  # fmt: skip
        same = period.state_changed_by_id is not None and period.state_changed_by_id == actor.user_id
        problems.check(
            not (same and duty_applies(DutyRule.REOPEN_OWN_LOCK)),
            "same_person", f"You locked {period.name}; another person reopens it.", "state",
        )  # fmt: skip
    if state == PeriodState.LOCKED:
        problems.check(
            not siblings.filter(start__lt=period.start).exclude(state=PeriodState.LOCKED).exists(),
            "earlier_period_open", "An earlier period is not locked yet. Lock periods in order.", "state",
        )  # fmt: skip
    problems.refuse()
    was, period.state = PeriodState(period.state), state
    period.state_changed_by_id = actor.user_id
    period.state_reason = reason.strip()
    period.save(update_fields=["state", "state_changed_by", "state_reason"])
    record(period, f"{period.name} is {period.get_state_display().lower()}")
    emit(PeriodStateChanged(actor, period.book_id, period.pk, period.start, period.end, was, state))


FOLLOWS_DOCUMENTS = frozenset(
    {
        AccountRole.RECEIVABLE,
        AccountRole.CONTRACT_POSITION,
        AccountRole.CUSTOMER_DEPOSITS,
        AccountRole.PAYABLE,
        AccountRole.LOSS_PROVISION,
    }
)
"""Accounts that equal a sub-ledger; a journal by hand would part the two."""


@dataclass(frozen=True, slots=True)
class ManualLine:
    """One side of a journal by hand: an account, an amount on one side, what it is about (ids by dimension)."""

    account_id: int
    debit: Decimal = _ZERO
    credit: Decimal = _ZERO
    dimensions: Mapping[Dimension, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ManualJournal:
    """A journal by hand, in the book's currency."""

    book_id: int
    date: date
    description: str
    lines: Sequence[ManualLine]


@action("ledger.post_manual_journal", needs=Permission.POST_JOURNAL)
def post_manual_journal(*, actor: Actor, journal: ManualJournal) -> int:
    """Post a journal that no document makes; returns the entry's id.

    Accounts that equal a sub-ledger (receivables, contract position, customer deposits, payables) change through documents only.
    Refuses: not_found, missing_description, too_few_lines, no_such_account, account_closed, follows_documents,
    not_one_side, too_precise, unknown_dimension, does_not_balance, period_locked, no_such_period.
    """
    book = locks.one(Book.objects.visible_to(actor), journal.book_id)
    problems = Problems()
    problems.check(
        journal.description.strip(), "missing_description", "Say what this journal is for.", "description"
    )
    problems.check(
        len(journal.lines) >= 2, "too_few_lines", "A journal has at least two lines.", "lines"
    )  # fmt: skip
    accounts = Account.objects.in_bulk({line.account_id for line in journal.lines})
    for number, line in enumerate(journal.lines, start=1):
        _check_line(problems, f"lines.{number}", line, accounts.get(line.account_id), book)
    debits = sum((line.debit for line in journal.lines), _ZERO)
    credits_ = sum((line.credit for line in journal.lines), _ZERO)
    currency = book.currency
    problems.check(
        debits == credits_,
        "does_not_balance",
        f"Debits are {money_words(debits, currency)} and credits {money_words(credits_, currency)}; they must be equal.",
        "lines",
    )
    period_id = _open_period(problems, actor, book, journal.date)
    problems.refuse()
    entry_id = _write(
        book_id=book.pk,
        period_id=period_id,
        day=journal.date,
        kind=MANUAL,
        description=journal.description.strip(),
        reverses_id=None,
        rows=[_manual_row(line, book, period_id, journal.date) for line in journal.lines],
    )
    record(
        JournalEntry(pk=entry_id), f"Posted {journal.description.strip()}, {money_words(debits, currency)}"
    )
    return entry_id


def _check_line(
    problems: Problems, place: str, line: ManualLine, account: Account | None, book: Book
) -> None:
    if account is None or account.book_id != book.pk:
        problems.add("no_such_account", f"{book.name} has no such account.", f"{place}.account_id")
    else:
        problems.check(
            account.is_open, "account_closed", f"{account} is closed. Choose another.", f"{place}.account_id"
        )
        problems.check(
            account.role not in FOLLOWS_DOCUMENTS,
            "follows_documents",
            f"{account} follows invoices, payments, approved time and expenses. Change it through those.",
            f"{place}.account_id",
        )
    problems.check(
        line.debit >= 0 and line.credit >= 0 and (line.debit == 0) != (line.credit == 0),
        "not_one_side",
        "Give a positive amount, as debit or as credit.",
        f"{place}.debit",
    )
    places = minor_units(book.currency)
    problems.check(
        all(amount == round(amount, places) for amount in (line.debit, line.credit)),
        "too_precise",
        f"An amount in {book.currency} has at most {places} decimal places.",
        f"{place}.debit",
    )
    for dimension, identifier in line.dimensions.items():
        problems.check(
            not identifier or dimensions.exists(dimension, identifier),
            "unknown_dimension",
            f"There is no such {dimension.label.lower()}.",
            f"{place}.{dimension}",
        )


def _manual_row(line: ManualLine, book: Book, period_id: int, day: date) -> dict[str, object]:
    about = {dimension.column: line.dimensions.get(dimension, 0) for dimension in Dimension}
    return {
        "book_id": book.pk, "account": line.account_id, "period": period_id, "date": day, "service_date": day,
        "currency": book.currency, "debit": line.debit, "credit": line.credit,
        "functional_debit": line.debit, "functional_credit": line.credit, **about,
        "quantity": 0, "billable_quantity": 0, "unit": "", "source_kind": "", "source_id": None,
    }  # fmt: skip


def _open_period(problems: Problems, actor: Actor, book: Book, day: date) -> int:
    """Return the period that holds `day`; notes a problem when it takes no postings. 0 with a problem."""
    period = Period.objects.filter(book=book, start__lte=day, end__gt=day).first()
    if period is None:
        problems.add("no_such_period", f"{book.name} has no period for {day:%d %B %Y}.", "date")
        return 0
    closed = period.state == PeriodState.LOCKED or (
        period.state == PeriodState.SOFT_CLOSED and not actor.can(Permission.MANAGE_PERIODS)
    )
    problems.check(
        not closed,
        "period_locked",
        f"{period.name} is {period.get_state_display().lower()} for {book.name}. Choose a later date, or ask Finance to"
        f" reopen {period.name}.",
        "date",
    )
    return int(period.pk)


def _write(
    *,
    book_id: int,
    period_id: int,
    day: date,
    kind: str,
    description: str,
    reverses_id: int | None,
    rows: Sequence[Mapping[str, object]],
) -> int:
    entry = JournalEntry.objects.create(
        book_id=book_id,
        period_id=period_id,
        date=day,
        kind=kind[:40],
        description=description[:300],
        reverses_id=reverses_id,
    )
    bulk.copy_rows(
        Posting,
        _POSTING_FIELDS,
        ([entry.pk, *(row[name] for name in _POSTING_FIELDS[1:])] for row in rows),
    )
    return int(entry.pk)


@action("ledger.reverse_entry", needs=Permission.POST_JOURNAL)
def reverse_entry(*, actor: Actor, entry_id: int, on: date, reason: str) -> int:
    """Undo a journal posted by hand with its exact inverse, dated `on`; returns the new entry's id.

    What a document posted is undone through the document (credit the invoice, withdraw the approval).
    Refuses: not_found, reason_missing, has_document, is_reversal, already_reversed, before_original, period_locked,
    no_such_period.
    """
    original = locks.for_update(JournalEntry.objects.visible_to(actor), entry_id)
    book = original.book
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why this entry is reversed.", "reason")
    problems.check(
        original.reverses_id is None,
        "is_reversal",
        "This entry is itself a reversal. Post the journal again.",
    )
    problems.check(
        original.kind == MANUAL or original.reverses_id is not None,
        "has_document",
        "A document made this entry. Undo it there: credit the invoice, or withdraw the approval or payment.",
    )
    problems.check(
        not JournalEntry.objects.filter(reverses_id=original.pk).exists(),
        "already_reversed",
        "This entry was already reversed.",
    )
    problems.check(
        on >= original.date,
        "before_original",
        f"A reversal is not dated before {original.date:%d %B %Y}.",
        "on",
    )
    period_id = _open_period(problems, actor, book, on)
    problems.refuse()
    new_id = _write(
        book_id=book.pk,
        period_id=period_id,
        day=on,
        kind=f"{original.kind}_reversal",
        description=f"Reversal of {original.description}: {reason.strip()}",
        reverses_id=original.pk,
        rows=[_inverse(side, period_id, on) for side in original.postings.order_by("id")],
    )
    record(original, f"Reversed {original.description}: {reason.strip()}")
    return new_id


def _inverse(side: Posting, period_id: int, on: date) -> dict[str, object]:
    about = {dimension.column: getattr(side, dimension.column) for dimension in Dimension}
    return {
        "book_id": side.book_id, "account": side.account_id, "period": period_id, "date": on,
        "service_date": side.service_date, "currency": side.currency, "debit": side.credit, "credit": side.debit,
        "functional_debit": side.functional_credit, "functional_credit": side.functional_debit, **about,
        "quantity": -side.quantity, "billable_quantity": -side.billable_quantity, "unit": side.unit,
        "source_kind": side.source_kind, "source_id": side.source_id,
    }  # fmt: skip


@action("ledger.add_account", needs=Permission.POST_JOURNAL)
def add_account(*, actor: Actor, book_id: int, code: str, name: str, kind: AccountKind) -> int:
    """Add an account to a book's chart; returns its id.

    Refuses: not_found, missing_code, missing_name, account_code_once (the code is taken).
    """
    book = locks.one(Book.objects.visible_to(actor), book_id)
    _check_account(book, code, name, except_id=None)
    account = Account.objects.create(book=book, code=code.strip(), name=name.strip(), kind=kind)
    record(account, f"Added account {account}")
    return int(account.pk)


@action("ledger.rename_account", needs=Permission.POST_JOURNAL)
def rename_account(*, actor: Actor, account_id: int, code: str, name: str) -> None:
    """Give an account another code or name; what was posted to it stays.

    Refuses: not_found, missing_code, missing_name, account_code_once (the code is taken).
    """
    account = locks.for_update(Account.objects.visible_to(actor), account_id)
    was = str(account)
    _check_account(account.book, code, name, except_id=account.pk)
    account.code, account.name = code.strip(), name.strip()
    account.save(update_fields=["code", "name"])
    record(account, f"Renamed account {was} to {account}")


def _check_account(book: Book, code: str, name: str, *, except_id: int | None) -> None:
    problems = Problems()
    problems.check(code.strip(), "missing_code", "Give the account a code, such as 1800.", "code")
    problems.check(len(code.strip()) <= 20, "code_too_long", "A code has at most 20 characters.", "code")
    problems.check(name.strip(), "missing_name", "Give the account a name.", "name")
    problems.check(len(name.strip()) <= 100, "name_too_long", "A name has at most 100 characters.", "name")
    taken = Account.objects.filter(book=book, code=code.strip()).exclude(pk=except_id or 0).first()
    problems.check(
        taken is None,
        "account_code_once",
        f"{code.strip()} is already the code of {taken and taken.name}. Choose another code.",
        "code",
    )
    problems.refuse()


@action("ledger.close_account", needs=Permission.POST_JOURNAL)
def close_account(*, actor: Actor, account_id: int, is_open: bool = False) -> None:
    """Close an account to new postings, or open it again with `is_open`.

    Refuses: not_found, account_in_use (the product posts to it), account_not_empty (its balance is not zero).
    """
    account = locks.for_update(Account.objects.visible_to(actor), account_id)
    problems = Problems()
    if not is_open:
        problems.check(
            not account.role,
            "account_in_use",
            f"Workledger itself posts to {account}, so it stays open. You may rename it.",
        )
        sums = Balance.objects.filter(account_id=account.pk).aggregate(
            balance=Sum("functional_debit") - Sum("functional_credit")
        )
        balance = sums["balance"] or _ZERO
        problems.check(
            not balance,
            "account_not_empty",
            f"{account} has a balance of {money_words(balance, account.book.currency)}. Bring it to zero first.",
        )
    problems.refuse()
    account.is_open = is_open
    account.save(update_fields=["is_open"])
    record(account, f"{'Opened' if is_open else 'Closed'} account {account}")
