"""The steps that the floors below can answer, looked at live. Each asks a handful of queries, whatever it finds.

Read when the apps are ready; packages above register theirs beside them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum

from workledger.billing.models import Invoice, InvoiceState, OpenItem, UnpricedItem
from workledger.close.steps import ClosingPeriod, Finding, Item, Step, StepKind, register_step
from workledger.contracts.models import Contract, ContractState, RevenueMethod
from workledger.core.access import Actor
from workledger.directory.calc.crossing import VIA
from workledger.directory.models import ExchangeRate, Person
from workledger.directory.queries import CapacityTable
from workledger.expenses.models import EDITABLE, Expense, ExpenseState
from workledger.kernel.money import money_words
from workledger.kernel.quantity import hours
from workledger.ledger.models import Balance, Book, PeriodState
from workledger.revenue.actions import not_recognized_yet
from workledger.revenue.models import (
    LossProvision,
    ObligationEstimate,
    PerformanceObligation,
    ProgressRecord,
    ProgressState,
)
from workledger.revenue.queries import modifications_waiting
from workledger.timesheets.models import LineState, TimeEntry

_FIRST = 8
_HALF_A_DAY = 4 * 3600
_MONTH = timedelta(days=31)
_ZERO = Decimal(0)
_BELIEVED = (RevenueMethod.INPUT_HOURS, RevenueMethod.INPUT_COST)


# --- time ------------------------------------------------------------------------------------------------


def missing_seconds(
    book_id: int, period: ClosingPeriod, person_ids: Iterable[int] | None = None
) -> dict[int, int]:
    """Return what each person has not booked of the hours expected of them, in seconds, most first.

    Expected are the hours of their terms in this legal entity, net of holidays and time off, in the days of the
    period before today. Half a day or less is not asked for.
    """
    days = period.past
    if days is None:
        return {}
    table = CapacityTable.load(days, person_ids)
    here = CapacityTable(
        tuple(terms for terms in table.terms if terms.entity_id == book_id), table.places, table.absences
    )
    expected = here.seconds(days)
    booked = dict(
        TimeEntry.objects.filter(person__in=expected, work_date__gte=days.start, work_date__lt=days.end)
        .order_by()
        .values_list("person")
        .annotate(Sum("worked_seconds"))
    )
    missing = {pk: seconds - booked.get(pk, 0) for pk, seconds in expected.items()}
    behind = sorted((-seconds, pk) for pk, seconds in missing.items() if seconds > _HALF_A_DAY)
    return {pk: -seconds for seconds, pk in behind}


def time_missing(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """People who have not booked what is expected of them."""
    found = missing_seconds(book.pk, period)
    if not found:
        return Finding(0, "Everybody booked the hours expected of them.")
    names = dict(Person.objects.filter(pk__in=list(found)[:_FIRST]).values_list("pk", "name"))
    return Finding(
        len(found),
        f"{_hours(sum(found.values()))} are missing of {_people(len(found))}.",
        url_name="time",
        query=_month_of(period),
        items=tuple(Item(names[pk], _hours(found[pk]), "person", (pk,)) for pk in list(found)[:_FIRST]),
    )


def time_open(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Booked time that nobody approved yet."""
    rows = (
        TimeEntry.objects.filter(
            task__project__entity=book.pk, work_date__gte=period.start, work_date__lt=period.end
        )
        .exclude(line__state=LineState.APPROVED)
        .order_by()
        .values_list("line__state")
        .annotate(Sum("worked_seconds"), Count("line", distinct=True))
    )
    by_state = {state: (seconds, count) for state, seconds, count in rows}
    if not by_state:
        return Finding(0, "All booked time is approved.")
    waits = by_state.pop(LineState.SUBMITTED, (0, 0))
    open_seconds = sum(seconds for seconds, _ in by_state.values())
    parts = [f"{_hours(waits[0])} wait for approval"] if waits[0] else []
    parts += [f"{_hours(open_seconds)} are not submitted"] if open_seconds else []
    count = waits[1] + sum(lines for _, lines in by_state.values())
    state = {"state": LineState.SUBMITTED.value} if waits[0] else {"state": LineState.OPEN.value}
    return Finding(count, f"{' and '.join(parts)}.", url_name="time", query={**_month_of(period), **state})


def expenses_open(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Expenses of the period that nobody approved yet."""
    rows = dict(
        Expense.objects.filter(entity=book.pk, work_date__gte=period.start, work_date__lt=period.end)
        .filter(state__in=(*EDITABLE, ExpenseState.SUBMITTED))
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )
    if not rows:
        return Finding(0, "All expenses are approved.")
    waits = rows.pop(ExpenseState.SUBMITTED, 0)
    drafts = sum(rows.values())
    parts = [f"{waits} wait for approval" if waits > 1 else "1 waits for approval"] if waits else []
    parts += [f"{drafts} not submitted"] if drafts else []
    query = {**_month_of(period), "whose": "all"}
    return Finding(waits + drafts, f"Expenses: {', '.join(parts)}.", url_name="expenses", query=query)


# --- billing ---------------------------------------------------------------------------------------------


def unpriced(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Approved work without a price."""
    rows = list(
        UnpricedItem.objects.filter(entity=book.pk, service_date__lt=period.end)
        .order_by()
        .values_list("project__name", "project", "reason")
        .annotate(Count("pk"), Sum("billable_seconds"))
        .order_by("project__name")
    )
    if not rows:
        return Finding(0, "Everything approved has a price.")
    seconds = sum(row[4] or 0 for row in rows)
    return Finding(
        sum(row[3] for row in rows),
        f"{_hours(seconds)} have no rate or no exchange rate; they cannot be billed.",
        url_name="rate_cards",
        items=tuple(
            Item(name, _hours(part or 0), "project", (pk,)) for name, pk, _, _, part in rows[:_FIRST]
        ),
    )


def prebills(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Pre-bills of the period that are not issued."""
    rows = list(
        Invoice.objects.filter(entity=book.pk, state=InvoiceState.DRAFT, service_start__lt=period.end)
        .order_by("client__name", "pk")
        .values_list("pk", "client__name", "contract__name")
    )
    if not rows:
        return Finding(0, "No pre-bill waits.")
    words = "pre-bill is" if len(rows) == 1 else "pre-bills are"
    return Finding(
        len(rows),
        f"{len(rows)} {words} not issued.",
        url_name="prebills",
        items=tuple(Item(client, name, "prebill", (pk,)) for pk, client, name in rows[:_FIRST]),
    )


def unbilled_expenses(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Expenses that clients pay for and that stand on no bill."""
    rows = list(
        OpenItem.objects.filter(entity_id=book.pk, service_date__lt=period.end, item__source_kind="expense")
        .order_by()
        .values_list("currency")
        .annotate(Count("pk"), Sum("amount"))
        .order_by("currency")
    )
    if not rows:
        return Finding(0, "No reimbursable expense is unbilled.")
    amounts = _amounts({currency: amount for currency, _, amount in rows})
    return Finding(
        sum(count for _, count, _ in rows), f"{amounts} of reimbursable expenses are unbilled.", url_name="expenses-unbilled"
    )  # fmt: skip


# --- revenue ---------------------------------------------------------------------------------------------


def progress_waiting(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Statements of progress that nobody decided on."""
    rows = list(
        ProgressRecord.objects.filter(
            obligation__contract__entity=book.pk, state=ProgressState.PROPOSED, on__lt=period.end
        )
        .order_by("on", "pk")
        .values_list("obligation__contract", "obligation__contract__name", "obligation__name")
    )
    if not rows:
        return Finding(0, "No statement of progress waits.")
    return Finding(
        len(rows),
        f"{len(rows)} {'statement of progress waits' if len(rows) == 1 else 'statements of progress wait'} for approval.",
        url_name="revenue",
        items=_of_contracts(rows),
    )


def estimates_old(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Obligations measured by input whose estimate is older than a month at the period's end."""
    latest = ObligationEstimate.objects.filter(obligation=OuterRef("pk"), from_day__lt=period.end)
    rows = list(
        PerformanceObligation.objects.filter(
            contract__entity=book.pk, method__in=_BELIEVED, completed_on=None
        )
        .filter(contract__state=ContractState.ACTIVE, contract__start__lt=period.end)
        .annotate(believed=Subquery(latest.order_by("-from_day").values("from_day")[:1]))
        .filter(Q(believed=None) | Q(believed__lt=period.last_day - _MONTH))
        .order_by("contract__name", "pk")
        .values_list("contract", "contract__name", "name")
    )
    if not rows:
        return Finding(0, "Every estimate is younger than a month.")
    words = "estimate is" if len(rows) == 1 else "estimates are"
    return Finding(
        len(rows), f"{len(rows)} {words} older than a month.", url_name="revenue", items=_of_contracts(rows)
    )


def not_recognized(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Revenue earned through the period that no run posted, and obligations that cannot be measured."""
    found = not_recognized_yet(book.pk, period.last_day)
    count, unmeasured = found.entries + found.provisions, len(found.left_out)
    if not count and not unmeasured:
        return Finding(0, "All that was earned is recognized.")
    parts = []
    if count:
        words = "entry" if count == 1 else "entries"
        parts.append(f"{money_words(found.amount, found.currency)} in {count} {words} to recognize")
    if unmeasured:
        words = "obligation cannot" if unmeasured == 1 else "obligations cannot"
        parts.append(f"{unmeasured} {words} be measured")
    return Finding(
        count + unmeasured,
        f"{'; '.join(parts)}.",
        url_name="revenue",
        query=_run_of(book, period),
        items=_of_contracts((one.contract_id, one.contract, one.message) for one in found.left_out),
    )


def losses(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Contracts that a provision for their loss stands for."""
    latest = (
        LossProvision.objects.filter(contract__entity=book.pk, month__lt=period.end)
        .order_by("contract_id", "-month", "-pk")
        .distinct("contract_id")
        .values_list("contract", "contract__name", "stands")
    )
    rows = [(pk, name, money_words(stands, book.currency), stands) for pk, name, stands in latest if stands]
    if not rows:
        return Finding(0, "No contract makes a loss as estimated.")
    whole = money_words(sum((row[3] for row in rows), _ZERO), book.currency)
    words = "contract makes" if len(rows) == 1 else "contracts make"
    return Finding(
        len(rows), f"{len(rows)} {words} a loss; {whole} is provided for.", url_name="revenue",
        items=_of_contracts([row[:3] for row in rows]),
    )  # fmt: skip


# --- books -----------------------------------------------------------------------------------------------


def rates_missing(_: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Currencies in use without an exchange rate of the period."""
    used = set(
        Balance.objects.filter(book_id=book.pk, period_id=period.id)
        .order_by()
        .values_list("currency", flat=True)
    )
    running = Contract.objects.filter(entity=book.pk, state=ContractState.ACTIVE, start__lt=period.end)
    used |= set(running.order_by().values_list("currency", flat=True).distinct())
    used.discard(book.currency)
    if not used:
        return Finding(0, f"Everything is in {book.currency}.")
    latest = _latest_rates({*used, book.currency, VIA}, period.end)
    behind = {
        currency: day
        for currency in sorted(used)
        if (day := _rate_day(latest, currency, book.currency)) is None or day < period.start
    }
    if not behind:
        return Finding(0, f"Rates of {', '.join(sorted(used))} are there.")
    return Finding(
        len(behind),
        f"No rate of this period for {', '.join(behind)}.",
        url_name="settings-rates",
        items=tuple(
            Item(currency, f"the last is of {day:%d %B %Y}" if day else "none at all")
            for currency, day in behind.items()
        ),
    )


def _latest_rates(currencies: set[str], before: date) -> Mapping[frozenset[str], date]:
    rows = (
        ExchangeRate.objects.filter(base__in=currencies, quote__in=currencies, day__lt=before)
        .order_by()
        .values_list("base", "quote")
        .annotate(Max("day"))
    )
    found: dict[frozenset[str], date] = {}
    for base, quote, day in rows:
        pair = frozenset((base, quote))
        found[pair] = max(day, found.get(pair, day))
    return found


def _rate_day(latest: Mapping[frozenset[str], date], currency: str, home: str) -> date | None:
    """Return the day of the rate that holds: of the pair itself, else the older of both with the euro."""
    known = latest.get(frozenset((currency, home)))
    if known is not None:
        return known
    ours, theirs = latest.get(frozenset((VIA, currency))), latest.get(frozenset((VIA, home)))
    return None if ours is None or theirs is None else min(ours, theirs)


def is_closed_to_others(_: Book, period: ClosingPeriod) -> bool:
    """Tell whether only Finance posts into the period."""
    return period.state != PeriodState.OPEN


# --- words -----------------------------------------------------------------------------------------------


def _hours(seconds: int) -> str:
    return f"{hours(seconds):,.2f} h"


def modifications_open(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Changes of contracts on which finance has not decided what they are by the standard."""
    rows = [
        row
        for row in modifications_waiting(actor, book.pk)
        if row.from_day is None or row.from_day <= period.last_day
    ]
    items = _of_contracts((row.contract_id, row.contract, row.order or "direct change") for row in rows)
    said = "change of a contract waits" if len(rows) == 1 else "changes of contracts wait"
    sentence = f"{len(rows)} {said} for a decision." if rows else "Every change of a contract is decided."
    return Finding(len(rows), sentence, "revenue", items=items)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _amounts(amounts: Mapping[str, Decimal]) -> str:
    return " and ".join(money_words(amount, currency) for currency, amount in sorted(amounts.items()))


def _month_of(period: ClosingPeriod) -> dict[str, str]:
    return {"period": f"{period.last_day:%Y-%m}"}


def _run_of(book: Book, period: ClosingPeriod) -> dict[str, str]:
    asked = {"entity": str(book.pk), "month": f"{period.last_day:%Y-%m}"}
    ends_within = period.end.day != 1
    return {**asked, "through": period.last_day.isoformat()} if ends_within else asked


def _of_contracts(rows: Iterable[tuple[int, str, str]]) -> tuple[Item, ...]:
    """Return the first contracts with what was found of each, joined."""
    by_contract: dict[tuple[int, str], list[str]] = defaultdict(list)
    for pk, name, detail in rows:
        by_contract[pk, name].append(detail)
    some = list(by_contract.items())[:_FIRST]
    return tuple(Item(name, "; ".join(details), "contract", (pk,)) for (pk, name), details in some)


_CHECK, _RUN, _CONFIRM = StepKind.CHECK, StepKind.RUN, StepKind.CONFIRM
for _step in (
    Step("time_missing", "Book missing time", _CHECK, 10, time_missing, help="Hours expected by terms, holidays and time off, less those booked."),
    Step("time_open", "Submit and approve time", _CHECK, 20, time_open),
    Step("expenses_open", "Submit and approve expenses", _CHECK, 30, expenses_open),
    Step("soft_close", "Soft-close the period", _RUN, 35, is_done=is_closed_to_others, help="From now on only Finance posts into it; what others add lands in the next one."),
    Step("unpriced", "Price what has no rate", _CHECK, 40, unpriced),
    Step("prebills", "Review and issue pre-bills", _CHECK, 50, prebills),
    Step("unbilled_expenses", "Look at unbilled expenses", _CHECK, 60, unbilled_expenses, blocks=False),
    Step("rates", "Bring exchange rates", _CHECK, 70, rates_missing),
    Step("progress", "Decide on progress", _CHECK, 80, progress_waiting),
    Step("estimates", "Revise old estimates", _CHECK, 90, estimates_old),
    Step("modifications", "Decide what changed contracts are", _CHECK, 100, modifications_open),
    Step("recognition", "Recognize revenue", _CHECK, 110, not_recognized, url_name="revenue", help="The dry run shows each entry with its reason; posting it empties this step."),
    Step("losses", "Look at loss-making contracts", _CHECK, 120, losses, blocks=False),
    Step("books_tie", "Check that the books tie", _RUN, 160, action="close.check_books", help="Every invariant: sub-ledgers against the ledger, balances against postings."),
    Step("review", "Review the statements", _CONFIRM, 170, url_name="trial_balance", help="Trial balance, revenue, contract positions."),
):  # fmt: skip
    register_step(_step)
