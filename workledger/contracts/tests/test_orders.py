"""Change orders: priced, reviewed over the threshold, accepted once by the client, applied with all that hangs on them."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workledger.contracts import actions, amendments, pricing
from workledger.contracts.events import ContractModified
from workledger.contracts.files import ORDER_FILES
from workledger.contracts.inputs import LineInput, OrderInput
from workledger.contracts.models import (
    BillingModel,
    ChangeOrder,
    ContractLine,
    ContractVersion,
    OrderState,
    Rate,
)
from workledger.core import events
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.models import Contact
from workledger.projects.models import Project, Task
from workledger.testing.world import TODAY, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
HOUR = 3600


def order(*changes: dict[str, Any], **about: Any) -> OrderInput:
    basis = OrderInput(title="More reports", effective_from=TODAY, changes=list(changes))
    return replace(basis, **about)


def capped(world: World, amount: str = "10000") -> None:
    terms = {"cap": {"amount": amount, "action": "hard"}}
    line = LineInput(
        name="Delivery", model=BillingModel.TIME_AND_MATERIALS, terms=terms, budget_seconds=100 * HOUR
    )
    actions.change_line(actor=world.fay.actor, line_id=world.delivery.pk, line=line)


def raised(world: World, amount: str = "12000", hours: int = 120) -> dict[str, Any]:
    return {
        "kind": "change_line", "line_id": world.delivery.pk, "terms": {"cap": {"amount": amount, "action": "hard"}},
        "budget_seconds": hours * HOUR,
    }  # fmt: skip


def draft(world: World, *changes: dict[str, Any], **about: Any) -> int:
    return actions.draft_order(
        actor=world.pia.actor, contract_id=world.acme_contract.pk, order=order(*changes, **about), on=TODAY
    )


def sent(world: World, *changes: dict[str, Any], **about: Any) -> int:
    order_id = draft(world, *changes, **about)
    if actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY).needs_review:
        actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)
    return order_id


def state(order_id: int) -> str:
    return ChangeOrder.objects.get(pk=order_id).state


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.codes[0]


def test_an_order_is_numbered_within_its_contract_and_priced_before_and_after(world: World) -> None:
    capped(world)
    first, second = (
        draft(world, raised(world)),
        draft(world, {"kind": "end_line", "line_id": world.support.pk}),
    )
    rows = ChangeOrder.objects.in_bulk([first, second])
    assert [rows[first].label, rows[second].label] == ["CO-1", "CO-2"]
    priced = pricing.read(rows[first].pricing)
    assert (priced.seconds, priced.amount, priced.percent) == (20 * HOUR, Decimal(2000), Decimal("20.00"))
    assert [(said.what, said.before, said.after) for said in priced.effects[0].differences] == [
        ("Budget of hours", "100.00 h", "120.00 h"),
        ("Cap", "10,000.00, hard", "12,000.00, hard"),
    ]


@pytest.mark.parametrize(
    ("seconds", "percent", "needs_review"),
    [
        (None, None, True), (20 * HOUR, None, False), (19 * HOUR, None, True), (0, None, True),
        (None, Decimal(20), False), (None, Decimal(19), True), (20 * HOUR, Decimal(19), True),
    ],
)  # fmt: skip
def test_over_the_threshold_an_order_is_reviewed(
    world: World, seconds: int | None, percent: Decimal | None, needs_review: bool
) -> None:
    capped(world)
    actions.set_review_thresholds(
        actor=world.fay.actor, contract_id=world.acme_contract.pk, review_over_seconds=seconds,
        review_over_percent=percent,
    )  # fmt: skip
    done = actions.submit_order(actor=world.pia.actor, order_id=draft(world, raised(world)), on=TODAY)
    assert done.needs_review is needs_review
    assert state(done.order_id) == (OrderState.IN_REVIEW if needs_review else OrderState.SENT)


def test_who_drafted_does_not_approve_and_who_may_not_is_refused(world: World) -> None:
    order_id = actions.draft_order(
        actor=world.fay.actor, contract_id=world.acme_contract.pk,
        order=order({"kind": "end_line", "line_id": world.support.pk}), on=TODAY,
    )  # fmt: skip
    actions.submit_order(actor=world.fay.actor, order_id=order_id, on=TODAY)
    with pytest.raises(Refused) as refused:
        actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)
    assert code_of(refused) == "own_order"
    with pytest.raises(Forbidden):
        actions.approve_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    actions.return_order(actor=world.olivia.actor, order_id=order_id, on=TODAY, reason="Say why")
    assert state(order_id) == OrderState.DRAFT


def test_the_contact_sees_and_accepts_what_was_sent_to_her_client_and_only_once(world: World) -> None:
    capped(world)
    order_id = draft(world, raised(world))
    with pytest.raises(NotFound):
        actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)
    stranger = replace(world.cleo.actor, client_ids=frozenset({world.borealis.pk}))
    with pytest.raises(NotFound):
        actions.accept_order(actor=stranger, order_id=order_id, on=TODAY)
    with pytest.raises(Refused) as refused:
        actions.accept_order(actor=world.olivia.actor, order_id=order_id, on=TODAY)
    assert code_of(refused) == "not_a_contact"
    actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY, note="Agreed")
    assert state(order_id) == OrderState.APPLIED
    line = ContractLine.objects.get(pk=world.delivery.pk)
    assert (line.terms["cap"]["amount"], line.budget_seconds) == ("12000", 120 * HOUR)
    with pytest.raises(Refused, match="CO-1 is accepted and applied by Cleo Contact on 2026-03-16"):
        actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)


def test_an_acceptance_is_recorded_with_who_when_and_what_shows_it(world: World) -> None:
    order_id = sent(world, {"kind": "end_line", "line_id": world.support.pk})
    cleo = Contact.objects.get(client=world.acme).pk
    asked: dict[str, Any] = {"actor": world.pia.actor, "order_id": order_id, "on": TODAY, "contact_id": cleo}
    with pytest.raises(Refused) as refused:
        actions.record_acceptance(**asked)
    assert code_of(refused) == "evidence_missing"
    with ORDER_FILES.kept(io.BytesIO(PNG)) as kept:
        actions.record_acceptance(**asked, kept=kept, file_name="signed.png")
    step = ChangeOrder.objects.get(pk=order_id).steps.get(kind="accepted")
    assert (step.who, step.user_id, step.day) == ("Cleo Contact", world.pia.user_id, TODAY)
    assert ContractLine.objects.get(pk=world.support.pk).end == TODAY
    assert not Task.objects.get(pk=world.travel.pk).is_open


def test_an_edit_voids_what_was_approved_and_says_so(world: World) -> None:
    capped(world)
    order_id = sent(world, raised(world))
    other = order(raised(world, "15000"))
    with pytest.raises(NeedsConfirmation, match="what was approved holds for the former content only"):
        actions.revise_order(actor=world.pia.actor, order_id=order_id, order=other, on=TODAY)
    assert state(order_id) == OrderState.SENT
    from_page = actions.revise_order.using(Options(confirmed=frozenset({"voids_approval"})))
    from_page(actor=world.pia.actor, order_id=order_id, order=other, on=TODAY)
    assert state(order_id) == OrderState.DRAFT


def test_a_contract_that_moved_meanwhile_voids_the_order(world: World) -> None:
    capped(world)
    order_id = sent(world, raised(world))
    capped(world, "11000")
    with pytest.raises(Refused) as refused:
        actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    assert code_of(refused) == "contract_changed"
    assert state(order_id) == OrderState.SENT


def test_two_orders_that_change_different_terms_of_a_line_do_not_undo_each_other(world: World) -> None:
    capped(world)
    notes = {"kind": "change_line", "line_id": world.delivery.pk, "terms": {"requires_notes": True}}
    first, second = sent(world, raised(world)), sent(world, notes)
    for order_id in (first, second):
        actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    terms = ContractLine.objects.get(pk=world.delivery.pk).terms
    assert (terms["cap"]["amount"], terms["requires_notes"]) == ("12000", True)


def test_lines_budgets_rates_and_the_end_move_together_and_make_a_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ContractModified] = []
    monkeypatch.setitem(events._handlers, ContractModified, [told.append])
    order_id = sent(
        world,
        {"kind": "add_line", "name": "Care", "model": "retainer", "terms": {"fee": "4000"}},
        {
            "kind": "move_budget",
            "holder": "project",
            "holder_id": world.atlas.pk,
            "budget_seconds": 500 * HOUR,
        },
        {"kind": "move_budget", "holder": "task", "holder_id": world.build.pk, "budget_amount": "9000"},
        {"kind": "set_rate", "rate_per_hour": "130", "role_id": world.consultant.pk},
        {"kind": "end_contract", "last_day": "2026-12-31"},
    )
    actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    assert ContractLine.objects.get(contract=world.acme_contract, name="Care").terms["fee"] == "4000"
    atlas, build = Project.objects.get(pk=world.atlas.pk), Task.objects.get(pk=world.build.pk)
    assert (atlas.budget_seconds, atlas.budget_amount) == (500 * HOUR, Decimal(48000))
    assert build.budget_amount == 9000
    rates = Rate.objects.filter(card__contract=world.acme_contract, role=world.consultant).order_by(
        "valid_from"
    )
    assert list(rates.values_list("rate_per_hour", "valid_from", "valid_to")) == [
        (Decimal(120), date(2026, 1, 1), TODAY), (Decimal(130), TODAY, None),
    ]  # fmt: skip
    kept = list(ContractVersion.objects.filter(contract=world.acme_contract))
    assert [(row.number, row.cause, row.effective_from, row.order_id) for row in kept] == [
        (1, "activation", date(2026, 1, 1), None), (2, "order", TODAY, order_id),
    ]  # fmt: skip
    assert [(each.before_version_id, each.after_version_id) for each in told] == [(kept[0].pk, kept[1].pk)]


def test_an_order_of_a_later_day_is_applied_on_that_day(world: World) -> None:
    later = date(2026, 4, 1)
    order_id = sent(world, {"kind": "end_line", "line_id": world.support.pk}, effective_from=later)
    actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    with pytest.raises(Refused) as refused:
        actions.apply_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    assert (code_of(refused), state(order_id)) == ("not_yet", OrderState.ACCEPTED)
    assert actions.apply_due_orders(actor=world.system, on=later) == [order_id]
    assert state(order_id) == OrderState.APPLIED


def test_what_applying_would_refuse_is_refused_when_it_is_drafted(world: World) -> None:
    with pytest.raises(Refused) as refused:
        draft(world, {"kind": "add_line", "name": "Delivery", "model": "time_and_materials"})
    assert [(each.code, each.field) for each in refused.value.problems] == [
        ("line_name_taken", "changes.0.name")
    ]
    assert not ChangeOrder.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"kind": "end_line", "line_id": 0}, "line_unknown", "changes.0.line_id"),
        ({"kind": "end_line"}, "changes_do_not_fit", "changes.0.line_id"),
        ({"kind": "alchemy"}, "changes_do_not_fit", "changes.0"),
        ({"kind": "add_line", "name": "X", "model": "retainer"}, "terms_do_not_fit", "changes.0.terms.fee"),
        ({"kind": "move_budget", "holder": "task", "holder_id": 0}, "budget_unknown", "changes.0.holder_id"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_where_it_stands(
    world: World, change: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        draft(world, change)
    assert [(each.code, each.field) for each in refused.value.problems] == [(code, field)]


def test_an_empty_draft_is_not_submitted_and_a_change_of_nothing_is_refused(world: World) -> None:
    order_id = draft(world)
    with pytest.raises(Refused, match="at least one change"):
        actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    with pytest.raises(Refused, match="changes nothing"):
        draft(world, {"kind": "change_line", "line_id": world.delivery.pk})


def test_direct_changes_make_versions_too_and_an_empty_one_makes_none(world: World) -> None:
    capped(world)
    capped(world)
    capped(world, "9000")
    kept = ContractVersion.objects.filter(contract=world.acme_contract)
    assert [(row.number, row.cause) for row in kept] == [(1, "activation"), (2, "change"), (3, "change")]


def test_an_order_raises_the_cap_of_all_lines_and_the_version_says_so(world: World) -> None:
    contract = world.acme_contract
    contract.cap = {"amount": "10000", "action": "hard"}
    contract.save()
    cap = {"kind": "cap_contract", "cap": {"amount": "15000", "action": "hard"}}
    order_id = sent(world, cap)
    [effect] = amendments.order_page(world.pia.actor, order_id).effects
    assert (effect.amount, effect.differences[0].after) == (Decimal(5000), "15,000.00, hard")
    actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    contract.refresh_from_db()
    assert contract.cap["amount"] == "15000"
