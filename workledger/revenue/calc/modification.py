"""What a change of the contract does: a contract of its own, a change of the rest, or a catch-up.

Three questions decide (606-10-25-12 and -13, IFRS 15.20 and 21). Added work that is distinct and priced as it would be
alone is a contract of its own. Else, if what remains is distinct from what was transferred, the old contract ends and
a new one takes what remains: prospectively. If it is not, the change is part of the one obligation: catch-up.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.kernel.money import money_words
from workledger.revenue.calc.timeline import Obligation, Recognized, Treatment, recognized


class Kind(StrEnum):
    """What a modification is."""

    SEPARATE = "separate"
    PROSPECTIVE = "prospective"
    CATCH_UP = "catch_up"
    MIXED = "mixed"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return _LABELS[self]


_LABELS = {
    Kind.SEPARATE: "A contract of its own",
    Kind.PROSPECTIVE: "Prospectively",
    Kind.CATCH_UP: "Cumulative catch-up",
    Kind.MIXED: "Each obligation by itself",
}


class Rest(StrEnum):
    """Whether what remains to be done is distinct from what was transferred."""

    DISTINCT = "distinct"
    NOT_DISTINCT = "not_distinct"
    SOME = "some"


class Answers(NamedTuple):
    """What is known of a modification. The first two matter only when it adds work."""

    adds_distinct: bool
    at_stand_alone_price: bool
    rest: Rest


class Decision(NamedTuple):
    """What a modification is, why, and where the standard says so."""

    kind: Kind
    said: str
    source: str


def decide(answers: Answers) -> Decision:
    """Return what a modification is, by the answers."""
    if answers.adds_distinct and answers.at_stand_alone_price:
        said = "The added work is distinct and priced as it would be alone, so it is a contract of its own; the rest stays as it is."
        return Decision(Kind.SEPARATE, said, "ASC 606-10-25-12, IFRS 15.20")
    if answers.rest is Rest.DISTINCT:
        said = "What remains is distinct from what was transferred: what was recognized stands, and the rest of the price is earned by the rest of the work."
        return Decision(Kind.PROSPECTIVE, said, "ASC 606-10-25-13(a), IFRS 15.21(a)")
    if answers.rest is Rest.NOT_DISTINCT:
        said = "What remains is part of one obligation with what was done: price and progress are measured anew over all of it, and the difference is recognized now."
        return Decision(Kind.CATCH_UP, said, "ASC 606-10-25-13(b), IFRS 15.21(b)")
    said = "Some of what remains is distinct and some is not: each obligation is treated by itself."
    return Decision(Kind.MIXED, said, "ASC 606-10-25-13(c), IFRS 15.21(c)")


def treatment_of(kind: Kind) -> Treatment:
    """Return how an obligation that a modification touches goes on; a separate one has obligations of its own.

    Raises ValueError for kinds that do not say it of a single obligation.
    """
    if kind is Kind.PROSPECTIVE:
        return Treatment.PROSPECTIVE
    if kind is Kind.CATCH_UP:
        return Treatment.CATCH_UP
    raise ValueError(f"{kind} does not say how one obligation goes on")


class Effect(NamedTuple):
    """What a modification does to one obligation on its day: before, after, and the difference recognized then."""

    before: Recognized
    after: Recognized
    said: str

    @property
    def at_once(self) -> Decimal:
        """What is recognized on the day because of the change."""
        return self.after.amount - self.before.amount


def effect(before: Obligation, after: Obligation, day: date) -> Effect:
    """Return what changed terms do on a day, with all other facts as they are. Raises `NotMeasurable`."""
    old, new = recognized(before, day), recognized(after, day)
    currency = after.currency
    change = new.amount - old.amount
    said = (
        f"Price {money_words(old.price, currency)} to {money_words(new.price, currency)};"
        f" recognized to date {money_words(old.amount, currency)} to {money_words(new.amount, currency)},"
        f" so {money_words(change, currency)} now and {money_words(new.remaining, currency)} from then on."
    )
    return Effect(old, new, said)
