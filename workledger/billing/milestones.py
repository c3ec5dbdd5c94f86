"""Reads of milestones: where each stands, what happened to it, what shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.billing.calc.fees import ChargeKind
from workledger.billing.models import (
    Charge,
    InvoiceSource,
    MilestoneFile,
    MilestoneStep,
    MilestoneStepKind,
)
from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel, ContractLine, ContractState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import RecordQuerySet
from workledger.directory.models import Contact

PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone and where it stands: 'planned', or the last step's kind with its day and who it was.

    `is_asked` tells whether the reader is the contact who is asked to answer.
    """

    line_id: int
    key: str
    name: str
    line: str
    contract_id: int
    contract: str
    client: str
    amount: Decimal
    currency: str
    due: date | None
    criteria: str
    state: str
    state_label: str
    since: date | None
    who: str
    is_asked: bool


@dataclass(frozen=True, slots=True)
class MilestoneEvent:
    """Something that happened to a milestone."""

    kind: MilestoneStepKind
    label: str
    day: date
    who: str
    recorded_by: str
    note: str


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that shows a milestone was reached or accepted; size in bytes."""

    id: int
    file: str
    file_name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class MilestonePage:
    """A milestone with its story, newest first. `invoice` is the bill its charge is on, '' while on none."""

    row: MilestoneRow
    events: list[MilestoneEvent]
    files: list[EvidenceFile]
    contacts: list[tuple[int, str]]
    invoice_id: int | None
    invoice: str


def milestones(
    actor: Actor, *, contract_id: int | None = None, line_ids: Iterable[int] | None = None, state: str = ""
) -> list[MilestoneRow]:
    """Return milestones of active contracts in the order of their days; to a contact those that were asked about. Three queries."""
    lines = _lines(actor).filter(contract__state=ContractState.ACTIVE)
    if contract_id is not None:
        lines = lines.filter(contract_id=contract_id)
    if line_ids is not None:
        lines = lines.filter(pk__in=list(line_ids))
    rows = [row for row in _rows(actor, list(lines)) if state in ("", row.state)]
    return sorted(rows, key=lambda row: (row.due or date.max, row.contract, row.line_id))


def milestone(actor: Actor, line_id: int, key: str) -> MilestonePage:
    """Return a milestone with its story. Raises NotFound."""
    line = locks.one(_lines(actor), line_id)
    row = next((each for each in _rows(actor, [line]) if each.key == key), None)
    if row is None:
        raise locks.not_found(ContractLine)
    steps = MilestoneStep.objects.filter(contract_line_id=line_id, key=key).select_related("user")
    files = MilestoneFile.objects.filter(contract_line_id=line_id, key=key).order_by("pk")
    contacts = Contact.objects.visible_to(actor).filter(client_id=line.contract.client_id).order_by("name")
    charge = Charge.objects.filter(contract_line_id=line_id, kind=ChargeKind.MILESTONE, key=key).values("pk")
    bill = (
        InvoiceSource.objects.filter(item__source_kind="charge", item__source_id__in=charge, is_live=True)
        .values_list("invoice_id", "invoice__number")
        .first()
    )
    return MilestonePage(
        row=row,
        events=[_event(step) for step in steps.order_by("-pk")],
        files=[
            EvidenceFile(*each) for each in files.values_list("pk", "file", "file_name", "media_type", "size")
        ],
        contacts=list(contacts.values_list("pk", "name")),
        invoice_id=bill[0] if bill else None,
        invoice=(bill[1] or f"Pre-bill {bill[0]}") if bill else "",
    )


def evidence(actor: Actor, file_id: int) -> EvidenceFile:
    """Return a file of a milestone. Raises NotFound."""
    found = locks.one(MilestoneFile.objects.visible_to(actor), file_id)
    return EvidenceFile(found.pk, found.file, found.file_name, found.media_type, found.size)


def _lines(actor: Actor) -> RecordQuerySet[ContractLine]:
    """Return the milestone lines an actor sees: a contact those of the own clients."""
    rows = ContractLine.objects.filter(model=BillingModel.MILESTONE).select_related("contract__client")
    if actor.can(Permission.VIEW_CONTRACTS):
        return rows.visible_to(actor)
    if actor.can(Permission.ANSWER_AS_CLIENT):
        return rows.filter(contract__client_id__in=actor.client_ids or ())
    return rows.none()


def _rows(actor: Actor, lines: list[ContractLine]) -> list[MilestoneRow]:
    steps = MilestoneStep.objects.visible_to(actor).filter(contract_line__in=[line.pk for line in lines])
    last = {(step.contract_line_id, step.key): step for step in steps.order_by("pk")}
    own = set(Contact.objects.filter(user_id=actor.user_id or 0).values_list("pk", flat=True))
    found = []
    for line in lines:
        document = terms.parse(line.model, line.terms)
        for place, part in enumerate(getattr(document, "milestones", ())):
            key = terms.part_key(place, part)
            step = last.get((line.pk, key))
            if step is None and not actor.can(Permission.VIEW_CONTRACTS):
                continue
            found.append(_row(line, key, part, step, own))
    return found


def _row(
    line: ContractLine, key: str, part: terms.MilestonePart, step: MilestoneStep | None, own: set[int]
) -> MilestoneRow:
    is_asked = step is not None and step.kind == MilestoneStepKind.REQUESTED and step.contact_id in own
    return MilestoneRow(
        line_id=line.pk, key=key, name=part.name, line=line.name, contract_id=line.contract_id,
        contract=line.contract.number, client=line.contract.client.name, amount=part.amount,
        currency=line.contract.currency, due=part.due, criteria=part.criteria,
        state=step.kind if step else PLANNED,
        state_label=str(MilestoneStepKind(step.kind).label) if step else "Planned",
        since=step.day if step else None, who=step.who if step else "", is_asked=is_asked,
    )  # fmt: skip


def _event(step: MilestoneStep) -> MilestoneEvent:
    kind = MilestoneStepKind(step.kind)
    recorded_by = step.user.get_full_name() if step.user else ""
    return MilestoneEvent(
        kind, str(kind.label), step.day, step.who, recorded_by if recorded_by != step.who else "", step.note
    )
