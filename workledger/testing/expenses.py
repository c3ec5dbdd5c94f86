"""Builders of expenses for tests: categories, expenses, submitted and approved reports, receipts."""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.core.door import Options
from workledger.expenses import actions, files
from workledger.expenses.actions import CategoryInput, ExpenseInput
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.expenses.models import ExpenseCategory
from workledger.projects.models import Project
from workledger.testing.world import TODAY, Somebody, World

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 16
PDF = b"%PDF-1.7\n%receipt"
DAY = date(2026, 3, 10)


def category(world: World, name: str = "Hotel", **options: Any) -> ExpenseCategory:
    """Have Fay make a category, unless there is one of that name."""
    found = ExpenseCategory.objects.filter(name=name).first()
    if found is None:
        pk = actions.add_category(actor=world.fay.actor, category=CategoryInput(name, **options))
        found = ExpenseCategory.objects.get(pk=pk)
    return found


def spent(
    world: World,
    amount: str = "119.00",
    *,
    who: Somebody | None = None,
    project: Project | None = None,
    on: date = DAY,
    **options: Any,
) -> int:
    """Have somebody (Carl) enter an expense on Atlas; returns its id."""
    somebody = who or world.carl
    options.setdefault("category_id", category(world).pk)
    if "tax" in options:
        options["tax_amount"] = Decimal(options.pop("tax"))
    return actions.add_expense(
        actor=somebody.actor,
        person_id=somebody.person_id,
        expense=ExpenseInput(
            project_id=(project or world.atlas).pk, work_date=on, amount=Decimal(amount), **options
        ),
        on=TODAY,
    )


def attach(who: Somebody, expense_id: int, content: bytes = PNG, name: str = "receipt.png") -> int:
    """Attach a receipt; returns its id."""
    with files.RECEIPTS.kept(io.BytesIO(content)) as kept:
        return actions.attach_receipt(actor=who.actor, expense_id=expense_id, kept=kept, file_name=name)


def submitted(
    world: World, expense_ids: Sequence[int], *, who: Somebody | None = None, name: str = "March"
) -> int:
    """Have somebody (Carl) put expenses on a report and submit it, receipts or not; returns its id."""
    somebody = who or world.carl
    report_id = actions.create_report(
        actor=somebody.actor, person_id=somebody.person_id, name=name, expense_ids=list(expense_ids)
    )
    confirmed = Options(confirmed=frozenset({"receipt_missing"}))
    actions.submit_report.using(confirmed)(actor=somebody.actor, report_id=report_id)
    return report_id


def approved(world: World, expense_ids: Sequence[int], *, who: Somebody | None = None) -> int:
    """Have a report submitted and Fay approve it; returns its id."""
    report_id = submitted(world, expense_ids, who=who)
    actions.approve_reports(actor=world.fay.actor, report_ids=[report_id])
    return report_id


def driving(world: World, rate: str = "0.30") -> ExpenseCategory:
    """Have Fay make a category of drives and set a rate per kilometre in Germany."""
    actions.set_mileage_rate(
        actor=world.fay.actor, entity_id=world.entity_id, country="DE", unit=DistanceUnit.KILOMETRE,
        valid_from=date(2026, 1, 1), rate=Decimal(rate),
    )  # fmt: skip
    return category(world, "Mileage", kind=CategoryKind.MILEAGE)
