"""The time of a contract line on its way through simulated periods.

Time that no bill takes (covered, beyond a cap, waiting) is priced again with each new time, as settling does. Once it
came out the same twice it cannot change any more and is left out, so that a long simulation stays fast.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.calc import engine
from workledger.billing.calc.drafting import OpenPiece
from workledger.billing.calc.draws import Allowance, Block, Blocks, RetainerPeriod
from workledger.billing.calc.engine import Draw, LineTime, Piece, Settled, Treatment
from workledger.billing.calc.plans import Figures, Plan, PlanLine
from workledger.billing.calc.work import Worked
from workledger.contracts.calc import terms
from workledger.kernel.period import Period
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_HOUR = 3600


class Day(NamedTuple):
    """What a day comes to: charged before discount, recognized, given up as discount."""

    amount: Decimal = _ZERO
    recognized: Decimal = _ZERO
    discount: Decimal = _ZERO

    def plus(self, other: "Day") -> "Day":
        """Return the sums."""
        return Day(
            self.amount + other.amount, self.recognized + other.recognized, self.discount + other.discount
        )

    def less(self, other: "Day") -> "Day":
        """Return the differences."""
        return Day(
            self.amount - other.amount, self.recognized - other.recognized, self.discount - other.discount
        )


class Together:
    """Lines whose time is priced at once, since caps count over all of them."""

    def __init__(self, plan: Plan) -> None:
        self._currency = plan.currency
        self._caps = list(plan.caps)
        self._times: list[RunningTime] = []

    @property
    def is_needed(self) -> bool:
        """Whether a cap over several lines limits what is charged."""
        return any(each.cap.action is terms.CapAction.HARD for each in self._caps)

    def join(self, time: "RunningTime") -> None:
        """Price a line with the others from now on."""
        self._times.append(time)

    def price(self) -> None:
        """Price what every line has on no bill."""

        def of_lines(lacking: frozenset[int]) -> list[LineTime]:
            return [each.unbilled(key, lacking) for key, each in enumerate(self._times)]

        pieces, lacking, lines = engine.priced_together(of_lines, self._currency, self._caps)
        for key, each in enumerate(self._times):
            each.came_out(pieces[key], lacking, lines[key].draw)

    def bill(self, pieces: Iterable[Piece], works: Mapping[int, Worked]) -> None:
        """Remember what bills hold of the time that each cap counts."""
        for place, each in enumerate(self._caps):
            counted = [
                piece
                for piece in pieces
                if each.task_ids is None or works[piece.source_id].task_id in each.task_ids
            ]
            held = Settled(
                each.settled.amount + sum([piece.amount for piece in counted], _ZERO),
                each.settled.seconds + sum([piece.seconds for piece in counted]),
            )
            self._caps[place] = each._replace(settled=held)


class RunningTime:
    """A line's time: `take` prices what is new with what stands, `bill` lets a bill hold what is charged.

    In the order of their days: `fixed` time is on no bill and cannot change any more, `standing` time was left by the
    last bill, `new` time came after it. `base` is what may be drawn from once `fixed` has drawn. Under a cap over several
    lines no time is ever fixed, as the others' time may still move it.
    """

    def __init__(self, plan: Plan, line: PlanLine, together: Together | None = None) -> None:
        self.seconds = 0
        self.unpriced: set[int] = set()
        self._currency, self._document = plan.currency, line.document
        self._works = sorted(_with_rates(line), key=lambda work: (work.day, work.source_id))
        self._days = [work.day for work in self._works]
        self._at = 0
        self._together = together if together is not None and engine.prices_time(line.document) else None
        self._is_alone = self._together is None and (
            engine.is_plain(line.document) or not engine.prices_time(line.document)
        )
        if self._together is not None:
            self._together.join(self)
        self._standing: list[Worked] = []
        self._new: list[Worked] = []
        self._pieces: list[Piece] = []  # what standing and new time came to
        self._base = self._after_standing = self._drawn = _draw(plan, line)
        self._has_priced = False
        self._billed, self._billed_seconds = _ZERO, 0
        self._billed_months: dict[date, int] = defaultdict(int)
        self._gone = Figures()
        self._by_day: dict[date, Day] = {}  # of `_pieces`, where they are priced again
        self._changes: dict[date, Day] = {}
        self._charged: dict[date, Decimal] = defaultdict(Decimal)
        self._over: dict[int, Decimal] = defaultdict(Decimal)

    def take(self, through: date) -> bool:
        """Take the time up to a day and price it with what stands; returns whether it waits to be priced with other lines'."""
        upto = bisect_right(self._days, through)
        found, self._at = self._works[self._at : upto], upto
        if not found:
            return False
        seconds = sum([work.seconds for work in found])
        self.seconds += seconds
        value = _worth(((work.seconds, work.rate) for work in found), self._currency)
        self._gone = self._gone.plus(Figures(seconds=seconds, value=value))
        if not self._is_alone:
            self._new += found
            if self._together is None:
                self._price()
            return self._together is not None
        pieces, lacking, _ = engine.priced(self._document, found, self._currency)
        self._new += self._without(found, lacking)
        self._pieces += pieces
        self._has_priced = True
        self._change(_by_day(pieces, found))
        return False

    def unbilled(self, key: int, lacking: frozenset[int]) -> LineTime:
        """Return what is on no bill, but for entries without a rate, with what it may draw from, untouched."""
        works = [work for work in (*self._standing, *self._new) if work.source_id not in lacking]
        settled = Settled(self._billed, self._billed_seconds, self._billed_months)
        return LineTime(key, self._document, works, settled, _copied(self._base))

    def came_out(self, pieces: list[Piece], lacking: frozenset[int], drawn: Draw) -> None:
        """Take how the time was priced together with that of other lines."""
        works = self._standing + self._new
        self._pieces, self._drawn = pieces, drawn
        self._priced(works, lacking)

    def _price(self) -> None:
        if self._together is not None:
            self._together.price()
            return
        works = self._standing + self._new
        if self._base.allowance is None and self._base.blocks is None:
            settled = Settled(self._billed, self._billed_seconds, self._billed_months)
            self._pieces, lacking, _ = engine.priced(self._document, works, self._currency, settled=settled)
        else:
            first, lacking, self._after_standing = self._drawing(self._standing, self._base)
            then, more, self._drawn = self._drawing(self._new, self._after_standing)
            self._pieces, lacking = first + then, lacking | more
        self._priced(works, lacking)

    def _priced(self, works: Sequence[Worked], lacking: frozenset[int]) -> None:
        self._new = self._without(self._new, lacking)
        self._standing = self._without(self._standing, lacking)
        self._has_priced = True
        now = _by_day(self._pieces, works)
        before, self._by_day = self._by_day, now
        self._change(
            {day: now.get(day, Day()).less(before.get(day, Day())) for day in now.keys() | before.keys()}
        )

    def _drawing(self, works: Sequence[Worked], draw: Draw) -> tuple[list[Piece], frozenset[int], Draw]:
        return engine.priced(self._document, works, self._currency, draw=lambda: _copied(draw))

    def _without(self, works: list[Worked], lacking: frozenset[int]) -> list[Worked]:
        """Return works but those without a rate, which wait for one."""
        if not lacking:
            return works
        waiting = [work for work in works if work.source_id in lacking]
        self.unpriced |= {work.source_id for work in waiting}
        self._gone = self._gone.plus(Figures(unpriced_seconds=sum([work.seconds for work in waiting])))
        return [work for work in works if work.source_id not in lacking]

    def _change(self, changes: dict[date, Day]) -> None:
        for day, change in changes.items():
            if any(change):
                self._charged[day] += change.amount - change.discount
                self._changes[day] = self._changes.get(day, Day()).plus(change)

    def take_changes(self) -> dict[date, Day]:
        """Return what changed by day since this was asked last."""
        changes, self._changes = self._changes, {}
        return changes

    def charged_in(self, days: Period) -> Decimal:
        """Return what time of some days is charged, less discount."""
        return sum((amount for day, amount in self._charged.items() if day in days), _ZERO)

    # --- retainers and blocks ---------------------------------------------------------------------------

    def first_short(self) -> date | None:
        """Return the first day with time that no block covers."""
        open_ways = (Treatment.CHARGED, Treatment.WAITS)
        short = {piece.source_id for piece in self._pieces if piece.treatment in open_ways}
        works = (*self._standing, *self._new) if short else ()
        return min((work.day for work in works if work.source_id in short), default=None)

    def buy(self, block: Block) -> None:
        """Add a prepaid block, bought after all fixed time, and price anew what it may cover."""
        self._base = _with_block(self._base, block)
        self._price()

    def draw(self) -> Draw:
        """Return a copy of what was drawn from, as it is seen from the time that is on no bill."""
        if self._has_priced:
            return _copied(self._drawn)
        return self._drawing(self._standing, self._base)[2]

    def periods(self, through: date) -> tuple[RetainerPeriod, ...]:
        """Return a retainer's periods up to a day, with what was charged over them and is on bills."""
        allowance = self.draw().allowance
        assert allowance is not None
        return tuple(
            replace(each, over=each.over + self._over[each.number]) for each in allowance.statement(through)
        )

    # --- bills ------------------------------------------------------------------------------------------

    def open_pieces(self, number: int, first_id: int) -> list[OpenPiece]:
        """Return what a bill run takes of the contract line `number`, numbered from `first_id`."""
        works = {work.source_id: work for work in (*self._standing, *self._new)}
        found = []
        for place, piece in enumerate(self._pieces):
            if piece.treatment is Treatment.CHARGED:
                work = works[piece.source_id]
                assert piece.rate is not None
                found.append(
                    OpenPiece(
                        first_id + place, 1, number, work.project_id, work.task_id, work.person_id, work.day,
                        piece.seconds, piece.rate, piece.amount, piece.amount - piece.discount, piece.over_cap,
                        piece.discount, None if piece.unit == "h" else piece.quantity, piece.unit,
                    )
                )  # fmt: skip
        return found

    def bill(self) -> None:
        """Let a bill hold what is charged, and keep what is left of the others."""
        if not self._has_priced:
            return
        self._has_priced = False
        works = {work.source_id: work for work in (*self._standing, *self._new)}
        charged = [piece for piece in self._pieces if piece.treatment is Treatment.CHARGED]
        self._pieces = [piece for piece in self._pieces if piece.treatment is not Treatment.CHARGED]
        self._gone = self._gone.plus(self._figures(charged, works)._replace(wip=_ZERO))
        if self._is_alone:
            self._gone = self._gone.plus(self._figures(self._pieces, works))
            self._new, self._pieces = [], []
            return
        if self._together is not None:
            self._together.bill(charged, works)
        self._settle(charged, works)
        billed = {piece.source_id for piece in charged}
        left: dict[int, int] = defaultdict(int)
        for piece in self._pieces:
            left[piece.source_id] += piece.seconds
        self._stand(
            [
                work.rest(left[source]) if work.is_rest or source in billed else work
                for source, work in works.items()
                if source in left
            ]
        )

    def _settle(self, charged: Sequence[Piece], works: Mapping[int, Worked]) -> None:
        """Remember what bills hold, as far as caps, discounts by volume and statements look at it."""
        for piece in charged:
            self._billed += piece.amount
            self._billed_seconds += piece.seconds
            self._billed_months[works[piece.source_id].day.replace(day=1)] += piece.seconds
        for period in self._drawn.allowance.periods if self._drawn.allowance else ():
            self._over[period.number] += period.over

    def _stand(self, works: list[Worked]) -> None:
        """Let time stand, of which that is fixed which came out as it stood."""
        known = {work.source_id for work in self._standing}
        again = [work for work in works if work.source_id in known]
        tops_up = isinstance(self._document, terms.Prepaid) and self._document.tops_up
        waits = tops_up and any(piece.treatment is Treatment.WAITS for piece in self._pieces)
        if again == self._standing and not waits and self._together is None:
            fixed = [piece for piece in self._pieces if piece.source_id in known]
            self._gone = self._gone.plus(self._figures(fixed, {work.source_id: work for work in again}))
            works = works[len(again) :]
            self._pieces = self._pieces[len(fixed) :]
            self._base = self._after_standing
        self._standing, self._new = works, []
        self._by_day = _by_day(self._pieces, works)

    # --- figures ----------------------------------------------------------------------------------------

    def figures(self) -> Figures:
        """Return how the line's time stands."""
        works = {work.source_id: work for work in (*self._standing, *self._new)}
        return self._gone.plus(self._figures(self._pieces, works))

    def _figures(self, pieces: Sequence[Piece], works: Mapping[int, Worked]) -> Figures:
        if not pieces:
            return Figures()
        ways: dict[Treatment, list[tuple[int, Decimal | None]]] = {each: [] for each in Treatment}
        for piece in pieces:
            ways[piece.treatment].append((piece.seconds, works[piece.source_id].rate))
        currency = self._currency
        return Figures(
            wip=sum([each.amount - each.discount for each in pieces], _ZERO),
            discount=sum([each.discount for each in pieces], _ZERO),
            covered_seconds=sum([seconds for seconds, _ in ways[Treatment.COVERED]]),
            covered=_worth(ways[Treatment.COVERED], currency),
            over_cap=sum([each.over_cap for each in pieces], _ZERO),
            waiting=_worth(ways[Treatment.WAITS], currency),
            non_billable=_worth(ways[Treatment.NON_BILLABLE], currency),
        )


def _with_rates(line: PlanLine) -> list[Worked]:
    """Return a line's works, those without a rate of their own at the rate of their role."""
    if not line.rates:
        return list(line.works)
    general = line.rates.get(None)
    return [
        work if work.rate is not None else work._replace(rate=line.rates.get(work.role_id, general))
        for work in line.works
    ]


def _worth(times: Iterable[tuple[int, Decimal | None]], currency: str) -> Decimal:
    """Return what seconds at rates come to; time without a rate is worth nothing."""
    by_rate: Counter[Decimal] = Counter()
    for seconds, rate in times:
        if rate:
            by_rate[rate] += seconds
    exact = sum((rate * seconds for rate, seconds in by_rate.items()), _ZERO)
    return round_amount(exact / _HOUR, currency)


def _by_day(pieces: Sequence[Piece], works: Iterable[Worked]) -> dict[date, Day]:
    """Return what pieces come to by the days of their works."""
    days = {work.source_id: work.day for work in works}
    sums: dict[date, Day] = {}
    nothing = Day()
    for piece in pieces:
        if piece.amount or piece.drawn is not None:
            day = days[piece.source_id]
            recognized = piece.amount if piece.drawn is None else piece.drawn.value
            sums[day] = sums.get(day, nothing).plus(Day(piece.amount, recognized, piece.discount))
    return sums


def _draw(plan: Plan, line: PlanLine) -> Draw:
    document = line.document
    if isinstance(document, terms.Retainer):
        through = plan.ends[-1] if plan.ends else plan.start
        return Draw(allowance=Allowance(document, plan.start, plan.end, through, plan.currency))
    if isinstance(document, terms.Prepaid):
        return Draw(blocks=Blocks(document, (), plan.currency))
    return engine.NO_DRAW


def _with_block(draw: Draw, block: Block) -> Draw:
    more = _copied(draw)
    assert more.blocks is not None
    more.blocks.add(block)
    return more


def _copied(draw: Draw) -> Draw:
    if draw.allowance is None and draw.blocks is None:
        return draw
    return Draw(draw.allowance and draw.allowance.copy(), draw.blocks and draw.blocks.copy())
