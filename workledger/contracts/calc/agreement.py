"""What a contract says as one document: what a version keeps, what a change order changes, what two versions differ in.

The document holds everything agreed with the client that has a price or a limit: the contract's own fields, its lines
with their terms, and the rates of its own card. Rates of the client or the firm are not part of it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from workledger.contracts.calc import terms
from workledger.kernel.quantity import hours

_DAY = timedelta(days=1)
_LISTED = ("milestones", "instalments")
"""Terms that are compared part by part, by their names."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class AgreedLine(_Part):
    """A contract line as agreed. `end` is the first day on which it no longer holds."""

    id: int
    name: str
    model: str
    model_label: str
    terms: dict[str, Any]
    revenue_method: str
    price: Decimal | None = None
    budget_seconds: int | None = None
    budget_amount: Decimal | None = None
    tax_code: str = ""
    end: date | None = None


class AgreedRate(_Part):
    """A rate of the contract's own card per hour, half-open [valid_from, valid_to); `who` says whom it is for."""

    who: str
    rate_per_hour: Decimal
    valid_from: date
    valid_to: date | None = None
    keys: tuple[int | None, int | None, int | None, int | None]


class Agreement(_Part):
    """A contract as agreed, half-open [start, end)."""

    number: str
    name: str
    currency: str
    start: date
    end: date | None = None
    po_number: str = ""
    payment_terms_days: int | None = None
    requires_notes: bool = False
    cap: dict[str, Any] | None = None
    lines: tuple[AgreedLine, ...] = ()
    rates: tuple[AgreedRate, ...] = ()

    def line(self, line_id: int) -> AgreedLine | None:
        """Return a line by its id, None where the contract has none of it."""
        return next((line for line in self.lines if line.id == line_id), None)


def day_words(day: date) -> str:
    """Return a day as documents for people say it: '16 Mar 2026'."""
    return f"{day.day} {day:%b %Y}"


class Difference(NamedTuple):
    """A thing that two states of a contract say differently, in words; '' where one of them does not say it.

    `where` is the line it stands on, '' for the contract itself.
    """

    where: str
    what: str
    before: str
    after: str


def differences(before: Agreement, after: Agreement) -> list[Difference]:
    """Return what differs between two states of a contract: its own fields, then line by line, then rates."""
    found = list(_differing("", _own(before), _own(after)))
    was = {line.id: line for line in before.lines}
    now = {line.id: line for line in after.lines}
    for line_id in [*now, *(gone for gone in was if gone not in now)]:
        found += line_differences(was.get(line_id), now.get(line_id), after.currency)
    found += _differing("Rates", dict(_rates(before)), dict(_rates(after)))
    return found


def line_differences(before: AgreedLine | None, after: AgreedLine | None, currency: str) -> list[Difference]:
    """Return what differs between two states of a line; None is a line that is not there."""
    named = after or before
    assert named is not None
    words = [dict(line_words(line, currency)) if line else {} for line in (before, after)]
    return list(_differing(named.name, *words))


def _differing(where: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for what in dict.fromkeys([*before, *after]):
        was, now = before.get(what, ""), after.get(what, "")
        if was != now:
            yield Difference(where, what, was, now)


def _own(agreement: Agreement) -> dict[str, str]:
    last = agreement.end - _DAY if agreement.end else None
    days = agreement.payment_terms_days
    return {
        "Name": agreement.name,
        "First day": day_words(agreement.start),
        "Last day": day_words(last) if last else "Open end",
        "Purchase order": agreement.po_number,
        "Payment": f"{days} days" if days is not None else "",
        "Notes": "Every entry needs a note" if agreement.requires_notes else "",
        "Cap of all lines": terms.cap_words(terms.parse_cap(agreement.cap)) if agreement.cap else "",
    }


def line_words(line: AgreedLine, currency: str) -> Iterator[tuple[str, str]]:
    """Return what a line says, each part under its own heading."""
    yield "Line", line.name
    yield "Billing", line.model_label
    if line.budget_seconds is not None:
        yield "Budget of hours", f"{hours(line.budget_seconds):,.2f} h"
    for what, amount in (("Budget", line.budget_amount), ("Agreed price", line.price)):
        if amount is not None:
            yield what, f"{amount:,.2f} {currency}"
    if line.tax_code:
        yield "Tax", line.tax_code
    document = terms.parse(line.model, line.terms)
    for fact in terms.facts(document):
        if fact.label.lower() not in _LISTED:
            yield fact.label, fact.value
    for name in _LISTED:
        for part in getattr(document, name, ()):
            yield f"{name[:-1].capitalize()} {part.name}", _part_words(part)
    if line.end is not None:
        yield "Last day", day_words(line.end - _DAY)


def _part_words(part: terms.MilestonePart | terms.Instalment) -> str:
    size = f"{part.amount:,.2f}" if part.amount is not None else ""
    if isinstance(part, terms.Instalment) and part.percent is not None:
        size = f"{part.percent.normalize():f} %"
    said = [size, f"due {day_words(part.due)}" if part.due else "", getattr(part, "criteria", "")]
    return ", ".join(filter(None, said))


def _rates(agreement: Agreement) -> Iterator[tuple[str, str]]:
    for rate in sorted(agreement.rates, key=lambda each: (each.who, each.valid_from)):
        until = f" to {day_words(rate.valid_to - _DAY)}" if rate.valid_to else ""
        yield f"{rate.who}, from {day_words(rate.valid_from)}", f"{rate.rate_per_hour:,.2f} per hour{until}"
