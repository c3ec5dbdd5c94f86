"""Writes of expenses and their receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import LegalEntity
from workledger.directory.queries import TermsTable
from workledger.expenses import files
from workledger.expenses.actions import desk
from workledger.expenses.calc import amounts
from workledger.expenses.calc.amounts import CategoryKind, DatedRate, DistanceUnit
from workledger.expenses.models import Expense, ExpenseCategory, MileageRate, PerDiemRate, Receipt
from workledger.kernel.rounding import minor_units
from workledger.ledger.models import Book
from workledger.projects.models import Project, ProjectState, Task
from workledger.projects.queries import TaskFacts, task_facts

_ZERO = Decimal(0)
_MOST = Decimal(10) ** 9
_MOST_DISTANCE = 10_000
_MOST_DAYS = 92


@dataclass(frozen=True, slots=True)
class ExpenseInput:
    """All of an expense that a person decides.

    A receipt has `amount` (gross), `currency` ('' is the entity's) and the `tax_amount` in it. A drive has `distance`
    in `distance_unit`, travel has `full_days` and `partial_days`, both in `country` ('' is the entity's); their amount
    follows from the rate of the day. `is_billable` None takes the category's default where the work bills.
    """

    category_id: int
    project_id: int
    work_date: date
    task_id: int | None = None
    vendor: str = ""
    description: str = ""
    amount: Decimal | None = None
    currency: str = ""
    tax_amount: Decimal = _ZERO
    is_billable: bool | None = None
    country: str = ""
    distance: Decimal | None = None
    distance_unit: DistanceUnit = DistanceUnit.KILOMETRE
    full_days: int = 0
    partial_days: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptInput:
    """A kept file (`expenses.files.RECEIPTS`) and the name it came with."""

    kept: str
    file_name: str


@dataclass(slots=True)
class _Ground:
    """What an expense stands on."""

    category: ExpenseCategory
    project: Project
    task: TaskFacts | None
    entity_id: int
    country: str
    currency: str

    @property
    def contract_id(self) -> int | None:
        return self.task.contract_id if self.task else self.project.contract_id

    @property
    def contract_line_id(self) -> int | None:
        return self.task.contract_line_id if self.task else None

    @property
    def bills(self) -> bool:
        """Whether the work bills at all."""
        return self.contract_id is not None and (self.task is None or self.task.is_billable)


@action("expenses.add_expense", needs=Permission.TRACK_EXPENSES)
def add_expense(
    *, actor: Actor, person_id: int, expense: ExpenseInput, on: date, receipts: Sequence[ReceiptInput] = ()
) -> int:
    """Add an expense of a person, with its receipts; returns its id. `on` is the day of the act.

    Refuses: not_found, not_your_expenses, future_date, project_closed, task_of_another_project, category_closed,
    amount_missing, bad_amount, too_precise, bad_tax, bad_currency, exchange_rate_missing, bad_distance,
    mileage_rate_missing, bad_days, per_diem_rate_missing, bad_country, nothing_to_bill, and what `attach_receipt` refuses.
    """
    desk.may_write(actor, person_id)
    row = Expense(person_id=person_id)
    _save(actor, row, expense, receipts, on)
    return int(row.pk)


@action("expenses.change_expense", needs=Permission.TRACK_EXPENSES)
def change_expense(
    *, actor: Actor, expense_id: int, expense: ExpenseInput, on: date, receipts: Sequence[ReceiptInput] = ()
) -> None:
    """Change an expense that is not submitted, and attach further receipts to it. `on` is the day of the act.

    Refuses: submitted, approved, reimbursed, other_entity, and what `add_expense` refuses.
    """
    _save(actor, desk.own_expense(actor, expense_id), expense, receipts, on)


def _save(
    actor: Actor, row: Expense, expense: ExpenseInput, receipts: Sequence[ReceiptInput], on: date
) -> None:
    problems = Problems()
    ground = _ground(problems, actor, row.person_id, expense, is_new=row.pk is None)
    problems.check(
        expense.work_date <= on,
        "future_date",
        "This day is yet to come. Enter the expense once it is spent.",
        "work_date",
    )
    values = _MADE_BY[CategoryKind(ground.category.kind)](problems, ground, expense)
    is_billable = (
        ground.category.is_rebillable and ground.bills if expense.is_billable is None else expense.is_billable
    )
    problems.check(
        not is_billable or ground.contract_id is not None,
        "nothing_to_bill",
        f"{ground.project.name} has no contract, so nothing of it can be billed. Leave out 'billable'.",
        "is_billable",
    )
    problems.check(
        row.report_id is None or row.entity_id == ground.entity_id,
        "other_entity",
        "On that day you worked for another legal entity. Take the expense off its report first.",
        "work_date",
    )
    problems.refuse()
    for name, value in (values | _about(ground, expense, is_billable)).items():
        setattr(row, name, value)
    row.save()
    for receipt in receipts:
        attach_receipt(actor=actor, expense_id=row.pk, kept=receipt.kept, file_name=receipt.file_name)
    record(row, f"{row.amount} {row.currency}, {ground.category.name} on {ground.project.name}")


def _about(ground: _Ground, expense: ExpenseInput, is_billable: bool) -> dict[str, Any]:
    return {
        "entity_id": ground.entity_id,
        "category": ground.category,
        "project": ground.project,
        "task_id": expense.task_id,
        "contract_id": ground.contract_id,
        "contract_line_id": ground.contract_line_id,
        "work_date": expense.work_date,
        "vendor": expense.vendor.strip(),
        "description": expense.description.strip(),
        "is_billable": is_billable,
    }


def _ground(
    problems: Problems, actor: Actor, person_id: int, expense: ExpenseInput, *, is_new: bool
) -> _Ground:
    """Look up what an expense stands on, noting what is closed. Raises `NotFound`."""
    category: ExpenseCategory = locks.one(ExpenseCategory.objects.visible_to(actor), expense.category_id)
    project: Project = locks.one(Project.objects.visible_to(actor), expense.project_id)
    problems.check(
        category.is_open or not is_new,
        "category_closed", f"{category.name} is not used any more. Choose another category.", "category_id",
    )  # fmt: skip
    problems.check(
        project.state != ProjectState.CLOSED or not is_new,
        "project_closed",
        f"Project {project.name} is closed and takes no more expenses. Choose another, or ask its manager to reopen it.",
        "project_id",
    )
    task = None
    if expense.task_id is not None:
        locks.one(Task.objects.visible_to(actor), expense.task_id)
        task = task_facts([expense.task_id])[expense.task_id]
        problems.check(
            task.project_id == project.pk,
            "task_of_another_project",
            f"{task.task_name} is a task of {task.project_name}. Choose one of {project.name}, or none.",
            "task_id",
        )
    terms = TermsTable.load([person_id]).on(person_id, expense.work_date)
    entity_id = terms.entity_id if terms else project.entity_id
    country = LegalEntity.objects.values_list("country", flat=True).get(pk=entity_id)
    currency = Book.objects.values_list("currency", flat=True).get(pk=entity_id)
    return _Ground(category, project, task, entity_id, country, currency)


def _by_receipt(problems: Problems, ground: _Ground, expense: ExpenseInput) -> dict[str, Any]:
    currency = expense.currency or ground.currency
    desk.check_currency(problems, currency)
    amount, tax = expense.amount or _ZERO, expense.tax_amount
    if expense.amount is None:
        problems.add("amount_missing", "Say how much it was, tax included.", "amount")
    else:
        problems.check(
            amount.is_finite() and 0 < amount < _MOST,
            "bad_amount", "Write what was paid, more than zero.", "amount",
        )  # fmt: skip
        problems.check(
            tax.is_finite() and 0 <= tax < max(amount, Decimal(1)),
            "bad_tax", "Tax is part of the amount, so less than it. Leave it empty when the receipt shows none.", "tax_amount",
        )  # fmt: skip
    places = minor_units(currency)
    for value, field in ((amount, "amount"), (tax, "tax_amount")):
        problems.check(
            not value.is_finite() or value == round(value, places),
            "too_precise", f"An amount in {currency} has at most {places} decimal places.", field,
        )  # fmt: skip
    rate = desk.rate_of_day(currency, ground.currency, expense.work_date)
    if rate is None:
        problems.add(
            "exchange_rate_missing",
            f"There is no exchange rate from {currency} to {ground.currency} on {_day(expense.work_date)}."
            " Ask Finance to set one, or enter what your bank took.",
            "currency",
        )
    if problems.found:
        return {}
    return _amounts(ground, currency, amount, tax, rate or Decimal(1))


def _by_drive(problems: Problems, ground: _Ground, expense: ExpenseInput) -> dict[str, Any]:
    country = expense.country or ground.country
    distance = expense.distance or _ZERO
    desk.check_country(problems, country)
    problems.check(
        distance.is_finite() and 0 < distance <= _MOST_DISTANCE and distance == round(distance, 2),
        "bad_distance",
        f"Say how far you drove: more than zero, at most {_MOST_DISTANCE:,}, with two decimals at most.",
        "distance",
    )
    rows = MileageRate.objects.filter(
        entity_id=ground.entity_id, country=country, unit=expense.distance_unit
    ).values_list("valid_from", "rate")
    rate = amounts.rate_on(
        map(DatedRate._make, ((day, rate, _ZERO) for day, rate in rows)), expense.work_date
    )
    if rate is None:
        problems.add(
            "mileage_rate_missing",
            f"No rate per {expense.distance_unit.label.lower()} in {country} is set for {_day(expense.work_date)}."
            " Ask Finance to set one under Settings.",
            "distance",
        )
    if problems.found or rate is None:
        return {}
    amount = amounts.mileage(distance, rate.rate, ground.currency)
    return _amounts(ground, ground.currency, amount, _ZERO, Decimal(1)) | {
        "country": country,
        "distance": distance,
        "distance_unit": expense.distance_unit,
        "unit_rate": rate.rate,
    }


def _by_days(problems: Problems, ground: _Ground, expense: ExpenseInput) -> dict[str, Any]:
    country = expense.country or ground.country
    days = expense.full_days + expense.partial_days
    desk.check_country(problems, country)
    problems.check(
        min(expense.full_days, expense.partial_days) >= 0 and 0 < days <= _MOST_DAYS,
        "bad_days",
        f"Say how many days you were away, whole ones and those of coming and going; at most {_MOST_DAYS}.",
        "full_days",
    )
    rows = PerDiemRate.objects.filter(entity_id=ground.entity_id, country=country)
    rate = amounts.rate_on(
        map(DatedRate._make, rows.values_list("valid_from", "full_day", "partial_day")), expense.work_date
    )
    if rate is None:
        problems.add(
            "per_diem_rate_missing",
            f"No per diem for {country} is set for {_day(expense.work_date)}. Ask Finance to set one under Settings.",
            "country",
        )
    if problems.found or rate is None:
        return {}
    amount = amounts.per_diem(expense.full_days, expense.partial_days, rate, ground.currency)
    problems.check(
        amount, "bad_days", "Those days come to nothing. Add a whole day, or ask Finance about the rate.", "full_days"
    )  # fmt: skip
    return _amounts(ground, ground.currency, amount, _ZERO, Decimal(1)) | {
        "country": country,
        "full_days": expense.full_days,
        "partial_days": expense.partial_days,
        "unit_rate": rate.rate,
        "partial_rate": rate.partial,
    }


_MADE_BY = {
    CategoryKind.RECEIPT: _by_receipt,
    CategoryKind.MILEAGE: _by_drive,
    CategoryKind.PER_DIEM: _by_days,
}


def _amounts(ground: _Ground, currency: str, amount: Decimal, tax: Decimal, rate: Decimal) -> dict[str, Any]:
    """Return the amounts of an expense, and nothing of the other kinds."""
    in_books = amounts.booked(
        amount, tax, exchange_rate=rate, currency=ground.currency, reclaims_tax=ground.category.reclaims_tax
    )
    return {
        "currency": currency, "amount": amount, "tax_amount": tax, "exchange_rate": rate,
        "functional_amount": in_books.gross, "input_tax": in_books.input_tax,
        "country": "", "distance": None, "distance_unit": "", "full_days": 0, "partial_days": 0,
        "unit_rate": None, "partial_rate": None,
    }  # fmt: skip


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


@action("expenses.delete_expense", needs=Permission.TRACK_EXPENSES)
def delete_expense(*, actor: Actor, expense_id: int) -> None:
    """Delete an expense that is not submitted, with its receipts.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed.
    """
    expense = desk.own_expense(actor, expense_id)
    record(expense, f"Deleted {expense.amount} {expense.currency} of {_day(expense.work_date)}")
    kept = list(expense.receipts.values_list("file", flat=True))
    expense.delete()
    files.RECEIPTS.forget_after_commit(kept)


@action("expenses.attach_receipt", needs=Permission.TRACK_EXPENSES)
def attach_receipt(*, actor: Actor, expense_id: int, kept: str, file_name: str) -> int:
    """Attach a kept file (`expenses.files.RECEIPTS`) to an expense that is not submitted; returns the receipt's id.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed, file_gone, not_a_receipt,
    receipt_once_per_expense.
    """
    expense = desk.own_expense(actor, expense_id)
    file = files.RECEIPTS.described(kept)
    if Receipt.objects.filter(expense=expense, sha256=file.sha256).exists():
        message = "This file is already attached to the expense."
        raise Refused.because("receipt_once_per_expense", message, "receipt")
    receipt = Receipt.objects.create(
        expense=expense,
        file=file.name,
        file_name=(file_name.strip() or f"receipt.{file.media_type.suffix}")[-200:],
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
    )
    record(expense, f"Attached {receipt.file_name}")
    return int(receipt.pk)


@action("expenses.remove_receipt", needs=Permission.TRACK_EXPENSES)
def remove_receipt(*, actor: Actor, receipt_id: int) -> None:
    """Take a receipt off an expense that is not submitted.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed.
    """
    receipt: Receipt = locks.one(Receipt.objects.visible_to(actor), receipt_id)
    expense = desk.own_expense(actor, receipt.expense_id)
    record(expense, f"Removed {receipt.file_name}")
    receipt.delete()
    files.RECEIPTS.forget_after_commit([receipt.file])
