"""What an approver should look at before approving an expense. A flag never stops anybody.

Amounts are in the entity's currency; a sentence writes them as plain decimals with the currency's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from workledger.kernel.rounding import minor_units

LATE_AFTER = timedelta(days=90)
"""An expense older than this when it is looked at is late; tax offices and clients ask for them promptly."""


class PolicyFlag(StrEnum):
    """Why an expense is not clean."""

    RECEIPT_MISSING = "receipt_missing"
    OVER_LIMIT = "over_limit"
    SAME_RECEIPT = "same_receipt"
    SAME_PURCHASE = "same_purchase"
    LATE = "late"
    NOT_CONTRACTED = "not_contracted"
    CLOSED_PROJECT = "closed_project"


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look, as a sentence."""

    code: PolicyFlag
    sentence: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A category's rules. None: no rule."""

    category: str
    receipt_over: Decimal | None = None
    most_per_item: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What the policy looks at of an expense; `amount` is gross in `currency`, the entity's."""

    work_date: date
    amount: Decimal
    currency: str
    receipts: int
    is_billable: bool
    contract_line: str = ""
    line_bills: bool = True
    closed_project: str = ""


def needs_receipt(claim: Claim, policy: Policy) -> bool:
    """Tell whether the policy asks for a receipt that is not there."""
    return policy.receipt_over is not None and claim.amount > policy.receipt_over and not claim.receipts


def flags_of(
    claim: Claim,
    policy: Policy,
    *,
    looked_at: date,
    same_receipt: str = "",
    same_purchase: str = "",
) -> tuple[Flag, ...]:
    """Return the flags of one expense, in the order of `PolicyFlag`.

    `same_receipt` and `same_purchase` name the expense that has the same file, or the same vendor, date and amount.
    """
    found: Mapping[PolicyFlag, str] = {
        PolicyFlag.RECEIPT_MISSING: _receipt_missing(claim, policy),
        PolicyFlag.OVER_LIMIT: _over_limit(claim, policy),
        PolicyFlag.SAME_RECEIPT: f"The same file is attached to {same_receipt}." if same_receipt else "",
        PolicyFlag.SAME_PURCHASE: (
            f"Same vendor, date and amount as {same_purchase}." if same_purchase else ""
        ),
        PolicyFlag.LATE: _late(claim, looked_at),
        PolicyFlag.NOT_CONTRACTED: (
            f"Billable, but the contract line {claim.contract_line} does not bill."
            if claim.is_billable and claim.contract_line and not claim.line_bills
            else ""
        ),
        PolicyFlag.CLOSED_PROJECT: f"{claim.closed_project} is closed." if claim.closed_project else "",
    }
    return tuple(Flag(code, sentence) for code, sentence in found.items() if sentence)


def _receipt_missing(claim: Claim, policy: Policy) -> str:
    if not needs_receipt(claim, policy):
        return ""
    if policy.receipt_over:
        over = written(policy.receipt_over, claim.currency)
        return f"No receipt; {policy.category} needs one over {over}."
    return f"No receipt; {policy.category} needs one."


def _over_limit(claim: Claim, policy: Policy) -> str:
    if policy.most_per_item is None or claim.amount <= policy.most_per_item:
        return ""
    over = written(claim.amount - policy.most_per_item, claim.currency)
    return (
        f"{over} more than the {written(policy.most_per_item, claim.currency)} that {policy.category} allows."
    )


def _late(claim: Claim, looked_at: date) -> str:
    days = (looked_at - claim.work_date).days
    return f"{days} days old." if days > LATE_AFTER.days else ""


def written(amount: Decimal, currency: str) -> str:
    """Return an amount as a sentence writes it: '1,234.50 EUR'."""
    return f"{amount:,.{minor_units(currency)}f} {currency}"
