"""Writes of the firm's expense policy: categories, mileage rates, per diems."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.models import LegalEntity
from workledger.expenses.actions.desk import check_country
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.expenses.models import Expense, ExpenseCategory, MileageRate, PerDiemRate

_MOST_RATE = Decimal(10) ** 6
_USUAL: tuple[tuple[str, CategoryKind, bool], ...] = (
    ("Rail and public transport", CategoryKind.RECEIPT, True),
    ("Flights", CategoryKind.RECEIPT, True),
    ("Taxi and rental car", CategoryKind.RECEIPT, True),
    ("Hotel", CategoryKind.RECEIPT, True),
    ("Meals and entertainment", CategoryKind.RECEIPT, True),
    ("Mileage", CategoryKind.MILEAGE, True),
    ("Per diem", CategoryKind.PER_DIEM, True),
    ("Software and licences", CategoryKind.RECEIPT, True),
    ("Training", CategoryKind.RECEIPT, False),
    ("Other", CategoryKind.RECEIPT, False),
)


@dataclass(frozen=True, slots=True)
class CategoryInput:
    """A category as Finance decides it; see `ExpenseCategory`."""

    name: str
    kind: CategoryKind = CategoryKind.RECEIPT
    is_rebillable: bool = True
    receipt_over: Decimal | None = None
    most_per_item: Decimal | None = None
    reclaims_tax: bool = True
    is_open: bool = True


@action("expenses.add_category", needs=Permission.MANAGE_EXPENSES)
def add_category(*, actor: Actor, category: CategoryInput) -> int:
    """Add a category; returns its id. Refuses: missing_name, name_taken, bad_limit, has_no_receipt."""
    row = ExpenseCategory()
    _save_category(row, category)
    return int(row.pk)


@action("expenses.change_category", needs=Permission.MANAGE_EXPENSES)
def change_category(*, actor: Actor, category_id: int, category: CategoryInput) -> None:
    """Change a category for expenses saved from now on.

    Refuses: not_found, kind_in_use, and what `add_category` refuses.
    """
    _save_category(locks.for_update(ExpenseCategory.objects.visible_to(actor), category_id), category)


def _save_category(row: ExpenseCategory, category: CategoryInput) -> None:
    problems = Problems()
    name = category.name.strip()
    problems.check(name and len(name) <= 100, "missing_name", "Give the category a name.", "name")
    problems.check(
        not ExpenseCategory.objects.filter(name=name).exclude(pk=row.pk).exists(),
        "name_taken", f"There is already a category named {name}. Choose another name.", "name",
    )  # fmt: skip
    for value, field, least in (
        (category.receipt_over, "receipt_over", False),
        (category.most_per_item, "most_per_item", True),
    ):
        problems.check(
            value is None or (value.is_finite() and 0 <= value < 10**9 and (value or not least)),
            "bad_limit", "Write an amount, or leave it empty for no limit.", field,
        )  # fmt: skip
    if row.kind != category.kind:
        problems.check(
            not Expense.objects.filter(category_id=row.pk).exists(),
            "kind_in_use", f"{row.name} is in use. Make a new category of the other kind.", "kind",
        )  # fmt: skip
    problems.check(
        category.kind is CategoryKind.RECEIPT or category.receipt_over is None,
        "has_no_receipt",
        f"{category.kind.label} is paid by rate and asks for no receipt. Leave this empty.",
        "receipt_over",
    )
    problems.refuse()
    for field, value in (asdict(category) | {"name": name}).items():
        setattr(row, field, value)
    row.save()
    record(row, f"Saved the category {row.name}")


@action("expenses.add_usual_categories", needs=Permission.MANAGE_EXPENSES)
def add_usual_categories(*, actor: Actor) -> int:
    """Add the categories that most firms use, as a start to be changed; returns how many were not there yet.

    A receipt is asked for always. What is not reclaimed is for the firm's tax adviser to say.
    """
    known = set(ExpenseCategory.objects.values_list("name", flat=True))
    made = ExpenseCategory.objects.bulk_create(
        ExpenseCategory(
            name=name,
            kind=kind,
            is_rebillable=is_rebillable,
            receipt_over=Decimal(0) if kind is CategoryKind.RECEIPT else None,
            reclaims_tax=kind is CategoryKind.RECEIPT,
        )
        for name, kind, is_rebillable in _USUAL
        if name not in known
    )
    record(None, f"Added {len(made)} expense categories")
    return len(made)


@action("expenses.set_mileage_rate", needs=Permission.MANAGE_EXPENSES)
def set_mileage_rate(
    *, actor: Actor, entity_id: int, country: str, unit: DistanceUnit, valid_from: date, rate: Decimal
) -> int:
    """Set what a kilometre or mile is paid from a day on, in the entity's currency; returns the row's id.

    A rate of the same day is replaced; expenses keep the rate they were saved with. Refuses: not_found, bad_country,
    bad_rate.
    """
    entity: LegalEntity = locks.one(LegalEntity.objects.visible_to(actor), entity_id)
    problems = Problems()
    check_country(problems, country)
    _check_rate(problems, rate, "rate")
    problems.refuse()
    row, _ = MileageRate.objects.update_or_create(
        entity=entity, country=country, unit=unit, valid_from=valid_from, defaults={"rate": rate}
    )
    record(row, f"{rate} per {unit} in {country} from {valid_from:%-d %B %Y}")
    return int(row.pk)


@action("expenses.set_per_diem_rate", needs=Permission.MANAGE_EXPENSES)
def set_per_diem_rate(
    *,
    actor: Actor,
    entity_id: int,
    country: str,
    valid_from: date,
    full_day: Decimal,
    partial_day: Decimal,
) -> int:
    """Set what whole days and parts of days in a country are paid from a day on, in the entity's currency.

    Returns the row's id. Per diems of the same day are replaced; expenses keep those they were saved with. Refuses:
    not_found, bad_country, bad_rate.
    """
    entity: LegalEntity = locks.one(LegalEntity.objects.visible_to(actor), entity_id)
    problems = Problems()
    check_country(problems, country)
    _check_rate(problems, full_day, "full_day")
    problems.check(
        partial_day.is_finite() and 0 <= partial_day <= full_day,
        "bad_rate", "A part of a day is paid no more than a whole one.", "partial_day",
    )  # fmt: skip
    problems.refuse()
    row, _ = PerDiemRate.objects.update_or_create(
        entity=entity,
        country=country,
        valid_from=valid_from,
        defaults={"full_day": full_day, "partial_day": partial_day},
    )
    record(row, f"{full_day} / {partial_day} a day in {country} from {valid_from:%-d %B %Y}")
    return int(row.pk)


def _check_rate(problems: Problems, rate: Decimal, field: str) -> None:
    problems.check(
        rate.is_finite() and 0 < rate < _MOST_RATE,
        "bad_rate", "A rate is more than zero, such as 0.30.", field,
    )  # fmt: skip
