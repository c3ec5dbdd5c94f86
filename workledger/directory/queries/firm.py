"""The firm as settings show it, and the choices that forms offer."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from workledger.core import locks
from workledger.core.access import Actor
from workledger.directory.actions.firm import EntityDetails
from workledger.directory.calc import shapes
from workledger.directory.calc.addresses import Address
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.einvoices import countries_of_receivers, entity_gaps
from workledger.directory.models import (
    EmploymentTerms,
    ExchangeRate,
    LegalEntity,
    Office,
    Person,
    Practice,
    RateSource,
    Role,
)

Choice = tuple[int, str]
_MOST_RATES = 200


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A legal entity in a list."""

    id: int
    name: str
    country: str
    currency: str
    vat_id: str
    iban: str
    prices_include_tax: bool


@dataclass(frozen=True, slots=True)
class EntityPage:
    """A legal entity with everything that may be changed, and what its e-invoices lack, in sentences."""

    id: int
    currency: str
    details: EntityDetails
    einvoice_gaps: tuple[str, ...]

    @property
    def address(self) -> str:
        """The address in lines, without the country."""
        of = self.details
        parts = Address(of.street, of.additional, of.postcode, of.city, of.subdivision, of.country)
        return "\n".join(parts.lines())


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office, and how many work there."""

    id: int
    name: str
    country: str
    country_name: str
    subdivision: str
    people: int


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A practice or a role, and how many people have it. Practices have no level."""

    id: int
    name: str
    level: int
    people: int


@dataclass(frozen=True, slots=True)
class Structure:
    """Practices, offices and roles with the people of a day."""

    practices: tuple[NamedRow, ...]
    offices: tuple[OfficeRow, ...]
    roles: tuple[NamedRow, ...]


@dataclass(frozen=True, slots=True)
class RateRow:
    """An exchange rate from a day on."""

    id: int
    base: str
    quote: str
    day: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form about people may offer, each as (id, name)."""

    entities: tuple[Choice, ...]
    practices: tuple[Choice, ...]
    offices: tuple[Choice, ...]
    roles: tuple[Choice, ...]
    people: tuple[Choice, ...]


def entities(actor: Actor) -> list[EntityRow]:
    """Return the legal entities, by name."""
    return [
        EntityRow(
            row.pk,
            row.name,
            COUNTRIES.get(row.country, row.country),
            row.book.currency,
            row.vat_id,
            shapes.grouped(row.iban),
            row.prices_include_tax,
        )
        for row in LegalEntity.objects.visible_to(actor).select_related("book").order_by("name")
    ]


def entity_page(actor: Actor, entity_id: int) -> EntityPage:
    """Return one legal entity; raises NotFound."""
    row = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    fields = {name: getattr(row, name) for name in EntityDetails.__dataclass_fields__}
    gaps = entity_gaps(row, countries_of_receivers() or [row.country])
    return EntityPage(row.pk, row.book.currency, EntityDetails(**fields), tuple(gap.sentence for gap in gaps))


def structure(actor: Actor, day: date) -> Structure:
    """Return practices, offices and roles, each with how many people have it on a day."""
    held = EmploymentTerms.objects.visible_to(actor).filter(
        Q(end__isnull=True) | Q(end__gt=day), start__lte=day
    )
    practices, offices, roles = Counter[int | None](), Counter[int | None](), Counter[int | None]()
    for practice_id, office_id, role_id in held.values_list("practice_id", "office_id", "role_id"):
        practices[practice_id] += 1
        offices[office_id] += 1
        roles[role_id] += 1
    return Structure(
        practices=tuple(
            NamedRow(row.pk, row.name, 0, practices[row.pk])
            for row in Practice.objects.visible_to(actor).order_by("name")
        ),
        offices=tuple(
            OfficeRow(
                row.pk,
                row.name,
                row.country,
                COUNTRIES.get(row.country, row.country),
                row.subdivision,
                offices[row.pk],
            )
            for row in Office.objects.visible_to(actor).order_by("name")
        ),
        roles=tuple(
            NamedRow(row.pk, row.name, row.level, roles[row.pk])
            for row in Role.objects.visible_to(actor).order_by("-level", "name")
        ),
    )


def exchange_rates(actor: Actor) -> list[RateRow]:
    """Return the latest exchange rates, newest first."""
    rows = ExchangeRate.objects.visible_to(actor).order_by("-day", "base", "quote")[:_MOST_RATES]
    return [
        RateRow(row.pk, row.base, row.quote, row.day, row.rate, RateSource(row.source).label) for row in rows
    ]


def choices(actor: Actor) -> Choices:
    """Return what forms and filters about people offer; five queries."""

    def named(model: type[LegalEntity | Practice | Office | Role | Person]) -> tuple[Choice, ...]:
        return tuple(model.objects.visible_to(actor).order_by("name").values_list("pk", "name"))

    return Choices(
        entities=named(LegalEntity),
        practices=named(Practice),
        offices=named(Office),
        roles=named(Role),
        people=named(Person),
    )
