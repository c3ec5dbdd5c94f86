"""Reads of change orders and of the versions of contracts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery

from workledger.contracts import pricing, versions
from workledger.contracts.calc import orders
from workledger.contracts.calc.agreement import Agreement, Difference, differences, line_words
from workledger.contracts.calc.orders import Budget, Effect
from workledger.contracts.effects import budgets_of
from workledger.contracts.models import (
    ChangeOrder,
    Contract,
    ContractVersion,
    OrderFile,
    OrderState,
    OrderStep,
    OrderStepKind,
    VersionCause,
)
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Problems
from workledger.directory.models import Contact


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A change order in a list: where it stands since when, and what it comes to in hours, money and percent of the scope."""

    id: int
    label: str
    title: str
    contract_id: int
    contract: str
    contract_name: str
    client: str
    currency: str
    state: OrderState
    state_label: str
    since: date | None
    effective_from: date
    seconds: int
    amount: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something that happened to a change order; `recorded_by` is who wrote it down for somebody else."""

    kind: OrderStepKind
    label: str
    day: date
    who: str
    recorded_by: str
    note: str


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a change order; size in bytes."""

    id: int
    file: str
    file_name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A change order with its changes before and after, what it would release, and its story, newest first.

    `has_moved` tells that the contract says something else than when the order was priced. `over_threshold` tells that it
    needs approval within the firm; `is_own` that the reader wrote it.
    """

    row: OrderRow
    reason: str
    effects: list[Effect]
    scope_seconds: int | None
    scope_amount: Decimal | None
    releases: list[pricing.LineRelease]
    events: list[OrderEvent]
    files: list[AttachedFile]
    contacts: list[tuple[int, str]]
    changes: list[dict[str, Any]]
    over_threshold: bool
    has_moved: bool
    is_own: bool


_WROTE = (OrderStepKind.DRAFTED, OrderStepKind.REVISED, OrderStepKind.VOIDED)
_UNDECIDED = (OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SENT, OrderState.ACCEPTED)


def orders_of(actor: Actor, *, contract_id: int | None = None, state: str = "") -> list[OrderRow]:
    """Return the change orders an actor sees, newest first; to a contact those that were sent. One query."""
    last = OrderStep.objects.filter(order=OuterRef("pk")).order_by("-pk").values("day")[:1]
    rows = (
        ChangeOrder.objects.visible_to(actor)
        .select_related("contract__client")
        .annotate(since=Subquery(last))
    )
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    if state:
        rows = rows.filter(state=state)
    return [_row(row, row.since) for row in rows.order_by("-pk")]


def order_page(actor: Actor, order_id: int) -> OrderPage:
    """Return a change order as its page shows it. Raises NotFound."""
    row = locks.one(ChangeOrder.objects.visible_to(actor).select_related("contract__client"), order_id)
    steps = OrderStep.objects.visible_to(actor).filter(order=row).select_related("user")
    events = [_event(step) for step in steps.order_by("-pk")]
    priced = pricing.read(row.pricing)
    contract = row.contract
    contacts = Contact.objects.visible_to(actor).filter(client_id=contract.client_id).order_by("name")
    undecided = row.state in _UNDECIDED
    return OrderPage(
        row=_row(row, events[0].day if events else None),
        reason=row.reason,
        effects=list(priced.effects),
        scope_seconds=priced.scope_seconds,
        scope_amount=priced.scope_amount,
        releases=pricing.read_releases(row.releases) if actor.can(Permission.VIEW_BILLING) else [],
        events=events,
        files=[
            AttachedFile(*each)
            for each in OrderFile.objects.visible_to(actor)
            .filter(order=row)
            .order_by("pk")
            .values_list("pk", "file", "file_name", "media_type", "size")
        ],
        contacts=list(contacts.values_list("pk", "name")),
        changes=row.changes,
        over_threshold=orders.needs_review(
            priced, contract.review_over_seconds, contract.review_over_percent
        ),
        has_moved=undecided and _has_moved(row),
        is_own=steps.filter(kind__in=_WROTE, user_id=actor.user_id or 0).exists(),
    )


def order_file(actor: Actor, file_id: int) -> AttachedFile:
    """Return a file of a change order. Raises NotFound."""
    found = locks.one(OrderFile.objects.visible_to(actor), file_id)
    return AttachedFile(found.pk, found.file, found.file_name, found.media_type, found.size)


def thresholds(actor: Actor, contract_id: int) -> tuple[int | None, Decimal | None]:
    """Return over how many seconds, and which percent of the scope, a contract's orders are reviewed. Raises NotFound."""
    contract = locks.one(Contract.objects.visible_to(actor), contract_id)
    return contract.review_over_seconds, contract.review_over_percent


def budgets(actor: Actor, contract_id: int) -> list[Budget]:
    """Return the budgets of projects and tasks that an order of this contract may move. Raises NotFound."""
    locks.one(Contract.objects.visible_to(actor), contract_id)
    return budgets_of(contract_id)


def _row(row: ChangeOrder, since: date | None) -> OrderRow:
    priced = pricing.read(row.pricing)
    contract = row.contract
    return OrderRow(
        id=row.pk, label=row.label, title=row.title, contract_id=row.contract_id, contract=contract.number,
        contract_name=contract.name, client=contract.client.name, currency=contract.currency,
        state=OrderState(row.state), state_label=str(OrderState(row.state).label), since=since,
        effective_from=row.effective_from, seconds=priced.seconds, amount=priced.amount, percent=priced.percent,
    )  # fmt: skip


def _event(step: OrderStep) -> OrderEvent:
    kind = OrderStepKind(step.kind)
    recorded_by = step.user.get_full_name() if step.user else ""
    return OrderEvent(
        kind, str(kind.label), step.day, step.who, recorded_by if recorded_by != step.who else "", step.note
    )


def _has_moved(row: ChangeOrder) -> bool:
    changes = orders.parse(row.changes)
    priced = pricing.checked(Problems(), row.contract, changes, row.effective_from)
    if priced is None:
        return True
    return orders.content_hash(row.title, row.reason, row.effective_from, changes, priced) != row.content_hash


# --- versions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a contract: what made it, from which day it holds, and what it says other than the one before."""

    id: int
    number: int
    cause: VersionCause
    cause_label: str
    order_id: int | None
    order: str
    effective_from: date | None
    at: datetime | None
    who: str
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class VersionPart:
    """A part of a contract in one version: a line, or the contract itself, with what it says."""

    title: str
    words: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version as a whole, and what it says other than another one."""

    row: VersionRow
    contract_id: int
    contract: str
    parts: list[VersionPart]
    compared_with: int
    differences: list[Difference]


def contract_versions(actor: Actor, contract_id: int) -> list[VersionRow]:
    """Return the versions of a contract, newest first; what stands now is version 1 where none was kept yet. Raises NotFound."""
    contract = locks.one(Contract.objects.visible_to(actor), contract_id)
    rows = list(contract.versions.select_related("order").order_by("number"))
    if not rows:
        rows = [_unkept(contract)]
    documents: list[Agreement | None] = [None, *(versions.read(row.document) for row in rows)]
    found = [
        _version(row, differences(before, after) if before and after else [])
        for row, before, after in zip(rows, documents, documents[1:], strict=False)
    ]
    return found[::-1]


def version_page(actor: Actor, contract_id: int, number: int, against: int | None = None) -> VersionPage:
    """Return a version with what it says other than version `against`, by default the one before. Raises NotFound."""
    contract = locks.one(Contract.objects.visible_to(actor), contract_id)
    rows = {row.number: row for row in contract.versions.select_related("order")} or {1: _unkept(contract)}
    other = against if against is not None else number - 1
    if number not in rows:
        raise locks.not_found(ContractVersion)
    agreed = versions.read(rows[number].document)
    before = versions.read(rows[other].document) if other in rows else None
    return VersionPage(
        row=_version(rows[number], []),
        contract_id=contract.pk,
        contract=contract.name,
        parts=[VersionPart(line.name, list(line_words(line, agreed.currency))[1:]) for line in agreed.lines],
        compared_with=other if before else 0,
        differences=differences(before, agreed) if before else [],
    )


def _unkept(contract: Contract) -> ContractVersion:
    return ContractVersion(
        contract=contract, number=1, cause=VersionCause.ACTIVATION, effective_from=contract.start,
        document=versions.stored(versions.agreement(contract.pk)),
    )  # fmt: skip


def _version(row: ContractVersion, said: Sequence[Difference]) -> VersionRow:
    cause = VersionCause(row.cause)
    return VersionRow(
        row.pk or 0, row.number, cause, str(cause.label), row.order_id, row.order.label if row.order else "",
        row.effective_from, row.at if row.pk else None, row.who, list(said),
    )  # fmt: skip
