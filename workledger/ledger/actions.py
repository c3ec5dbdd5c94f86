"""Writes of the ledger: open a book, post entries, reverse, move periods between states."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from workledger.core import bulk, locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems, Refused
from workledger.kernel.period import Period as Days
from workledger.kernel.period import months, next_month
from workledger.ledger.chart import STANDARD_CHART
from workledger.ledger.drafts import EntryDraft
from workledger.ledger.models import Account, Book, JournalEntry, Period, PeriodState, Posting

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
    _open_months(book, months(first_day, next_month(through)))
    record(book, f"Opened the books of {book.name} in {currency}")
    return int(book.pk)


def _open_months(book: Book, spans: Iterable[Days]) -> None:
    Period.objects.bulk_create(
        Period(book=book, name=f"{span.start:%B %Y}", start=span.start, end=span.end) for span in spans
    )


@action("ledger.extend_periods", needs=None)
def extend_periods(*, actor: Actor, book_id: int, first: date, last: date) -> int:
    """Open monthly periods so that the book's periods reach over [first, last] without a gap.

    Runs with whatever act needs the date, so it asks no permission of its own. Returns how many it opened.
    """
    book = locks.for_update(Book.objects.all(), book_id)
    spans = list(Period.objects.filter(book=book).order_by("start").values_list("start", "end"))
    if not spans:
        wanted = list(months(first, next_month(last)))
    else:
        wanted = [*months(first, spans[0][0]), *months(spans[-1][1], next_month(last))]
    _open_months(book, wanted)
    if wanted:
        record(book, f"Opened {len(wanted)} periods of {book.name}")
    return len(wanted)


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
            entry_id, entry.book_id, accounts[account], period_id, day, service_date or day, entry.currency,
            debit, credit,
            debit if functional is None else functional if debit else _ZERO,
            credit if functional is None else functional if credit else _ZERO,
            client_id, contract_id, contract_line_id, project_id, task_id, person_id, role_id,
            practice_id, office_id, quantity, billable_quantity, unit, source_kind, source_id,
        )  # fmt: skip


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
    period.state = state
    period.state_changed_by_id = actor.user_id
    period.state_reason = reason.strip()
    period.save(update_fields=["state", "state_changed_by", "state_reason"])
    record(period, f"{period.name} is {period.get_state_display().lower()}")
