"""When what is still to come of a contract is expected as revenue, month by month, and on what that rests.

Where there is a price, recognized and to come always sum to it, to the cent: what nobody can date stands as 'not known
when'. Time is carried on at its recent burn until its limit or its end, unless somebody planned it: an assumption, and
each amount says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.billing.calc.fees import ChargeDue
from workledger.kernel.allocation import allocate
from workledger.kernel.money import money_words
from workledger.kernel.period import months, next_month
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.remaining import expected
from workledger.revenue.calc.timeline import Method, NotMeasurable, Obligation, recognized

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


class ForecastKind(StrEnum):
    """How sure an amount is. A renewal is shown beside the forecast and counts in none of its sums."""

    RECOGNIZED = "recognized"
    CONTRACTED = "contracted"
    EXPECTED = "expected"
    RENEWAL = "renewal"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return self.value.capitalize()


class ForecastSource(StrEnum):
    """What an amount rests on."""

    BOOKS = "books"
    UNPOSTED = "unposted"
    STRAIGHT_LINE = "straight_line"
    DUE = "due"
    EVEN = "even"
    PLAN = "plan"
    BURN = "burn"
    BUDGET = "budget"
    FEES = "fees"
    NO_DATE = "no_date"

    @property
    def label(self) -> str:
        """The source as people read it."""
        return _SOURCES[self]


_SOURCES = {
    ForecastSource.BOOKS: "Posted in the books",
    ForecastSource.UNPOSTED: "Earned, not posted yet",
    ForecastSource.STRAIGHT_LINE: "Straight line",
    ForecastSource.DUE: "Due dates",
    ForecastSource.EVEN: "Evenly to its end",
    ForecastSource.PLAN: "Planned work",
    ForecastSource.BURN: "Recent burn",
    ForecastSource.BUDGET: "Budget over its term",
    ForecastSource.FEES: "Fee schedule",
    ForecastSource.NO_DATE: "Not known when",
}


class Part(NamedTuple):
    """An amount of a month, in the contract's currency. `month` is its first day, None for 'not known when'."""

    month: date | None
    kind: ForecastKind
    amount: Decimal
    source: ForecastSource
    said: str


class Dated(NamedTuple):
    """A milestone or instalment that is still to come; `due` None where nobody said when."""

    name: str
    due: date | None
    worth: Decimal


class Planned(NamedTuple):
    """Planned work of a month: seconds, and what it is worth where its prices are known."""

    month: date
    seconds: int
    amount: Decimal | None = None


class Burn(NamedTuple):
    """What a line earned and took in a mean month: of the last `of` months through `last`. `of` 0: nothing yet."""

    amount: Decimal
    seconds: int
    of: int
    last: date | None = None


class Limit(NamedTuple):
    """What may still be earned or worked on a line; None for no limit. `said` names what limits it."""

    amount: Decimal | None = None
    seconds: int | None = None
    said: str = ""


# --- obligations --------------------------------------------------------------------------------------------


def price_of(obligation: Obligation) -> Decimal:
    """Return all that is agreed of an obligation's price, with changes that begin later; uncertain amounts as they count."""
    return obligation.versions[-1].price if obligation.versions else _ZERO


def of_obligation(
    obligation: Obligation,
    day: date,
    *,
    posted: Decimal,
    ends: date | None = None,
    dated: Sequence[Dated] = (),
    plan: Sequence[Planned] = (),
) -> list[Part]:
    """Return what of an obligation comes after a day. `posted` is what the books show of it through the day.

    `ends` is the first day after the work where no straight line says it; `dated` are milestones that were not reached.
    posted + the parts = `price_of`.
    """
    if not obligation.versions:
        return []
    first, price = day + _DAY, price_of(obligation)
    try:
        earned = recognized(obligation, day).amount
        ahead = _ahead(obligation, day, price - earned, ends, dated, plan)
    except NotMeasurable as problem:
        return _some(
            [Part(None, ForecastKind.CONTRACTED, price - posted, ForecastSource.NO_DATE, str(problem))]
        )
    said = f"Earned by {day:%d %b %Y} and not posted yet. The next recognition run posts it."
    unposted = Part(
        first.replace(day=1), ForecastKind.CONTRACTED, earned - posted, ForecastSource.UNPOSTED, said
    )
    return _some([unposted, *ahead])


def _some(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.amount]


def _ahead(
    obligation: Obligation, day: date, rest: Decimal, ends: date | None, dated: Sequence[Dated],
    plan: Sequence[Planned],
) -> list[Part]:  # fmt: skip
    """Return the rest of the price by month, as the method has it."""
    if not rest:
        return []
    method, first, currency = obligation.method, day + _DAY, obligation.currency
    if method is Method.STRAIGHT_LINE and not obligation.is_complete_on:
        return _on_the_line(obligation, day)
    if method is Method.OUTPUT_MILESTONES and dated:
        return on_due_dates(rest, dated, first, ends, currency)
    if method is Method.POINT_IN_TIME:
        return [_at_once(rest, first, ends)]
    if plan and sum(each.seconds for each in plan) > 0:
        return _as_planned(rest, plan, first, currency)
    if any(version.from_day > day for version in obligation.versions):
        return evenly(rest, first, ends, currency)
    return _spread(obligation, day, rest, ends)


def _on_the_line(obligation: Obligation, day: date) -> list[Part]:
    """Return the months of a straight line, with agreed changes that begin later."""
    last = obligation.versions[-1]
    end = max(last.end or day, last.from_day + _DAY, day + _DAY + _DAY)
    found, before = [], recognized(obligation, day).amount
    for month in months(day + _DAY, end):
        amount = recognized(obligation, month.end - _DAY).amount
        run = f"{last.start:%d %b %Y} to {last.end - _DAY:%d %b %Y}" if last.start and last.end else ""
        said = f"Its part of the time from {run}."
        found.append(
            Part(month.start, ForecastKind.CONTRACTED, amount - before, ForecastSource.STRAIGHT_LINE, said)
        )
        before = amount
    return found


def _spread(obligation: Obligation, day: date, rest: Decimal, ends: date | None) -> list[Part]:
    """Return the rest evenly over the time to the end, by the obligation's own grain."""
    if ends is None or ends <= day + _DAY:
        return evenly(rest, day + _DAY, ends, obligation.currency)
    said = f"What is left, evenly to the expected end on {ends - _DAY:%d %b %Y}."
    return [
        Part(each.month, ForecastKind.CONTRACTED, each.amount, ForecastSource.EVEN, said)
        for each in expected(obligation, day, ends)
    ] or evenly(rest, day + _DAY, ends, obligation.currency)


def _at_once(rest: Decimal, first: date, ends: date | None) -> Part:
    if ends is None:
        return Part(
            None,
            ForecastKind.CONTRACTED,
            rest,
            ForecastSource.NO_DATE,
            "Earned when it is handed over; no day is expected.",
        )
    on = max(ends - _DAY, first)
    said = f"Earned when it is handed over, expected on {ends - _DAY:%d %b %Y}."
    return Part(on.replace(day=1), ForecastKind.CONTRACTED, rest, ForecastSource.DUE, said)


def _as_planned(rest: Decimal, plan: Sequence[Planned], first: date, currency: str) -> list[Part]:
    """Return the rest by the planned hours of each month: when the work is done is when it is earned."""
    by_month: dict[date, int] = {}
    for each in plan:
        month = max(each.month, first.replace(day=1))
        by_month[month] = by_month.get(month, 0) + each.seconds
    spans = [(month, seconds) for month, seconds in sorted(by_month.items()) if seconds > 0]
    whole = sum(seconds for _, seconds in spans)
    parts = _divided(rest, [seconds for _, seconds in spans], currency)
    return [
        Part(
            month, ForecastKind.CONTRACTED, part, ForecastSource.PLAN,
            f"{hours(seconds):,.2f} of {hours(whole):,.2f} planned hours.",
        )
        for (month, seconds), part in zip(spans, parts, strict=True)
    ]  # fmt: skip


def evenly(
    rest: Decimal, first: date, ends: date | None, currency: str, kind: ForecastKind = ForecastKind.CONTRACTED
) -> list[Part]:
    """Return a rest evenly by days over [first, ends); in the first month where the end has passed."""
    if ends is None:
        return [Part(None, kind, rest, ForecastSource.NO_DATE, "Nobody said by when it is expected.")]
    if ends <= first:
        said = f"Its end on {ends - _DAY:%d %b %Y} has passed, so it is expected at once."
        return [Part(first.replace(day=1), kind, rest, ForecastSource.EVEN, said)]
    said = f"What is left, evenly to the end on {ends - _DAY:%d %b %Y}."
    return [
        Part(month, kind, part, ForecastSource.EVEN, said)
        for month, part in _by_days(rest, first, ends, currency)
    ]


def _divided(rest: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Return a rest by weights; what is finer than the currency's minor unit stays on the last part."""
    whole = round_amount(rest, currency)
    parts = allocate(whole, weights, currency)
    parts[-1] += rest - whole
    return parts


def _by_days(rest: Decimal, first: date, ends: date, currency: str) -> Iterator[tuple[date, Decimal]]:
    spans = list(months(first, ends))
    weights = [(min(span.end, ends) - max(span.start, first)).days for span in spans]
    for span, part in zip(spans, _divided(rest, weights, currency), strict=True):
        if part:
            yield span.start, part


def on_due_dates(
    rest: Decimal, dated: Sequence[Dated], first: date, ends: date | None, currency: str,
    kind: ForecastKind = ForecastKind.CONTRACTED,
) -> list[Part]:  # fmt: skip
    """Return a rest on the due dates of what is to come, by worth. What has none falls on the end; what is late, at once."""
    worths = [max(each.worth, _ZERO) for each in dated]
    if not dated or not sum(worths, _ZERO):
        return evenly(rest, first, ends, currency, kind)
    found = []
    for each, part in zip(dated, _divided(rest, worths, currency), strict=True):
        found.append(_due(each, part, first, ends, kind))
    return _some(found)


def _due(each: Dated, amount: Decimal, first: date, ends: date | None, kind: ForecastKind) -> Part:
    due = each.due or (ends - _DAY if ends else None)
    if due is None:
        return Part(None, kind, amount, ForecastSource.NO_DATE, f"{each.name} has no due date.")
    if due < first:
        said = f"{each.name} was due on {due:%d %b %Y} and is expected at once."
    elif each.due is None:
        said = f"{each.name} has no due date: expected by the end, {due:%d %b %Y}."
    else:
        said = f"{each.name}, due on {due:%d %b %Y}."
    return Part(max(due, first).replace(day=1), kind, amount, ForecastSource.DUE, said)


# --- time ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A line whose work is revenue as it is done. Half-open [start, end) is its term.

    `through` is the last day that is looked at where nothing ends or limits it.
    """

    currency: str
    burn: Burn
    start: date
    end: date | None
    through: date
    limits: Sequence[Limit] = ()

    @property
    def has_limit(self) -> bool:
        """Whether a budget or cap says how much was agreed."""
        return bool(self.limits)


def of_time(line: TimeLine, day: date, plan: Sequence[Planned] = ()) -> list[Part]:
    """Return what a line of time is expected to earn after a day: as planned, else at its recent burn.

    Bounded by its limits and its end. Work within a limit was agreed (contracted), other work is expected. What recent
    burn does not reach of a limit by the end is no part of it.
    """
    left = min((each.amount for each in line.limits if each.amount is not None), default=None)
    if left is not None and left <= 0:
        return []
    kind = ForecastKind.CONTRACTED if line.has_limit else ForecastKind.EXPECTED
    if plan:
        return _bounded(_planned_parts(line, day, plan, kind), line)
    if line.burn.of == 0 and left is not None:
        return _whole_budget(line, day, left)
    if not line.burn.amount:
        if left is None:
            return []
        said = "Nothing was earned on it in the last three months."
        return [Part(None, kind, left, ForecastSource.NO_DATE, said)]
    return _bounded(_burning(line, day, kind), line)


def _planned_parts(
    line: TimeLine, day: date, plan: Sequence[Planned], kind: ForecastKind
) -> list[tuple[Part, int]]:
    burn = line.burn
    found = []
    for each in sorted(plan):
        amount = each.amount
        said = f"Planned: {hours(each.seconds):,.2f} hours"
        if amount is None:
            amount = burn.amount * each.seconds / burn.seconds if burn.seconds else _ZERO
            said += " at what an hour earned lately"
        month = max(each.month, (day + _DAY).replace(day=1))
        part = Part(month, kind, round_amount(amount, line.currency), ForecastSource.PLAN, f"{said}.")
        found.append((part, each.seconds))
    return found


def _whole_budget(line: TimeLine, day: date, left: Decimal) -> list[Part]:
    """Return a limit over the term of a line on which nobody worked yet."""
    first = max(day + _DAY, line.start)
    if line.end is None:
        said = "Nobody worked on it yet, and it has no end."
        return [Part(None, ForecastKind.CONTRACTED, left, ForecastSource.NO_DATE, said)]
    if line.end <= first:
        return []
    said = f"Nobody worked on it yet: its budget evenly to {line.end - _DAY:%d %b %Y}."
    return [
        Part(month, ForecastKind.CONTRACTED, part, ForecastSource.BUDGET, said)
        for month, part in _by_days(left, first, line.end, line.currency)
    ]


def _burning(line: TimeLine, day: date, kind: ForecastKind) -> Iterator[tuple[Part, int]]:
    burn, first = line.burn, max(day + _DAY, line.start)
    end = min(line.end or line.through + _DAY, line.through + _DAY)
    mean = money_words(burn.amount, line.currency)
    of = "the last month" if burn.of == 1 else f"the last {burn.of} months"
    upto = f" through {burn.last:%b %Y}" if burn.last else ""
    for span in months(first, end) if first < end else ():
        share = Decimal((min(span.end, end) - max(span.start, first)).days) / len(span)
        amount = round_amount(burn.amount * share, line.currency)
        said = f"Carried on at {mean} a month, the mean of {of}{upto}"
        part = Part(
            span.start,
            kind,
            amount,
            ForecastSource.BURN,
            said if share == 1 else f"{said}, for part of the month",
        )
        yield part, int(burn.seconds * share)


def _bounded(rows: Iterable[tuple[Part, int]], line: TimeLine) -> list[Part]:
    """Return the parts until the first limit is reached."""
    amounts = [(each.amount, each.said) for each in line.limits if each.amount is not None]
    left, why = min(amounts, default=(None, ""))
    seconds, hours_why = min(
        ((each.seconds, each.said) for each in line.limits if each.seconds is not None), default=(None, "")
    )
    found = []
    for part, worked in rows:
        amount, said = part.amount, part.said.rstrip(".")
        if seconds is not None and worked > seconds:
            amount = round_amount(amount * max(seconds, 0) / worked, line.currency)
            said += f", until {hours_why} is used"
        if left is not None and amount > left:
            amount, said = left, f"{said}, until {why} is used"
        seconds = None if seconds is None else max(seconds - worked, 0)
        left = None if left is None else left - amount
        found.append(part._replace(amount=amount, said=f"{said}."))
    return _some(found)


def within(lines: Mapping[int, Sequence[Part]], left: Decimal, said: str) -> dict[int, list[Part]]:
    """Return the parts of several lines, bounded by what is left of a limit over all of them: months first, then lines.

    What has no month comes last.
    """
    order = sorted(
        (
            (part.month or date.max, place, key, part)
            for place, (key, parts) in enumerate(lines.items())
            for part in parts
        ),
        key=lambda row: row[:2],
    )
    found: dict[int, list[Part]] = {key: [] for key in lines}
    for _, _, key, part in order:
        amount = min(part.amount, max(left, _ZERO))
        if amount != part.amount:
            part = part._replace(amount=amount, said=f"{part.said.rstrip('.')}, until {said} is used.")
        left -= amount
        if amount:
            found[key].append(part)
    return found


# --- fees ---------------------------------------------------------------------------------------------------


def of_fees(charges: Iterable[ChargeDue], day: date, end: date | None) -> list[Part]:
    """Return fees of periods that were not charged yet, when they fall due, as revenue of that month.

    Until the contract's end they are contracted; after it they are a renewal; without an end they are expected.
    """
    first = day + _DAY
    found = []
    for each in charges:
        kind = (
            ForecastKind.EXPECTED
            if end is None
            else ForecastKind.RENEWAL
            if each.days.start >= end
            else ForecastKind.CONTRACTED
        )
        said = f"Fee of {each.description}, due on {each.due:%d %b %Y}."
        if kind is ForecastKind.RENEWAL:
            said = (
                f"{said.rstrip('.')}, if the contract renews itself after {end - _DAY:%d %b %Y}."
                if end
                else said
            )
        found.append(Part(max(each.due, first).replace(day=1), kind, each.amount, ForecastSource.FEES, said))
    return _some(found)


def mean_burn(earned: Mapping[date, tuple[Decimal, int]], day: date, currency: str) -> Burn:
    """Return the mean of the last three whole months through a day, or of the fewer since the first one that has any.

    `earned` holds amount and seconds by month. A month that has not ended by the day is looked at only where no other is.
    """
    known = sorted(month for month, (amount, seconds) in earned.items() if amount or seconds)
    if not known:
        return Burn(_ZERO, 0, 0)
    last = day.replace(day=1)
    if next_month(last) > day + _DAY and known[0] < last:
        last = (last - _DAY).replace(day=1)
    begun = max(known[0], _months_before(last, 2))
    spans = [span.start for span in months(begun, next_month(last))]
    if not spans:
        return Burn(_ZERO, 0, 0)
    amount = sum((earned.get(month, (_ZERO, 0))[0] for month in spans), _ZERO)
    seconds = sum(earned.get(month, (_ZERO, 0))[1] for month in spans)
    return Burn(round_amount(amount / len(spans), currency), seconds // len(spans), len(spans), last)


def _months_before(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)
