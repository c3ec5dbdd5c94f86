"""Writes of change orders: drafted, priced, approved within the firm where they are large, accepted by the client, applied.

The contract is locked before its order, always in that turn; whoever comes second finds the order decided and is told so.
What is approved or accepted is the order's content by its hash: where the contract moved meanwhile, nothing is applied.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from workledger.contracts import checks, pricing, versions
from workledger.contracts.actions import agreements, rates
from workledger.contracts.calc import orders, terms
from workledger.contracts.effects import unbilled_of
from workledger.contracts.events import (
    BudgetMoved,
    ChangeOrderApplied,
    ContractCapChanged,
    LinesAgreed,
    LineTermsChanged,
)
from workledger.contracts.files import ORDER_FILES
from workledger.contracts.inputs import LineInput, OrderInput, OrderSubmitted, RateInput
from workledger.contracts.models import (
    BillingModel,
    ChangeOrder,
    Contract,
    ContractLine,
    ContractState,
    OrderFile,
    OrderState,
    OrderStep,
    OrderStepKind,
    RevenueMethod,
)
from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record, warn
from workledger.core.duties import duty_applies
from workledger.core.events import emit
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Contact

_DAY = timedelta(days=1)
_OPEN = (OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SENT)
_REVISABLE = (*_OPEN, OrderState.DECLINED)


@action("contracts.set_review_thresholds", needs=Permission.APPROVE_ORDERS)
def set_review_thresholds(
    *,
    actor: Actor,
    contract_id: int,
    review_over_seconds: int | None = None,
    review_over_percent: Decimal | None = None,
) -> None:
    """Say which change orders of a contract are approved within the firm before the client sees them.

    Those that move more hours, or a greater part of the scope in percent; where neither is given, every one. Zero is a
    threshold. Refuses: not_found, review_over_seconds_out_of_range, percent_out_of_range.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    checks.seconds(problems, review_over_seconds, "review_over_seconds")
    fits = review_over_percent is None or 0 <= review_over_percent <= 1000
    problems.check(fits, "percent_out_of_range", "Use 0 to 1000 percent.", "review_over_percent")
    problems.refuse()
    contract.review_over_seconds, contract.review_over_percent = review_over_seconds, review_over_percent
    contract.save(update_fields=["review_over_seconds", "review_over_percent"])
    record(contract, f"Set when change orders of {contract.number} are reviewed")


# --- drafting -----------------------------------------------------------------------------------------------


@action("contracts.draft_order", needs=Permission.MANAGE_CONTRACTS)
def draft_order(*, actor: Actor, contract_id: int, order: OrderInput, on: date) -> int:
    """Draft a change order of an active contract and price it; returns its id. Its changes may be added later.

    Refuses: not_found, contract_not_active, title_missing, before_start, changes_do_not_fit, line_unknown, line_ended,
    terms_do_not_fit, budget_unknown, nothing_changes (a change that changes nothing), and whatever applying it would
    refuse.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    last = contract.orders.aggregate(last=Max("number"))["last"] or 0
    row = ChangeOrder(contract=contract, number=last + 1)
    _fill(actor, row, order)
    row.save()
    _step(actor, row, OrderStepKind.DRAFTED, on)
    record(row, f"Drafted change order {row} of contract {contract.number}")
    return int(row.pk)


@action("contracts.revise_order", needs=Permission.MANAGE_CONTRACTS)
def revise_order(*, actor: Actor, order_id: int, order: OrderInput, on: date) -> None:
    """Change a draft and price it anew. An order that was in review, sent or declined is a draft again.

    Refuses what `draft_order` refuses, and: decided (it is accepted, applied or withdrawn). Warns: voids_approval.
    """
    row = _locked(actor, order_id)
    _require(row, _REVISABLE)
    _fill(actor, row, order)
    stood = row.state != OrderState.DRAFT
    if stood:
        voided = {
            OrderState.IN_REVIEW: "It is in review: the reviewer will be asked again.",
            OrderState.SENT: "It is with the client: what was approved holds for the former content only.",
            OrderState.DECLINED: "The client declined the former content.",
        }[OrderState(row.state)]
        warn("voids_approval", f"{voided} {row.label} becomes a draft again.")
    row.state = OrderState.DRAFT
    row.save()
    kind = OrderStepKind.VOIDED if stood else OrderStepKind.REVISED
    _step(actor, row, kind, on)
    record(row, f"Changed change order {row} of contract {row.contract.number}")


@action("contracts.attach_order_file", needs=Permission.MANAGE_CONTRACTS)
def attach_order_file(*, actor: Actor, order_id: int, kept: str, file_name: str) -> int:
    """Attach a kept file (`contracts.files.ORDER_FILES`), such as the signed copy; returns the file's id.

    Refuses: not_found, file_gone, not_a_document, order_file_once.
    """
    row = _locked(actor, order_id)
    file = ORDER_FILES.described(kept)
    made = OrderFile.objects.create(
        order=row, file=file.name, file_name=file_name.strip()[:200] or "document", media_type=file.media_type,
        size=file.size, sha256=file.sha256,
    )  # fmt: skip
    record(row, f"Attached {made.file_name} to {row}")
    return int(made.pk)


def _fill(actor: Actor, row: ChangeOrder, order: OrderInput) -> None:
    """Write what was drafted into an order of a locked contract, with what it comes to."""
    problems = Problems()
    active = row.contract.state == ContractState.ACTIVE
    problems.check(active, "contract_not_active", "Activate the contract first; a draft is changed directly.")
    row.title = checks.text(problems, order.title, "title")
    row.reason = checks.text(problems, order.reason, "reason", most=4000, needed=False)
    starts = f"The contract starts on {row.contract.start:%Y-%m-%d}; changes hold from then on or later."
    problems.check(order.effective_from >= row.contract.start, "before_start", starts, "effective_from")
    row.effective_from = order.effective_from
    try:
        changes = orders.parse(order.changes)
    except terms.TermsInvalid as invalid:
        for field, message in invalid.problems:
            problems.add("changes_do_not_fit", message, field)
        changes = ()
    priced = pricing.checked(problems, row.contract, changes, order.effective_from)
    problems.refuse()
    assert priced is not None
    row.changes = [orders.stored(change) for change in changes]
    _keep_pricing(row, changes, priced)
    row.releases = _rehearsed(actor, row, changes)


def _keep_pricing(row: ChangeOrder, changes: tuple[orders.Change, ...], priced: orders.Pricing) -> None:
    row.pricing = pricing.stored(priced)
    row.content_hash = orders.content_hash(row.title, row.reason, row.effective_from, changes, priced)


# --- within the firm ----------------------------------------------------------------------------------------


@action("contracts.submit_order", needs=Permission.MANAGE_CONTRACTS)
def submit_order(*, actor: Actor, order_id: int, on: date) -> OrderSubmitted:
    """Price a draft a last time and pass it on: into review where it is over the contract's threshold, else to the client.

    Refuses: not_found, not_a_draft, nothing_changes, contract_not_active, and whatever applying it would refuse.
    """
    row = _locked(actor, order_id)
    _require(row, (OrderState.DRAFT,), code="not_a_draft")
    if not row.changes:
        raise Refused.because("nothing_changes", "Add at least one change first.", "changes")
    changes = orders.parse(row.changes)
    priced = _priced(row, changes)
    _keep_pricing(row, changes, priced)
    row.releases = _rehearsed(actor, row, changes)
    needs_review = orders.needs_review(
        priced, row.contract.review_over_seconds, row.contract.review_over_percent
    )
    row.state = OrderState.IN_REVIEW if needs_review else OrderState.SENT
    row.save()
    _step(actor, row, OrderStepKind.SUBMITTED if needs_review else OrderStepKind.SENT, on)
    record(
        row, f"{'Submitted' if needs_review else 'Sent'} change order {row} of contract {row.contract.number}"
    )
    return OrderSubmitted(row.pk, needs_review)


@action("contracts.approve_order", needs=Permission.APPROVE_ORDERS)
def approve_order(*, actor: Actor, order_id: int, on: date, note: str = "") -> None:
    """Approve an order in review: its content, as it is priced, goes to the client.

    Refuses: not_found, not_in_review, own_order (two-person rule), contract_changed.
    """
    row = _locked(actor, order_id)
    _require(row, (OrderState.IN_REVIEW,), code="not_in_review")
    wrote = (OrderStepKind.DRAFTED, OrderStepKind.REVISED, OrderStepKind.VOIDED)
    own = actor.user_id is not None and row.steps.filter(kind__in=wrote, user_id=actor.user_id).exists()
    rule = DutyRule.PROPOSE_AND_APPROVE_ORDER
    if own and duty_applies(rule):
        raise Refused.because("own_order", f"{rule.sentence} Ask somebody else who approves orders.")
    _require_unmoved(row)
    row.state = OrderState.SENT
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.APPROVED, on, note=note)
    _step(actor, row, OrderStepKind.SENT, on)
    record(row, f"Approved change order {row} of contract {row.contract.number}")


@action("contracts.return_order", needs=Permission.APPROVE_ORDERS)
def return_order(*, actor: Actor, order_id: int, on: date, reason: str) -> None:
    """Send an order in review back to be changed, with the reason.

    Refuses: not_found, not_in_review, reason_missing.
    """
    row = _locked(actor, order_id)
    _require(row, (OrderState.IN_REVIEW,), reason=reason, code="not_in_review")
    row.state = OrderState.DRAFT
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.RETURNED, on, note=reason)
    record(row, f"Sent back change order {row}: {reason.strip()}")


@action("contracts.withdraw_order", needs=Permission.MANAGE_CONTRACTS)
def withdraw_order(*, actor: Actor, order_id: int, on: date, reason: str) -> None:
    """Take back an order that is not applied; it stays readable.

    Refuses: not_found, decided, reason_missing.
    """
    row = _locked(actor, order_id)
    _require(row, (*_OPEN, OrderState.ACCEPTED), reason=reason)
    row.state = OrderState.WITHDRAWN
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.WITHDRAWN, on, note=reason)
    record(row, f"Withdrew change order {row}: {reason.strip()}")


# --- the client's answer ------------------------------------------------------------------------------------


@action("contracts.accept_order", needs=Permission.ANSWER_AS_CLIENT)
def accept_order(*, actor: Actor, order_id: int, on: date, note: str = "") -> None:
    """Accept an order as a contact of its client; it is applied at once, or on its day where that is later.

    Refuses: not_found, not_a_contact, not_with_client, decided, contract_changed, contract_not_active.
    """
    row = _locked(actor, order_id)
    _accept(actor, row, _own_contact(actor, row), on, note)


@action("contracts.decline_order", needs=Permission.ANSWER_AS_CLIENT)
def decline_order(*, actor: Actor, order_id: int, on: date, reason: str) -> None:
    """Decline an order as a contact of its client, with the reason.

    Refuses: not_found, not_a_contact, not_with_client, decided, reason_missing.
    """
    row = _locked(actor, order_id)
    _decline(actor, row, _own_contact(actor, row), on, reason)


@action("contracts.record_acceptance", needs=Permission.MANAGE_CONTRACTS)
def record_acceptance(
    *,
    actor: Actor,
    order_id: int,
    on: date,
    contact_id: int,
    evidence: str = "",
    kept: str = "",
    file_name: str = "",
) -> None:
    """Record that a contact accepted an order elsewhere: who, when, and what shows it, in words or as a kept file.

    It is applied at once, or on its day where that is later. Refuses: not_found, contact_unknown, evidence_missing,
    file_gone, not_a_document, not_with_client, decided, contract_changed, contract_not_active.
    """
    row = _locked(actor, order_id)
    contact = _contact(row, contact_id)
    if kept:
        attach_order_file(actor=actor, order_id=row.pk, kept=kept, file_name=file_name)
    if not (evidence.strip() or row.files.exists()):
        message = "Say what shows the acceptance, such as a mail or a protocol, or attach the signed copy."
        raise Refused.because("evidence_missing", message, "evidence")
    _accept(actor, row, contact, on, evidence)


@action("contracts.record_refusal", needs=Permission.MANAGE_CONTRACTS)
def record_refusal(*, actor: Actor, order_id: int, on: date, contact_id: int, reason: str) -> None:
    """Record that a contact declined an order elsewhere, with the reason.

    Refuses: not_found, contact_unknown, not_with_client, decided, reason_missing.
    """
    row = _locked(actor, order_id)
    _decline(actor, row, _contact(row, contact_id), on, reason)


@action("contracts.apply_order", needs=Permission.MANAGE_CONTRACTS)
def apply_order(*, actor: Actor, order_id: int, on: date) -> None:
    """Apply an accepted order whose day has come: lines, caps, budgets, milestones and rates move together.

    Refuses: not_found, not_accepted, not_yet, contract_changed, contract_not_active, and what the terms refuse.
    """
    row = _locked(actor, order_id)
    _require(row, (OrderState.ACCEPTED,), code="not_accepted")
    later = f"{row.label} holds from {row.effective_from:%Y-%m-%d}; it is applied then."
    if row.effective_from > on:
        raise Refused.because("not_yet", later, "on")
    _require_unmoved(row)
    _apply(actor, row, on)
    record(row, f"Applied change order {row} to contract {row.contract.number}")


@action("contracts.apply_due_orders", needs=Permission.MANAGE_CONTRACTS)
def apply_due_orders(*, actor: Actor, on: date) -> list[int]:
    """Apply every accepted order whose day has come; returns their ids. One whose contract moved meanwhile is left.

    Refuses nothing by itself: what `apply_order` refuses stays accepted and is applied by hand once it is mended.
    """
    waiting = ChangeOrder.objects.visible_to(actor).filter(state=OrderState.ACCEPTED, effective_from__lte=on)
    done = []
    for order_id in waiting.order_by("effective_from", "pk").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                apply_order(actor=actor, order_id=order_id, on=on)
        except Refused:
            continue
        done.append(int(order_id))
    record(None, f"Applied {len(done)} change orders")
    return done


def _accept(actor: Actor, row: ChangeOrder, contact: Contact, on: date, note: str) -> None:
    _require(row, (OrderState.SENT,), code="not_with_client")
    _require_unmoved(row)
    row.state = OrderState.ACCEPTED
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.ACCEPTED, on, note=note, contact=contact)
    if row.effective_from <= on:
        _apply(actor, row, on)
    record(row, f"{contact.name} accepted change order {row} of contract {row.contract.number}")


def _decline(actor: Actor, row: ChangeOrder, contact: Contact, on: date, reason: str) -> None:
    _require(row, (OrderState.SENT,), reason=reason, code="not_with_client")
    row.state = OrderState.DECLINED
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.DECLINED, on, note=reason, contact=contact)
    record(row, f"{contact.name} declined change order {row}: {reason.strip()}")


def _own_contact(actor: Actor, row: ChangeOrder) -> Contact:
    found = Contact.objects.filter(user_id=actor.user_id or 0, client_id=row.contract.client_id).first()
    if found is None:
        message = "Only a contact of the client answers here. Record the answer with what shows it instead."
        raise Refused.because("not_a_contact", message)
    return found


def _contact(row: ChangeOrder, contact_id: int) -> Contact:
    found = Contact.objects.filter(pk=contact_id, client_id=row.contract.client_id).first()
    if found is None:
        raise Refused.because("contact_unknown", "Choose a contact of the client.", "contact_id")
    return found


# --- applying -----------------------------------------------------------------------------------------------


def _rehearsed(actor: Actor, row: ChangeOrder, changes: tuple[orders.Change, ...]) -> list[dict[str, Any]]:
    """Apply an order and undo it: what applying would refuse is refused now; returns what it makes of unbilled work."""
    if not changes:
        return []
    before = unbilled_of(row.contract_id)
    end = row.contract.end
    with transaction.atomic():
        _move(actor, row, changes)
        after = unbilled_of(row.contract_id)
        transaction.set_rollback(True)
    row.contract.end = end
    names = dict(row.contract.lines.values_list("pk", "name"))
    return pricing.releases(names, before, after)


def _apply(actor: Actor, row: ChangeOrder, on: date) -> None:
    """Move the contract as the order says, keep the version that this makes, and tell the floors above."""
    change = versions.Change(actor, [row.contract_id])
    _move(actor, row, orders.parse(row.changes))
    row.state = OrderState.APPLIED
    row.save(update_fields=["state"])
    _step(actor, row, OrderStepKind.APPLIED, on)
    change.done(effective_from=row.effective_from, order=row)


def _move(actor: Actor, row: ChangeOrder, changes: tuple[orders.Change, ...]) -> None:
    contract, problems = row.contract, Problems()
    problems.check(
        contract.state == ContractState.ACTIVE, "contract_not_active", "Activate the contract first."
    )
    lines = {line.pk: line for line in contract.lines.order_by("pk").select_for_update(of=("self",))}
    is_capped_anew = False
    told: list[int] = []
    ended: list[int] = []
    for place, change in enumerate(changes):
        found = Problems()
        match change:
            case orders.ChangeLine():
                if agreements.amend_line(found, contract, lines[change.line_id], _line_of(change, lines)):
                    told.append(change.line_id)
            case orders.AddLine():
                agreements.amend_line(found, contract, ContractLine(contract=contract), _new_line(change))
            case orders.EndLine():
                line = lines[change.line_id]
                line.end = row.effective_from
                line.save(update_fields=["end"])
                told.append(line.pk)
                ended.append(line.pk)
            case orders.EndContract():
                contract.end = change.last_day + _DAY if change.last_day else None
                checks.dates(found, contract.start, contract.end, "last_day")
                contract.save(update_fields=["end"])
            case orders.CapContract():
                contract.cap = None if change.cap is None else terms.stored(change.cap)
                contract.save(update_fields=["cap"])
                is_capped_anew = True
        problems.found += [replace(each, field=f"changes.{place}.{each.field}") for each in found.found]
    problems.refuse()
    _agree_rates(actor, row, changes)
    if is_capped_anew:
        emit(ContractCapChanged(actor=actor, contract_id=contract.pk))
    if any(isinstance(change, orders.AddLine) for change in changes):
        emit(LinesAgreed(actor=actor, contract_ids=(contract.pk,)))
    for line_id in told:
        emit(LineTermsChanged(actor=actor, contract_line_id=line_id))
    emit(
        ChangeOrderApplied(
            actor=actor, order_id=row.pk, contract_id=contract.pk, budgets=tuple(_budgets(row, changes)),
            ended_line_ids=tuple(ended),
        )
    )  # fmt: skip


def _line_of(change: orders.ChangeLine, lines: dict[int, ContractLine]) -> LineInput:
    line = lines[change.line_id]
    after = change.after(versions.agreed_line(line))
    return LineInput(
        name=after.name, model=BillingModel(line.model), terms=after.terms,
        revenue_method=RevenueMethod(line.revenue_method), price=line.price,
        budget_seconds=after.budget_seconds, budget_amount=after.budget_amount, tax_code_id=line.tax_code_id,
    )  # fmt: skip


def _new_line(change: orders.AddLine) -> LineInput:
    return LineInput(
        name=change.name, model=BillingModel(change.model), terms=change.terms,
        revenue_method=RevenueMethod(change.revenue_method) if change.revenue_method else None,
        budget_seconds=change.budget_seconds, budget_amount=change.budget_amount, tax_code_id=change.tax_code_id,
    )  # fmt: skip


def _agree_rates(actor: Actor, row: ChangeOrder, changes: Iterable[orders.Change]) -> None:
    wanted = [
        RateInput(
            card_id=0, rate_per_hour=change.rate_per_hour, valid_from=row.effective_from,
            contract_line_id=change.line_id, person_id=change.person_id, task_type_id=change.task_type_id,
            role_id=change.role_id,
        )
        for change in changes
        if isinstance(change, orders.SetRate)
    ]  # fmt: skip
    if wanted:
        rates.agree_rates(actor, row.contract, wanted)


def _budgets(row: ChangeOrder, changes: Iterable[orders.Change]) -> Iterable[BudgetMoved]:
    held = pricing.budgets(row.contract_id)
    for change in changes:
        if isinstance(change, orders.MoveBudget):
            now = held[change.holder, change.holder_id]
            said: dict[str, Any] = {
                name: getattr(change, name)
                for name in ("budget_seconds", "budget_amount")
                if name in change.model_fields_set
            }
            yield BudgetMoved(
                change.holder, change.holder_id, said.get("budget_seconds", now.seconds),
                said.get("budget_amount", now.amount),
            )  # fmt: skip


# --- shared -------------------------------------------------------------------------------------------------


def _locked(actor: Actor, order_id: int) -> ChangeOrder:
    """Lock the order's contract, then the order, and return it."""
    seen = locks.one(ChangeOrder.objects.visible_to(actor), order_id)
    contract = locks.for_update(Contract.objects.all(), seen.contract_id)
    row = locks.for_update(ChangeOrder.objects.visible_to(actor), order_id)
    row.contract = contract
    return row


_SAID = {
    OrderState.DRAFT: "is a draft",
    OrderState.IN_REVIEW: "is in review",
    OrderState.SENT: "is with the client",
    OrderState.ACCEPTED: "is accepted",
    OrderState.APPLIED: "is accepted and applied",
    OrderState.DECLINED: "was declined",
    OrderState.WITHDRAWN: "was withdrawn",
}


def _require(
    row: ChangeOrder, states: tuple[OrderState, ...], *, reason: str | None = None, code: str = "decided"
) -> None:
    """Refuse unless the order is in one of these states, saying where it is; and a reason that is asked for but empty."""
    problems = Problems()
    if row.state not in states:
        decided = row.state not in _OPEN
        last = row.steps.last() if decided else None
        when = f" by {last.who} on {last.day:%Y-%m-%d}" if last else ""
        message = f"{row.label} {_SAID[OrderState(row.state)]}{when}."
        problems.add("decided" if decided and code != "not_accepted" else code, message)
    problems.check(reason is None or reason.strip(), "reason_missing", "Say why.", "reason")
    problems.refuse()


def _priced(row: ChangeOrder, changes: tuple[orders.Change, ...]) -> orders.Pricing:
    problems = Problems()
    priced = pricing.checked(problems, row.contract, changes, row.effective_from)
    problems.refuse()
    assert priced is not None
    return priced


def _require_unmoved(row: ChangeOrder) -> None:
    """Refuse where the contract says something else than when the order was priced."""
    changes = orders.parse(row.changes)
    now = orders.content_hash(row.title, row.reason, row.effective_from, changes, _priced(row, changes))
    if now != row.content_hash:
        message = (
            f"The contract changed since {row.label} was priced, so what was approved does not hold any more. Open"
            " the order, look at its effect, and send it again."
        )
        raise Refused.because("contract_changed", message)


def _step(
    actor: Actor,
    row: ChangeOrder,
    kind: OrderStepKind,
    on: date,
    *,
    note: str = "",
    contact: Contact | None = None,
) -> None:
    OrderStep.objects.create(
        order=row, kind=kind, day=on, user_id=actor.user_id, who=contact.name if contact else actor.name,
        contact=contact, note=note.strip(), content_hash=row.content_hash,
    )  # fmt: skip
