"""Which rate prices an hour, and why.

A *rate book* holds every dated rate that can price the work of one contract: its own card, its
client's and its entity's. A rate names what it is for; an empty key matches all, so several rates match most
hours. The most specific one wins, by `PRECEDENCE`: the card nearest to the contract first, and
within a card the rate for the contract line before the one for a person, then the task type, then
the role. Two rates that match equally are an error in the book, never a tie to break in silence.

A book resolves a combination of keys once into dated segments and keeps them, so pricing a hundred
thousand entries is dictionary look-ups.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any, Literal, NamedTuple

from workledger.kernel.money import price_words

Level = Literal["contract", "client", "entity"]
LEVELS: tuple[Level, ...] = ("contract", "client", "entity")

NO_RATE = "no_rate"
_CENT = Decimal("0.01")


class RateRow(NamedTuple):
    """A dated price per hour, half-open [valid_from, valid_to); None as a key matches all."""

    id: int
    level: Level
    contract_line_id: int | None
    person_id: int | None
    task_type_id: int | None
    role_id: int | None
    valid_from: date
    valid_to: date | None
    rate_per_hour: Decimal


class RateQuery(NamedTuple):
    """Whose hour on which contract line is priced, and the day it was worked."""

    contract_line_id: int | None
    person_id: int
    role_id: int | None
    task_type_id: int | None
    day: date


class Rule(NamedTuple):
    """One step of the precedence: a card's level and which keys the rate names."""

    level: Level
    line: bool
    person: bool
    task_type: bool
    role: bool

    @property
    def code(self) -> str:
        """The stable name kept in derivations, such as 'contract.line.person'."""
        names = [name for name in ("line", "person", "task_type", "role") if getattr(self, name)]
        return ".".join([self.level, *(names or ["any"])])

    @property
    def label(self) -> str:
        """The rule as people read it, such as 'contract line and person'."""
        keys = [word for word, is_set in zip(_KEY_WORDS, self[2:], strict=True) if is_set]
        if self.line:
            return " and ".join(["contract line", *keys])
        return f"{self.level} card, {' and '.join(keys) or 'everyone'}"


_KEY_WORDS = ("person", "task type", "role")

_CARDS: tuple[tuple[Level, bool], ...] = (
    ("contract", True),
    ("contract", False),
    ("client", False),
    ("entity", False),
)
PRECEDENCE: tuple[Rule, ...] = tuple(
    Rule(level, line, person, task_type, role)
    for level, line in _CARDS
    for person, task_type, role in product((True, False), repeat=3)
)
"""Every rule, most specific first. `product` yields person before task type before role before any."""

_RANKS = {rule: rank for rank, rule in enumerate(PRECEDENCE)}
RULE_LABELS: dict[str, str] = {rule.code: rule.label for rule in PRECEDENCE} | {NO_RATE: "no rate"}


class RatesTie(ValueError):
    """Two rates of one book match the same hour equally."""

    def __init__(self, first: RateRow, second: RateRow) -> None:
        self.first, self.second = first, second
        super().__init__(
            f"rates {first.id} and {second.id} tie: both are for {rule_of(first).label} on {max(first.valid_from, second.valid_from)}"
        )


class Loser(NamedTuple):
    """A rate that also matched, and why it did not win."""

    rate_id: int
    rule: str
    rate_per_hour: Decimal
    reason: str


class Resolution(NamedTuple):
    """The rate of an hour. `rate` is None, and `rule` is 'no_rate', where no rate holds: never zero in silence.

    It holds for the days [valid_from, valid_to): outside them another rate may win.
    """

    rate_id: int | None
    rate: Decimal | None
    rule: str
    losers: tuple[Loser, ...]
    valid_from: date
    valid_to: date | None


def rule_of(row: RateRow) -> Rule:
    """Return the precedence rule of a rate. Raises ValueError for a line on a card that is no contract's."""
    rule = Rule(
        row.level,
        row.contract_line_id is not None,
        row.person_id is not None,
        row.task_type_id is not None,
        row.role_id is not None,
    )
    if rule not in _RANKS:
        raise ValueError(f"rate {row.id} names a contract line, so it belongs on a contract's card")
    return rule


_Keys = tuple[int | None, int | None, int | None, int | None]


class RateBook:
    """The compiled rates of one contract, its client and its entity, in one currency."""

    __slots__ = ("_index", "_named", "_patterns", "_segments", "currency")

    def __init__(self, rows: Iterable[RateRow], currency: str = "") -> None:
        index: dict[tuple[int, _Keys], list[RateRow]] = defaultdict(list)
        for row in rows:
            rank = _RANKS[rule_of(row)]
            index[rank, (row.contract_line_id, row.person_id, row.role_id, row.task_type_id)].append(row)
        for same in index.values():
            _refuse_ties(same)
        self.currency = currency
        self._index = dict(index)
        self._patterns = tuple(sorted({rank for rank, _ in index}))
        self._named = frozenset((place, key) for _, keys in index for place, key in enumerate(keys))
        self._segments: dict[_Keys, tuple[list[date], list[Resolution]]] = {}

    def resolve(self, query: RateQuery) -> Resolution:
        """Return the rate that holds for the query's keys on its day, with what lost against it."""
        keys = query[:4]
        found = self._segments.get(keys)
        if found is None:
            found = self._segments[keys] = self._shared(keys)
        return found[1][bisect_right(found[0], query[4]) - 1]

    def segments(self, query: RateQuery) -> list[Resolution]:
        """Return every dated stretch of the query's keys, oldest first; its day plays no part."""
        self.resolve(query)
        return list(self._segments[query[:4]][1])

    def out_of_date(self, query: RateQuery) -> list[Loser]:
        """Return the rates that match the keys but not the day, most specific first, with the reason."""
        found = []
        for rank, row in self._matching(query[:4]):
            if row.valid_from > query.day:
                reason = f"It starts later, on {row.valid_from:%Y-%m-%d}."
            elif row.valid_to is not None and row.valid_to <= query.day:
                last = row.valid_to - timedelta(days=1)
                reason = f"It ended earlier, with {last:%Y-%m-%d}."
            else:
                continue
            found.append(Loser(row.id, PRECEDENCE[rank].code, row.rate_per_hour, reason))
        return found

    def _matching(self, keys: _Keys) -> list[tuple[int, RateRow]]:
        line, person, role, task_type = keys
        found: list[tuple[int, RateRow]] = []
        for rank in self._patterns:
            rule = PRECEDENCE[rank]
            wanted = (
                line if rule.line else None,
                person if rule.person else None,
                role if rule.role else None,
                task_type if rule.task_type else None,
            )
            if (rule.line, rule.person, rule.role, rule.task_type) == tuple(
                key is not None for key in wanted
            ):
                found += ((rank, row) for row in self._index.get((rank, wanted), ()))
        return found

    def _shared(self, keys: _Keys) -> tuple[list[date], list[Resolution]]:
        """Return the stretches of these keys, shared by all that differ only in keys that no rate names."""
        line, person, role, task_type = (
            key if (place, key) in self._named else None for place, key in enumerate(keys)
        )
        telling = (line, person, role, task_type)
        found = self._segments.get(telling)
        if found is None:
            found = self._segments[telling] = self._compile(telling)
        return found

    def _compile(self, keys: _Keys) -> tuple[list[date], list[Resolution]]:
        matching = self._matching(keys)
        cuts = {date.min}
        for _, row in matching:
            cuts.add(row.valid_from)
            if row.valid_to is not None:
                cuts.add(row.valid_to)
        starts = sorted(cuts)
        ends: list[date | None] = [*starts[1:], None]
        return starts, [
            _resolution([match for match in matching if _holds(match[1], start)], start, end)
            for start, end in zip(starts, ends, strict=True)
        ]


def _holds(row: RateRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)


def _refuse_ties(same: list[RateRow]) -> None:
    """Raise `RatesTie` when two rates with the same keys share a day."""
    same.sort(key=lambda row: row.valid_from)
    for first, second in pairwise(same):
        if first.valid_to is None or second.valid_from < first.valid_to:
            raise RatesTie(first, second)


def _resolution(ranked: list[tuple[int, RateRow]], start: date, end: date | None) -> Resolution:
    """Build the answer of one stretch from the rates that hold in it, which come most specific first."""
    if not ranked:
        return Resolution(None, None, NO_RATE, (), start, end)
    (rank, winner), *rest = ranked
    reason = f"Less specific than {PRECEDENCE[rank].label}."
    losers = tuple(Loser(row.id, PRECEDENCE[other].code, row.rate_per_hour, reason) for other, row in rest)
    return Resolution(winner.id, winner.rate_per_hour, PRECEDENCE[rank].code, losers, start, end)


@dataclass(frozen=True, slots=True)
class RateBooks:
    """The rate books of several contracts."""

    books: dict[int, RateBook]

    def book(self, contract_id: int) -> RateBook:
        """Return one contract's book, for a loop that stays on one contract. Raises KeyError if not loaded."""
        return self.books[contract_id]

    def resolve(self, contract_id: int, query: RateQuery) -> Resolution:
        """Return the rate of an hour under a contract. Raises KeyError if the contract was not loaded."""
        return self.books[contract_id].resolve(query)


def printed_rate(rate: Decimal) -> str:
    """Return a rate as text with two decimals, or as many more as it has: '120.00', '33.3333'."""
    trimmed = rate.normalize()
    exponent = trimmed.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return str(rate.quantize(_CENT) if places <= 2 else format(trimmed, "f"))


def derivation(resolution: Resolution, currency: str = "") -> dict[str, Any]:
    """Return the content of 'why this rate?' as JSON: winner, rule, losers with reasons, and a sentence.

    Amounts are strings. `rate` and `rate_id` are None where no rate holds.
    """
    return {
        "rate_id": resolution.rate_id,
        "rate": None if resolution.rate is None else printed_rate(resolution.rate),
        "currency": currency,
        "rule": resolution.rule,
        "rule_label": RULE_LABELS[resolution.rule],
        "losers": [
            {
                "rate_id": loser.rate_id,
                "rule": loser.rule,
                "rule_label": RULE_LABELS[loser.rule],
                "rate": printed_rate(loser.rate_per_hour),
                "reason": loser.reason,
            }
            for loser in resolution.losers
        ],
        "sentence": _sentence(resolution, currency),
    }


def _sentence(resolution: Resolution, currency: str) -> str:
    if resolution.rate is None:
        return "No rate holds for this person, role and task type on that day. Add one to a rate card."
    price = price_words(resolution.rate, currency)
    text = f"{price} per hour, by the rule '{RULE_LABELS[resolution.rule]}'"
    if not resolution.losers:
        return f"{text}: the only rate that matches."
    count = len(resolution.losers)
    return f"{text}: it is more specific than {count} other matching {'rate' if count == 1 else 'rates'}."
