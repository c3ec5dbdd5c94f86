"""Revenue by whom and what it was earned, and the cost of it: facts that reports add up."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from workledger.reporting.calc.attribution import Worked, attribute
from workledger.reporting.ground import Ground
from workledger.reporting.report import ReportBy
from workledger.reporting.sums import Axis, ReportBasis, Slice, sums

_ZERO = Decimal(0)
_GRAIN = (
    Axis.PERIOD, Axis.CONTRACT_LINE, Axis.PROJECT, Axis.ACCOUNT, Axis.SERVICE_PERIOD, Axis.CLIENT, Axis.CONTRACT,
    Axis.OBLIGATION, Axis.PRACTICE, Axis.PERSON,
)  # fmt: skip
_POOL = (Axis.PERIOD, Axis.CONTRACT_LINE, Axis.PROJECT)
_DIVIDED = (*_POOL, Axis.PRACTICE)
_OF_PEOPLE = (Axis.PERSON, Axis.PRACTICE)
PERSONAL = frozenset({ReportBy.PERSON, ReportBy.PRACTICE})
BY_HOURS = (
    "What recognition posts on a line and project is told by person by the hours posted on that line and project in the"
    " same period, so locked months never move; where nobody worked it is nobody's. A practice is the one that the posting"
    " names, else that of the people who worked."
)


class Fact(NamedTuple):
    """An amount of an account, by what is asked; positive is the side that the account usually stands on."""

    key: tuple[int, ...]
    account_id: int
    amount: Decimal


def revenue_facts(ground: Ground, chosen: Slice, by: Sequence[ReportBy]) -> list[Fact]:
    """Return revenue (credits positive) by what is asked. Queries: one, or two where people are asked for."""
    if not PERSONAL & set(by):
        axes = [each.axis(chosen.basis) for each in by]
        rows = sums(ground.actor, chosen, [*axes, Axis.ACCOUNT])
        return [Fact(row.key[:-1], row.key[-1], -row.amount) for row in rows]
    return [
        Fact(tuple(part.about[each.axis(chosen.basis)] for each in by), part.about[Axis.ACCOUNT], part.amount)
        for part in parts_of(ground, chosen)
    ]


class EarnedPart(NamedTuple):
    """A part of revenue: what it is about, with the person and practice that the postings name (0: none).

    `seconds` of theirs made it a part by hours, of all in `hours`.
    """

    about: dict[Axis, int]
    named: dict[Axis, int]
    amount: Decimal
    hours: dict[tuple[int, int], Decimal]


def parts_of(ground: Ground, chosen: Slice) -> list[EarnedPart]:
    """Return revenue at its finest grain, with the part of each person in what no person's name stands on.

    The grain is the same whatever is asked for, so that figures of different reports are equal to the cent.
    """
    rows = sums(ground.actor, chosen, _GRAIN)
    worked = _worked(ground, chosen, {row.key[0] for row in rows if not row.key[-1]})
    found = []
    for row in rows:
        about = dict(zip(_GRAIN, row.key, strict=True))
        named = {axis: about[axis] for axis in _OF_PEOPLE}
        if about[Axis.PERSON]:
            found.append(EarnedPart(about, named, -row.amount, {}))
            continue
        hours = worked.get(row.key[:3], {})
        people = [Worked(person, practice, seconds) for (person, practice), seconds in hours.items()]
        for part in attribute(-row.amount, people, ground.currency):
            practice = about[Axis.PRACTICE] or part.practice_id
            theirs = about | {Axis.PERSON: part.person_id, Axis.PRACTICE: practice}
            found.append(EarnedPart(theirs, named, part.amount, hours))
    return found


def _worked(
    ground: Ground, chosen: Slice, period_ids: Collection[int]
) -> dict[tuple[int, int, int], dict[tuple[int, int], Decimal]]:
    """Return seconds by person and practice of each period, line and project, as posted in whole periods."""
    spans = [period for period in ground.periods if period.pk in period_ids]
    found: dict[tuple[int, int, int], dict[tuple[int, int], Decimal]] = defaultdict(dict)
    if not spans:
        return found
    labour = Slice(
        ground.book_id, ground.labour_ids, spans[0].start, spans[-1].end, ReportBasis.POSTED, chosen.known_on,
        tuple((axis, ids) for axis, ids in chosen.where if axis in _POOL),
    )  # fmt: skip
    for row in sums(ground.actor, labour, [*_POOL, Axis.PERSON, Axis.PRACTICE]):
        if row.key[3]:
            found[row.key[:3]][row.key[3:]] = row.quantity
    return found


def cost_facts(ground: Ground, chosen: Slice, by: Sequence[ReportBy]) -> list[Fact]:
    """Return cost (debits positive) by what is asked."""
    axes = [each.axis(chosen.basis) for each in by]
    rows = sums(ground.actor, chosen, [*axes, Axis.ACCOUNT])
    return [Fact(row.key[:-1], row.key[-1], row.amount) for row in rows]


class Pool(NamedTuple):
    """Revenue of a line and project in a period that was divided by hours, and a part of it.

    `seconds` of `whole` worked made the part. `chosen` are the postings that were divided.
    """

    period: str
    line_id: int
    project_id: int
    amount: Decimal
    seconds: int
    whole: int
    part: Decimal
    chosen: Slice


def own_of(chosen: Slice) -> Slice | None:
    """Return the postings of a figure by person or practice that name them; None where 'nobody' or 'none' is asked for."""
    return chosen if all(0 not in ids for axis, ids in chosen.where if axis in _OF_PEOPLE) else None


def pools_of(ground: Ground, chosen: Slice) -> list[Pool]:
    """Return what a figure by person or practice has by hours, largest first; with `own_of` it makes up the figure."""
    wanted = {axis: ids[0] for axis, ids in chosen.where if axis in _OF_PEOPLE}
    rest = replace(chosen, where=tuple(pair for pair in chosen.where if pair[0] not in _OF_PEOPLE))
    own = own_of(chosen) is not None
    divided = sums(ground.actor, rest.at(Axis.PERSON, 0), _DIVIDED)
    whole = {row.key: -row.amount for row in divided}
    parts: dict[tuple[int, ...], Decimal] = defaultdict(Decimal)
    hours: dict[tuple[int, ...], dict[tuple[int, int], Decimal]] = {}
    for part in parts_of(ground, rest):
        theirs = all(part.about[axis] == pk for axis, pk in wanted.items())
        if theirs and not (own and all(part.named[axis] == pk for axis, pk in wanted.items())):
            place = (*(part.about[axis] for axis in _POOL), part.named[Axis.PRACTICE])
            parts[place] += part.amount
            hours[place] = part.hours
    person, practice = wanted.get(Axis.PERSON), wanted.get(Axis.PRACTICE)
    rows = []
    for place, amount in parts.items():
        counted = {who: seconds for who, seconds in hours[place].items() if seconds > 0}
        mine = sum(
            seconds
            for (one, other), seconds in counted.items()
            if person in (None, one) and practice in (None, place[3] or other)
        )
        period = ground.period(place[0])
        divided_here = rest.at(Axis.PERSON, 0)
        for axis, pk in zip(_DIVIDED, place, strict=True):
            divided_here = divided_here.at(axis, pk)
        rows.append(
            Pool(
                period.name if period else "", place[1], place[2], whole.get(place, _ZERO), int(mine),
                int(sum(counted.values())), amount, divided_here,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (-abs(row.part), row.period))


def hours_of(ground: Ground, chosen: Slice, by: Sequence[ReportBy]) -> dict[tuple[int, ...], Decimal]:
    """Return worked seconds by what is asked."""
    axes = [each.axis(chosen.basis) for each in by]
    rows = sums(ground.actor, chosen.of(ground.labour_ids), axes)
    return {row.key: row.quantity for row in rows if row.quantity}
