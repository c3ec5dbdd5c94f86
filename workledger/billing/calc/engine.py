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


class Rest(NamedTuple):
    """Value of an entry that a cap kept off the bill which holds the entry: a higher cap lets it through."""

    source_id: int
    task_id: int
    day: date
    amount: Decimal


class LineTime(NamedTuple):
    """All time of one contract line that is on no bill, with what bills hold of the line and what it draws from.

    `rests` is what caps kept of time that bills hold.
    """

    key: int
    document: Terms
    works: Iterable[Worked]
    settled: Settled = NOTHING_SETTLED
    draw: Draw = NO_DRAW
    rests: Sequence[Rest] = ()


class SharedCap(NamedTuple):
    """A cap over charged time of several lines: of a whole contract, or of a phase's tasks.

    `settled` is what bills hold of the time that it counts; `of` names it in the derivation.
    """

    of: str
    cap: Cap
    settled: Settled = NOTHING_SETTLED
    task_ids: frozenset[int] | None = None


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
    return price_together([LineTime(0, document, works, settled, draw)], currency)[0]


def price_together(
    lines: Sequence[LineTime], currency: str, shared: Sequence[SharedCap] = ()
) -> dict[int, list[Piece]]:
    """Return the pieces of each line by its key, where caps of phases and of the contract count over all lines.

    A line's own cap comes first, then those in `shared`, in their order. Raises `RateMissing`, for every line at once.
    """
    ordered = {line.key: sorted(line.works, key=_order) for line in lines}
    places = {
        work.source_id: _Place(line.key, work.task_id, work.day)
        for line in lines
        for work in ordered[line.key]
    }
    places |= {
        rest.source_id: _Place(line.key, rest.task_id, rest.day) for line in lines for rest in line.rests
    }
    found: dict[int, list[Piece]] = {}
    lacking: set[int] = set()
    for line in lines:
        pieces = found[line.key] = _before_caps(line, ordered[line.key], currency)
        if line.rests:
            pieces += map(_released, line.rests)
            pieces.sort(key=lambda piece: (places[piece.source_id].day, piece.source_id))
        lacking.update(
            [
                piece.source_id
                for piece in pieces
                if piece.rate is None and piece.treatment is Treatment.CHARGED
            ]
        )
    if lacking:
        raise RateMissing(lacking)
    for line in lines:
        cap = terms.cap_of(line.document)
        found[line.key] = _capped(cap, found[line.key], line.settled, currency, "the cap")
    if any(each.cap.action is CapAction.HARD for each in shared):
        found = _capped_together(found, places, shared, currency)
    return {
        line.key: _numbered(
            _discounted(
                getattr(line.document, "discount", None), found[line.key], line.settled, currency, places
            )
        )
        for line in lines
    }  # fmt: skip


def _before_caps(line: LineTime, ordered: Sequence[Worked], currency: str) -> list[Piece]:
    """Take a line's time through all steps up to the retainer or prepaid draw."""
    document = line.document
    if isinstance(document, terms.NonBillable):
        return [_free(work, Treatment.NON_BILLABLE) for work in ordered]
    if not isinstance(document, _PRICED_BY_TIME):
        return [_free(work, Treatment.COVERED) for work in ordered]
    parts = _with_minimum(document, _rounded(document, _multiplied(document, _rated(document, ordered))))
    if isinstance(document, terms.DayRate):
        pieces = _by_the_day(document, parts, currency)
    else:
        pieces = _drawn(document, parts, line.draw, currency)
    return [_none_to_charge(piece) for piece in pieces]


class _Place(NamedTuple):
    line_key: int
    task_id: int
    day: date


def _released(rest: Rest) -> Piece:
    said = (Step("quantity", "What a cap kept off the bill that holds this work"),)
    return Piece(
        rest.source_id, 0, Treatment.CHARGED, 0, Decimal(1), "pc", rest.amount, rest.amount, steps=said
    )


def _capped_together(
    found: Mapping[int, list[Piece]],
    places: Mapping[int, _Place],
    shared: Sequence[SharedCap],
    currency: str,
) -> dict[int, list[Piece]]:
    """Walk the charged time of all lines by day and entry through the caps that they share."""

    def order(piece: Piece) -> tuple[date, int]:
        return places[piece.source_id].day, piece.source_id

    pieces = sorted((piece for of_line in found.values() for piece in of_line), key=order)
    for each in shared:
        counted: list[Piece] = []
        others: list[Piece] = []
        for piece in pieces:
            within = each.task_ids is None or places[piece.source_id].task_id in each.task_ids
            (counted if within else others).append(piece)
        capped = _capped(each.cap, counted, each.settled, currency, each.of)
        pieces = sorted([*others, *capped], key=order)
    result: dict[int, list[Piece]] = {key: [] for key in found}
    for piece in pieces:
        result[places[piece.source_id].line_key].append(piece)
    return result


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

    def time(lacking: frozenset[int]) -> list[LineTime]:
        some = [each for each in works if each.source_id not in lacking] if lacking else works
        return [LineTime(0, document, some, settled, draw())]

    pieces, lacking, (line,) = priced_together(time, currency)
    return pieces[0], lacking, line.draw


def priced_together(
    time: Callable[[frozenset[int]], Sequence[LineTime]], currency: str, shared: Sequence[SharedCap] = ()
) -> tuple[dict[int, list[Piece]], frozenset[int], Sequence[LineTime]]:
    """Return by line the pieces of what can be priced, the entries that lack a rate, and the lines with their draws.

    `time` gives the lines, with what they draw from untouched, without the entries that it is told.
    """
    lacking: frozenset[int] = frozenset()
    while True:
        lines = time(lacking)
        try:
            return price_together(lines, currency, shared), lacking, lines
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
    limit = next((each.over_hours for each in factors if each.over_hours is not None), None)
    normal_seconds = None if limit is None else int(limit * _HOUR)
    factor_of = _Factors(factors)
    booked: dict[tuple[int, date], int] = defaultdict(int)
    result: list[_Part] = []
    for part in parts:
        work, seconds = part.work, part.seconds
        within = seconds
        if normal_seconds is not None:
            day = work.person_id, work.day
            before = booked[day]
            booked[day] = before + seconds
            if before + seconds > normal_seconds:
                within = max(0, normal_seconds - before)
        if within or not seconds:
            result.append(factor_of.times(part, within, is_overtime=False))
        if seconds > within:
            result.append(factor_of.times(part, seconds - within, is_overtime=True))
    return result


_FACTOR_WORDS = {
    MultiplierKind.WEEKEND: "Weekend",
    MultiplierKind.HOLIDAY: "Holiday",
    MultiplierKind.OVERTIME: "Overtime",
    MultiplierKind.TASK_TYPE: "Kind of work",
}


class _Factors:
    """The factors of a line; the same circumstances give the same factor, and the same rate the same words."""

    def __init__(self, factors: Sequence[Multiplier]) -> None:
        self._factors = factors
        self._chosen: dict[tuple[bool, bool, int | None, bool], Multiplier | None] = {}
        self._rates: dict[tuple[int, Decimal], tuple[Decimal, Step]] = {}

    def times(self, part: _Part, seconds: int, *, is_overtime: bool) -> _Part:
        """Return so many seconds of a part at its multiplied rate."""
        work = part.work
        key = work.day.weekday() >= 5, work.is_holiday, work.task_type_id, is_overtime
        if key not in self._chosen:
            fitting = [each for each in self._factors if _fits(each, *key)]
            self._chosen[key] = max(fitting, key=lambda each: each.factor, default=None)
        factor = self._chosen[key]
        if factor is None or part.rate is None:
            return part if seconds == part.seconds else part._replace(seconds=seconds)
        known = id(factor), part.rate
        if known not in self._rates:
            words = f"{_FACTOR_WORDS[factor.kind]}: {part.rate:,.2f} × {factor.factor.normalize():f}"
            rate = (part.rate * factor.factor).quantize(_RATE_PLACES, ROUND_HALF_UP)
            self._rates[known] = rate, Step("multiplier", words)
        rate, said = self._rates[known]
        return _Part(work, seconds, rate, (*part.steps, said))


def _fits(
    factor: Multiplier, is_weekend: bool, is_holiday: bool, task_type_id: int | None, is_overtime: bool
) -> bool:
    match factor.kind:
        case MultiplierKind.WEEKEND:
            return is_weekend
        case MultiplierKind.HOLIDAY:
            return is_holiday
        case MultiplierKind.OVERTIME:
            return is_overtime
        case MultiplierKind.TASK_TYPE:
            return factor.task_type_id == task_type_id


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
    """Lift the last entry of what a minimum holds for; only groups with a part below it can fall short of it."""
    least = getattr(document, "minimum_time", None)
    if least is None:
        return parts
    enough = least.minutes * 60
    by_entry = least.scope is terms.MinimumScope.ENTRY
    keys = [part.work.source_id if by_entry else (part.work.person_id, part.work.day) for part in parts]
    short = {key for key, part in zip(keys, parts, strict=True) if part.seconds < enough}
    groups: dict[object, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key in short:
            groups[key].append(place)
    result = list(parts)
    why = f"at least {least.minutes} per {least.scope.value}"
    for places in groups.values():
        total = sum(parts[place].seconds for place in places)
        if 0 < total < enough and not parts[places[0]].work.is_rest:
            last = max(place for place in places if parts[place].seconds)
            result[last] = _longer(parts[last], parts[last].seconds + enough - total, "minimum", why)
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


def _capped(cap: Cap | None, pieces: list[Piece], settled: Settled, currency: str, name: str) -> list[Piece]:
    """Let a hard cap's value or hours through in order; what lies beyond stays visible, neither billed nor recognized.

    A cap in money lets the entry that crosses it through with exactly what is left, so that the bills come to the cap.
    A cap in hours splits that entry.
    """
    if cap is None or cap.action is not CapAction.HARD:
        return pieces
    if cap.amount is not None:
        left = (limit_of(cap) - settled.amount).quantize(minor_quantum(currency), ROUND_FLOOR)
        return _by_amount(pieces, max(left, _ZERO), name)
    return _by_hours(pieces, max(int(limit_of(cap) * _HOUR) - settled.seconds, 0), currency, name)


def _by_amount(pieces: Sequence[Piece], left: Decimal, name: str) -> list[Piece]:
    result = []
    for piece in pieces:
        if piece.treatment is not Treatment.CHARGED or piece.amount <= left:
            result.append(piece)
            left -= piece.amount
            continue
        taken, left = left, _ZERO
        said = Step("cap", f"{taken:,.2f} of {piece.amount:,.2f} lie within {name}")
        result.append(
            piece._replace(
                treatment=Treatment.CHARGED if taken else Treatment.OVER_CAP, amount=taken,
                over_cap=piece.over_cap + piece.amount - taken, steps=(*piece.steps, said),
            )
        )  # fmt: skip
    return result


def _by_hours(pieces: Sequence[Piece], left: int, currency: str, name: str) -> list[Piece]:
    result = []
    for piece in pieces:
        if piece.treatment is not Treatment.CHARGED or piece.seconds <= left:
            result.append(piece)
            if piece.treatment is Treatment.CHARGED:
                left -= piece.seconds
            continue
        within, left = left, 0
        said = Step("cap", f"{within / _HOUR:g} of {piece.seconds / _HOUR:g} hours lie within {name}")
        steps = (*piece.steps, said)
        first = _cut(piece, within, currency)._replace(steps=steps)
        if within:
            result.append(first)
        result.append(
            piece._replace(
                treatment=Treatment.OVER_CAP, seconds=piece.seconds - within, quantity=piece.quantity - first.quantity,
                amount=_ZERO, over_cap=piece.over_cap - first.over_cap + piece.amount - first.amount, steps=steps,
            )
        )  # fmt: skip
    return result


def _cut(piece: Piece, seconds: int, currency: str) -> Piece:
    """Return the first so many seconds of a piece, with its share of what is charged and of what lies over a cap."""
    quantum = minor_quantum(currency)
    share = Decimal(seconds) / piece.seconds
    return piece._replace(
        seconds=seconds,
        quantity=(piece.quantity * seconds / piece.seconds).quantize(_DAY_PLACES, ROUND_HALF_UP),
        amount=(piece.amount * share).quantize(quantum, ROUND_HALF_UP),
        over_cap=(piece.over_cap * share).quantize(quantum, ROUND_HALF_UP),
    )


# --- discount -----------------------------------------------------------------------------------------------


def _discounted(
    discount: terms.Discount | None,
    pieces: list[Piece],
    settled: Settled,
    currency: str,
    places: Mapping[int, _Place],
) -> list[Piece]:
    """Give up a share of what is charged: the line's, or that of the step which the month's hours reach."""
    if discount is None:
        return pieces
    month_of = {piece.source_id: places[piece.source_id].day.replace(day=1) for piece in pieces}
    months: dict[date, int] = defaultdict(int, settled.discounted_seconds)
    for piece in pieces:
        if piece.treatment is Treatment.CHARGED:
            months[month_of[piece.source_id]] += piece.seconds
    percents: dict[date, tuple[Decimal, Step]] = {}
    for month, seconds in months.items():
        reached = [step.percent for step in discount.volume if seconds >= step.from_hours * _HOUR]
        percent = reached[-1] if reached else discount.percent
        percents[month] = percent / 100, Step("discount", f"{percent.normalize():f} % less")
    quantum = minor_quantum(currency)
    result = []
    for piece in pieces:
        if piece.treatment is Treatment.CHARGED and piece.amount:
            share, said = percents[month_of[piece.source_id]]
            if share:
                less = (piece.amount * share).quantize(quantum, ROUND_HALF_UP)
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
