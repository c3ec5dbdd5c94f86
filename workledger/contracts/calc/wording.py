"""What a contract line agrees to, in a sentence: 'Up to 20 h a month for 5,000.00, then 200.00 an hour; unused hours expire.'

`money` writes an amount as the reader is used to. What goes without saying is left out: rounding, notes and the like
stand in `terms.facts`.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from workledger.contracts.calc import terms
from workledger.contracts.calc.terms import Terms, Timing, Unused

Money = Callable[[Decimal], str]


def plain_money(amount: Decimal) -> str:
    """Write an amount in English digits, without its currency."""
    return f"{amount:,.2f}"


def sentence(read: Terms, money: Money = plain_money) -> str:
    """Return what a line's terms say, as one sentence with its limits after semicolons."""
    parts = [_main(read, money), *_limits(read, money)]
    return "; ".join(part for part in parts if part) + "."


def _main(read: Terms, money: Money) -> str:
    match read:
        case terms.TimeAndMaterials():
            return "Every approved hour at its rate-card price"
        case terms.Blended():
            return f"Every approved hour at {money(read.rate_per_hour)}, whoever works it"
        case terms.DayRate():
            return f"Each day worked at {money(read.rate_per_day)}{_bands(read)}"
        case terms.NonBillable():
            return "Nothing is billed; time still costs"
        case terms.FixedFee():
            return f"{money(read.price)} in all, {_instalments(read)}"
        case terms.Milestones():
            return _milestones(read, money)
        case terms.Retainer():
            return _retainer(read, money)
        case terms.Recurring():
            return f"{money(read.fee)} {_each(read.period_months)}, {_timing(read.timing)}"
        case terms.Prepaid():
            return _prepaid(read, money)
        case terms.Progress():
            return f"{money(read.value)} in all, billed as work progresses, {_measured(read)}"
        case terms.Units():
            return _units(read, money)


def _bands(read: terms.DayRate) -> str:
    if len(read.bands) == 1:
        return ""
    shares = (f"up to {number(band.up_to_hours)} h count {_days(band.days)}" for band in read.bands[:-1])
    return f" ({', '.join(shares)})"


def _days(days: Decimal) -> str:
    return "as half a day" if days == Decimal("0.5") else f"as {number(days)} of a day"


def _instalments(read: terms.FixedFee) -> str:
    if not read.instalments:
        return "charged on demand"
    dated = sum(part.due is not None for part in read.instalments)
    count = len(read.instalments)
    noun = "in one instalment" if count == 1 else f"in {count} instalments"
    if dated == count:
        return noun
    return f"{noun}, {'charged on demand' if not dated else f'{count - dated} of them on demand'}"


def _milestones(read: terms.Milestones, money: Money) -> str:
    if not read.milestones:
        return "An amount for each milestone, once it is accepted"
    total = money(sum((part.amount for part in read.milestones), Decimal(0)))
    if len(read.milestones) == 1:
        return f"{total} once '{read.milestones[0].name}' is accepted"
    return f"{total} over {len(read.milestones)} milestones, each once it is accepted"


def _retainer(read: terms.Retainer, money: Money) -> str:
    each = _each(read.period_months)
    if read.included_hours is not None:
        included = f"Up to {number(read.included_hours)} h {each} for {money(read.fee)}"
    elif read.included_amount is not None:
        included = f"Time worth up to {money(read.included_amount)} {each} for {money(read.fee)}"
    else:
        return f"{money(read.fee)} {each} for all time, {_timing(read.timing)}"
    beyond = "at rate-card prices" if read.overage_rate is None else f"{money(read.overage_rate)} an hour"
    if read.carries_deficit:
        return (
            f"{included}; what is over is taken from the next period, and from the last one charged {beyond}"
        )
    return f"{included}, then {beyond}"


def _prepaid(read: terms.Prepaid, money: Money) -> str:
    block = (
        f"{number(read.block_hours)} h"
        if read.block_hours is not None
        else f"{money(read.block_amount or Decimal(0))} of time"
    )
    beyond = (
        "time beyond it is charged by the rate cards"
        if read.beyond is terms.Beyond.CHARGE
        else "time beyond it waits for the next block"
    )
    return f"Blocks of {block} for {money(read.price)}, paid in advance; {beyond}"


_MEASURES = {
    terms.ProgressMeasure.HOURS: "measured by hours against the budget",
    terms.ProgressMeasure.COST: "measured by cost",
    terms.ProgressMeasure.MILESTONES: "measured by milestones",
    terms.ProgressMeasure.UNITS: "measured by units",
    terms.ProgressMeasure.MANUAL: "as recorded with evidence",
}


def _measured(read: terms.Progress) -> str:
    return _MEASURES[read.measure]


def _units(read: terms.Units, money: Money) -> str:
    first, *later = read.tiers
    if not later:
        return f"{money(first.price)} for each {read.unit}"
    steps = ", ".join(f"{money(tier.price)} from {number(tier.from_quantity)} on" for tier in later)
    how = "the whole quantity at the price it reaches" if read.by_volume else "each part at its own price"
    return f"{money(first.price)} for each {read.unit}, {steps}, {how}"


def _each(months: int) -> str:
    return {1: "a month", 3: "a quarter", 6: "a half-year", 12: "a year"}.get(
        months, f"every {months} months"
    )


def _timing(timing: Timing) -> str:
    return "in advance" if timing is Timing.ADVANCE else "in arrears"


def _limits(read: Terms, money: Money) -> Iterator[str]:
    if isinstance(read, terms.Retainer):
        yield from _unused(read)
    if isinstance(read, terms.Recurring):
        yield from _rises(read)
    if isinstance(read, terms.Prepaid):
        yield from _block_life(read)
    if isinstance(read, terms.Progress) and read.retainage_percent:
        yield f"{number(read.retainage_percent)} % is retained until released"
    yield from _charged_limits(read, money)


def _unused(read: terms.Retainer) -> Iterator[str]:
    if read.included_hours is None and read.included_amount is None:
        return
    what = "unused hours" if read.included_hours is not None else "what is unused"
    if read.unused is Unused.EXPIRE:
        yield f"{what} expire{'' if read.included_hours is not None else 's'}"
        return
    limits = []
    if read.roll_over_hours:
        limits.append(f"at most {number(read.roll_over_hours)} h")
    if read.roll_over_periods:
        periods = "one period" if read.roll_over_periods == 1 else f"{read.roll_over_periods} periods"
        limits.append(f"for {periods}")
    verb = "roll over" if read.included_hours is not None else "rolls over"
    yield " ".join([what, verb, *limits])


def _rises(read: terms.Recurring) -> Iterator[str]:
    if read.escalation_percent:
        yield f"rises by {number(read.escalation_percent)} % on each anniversary"
    elif read.index_values:
        yield f"rises with {read.escalation_index or 'an index'} on each anniversary"
    if read.renews:
        yield "renews by itself"


def _block_life(read: terms.Prepaid) -> Iterator[str]:
    if read.expires_after_months:
        months = read.expires_after_months
        yield f"a block expires after {'a month' if months == 1 else f'{months} months'}"
    if read.tops_up:
        yield f"a new block is bought below {number(read.low_balance_percent)} %"


def _charged_limits(read: Terms, money: Money) -> Iterator[str]:
    if not isinstance(read, terms.TimeAndMaterials | terms.Blended | terms.DayRate):
        return
    if read.discount is not None:
        yield from _discount(read.discount)
    if read.minimum_charge is not None:
        yield f"at least {money(read.minimum_charge.amount)} {_each(read.minimum_charge.period_months)}"
    if read.cap is not None:
        limit = (
            f"{number(read.cap.hours)} h"
            if read.cap.hours is not None
            else money(read.cap.amount or Decimal(0))
        )
        is_hard = read.cap.action is terms.CapAction.HARD
        yield f"{'nothing is billed' if is_hard else 'you are told'} beyond {limit}"


def _discount(discount: terms.Discount) -> Iterator[str]:
    if discount.percent:
        yield f"less {number(discount.percent)} %"
    if discount.volume:
        steps = (
            f"{number(step.percent)} % from {number(step.from_hours)} h a month" for step in discount.volume
        )
        yield f"less {', '.join(steps)}"


def number(value: Decimal | None) -> str:
    """Write a number without decimals that say nothing."""
    return f"{(value or Decimal(0)).normalize():,f}"
