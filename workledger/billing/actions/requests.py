"""Limits of what one person changes in WIP alone, and the decisions on what is above them."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now
from pydantic import TypeAdapter

from workledger.billing.actions.moves import transfer
from workledger.billing.actions.prebills import give_up, give_up_on_line
from workledger.billing.actions.wip import add_value
from workledger.billing.models import (
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentRequest,
    InvoiceSource,
    OpenItem,
    ReasonCode,
    RequestState,
)
from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import LegalEntity
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum

_DAY = TypeAdapter(date)


@action("billing.set_adjustment_limit", needs=Permission.MANAGE_SETTINGS)
def set_adjustment_limit(*, actor: Actor, entity_id: int, amount: Decimal | None) -> None:
    """Set up to how much, in the entity's currency, one person alone writes WIP down, off or up, or transfers it.

    0 asks another person always, None never. Refuses: not_found, amount_not_possible.
    """
    entity = locks.for_update(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    currency = entity.book.currency
    if amount is None:
        AdjustmentLimit.objects.filter(pk=entity_id).delete()
        record(entity, f"Took the limit of write-offs of {entity.name} away")
        return
    if amount < 0 or amount % minor_quantum(currency):
        message = f"A limit is 0 or more, in whole parts of {currency}."
        raise Refused.because("amount_not_possible", message, "amount")
    AdjustmentLimit.objects.update_or_create(pk=entity_id, defaults={"amount": amount})
    record(entity, f"Write-offs of {entity.name} above {money_words(amount, currency)} ask another person")


def _run(actor: Actor, request: AdjustmentRequest) -> Decimal:
    given: Mapping[str, Any] = request.arguments
    reason, note = ReasonCode(request.reason_code), request.note
    on = _DAY.validate_python(given["on"])
    amount = Decimal(given["amount"]) if given.get("amount") is not None else None
    runs: dict[str, Callable[[], Decimal]] = {
        AdjustmentKind.WRITE_DOWN: lambda: give_up(actor, given["item_ids"], amount, reason, on, note),
        AdjustmentKind.WRITE_OFF: lambda: give_up(actor, given["item_ids"], None, reason, on, note),
        AdjustmentKind.WRITE_UP: lambda: add_value(
            actor, given["item_ids"], amount or Decimal(0), reason, on, note
        ),
        AdjustmentKind.LINE_WRITE_DOWN: lambda: give_up_on_line(
            actor, given["line_id"], amount or Decimal(0), reason, on, note
        ),
        AdjustmentKind.TRANSFER: lambda: transfer(
            actor, given["item_ids"], given["contract_line_id"], given["task_id"], reason, note
        ),
    }
    return runs[request.kind]()


@action("billing.decide_adjustment", needs=Permission.APPROVE_ADJUSTMENTS)
def decide_adjustment(*, actor: Actor, request_id: int, approve: bool, note: str = "") -> Decimal:
    """Approve (run) or decline a change of WIP above the limit; gives what changed in value.

    It runs as it was asked for, or not at all. Refuses: not_found, already_decided, own_adjustment, reason_missing (a
    declined one says why), changed_meanwhile, and what the act itself refuses.
    """
    request: AdjustmentRequest = locks.for_update(
        AdjustmentRequest.objects.visible_to(actor).select_related("requested_by"), request_id
    )
    _refuse_decided(request)
    problems = Problems()
    own = actor.user_id is not None and request.requested_by_id == actor.user_id
    problems.check(
        not (approve and own and duty_applies(DutyRule.APPROVE_OWN_ADJUSTMENT)),
        "own_adjustment", DutyRule.APPROVE_OWN_ADJUSTMENT.sentence,
    )  # fmt: skip
    problems.check(approve or note.strip(), "reason_missing", "Say why it is declined.", "note")
    problems.refuse()
    changed = Decimal(0)
    if approve:
        _refuse_changed(request)
        changed = _run(actor, request)
    _decided(request, RequestState.APPROVED if approve else RequestState.DECLINED, actor, note)
    record(request, f"{request.get_state_display()}: {request}, asked for by {request.requested_by}")
    return changed


@action("billing.withdraw_adjustment", needs=Permission.VIEW_BILLING)
def withdraw_adjustment(*, actor: Actor, request_id: int) -> None:
    """Take one's own request back. Refuses: not_found (also: somebody else's), already_decided."""
    rows = AdjustmentRequest.objects.visible_to(actor).filter(requested_by=actor.user_id)
    request: AdjustmentRequest = locks.for_update(rows, request_id)
    _refuse_decided(request)
    _decided(request, RequestState.WITHDRAWN, actor, "")
    record(request, f"Took back the request for a {request}")


def _refuse_decided(request: AdjustmentRequest) -> None:
    if request.state != RequestState.OPEN:
        raise Refused.because(
            "already_decided", f"This request was {request.get_state_display().lower()} already."
        )


def _decided(request: AdjustmentRequest, state: RequestState, actor: Actor, note: str) -> None:
    request.state, request.decision_note = state, note.strip()
    request.decided_by_id, request.decided_at = actor.user_id, Now()
    request.save(update_fields=["state", "decision_note", "decided_by", "decided_at"])


def _refuse_changed(request: AdjustmentRequest) -> None:
    """Refuse when the work is not what it was when somebody asked."""
    asked = {item_id: Decimal(value) for item_id, value in request.items}
    if request.kind == AdjustmentKind.LINE_WRITE_DOWN:
        sources = InvoiceSource.objects.filter(line=request.arguments["line_id"], is_live=True)
        now = dict(sources.values_list("item_id", "amount"))
    else:
        now = dict(OpenItem.objects.filter(pk__in=asked).values_list("item_id", "amount"))
    gone = sum(item_id not in now for item_id in asked)
    other = sum(item_id in asked and asked[item_id] != value for item_id, value in now.items())
    other += sum(item_id not in asked for item_id in now)
    if gone or other:
        said = (
            [f"{gone} of {len(asked)} pieces of it are no longer there (billed, written off or priced anew)"]
            if gone
            else []
        )
        said += [f"{other} have another value or were added"] if other else []
        message = (
            f"The work changed since this was asked for: {' and '.join(said)}. Decline it, and ask again."
        )
        raise Refused.because("changed_meanwhile", message)
