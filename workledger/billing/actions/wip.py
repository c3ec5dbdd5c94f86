"""Acts on WIP beside holds and write-downs: defer to a later period, and write up."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models.functions import Now

from workledger.billing import limits
from workledger.billing.actions.prebills import open_items, post_write_downs, refuse_mixed
from workledger.billing.calc.fees import ChargeKind
from workledger.billing.limits import Adjusted
from workledger.billing.models import AdjustmentKind, BillableItem, Charge, Deferral, OpenItem, ReasonCode
from workledger.billing.settling import lines
from workledger.contracts.calc import terms
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.allocation import allocate
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)
_AT_A_PRICE = terms.FixedFee | terms.Milestones | terms.Progress


@action("billing.defer_items", needs=Permission.PREPARE_BILLING)
def defer_items(
    *, actor: Actor, item_ids: list[int], until: date, reason_code: ReasonCode, note: str = ""
) -> int:
    """Keep open items off every bill whose work ends before `until`; deferred items get the new day.

    Returns how many are deferred. Refuses: not_open, not_later (the day is not after the work itself).
    """
    rows = open_items(actor, item_ids)
    late = max(row.service_date for row in rows)
    if until <= late:
        message = f"Some of this work is of {late:%d %b %Y}. Defer it to a later day."
        raise Refused.because("not_later", message, "until")
    Deferral.objects.filter(item_id__in=item_ids, ended_at=None).update(ended_at=Now())
    Deferral.objects.bulk_create(
        Deferral(item_id=row.pk, until=until, reason_code=reason_code, note=note.strip()) for row in rows
    )
    OpenItem.objects.filter(pk__in=item_ids).update(not_before=until)
    record(None, f"Deferred {len(rows)} items to {until:%d %b %Y}: {ReasonCode(reason_code).label}")
    return len(rows)


@action("billing.end_deferral", needs=Permission.PREPARE_BILLING)
def end_deferral(*, actor: Actor, item_ids: list[int]) -> int:
    """Let deferred items be billed with the next run again. Returns how many. Refuses: not_open, not_deferred."""
    rows = open_items(actor, item_ids)
    if any(row.not_before is None for row in rows):
        raise Refused.because("not_deferred", "Some of this work is not deferred.")
    Deferral.objects.filter(item_id__in=item_ids, ended_at=None).update(ended_at=Now())
    OpenItem.objects.filter(pk__in=item_ids).update(not_before=None)
    record(None, f"Took {len(rows)} items back from a later period")
    return len(rows)


@action("billing.write_up_items", needs=Permission.WRITE_OFF)
def write_up_items(
    *,
    actor: Actor,
    item_ids: list[int],
    amount: Decimal,
    reason_code: ReasonCode,
    on: date,
    note: str = "",
) -> Adjusted:
    """Add `amount` to the value of open items, spread by their value; posted against Billing adjustments.

    Work at an agreed price, or under a hard limit, is written up no further than it was priced. Over the entity's
    limit it becomes a request. Refuses: not_open, currencies_differ, amount_not_possible, price_agreed.
    """
    rows = open_items(actor, item_ids)
    _refuse_up(rows, amount)
    asked = limits.ask_if_over(
        actor, AdjustmentKind.WRITE_UP, [(row.pk, row.amount) for row in rows], amount, on=on, reason_code=reason_code, note=note,
        arguments={"item_ids": item_ids, "amount": amount},
    )  # fmt: skip
    return asked or Adjusted(add_value(actor, item_ids, amount, reason_code, on, note))


def add_value(
    actor: Actor, item_ids: Sequence[int], amount: Decimal, reason_code: ReasonCode, on: date, note: str
) -> Decimal:
    """Write open items up inside a running action; returns what was added."""
    rows = open_items(actor, item_ids)
    shares = _refuse_up(rows, amount)
    billable = {item.pk: item for item in BillableItem.objects.filter(pk__in=item_ids)}
    post_write_downs(
        actor, [(billable[row.pk], -share) for row, share in zip(rows, shares, strict=True)],
        is_write_off=False, reason_code=reason_code, on=on, note=note,
    )  # fmt: skip
    for row, share in zip(rows, shares, strict=True):
        row.amount += share
    OpenItem.objects.bulk_update(rows, ["amount"], batch_size=1000)
    said = f"Wrote up {money_words(amount, rows[0].currency)} on {len(rows):,} items"
    record(None, f"{said}: {ReasonCode(reason_code).label}")
    return amount


def _refuse_up(rows: Sequence[OpenItem], amount: Decimal) -> list[Decimal]:
    """Return each item's share. Refuses: currencies_differ, amount_not_possible, price_agreed."""
    refuse_mixed(rows)
    currency = rows[0].currency
    problems = Problems()
    problems.check(amount > 0, "amount_not_possible", "Write up more than nothing.", "amount")
    problems.check(
        amount % minor_quantum(currency) == 0,
        "amount_not_possible", f"{currency} has no part that small.", "amount",
    )  # fmt: skip
    problems.check(
        all(row.amount >= 0 for row in rows), "amount_not_possible", "Work of a negative value is not written up."
    )  # fmt: skip
    problems.refuse()
    weights = [row.amount for row in rows]
    shares = allocate(amount, weights if any(weights) else [1] * len(rows), currency)
    _refuse_over_price(rows, shares)
    return shares


def _refuse_over_price(rows: Sequence[OpenItem], shares: Sequence[Decimal]) -> None:
    """Refuse to lift work beyond a price that was agreed: it takes a change order."""
    items = BillableItem.objects.in_bulk([row.pk for row in rows])
    known = lines({item.contract_line_id for item in items.values() if item.contract_line_id})
    fees = set(
        Charge.objects.filter(
            pk__in=[item.source_id for item in items.values() if item.source_kind == "charge"]
        )
        .exclude(kind=ChargeKind.UNITS)
        .values_list("pk", flat=True)
    )
    for row, share in zip(rows, shares, strict=True):
        item = items[row.pk]
        document = known[item.contract_line_id].document if item.contract_line_id in known else None
        cap = getattr(document, "cap", None)
        is_fee = item.source_kind == "charge" and item.source_id in fees
        agreed = is_fee or isinstance(document, _AT_A_PRICE)
        agreed = agreed or (cap is not None and cap.action is terms.CapAction.HARD)
        if agreed and row.amount + share > item.amount:
            message = (
                "The price of this work is agreed or limited: it is written up no further than it was priced. "
                "Change the contract first."
            )
            raise Refused.because("price_agreed", message, "amount")
