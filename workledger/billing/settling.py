"""Contract lines whose time is priced together: all that is on no bill, whenever something of it changes.

A cap, a retainer, a block, a day's bands or a volume discount look at more than one entry. `settle` loads a line's
unbilled time with what is new, has `calc.engine` price it, and writes only what came out differently; so the order of
approval changes nothing, and a second call does nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from workledger.billing.books import Books
from workledger.billing.calc import engine
from workledger.billing.calc.draws import Allowance, Block, Blocks
from workledger.billing.calc.engine import Draw, Piece, RateMissing, Settled
from workledger.billing.calc.work import Worked
from workledger.billing.models import BillableItem, InvoiceSource, PrepaidBlock, Treatment
from workledger.billing.writing import Derivations, NewItem, Work
from workledger.contracts.calc import terms
from workledger.contracts.calc.rating import RateBooks, RateQuery, Resolution, derivation, printed_rate
from workledger.contracts.calc.terms import Terms
from workledger.contracts.models import ContractLine, RevenueMethod
from workledger.contracts.queries import load_rate_books
from workledger.directory.models import Office
from workledger.kernel.calendars import is_holiday
from workledger.projects.queries import TaskFacts, task_facts

_ZERO = Decimal(0)
_STEPS = ("multipliers", "minimum_time", "discount")


class Line(NamedTuple):
    """A contract line as pricing needs it. Half-open [start, end)."""

    id: int
    contract_id: int
    document: Terms
    start: date
    end: date | None
    currency: str
    is_recognized: bool

    @property
    def is_plain(self) -> bool:
        """Whether each entry is priced by its rate alone."""
        document = self.document
        if not isinstance(document, terms.TimeAndMaterials) or any(
            getattr(document, name) for name in _STEPS
        ):
            return False
        return document.cap is None or document.cap.action is not terms.CapAction.HARD

    @property
    def prices_time(self) -> bool:
        """Whether time on the line may cost something."""
        return isinstance(
            self.document,
            terms.TimeAndMaterials | terms.Blended | terms.DayRate | terms.Retainer | terms.Prepaid,
        )


def lines(line_ids: Collection[int]) -> dict[int, Line]:
    """Return these contract lines by id, in one query."""
    rows = ContractLine.objects.filter(pk__in=line_ids).order_by().values_list(
        "pk", "contract_id", "model", "terms", "contract__start", "contract__end", "contract__currency",
        "revenue_method",
    )  # fmt: skip
    return {
        pk: Line(
            pk, contract_id, terms.parse(model, document), start, end, currency,
            method == RevenueMethod.AS_INVOICED,
        )
        for pk, contract_id, model, document, start, end, currency, method in rows
    }  # fmt: skip


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
    """What settling found: items to void, items to write, and works that cannot be priced, with the reason."""

    void: list[BillableItem] = field(default_factory=list)
    write: list[NewItem] = field(default_factory=list)
    unpriced: list[tuple[Work, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What one act has loaded for pricing."""

    facts: Mapping[int, TaskFacts]
    rate_books: RateBooks
    books: Books
    derivations: Derivations


def settle(line: Line, new: Sequence[Work], known: Known, *, again: bool = True) -> Outcome:
    """Price a line's unbilled time together with `new` work; with `again` False only the new.

    Locks the line's items. What comes out as it stands is left alone, with its holds and write-downs.
    """
    standing: dict[int, list[BillableItem]] = defaultdict(list)
    if again:
        for item in (
            unbilled().filter(contract_line_id=line.id).order_by("pk").select_for_update(of=("self",))
        ):
            standing[item.source_id].append(item)
    apart = parts_apart(standing, [work.source_id for work in new])
    works = {source: whole_work(items, is_rest=source in apart) for source, items in standing.items()}
    for work in new:
        works[work.source_id] = _together(work, works.get(work.source_id))
    numbers = {
        source: PartNumbers([item.part for item in standing.get(source, ())], apart.get(source, 0))
        for source in works
    }
    outcome = Outcome()
    resolutions: dict[int, Resolution] = {}
    worked: list[Worked] = []
    holidays = _Holidays(line.document)
    for work in works.values():
        if known.books.rate(line.contract_id, work.service_date) is None:
            outcome.unpriced.append((work, "exchange_rate_missing"))
            continue
        resolutions[work.source_id] = resolution = _resolve(line, work, known)
        worked.append(_worked(work, resolution.rate, known.facts, holidays, is_rest=work.source_id in apart))
    pieces, lacking, _ = _priced(line, worked)
    outcome.unpriced += [(works[source], "rate_missing") for source in sorted(lacking)]
    made = [
        _item(
            line,
            piece,
            works[piece.source_id],
            numbers[piece.source_id].of(piece.part),
            resolutions[piece.source_id],
            known,
        )
        for piece in pieces
    ]
    _keep_what_stands(outcome, standing, made)
    return outcome


def draw_of(line: Line, through: date) -> Draw:
    """Return a retainer or block as its line's unbilled time draws from it, up to a day; for statements."""
    known = Known(task_facts(), load_rate_books([line.contract_id]), Books(), Derivations())
    standing: dict[int, list[BillableItem]] = defaultdict(list)
    for item in unbilled().filter(contract_line_id=line.id, service_date__lte=through).order_by("pk"):
        standing[item.source_id].append(item)
    apart, holidays = parts_apart(standing), _Holidays(line.document)
    worked = []
    for source, items in standing.items():
        work = whole_work(items, is_rest=source in apart)
        rate = _resolve(line, work, known).rate
        worked.append(_worked(work, rate, known.facts, holidays, is_rest=source in apart))
    return _priced(line, worked, through)[2]


def _priced(
    line: Line, worked: Sequence[Worked], through: date | None = None
) -> tuple[list[Piece], frozenset[int], Draw]:
    """Return the pieces of what can be priced, the entries that lack a rate, and what was drawn from."""
    lacking: frozenset[int] = frozenset()
    settled = _settled(line)
    while True:
        try:
            some = [each for each in worked if each.source_id not in lacking]
            draw = _draw(line, max([each.day for each in some] + [through or line.start]))
            pieces = engine.price(line.document, some, line.currency, settled=settled, draw=draw)
            return pieces, lacking, draw
        except RateMissing as missing:
            lacking |= missing.source_ids


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
    sums = billed.aggregate(amount=Sum("amount"), seconds=Sum("billable_seconds"))
    months: dict[date, int] = defaultdict(int)
    for day, seconds in billed.values_list("service_date").annotate(Sum("billable_seconds")).order_by():
        months[day.replace(day=1)] += seconds
    return Settled(sums["amount"] or _ZERO, sums["seconds"] or 0, months)


def _draw(line: Line, through: date) -> Draw:
    if isinstance(line.document, terms.Retainer):
        return Draw(allowance=Allowance(line.document, line.start, line.end, through, line.currency))
    if isinstance(line.document, terms.Prepaid):
        return Draw(blocks=Blocks(line.document, blocks_of(line.id), line.currency))
    return engine.NO_DRAW


def blocks_of(line_id: int) -> list[Block]:
    """Return the blocks that were bought on a line."""
    rows = PrepaidBlock.objects.filter(contract_line_id=line_id).order_by("pk")
    return [Block(*row) for row in rows.values_list("pk", "bought", "expires", "size", "price")]


def _item(line: Line, piece: Piece, work: Work, part: int, resolution: Resolution, known: Known) -> NewItem:
    treatment = Treatment(piece.treatment.value)
    recognized = piece.amount if piece.drawn is None else piece.drawn.value
    book = known.books.rate(line.contract_id, work.service_date)
    content: dict[str, Any] = {}
    if piece.rate is not None:
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
        recognized=recognized if line.is_recognized else _ZERO,
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
