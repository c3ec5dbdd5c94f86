"""What one person alone may change of the value of WIP, and the request that anything above becomes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic_core import to_jsonable_python

from workledger.billing.books import Books
from workledger.billing.models import (
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentRequest,
    BillableItem,
    ReasonCode,
)
from workledger.core.access import Actor
from workledger.core.door import record
from workledger.core.refusals import Refused
from workledger.kernel.allocation import allocate

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What changed in value, in the work's currency; nothing while `request_id` waits for another person."""

    amount: Decimal
    request_id: int | None = None


def ask_if_over(
    actor: Actor,
    kind: AdjustmentKind,
    rows: Sequence[tuple[int, Decimal]],
    value: Decimal,
    *,
    on: date,
    reason_code: ReasonCode,
    note: str,
    arguments: Mapping[str, Any],
) -> Adjusted | None:
    """Store a request where a change of `value` is above an entity's limit; None where it may run.

    `rows` are the pieces of work as (item, value).

    The machine's own acts ask nobody. Refuses: exchange_rate_missing.
    """
    limits = dict(AdjustmentLimit.objects.values_list("entity_id", "amount"))
    if actor.user_id is None or not limits or not value:
        return None
    found = BillableItem.objects.in_bulk([item_id for item_id, _ in rows])
    over = _entities_over(rows, found, value, on, limits)
    if not over:
        return None
    first = found[rows[0][0]]
    request = AdjustmentRequest.objects.create(
        kind=kind, entity_id=over[0], client_id=first.client_id, currency=first.currency, value=value,
        arguments=to_jsonable_python({**arguments, "on": on}), items=[[item_id, str(amount)] for item_id, amount in rows],
        reason_code=reason_code, note=note.strip(), requested_by_id=actor.user_id,
    )  # fmt: skip
    record(request, f"Asked for a {request}: {ReasonCode(reason_code).label}")
    return Adjusted(_ZERO, request.pk)


def _entities_over(
    rows: Sequence[tuple[int, Decimal]],
    items: Mapping[int, BillableItem],
    value: Decimal,
    on: date,
    limits: Mapping[int, Decimal],
) -> list[int]:
    """Return the entities whose share of a change, in their own currency, is above their limit."""
    weights = [abs(amount) for _, amount in rows]
    if not any(weights):
        weights = [Decimal(1)] * len(rows)
    books, sums = Books(), defaultdict[int, Decimal](Decimal)
    currency = items[rows[0][0]].currency
    for (item_id, _), share in zip(rows, allocate(abs(value), weights, currency), strict=True):
        item = items[item_id]
        book = books.rate(item.contract_id or 0, on)
        if book is None:
            message = f"There is no exchange rate from {item.currency} on {on}. Add one first."
            raise Refused.because("exchange_rate_missing", message)
        functional = book.functional(share)
        sums[item.entity_id] += share if functional is None else functional
    return [entity for entity, total in sorted(sums.items()) if entity in limits and total > limits[entity]]
