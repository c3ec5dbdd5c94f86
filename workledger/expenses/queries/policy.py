"""Reads of the firm's expense policy."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core import locks
from workledger.core.access import Actor
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.expenses.models import ExpenseCategory, MileageRate, PerDiemRate


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category with its policy; limits are None for none."""

    category_id: int
    name: str
    kind: CategoryKind
    is_rebillable: bool
    receipt_over: Decimal | None
    most_per_item: Decimal | None
    reclaims_tax: bool
    is_open: bool


def categories(actor: Actor) -> tuple[CategoryRow, ...]:
    """Return all categories by name, those in use first."""
    rows = ExpenseCategory.objects.visible_to(actor).order_by("-is_open", "name")
    return tuple(map(_category, rows))


def category(actor: Actor, category_id: int) -> CategoryRow:
    """Return one category. Refuses: not_found."""
    return _category(locks.one(ExpenseCategory.objects.visible_to(actor), category_id))


def _category(row: ExpenseCategory) -> CategoryRow:
    return CategoryRow(
        category_id=row.pk,
        name=row.name,
        kind=CategoryKind(row.kind),
        is_rebillable=row.is_rebillable,
        receipt_over=row.receipt_over,
        most_per_item=row.most_per_item,
        reclaims_tax=row.reclaims_tax,
        is_open=row.is_open,
    )


@dataclass(frozen=True, slots=True)
class MileageRow:
    """What a kilometre or mile is paid from a day on, in the entity's `currency`."""

    entity: str
    country: str
    unit: DistanceUnit
    valid_from: date
    rate: Decimal
    currency: str


def mileage_rates(actor: Actor) -> tuple[MileageRow, ...]:
    """Return all mileage rates, by entity and country, newest first."""
    rows = MileageRate.objects.visible_to(actor).order_by("entity__name", "country", "unit", "-valid_from")
    fields = ("entity__name", "country", "unit", "valid_from", "rate", "entity__book__currency")
    return tuple(
        MileageRow(entity, country, DistanceUnit(unit), day, rate, currency)
        for entity, country, unit, day, rate, currency in rows.values_list(*fields)
    )


@dataclass(frozen=True, slots=True)
class PerDiemRow:
    """What days of travel in a country are paid from a day on, in the entity's `currency`."""

    entity: str
    country: str
    valid_from: date
    full_day: Decimal
    partial_day: Decimal
    currency: str


def per_diem_rates(actor: Actor) -> tuple[PerDiemRow, ...]:
    """Return all per diems, by entity and country, newest first."""
    rows = PerDiemRate.objects.visible_to(actor).order_by("entity__name", "country", "-valid_from")
    fields = ("entity__name", "country", "valid_from", "full_day", "partial_day", "entity__book__currency")
    return tuple(PerDiemRow(*row) for row in rows.values_list(*fields))
