"""Amounts that are not certain: bonuses, penalties, rebates. How much of them is in the transaction price.

Estimated as the expected value (many similar contracts, a range of outcomes) or as the most likely amount (two
outcomes), whichever predicts better (606-10-32-8, IFRS 15.53). Counted only as far as it is highly probable that no
significant part of the revenue will be taken back (606-10-32-11, IFRS 15.56). Estimated anew at each reporting date.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


class Estimation(StrEnum):
    """How an uncertain amount is estimated."""

    EXPECTED_VALUE = "expected_value"
    MOST_LIKELY = "most_likely"

    @property
    def label(self) -> str:
        """The way as people read it."""
        return "Expected value" if self is Estimation.EXPECTED_VALUE else "Most likely amount"


class Outcome(NamedTuple):
    """What may come of it: an amount (a penalty or rebate is negative) and its probability in percent."""

    amount: Decimal
    probability: Decimal


class Counted(NamedTuple):
    """An uncertain amount: what is expected, what of it counts, what is held back, and why."""

    estimate: Decimal
    included: Decimal
    steps: tuple[Step, ...]

    @property
    def constrained(self) -> Decimal:
        """What is expected and does not count yet."""
        return self.estimate - self.included


class BadOutcomes(ValueError):
    """The outcomes do not make an estimate; the text says why."""


def check_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Raise `BadOutcomes` unless probabilities lie in 0 to 100 and sum to 100."""
    if not outcomes:
        raise BadOutcomes("Give at least one outcome.")
    if any(not _ZERO <= outcome.probability <= _HUNDRED for outcome in outcomes):
        raise BadOutcomes("A probability lies between 0 and 100 %.")
    whole = sum((outcome.probability for outcome in outcomes), _ZERO)
    if whole != _HUNDRED:
        raise BadOutcomes(f"The probabilities sum to {whole.normalize():f} %; they must sum to 100 %.")


def count(
    outcomes: Sequence[Outcome], way: Estimation, currency: str, highly_probable: Decimal | None = None
) -> Counted:
    """Return the estimate and what of it is in the price.

    `highly_probable` is the greatest amount that is highly probable not to be taken back; None does not constrain.
    Raises `BadOutcomes`.
    """
    check_outcomes(outcomes)
    if way is Estimation.EXPECTED_VALUE:
        exact = sum((outcome.amount * outcome.probability for outcome in outcomes), _ZERO) / _HUNDRED
        said = " + ".join(
            f"{outcome.probability.normalize():f} % of {outcome.amount:,.2f}" for outcome in outcomes
        )
    else:
        exact = max(outcomes, key=lambda outcome: outcome.probability).amount
        said = f"Of {len(outcomes)} outcomes the likeliest"
    estimate = round_amount(exact, currency)
    steps = [Step(way.label, f"{said} = {money_words(estimate, currency)}.")]
    included = estimate if highly_probable is None else min(estimate, highly_probable)
    if included != estimate:
        held = money_words(estimate - included, currency)
        steps.append(
            Step(
                "Constraint",
                f"{held} is held back: it is not highly probable that it will stay. {money_words(included, currency)} counts.",
            )
        )
    return Counted(estimate, included, tuple(steps))
