"""What should stand at a period end, what stands already, and so what is to be posted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

_ZERO = Decimal(0)


class Key(NamedTuple):
    """One thing at a period end: what it is, its two accounts, its currency, and what it is about (ids, 0 for none)."""

    what: str
    account: str
    counter: str
    currency: str
    client_id: int = 0
    contract_id: int = 0
    contract_line_id: int = 0
    project_id: int = 0
    person_id: int = 0
    role_id: int = 0
    practice_id: int = 0
    office_id: int = 0
    source_kind: str = ""
    source_id: int = 0


class Sum(NamedTuple):
    """A debit (negative: credit) of a key's account, in its currency and in the book's."""

    amount: Decimal
    value: Decimal


class Proposal(NamedTuple):
    """What should stand at the period end, and why."""

    key: Key
    stands: Sum
    reason: str
    is_reversed: bool = True


class Change(NamedTuple):
    """A proposal with what stands already, and so what is new."""

    proposal: Proposal
    posted: Sum
    new: Sum

    @property
    def is_new(self) -> bool:
        """Whether there is something to post."""
        return bool(self.new.amount or self.new.value)


NOTHING = Sum(_ZERO, _ZERO)
GONE = "No longer so: taken back."


def together(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return proposals with those of one key added up, in their order; the first one's reason stays."""
    found: dict[Key, Proposal] = {}
    for each in proposals:
        before = found.get(each.key)
        if before is not None:
            each = before._replace(
                stands=Sum(before.stands.amount + each.stands.amount, before.stands.value + each.stands.value)
            )
        found[each.key] = each
    return list(found.values())


def changes(proposals: Iterable[Proposal], posted: Mapping[Key, Sum]) -> list[Change]:
    """Return every proposal with what is new of it; what was posted and is not proposed any more is taken back."""
    left = defaultdict(lambda: NOTHING, posted)
    found = []
    for each in together(proposals):
        was = left.pop(each.key, NOTHING)
        found.append(Change(each, was, _less(each.stands, was)))
    found += [
        Change(Proposal(key, NOTHING, GONE), was, _less(NOTHING, was))
        for key, was in sorted(left.items())
        if was != NOTHING
    ]
    return [change for change in found if change.is_new or change.posted != NOTHING]


def _less(one: Sum, other: Sum) -> Sum:
    return Sum(one.amount - other.amount, one.value - other.value)
