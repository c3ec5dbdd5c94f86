"""Contract lines whose time is priced together: all that is on no bill, whenever something of it changes.

A cap, a retainer, a block, a day's bands or a volume discount look at more than one entry; a cap of a phase or of the
contract looks at more than one line. `settle` loads the unbilled time of such lines with what is new, has `calc.engine`
price it, and writes only what came out differently; so the order of approval changes nothing, and a second call does
nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from workledger.billing.books import Books
from workledger.billing.calc import engine
from workledger.billing.calc.draws import Allowance, Block, Blocks
from workledger.billing.calc.engine import Draw, LineTime, Piece, Rest, Settled, SharedCap
from workledger.billing.calc.taxes import tax_added
from workledger.billing.calc.work import Worked
from workledger.billing.models import BillableItem, InvoiceSource, PrepaidBlock, Treatment
from workledger.billing.writing import Derivations, NewItem, Work, net_items
from workledger.contracts.calc import terms
from workledger.contracts.calc.rating import RateBooks, RateQuery, Resolution, derivation, printed_rate
from workledger.contracts.calc.terms import Terms
from workledger.contracts.models import ContractLine, RevenueMethod
from workledger.contracts.queries import load_rate_books
from workledger.directory.models import Office
from workledger.kernel.calendars import is_holiday
from workledger.kernel.rounding import round_amount
from workledger.projects.queries import CappedPhase, TaskFacts, capped_phases, task_facts

_ZERO = Decimal(0)
AGREED_AMOUNT = F("amount") * (100 + Coalesce(F("included_tax"), _ZERO)) / 100
"""What an item was agreed to cost: its amount, with the tax that the price contains."""
RELEASED = "pc"


class AgreedCap(NamedTuple):
    """A cap over time of several lines: the contract's, or with `task_ids` a phase's."""

    of: str
    cap: terms.Cap
    task_ids: frozenset[int] | None = None


class Line(NamedTuple):
    """A contract line as pricing needs it. Half-open [start, end). `caps` are hard ones of its phases and contract.

    `is_recognized` tells that all of it is revenue as invoiced; with `has_rights` that is only so of what lies beyond its
    fees and blocks, which are recognized as the rights that they give are used (`revenue`).
    """

    id: int
    contract_id: int
    document: Terms
    start: date
    end: date | None
    currency: str
    is_recognized: bool
    caps: tuple[AgreedCap, ...] = ()
    has_rights: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether each entry is priced by its rate alone, and is revenue as such."""
        return self.is_recognized and not self.caps and engine.is_plain(self.document)

    @property
    def prices_time(self) -> bool:
        """Whether time on the line may cost something."""
        return engine.prices_time(self.document)


def lines(line_ids: Collection[int]) -> dict[int, Line]:
    """Return these contract lines by id, in two queries."""
    return _read(Q(pk__in=line_ids))


def lines_of(contract_ids: Collection[int]) -> dict[int, Line]:
    """Return the lines of these contracts by id, in two queries."""
    return _read(Q(contract_id__in=contract_ids))


def priced_together(some: Iterable[Line]) -> list[list[Line]]:
    """Return lines in the groups in which they are priced: alone, or with every line under a cap that they share."""
    groups: list[list[Line]] = []
    sharing: set[int] = set()
    for line in some:
        if line.caps:
            sharing.add(line.contract_id)
        else:
            groups.append([line])
    by_contract: dict[int, list[Line]] = defaultdict(list)
    for line in (lines_of(sharing) if sharing else {}).values():
        if line.prices_time:
            by_contract[line.contract_id].append(line)
    return groups + list(by_contract.values())


def _read(chosen: Q) -> dict[int, Line]:
    rows = ContractLine.objects.filter(chosen).order_by("pk").values_list(
        "pk", "contract_id", "model", "terms", "contract__start", "contract__end", "contract__currency",
        "revenue_method", "contract__cap",
    )  # fmt: skip
    found = list(rows)
    of_phases = capped_phases({row[1] for row in found})
    return {
        pk: Line(
            pk, contract_id, terms.parse(model, document), start, end, currency,
            method == RevenueMethod.AS_INVOICED, _caps(cap, of_phases.get(contract_id, ())),
            method == RevenueMethod.RIGHTS_USED,
        )
        for pk, contract_id, model, document, start, end, currency, method, cap in found
    }  # fmt: skip


def _caps(of_contract: dict[str, Any] | None, phases: Iterable[CappedPhase]) -> tuple[AgreedCap, ...]:
    """Return the hard caps of phases, then of the contract: what is narrower counts first."""
    found = [AgreedCap(f"the cap of phase {each.name}", each.cap, each.task_ids) for each in phases]
    if of_contract is not None:
        found.append(AgreedCap("the contract's cap", terms.parse_cap(of_contract)))
    return tuple(each for each in found if each.cap.action is terms.CapAction.HARD)


def unbilled() -> QuerySet[BillableItem]:
    """Return items of time that no bill holds and nobody wrote off or split: what may still be priced anew."""
    return BillableItem.objects.filter(
        Q(open__isnull=False) | ~Q(treatment=Treatment.CHARGED),
        source_kind="time",
        is_void=False,
        is_split=False,
    )


@dataclass(slots=True)
class Outcome:
    """What settling found: items to void, items to write, and works that cannot be priced, with the reason.

    `released` are items on bills whose value beyond a cap is now on an item of its own.
    """

    void: list[BillableItem] = field(default_factory=list)
    write: list[NewItem] = field(default_factory=list)
    unpriced: list[tuple[Work, str]] = field(default_factory=list)
    released: list[BillableItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What one act has loaded for pricing."""

    facts: Mapping[int, TaskFacts]
    rate_books: RateBooks
    books: Books
    derivations: Derivations


def settle(group: Sequence[Line], new: Sequence[Work], known: Known, *, locks: bool = True) -> Outcome:
    """Price the unbilled time of lines that are priced together, with `new` work of theirs.

    Locks their items, unless it is only asked what would come out. What comes out as it stands is left alone, with its
    holds and write-downs.
    """
    line_of = {line.id: line for line in group}
    standing: dict[int, list[BillableItem]] = defaultdict(list)
    rows = unbilled().filter(contract_line_id__in=line_of).order_by("pk")
    for item in rows.select_for_update(of=("self",)) if locks else rows:
        standing[item.source_id].append(item)
    apart = parts_apart(standing, [work.source_id for work in new])
    rests = _Rests(line_of, standing, apart, locks=locks)
    works = {
        source: whole_work(items, is_rest=source in apart)
        for source, items in standing.items()
        if source not in rests.standing
    }
    for work in new:
        works[work.source_id] = _together(work, works.get(work.source_id))
    numbers = {
        source: PartNumbers([item.part for item in standing.get(source, ())], rests.free.get(source, 0))
        for source in {*works, *rests.works}
    }
    outcome = Outcome()
    resolutions: dict[int, Resolution] = {}
    worked: dict[int, list[Worked]] = {line_id: [] for line_id in line_of}
    holidays = {line.id: _Holidays(line.document) for line in group}
    for work in works.values():
        line = line_of[work.contract_line_id or 0]
        if known.books.rate(line.contract_id, work.service_date) is None:
            outcome.unpriced.append((work, "exchange_rate_missing"))
            continue
        resolutions[work.source_id] = resolution = _resolve(line, work, known)
        rest = work.source_id in apart
        worked[line.id].append(_worked(work, resolution.rate, known.facts, holidays[line.id], is_rest=rest))
    pieces, lacking, _ = _priced(group, worked, rests=rests.by_line)
    outcome.unpriced += [(works[source], "rate_missing") for source in sorted(lacking)]
    made: list[NewItem] = []
    for line_id, of_line in pieces.items():
        for piece in of_line:
            source = piece.source_id
            if piece.unit == RELEASED and not rests.takes_shape(piece):
                continue
            work = (rests.works if piece.unit == RELEASED else works)[source]
            part = numbers[source].of(piece.part)
            made.append(_item(line_of[line_id], piece, work, part, resolutions.get(source), known))
    _keep_what_stands(outcome, standing, net_items(made))
    outcome.released = [item for source in rests.shaped for item in rests.kept.get(source, ())]
    return outcome


class _Rests:
    """What caps kept of time that bills hold: on the billed items, or on items of their own since a cap rose."""

    def __init__(
        self,
        line_ids: Collection[int],
        standing: Mapping[int, Sequence[BillableItem]],
        apart: Mapping[int, int],
        *,
        locks: bool,
    ) -> None:
        self.kept: dict[int, list[BillableItem]] = defaultdict(list)
        self.standing = {
            source
            for source, items in standing.items()
            if source in apart and all(item.unit == RELEASED for item in items)
        }
        self.shaped: list[int] = []
        self.works: dict[int, Work] = {}
        sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        rows = BillableItem.objects.filter(
            contract_line_id__in=line_ids,
            source_kind="time",
            is_void=False,
            over_cap__gt=0,
            bills__is_live=True,
        ).order_by("pk")
        for item in rows.select_for_update(of=("self",)) if locks else rows:
            self.kept[item.source_id].append(item)
            self._add(sums, item, item.over_cap)
        self.free = {**apart, **(parts_apart({}, list(self.kept)) if self.kept else {})}
        for source in sorted(self.standing):
            for item in standing[source]:
                self._add(sums, item, item.amount + item.over_cap)
        self.by_line: dict[int, list[Rest]] = defaultdict(list)
        for (line_id, source), amount in sums.items():
            work = self.works[source]
            self.by_line[line_id].append(Rest(source, work.task_id or 0, work.service_date, amount))

    def _add(self, sums: dict[tuple[int, int], Decimal], item: BillableItem, amount: Decimal) -> None:
        self.works[item.source_id] = work_of(item)._replace(worked_seconds=0)
        agreed = tax_added(amount, item.included_tax or _ZERO, item.currency)
        sums[item.contract_line_id or 0, item.source_id] += agreed

    def takes_shape(self, piece: Piece) -> bool:
        """Whether a rest becomes, or stays, an item of its own: some of it is let through, or was before."""
        if not piece.amount and piece.source_id not in self.standing:
            return False
        self.shaped.append(piece.source_id)
        return True


def draw_of(line: Line, through: date) -> Draw:
    """Return a retainer or block as its line's unbilled time draws from it, up to a day; for statements."""
    worked = unbilled_time([line], through)
    return _priced([line], worked, through=through)[2][line.id]


def drawn_of(line_ids: Collection[int]) -> dict[int, list[tuple[date, Decimal]]]:
    """Return what time drew from retainers and blocks, by line, in the order of days: seconds, or money."""
    some = list(lines(line_ids).values())
    worked = unbilled_time(some, date.max)
    found: dict[int, list[tuple[date, Decimal]]] = {}
    for line in some:
        days = {work.source_id: work.day for work in worked[line.id]}
        pieces = _priced([line], worked)[0][line.id]
        drawn = [(days[piece.source_id], piece.drawn.amount) for piece in pieces if piece.drawn is not None]
        found[line.id] = sorted(drawn, key=lambda each: each[0])
    return found


def unbilled_time(of_lines: Sequence[Line], through: date) -> dict[int, list[Worked]]:
    """Return by line the time up to a day that is on no bill, as the calculation takes it; a fixed number of queries."""
    standing: dict[int, dict[int, list[BillableItem]]] = {line.id: defaultdict(list) for line in of_lines}
    rows = unbilled().filter(contract_line_id__in=standing, service_date__lte=through).order_by("pk")
    for item in rows:
        standing[item.contract_line_id or 0][item.source_id].append(item)
    sources = {source: items for of_line in standing.values() for source, items in of_line.items()}
    facts = task_facts({items[0].task_id or 0 for items in sources.values()})
    known = Known(facts, load_rate_books({line.contract_id for line in of_lines}), Books(), Derivations())
    apart = parts_apart(sources)
    worked: dict[int, list[Worked]] = {line.id: [] for line in of_lines}
    for line in of_lines:
        holidays = _Holidays(line.document)
        for source, items in standing[line.id].items():
            work = whole_work(items, is_rest=source in apart)
            rate = _resolve(line, work, known).rate
            worked[line.id].append(_worked(work, rate, known.facts, holidays, is_rest=source in apart))
    return worked


def _priced(
    group: Sequence[Line],
    worked: Mapping[int, Sequence[Worked]],
    *,
    rests: Mapping[int, Sequence[Rest]] = MappingProxyType({}),
    through: date | None = None,
) -> tuple[dict[int, list[Piece]], frozenset[int], dict[int, Draw]]:
    """Return by line the pieces of what can be priced and what was drawn from; between them the entries without a rate."""
    settled = {line.id: _settled(line) for line in group}

    def time(lacking: frozenset[int]) -> list[LineTime]:
        times = []
        for line in group:
            some = [each for each in worked[line.id] if each.source_id not in lacking]
            draw = _draw(line, max([each.day for each in some] + [through or line.start]))
            times.append(
                LineTime(line.id, line.document, some, settled[line.id], draw, rests.get(line.id, ()))
            )
        return times

    pieces, lacking, times = engine.priced_together(time, group[0].currency, _shared_caps(group[0]))
    return pieces, lacking, {each.key: each.draw for each in times}


def _shared_caps(line: Line) -> list[SharedCap]:
    """Return the caps that a line shares with others of its contract, with what bills hold of the time they count."""
    found = []
    for each in line.caps:
        on_bills = InvoiceSource.objects.filter(item=OuterRef("pk"), is_live=True)
        billed = BillableItem.objects.filter(
            Exists(on_bills) | Q(is_split=True),
            contract_id=line.contract_id,
            source_kind="time",
            is_void=False,
        )
        if each.task_ids is not None:
            billed = billed.filter(task_id__in=each.task_ids)
        sums = billed.aggregate(amount=Sum(AGREED_AMOUNT), seconds=Sum("billable_seconds"))
        settled = Settled(round_amount(sums["amount"] or _ZERO, line.currency), sums["seconds"] or 0)
        found.append(SharedCap(each.of, each.cap, settled, each.task_ids))
    return found


class PartNumbers:
    """Numbers for the parts of one entry: those that its unbilled parts have now, then such as no part has."""

    def __init__(self, standing: Collection[int], first_free: int) -> None:
        self._standing = sorted(standing)
        self._free = max([first_free, *(part + 1 for part in standing)])

    def of(self, place: int) -> int:
        """Return the number of the part at a place, counted from 0."""
        beyond = place - len(self._standing)
        return self._standing[place] if beyond < 0 else self._free + beyond


def parts_apart(
    standing: Mapping[int, Sequence[BillableItem]], others: Collection[int] = ()
) -> dict[int, int]:
    """Return, for entries of which other parts stand elsewhere, the first number that no part of them has.

    Elsewhere is on a bill, written off, split by hand or on another contract line. `standing` holds the unbilled
    parts of each entry that are looked at; of `others` all parts stand elsewhere.
    """
    own = {item.pk for items in standing.values() for item in items}
    rows = BillableItem.objects.filter(
        source_kind="time", source_id__in=[*standing, *others], is_void=False
    ).values_list("pk", "source_id", "part")
    found: dict[int, int] = {}
    for pk, source, part in rows:
        if pk not in own:
            found[source] = max(found.get(source, 0), part + 1)
    return found


def whole_work(items: Sequence[BillableItem], *, is_rest: bool = False) -> Work:
    """Return an entry's work again from its unbilled parts; of a rest, what these parts hold."""
    first = items[0]
    seconds = sum(item.billable_seconds for item in items) if is_rest else first.approved_seconds
    return work_of(first)._replace(
        worked_seconds=sum(item.worked_seconds for item in items), billable_seconds=seconds
    )


def _together(work: Work, standing: Work | None) -> Work:
    """Return new work of an entry with what stands of it on the line already."""
    if standing is None:
        return work
    return work._replace(
        worked_seconds=work.worked_seconds + standing.worked_seconds,
        billable_seconds=work.billable_seconds + standing.billable_seconds,
    )


def work_of(row: BillableItem) -> Work:
    """Return an item's columns as work."""
    return Work(
        row.source_kind, row.source_id, row.entity_id, row.client_id, row.contract_id, row.contract_line_id,
        row.project_id, row.task_id, row.person_id, row.role_id, row.practice_id, row.office_id,
        row.service_date, row.worked_seconds, row.approved_seconds, row.approved_by_id, row.change_id,
    )  # fmt: skip


def _resolve(line: Line, work: Work, known: Known) -> Resolution:
    assert work.task_id is not None
    assert work.person_id is not None
    query = RateQuery(
        line.id, work.person_id, work.role_id, known.facts[work.task_id].task_type_id, work.service_date
    )
    return known.rate_books.resolve(line.contract_id, query)


class _Holidays:
    """Public holidays where people work; looked at only where a multiplier asks."""

    def __init__(self, document: Terms) -> None:
        asks = any(each.kind is terms.MultiplierKind.HOLIDAY for each in getattr(document, "multipliers", ()))
        rows = Office.objects.values_list("pk", "country", "subdivision") if asks else ()
        self._places = {pk: (country, subdivision) for pk, country, subdivision in rows}

    def holds(self, office_id: int, day: date) -> bool:
        place = self._places.get(office_id)
        return place is not None and is_holiday(day, *place)


def _worked(
    work: Work, rate: Decimal | None, facts: Mapping[int, TaskFacts], holidays: _Holidays, *, is_rest: bool
) -> Worked:
    assert work.task_id is not None
    assert work.person_id is not None
    return Worked(
        source_id=work.source_id,
        person_id=work.person_id,
        role_id=work.role_id,
        project_id=work.project_id or 0,
        task_id=work.task_id,
        task_type_id=facts[work.task_id].task_type_id,
        day=work.service_date,
        seconds=work.billable_seconds,
        rate=rate,
        is_holiday=holidays.holds(work.office_id, work.service_date),
        is_rest=is_rest,
    )


def _settled(line: Line) -> Settled:
    """Return what bills hold of a line, or people split by hand, as far as its terms look at it."""
    cap, discount = getattr(line.document, "cap", None), getattr(line.document, "discount", None)
    if cap is None and (discount is None or not discount.volume):
        return engine.NOTHING_SETTLED
    on_bills = InvoiceSource.objects.filter(item=OuterRef("pk"), is_live=True)
    billed = BillableItem.objects.filter(
        Exists(on_bills) | Q(is_split=True), contract_line_id=line.id, source_kind="time", is_void=False
    )
    sums = billed.aggregate(amount=Sum(AGREED_AMOUNT), seconds=Sum("billable_seconds"))
    months: dict[date, int] = defaultdict(int)
    for day, seconds in billed.values_list("service_date").annotate(Sum("billable_seconds")).order_by():
        months[day.replace(day=1)] += seconds
    return Settled(round_amount(sums["amount"] or _ZERO, line.currency), sums["seconds"] or 0, months)


def _draw(line: Line, through: date) -> Draw:
    if isinstance(line.document, terms.Retainer):
        return Draw(allowance=Allowance(line.document, line.start, line.end, through, line.currency))
    if isinstance(line.document, terms.Prepaid):
        return Draw(blocks=Blocks(line.document, blocks_of([line.id])[line.id], line.currency))
    return engine.NO_DRAW


def blocks_of(line_ids: Collection[int]) -> dict[int, list[Block]]:
    """Return the blocks that were bought on lines, in one query."""
    found: dict[int, list[Block]] = {line_id: [] for line_id in line_ids}
    rows = PrepaidBlock.objects.filter(contract_line_id__in=line_ids).order_by("pk")
    for row in rows.values_list("pk", "bought", "expires", "size", "price", "contract_line_id"):
        found[row[-1]].append(Block(*row[:-1]))
    return found


def _item(
    line: Line, piece: Piece, work: Work, part: int, resolution: Resolution | None, known: Known
) -> NewItem:
    treatment = Treatment(piece.treatment.value)
    recognized = piece.amount if piece.drawn is None else piece.drawn.value
    is_beyond = line.has_rights and piece.drawn is None
    book = known.books.rate(line.contract_id, work.service_date)
    content: dict[str, Any] = {}
    if piece.rate is not None and resolution is not None and piece.unit != RELEASED:
        own = _own_rate(line.document, treatment)
        content = derivation(resolution, line.currency) if own is None else _by_terms(own, line.currency)
    if piece.steps:
        content = content | {"steps": [[step.name, step.said] for step in piece.steps]}
    return NewItem(
        work=work if piece.part == 0 else work._replace(worked_seconds=0),
        seconds=piece.seconds,
        treatment=treatment,
        currency=line.currency,
        rate=piece.rate,
        amount=piece.amount,
        recognized=recognized if line.is_recognized or is_beyond else _ZERO,
        derivation_id=known.derivations.id_of(content) if content else None,
        book=book,
        part=part,
        quantity=piece.quantity if piece.unit != "h" else None,
        unit=piece.unit,
        over_cap=piece.over_cap,
        discount=piece.discount,
    )


def _own_rate(document: Terms, treatment: Treatment) -> Decimal | None:
    """Return the rate that the terms themselves name, None where the rate cards say it."""
    if isinstance(document, terms.Blended):
        return document.rate_per_hour
    if isinstance(document, terms.DayRate):
        return document.rate_per_day
    if isinstance(document, terms.Retainer) and treatment is Treatment.CHARGED:
        return document.overage_rate
    return None


def _by_terms(rate: Decimal, currency: str) -> dict[str, Any]:
    printed = printed_rate(rate)
    return {
        "rate_id": None,
        "rate": printed,
        "currency": currency,
        "rule": "terms",
        "rule_label": "terms of the contract line",
        "losers": [],
        "sentence": f"{printed} {currency} is what the terms of the contract line say.",
    }


def _keep_what_stands(
    outcome: Outcome, standing: Mapping[int, Sequence[BillableItem]], made: Iterable[NewItem]
) -> None:
    """Leave entries alone whose parts all came out as they are; the others are voided and written anew."""
    by_source: dict[int, list[NewItem]] = defaultdict(list)
    for item in made:
        by_source[item.work.source_id].append(item)
    for source in standing.keys() | by_source.keys():
        old, new = standing.get(source, ()), by_source.get(source, [])
        if sorted(map(_as_stored, old)) != sorted(map(_as_new, new)):
            outcome.void += old
            outcome.write += new


def _as_stored(item: BillableItem) -> tuple[object, ...]:
    return (
        item.part, item.treatment, item.contract_line_id, item.billable_seconds, str(item.rate and item.rate.normalize()),
        item.amount, item.over_cap, item.discount, item.recognized, item.derivation_id or 0,
    )  # fmt: skip


def _as_new(item: NewItem) -> tuple[object, ...]:
    return (
        item.part, item.treatment.value, item.work.contract_line_id, item.seconds, str(item.rate and item.rate.normalize()),
        item.amount, item.over_cap, item.discount, item.recognized, item.derivation_id or 0,
    )  # fmt: skip
