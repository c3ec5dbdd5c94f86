"""What several writes of expenses need: whose they are, that they may still change, decisions on reports."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden, Problems, Refused
from workledger.directory.calc import shapes
from workledger.directory.models import Person
from workledger.directory.queries import exchange_rate
from workledger.expenses.calc.content import content_hash
from workledger.expenses.content import contents_of
from workledger.expenses.models import EDITABLE, Expense, ExpenseReport, ExpenseState, ReportDecision
from workledger.expenses.queries.locks import why_locked
from workledger.kernel.rounding import half_up

_RATE_PLACES = 8


def may_write(actor: Actor, person_id: int) -> None:
    """Refuse unless the expenses are the actor's own, or the actor manages everybody's.

    Refuses: not_your_expenses, not_found.
    """
    if person_id == actor.person_id:
        return
    if not actor.can(Permission.MANAGE_EXPENSES):
        raise Forbidden.because(
            "not_your_expenses",
            "You may change only your own expenses. Ask their owner, or Finance, to change these.",
        )
    locks.one(Person.objects.visible_to(actor), person_id)


def own_expense(actor: Actor, expense_id: int) -> Expense:
    """Lock and return an expense that this actor may change. Refuses: not_found, not_your_expenses, what is locked."""
    expense = locks.for_update(Expense.objects.visible_to(actor), expense_id)
    may_write(actor, expense.person_id)
    check_editable(expense.state)
    return expense


def own_report(actor: Actor, report_id: int) -> ExpenseReport:
    """Lock and return a report of this actor's. Refuses: not_found, not_your_expenses."""
    report = locks.for_update(ExpenseReport.objects.visible_to(actor), report_id)
    may_write(actor, report.person_id)
    return report


def check_editable(state: str) -> None:
    """Refuse to change what is submitted, approved or paid out."""
    if state not in EDITABLE:
        raise Refused.because(state, why_locked(state))


def check_currency(problems: Problems, code: str, field: str = "currency") -> None:
    """Note a currency that is none."""
    if sentence := shapes.currency(code or "-"):
        problems.add("bad_currency", sentence, field)


def check_country(problems: Problems, code: str, field: str = "country") -> None:
    """Note a country that is none."""
    if sentence := shapes.country(code or "-"):
        problems.add("bad_country", sentence, field)


def decide(
    actor: Actor, reports: Sequence[ExpenseReport], decision: str, state: ExpenseState, reason: str = ""
) -> None:
    """Write one decision per report, bound to its content, and bring reports and expenses to `state`."""
    ids = [report.pk for report in reports]
    contents = contents_of(ids)
    rows = ((pk, decision, actor.user_id, reason, content_hash(contents.get(pk, ()))) for pk in ids)
    bulk.copy_rows(ReportDecision, ("report", "decision", "user", "reason", "content_hash"), rows)
    ExpenseReport.objects.filter(pk__in=ids).update(state=state)
    Expense.objects.filter(report_id__in=ids).update(state=state)


def rate_of_day(base: str, quote: str, day: date) -> Decimal | None:
    """Return the exchange rate of a day as it is kept, at eight decimals, so that amounts can be reckoned again from it."""
    rate = exchange_rate(base, quote, day)
    return None if rate is None else half_up(rate, _RATE_PLACES)
