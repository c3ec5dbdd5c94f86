"""The close: periods with how far they are, a period's checklist, and its acts."""

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.routes import act, read
from workledger.api.wire import Id, list_of, shown
from workledger.close import actions, queries, steps
from workledger.core.access import Permission

_TAG = "Close"
_NEEDS = (Permission.VIEW_LEDGER, Permission.MANAGE_PERIODS)

shown(steps.Item, "CloseItem", omit=("url_name", "url_args"))
shown(steps.Finding, "CloseFinding", omit=("url_name", "url_args", "query"))
shown(queries.StepRow, "CloseStep", omit=("action", "url_name", "url_query"))
shown(queries.ChangeRow, "PeriodChange")
shown(steps.ClosingPeriod, also=("last_day",))
_LIST = shown(queries.Checklist, "CloseChecklist", also=("done",))
_PERIOD = shown(queries.PeriodProgress, "PeriodClose", also=("last_day",))


@read(
    "/books/{book_id}/closes", list_of(_PERIOD), *_NEEDS, tag=_TAG, name="list_closes", summary="List closes"
)
def list_closes(request: HttpRequest, book_id: Id) -> list[queries.PeriodProgress]:
    """The book's periods that have begun, newest first, with how far their close is."""
    return queries.periods(actor_of(request), book_id, today())


@read(
    "/periods/{period_id}/close", _LIST, *_NEEDS, tag=_TAG, name="get_close", summary="Get a close checklist"
)
def get_close(request: HttpRequest, period_id: Id) -> queries.Checklist:
    """A period's checklist as the books stand now, with its history."""
    return queries.checklist(actor_of(request), period_id, today())


act("POST", "/periods/{period_id}/close/start", actions.start_close, tag=_TAG, gives="count")
act("POST", "/periods/{period_id}/close/lock", actions.lock_period, tag=_TAG, edge={"on": today})
act("POST", "/periods/{period_id}/close/reminders", actions.remind, tag=_TAG, edge={"on": today})
act("POST", "/periods/{period_id}/close/books-check", actions.check_books, tag=_TAG, gives="found")
act("PUT", "/periods/{period_id}/close/steps/{key}", actions.complete_step, tag=_TAG, edge={"on": today})
act("DELETE", "/periods/{period_id}/close/steps/{key}", actions.reopen_step, tag=_TAG)
act("PUT", "/periods/{period_id}/close/steps/{key}/owner", actions.assign_step, tag=_TAG)
