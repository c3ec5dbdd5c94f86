"""Terms, capacity and exchange rates as the floors above look them up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from django.db.models import Case, Q, When

from workledger.directory.calc.capacity import Absence, CapacityBasis, Place
from workledger.directory.calc.capacity import capacity_seconds as calculate_capacity
from workledger.directory.calc.crossing import VIA, crossed, inverse
from workledger.directory.calc.terms import Terms, TermsByPerson
from workledger.directory.models import EmploymentTerms, ExchangeRate, Office, TimeOff
from workledger.kernel.period import Period

_TERMS_FIELDS = (
    "id", "person_id", "start", "end", "entity_id", "practice_id", "office_id", "role_id", "weekly_hours",
    "cost_rate", "manager_id",
)  # fmt: skip


class TermsTable(TermsByPerson):
    """Every person's dated terms, loaded in one query: `.on(person_id, day)` gives `Terms` or None.

    For actions and postings, which need cost whoever acts. What people see goes through `person_terms`.
    """

    __slots__ = ()

    @classmethod
    def load(
        cls, person_ids: Iterable[int] | None = None, start: date | None = None, end: date | None = None
    ) -> Self:
        """Load the terms of these people (all when None) that touch [start, end)."""
        rows = EmploymentTerms.objects.all()
        if person_ids is not None:
            rows = rows.filter(person_id__in=list(person_ids))
        if start is not None:
            rows = rows.filter(Q(end__isnull=True) | Q(end__gt=start))
        if end is not None:
            rows = rows.filter(start__lt=end)
        ordered = rows.order_by("person_id", "start").values_list(*_TERMS_FIELDS)
        return cls.of(Terms._make(row) for row in ordered)


def terms_on(person_ids: Iterable[int] | None, start: date, end: date) -> TermsTable:
    """Return the look-up of terms that touch the half-open range [start, end)."""
    return TermsTable.load(person_ids, start, end)


@dataclass(frozen=True, slots=True)
class CapacityTable:
    """All that capacity is made of over a range of dates, loaded in three queries; `seconds` asks no more."""

    terms: tuple[Terms, ...]
    places: Mapping[int, Place]
    absences: tuple[Absence, ...]

    @classmethod
    def load(cls, period: Period, person_ids: Iterable[int] | None = None) -> Self:
        """Load terms, offices and time off that touch `period`, for these people (all when None)."""
        table = TermsTable.load(person_ids, period.start, period.end)
        away = TimeOff.objects.filter(start__lt=period.end, end__gt=period.start)
        if person_ids is not None:
            away = away.filter(person_id__in=list(table.by_person))
        return cls(
            terms=tuple(terms for rows in table.by_person.values() for terms in rows),
            places={
                pk: Place(country, subdivision)
                for pk, country, subdivision in Office.objects.values_list("pk", "country", "subdivision")
            },
            absences=tuple(
                Absence._make(row) for row in away.values_list("person_id", "start", "end", "share")
            ),
        )

    def seconds(self, period: Period, basis: CapacityBasis = CapacityBasis.NET) -> dict[int, int]:
        """Return the expected seconds per person over a period inside the range that was loaded."""
        return calculate_capacity(period, self.terms, self.places, self.absences, basis)


def capacity_seconds(
    period: Period, person_ids: Iterable[int] | None = None, basis: CapacityBasis = CapacityBasis.NET
) -> dict[int, int]:
    """Return the seconds each person is expected to work in a period, by person id, on the named basis.

    For many periods load a `CapacityTable` over all of them once and ask it for each.
    """
    return CapacityTable.load(period, person_ids).seconds(period, basis)


def exchange_rate(base: str, quote: str, day: date) -> Decimal | None:
    """Return how many units of `quote` one `base` is worth on a day: the latest rate up to then.

    1 for the same currency. A rate known only the other way round is inverted. Where neither is known, the rates
    of both currencies with the euro are crossed, each the latest up to the day. Derived rates are rounded as
    `calc.crossing.rounded` says. None when there is none.
    """
    if base == quote:
        return Decimal(1)
    known = _known_rate(base, quote, day)
    if known is not None or VIA in (base, quote):
        return known
    ours, theirs = _known_rate(VIA, base, day), _known_rate(VIA, quote, day)
    return None if ours is None or theirs is None else crossed(ours, theirs)


def _known_rate(base: str, quote: str, day: date) -> Decimal | None:
    """Return the latest rate of two currencies up to a day, as it was set or inverted."""
    rows = ExchangeRate.objects.filter(base__in=[base, quote], quote__in=[base, quote], day__lte=day)
    direct_first = Case(When(base=base, then=0), default=1)
    latest = rows.order_by("-day", direct_first).values_list("base", "rate").first()
    if latest is None:
        return None
    known_base, rate = latest
    return Decimal(rate) if known_base == base else inverse(Decimal(rate))
