"""Reads of the ledger: trial balance, account activity, journal, entries, periods, accounts.

Everything here answers for the actor's sight: books by `visible_to`; without the permission to see cost the two
labour accounts, which cancel out in every entry, are left out.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from django.db.models import Q, QuerySet, Sum

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import ActionLog
from workledger.core.refusals import Forbidden, Refused
from workledger.ledger.dimensions import Dimension
from workledger.ledger.drafts import MANUAL
from workledger.ledger.models import (
    Account,
    AccountKind,
    AccountRole,
    Book,
    JournalEntry,
    Period,
    PeriodState,
    Posting,
)
from workledger.ledger.sums import COST_ROLES, BalanceRow, Key, balances

__all__ = [
    "AccountActivity", "AccountLine", "ActivityRow", "BalanceRow", "BookRef", "Cursor", "EntryDetail", "EntryRow",
    "JournalPage", "Key", "PeriodRow", "PostingRow", "SplitLine", "TrialBalance", "TrialLine", "account", "account_activity",
    "accounts", "balances", "books", "default_book", "entry", "journal", "period", "periods", "trial_balance",
]  # fmt: skip

ZERO = Decimal(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BookRef:
    """A book by name."""

    id: int
    name: str
    currency: str


def books(actor: Actor) -> list[BookRef]:
    """Return the books the actor may read, by name."""
    rows = Book.objects.visible_to(actor).order_by("name")
    return [BookRef(*row) for row in rows.values_list("id", "name", "currency")]


def default_book(actor: Actor, book_id: int | None = None) -> BookRef:
    """Return that book, or the first; raises NotFound when the actor may read none."""
    rows = Book.objects.visible_to(actor)
    found = locks.one(rows, book_id) if book_id is not None else rows.order_by("name").first()
    if found is None:
        raise locks.not_found(Book)
    return BookRef(found.pk, found.name, found.currency)


def _accounts(actor: Actor) -> QuerySet[Account]:
    rows = Account.objects.visible_to(actor)
    return rows if actor.can(Permission.VIEW_COST) else rows.exclude(role__in=COST_ROLES)


# --- trial balance ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A part of an account's balance: one value of the dimension it is split by (0: none)."""

    dimension_id: int
    balance: Decimal


@dataclass(frozen=True, slots=True)
class TrialLine:
    """An account with its balance on the side it falls on, in the book's currency; hours as seconds."""

    account_id: int
    code: str
    name: str
    kind: AccountKind
    role: str
    debits: Decimal
    credits: Decimal
    seconds: int
    parts: tuple[SplitLine, ...] = ()

    @property
    def balance(self) -> Decimal:
        """Debits less credits."""
        return self.debits - self.credits

    @property
    def debit(self) -> Decimal:
        """The balance if it is a debit, else 0."""
        return max(self.balance, ZERO)

    @property
    def credit(self) -> Decimal:
        """The balance, as a positive amount, if it is a credit, else 0."""
        return max(-self.balance, ZERO)


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """The accounts of one kind with their sums."""

    kind: AccountKind
    lines: tuple[TrialLine, ...]

    @property
    def debit(self) -> Decimal:
        """Sum of debit balances."""
        return sum((line.debit for line in self.lines), ZERO)

    @property
    def credit(self) -> Decimal:
        """Sum of credit balances."""
        return sum((line.credit for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account's balance at the end of a day; debit and credit are equal."""

    book: BookRef
    as_of: date
    lines: tuple[TrialLine, ...]

    @property
    def debit(self) -> Decimal:
        """Sum of debit balances."""
        return sum((line.debit for line in self.lines), ZERO)

    @property
    def credit(self) -> Decimal:
        """Sum of credit balances."""
        return sum((line.credit for line in self.lines), ZERO)

    @property
    def groups(self) -> tuple[TrialGroup, ...]:
        """The lines by kind, in the order of the statements; kinds without lines are left out."""
        return tuple(
            TrialGroup(kind, lines)
            for kind in AccountKind
            if (lines := tuple(line for line in self.lines if line.kind == kind))
        )


def trial_balance(actor: Actor, book_id: int, as_of: date, *, split: Dimension | None = None) -> TrialBalance:
    """Return the book's balances at the end of `as_of`, in its functional currency.

    Accounts that were never posted to are left out. `split` adds each balance's parts by one dimension.
    Raises NotFound when the book is not there or not visible.
    """
    book = default_book(actor, book_id)
    chart = list(_accounts(actor).filter(book_id=book.id).order_by("code"))
    ids = [account.pk for account in chart]
    end = as_of + _DAY
    sums = {row.key[0]: row for row in balances(actor, by=[Key.ACCOUNT], account_ids=ids, end=end)}
    parts: dict[int, list[SplitLine]] = {}
    if split is not None:
        for row in balances(actor, by=[Key.ACCOUNT, split], account_ids=ids, end=end):
            if row.balance:
                parts.setdefault(row.key[0], []).append(SplitLine(row.key[1], row.balance))
    lines = tuple(
        TrialLine(
            account_id=account.pk,
            code=account.code,
            name=account.name,
            kind=AccountKind(account.kind),
            role=account.role,
            debits=sums[account.pk].debit,
            credits=sums[account.pk].credit,
            seconds=int(sums[account.pk].quantity),
            parts=tuple(parts.get(account.pk, ())),
        )
        for account in chart
        if account.pk in sums
    )
    return TrialBalance(book, as_of, lines)


# --- cursors ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of a newest-first list ends: rows before (date, id) follow."""

    date: date
    id: int

    def __str__(self) -> str:
        return f"{self.date.isoformat()}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a cursor; None for ''. Refuses what is none."""
        if not text:
            return None
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", text)
        try:
            return cls(date.fromisoformat(found[1]), int(found[2])) if found else cls._refuse()
        except ValueError:
            return cls._refuse()

    @classmethod
    def _refuse(cls) -> Self:
        raise Refused.because(
            "bad_cursor", "This is no place in the list. Start again at its first page.", "after"
        )

    @property
    def before(self) -> Q:
        """The filter for the rows that follow."""
        return Q(date__lt=self.date) | Q(date=self.date, id__lt=self.id)


# --- account activity ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account of a chart."""

    id: int
    book_id: int
    code: str
    name: str
    kind: AccountKind
    role: str
    is_open: bool

    @property
    def purpose(self) -> str:
        """What the product posts to it for, or ''."""
        return AccountRole(self.role).label if self.role else ""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A posting of the account. `balance` is the account's (filtered) balance after it, debit less credit."""

    posting_id: int
    entry_id: int
    service_date: date
    date: date
    description: str
    kind: str
    source_kind: str
    source_id: int | None
    currency: str
    own_amount: Decimal
    debit: Decimal
    credit: Decimal
    balance: Decimal
    seconds: int
    dimensions: Mapping[Dimension, int]


@dataclass(frozen=True, slots=True)
class AccountActivity:
    """An account's postings in [start, end), newest first, with what stood before and after."""

    book: BookRef
    account: AccountLine
    opening: Decimal
    debits: Decimal
    credits: Decimal
    rows: tuple[ActivityRow, ...]
    next: Cursor | None

    @property
    def closing(self) -> Decimal:
        """The balance at the end of the range."""
        return self.opening + self.debits - self.credits


def account_activity(
    actor: Actor,
    account_id: int,
    *,
    start: date | None = None,
    end: date | None = None,
    where: Mapping[Dimension, Collection[int]] | None = None,
    after: Cursor | None = None,
    limit: int = 100,
) -> AccountActivity:
    """Return a page of an account's postings dated in the half-open [start, end), newest first.

    Raises NotFound when the account is not there or not visible.
    """
    account = locks.one(_accounts(actor), account_id)
    where = dict(where or {})
    opening = _total(actor, account_id, where, None, start).balance if start else ZERO
    in_range = _total(actor, account_id, where, start, end)
    rows = Posting.objects.filter(account_id=account_id, **_conditions(actor, where))
    if start:
        rows = rows.filter(date__gte=start)
    if end:
        rows = rows.filter(date__lt=end)
    running = opening + in_range.balance
    if after is not None:
        same_day = rows.filter(date=after.date, id__lt=after.id).aggregate(
            debit=Sum("functional_debit"), credit=Sum("functional_credit")
        )
        running = _total(actor, account_id, where, None, after.date).balance
        running += (same_day["debit"] or ZERO) - (same_day["credit"] or ZERO)
        rows = rows.filter(after.before)
    found = list(rows.order_by("-date", "-id").select_related("entry")[: limit + 1])
    shown = []
    for posting in found[:limit]:
        shown.append(_activity_row(posting, running))
        running -= posting.functional_debit - posting.functional_credit
    last = shown[-1] if len(found) > limit else None
    return AccountActivity(
        book=default_book(actor, account.book_id),
        account=_account_line(account),
        opening=opening,
        debits=in_range.debit,
        credits=in_range.credit,
        rows=tuple(shown),
        next=Cursor(last.date, last.posting_id) if last else None,
    )


def _total(
    actor: Actor,
    account_id: int,
    where: Mapping[Dimension, Collection[int]],
    start: date | None,
    end: date | None,
) -> BalanceRow:
    found = balances(actor, by=[], account_ids=[account_id], start=start, end=end, where=where)
    return found[0] if found else BalanceRow((), ZERO, ZERO, ZERO, ZERO)


def _conditions(actor: Actor, where: Mapping[Dimension, Collection[int]]) -> dict[str, Any]:
    """Filters on postings that mean the same as `where` means to `balances`."""
    conditions: dict[str, Any] = {f"{dimension.column}__in": ids for dimension, ids in where.items()}
    personal = {Dimension.PERSON, Dimension.ROLE, Dimension.PRACTICE, Dimension.OFFICE}
    if personal & where.keys():
        conditions["person_id__gt"] = 0
    return conditions


def _activity_row(posting: Posting, balance: Decimal) -> ActivityRow:
    entry = posting.entry
    return ActivityRow(
        posting_id=posting.pk,
        entry_id=entry.pk,
        date=posting.date,
        service_date=posting.service_date,
        description=entry.description,
        kind=entry.kind,
        source_kind=posting.source_kind or entry.source_kind,
        source_id=posting.source_id or entry.source_id,
        currency=posting.currency,
        own_amount=posting.debit - posting.credit,
        debit=posting.functional_debit,
        credit=posting.functional_credit,
        balance=balance,
        seconds=int(posting.quantity) if posting.unit == "s" else 0,
        dimensions=_dimensions(posting),
    )


def _dimensions(posting: Posting) -> dict[Dimension, int]:
    return {dimension: value for dimension in Dimension if (value := getattr(posting, dimension.column))}


def _account_line(account: Account) -> AccountLine:
    return AccountLine(
        account.pk,
        account.book_id,
        account.code,
        account.name,
        AccountKind(account.kind),
        account.role,
        account.is_open,
    )


# --- journal ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list; `amount` is its debits in the book's currency."""

    id: int
    date: date
    kind: str
    description: str
    source_kind: str
    source_id: int | None
    reverses_id: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class JournalPage:
    """A page of entries, newest first."""

    book: BookRef
    rows: tuple[EntryRow, ...]
    next: Cursor | None


def journal(
    actor: Actor,
    book_id: int,
    *,
    start: date | None = None,
    end: date | None = None,
    kind: str = "",
    source_kind: str = "",
    source_id: int | None = None,
    after: Cursor | None = None,
    limit: int = 100,
) -> JournalPage:
    """Return a page of the book's entries dated in the half-open [start, end), newest first.

    Raises NotFound when the book is not there or not visible.
    """
    book = default_book(actor, book_id)
    rows = JournalEntry.objects.visible_to(actor).filter(book_id=book.id)
    conditions: dict[str, Any] = {
        "date__gte": start,
        "date__lt": end,
        "kind": kind or None,
        "source_kind": source_kind or None,
        "source_id": source_id,
    }
    rows = rows.filter(**{name: value for name, value in conditions.items() if value is not None})
    if after is not None:
        rows = rows.filter(after.before)
    found = list(rows.order_by("-date", "-id")[: limit + 1])
    shown = found[:limit]
    amounts = _amounts(actor, [row.pk for row in shown])
    last = shown[-1] if len(found) > limit else None
    return JournalPage(
        book=book,
        rows=tuple(_entry_row(row, amounts.get(row.pk, ZERO)) for row in shown),
        next=Cursor(last.date, last.pk) if last else None,
    )


def _entry_row(row: JournalEntry, amount: Decimal) -> EntryRow:
    return EntryRow(
        row.pk, row.date, row.kind, row.description, row.source_kind, row.source_id, row.reverses_id, amount
    )


def _amounts(actor: Actor, entry_ids: list[int]) -> dict[int, Decimal]:
    """Return the debits of entries, without accounts the actor does not see."""
    rows = Posting.objects.filter(entry_id__in=entry_ids)
    if not actor.can(Permission.VIEW_COST):
        rows = rows.exclude(account__role__in=COST_ROLES)
    sums = rows.values_list("entry_id").annotate(Sum("functional_debit"))
    return dict(sums)


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One side of an entry as a page shows it."""

    id: int
    account_id: int
    account_code: str
    account_name: str
    service_date: date
    currency: str
    own_debit: Decimal
    own_credit: Decimal
    debit: Decimal
    credit: Decimal
    seconds: int
    source_kind: str
    source_id: int | None
    dimensions: Mapping[Dimension, int]


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """An entry with its postings, what it reverses, what reversed it, and the act that made it."""

    entry: EntryRow
    book: BookRef
    period_id: int
    period_name: str
    period_state: PeriodState
    postings: tuple[PostingRow, ...]
    posting_count: int
    reverses: EntryRow | None
    reversed_by: tuple[EntryRow, ...]
    act_id: int | None
    act: str
    act_summary: str
    act_by: str
    act_at: datetime | None
    act_reason: str

    @property
    def debit(self) -> Decimal:
        """Debits of the whole entry in the book's currency."""
        return self.entry.amount

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of its shown postings."""
        return tuple(sorted({posting.currency for posting in self.postings}))

    @property
    def has_document(self) -> bool:
        """Whether a document made it; such an entry is undone through the document."""
        return bool(self.entry.source_kind) or self.entry.kind != MANUAL

    @property
    def can_be_reversed(self) -> bool:
        """Whether `reverse_entry` would take it."""
        return not self.has_document and not self.reversed_by and self.entry.reverses_id is None


def entry(actor: Actor, entry_id: int, *, limit: int = 500) -> EntryDetail:
    """Return an entry with at most `limit` postings; raises NotFound."""
    row = locks.one(JournalEntry.objects.visible_to(actor).select_related("period"), entry_id)
    sides = Posting.objects.filter(entry_id=row.pk)
    if not actor.can(Permission.VIEW_COST):
        sides = sides.exclude(account__role__in=COST_ROLES)
    related = list(JournalEntry.objects.filter(Q(reverses_id=row.pk) | Q(pk=row.reverses_id)).order_by("pk"))
    amounts = _amounts(actor, [row.pk, *(other.pk for other in related)])
    rows = {other.pk: _entry_row(other, amounts.get(other.pk, ZERO)) for other in related}
    act = ActionLog.objects.filter(pk=row.made_by_action).first() if row.made_by_action else None
    return EntryDetail(
        entry=_entry_row(row, amounts.get(row.pk, ZERO)),
        book=default_book(actor, row.book_id),
        period_id=row.period_id,
        period_name=row.period.name,
        period_state=PeriodState(row.period.state),
        postings=tuple(_posting_row(side) for side in sides.order_by("id").select_related("account")[:limit]),
        posting_count=sides.count(),
        reverses=rows.get(row.reverses_id) if row.reverses_id else None,
        reversed_by=tuple(rows[other.pk] for other in related if other.reverses_id == row.pk),
        act_id=act.pk if act else None,
        act=act.action if act else "",
        act_summary=act.summary if act else "",
        act_by=act.actor_name if act else "",
        act_at=act.at if act else None,
        act_reason=act.reason if act else "",
    )


def _posting_row(side: Posting) -> PostingRow:
    return PostingRow(
        id=side.pk,
        account_id=side.account_id,
        account_code=side.account.code,
        account_name=side.account.name,
        service_date=side.service_date,
        currency=side.currency,
        own_debit=side.debit,
        own_credit=side.credit,
        debit=side.functional_debit,
        credit=side.functional_credit,
        seconds=int(side.quantity) if side.unit == "s" else 0,
        source_kind=side.source_kind,
        source_id=side.source_id,
        dimensions=_dimensions(side),
    )


# --- periods and accounts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period with its state and what may happen to it. `end` is the day after its last."""

    id: int
    name: str
    start: date
    end: date
    state: PeriodState
    fiscal_year: int
    number: int
    changed_by: str
    reason: str
    may_lock: bool
    may_unlock: bool

    @property
    def last_day(self) -> date:
        """The last day that lies in it."""
        return self.end - _DAY


def periods(actor: Actor, book_id: int) -> list[PeriodRow]:
    """Return the book's periods, newest first. Periods are locked in order and reopened from the latest."""
    if not (actor.can(Permission.VIEW_LEDGER) or actor.can(Permission.MANAGE_PERIODS)):
        raise Forbidden.because("forbidden", "You may not see periods. Ask Finance.")
    rows = list(
        Period.objects.visible_to(actor)
        .filter(book_id=book_id)
        .select_related("state_changed_by")
        .order_by("start")
    )
    locked = [row.start for row in rows if row.state == PeriodState.LOCKED]
    unlocked = [row.start for row in rows if row.state != PeriodState.LOCKED]
    first_unlocked = min(unlocked, default=None)
    last_locked = max(locked, default=None)
    return [
        PeriodRow(
            id=row.pk,
            name=row.name,
            start=row.start,
            end=row.end,
            state=PeriodState(row.state),
            fiscal_year=row.fiscal_year,
            number=row.number,
            changed_by=str(row.state_changed_by) if row.state_changed_by else "",
            reason=row.state_reason,
            may_lock=row.start == first_unlocked,
            may_unlock=row.start == last_locked,
        )
        for row in reversed(rows)
    ]


def period(actor: Actor, period_id: int) -> PeriodRow:
    """Return one period; raises NotFound."""
    found = locks.one(Period.objects.visible_to(actor), period_id)
    return next(row for row in periods(actor, found.book_id) if row.id == period_id)


def account(actor: Actor, account_id: int) -> AccountLine:
    """Return one account; raises NotFound."""
    return _account_line(locks.one(_accounts(actor), account_id))


def accounts(actor: Actor, book_id: int) -> list[AccountLine]:
    """Return the book's chart of accounts by code."""
    return [_account_line(row) for row in _accounts(actor).filter(book_id=book_id).order_by("code")]
