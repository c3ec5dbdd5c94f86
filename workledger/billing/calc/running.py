"""A contract line on its way through simulated periods: its charges beside time, and with `RunningTime` its time.

It does what charging and billing do in earnest, with the same functions, and remembers instead of writing.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from workledger.billing.calc import fees
from workledger.billing.calc.drafting import OpenPiece
from workledger.billing.calc.draws import MOST_BLOCKS_AT_ONCE, Block, Blocks, block_due, sizes
from workledger.billing.calc.fees import ChargeDue, ChargeKind
from workledger.billing.calc.plans import (
    Act,
    ActKind,
    Figures,
    LineStatement,
    Plan,
    PlanLine,
    Recognized,
)
from workledger.billing.calc.running_time import Day, RunningTime, Together
from workledger.contracts.calc import terms

_ZERO = Decimal(0)


class RunningLine:
    """A line of a plan, moved on period by period: `work`, `act`, `charge`, then `bill` where a bill run follows."""

    def __init__(self, plan: Plan, line: PlanLine, number: int, together: Together | None = None) -> None:
        self.line = line
        self.time = RunningTime(plan, line, together)
        self._plan, self._number = plan, number
        self._open: list[ChargeDue] = []
        self._keys: set[tuple[ChargeKind, str]] = set()
        self._sums: dict[ChargeKind, Decimal] = defaultdict(Decimal)
        self._recognized: list[tuple[date, Decimal]] = []
        self._blocks = 0
        self._releases = 0
        self._invoiced = _ZERO
        self._before = Figures()

    # --- charges ----------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Do what somebody does on a day; what is charged already is left alone, as is what the terms do not know."""
        document, currency = self.line.document, self._plan.currency
        match act.kind, document:
            case ActKind.INSTALMENT, terms.FixedFee():
                self._add([fees.instalment(document, act.place, act.on, currency)])
            case ActKind.MILESTONE, terms.Milestones():
                self._add([fees.milestone(document, act.place, act.on)])
            case ActKind.UNITS, terms.Units() if act.days is not None:
                key = act.days.start.isoformat()
                self._add(fees.units_charges(document, key, act.days, act.quantity, currency))
            case ActKind.PROGRESS, terms.Progress():
                self._claim(document, act)
            case ActKind.RELEASE, terms.Progress():
                self._release(act)
            case ActKind.BLOCK, terms.Prepaid():
                self._buy(document, act.on)

    def _claim(self, document: terms.Progress, act: Act) -> None:
        percent = act.percent
        if percent is None:
            if not self.line.budget_seconds:
                return
            percent = fees.progress_by_hours(self.time.seconds, self.line.budget_seconds)
        claimed = self._sums[ChargeKind.PROGRESS]
        key = act.on.isoformat()
        self._add(fees.progress_charges(document, key, act.on, percent, claimed, self._plan.currency))

    def _release(self, act: Act) -> None:
        held = -self._sums[ChargeKind.RETAINAGE]
        amount = held if act.amount is None else min(act.amount, held)
        if amount > 0:
            self._releases += 1
            self._add([fees.retainage_release(str(self._releases), act.on, amount)])

    def charge(self, through: date) -> None:
        """Charge what falls due by itself through a day, as a bill run does first."""
        plan, document = self._plan, self.line.document
        if plan.start > through:
            return
        self._add(fees.due_charges(document, plan.start, plan.end, through, plan.currency))
        for days, least in fees.minimum_periods(document, plan.start, plan.end, through):
            lacking = fees.true_up(days, least, self.time.charged_in(days), plan.currency)
            if lacking is not None:
                self._add([lacking])
        if isinstance(document, terms.Prepaid):
            self._keep_blocks(document, through)

    def _keep_blocks(self, document: terms.Prepaid, through: date) -> None:
        for _ in range(MOST_BLOCKS_AT_ONCE):
            on = block_due(
                document,
                self._plan.start,
                through,
                has_blocks=self._blocks > 0,
                first_short=self.time.first_short,
                available=lambda: self._left().available(through),
            )
            if on is None:
                break
            self._buy(document, on)
        self._add(fees.breakages(self._left().left(through), through, self._plan.currency))

    def _left(self) -> Blocks:
        blocks = self.time.draw().blocks
        assert blocks is not None
        return blocks

    def _buy(self, document: terms.Prepaid, on: date) -> None:
        self._blocks += 1
        self._add([fees.block_charge(document, str(self._blocks), on)])
        self.time.buy(Block(self._blocks, on, fees.expiry(document, on), sizes(document), document.price))

    def _add(self, due: Iterable[ChargeDue]) -> None:
        """Keep the charges that are not there yet."""
        for each in due:
            if (each.kind, each.key) in self._keys:
                continue
            self._keys.add((each.kind, each.key))
            self._sums[each.kind] += each.amount
            if each.kind is not ChargeKind.BLOCK:  # a block is recognized as it is drawn
                self._recognized.append((each.due, each.amount))
            if each.kind is not ChargeKind.BREAKAGE:
                self._open.append(each)

    # --- what comes out ---------------------------------------------------------------------------------

    def open_pieces(self, first_id: int) -> list[OpenPiece]:
        """Return what a bill run takes, as the drafting needs it, numbered from `first_id`."""
        pieces = self.time.open_pieces(self._number, first_id)
        first_id += len(pieces)
        pieces += [
            OpenPiece(
                first_id + place, 1, self._number, 0, 0, 0, each.due, 0, each.rate, each.amount, each.amount,
                quantity=each.quantity, unit=each.unit, description=each.description,
            )
            for place, each in enumerate(self._open)
        ]  # fmt: skip
        return pieces

    def bill(self, invoiced: Decimal) -> None:
        """Let a bill hold what is open; its lines of this line come to `invoiced`."""
        self._invoiced += invoiced
        self._open = []
        self.time.bill()

    def statement(self, through: date) -> LineStatement | None:
        """Return what a retainer or prepaid line included and what was used of it up to a day."""
        document = self.line.document
        if isinstance(document, terms.Retainer):
            is_money = document.included_amount is not None
            return LineStatement(self.line.key, is_money, periods=self.time.periods(through))
        if isinstance(document, terms.Prepaid):
            is_money = document.block_amount is not None
            return LineStatement(self.line.key, is_money, blocks=tuple(self._left().left(through)))
        return None

    def figures(self) -> tuple[Figures, Figures]:
        """Return what changed since this was asked last, and how the figures stand."""
        waiting = sum((each.amount for each in self._open), _ZERO)
        now = self.time.figures().plus(Figures(invoiced=self._invoiced, wip=waiting))
        before, self._before = self._before, now
        return now.less(before), now

    def recognized(self) -> list[Recognized]:
        """Return what was recognized and given up since this was asked last, by service day."""
        changes = self.time.take_changes()
        for day, amount in self._recognized:
            changes[day] = changes.get(day, Day()).plus(Day(amount, amount))
        self._recognized = []
        recognizes = self.line.is_recognized
        found = [
            Recognized(self.line.key, day, change.recognized if recognizes else _ZERO, change.discount)
            for day, change in sorted(changes.items())
        ]
        return [each for each in found if each.amount or each.discount]
