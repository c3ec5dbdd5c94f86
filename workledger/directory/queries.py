"""Reads of the directory: terms, capacity, exchange rates, and what its pages show."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Self

from django.db.models import Case, Q, When

from workledger.directory.calc.terms import Terms, TermsByPerson
from workledger.directory.models import EmploymentTerms, ExchangeRate

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


def exchange_rate(base: str, quote: str, day: date) -> Decimal | None:
    """Return how many units of `quote` one `base` is worth on a day: the latest rate up to then.

    1 for the same currency. A rate known only the other way round is inverted. None when there is none.
    """
    if base == quote:
        return Decimal(1)
    rows = ExchangeRate.objects.filter(base__in=[base, quote], quote__in=[base, quote], day__lte=day)
    direct_first = Case(When(base=base, then=0), default=1)
    latest = rows.order_by("-day", direct_first).values_list("base", "rate").first()
    if latest is None:
        return None
    known_base, rate = latest
    return Decimal(rate) if known_base == base else 1 / Decimal(rate)
