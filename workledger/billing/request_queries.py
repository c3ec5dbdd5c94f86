"""Reads of changes of WIP above the limit: what was asked for, what waits for whom, and the limits."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from workledger.billing.models import AdjustmentLimit, AdjustmentRequest, RequestState
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.directory.models import LegalEntity

_MOST = 200


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A change of WIP that was asked for; `mine` says that the reader asked for it."""

    id: int
    kind: str
    kind_label: str
    client_id: int
    client: str
    currency: str
    value: Decimal
    items: int
    reason: str
    note: str
    state: RequestState
    state_label: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_note: str
    mine: bool
    may_decide: bool


def requests(actor: Actor, state: RequestState) -> list[RequestRow]:
    """Return requests in a state, newest first."""
    rows = AdjustmentRequest.objects.visible_to(actor).filter(state=state)
    named = rows.select_related("client", "requested_by", "decided_by").order_by("-pk")[:_MOST]
    own_too = not duty_applies(DutyRule.APPROVE_OWN_ADJUSTMENT)
    decides = actor.can(Permission.APPROVE_ADJUSTMENTS)
    return [
        RequestRow(
            row.pk, row.kind, row.get_kind_display(), row.client_id, row.client.name, row.currency, row.value,
            len(row.items), row.get_reason_code_display(), row.note, RequestState(row.state), row.get_state_display(),
            str(row.requested_by), row.requested_at, str(row.decided_by or ""), row.decided_at, row.decision_note,
            row.requested_by_id == actor.user_id,
            decides and (own_too or row.requested_by_id != actor.user_id),
        )
        for row in named
    ]  # fmt: skip


def requests_waiting(actor: Actor) -> QuerySet[AdjustmentRequest]:
    """Return the requests of others that this actor decides."""
    rows: QuerySet[AdjustmentRequest] = AdjustmentRequest.objects.visible_to(actor).filter(
        state=RequestState.OPEN
    )
    if not actor.can(Permission.APPROVE_ADJUSTMENTS):
        return rows.none()
    return rows.exclude(requested_by=actor.user_id) if actor.user_id is not None else rows


@dataclass(frozen=True, slots=True)
class LimitRow:
    """Up to how much one person alone changes WIP of a legal entity, in `currency`; None is without limit."""

    entity_id: int
    name: str
    currency: str
    limit: Decimal | None


def limits(actor: Actor) -> list[LimitRow]:
    """Return the limits of all legal entities, by name."""
    known = dict(AdjustmentLimit.objects.values_list("entity_id", "amount"))
    entities = (
        LegalEntity.objects.visible_to(actor).order_by("name").values_list("pk", "name", "book__currency")
    )
    return [LimitRow(pk, name, currency, known.get(pk)) for pk, name, currency in entities]
