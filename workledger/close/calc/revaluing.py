"""Monetary items in a foreign currency at the closing rate (IAS 21.23, ASC 830-20-35-1).

Receivables, contract assets, payables and money on deposit are owed in units of currency, so they are monetary. A
contract liability is owed in work: it is not monetary and keeps the rate of its day (IFRIC 22.8, ASC 830-10-45-18).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from workledger.close.calc.differences import Key, Proposal, Sum
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
REMAINDER = "remainder"
UNREALIZED, REALIZED = "unrealized_fx", "realized_fx"


class Item(NamedTuple):
    """Something held in a foreign currency at the period end: debits less credits there and in the books."""

    what: str
    account: str
    currency: str
    amount: Decimal
    carried: Decimal
    client_id: int = 0
    contract_id: int = 0
    source_kind: str = ""
    source_id: int = 0
    contract_line_id: int = 0
    project_id: int = 0

    def key(self, what: str, counter: str) -> Key:
        """The key of a line about it."""
        return Key(
            what, self.account, counter, self.currency, self.client_id, self.contract_id, self.contract_line_id,
            self.project_id, source_kind=self.source_kind, source_id=self.source_id,
        )  # fmt: skip


def revalued(items: Iterable[Item], rates: Mapping[str, Decimal], home: str) -> list[Proposal]:
    """Return the difference of each item to its value at the closing rate. What has no rate is left out."""
    found = []
    for item in items:
        rate = rates.get(item.currency)
        if not item.amount or rate is None:
            continue
        value = round_amount(item.amount * rate, home)
        reason = (
            f"{money_words(abs(item.amount), item.currency)} at {rate.normalize():f} is"
            f" {money_words(abs(value), home)}; the books have {money_words(abs(item.carried), home)}."
        )
        difference = value - item.carried
        if difference:
            found.append(Proposal(item.key(item.what, UNREALIZED), Sum(_ZERO, difference), reason))
    return found


def cleared(items: Iterable[Item], home: str) -> list[Proposal]:
    """Return what is to be taken off items that are settled in their currency and not in the books: for good."""
    found = []
    for item in items:
        if item.carried:
            words = money_words(abs(item.carried), home)
            reason = f"Nothing is left in {item.currency}, and {words} in the books."
            key = item.key(REMAINDER, REALIZED)
            found.append(Proposal(key, Sum(_ZERO, -item.carried), reason, is_reversed=False))
    return found
