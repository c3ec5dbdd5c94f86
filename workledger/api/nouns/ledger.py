"""The books: trial balance, journal, entries, account activity, accounts, periods, and the invariants."""

from datetime import date

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, seal, unseal
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.ledger import actions, checks, laying, queries
from workledger.ledger.dimensions import Dimension

_TAG = "Ledger"
_VIEW = Permission.VIEW_LEDGER

_BOOK = shown(queries.BookRef, "Book")
shown(queries.SplitLine)
shown(queries.TrialLine, also=("debit", "credit"))
_TRIAL = shown(queries.TrialBalance, also=("debit", "credit"))
_ACCOUNT = shown(queries.AccountLine, "Account")
_ENTRY = shown(queries.EntryRow, "JournalEntry")
shown(queries.PostingRow, "Posting")
_DETAIL = shown(queries.EntryDetail, "JournalEntryWithPostings", also=("can_be_reversed",))
shown(queries.ActivityRow, "AccountPosting")
_ACTIVITY = shown(queries.AccountActivity, also=("closing",), omit=("next", "rows"))
_PERIOD = shown(queries.PeriodRow, "Period", also=("last_day",))
_POSTINGS = shown(queries.ActivityRow)
_CHECK = shown(checks.CheckResult, also=("line",))


@read("/books", list_of(_BOOK), _VIEW, tag=_TAG, name="list_books", summary="List books")
def list_books(request: HttpRequest) -> list[queries.BookRef]:
    """The books of the legal entities, by name."""
    return queries.books(actor_of(request))


@read(
    "/books/{book_id}/trial-balance",
    _TRIAL,
    _VIEW,
    tag=_TAG,
    name="get_trial_balance",
    summary="Get the trial balance",
)
def get_trial_balance(
    request: HttpRequest, book_id: Id, as_of: Day | None = None, split: Dimension | None = None
) -> queries.TrialBalance:
    """Every account's balance at the end of a day, in the book's currency; `split` adds its parts by a dimension."""
    return queries.trial_balance(actor_of(request), book_id, as_of or today(), split=split)


@read(
    "/books/{book_id}/journal",
    page_of(_ENTRY),
    _VIEW,
    tag=_TAG,
    name="list_journal",
    summary="List journal entries",
)
def list_journal(
    request: HttpRequest,
    book_id: Id,
    start: Day | None = None,
    end: Day | None = None,
    kind: Words = "",
    source_kind: Words = "",
    source_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.EntryRow]:
    """Journal entries dated in the half-open [start, end), newest first."""
    page = queries.journal(
        actor_of(request),
        book_id,
        start=start,
        end=end,
        kind=kind,
        source_kind=source_kind,
        source_id=source_id,
        after=_place(cursor),
        limit=limit,
    )
    return Cut(page.rows, _sealed(page.next))


def _place(cursor: str) -> queries.Cursor | None:
    return queries.Cursor(*unseal(cursor, date, int)) if cursor else None


def _sealed(place: queries.Cursor | None) -> str | None:
    return seal(place.date, place.id) if place else None


@read(
    "/journal-entries/{entry_id}",
    _DETAIL,
    _VIEW,
    tag=_TAG,
    name="get_journal_entry",
    summary="Get a journal entry",
)
def get_entry(request: HttpRequest, entry_id: Id) -> queries.EntryDetail:
    """An entry with at most 500 of its postings, what it reverses, and the act that made it."""
    return queries.entry(actor_of(request), entry_id)


@read(
    "/books/{book_id}/accounts",
    list_of(_ACCOUNT),
    _VIEW,
    tag=_TAG,
    name="list_accounts",
    summary="List accounts",
)
def list_accounts(request: HttpRequest, book_id: Id) -> list[queries.AccountLine]:
    """The book's chart of accounts, by code."""
    actor = actor_of(request)
    return queries.accounts(actor, queries.default_book(actor, book_id).id)


@read("/accounts/{account_id}", _ACTIVITY, _VIEW, tag=_TAG, name="get_account", summary="Get an account")
def get_account(
    request: HttpRequest, account_id: Id, start: Day | None = None, end: Day | None = None
) -> queries.AccountActivity:
    """An account with its balance before and after the half-open [start, end)."""
    return queries.account_activity(actor_of(request), account_id, start=start, end=end, limit=1)


@read(
    "/accounts/{account_id}/postings", page_of(_POSTINGS), _VIEW,
    tag=_TAG, name="list_account_postings", summary="List an account's postings",
)  # fmt: skip
def list_postings(
    request: HttpRequest,
    account_id: Id,
    start: Day | None = None,
    end: Day | None = None,
    client_id: Id | None = None,
    project_id: Id | None = None,
    person_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ActivityRow]:
    """An account's postings dated in the half-open [start, end), newest first, each with the balance after it."""
    given = {Dimension.CLIENT: client_id, Dimension.PROJECT: project_id, Dimension.PERSON: person_id}
    page = queries.account_activity(
        actor_of(request),
        account_id,
        start=start,
        end=end,
        where={dimension: [pk] for dimension, pk in given.items() if pk is not None},
        after=_place(cursor),
        limit=limit,
    )
    return Cut(page.rows, _sealed(page.next))


@read("/books/{book_id}/periods", list_of(_PERIOD), _VIEW, Permission.MANAGE_PERIODS, tag=_TAG, name="list_periods",
      summary="List periods")  # fmt: skip
def list_periods(request: HttpRequest, book_id: Id) -> list[queries.PeriodRow]:
    """The book's periods, newest first."""
    return queries.periods(actor_of(request), book_id)


act("POST", "/periods/{period_id}/state", actions.set_period_state, tag=_TAG)
act("PUT", "/books/{book_id}/period-pattern", laying.set_period_pattern, tag=_TAG, gives="count")
act("POST", "/books/{book_id}/periods", laying.add_periods, tag=_TAG, gives="count")
act("POST", "/journal-entries", actions.post_manual_journal, tag=_TAG, gives="id")
act(
    "POST",
    "/journal-entries/{entry_id}/reverse",
    actions.reverse_entry,
    tag=_TAG,
    edge={"on": today},
    gives="id",
)
act("POST", "/books/{book_id}/accounts", actions.add_account, tag=_TAG, gives="id")
act("PUT", "/accounts/{account_id}", actions.rename_account, tag=_TAG)
act("POST", "/accounts/{account_id}/close", actions.close_account, tag=_TAG)


@read("/checks", list_of(_CHECK), _VIEW, tag=_TAG, name="run_checks", summary="Check every invariant")
def run_checks(request: HttpRequest) -> list[checks.CheckResult]:
    """Every invariant of the books with both sides of its sum, over the whole firm."""
    actor = actor_of(request)
    if actor.entity_ids is not None or actor.client_ids is not None:
        return []
    return checks.run_checks()
