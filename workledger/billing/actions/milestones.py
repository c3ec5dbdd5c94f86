"""The acceptance of milestones: requested, accepted, disputed, reopened, each dated and with who said it.

Acceptance makes the charge, reopening takes it back. A contact of the client answers for herself; the firm records what was
said elsewhere. The contract line is locked, so two answers at once are one answer and one refusal.
"""

from datetime import date
from typing import NamedTuple

from workledger.billing.actions import charges
from workledger.billing.calc.fees import ChargeKind
from workledger.billing.files import MILESTONE_FILES
from workledger.billing.models import (
    Charge,
    MilestoneFile,
    MilestoneStep,
    MilestoneStepKind,
)
from workledger.billing.settling import Line
from workledger.contracts.calc import terms
from workledger.contracts.models import ContractLine
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.models import RecordQuerySet
from workledger.core.refusals import Refused
from workledger.directory.models import Contact


class _Milestone(NamedTuple):
    """A milestone of a locked line, and the last thing that happened to it."""

    line: Line
    document: terms.Milestones
    place: int
    key: str
    name: str
    client_id: int
    last: MilestoneStep | None

    @property
    def state(self) -> str:
        return self.last.kind if self.last else ""


@action("billing.request_acceptance", needs=Permission.MANAGE_PROJECTS)
def request_acceptance(
    *,
    actor: Actor,
    line_id: int,
    key: str,
    on: date,
    contact_id: int | None = None,
    acceptor: str = "",
    note: str = "",
) -> None:
    """Ask a contact of the client, or a person by name, to accept a milestone.

    Refuses: not_found, other_model, contract_not_active, no_such_part, line_ended, already_accepted, contact_unknown,
    acceptor_missing.
    """
    milestone = _milestone(ContractLine.objects.visible_to(actor), line_id, key, on)
    _refuse_accepted(milestone)
    contact = _contact(milestone, contact_id)
    asked = contact.name if contact else acceptor.strip()
    if not asked:
        raise Refused.because("acceptor_missing", "Say who is asked to accept the milestone.", "contact_id")
    _step(actor, milestone, MilestoneStepKind.REQUESTED, on, who=asked, contact=contact, note=note)
    _record(milestone, f"Asked {asked} to accept {milestone.name}")


@action("billing.accept_milestone", needs=Permission.MANAGE_PROJECTS)
def accept_milestone(
    *,
    actor: Actor,
    line_id: int,
    key: str,
    on: date,
    contact_id: int | None = None,
    accepted_by: str = "",
    evidence: str = "",
    kept: str = "",
    file_name: str = "",
) -> int:
    """Record that a milestone was accepted: by which contact or person, and what shows it; that charges it.

    `key` is the milestone's on its line, `kept` a file of `billing.files.MILESTONE_FILES`. Returns the charge's id. Refuses:
    not_found, other_model, contract_not_active, no_such_part, line_ended, disputed, acceptor_missing, contact_unknown,
    already_accepted, file_gone, not_a_document, exchange_rate_missing, no_open_period.
    """
    milestone = _milestone(ContractLine.objects.visible_to(actor), line_id, key, on)
    contact = _contact(milestone, contact_id)
    who = contact.name if contact else accepted_by.strip()
    if not who:
        raise Refused.because("acceptor_missing", "Say who accepted the milestone.", "accepted_by")
    if kept:
        _attach(milestone, kept, file_name)
    return _accept(actor, milestone, on, who, contact, evidence)


@action("billing.dispute_milestone", needs=Permission.MANAGE_PROJECTS)
def dispute_milestone(
    *,
    actor: Actor,
    line_id: int,
    key: str,
    on: date,
    reason: str,
    contact_id: int | None = None,
    disputed_by: str = "",
) -> None:
    """Record that the client disputes a milestone. It is not accepted before acceptance is requested again.

    Refuses: not_found, other_model, contract_not_active, no_such_part, line_ended, reason_missing, contact_unknown,
    acceptor_missing, already_accepted.
    """
    milestone = _milestone(ContractLine.objects.visible_to(actor), line_id, key, on)
    contact = _contact(milestone, contact_id)
    who = contact.name if contact else disputed_by.strip()
    if not who:
        raise Refused.because("acceptor_missing", "Say who disputes the milestone.", "contact_id")
    _dispute(actor, milestone, on, who, contact, reason)


@action("billing.reopen_milestone", needs=Permission.MANAGE_PROJECTS)
def reopen_milestone(*, actor: Actor, line_id: int, key: str, on: date, reason: str) -> None:
    """Take an acceptance back: the milestone is open again and its charge is gone.

    Refuses: not_found, other_model, contract_not_active, no_such_part, line_ended, not_accepted, reason_missing, billed
    (credit the invoice first), on_pre_bill.
    """
    milestone = _milestone(ContractLine.objects.visible_to(actor), line_id, key, on)
    charge = (
        Charge.objects.filter(contract_line_id=line_id, kind=ChargeKind.MILESTONE, key=milestone.key)
        .select_for_update()
        .first()
    )
    if charge is None:
        raise Refused.because(
            "not_accepted", f"{milestone.name} is not accepted, so there is nothing to reopen."
        )
    charges.take_back(actor, charge, reason, on)
    _record(milestone, f"Reopened {milestone.name}: {reason.strip()}")


@action("billing.accept_as_client", needs=Permission.ANSWER_AS_CLIENT)
def accept_as_client(*, actor: Actor, line_id: int, key: str, on: date, note: str = "") -> int:
    """Accept a milestone that one was asked to accept, as a contact of the client; that charges it. Returns the charge's id.

    Refuses: not_found, not_a_contact, no_such_part, line_ended, not_requested, not_the_acceptor, disputed,
    already_accepted, exchange_rate_missing, no_open_period.
    """
    milestone = _milestone(_lines_of_clients(actor), line_id, key, on)
    contact = _asked(actor, milestone)
    return _accept(actor, milestone, on, contact.name, contact, note)


@action("billing.dispute_as_client", needs=Permission.ANSWER_AS_CLIENT)
def dispute_as_client(*, actor: Actor, line_id: int, key: str, on: date, reason: str) -> None:
    """Dispute a milestone that one was asked to accept, as a contact of the client, with the reason.

    Refuses: not_found, not_a_contact, no_such_part, line_ended, not_requested, not_the_acceptor, reason_missing,
    already_accepted.
    """
    milestone = _milestone(_lines_of_clients(actor), line_id, key, on)
    contact = _asked(actor, milestone)
    _dispute(actor, milestone, on, contact.name, contact, reason)


@action("billing.attach_evidence", needs=Permission.MANAGE_PROJECTS)
def attach_evidence(*, actor: Actor, line_id: int, key: str, on: date, kept: str, file_name: str) -> int:
    """Attach a kept file (`billing.files.MILESTONE_FILES`) to a milestone; returns the file's id.

    Refuses: not_found, other_model, contract_not_active, no_such_part, line_ended, file_gone, not_a_document,
    milestone_file_once.
    """
    milestone = _milestone(ContractLine.objects.visible_to(actor), line_id, key, on)
    made = _attach(milestone, kept, file_name)
    _record(milestone, f"Attached {made.file_name} to {milestone.name}")
    return int(made.pk)


# --- shared -------------------------------------------------------------------------------------------------


def _lines_of_clients(actor: Actor) -> RecordQuerySet[ContractLine]:
    """Return the lines of the clients that a contact answers for."""
    return ContractLine.objects.filter(contract__client_id__in=actor.client_ids or ())


def _milestone(rows: RecordQuerySet[ContractLine], line_id: int, key: str, on: date) -> _Milestone:
    """Lock the line and return its milestone of this key."""
    line, document = charges.active_line(rows, line_id, terms.Milestones)
    places = {terms.part_key(place, part): place for place, part in enumerate(document.milestones)}
    if key not in places:
        raise Refused.because("no_such_part", "The contract line has no such milestone.", "key")
    client_id, ended = ContractLine.objects.values_list("contract__client_id", "end").get(pk=line_id)
    if ended is not None and on >= ended:
        message = f"The line ended by a change order: it holds up to the day before {ended:%Y-%m-%d}."
        raise Refused.because("line_ended", message, "on")
    place = places[key]
    last = MilestoneStep.objects.filter(contract_line_id=line_id, key=key).order_by("pk").last()
    return _Milestone(line, document, place, key, document.milestones[place].name, client_id, last)


def _contact(milestone: _Milestone, contact_id: int | None) -> Contact | None:
    if contact_id is None:
        return None
    found = Contact.objects.filter(pk=contact_id, client_id=milestone.client_id).first()
    if found is None:
        raise Refused.because("contact_unknown", "Choose a contact of the client.", "contact_id")
    return found


def _asked(actor: Actor, milestone: _Milestone) -> Contact:
    """Return the contact that acts, who was asked to answer."""
    contact = Contact.objects.filter(user_id=actor.user_id or 0, client_id=milestone.client_id).first()
    if contact is None:
        message = "Only a contact of the client answers here. Record the answer with what shows it instead."
        raise Refused.because("not_a_contact", message)
    _refuse_accepted(milestone)
    if milestone.last is None or milestone.state != MilestoneStepKind.REQUESTED:
        message = f"Nobody asks for the acceptance of {milestone.name} now."
        raise Refused.because("not_requested", message)
    if milestone.last.contact_id != contact.pk:
        message = f"{milestone.last.who} was asked to answer for {milestone.name}."
        raise Refused.because("not_the_acceptor", message)
    return contact


def _refuse_accepted(milestone: _Milestone) -> None:
    last = milestone.last
    if last is not None and last.kind == MilestoneStepKind.ACCEPTED:
        message = (
            f"{milestone.name} was accepted by {last.who} on {last.day:%Y-%m-%d}. Reopen it to change that."
        )
        raise Refused.because("already_accepted", message)


def _accept(
    actor: Actor, milestone: _Milestone, on: date, who: str, contact: Contact | None, note: str
) -> int:
    _refuse_accepted(milestone)
    last = milestone.last
    if last is not None and last.kind == MilestoneStepKind.DISPUTED:
        message = f"{last.who} disputed {milestone.name} on {last.day:%Y-%m-%d}. Settle that, then request acceptance again."
        raise Refused.because("disputed", message)
    said = f"Accepted by {who}. {note.strip()}".strip()
    charge = charges.charge_milestone(actor, milestone.line, milestone.document, milestone.place, on, said)
    _step(actor, milestone, MilestoneStepKind.ACCEPTED, on, who=who, contact=contact, note=note)
    _record(milestone, f"{who} accepted {milestone.name}")
    return int(charge.pk)


def _dispute(
    actor: Actor, milestone: _Milestone, on: date, who: str, contact: Contact | None, reason: str
) -> None:
    _refuse_accepted(milestone)
    if not reason.strip():
        raise Refused.because("reason_missing", "Say what is missing, so that it can be put right.", "reason")
    _step(actor, milestone, MilestoneStepKind.DISPUTED, on, who=who, contact=contact, note=reason)
    _record(milestone, f"{who} disputed {milestone.name}: {reason.strip()}")


def _step(
    actor: Actor,
    milestone: _Milestone,
    kind: MilestoneStepKind,
    on: date,
    *,
    who: str,
    contact: Contact | None,
    note: str,
) -> None:
    MilestoneStep.objects.create(
        contract_line_id=milestone.line.id, key=milestone.key, name=milestone.name, kind=kind, day=on,
        user_id=actor.user_id, who=who, contact=contact, note=note.strip(),
    )  # fmt: skip


def _attach(milestone: _Milestone, kept: str, file_name: str) -> MilestoneFile:
    file = MILESTONE_FILES.described(kept)
    return MilestoneFile.objects.create(
        contract_line_id=milestone.line.id, key=milestone.key, file=file.name,
        file_name=file_name.strip()[:200] or "evidence", media_type=file.media_type, size=file.size,
        sha256=file.sha256,
    )  # fmt: skip


def _record(milestone: _Milestone, summary: str) -> None:
    record(ContractLine.objects.get(pk=milestone.line.id), summary)
