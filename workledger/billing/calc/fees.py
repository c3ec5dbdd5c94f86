"""What a contract line charges beside time: instalments, periodic fees, units, progress, minimums.

Each function says what is due through a day, from the terms alone; a charge is known by its kind and key, so that asking
again finds it and never charges twice. A charge keeps its amount once made; later terms make later charges.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.billing.calc.draws import BlockLeft, add_months, fee_periods, retainer_fee
from workledger.contracts.calc import terms
from workledger.contracts.calc.terms import Terms, Timing
from workledger.kernel.period import Period
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_ONE = Decimal(1)
_DAY = timedelta(days=1)


class ChargeKind(StrEnum):
    """What a charge is for."""

    INSTALMENT = "instalment"
    MILESTONE = "milestone"
    RETAINER_FEE = "retainer_fee"
    FEE = "fee"
    BLOCK = "block"
    UNITS = "units"
    PROGRESS = "progress"
    RETAINAGE = "retainage"
    MINIMUM = "minimum"
    BREAKAGE = "breakage"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return self.value.replace("_", " ").capitalize()


class ChargeDue(NamedTuple):
    """Something to charge: `quantity` × `rate` is `amount`, for the half-open `days`, due on `due`.

    `key` tells it from others of its kind on the line.
    """

    kind: ChargeKind
    key: str
    description: str
    days: Period
    due: date
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    said: str = ""


def due_charges(
    document: Terms, start: date, end: date | None, through: date, currency: str
) -> list[ChargeDue]:
    """Return what falls due by itself through a day (included): dated instalments and the fees of periods."""
    if isinstance(document, terms.FixedFee):
        return [
            instalment(document, place, each.due, currency)
            for place, each in enumerate(document.instalments)
            if each.due is not None and each.due <= through
        ]
    if isinstance(document, terms.Retainer):
        return list(_retainer_fees(document, start, end, through, currency))
    if isinstance(document, terms.Recurring):
        return list(_recurring_fees(document, start, end, through, currency))
    return []


def _single(
    kind: ChargeKind, key: str, description: str, days: Period, due: date, amount: Decimal, said: str = ""
) -> ChargeDue:
    return ChargeDue(kind, key, description, days, due, _ONE, "pc", amount, amount, said)


# --- fixed fee ----------------------------------------------------------------------------------------------


def instalment_amounts(document: terms.FixedFee, currency: str) -> list[Decimal]:
    """Return what each instalment comes to. Never more than the price in all; where they add up to it, the last takes what rounding left."""
    exact = [
        each.amount if each.amount is not None else document.price * (each.percent or _ZERO) / 100
        for each in document.instalments
    ]
    amounts: list[Decimal] = []
    for each in exact:
        amounts.append(min(round_amount(each, currency), document.price - sum(amounts, _ZERO)))
    if amounts and sum(exact, _ZERO) == document.price:
        amounts[-1] = document.price - sum(amounts[:-1], _ZERO)
    return amounts


def instalment(document: terms.FixedFee, place: int, due: date, currency: str) -> ChargeDue:
    """Return the instalment at a place of the list, charged on a day."""
    each = document.instalments[place]
    amount = instalment_amounts(document, currency)[place]
    said = f"{each.percent.normalize():f} % of {document.price:,.2f}" if each.percent is not None else ""
    key = terms.part_key(place, each)
    return _single(ChargeKind.INSTALMENT, key, each.name, Period(due, due + _DAY), due, amount, said)


def milestone(document: terms.Milestones, place: int, accepted: date) -> ChargeDue:
    """Return the charge of a milestone on the day of its acceptance."""
    each = document.milestones[place]
    days = Period(accepted, accepted + _DAY)
    key = terms.part_key(place, each)
    return _single(ChargeKind.MILESTONE, key, each.name, days, accepted, each.amount, "Accepted")


def part_amounts(document: Terms, currency: str) -> dict[str, Decimal]:
    """Return what each milestone or instalment comes to, by its key; nothing for other models."""
    if isinstance(document, terms.Milestones):
        return {terms.part_key(place, each): each.amount for place, each in enumerate(document.milestones)}
    if isinstance(document, terms.FixedFee):
        amounts = instalment_amounts(document, currency)
        parts = zip(document.instalments, amounts, strict=True)
        return {terms.part_key(place, each): amount for place, (each, amount) in enumerate(parts)}
    return {}


# --- fees of periods ----------------------------------------------------------------------------------------


def _when(timing: Timing, days: Period) -> date:
    return days.start if timing is Timing.ADVANCE else days.end - _DAY


def _words(days: Period) -> str:
    last = days.end - _DAY
    whole_month = (
        days.start.day == 1
        and days.end.day == 1
        and (last.year, last.month) == (days.start.year, days.start.month)
    )
    return f"{days.start:%B %Y}" if whole_month else f"{days.start:%d %b %Y} to {last:%d %b %Y}"


def _share_words(share: Decimal) -> str:
    return "" if share == 1 else f"{share * 100:.2f} % of the period"


def _retainer_fees(
    document: terms.Retainer, start: date, end: date | None, through: date, currency: str
) -> Iterator[ChargeDue]:
    for each in fee_periods(start, end, document.period_months, through):
        due = _when(document.timing, each.days)
        if due <= through:
            amount = retainer_fee(document, each.share, currency)
            said = _share_words(each.share if document.prorates else _ONE)
            yield _single(
                ChargeKind.RETAINER_FEE,
                each.days.start.isoformat(),
                f"Retainer, {_words(each.days)}",
                each.days,
                due,
                amount,
                said,
            )


def _recurring_fees(
    document: terms.Recurring, start: date, end: date | None, through: date, currency: str
) -> Iterator[ChargeDue]:
    for each in fee_periods(start, None if document.renews else end, document.period_months, through):
        due = _when(document.timing, each.days)
        if due <= through:
            fee, said = escalated(document, start, each.days.start, currency)
            share = each.share if document.prorates else _ONE
            said = "; ".join(filter(None, (said, _share_words(share))))
            amount = round_amount(fee * share, currency)
            yield _single(
                ChargeKind.FEE, each.days.start.isoformat(), _words(each.days), each.days, due, amount, said
            )


def anniversaries(start: date, day: date) -> int:
    """Return how many whole years have passed; the year from 29 February is over on 1 March (BGB § 188)."""
    years = day.year - start.year
    return years - ((day.month, day.day) < (start.month, start.day))


def escalated(document: terms.Recurring, start: date, day: date, currency: str) -> tuple[Decimal, str]:
    """Return the fee of a period that begins on a day, and why: it rises on anniversaries alone.

    By percentage it compounds and is rounded each year; by index it follows the last value known at the anniversary.
    """
    years = max(anniversaries(start, day), 0)
    if document.index_values and years:
        base = _index(document.index_values, start)
        now = _index(document.index_values, _anniversary(start, years))
        fee = round_amount(document.fee * now / base, currency)
        return (
            fee,
            f"{document.escalation_index or 'Index'}: {document.fee:,.2f} × {now.normalize():f} / {base.normalize():f}",
        )
    fee = document.fee
    if not document.escalation_percent:
        return fee, ""
    for _ in range(years):
        fee = round_amount(fee * (100 + document.escalation_percent) / 100, currency)
    return (
        fee,
        f"{document.fee:,.2f}, {document.escalation_percent.normalize():f} % more for each of {years} years"
        if years
        else "",
    )


def _anniversary(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def _index(values: Sequence[terms.IndexValue], day: date) -> Decimal:
    """Return the value that holds on a day: the last one by then, or the first there is."""
    found = values[0].value
    for each in values:
        if each.day <= day:
            found = each.value
    return found


# --- units --------------------------------------------------------------------------------------------------


class TierPart(NamedTuple):
    """A quantity at one price."""

    quantity: Decimal
    price: Decimal
    amount: Decimal


def by_tiers(document: terms.Units, quantity: Decimal, currency: str) -> list[TierPart]:
    """Return a quantity by the prices of its tiers; by volume, all of it at the tier that the whole reaches."""
    tiers = document.tiers
    if document.by_volume:
        price = [tier.price for tier in tiers if tier.from_quantity <= quantity][-1]
        return [TierPart(quantity, price, round_amount(quantity * price, currency))]
    ends = [*(tier.from_quantity for tier in tiers[1:]), None]
    parts = []
    for tier, upper in zip(tiers, ends, strict=True):
        within = (quantity if upper is None else min(quantity, upper)) - tier.from_quantity
        if within > 0:
            parts.append(TierPart(within, tier.price, round_amount(within * tier.price, currency)))
    return parts or [TierPart(_ZERO, tiers[0].price, _ZERO)]


def units_charges(
    document: terms.Units, key: str, days: Period, quantity: Decimal, currency: str
) -> list[ChargeDue]:
    """Return the charges of units that a period used: one for each tier it touched."""
    parts = by_tiers(document, quantity, currency)
    return [
        ChargeDue(
            ChargeKind.UNITS, f"{key}/{place}", f"{document.unit}, {_words(days)}", days, days.end - _DAY, part.quantity, "pc",
            part.price, part.amount, f"Tier {place + 1}" if len(parts) > 1 else "",
        )
        for place, part in enumerate(parts)
    ]  # fmt: skip


# --- progress -----------------------------------------------------------------------------------------------


class Claim(NamedTuple):
    """A progress claim: the value earned since the last, and what of it is retained."""

    earned: Decimal
    retained: Decimal


def progress_claim(document: terms.Progress, percent: Decimal, billed: Decimal, currency: str) -> Claim:
    """Return what is claimed at a progress in percent, with `billed` claimed before; negative after a lower estimate."""
    earned = round_amount(document.value * percent / 100, currency) - billed
    return Claim(earned, round_amount(earned * document.retainage_percent / 100, currency))


def progress_by_hours(worked_seconds: int, budget_seconds: int) -> Decimal:
    """Return worked over budgeted hours in percent, at most 100."""
    return min(Decimal(100), (Decimal(worked_seconds) * 100 / budget_seconds).quantize(Decimal("0.01")))


def progress_charges(
    document: terms.Progress, key: str, on: date, percent: Decimal, billed: Decimal, currency: str
) -> list[ChargeDue]:
    """Return the charges of a claim: what was earned, and, negative, what is retained of it."""
    claim = progress_claim(document, percent, billed, currency)
    days = Period(on, on + _DAY)
    said = f"{percent.normalize():f} % of {document.value:,.2f}, less {billed:,.2f} claimed before"
    charges = [
        _single(
            ChargeKind.PROGRESS, key, f"Progress to {percent.normalize():f} %", days, on, claim.earned, said
        )
    ]
    if claim.retained:
        words = f"Retainage {document.retainage_percent.normalize():f} %"
        charges.append(_single(ChargeKind.RETAINAGE, key, words, days, on, -claim.retained))
    return charges


def retainage_release(key: str, on: date, amount: Decimal) -> ChargeDue:
    """Return the charge that releases retained money."""
    return _single(
        ChargeKind.RETAINAGE, f"release/{key}", "Retainage released", Period(on, on + _DAY), on, amount
    )


# --- minimum ------------------------------------------------------------------------------------------------


def minimum_periods(
    document: Terms, start: date, end: date | None, through: date
) -> Iterator[tuple[Period, Decimal]]:
    """Yield the periods of a minimum charge that ended by `through` (included), with the least amount of each."""
    least = getattr(document, "minimum_charge", None)
    if least is None:
        return
    for each in fee_periods(start, end, least.period_months, through):
        if each.days.end <= through + _DAY:
            yield each.days, least.amount * each.share


def true_up(days: Period, least: Decimal, charged: Decimal, currency: str) -> ChargeDue | None:
    """Return the charge that lifts a period's charges to their minimum, None where they reach it."""
    lacking = round_amount(least, currency) - charged
    if lacking <= 0:
        return None
    said = f"Minimum {least:,.2f}, charged {charged:,.2f}"
    return _single(
        ChargeKind.MINIMUM,
        days.start.isoformat(),
        f"Minimum, {_words(days)}",
        days,
        days.end - _DAY,
        lacking,
        said,
    )


# --- prepaid ------------------------------------------------------------------------------------------------


def block_charge(document: terms.Prepaid, key: str, on: date) -> ChargeDue:
    """Return the charge of a block that is bought on a day."""
    size = (
        f"{document.block_hours:,.2f} hours"
        if document.block_hours is not None
        else f"{document.block_amount:,.2f}"
    )
    return _single(
        ChargeKind.BLOCK, key, f"Prepaid block of {size}", Period(on, on + _DAY), on, document.price
    )


def expiry(document: terms.Prepaid, bought: date) -> date | None:
    """Return the day from which a block bought on a day can no longer be drawn, None if never."""
    if document.expires_after_months is None:
        return None
    first = add_months(bought.replace(day=1), document.expires_after_months)
    last = add_months(first, 1) - _DAY
    return first.replace(day=min(bought.day, last.day))


def breakages(left: Iterable[BlockLeft], through: date, currency: str) -> list[ChargeDue]:
    """Return what of blocks expired unused: recognized, and billed already."""
    return [
        _single(
            ChargeKind.BREAKAGE,
            str(each.block.id),
            "Prepaid and expired unused",
            Period(each.block.expires or through, (each.block.expires or through) + _DAY),
            each.block.expires or through,
            each.block.price - round_amount(each.block.price * each.drawn / each.block.size, currency),
        )
        for each in left
        if each.expired
    ]
