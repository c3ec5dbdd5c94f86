"""How a line is taxed: by the code of its contract line, else as the client's profile says, else by the two countries.

At home that is the code of the client's place if the legal entity has one, as for sales tax by state and city, else its
default; abroad its first code of the category that `directory.calc.treatments` gives.

The day that counts is the tax point, the time of supply: the issue date, or the last day of service if that is earlier
(in the EU Articles 63 to 66 of Directive 2006/112/EC). An invoice has one tax point, that of all it bills.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.directory.calc.treatments import OUTSIDE, REVERSE_CHARGE, STANDARD, by_countries
from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)
_WHOLE = Decimal(100)


class Tax(NamedTuple):
    """How a line is taxed: category of UNCL 5305, percentage, what is printed (empty: the category's word), and why
    nothing is charged by the VATEX list ('' where not said).
    """

    category: str
    percentage: Decimal
    label: str = ""
    vatex: str = ""


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A percentage on the half-open days [start, end); `end` None while it holds."""

    start: date
    end: date | None
    percentage: Decimal


@dataclass(frozen=True, slots=True)
class Code:
    """A tax code of a legal entity. Only category S has percentages; the others charge nothing."""

    name: str
    category: str
    label: str = ""
    rates: tuple[DatedRate, ...] = ()
    vatex: str = ""

    def on(self, day: date) -> Tax:
        """Return the tax of a day; raises NoTaxRate where category S has no percentage then."""
        if self.category != STANDARD:
            return Tax(self.category, _ZERO, self.label, self.vatex)
        for rate in self.rates:
            if rate.start <= day and (rate.end is None or day < rate.end):
                return Tax(self.category, rate.percentage, self.label)
        raise NoTaxRate(self.name, day)


class NoTaxRate(LookupError):
    """A tax code has no percentage on a day."""

    def __init__(self, name: str, day: date) -> None:
        self.name, self.day = name, day
        super().__init__(f"The tax code {name} has no rate on {day}. Give it one from that day on or before.")


class Place(NamedTuple):
    """Where sales tax is charged: a subdivision (ISO 3166-2 after the country) and, for a city's own rate, the city."""

    subdivision: str = ""
    city: str = ""

    @property
    def key(self) -> "Place":
        """The place as it is compared."""
        return Place(self.subdivision, self.city.casefold())


@dataclass(frozen=True, slots=True)
class ClientTax:
    """How a client is taxed: a code, else a treatment (UNCL 5305) with, for S, a percentage of its own or None.

    An empty treatment leaves it to the countries; for that stand `country`, `place`, and whether there is a VAT id.
    """

    code: Code | None = None
    treatment: str = ""
    percentage: Decimal | None = None
    country: str = ""
    place: Place = field(default_factory=Place)
    has_vat_id: bool = False


@dataclass(frozen=True, slots=True)
class EntityTax:
    """What a legal entity charges where nothing else is agreed: its default code, else a percentage without dates.

    `by_category` holds the code that says a category, `by_place` those of places (by `Place.key`).
    """

    code: Code | None = None
    percentage: Decimal = _ZERO
    country: str = ""
    by_category: Mapping[str, Code] = field(default_factory=dict)
    by_place: Mapping[Place, Code] = field(default_factory=dict)


def tax_point(service_end: date, issued_on: date | None = None) -> date:
    """Return the time of supply; before an invoice is issued, the last day of service."""
    return service_end if issued_on is None else min(service_end, issued_on)


def tax_of(line: Code | None, client: ClientTax, entity: EntityTax, day: date) -> Tax:
    """Return how a line is taxed at a tax point. Raises NoTaxRate."""
    code = line or client.code
    if code is not None:
        return code.on(day)
    treatment = _treatment(client, entity)
    if treatment != STANDARD:
        said = entity.by_category.get(treatment) if not client.treatment else None
        return Tax(treatment, _ZERO) if said is None else said.on(day)
    if client.percentage is not None:
        return Tax(STANDARD, client.percentage)
    return _at_home(client, entity, day)


def _treatment(client: ClientTax, entity: EntityTax) -> str:
    """Return the category of UNCL 5305: the client's own, else that of the countries.

    Reverse charge within a country is a matter of its law, so it takes a code that says so; a client's treatment alone
    is for the border.
    """
    is_domestic = bool(entity.country) and client.country == entity.country
    if client.treatment and not (client.treatment == REVERSE_CHARGE and is_domestic):
        return client.treatment
    if client.percentage is not None and not client.treatment:
        return STANDARD
    return by_countries(entity.country, client.country, has_vat_id=client.has_vat_id)


def _at_home(client: ClientTax, entity: EntityTax, day: date) -> Tax:
    """Return the tax of the client's place, else the default, else that nothing is taxed where no rate is charged."""
    if client.country == entity.country and not client.treatment:
        for place in (client.place.key, Place(client.place.subdivision)):
            if place.subdivision and place in entity.by_place:
                return entity.by_place[place].on(day)
    if entity.code is not None:
        return entity.code.on(day)
    outside = entity.by_category.get(OUTSIDE)
    if not client.treatment and not entity.percentage and outside is not None:
        return outside.on(day)
    return Tax(STANDARD, entity.percentage)


def tax_added(net: Decimal, percentage: Decimal, currency: str) -> Decimal:
    """Return an amount with its tax, half up to the currency's minor unit."""
    return (net * (_WHOLE + percentage) / _WHOLE).quantize(minor_quantum(currency), ROUND_HALF_UP)


def tax_taken_out(gross: Decimal, percentage: Decimal, currency: str) -> Decimal:
    """Return what is left of an amount that contains tax, half up to the currency's minor unit."""
    return (gross * _WHOLE / (_WHOLE + percentage)).quantize(minor_quantum(currency), ROUND_HALF_UP)


def nets_of(lines: Sequence[tuple[Decimal, str, Decimal]], currency: str) -> list[Decimal]:
    """Return the net of each (gross, category, percentage) line whose price contains tax.

    Tax is taken out once per category and percentage, of the sum of its lines, so that it is right over the document
    (EN 16931, BR-CO-17); the nets of the lines come to that sum, each within a minor unit of its own. Where lines
    cannot all be rounded alone, those furthest from their exact net give way, the earlier first.
    """
    of_rate: dict[tuple[str, Decimal], list[int]] = {}
    for at, (_, category, percentage) in enumerate(lines):
        of_rate.setdefault((category, percentage), []).append(at)
    nets = [_ZERO] * len(lines)
    for (_, percentage), places in of_rate.items():
        gross = [lines[at][0] for at in places]
        total = tax_taken_out(sum(gross, _ZERO), percentage, currency)
        for at, net in zip(places, _shared(gross, total, percentage, currency), strict=True):
            nets[at] = net
    return nets


def _shared(gross: Sequence[Decimal], total: Decimal, percentage: Decimal, currency: str) -> list[Decimal]:
    """Return the net of each gross amount, rounded so that they sum to `total`."""
    exact = [amount * _WHOLE / (_WHOLE + percentage) for amount in gross]
    nets = [tax_taken_out(amount, percentage, currency) for amount in gross]
    lacking = total - sum(nets, _ZERO)
    step = minor_quantum(currency).copy_sign(lacking)
    off = [(net - right) / step for net, right in zip(nets, exact, strict=True)]
    furthest = sorted(range(len(nets)), key=lambda at: (off[at], at))
    for at in furthest[: int(lacking / step)]:
        nets[at] += step
    return nets


class Stated(NamedTuple):
    """What a document says of a category and percentage: what is printed, and the VATEX code."""

    label: str
    vatex: str


def stated(taxes: Iterable[Tax]) -> dict[tuple[str, Decimal], Stated]:
    """Return what is said for each category and percentage: the first label there is, and the code if all have the same.

    EN 16931 sums by category and rate alone (BG-23), so lines that are exempt for two reasons share a total, and it names
    both.
    """
    found: dict[tuple[str, Decimal], tuple[list[str], set[str]]] = {}
    for category, percentage, label, code in taxes:
        texts, codes = found.setdefault((category, percentage), ([], set()))
        codes.add(code)
        if label and label not in texts and not (texts and category == STANDARD):
            texts.append(label)
    return {
        key: Stated("; ".join(texts), codes.pop() if len(codes) == 1 else "")
        for key, (texts, codes) in found.items()
    }
