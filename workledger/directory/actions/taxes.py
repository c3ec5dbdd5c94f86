"""Tax codes of a legal entity and their dated percentages."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.db import models

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.actions.checks import check_name, check_shape
from workledger.directory.calc import shapes, vatex
from workledger.directory.calc.tax_seeds import TaxSeed, tax_seeds
from workledger.directory.models import LegalEntity, TaxCode, TaxRate, TaxTreatment

_MOST_PERCENT = 100
_PLACES = 3
_LENGTHS = {"name": 60, "label": 40, "exemption_reason": 150, "locality": 100}


@dataclass(frozen=True, slots=True)
class TaxCodeDetails:
    """A tax code but for its category and rates. `label` and `exemption_reason` are printed on invoices, `vatex_code` stands in e-invoices.

    The default code is what the legal entity charges where neither contract line nor client says otherwise. One with a
    `subdivision`, such as NY, and perhaps a city as `locality` goes before it for clients of the same country who are there.
    """

    name: str
    label: str = ""
    exemption_reason: str = ""
    vatex_code: str = ""
    is_default: bool = False
    subdivision: str = ""
    locality: str = ""


@action("directory.add_tax_code", needs=Permission.MANAGE_SETTINGS)
def add_tax_code(
    *,
    actor: Actor,
    entity_id: int,
    category: TaxTreatment,
    code: TaxCodeDetails,
    percentage: Decimal | None = None,
    start: date | None = None,
) -> int:
    """Add a tax code to a legal entity; returns its id. One of category S charges `percentage` from `start` on.

    Refuses: not_found, missing_name, name_taken, too_long, reason_missing, rate_missing, start_missing, bad_tax_rate,
    tax_not_charged, default_charges, bad_vatex_code, bad_subdivision,
    locality_alone, place_taken.
    """
    entity = locks.for_update(LegalEntity.objects.visible_to(actor), entity_id)
    details, charges = _tidy(code), category == TaxTreatment.STANDARD
    problems = Problems()
    _check(problems, TaxCode.objects.filter(entity=entity), TaxTreatment(category), details)
    if charges:
        problems.check(
            percentage is not None, "rate_missing", "Say what is charged, such as 19.", "percentage"
        )
        problems.check(start is not None, "start_missing", "Say from which day on it is charged.", "start")
    problems.check(
        charges or not percentage,
        "tax_not_charged", f"With '{TaxTreatment(category).label}' no tax is charged. Leave the rate empty.", "percentage",
    )  # fmt: skip
    if percentage is not None:
        _check_percentage(problems, percentage)
    problems.refuse()
    _make_room(entity.pk, details)
    made = TaxCode.objects.create(entity=entity, category=category, **asdict(details))
    if charges and percentage is not None and start is not None:
        TaxRate.objects.create(code=made, percentage=percentage, start=start)
    record(made, f"Added the tax code {made.name} of {entity.name}")
    return int(made.pk)


@action("directory.change_tax_code", needs=Permission.MANAGE_SETTINGS)
def change_tax_code(*, actor: Actor, tax_code_id: int, code: TaxCodeDetails) -> None:
    """Change what a tax code is called and prints from now on, and whether it is the default.

    Pre-bills that are there and issued documents stay as they are. Refuses: not_found, missing_name, name_taken,
    too_long, reason_missing, default_charges, bad_vatex_code, bad_subdivision, locality_alone, place_taken.
    """
    row = locks.for_update(TaxCode.objects.visible_to(actor), tax_code_id)
    details = _tidy(code)
    problems = Problems()
    others = TaxCode.objects.filter(entity_id=row.entity_id).exclude(pk=row.pk)
    _check(problems, others, TaxTreatment(row.category), details)
    problems.refuse()
    _make_room(row.entity_id, details)
    for field, value in asdict(details).items():
        setattr(row, field, value)
    row.save(update_fields=list(asdict(details)))
    record(row, f"Changed the tax code {row.name}")


@action("directory.change_tax_rate", needs=Permission.MANAGE_SETTINGS)
def change_tax_rate(*, actor: Actor, tax_code_id: int, percentage: Decimal, start: date) -> None:
    """Charge another percentage with a tax code from a day on, until the next day on which it changes already.

    A rate that starts on that very day is replaced. Pre-bills that are there and issued documents stay as they are:
    drop a pre-bill and bill again. Refuses: not_found, tax_not_charged, bad_tax_rate.
    """
    row = locks.for_update(TaxCode.objects.visible_to(actor), tax_code_id)
    problems = Problems()
    problems.check(
        row.category == TaxTreatment.STANDARD,
        "tax_not_charged", f"The tax code {row.name} charges nothing, so it has no rate.", "percentage",
    )  # fmt: skip
    _check_percentage(problems, percentage)
    problems.refuse()
    rates = row.rates.order_by("start")
    rates.filter(start=start).delete()
    following = rates.filter(start__gt=start).values_list("start", flat=True).first()
    rates.filter(start__lt=start).exclude(end__lte=start).update(end=start)
    TaxRate.objects.create(code=row, percentage=percentage, start=start, end=following)
    record(row, f"The tax code {row.name} charges {percentage.normalize():f} % from {start:%-d %B %Y}")


def seed_tax_codes(entity: LegalEntity) -> None:
    """Give a new legal entity its country's codes; the standard one is the default where it charges the entity's rate."""
    seeds = tax_seeds(entity.country)
    made = TaxCode.objects.bulk_create(
        TaxCode(
            entity=entity, name=seed.name, category=seed.category, label=seed.label, exemption_reason=seed.reason,
            vatex_code=seed.vatex, subdivision=seed.subdivision,
            is_default=seed.is_standard and seed.rates[-1][1] == entity.standard_tax_rate,
        )
        for seed in seeds
    )  # fmt: skip
    TaxRate.objects.bulk_create(
        rate for code, seed in zip(made, seeds, strict=True) for rate in _seeded_rates(code, seed)
    )


def _seeded_rates(code: TaxCode, seed: TaxSeed) -> list[TaxRate]:
    ends = [later[0] for _, later in pairwise(seed.rates)]
    return [
        TaxRate(code=code, percentage=percentage, start=start, end=end)
        for (start, percentage), end in zip(seed.rates, [*ends, None], strict=False)
    ]


def _tidy(code: TaxCodeDetails) -> TaxCodeDetails:
    return replace(
        code,
        name=code.name.strip(),
        label=code.label.strip(),
        exemption_reason=code.exemption_reason.strip(),
        vatex_code=code.vatex_code.strip().upper(),
        subdivision=code.subdivision.strip().upper(),
        locality=" ".join(code.locality.split()),
    )


def _check(
    problems: Problems, others: models.QuerySet[TaxCode], category: TaxTreatment, code: TaxCodeDetails
) -> None:
    check_name(problems, others, code.name, "tax code")
    for field, most in _LENGTHS.items():
        problems.check(
            len(getattr(code, field)) <= most, "too_long", f"Use at most {most} characters.", field
        )
    problems.check(
        code.exemption_reason or category in (TaxTreatment.STANDARD, TaxTreatment.ZERO),
        "reason_missing", "Say why no tax is charged; the invoice prints it.", "exemption_reason",
    )  # fmt: skip
    _check_place(problems, others, code)
    if code.vatex_code and (sentence := vatex.check(code.vatex_code, category)):
        problems.add("bad_vatex_code", sentence, "vatex_code")
    problems.check(
        not code.is_default or category == TaxTreatment.STANDARD,
        "default_charges", "The default is a code of the standard category. Set others for a client or line.", "is_default",
    )  # fmt: skip


def _check_place(problems: Problems, others: models.QuerySet[TaxCode], code: TaxCodeDetails) -> None:
    check_shape(problems, shapes.subdivision, code.subdivision, "bad_subdivision", "subdivision")
    problems.check(
        code.subdivision or not code.locality,
        "locality_alone", "Write the state of the city too.", "subdivision",
    )  # fmt: skip
    problems.check(
        not code.subdivision
        or not others.filter(subdivision=code.subdivision, locality__iexact=code.locality).exists(),
        "place_taken", "Another tax code is already for this place.", "locality" if code.locality else "subdivision",
    )  # fmt: skip


def _check_percentage(problems: Problems, percentage: Decimal) -> None:
    fits = (
        percentage.is_finite()
        and 0 <= percentage < _MOST_PERCENT
        and percentage == round(percentage, _PLACES)
    )
    sentence = "A tax rate is a percentage from 0 to below 100 with up to 3 decimals, such as 8.875."
    problems.check(fits, "bad_tax_rate", sentence, "percentage")


def _make_room(entity_id: int, code: TaxCodeDetails) -> None:
    """Let the default so far give way to a new one."""
    if code.is_default:
        TaxCode.objects.filter(entity_id=entity_id, is_default=True).update(is_default=False)
