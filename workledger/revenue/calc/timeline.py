"""Revenue of one performance obligation to date: its price times its progress, along the versions of its terms.

A version holds from a day. By catch-up (606-10-25-13(b), IFRS 15.21(b)) price and progress are measured anew over all
that was ever promised, so the difference to what was recognized appears in the month of the change. Prospectively
(-13(a), 21(a)) what was recognized stands, and the rest of the price is earned by the rest of the work. `past` is what
a change gives or takes for what was already transferred, such as a credit for past defects: at once.

Nothing is kept from month to month: revenue of a month is the difference between two days' revenue to date, so late
facts find their month and the order in which facts arrive changes nothing.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from workledger.kernel.money import money_words
from workledger.kernel.period import Period, months
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step, percent_words
from workledger.revenue.calc.rights import LineRights, earned_of

_ZERO = Decimal(0)
_ONE = Decimal(1)
_DAY = timedelta(days=1)


class Method(StrEnum):
    """How progress is measured; the values are those of a contract line's revenue method."""

    STRAIGHT_LINE = "straight_line"
    INPUT_HOURS = "input_hours"
    INPUT_COST = "input_cost"
    OUTPUT_MILESTONES = "output_milestones"
    OUTPUT_UNITS = "output_units"
    OUTPUT_PROGRESS = "output_progress"
    POINT_IN_TIME = "point_in_time"
    RIGHTS_USED = "rights_used"


class Grain(StrEnum):
    """What straight line counts: days, or calendar months that are all worth the same."""

    DAYS = "days"
    MONTHS = "months"


class Treatment(StrEnum):
    """What a version does with what was recognized before it."""

    INITIAL = "initial"
    CATCH_UP = "catch_up"
    PROSPECTIVE = "prospective"


class Version(NamedTuple):
    """The terms of an obligation from a day on.

    `price` is its whole part of the transaction price, with what was recognized before. Half-open [start, end) is the
    time of a straight line; `total` what is promised in all: units, or the worth of all milestones.
    """

    from_day: date
    price: Decimal
    treatment: Treatment = Treatment.INITIAL
    start: date | None = None
    end: date | None = None
    total: Decimal | None = None
    past: Decimal = _ZERO
    said: str = ""


class Estimate(NamedTuple):
    """What the whole obligation is expected to take, as believed from a day on.

    `materials` are uninstalled goods within `cost` that are not the firm's work; those `delivered` are earned at cost
    (606-10-55-187, IFRS 15.B19(b)). `breakage_percent` of what the client prepaid is expected to stay unused.
    """

    from_day: date
    seconds: int | None = None
    cost: Decimal | None = None
    materials: Decimal = _ZERO
    delivered: Decimal = _ZERO
    breakage_percent: Decimal | None = None


class Done(NamedTuple):
    """What was put in through a day, cumulative: seconds worked and cost, in the book's currency."""

    day: date
    seconds: int
    cost: Decimal


class Reached(NamedTuple):
    """What was reached by a day, cumulative: units, worth of milestones, a share of one; or 1 when handed over."""

    day: date
    value: Decimal
    said: str = ""


@dataclass(frozen=True, slots=True)
class Obligation:
    """All facts of one obligation, each list in the order of its days.

    `expires` is the first day on which a right that was not used is gone; `rights` are those of prepaid lines.
    """

    method: Method
    currency: str
    versions: Sequence[Version]
    grain: Grain = Grain.DAYS
    estimates: Sequence[Estimate] = ()
    done: Sequence[Done] = ()
    reached: Sequence[Reached] = ()
    is_complete_on: date | None = None
    expires: date | None = None
    rights: Sequence[LineRights] = ()


class Recognized(NamedTuple):
    """Revenue to date. `progress` is the share of the work that `price` is measured by, 0 to 1."""

    amount: Decimal
    price: Decimal
    progress: Decimal

    @property
    def remaining(self) -> Decimal:
        """What of the price is still to be earned."""
        return self.price - self.amount


class NotMeasurable(ValueError):
    """A fact is missing without which progress cannot be said; the text says which."""


_Words = list[Step] | None
"""Where a calculation says what it did; None where nobody asks, which is six times as fast."""


def recognized(obligation: Obligation, day: date) -> Recognized:
    """Return revenue to date through a day (included). Raises `NotMeasurable`."""
    return _recognized(obligation, day, None)


def explain(obligation: Obligation, day: date) -> tuple[Step, ...]:
    """Return why revenue to date through a day is what it is. Raises `NotMeasurable`."""
    words: list[Step] = []
    _recognized(obligation, day, words)
    return tuple(words)


def _recognized(obligation: Obligation, day: date, words: _Words) -> Recognized:
    held = [version for version in obligation.versions if version.from_day <= day]
    if not held:
        if words is not None:
            words.append(Step("Not begun", "It holds from a later day."))
        return Recognized(_ZERO, _ZERO, _ZERO)
    if obligation.method is Method.RIGHTS_USED:
        return _by_rights(obligation, day, words)
    stands, since = _standing(obligation, held, words)
    return _through(obligation, held[-1], stands, since, day, words)


def _standing(obligation: Obligation, held: Sequence[Version], words: _Words) -> tuple[Decimal, date | None]:
    """Return what stands from before the last prospective version, and its first day."""
    stands, since = _ZERO, None
    for place, version in enumerate(held):
        if version.treatment is Treatment.PROSPECTIVE:
            before = held[place - 1] if place else version
            so_far = _through(obligation, before, stands, since, version.from_day - _DAY, None).amount
            stands, since = so_far + version.past, version.from_day
            if words is not None:
                said = f"{money_words(stands, obligation.currency)} stood on {version.from_day:%d %b %Y}."
                words.append(Step("Changed prospectively", said))
        elif version.past:
            stands += version.past
            if words is not None:
                said = f"{money_words(version.past, obligation.currency)} for what was already transferred."
                words.append(Step("At once", said))
    return stands, since


def _through(
    obligation: Obligation, version: Version, stands: Decimal, since: date | None, day: date, words: _Words
) -> Recognized:
    currency = obligation.currency
    share, aside, aside_earned = _measured(obligation, version, since, day, words)
    earnable = version.price - stands - aside
    earned = round_amount(earnable * share, currency)
    amount = stands + earned + aside_earned
    if words is not None:
        if aside_earned:
            said = f"{money_words(aside_earned, currency)} of materials delivered, without margin."
            words.append(Step("At cost", said))
        said = (
            f"{money_words(earnable, currency)} × {percent_words(share)} = {money_words(earned, currency)};"
            f" {money_words(amount, currency)} of {money_words(version.price, currency)} to date."
        )
        words.append(Step("Earned", said))
    return Recognized(amount, version.price, share)


def _by_rights(obligation: Obligation, day: date, words: _Words) -> Recognized:
    """Return what is earned of everything that was prepaid through a day; the price is what that comes to."""
    currency, estimate = obligation.currency, estimate_on(obligation, day)
    percent = estimate.breakage_percent if estimate else None
    lots = [lot for rights in obligation.rights for lot in rights.lots(day)]
    price = sum((lot.price for lot in lots), _ZERO)
    finished = obligation.is_complete_on
    is_over = finished is not None and finished <= day
    amount = price if is_over else sum((earned_of(lot, percent, currency) for lot in lots), _ZERO)
    if words is not None:
        said = f"{money_words(price, currency)} prepaid in {len(lots)} parts, {money_words(price - amount, currency)} still to be used."
        words.append(Step("Rights", said))
        if percent:
            words.append(Step("Breakage", f"{percent.normalize():f} % is expected to stay unused."))
    return Recognized(amount, price, amount / price if price else _ZERO)


class _Measured(NamedTuple):
    """A share of the work done; and what of the price is kept aside of it, and earned as such."""

    share: Decimal
    aside: Decimal = _ZERO
    aside_earned: Decimal = _ZERO


def _measured(
    obligation: Obligation, version: Version, since: date | None, day: date, words: _Words
) -> _Measured:
    finished = obligation.is_complete_on
    if finished is not None and finished <= day:
        if words is not None:
            words.append(Step("Complete", f"Fulfilled on {finished:%d %b %Y}."))
        return _Measured(_ONE)
    if obligation.expires is not None and obligation.expires <= day + _DAY:
        if words is not None:
            words.append(Step("Expired", f"Not used by {obligation.expires - _DAY:%d %b %Y}."))
        return _Measured(_ONE)
    if obligation.method is Method.STRAIGHT_LINE:
        return _by_time(obligation, version, since, day, words)
    if obligation.method is Method.INPUT_HOURS:
        return _by_hours(obligation, since, day, words)
    if obligation.method is Method.INPUT_COST:
        return _by_cost(obligation, since, day, words)
    return _by_output(obligation, version, since, day, words)


def _by_time(
    obligation: Obligation, version: Version, since: date | None, day: date, words: _Words
) -> _Measured:
    if version.start is None or version.end is None:
        raise NotMeasurable("Say from when to when it runs.")
    start = version.start if since is None else max(version.start, since)
    end = version.end
    whole = elapsed(obligation.grain, start, end) if start < end else _ZERO
    gone = elapsed(obligation.grain, start, min(day + _DAY, end)) if day >= start else _ZERO
    if words is not None:
        if start >= end:
            said = "No time is left."
        elif day < start:
            said = f"It begins on {start:%d %b %Y}."
        else:
            said = f"{gone:,.2f} of {whole:,.2f} {obligation.grain}, from {start:%d %b %Y} to {end - _DAY:%d %b %Y}."
        words.append(Step("Time", said))
    if not whole:
        return _Measured(_ONE if day >= start else _ZERO)
    return _Measured(_capped(gone / whole))


def elapsed(grain: Grain, start: date, end: date) -> Decimal:
    """Return the days or calendar months in the half-open [start, end); a month cut short counts by its days."""
    if grain is Grain.DAYS:
        return Decimal((end - start).days)
    return sum(
        (
            Decimal((min(month.end, end) - max(month.start, start)).days) / len(month)
            for month in months(start, end)
        ),
        _ZERO,
    )


def _by_hours(obligation: Obligation, since: date | None, day: date, words: _Words) -> _Measured:
    estimate = estimate_on(obligation, day)
    if estimate is None or estimate.seconds is None:
        raise NotMeasurable("Estimate the hours that it takes in all.")
    before = done_by(obligation.done, since - _DAY).seconds if since else 0
    so_far = done_by(obligation.done, day).seconds - before
    whole = estimate.seconds - before
    if words is not None:
        believed = f"as estimated on {estimate.from_day:%d %b %Y}"
        said = f"{hours(so_far):,.2f} of {hours(max(whole, 0)):,.2f} hours, {believed}."
        words.append(Step("Hours", said))
    return _Measured(_share(Decimal(so_far), Decimal(whole)))


def _by_cost(obligation: Obligation, since: date | None, day: date, words: _Words) -> _Measured:
    estimate = estimate_on(obligation, day)
    if estimate is None or estimate.cost is None:
        raise NotMeasurable("Estimate what it costs in all.")
    before = there = (
        _ZERO  # what was spent on the work, and the materials delivered, before a prospective change
    )
    if since is not None:
        earlier = estimate_on(obligation, since - _DAY)
        there = earlier.delivered if earlier else _ZERO
        before = done_by(obligation.done, since - _DAY).cost - there
    so_far = done_by(obligation.done, day).cost - estimate.delivered - before
    whole = estimate.cost - estimate.materials - before
    if words is not None:
        said = f"{so_far:,.2f} of {whole:,.2f} cost, as estimated on {estimate.from_day:%d %b %Y}"
        if estimate.materials:
            said += f", without {estimate.materials:,.2f} of uninstalled materials"
        words.append(Step("Cost", f"{said}."))
    return _Measured(_share(so_far, whole), estimate.materials - there, estimate.delivered - there)


def _by_output(
    obligation: Obligation, version: Version, since: date | None, day: date, words: _Words
) -> _Measured:
    whole = _ONE
    if obligation.method in (Method.OUTPUT_UNITS, Method.OUTPUT_MILESTONES):
        if version.total is None:
            raise NotMeasurable("Say how much is promised in all.")
        whole = version.total
        estimate = estimate_on(obligation, day)
        if estimate is not None and estimate.breakage_percent:
            whole = whole * (100 - estimate.breakage_percent) / 100
            if words is not None:
                said = f"{estimate.breakage_percent.normalize():f} % is expected to stay unused."
                words.append(Step("Breakage", said))
    before = _ZERO
    if since is not None:
        # A share said on the day of a prospective change is of the new whole: it restates what was reached by then.
        restated = since if obligation.method is Method.OUTPUT_PROGRESS else since - _DAY
        before = _reached_by(obligation.reached, restated).value
    last = _reached_by(obligation.reached, day)
    share = _share(last.value - before, whole - before)
    if obligation.method is Method.POINT_IN_TIME:
        share = _ONE if last.value >= 1 else _ZERO
    if words is not None:
        said = _output_words(obligation.method, last, before, whole)
        words.append(Step("Output", " ".join(filter(None, (said, last.said)))))
    return _Measured(share)


def _output_words(method: Method, last: Reached, before: Decimal, whole: Decimal) -> str:
    if method is Method.POINT_IN_TIME:
        return f"Handed over on {last.day:%d %b %Y}." if last.value >= 1 else "Not handed over yet."
    if method is Method.OUTPUT_PROGRESS:
        return (
            f"{percent_words(last.value)} reached by {last.day:%d %b %Y}." if last.value else "Nothing yet."
        )
    return f"{last.value - before:,.2f} of {whole - before:,.2f}."


def estimate_on(obligation: Obligation, day: date) -> Estimate | None:
    """Return the estimate that is believed on a day, None before the first."""
    place = bisect_right(obligation.estimates, day, key=lambda estimate: estimate.from_day)
    return obligation.estimates[place - 1] if place else None


def done_by(done: Sequence[Done], day: date) -> Done:
    """Return what was put in through a day."""
    place = bisect_right(done, day, key=lambda each: each.day)
    return done[place - 1] if place else Done(day, 0, _ZERO)


def _reached_by(reached: Sequence[Reached], day: date) -> Reached:
    place = bisect_right(reached, day, key=lambda each: each.day)
    return reached[place - 1] if place else Reached(day, _ZERO)


def _share(part: Decimal, whole: Decimal) -> Decimal:
    if whole <= 0:
        return _ONE if part > 0 else _ZERO
    return _capped(part / whole)


def _capped(share: Decimal) -> Decimal:
    return min(max(share, _ZERO), _ONE)


class Month(NamedTuple):
    """A calendar month's revenue: the difference of two days' revenue to date."""

    days: Period
    amount: Decimal
    to_date: Recognized


@lru_cache(maxsize=256)
def _calendar(start: date, end: date) -> tuple[Period, ...]:
    """Return the months of a span; many obligations have the same."""
    return tuple(months(start, end))


def by_month(obligation: Obligation, through: date) -> Iterator[Month]:
    """Yield each calendar month's revenue from the first version's month on, of the last one that through the day
    `through`. Raises `NotMeasurable`.
    """
    if not obligation.versions:
        return
    before = _ZERO
    for days in _calendar(obligation.versions[0].from_day, through + _DAY):
        found = recognized(obligation, min(days.end - _DAY, through))
        yield Month(days, found.amount - before, found)
        before = found.amount


class Measure(NamedTuple):
    """Progress by one way of measuring, for comparison."""

    name: str
    share: Decimal


def measures(obligation: Obligation, day: date) -> list[Measure]:
    """Return progress by every way that the facts allow: time, hours, cost, output. Ways without facts are left out."""
    held = [version for version in obligation.versions if version.from_day <= day]
    if not held:
        return []
    version, found = held[-1], []
    estimate = estimate_on(obligation, day)
    if version.start and version.end:
        found.append(Measure("time", _by_time(obligation, version, None, day, None).share))
    if estimate is not None and estimate.seconds:
        found.append(Measure("hours", _by_hours(obligation, None, day, None).share))
    if estimate is not None and estimate.cost:
        found.append(Measure("cost", _by_cost(obligation, None, day, None).share))
    if obligation.reached and obligation.method is not Method.POINT_IN_TIME:
        found.append(Measure("output", _by_output(obligation, version, None, day, None).share))
    return found


def divergence(found: Sequence[Measure]) -> Decimal:
    """Return the widest gap between two ways of measuring, a share of one; zero with fewer than two."""
    shares = [measure.share for measure in found]
    return max(shares) - min(shares) if shares else _ZERO
