"""What the page of a contract shows of its change orders, versions and milestones."""

from typing import Any

from workledger.billing import milestones
from workledger.billing.milestones import MilestoneRow
from workledger.contracts import amendments
from workledger.contracts.models import OrderState
from workledger.core.access import Permission
from workledger.web.acting import ActingRequest

_P = Permission
TONES = {
    OrderState.DRAFT: "",
    OrderState.IN_REVIEW: "info",
    OrderState.SENT: "info",
    OrderState.ACCEPTED: "good",
    OrderState.APPLIED: "good",
    OrderState.DECLINED: "warn",
    OrderState.WITHDRAWN: "",
}
MILESTONE_TONES = {"requested": "info", "accepted": "good", "disputed": "warn", "reopened": ""}


def amending(request: ActingRequest, contract_id: int) -> dict[str, Any]:
    """Return what a contract's page shows of its change orders and versions."""
    rows = amendments.orders_of(request.actor, contract_id=contract_id)
    return {
        "orders": [(row, TONES[row.state]) for row in rows],
        "versions": amendments.contract_versions(request.actor, contract_id),
        "milestones": milestone_rows(request, contract_id),
        "may_amend": request.actor.can(_P.MANAGE_CONTRACTS),
        "may_set_thresholds": request.actor.can(_P.APPROVE_ORDERS),
    }


def milestone_rows(request: ActingRequest, contract_id: int) -> list[tuple[MilestoneRow, str]]:
    """Return the milestones of a contract with the tone of their states, none to those who do not see contracts."""
    rows = milestones.milestones(request.actor, contract_id=contract_id)
    return [(row, MILESTONE_TONES.get(row.state, "")) for row in rows]
