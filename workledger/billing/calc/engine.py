"""How approved time on a contract line becomes money: one ordered list of steps.

    quantity ▶ rate ▶ multiplier ▶ rounding ▶ minimum ▶ retainer or prepaid draw ▶ cap ▶ discount

(Tax follows on the invoice, over all its lines.) `price` takes all of a line's time that is on no bill, whatever the
order in which it was approved, and always walks it by day and entry: so the order of approval changes nothing. What
bills hold already comes in as `Settled` and is never changed. A step says what it did, where it did something.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.billing.calc.draws import Allowance, Blocks, Drawn
from workledger.billing.calc.pricing import TimePiece, rounded_seconds, time_amount
from workledger.billing.calc.work import Worked
from workledger.contracts.calc import terms
from workledger.contracts.calc.terms import Cap, CapAction, Multiplier, MultiplierKind, Terms
from workledger.kernel.rounding import TimeRounding, minor_quantum

_ZERO = Decimal(0)
_HOUR = 3600
_RATE_PLACES = Decimal("0.0001")
_DAY_PLACES = Decimal("0.0001")
_PRICED_BY_TIME = terms.TimeAndMaterials | terms.Blended | terms.DayRate | terms.Retainer | terms.Prepaid


class Treatment(StrEnum):
    """What becomes of a piece of time."""

    CHARGED = "charged"
    COVERED = "covered"
    OVER_CAP = "over_cap"
    NON_BILLABLE = "non_billable"
    WAITS = "waits"


class Step(NamedTuple):
    """What one step of the list did to a piece, in words for 'why this amount?'."""

    name: str
    said: str


class Piece(NamedTuple):
    """A part of an entry after all steps.

    `quantity` in `unit` ('h' or 'd') × `rate` is its full value, of which `amount` is charged, `over_cap` lies beyond a
    cap, and `discount` is given up. `amount` still contains the discount: it is what is recognized before it. Covered
    time has no amount; `drawn` is then what it took of the retainer or block: seconds, or money.
    """

    source_id: int
    part: int
    treatment: Treatment
    seconds: int
    quantity: Decimal
    unit: str
    rate: Decimal | None
    amount: Decimal
    over_cap: Decimal = _ZERO
    discount: Decimal = _ZERO
    drawn: Drawn | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What bills already hold of a line: charged value and seconds, which caps count before anything new."""

    amount: Decimal = _ZERO
    seconds: int = 0
    discounted_seconds: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draw:
    """What time may draw from before it is charged: a retainer's periods or prepaid blocks, less what was drawn."""

    allowance: Allowance | None = None
    blocks: Blocks | None = None


NOTHING_SETTLED = Settled()
NO_DRAW = Draw()


class RateMissing(Exception):
    """Time that must be charged has no rate; `source_ids` are the entries that wait for one."""

    def __init__(self, source_ids: Collection[int]) -> None:
        self.source_ids = frozenset(source_ids)
        super().__init__(f"{len(self.source_ids)} entries have no rate")


class _Part(NamedTuple):
    """A stretch of an entry on its way through the steps."""

    work: Worked
    seconds: int
    rate: Decimal | None
    steps: tuple[Step, ...]


def price(
    document: Terms,
    works: Iterable[Worked],
    currency: str,
    *,
    settled: Settled = NOTHING_SETTLED,
    draw: Draw = NO_DRAW,
) -> list[Piece]:
    """Return the pieces of all time of a line that is on no bill, by day and entry.

    Raises `RateMissing` when time that would be charged has no rate: nothing is silently free.
    """
    ordered = sorted(works, key=_order)
    if isinstance(document, terms.NonBillable):
        return [_free(work, Treatment.NON_BILLABLE) for work in ordered]
    if not isinstance(document, _PRICED_BY_TIME):
        return [_free(work, Treatment.COVERED) for work in ordered]
    parts = _with_minimum(document, _rounded(document, _multiplied(document, _rated(document, ordered))))
    if isinstance(document, terms.DayRate):
        pieces = _by_the_day(document, parts, currency)
    else:
        pieces = _drawn(document, parts, draw, currency)
    pieces = [_none_to_charge(piece) for piece in pieces]
    lacking = {
        piece.source_id for piece in pieces if piece.treatment is Treatment.CHARGED and piece.rate is None
    }
    if lacking:
        raise RateMissing(lacking)
    if isinstance(document, terms.TimeAndMaterials | terms.Blended | terms.DayRate):
        pieces = _capped(document.cap, pieces, settled, currency)
        pieces = _discounted(
            document.discount, pieces, settled, currency, {work.source_id: work.day for work in ordered}
        )
    return _numbered(pieces)


def priced(
    document: Terms,
    works: Sequence[Worked],
    currency: str,
    *,
    settled: Settled = NOTHING_SETTLED,
    draw: Callable[[], Draw] = lambda: NO_DRAW,
) -> tuple[list[Piece], frozenset[int], Draw]:
    """Return the pieces of what can be priced, the entries that lack a rate, and what was drawn from.

    `draw` gives what time may draw from, untouched, as often as it is asked.
    """
    lacking: frozenset[int] = frozenset()
    while True:
        source = draw()
        try:
            some = [each for each in works if each.source_id not in lacking] if lacking else works
            return price(document, some, currency, settled=settled, draw=source), lacking, source
        except RateMissing as missing:
            lacking |= missing.source_ids


def prices_time(document: Terms) -> bool:
    """Whether time on a line may cost something."""
    return isinstance(document, _PRICED_BY_TIME)


def is_plain(document: Terms) -> bool:
    """Whether each entry is priced by its rate alone, whatever else is on the line."""
    if not isinstance(document, terms.TimeAndMaterials):
        return False
    if document.multipliers or document.minimum_time or document.discount:
        return False
    return document.cap is None or document.cap.action is not CapAction.HARD


def _order(work: Worked) -> tuple[date, int]:
    return work.day, work.source_id


def _free(work: Worked, treatment: Treatment) -> Piece:
    quantity = Decimal(work.seconds) / _HOUR
    return Piece(work.source_id, 0, treatment, work.seconds, quantity, "h", None, _ZERO)


def _none_to_charge(piece: Piece) -> Piece:
    """Time of which nothing is billable is on no bill and needs no rate."""
    if piece.seconds or piece.treatment is not Treatment.CHARGED:
        return piece
    return piece._replace(treatment=Treatment.NON_BILLABLE)


# --- quantity and rate --------------------------------------------------------------------------------------


def _rated(document: Terms, works: Sequence[Worked]) -> list[_Part]:
    if isinstance(document, terms.Blended):
        said = (Step("rate", f"One rate for every hour: {document.rate_per_hour:,.2f}"),)
        return [_Part(work, work.seconds, document.rate_per_hour, said) for work in works]
    return [_Part(work, work.seconds, work.rate, ()) for work in works]


# --- multiplier ---------------------------------------------------------------------------------------------


def _multiplied(document: Terms, parts: Sequence[_Part]) -> list[_Part]:
    """Multiply rates by the largest factor that fits; overtime splits the entry in which a day passes its limit."""
    factors: tuple[Multiplier, ...] = getattr(document, "multipliers", ())
    if not factors:
        return list(parts)
    overtime = next((each for each in factors if each.kind is MultiplierKind.OVERTIME), None)
    booked: dict[tuple[int, date], int] = defaultdict(int)
    result: list[_Part] = []
    for part in parts:
        work = part.work
        fitting = [each for each in factors if _fits(each, work)]
        normal = max(fitting, key=lambda each: each.factor, default=None)
        if overtime is None or overtime.over_hours is None:
            result.append(_times(part, part.seconds, normal))
            continue
        before = booked[work.person_id, work.day]
        booked[work.person_id, work.day] += part.seconds
        within = min(part.seconds, max(0, int(overtime.over_hours * _HOUR) - before))
        late = max([*fitting, overtime], key=lambda each: each.factor)
        if within or not part.seconds:
            result.append(_times(part, within, normal))
        if part.seconds > within:
            result.append(_times(part, part.seconds - within, late))
    return result


def _fits(factor: Multiplier, work: Worked) -> bool:
    if factor.kind is MultiplierKind.WEEKEND:
        return work.day.weekday() >= 5
    if factor.kind is MultiplierKind.HOLIDAY:
        return work.is_holiday
    return factor.kind is MultiplierKind.TASK_TYPE and factor.task_type_id == work.task_type_id


_FACTOR_WORDS = {
    MultiplierKind.WEEKEND: "Weekend",
    MultiplierKind.HOLIDAY: "Holiday",
    MultiplierKind.OVERTIME: "Overtime",
    MultiplierKind.TASK_TYPE: "Kind of work",
}


def _times(part: _Part, seconds: int, factor: Multiplier | None) -> _Part:
    if factor is None or part.rate is None:
        return part._replace(seconds=seconds)
    rate = (part.rate * factor.factor).quantize(_RATE_PLACES, ROUND_HALF_UP)
    said = Step(
        "multiplier", f"{_FACTOR_WORDS[factor.kind]}: {part.rate:,.2f} × {factor.factor.normalize():f}"
    )
    return _Part(part.work, seconds, rate, (*part.steps, said))


# --- rounding and minimum -----------------------------------------------------------------------------------


def _rounded(document: Terms, parts: list[_Part]) -> list[_Part]:
    how = terms.rounding_of(document)
    if how.method is TimeRounding.NONE or how.scope is terms.RoundingScope.INVOICE:
        return parts
    pieces = [
        TimePiece(place, part.work.person_id, part.work.task_id, part.work.day, part.seconds)
        for place, part in enumerate(parts)
        if not part.work.is_rest
    ]
    seconds = rounded_seconds(pieces, how)
    why = f"{how.method.value} {how.step_minutes} minutes, per {how.scope.value.replace('_', ' ')}"
    return [
        _longer(part, seconds.get(place, part.seconds), "rounding", why) for place, part in enumerate(parts)
    ]


def _longer(part: _Part, seconds: int, step: str, why: str) -> _Part:
    if seconds == part.seconds:
        return part
    said = Step(step, f"{part.seconds / 60:g} min become {seconds / 60:g}: {why}")
    return part._replace(seconds=seconds, steps=(*part.steps, said))


def _with_minimum(document: Terms, parts: list[_Part]) -> list[_Part]:
    least = getattr(document, "minimum_time", None)
    if least is None:
        return parts
    groups: dict[object, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        by_entry = least.scope is terms.MinimumScope.ENTRY
        groups[part.work.source_id if by_entry else (part.work.person_id, part.work.day)].append(place)
    result = list(parts)
    for places in groups.values():
        total = sum(parts[place].seconds for place in places)
        lacking = least.minutes * 60 - total
        if total and lacking > 0 and not parts[places[0]].work.is_rest:
            last = max(place for place in places if parts[place].seconds)
            result[last] = _longer(
                parts[last],
                parts[last].seconds + lacking,
                "minimum",
                f"at least {least.minutes} per {least.scope.value}",
            )
    return result


# --- day rates ----------------------------------------------------------------------------------------------


def days_of(seconds: int, bands: Sequence[terms.Band]) -> Decimal:
    """Return the days that a person's time of one day counts as; beyond the last band, the last band's."""
    if not seconds:
        return _ZERO
    for band in bands:
        if seconds <= band.up_to_hours * _HOUR:
            return band.days
    return bands[-1].days


def _by_the_day(document: terms.DayRate, parts: Sequence[_Part], currency: str) -> list[Piece]:
    """Turn each person's day into days by bands, shared among the day's entries by their time."""
    groups: dict[tuple[int, date], list[_Part]] = defaultdict(list)
    for part in parts:
        groups[part.work.person_id, part.work.day].append(part)
    quantum = minor_quantum(currency)
    pieces = []
    for same_day in groups.values():
        total = sum(part.seconds for part in same_day)
        days = days_of(total, document.bands)
        value = (days * document.rate_per_day).quantize(quantum, ROUND_HALF_UP)
        seconds_left, days_left, value_left = total, days, value
        for part in same_day:
            last = part.seconds == seconds_left
            quantity = (
                days_left if last else (days * part.seconds / total).quantize(_DAY_PLACES, ROUND_HALF_UP)
            )
            amount = value_left if last else (value * part.seconds / total).quantize(quantum, ROUND_HALF_UP)
            seconds_left, days_left, value_left = (
                seconds_left - part.seconds,
                days_left - quantity,
                value_left - amount,
            )
            said = Step("quantity", f"{total / _HOUR:g} hours of the day count as {days.normalize():f} days")
            pieces.append(
                Piece(part.work.source_id, 0, Treatment.CHARGED, part.seconds, quantity, "d", document.rate_per_day,
                      amount, steps=(*part.steps, said))
            )  # fmt: skip
    return pieces


# --- retainer or prepaid draw -------------------------------------------------------------------------------


def _drawn(document: Terms, parts: Sequence[_Part], draw: Draw, currency: str) -> list[Piece]:
    """Cover time from what was bought already, and charge what is left of it."""
    if isinstance(document, terms.Retainer):
        assert draw.allowance is not None
        source: Allowance | Blocks = draw.allowance
        beyond, treatment = document.overage_rate, Treatment.CHARGED
    elif isinstance(document, terms.Prepaid):
        assert draw.blocks is not None
        source = draw.blocks
        beyond = None
        treatment = Treatment.CHARGED if document.beyond is terms.Beyond.CHARGE else Treatment.WAITS
    else:
        return [_charged(part, part.seconds, part.rate, Treatment.CHARGED, currency) for part in parts]
    pieces = []
    for part in parts:
        covered, drawn = source.take(part.work, part.seconds, part.rate)
        if covered or not part.seconds:
            pieces.append(
                Piece(part.work.source_id, 0, Treatment.COVERED, covered, Decimal(covered) / _HOUR, "h", None, _ZERO,
                      drawn=drawn, steps=(*part.steps, Step("draw", source.word)))
            )  # fmt: skip
        if part.seconds > covered:
            rate = part.rate if beyond is None else beyond
            left = part._replace(
                steps=(*part.steps, Step("draw", f"Beyond what {source.word[0].lower()}{source.word[1:]}"))
            )
            pieces.append(_charged(left, part.seconds - covered, rate, treatment, currency))
    return pieces


def _charged(part: _Part, seconds: int, rate: Decimal | None, treatment: Treatment, currency: str) -> Piece:
    amount = (
        _ZERO if rate is None or treatment is not Treatment.CHARGED else time_amount(seconds, rate, currency)
    )
    return Piece(
        part.work.source_id,
        0,
        treatment,
        seconds,
        Decimal(seconds) / _HOUR,
        "h",
        rate,
        amount,
        steps=part.steps,
    )


# --- cap ----------------------------------------------------------------------------------------------------


def limit_of(cap: Cap) -> Decimal:
    """Return what a cap lets through, in money or hours, its tolerance included."""
    limit = cap.amount if cap.amount is not None else cap.hours
    assert limit is not None
    return limit * (100 + cap.tolerance_percent) / 100


def _capped(cap: Cap | None, pieces: list[Piece], settled: Settled, currency: str) -> list[Piece]:
    """Let a hard cap's value or hours through in order; what lies beyond stays visible, neither billed nor recognized.

    A cap in money lets the entry that crosses it through with exactly what is left, so that the bills come to the cap.
    A cap in hours splits that entry.
    """
    if cap is None or cap.action is not CapAction.HARD:
        return pieces
    if cap.amount is not None:
        return _by_amount(
            pieces, (limit_of(cap) - settled.amount).quantize(minor_quantum(currency), ROUND_FLOOR)
        )
    return _by_hours(pieces, int(limit_of(cap) * _HOUR) - settled.seconds, currency)


def _by_amount(pieces: Sequence[Piece], left: Decimal) -> list[Piece]:
    result = []
    for piece in pieces:
        if piece.treatment is not Treatment.CHARGED or piece.amount <= left:
            result.append(piece)
            left -= piece.amount
            continue
        taken, left = max(left, _ZERO), _ZERO
        said = Step("cap", f"{taken:,.2f} of {piece.amount:,.2f} lie within the cap")
        result.append(
            piece._replace(
                treatment=Treatment.CHARGED if taken else Treatment.OVER_CAP, amount=taken,
                over_cap=piece.amount - taken, steps=(*piece.steps, said),
            )
        )  # fmt: skip
    return result


def _by_hours(pieces: Sequence[Piece], left: int, currency: str) -> list[Piece]:
    result = []
    for piece in pieces:
        if piece.treatment is not Treatment.CHARGED or piece.seconds <= left:
            result.append(piece)
            left -= piece.seconds
            continue
        within, left = max(left, 0), 0
        said = Step("cap", f"{within / _HOUR:g} of {piece.seconds / _HOUR:g} hours lie within the cap")
        steps = (*piece.steps, said)
        first = _cut(piece, within, currency)._replace(steps=steps)
        if within:
            result.append(first)
        result.append(
            piece._replace(
                treatment=Treatment.OVER_CAP, seconds=piece.seconds - within, quantity=piece.quantity - first.quantity,
                amount=_ZERO, over_cap=piece.amount - first.amount, steps=steps,
            )
        )  # fmt: skip
    return result


def _cut(piece: Piece, seconds: int, currency: str) -> Piece:
    quantity = (piece.quantity * seconds / piece.seconds).quantize(_DAY_PLACES, ROUND_HALF_UP)
    amount = (piece.amount * seconds / piece.seconds).quantize(minor_quantum(currency), ROUND_HALF_UP)
    return piece._replace(seconds=seconds, quantity=quantity, amount=amount)


# --- discount -----------------------------------------------------------------------------------------------


def _discounted(
    discount: terms.Discount | None,
    pieces: list[Piece],
    settled: Settled,
    currency: str,
    day_of: Mapping[int, date],
) -> list[Piece]:
    """Give up a share of what is charged: the line's, or that of the step which the month's hours reach."""
    if discount is None:
        return pieces
    months: dict[date, int] = defaultdict(int, settled.discounted_seconds)
    for piece in pieces:
        if piece.treatment is Treatment.CHARGED:
            months[day_of[piece.source_id].replace(day=1)] += piece.seconds
    quantum = minor_quantum(currency)
    result = []
    for piece in pieces:
        percent = discount.percent
        for step in discount.volume:
            if months[day_of[piece.source_id].replace(day=1)] >= step.from_hours * _HOUR:
                percent = step.percent
        if piece.treatment is Treatment.CHARGED and percent and piece.amount:
            less = (piece.amount * percent / 100).quantize(quantum, ROUND_HALF_UP)
            said = Step("discount", f"{percent.normalize():f} % less")
            piece = piece._replace(discount=less, steps=(*piece.steps, said))
        result.append(piece)
    return result


def _numbered(pieces: list[Piece]) -> list[Piece]:
    """Number the parts of each entry in their order."""
    parts: dict[int, int] = {}
    result = []
    for piece in pieces:
        part = parts.get(piece.source_id, 0)
        parts[piece.source_id] = part + 1
        result.append(piece if part == piece.part else piece._replace(part=part))
    return result
