"""The transaction price of contract lines as their terms state it, and uncertain amounts laid over it in time."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.calc.fees import due_charges
from workledger.contracts.calc import terms
from workledger.contracts.calc.terms import Terms
from workledger.kernel.allocation import allocate
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.timeline import Treatment, Version

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


def stated_price(
    document: Terms,
    start: date,
    end: date | None,
    currency: str,
    price: Decimal | None,
    budget: Decimal | None,
) -> Decimal | None:
    """Return what a line comes to in all by its terms, None where they do not say.

    Fixed fee: its price. Milestones: their sum. Progress: its value. Fees of periods: all that fall due until `end`
    (excluded). Else the line's own price, or what was budgeted for it.
    """
    found: Decimal | None = price if price is not None else budget
    if isinstance(document, terms.FixedFee):
        found = document.price
    elif isinstance(document, terms.Milestones):
        found = sum((part.amount for part in document.milestones), _ZERO)
    elif isinstance(document, terms.Progress):
        found = document.value
    elif isinstance(document, terms.Retainer | terms.Recurring):
        through = None if end is None else end - _DAY
        if through is not None:
            fees = due_charges(document, start, end, through, currency)
            found = sum((each.amount for each in fees), _ZERO)
    elif isinstance(document, terms.Prepaid) and found is None:
        found = document.price
    return None if found is None else round_amount(found, currency)


def stated_total(document: Terms) -> Decimal | None:
    """Return what progress is measured against where the terms say it: the worth of all milestones."""
    if isinstance(document, terms.Milestones):
        return sum((part.amount for part in document.milestones), _ZERO)
    return None


def gives_rights(document: Terms) -> bool:
    """Tell whether a line lets a client use hours or money that were prepaid."""
    if isinstance(document, terms.Retainer):
        return document.included_hours is not None or document.included_amount is not None
    return isinstance(document, terms.Prepaid)


def rolls_over(document: Terms) -> bool:
    """Tell whether what a period's fee gave is carried on where it was not used."""
    is_retainer = isinstance(document, terms.Retainer) and document.unused is terms.Unused.ROLL_OVER
    return is_retainer and gives_rights(document)


class Counted(NamedTuple):
    """How much of an uncertain amount counts from a day on."""

    from_day: date
    included: Decimal


def shared(
    element: Sequence[Counted], weights: Mapping[int, Decimal], currency: str
) -> dict[int, list[Counted]]:
    """Return each obligation's part of an uncertain amount over time, by prices alone; cents are not lost."""
    found: dict[int, list[Counted]] = {key: [] for key in weights}
    keys = list(weights)
    each_weight = [weights[key] for key in keys]
    if not sum(each_weight, _ZERO):
        each_weight = [Decimal(1)] * len(keys)
    for counted in element:
        for key, part in zip(keys, allocate(counted.included, each_weight, currency), strict=True):
            found[key].append(Counted(counted.from_day, part))
    return found


def with_uncertain(versions: Sequence[Version], elements: Sequence[Sequence[Counted]]) -> list[Version]:
    """Return an obligation's versions with uncertain amounts in their prices.

    A changed estimate of an amount is a version of its own that catches up (606-10-32-43, IFRS 15.88). What was
    estimated before the obligation began counts from its first day.
    """
    if not any(elements) or not versions:
        return list(versions)
    first = versions[0].from_day
    days = sorted({max(counted.from_day, first) for element in elements for counted in element})
    days += [version.from_day for version in versions]
    found = []
    for day in sorted(set(days)):
        counts = sum((_on(element, day) for element in elements), _ZERO)
        own = [version for version in versions if version.from_day == day]
        if own:
            found += [version._replace(price=version.price + counts) for version in own]
        else:
            last = [version for version in versions if version.from_day < day][-1]
            found.append(
                last._replace(
                    from_day=day, price=last.price + counts, treatment=Treatment.CATCH_UP, past=_ZERO,
                    said="An uncertain amount was estimated anew.",
                )
            )  # fmt: skip
    return found


def _on(element: Sequence[Counted], day: date) -> Decimal:
    held = [counted for counted in element if counted.from_day <= day]
    return held[-1].included if held else _ZERO
