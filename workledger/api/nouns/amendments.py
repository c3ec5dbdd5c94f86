"""Change orders and versions of contracts, and the acceptance of milestones."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, cast

from django.http import HttpRequest
from ninja import Status, UploadedFile
from ninja.params.functions import File

from workledger.api import wire
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, ROUTED, ROUTER, Cursor, Limit, act, read
from workledger.api.wire import Id, Words, list_of, page_of, shown
from workledger.billing import milestones
from workledger.billing.actions import milestones as acceptance
from workledger.billing.files import MILESTONE_FILES
from workledger.contracts import actions, amendments
from workledger.contracts.calc.agreement import Difference
from workledger.contracts.calc.orders import Budget, Effect
from workledger.contracts.files import ORDER_FILES
from workledger.contracts.models import OrderState
from workledger.contracts.pricing import LineRelease
from workledger.core.access import Permission

_ORDERS, _MILESTONES = "Change orders", "Milestones"
_VIEW, _ANSWER = Permission.VIEW_CONTRACTS, Permission.ANSWER_AS_CLIENT


_TODAY: Mapping[str, Callable[[], Any]] = {"on": today}
_NO_FILE: Mapping[str, Callable[[], Any]] = {"kept": str, "file_name": str}

shown(Difference, "ContractDifference")
shown(Effect, "OrderEffect")
shown(amendments.OrderEvent)
shown(amendments.AttachedFile, omit=("file",))
shown(LineRelease)
_ORDER = shown(amendments.OrderRow, "ChangeOrder")
_ORDER_PAGE = shown(
    amendments.OrderPage, "ChangeOrderWithEffects", named={"contacts": ("id", "name")}
)  # fmt: skip
_BUDGET = shown(Budget)
_VERSION = shown(amendments.VersionRow, "ContractVersion")
shown(amendments.VersionPart, named={"words": ("what", "value")})
_VERSION_PAGE = shown(amendments.VersionPage, "ContractVersionWithParts")
_MILESTONE = shown(milestones.MilestoneRow, "Milestone")
shown(milestones.MilestoneEvent)
shown(milestones.EvidenceFile, omit=("file",))
_MILESTONE_PAGE = shown(
    milestones.MilestonePage, "MilestoneWithEvents", named={"contacts": ("id", "name")}
)  # fmt: skip
_ID = wire.strict_model("AttachedFileId", {"id": (int, ...)})


@read("/change-orders", page_of(_ORDER), _VIEW, _ANSWER, tag=_ORDERS, name="list_change_orders",
      summary="List change orders")  # fmt: skip
def list_orders(
    request: HttpRequest,
    contract_id: Id | None = None,
    state: OrderState | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[amendments.OrderRow]:
    """Change orders, newest first. A contact of a client sees those that were sent to the own firm."""
    rows = amendments.orders_of(actor_of(request), contract_id=contract_id, state=state or "")
    return cut(rows, lambda row: (-row.id,), cursor, limit)


@read("/change-orders/{order_id}", _ORDER_PAGE, _VIEW, _ANSWER, tag=_ORDERS, name="get_change_order",
      summary="Get a change order")  # fmt: skip
def get_order(request: HttpRequest, order_id: Id) -> amendments.OrderPage:
    """A change order with its changes before and after, what they come to, and what happened to it."""
    return amendments.order_page(actor_of(request), order_id)


@read("/contracts/{contract_id}/budgets", list_of(_BUDGET), _VIEW, tag=_ORDERS, name="list_contract_budgets",
      summary="List budgets that change orders can move")  # fmt: skip
def list_budgets(request: HttpRequest, contract_id: Id) -> list[Budget]:
    """The budgets of a contract's projects and of their tasks."""
    return amendments.budgets(actor_of(request), contract_id)


@read("/contracts/{contract_id}/versions", list_of(_VERSION), _VIEW, tag=_ORDERS, name="list_contract_versions",
      summary="List a contract's versions")  # fmt: skip
def list_versions(request: HttpRequest, contract_id: Id) -> list[amendments.VersionRow]:
    """What the contract said over time, newest first, each with what it says other than the one before."""
    return amendments.contract_versions(actor_of(request), contract_id)


@read("/contracts/{contract_id}/versions/{number}", _VERSION_PAGE, _VIEW, tag=_ORDERS, name="get_contract_version",
      summary="Get a version of a contract")  # fmt: skip
def get_version(
    request: HttpRequest, contract_id: Id, number: Id, against: Id | None = None
) -> amendments.VersionPage:
    """A version as a whole, compared with another one: by default with the one before."""
    return amendments.version_page(actor_of(request), contract_id, number, against)


act(
    "POST",
    "/contracts/{contract_id}/change-orders",
    actions.draft_order,
    tag=_ORDERS,
    edge=_TODAY,
    gives="id",
)
act("PUT", "/contracts/{contract_id}/review-thresholds", actions.set_review_thresholds, tag=_ORDERS)
act("PUT", "/change-orders/{order_id}", actions.revise_order, tag=_ORDERS, edge=_TODAY)
for _word, _act in (
    ("submit", actions.submit_order),
    ("approve", actions.approve_order),
    ("return", actions.return_order),
    ("withdraw", actions.withdraw_order),
    ("accept", actions.accept_order),
    ("decline", actions.decline_order),
    ("record-refusal", actions.record_refusal),
    ("apply", actions.apply_order),
):
    act("POST", f"/change-orders/{{order_id}}/{_word}", _act, tag=_ORDERS, edge=_TODAY)
act("POST", "/change-orders/{order_id}/record-acceptance", actions.record_acceptance, tag=_ORDERS, edge=_TODAY,
    own=_NO_FILE)  # fmt: skip
act("POST", "/change-orders/apply-due", actions.apply_due_orders, tag=_ORDERS, edge=_TODAY, gives="ids")

_FILE = File(...)


@ROUTER.post(
    "/change-orders/{order_id}/files",
    response={201: _ID},
    tags=[_ORDERS],
    operation_id="contracts_attach_order_file",
    summary="Attach order file",
    openapi_extra={
        "x-action": "contracts.attach_order_file",
        "x-permissions": [str(Permission.MANAGE_CONTRACTS)],
    },
)
def attach_order_file(
    request: HttpRequest, order_id: Id, file: UploadedFile = _FILE
) -> Status[dict[str, int]]:
    """Attach a picture (JPEG, PNG, WebP) or PDF of at most 10 MB to a change order, such as the signed copy."""
    with _kept(ORDER_FILES.kept, file) as kept:
        found = actions.attach_order_file(
            actor=actor_of(request), order_id=order_id, kept=kept, file_name=file.name or "document"
        )
    return Status(201, {"id": found})


ROUTED["contracts.attach_order_file"] = ["POST /change-orders/{order_id}/files"]


def _kept(
    shelf: Callable[[BinaryIO], AbstractContextManager[str]], file: UploadedFile
) -> AbstractContextManager[str]:
    return shelf(cast("BinaryIO", file.file))


# --- milestones ---------------------------------------------------------------------------------------------


@read("/milestones", page_of(_MILESTONE), _VIEW, _ANSWER, tag=_MILESTONES, name="list_milestones",
      summary="List milestones")  # fmt: skip
def list_milestones(
    request: HttpRequest,
    contract_id: Id | None = None,
    state: Words = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[milestones.MilestoneRow]:
    """Milestones of active contracts with where they stand. A contact sees those that acceptance was asked for."""
    rows = milestones.milestones(actor_of(request), contract_id=contract_id, state=state)
    return cut(rows, lambda row: (row.line_id, row.key), cursor, limit)


@read("/contract-lines/{line_id}/milestones/{key}", _MILESTONE_PAGE, _VIEW, _ANSWER, tag=_MILESTONES,
      name="get_milestone", summary="Get a milestone")  # fmt: skip
def get_milestone(request: HttpRequest, line_id: Id, key: Words) -> milestones.MilestonePage:
    """A milestone with what happened to it, newest first, and its evidence."""
    return milestones.milestone(actor_of(request), line_id, key)


_MILESTONE_AT = "/contract-lines/{line_id}/milestones/{key}"
act("POST", f"{_MILESTONE_AT}/request", acceptance.request_acceptance, tag=_MILESTONES, edge=_TODAY)
act("POST", f"{_MILESTONE_AT}/accept", acceptance.accept_milestone, tag=_MILESTONES, edge=_TODAY, own=_NO_FILE,
    gives="id")  # fmt: skip
act("POST", f"{_MILESTONE_AT}/dispute", acceptance.dispute_milestone, tag=_MILESTONES, edge=_TODAY)
act("POST", f"{_MILESTONE_AT}/reopen", acceptance.reopen_milestone, tag=_MILESTONES, edge=_TODAY)
act("POST", f"{_MILESTONE_AT}/accept-as-client", acceptance.accept_as_client, tag=_MILESTONES, edge=_TODAY,
    gives="id")  # fmt: skip
act("POST", f"{_MILESTONE_AT}/dispute-as-client", acceptance.dispute_as_client, tag=_MILESTONES, edge=_TODAY)


@ROUTER.post(
    f"{_MILESTONE_AT}/files",
    response={201: _ID},
    tags=[_MILESTONES],
    operation_id="billing_attach_evidence",
    summary="Attach evidence",
    openapi_extra={"x-action": "billing.attach_evidence", "x-permissions": [str(Permission.MANAGE_PROJECTS)]},
)
def attach_evidence(
    request: HttpRequest, line_id: Id, key: Words, file: UploadedFile = _FILE
) -> Status[dict[str, int]]:
    """Attach a picture (JPEG, PNG, WebP) or PDF of at most 10 MB that shows a milestone was reached or accepted."""
    with _kept(MILESTONE_FILES.kept, file) as kept:
        found = acceptance.attach_evidence(
            actor=actor_of(request), line_id=line_id, key=key, on=today(), kept=kept,
            file_name=file.name or "evidence",
        )  # fmt: skip
    return Status(201, {"id": found})


ROUTED["billing.attach_evidence"] = [f"POST {_MILESTONE_AT}/files"]
