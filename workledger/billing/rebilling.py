"""Expenses that the client pays back: billable items at cost plus the contract line's markup."""

from collections.abc import Sequence
from decimal import Decimal

from workledger.billing import moving
from workledger.billing.actions import items
from workledger.billing.books import Books
from workledger.billing.models import BillableItem, Treatment
from workledger.billing.settling import Line, lines
from workledger.billing.writing import Derivations, NewItem, Work, write_items
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.expenses.events import ApprovedExpense, ExpensesApproved, ExpensesWithdrawn
from workledger.expenses.handover import approved_expenses
from workledger.expenses.models import Expense
from workledger.kernel.allocation import allocate
from workledger.kernel.rounding import round_amount

_ONE = Decimal(1)


def on_expenses_approved(event: ExpensesApproved) -> None:
    """Make billable items of approved expenses, in the transaction of the approval.

    Refuses: exchange_rate_missing.
    """
    billable = [each for each in event.expenses if each.is_billable and each.contract_line_id]
    known = lines({each.contract_line_id for each in billable})
    books, derivations = Books(), Derivations()
    made = [
        _item(each, known[each.contract_line_id], books, derivations, event.actor.user_id)
        for each in billable
        if known[each.contract_line_id].document.expenses.is_charged
    ]
    derivations.save()
    write_items(event.actor, made)


def transfer(actor: Actor, moves: Sequence[tuple[BillableItem, Work, list[int]]]) -> None:
    """Bill expenses on another line, at cost plus that line's markup: of a part of one its share of the cost.

    The shares are the part's own and that of the other parts. Refuses: exchange_rate_missing, expenses_not_charged.
    """
    if not moves:
        return
    ids = [item.source_id for item, _, _ in moves]
    reports = set(Expense.objects.filter(pk__in=ids).values_list("report_id", flat=True))
    expenses = {each.expense_id: each for each in approved_expenses([pk for pk in reports if pk])}
    known = lines({work.contract_line_id for _, work, _ in moves if work.contract_line_id})
    books, derivations, made = Books(), Derivations(), []
    for item, work, weights in moves:
        line = known[work.contract_line_id or 0]
        if not line.document.expenses.is_charged:
            message = "That contract line does not charge expenses. Choose one that does."
            raise Refused.because("expenses_not_charged", message, "contract_line_id")
        priced = _item(expenses[item.source_id], line, books, derivations, item.approved_by_id, weights)
        made.append(priced._replace(work=work, part=item.part, description=item.description))
    derivations.save()
    write_items(actor, made)


def _item(
    expense: ApprovedExpense,
    line: Line,
    books: Books,
    derivations: Derivations,
    approver: int | None,
    weights: Sequence[int] = (1,),
) -> NewItem:
    book = books.rate(line.contract_id, expense.work_date)
    if book is None:
        message = f"There is no exchange rate from {line.currency} on {expense.work_date}. Add one first."
        raise Refused.because("exchange_rate_missing", message)
    same = expense.currency == line.currency
    cost = expense.net if same else round_amount(expense.functional_net / book.rate, line.currency)
    cost = allocate(cost, weights, line.currency)[0]
    markup = line.document.expenses.markup_percent
    amount = round_amount(cost * (100 + markup) / 100, line.currency)
    said = f"Cost {cost:,.2f} {line.currency}"
    if not same:
        said = f"{expense.net:,.2f} {expense.currency} are {said.lower()} on that day"
    if markup:
        said = f"{said}, plus {markup.normalize():f} %"
    work = Work(
        "expense", expense.expense_id, expense.entity_id, expense.client_id, line.contract_id, line.id,
        expense.project_id, expense.task_id or None, expense.person_id, expense.role_id or None, expense.practice_id,
        expense.office_id, expense.work_date, 0, 0, approver,
    )  # fmt: skip
    words = expense.description or expense.vendor
    return NewItem(
        work=work,
        seconds=0,
        treatment=Treatment.CHARGED,
        currency=line.currency,
        rate=amount,
        amount=amount,
        recognized=amount,  # what the client pays back is earned as it is spent, however the line's work is
        derivation_id=derivations.id_of({"sentence": said}),
        book=book,
        quantity=_ONE,
        unit="pc",
        description=f"{expense.category}: {words}" if words else expense.category,
    )


def on_expenses_withdrawn(event: ExpensesWithdrawn) -> None:
    """Take items of withdrawn expenses out of WIP; refuses when one is on a pre-bill or invoice."""
    rows = list(
        BillableItem.objects.filter(
            source_kind="expense", source_id__in=event.expense_ids, is_void=False
        ).select_for_update()
    )
    items.refuse_billed([row.pk for row in rows], "These expenses are")
    items.void(event.actor, rows)
    moving.withdraw(event.actor, "expense", event.expense_ids)
