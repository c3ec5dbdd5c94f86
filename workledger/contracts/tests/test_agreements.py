"""Contracts, lines and task types: what the acts write and what they refuse."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.contracts import actions
from workledger.contracts.events import LineTermsChanged
from workledger.contracts.inputs import ContractInput, LineInput, NewContract, NewLine
from workledger.contracts.models import (
    BillingModel,
    Contract,
    ContractLine,
    ContractState,
    RevenueMethod,
    TaskType,
)
from workledger.core import events
from workledger.core.models import ActionLog
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.testing.world import World

T_AND_M = BillingModel.TIME_AND_MATERIALS


def sow(world: World, **changes: object) -> ContractInput:
    basis = ContractInput(
        client_id=world.acme.pk, entity_id=world.entity_id, name="Rollout", start=date(2026, 3, 1)
    )
    return replace(basis, **changes)  # type: ignore[arg-type]


def test_a_new_contract_is_a_draft_with_a_number_and_the_clients_currency(world: World) -> None:
    first = actions.save_contract(actor=world.pia.actor, contract=sow(world))
    second = actions.save_contract(actor=world.pia.actor, contract=sow(world, name="Rollout 2"))
    contract = Contract.objects.get(pk=first)
    assert (contract.state, contract.currency, contract.number) == (ContractState.DRAFT, "EUR", "C-0001")
    assert Contract.objects.get(pk=second).number == "C-0002"
    assert ActionLog.objects.get(action="contracts.save_contract", subject_id=first).summary == (
        "Drafted contract C-0001 Rollout"
    )


def test_all_problems_of_a_contract_are_said_at_once(world: World) -> None:
    wrong = sow(
        world,
        name=" ",
        currency="euro",
        end=date(2026, 3, 1),
        payment_terms_days=999,
        number="C-001",
        client_id=0,
    )
    with pytest.raises(Refused) as refused:
        actions.save_contract(actor=world.pia.actor, contract=wrong)
    assert set(refused.value.codes) == {
        "name_missing", "currency_unknown", "ends_before_start", "terms_out_of_range", "number_taken", "client_unknown",
    }  # fmt: skip


def test_an_active_contract_keeps_its_client_and_currency(world: World) -> None:
    changed = sow(world, client_id=world.borealis.pk, currency="SEK")
    with pytest.raises(Refused) as refused:
        actions.save_contract(actor=world.pia.actor, contract=changed, contract_id=world.acme_contract.pk)
    assert [(p.code, p.field) for p in refused.value.problems] == [
        ("fixed_once_active", "client_id"),
        ("fixed_once_active", "currency"),
    ]
    renamed = sow(world, name="Atlas II", requires_notes=True)
    actions.save_contract(actor=world.pia.actor, contract=renamed, contract_id=world.acme_contract.pk)
    contract = Contract.objects.get(pk=world.acme_contract.pk)
    assert (contract.number, contract.name, contract.requires_notes) == ("C-001", "Atlas II", True)


def test_a_consultant_may_not_and_a_limited_lead_does_not_see(world: World) -> None:
    with pytest.raises(Forbidden):
        actions.save_contract(actor=world.carl.actor, contract=sow(world))
    limited = replace(world.pia.actor, client_ids=frozenset({world.borealis.pk}))
    with pytest.raises(NotFound):
        actions.close_contract(actor=limited, contract_id=world.acme_contract.pk, last_day=date(2026, 4, 1))
    with pytest.raises(Refused, match="client you can see"):
        actions.save_contract(actor=limited, contract=sow(world))


def test_a_draft_becomes_active_once_it_has_a_line(world: World) -> None:
    actor = world.pia.actor
    contract_id = actions.save_contract(actor=actor, contract=sow(world))
    with pytest.raises(Refused) as refused:
        actions.activate_contract(actor=actor, contract_id=contract_id)
    assert refused.value.codes == ("no_line",)
    retainer = LineInput(name="Care", model=BillingModel.RETAINER, terms={"fee": "4000"})
    line_id = actions.add_line(actor=actor, contract_id=contract_id, line=retainer)
    assert ContractLine.objects.get(pk=line_id).terms["timing"] == "advance"
    actions.change_line(actor=actor, line_id=line_id, line=LineInput(name="Care", model=T_AND_M))
    actions.activate_contract(actor=actor, contract_id=contract_id)
    assert Contract.objects.get(pk=contract_id).state == ContractState.ACTIVE


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            LineInput(
                name="Late", model=T_AND_M, price=Decimal(1), revenue_method=RevenueMethod.STRAIGHT_LINE
            ),
            "term_missing",
        ),
        (LineInput(name="Delivery", model=T_AND_M), "line_name_taken"),
        (LineInput(name="Odd", model=T_AND_M, terms={"rounding": {"step_minutes": 0}}), "terms_do_not_fit"),
        (LineInput(name="Debt", model=T_AND_M, budget_amount=Decimal(-1)), "budget_amount_negative"),
        (LineInput(name="Fine", model=T_AND_M, price=Decimal("0.00001")), "price_too_precise"),
        (LineInput(name="Wide", model=T_AND_M, price=Decimal("Infinity")), "price_too_large"),
        (LineInput(name="Nil", model=T_AND_M, budget_seconds=-1), "budget_seconds_out_of_range"),
        (
            LineInput(name="Gift", model=BillingModel.NON_BILLABLE, revenue_method=RevenueMethod.AS_INVOICED),
            "nothing_to_recognize",
        ),
    ],
)
def test_a_line_that_does_not_fit_an_active_contract_is_refused(
    world: World, line: LineInput, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.add_line(actor=world.pia.actor, contract_id=world.acme_contract.pk, line=line)
    assert refused.value.codes == (code,)


def test_new_rounding_is_told_and_the_model_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[LineTermsChanged] = []
    monkeypatch.setitem(events._handlers, LineTermsChanged, [told.append])
    same = LineInput(name="Delivery", model=T_AND_M, terms=world.delivery.terms)
    rounded = replace(same, terms={"rounding": {"method": "up", "step_minutes": 30}})
    actions.change_line(actor=world.pia.actor, line_id=world.delivery.pk, line=rounded)
    assert [event.contract_line_id for event in told] == [world.delivery.pk]
    with pytest.raises(Refused) as refused:
        other = replace(same, model=BillingModel.NON_BILLABLE)
        actions.change_line(actor=world.pia.actor, line_id=world.delivery.pk, line=other)
    assert "model_fixed" in refused.value.codes


def test_other_days_of_a_contract_are_told_to_each_of_its_lines(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[LineTermsChanged] = []
    monkeypatch.setitem(events._handlers, LineTermsChanged, [told.append])
    lines = [world.delivery.pk, world.support.pk]
    contract_id = world.acme_contract.pk
    same = sow(world, name="Atlas", start=world.acme_contract.start)
    actions.save_contract(actor=world.pia.actor, contract=same, contract_id=contract_id)
    assert told == []
    actions.save_contract(
        actor=world.pia.actor, contract=replace(same, end=date(2026, 6, 1)), contract_id=contract_id
    )
    assert [event.contract_line_id for event in told] == lines
    actions.close_contract(actor=world.pia.actor, contract_id=contract_id, last_day=date(2026, 3, 31))
    assert [event.contract_line_id for event in told] == lines * 2


def test_a_closed_contract_takes_no_line_until_it_is_opened_again(world: World) -> None:
    actor, contract_id = world.pia.actor, world.acme_contract.pk
    with pytest.raises(Refused, match="its last day is not before"):
        actions.close_contract(actor=actor, contract_id=contract_id, last_day=date(2025, 12, 31))
    actions.close_contract(actor=actor, contract_id=contract_id, last_day=date(2026, 3, 31))
    contract = Contract.objects.get(pk=contract_id)
    assert (contract.state, contract.end) == (ContractState.CLOSED, date(2026, 4, 1))
    with pytest.raises(Refused, match="is closed"):
        actions.add_line(actor=actor, contract_id=contract_id, line=LineInput(name="More", model=T_AND_M))
    actions.activate_contract(actor=actor, contract_id=contract_id)
    actions.add_line(actor=actor, contract_id=contract_id, line=LineInput(name="More", model=T_AND_M))


def test_many_contracts_and_lines_come_in_at_once(world: World) -> None:
    given = [
        NewContract(
            client_id=world.acme.pk,
            entity_id=world.entity_id,
            name=f"SOW {n}",
            start=date(2026, 1, 1),
            number=number,
        )
        for n, number in enumerate(["X-1", "", "X-2"])
    ]
    ids = actions.create_contracts(actor=world.system, contracts=given)
    assert list(Contract.objects.filter(pk__in=ids).order_by("pk").values_list("number", "state")) == [
        ("X-1", "active"),
        ("C-0001", "active"),
        ("X-2", "active"),
    ]
    lines = [NewLine(contract_id=pk, name=name, model=T_AND_M) for pk in ids for name in ("Build", "Run")]
    made = actions.create_lines(actor=world.system, lines=lines)
    assert list(ContractLine.objects.filter(pk__in=made).values_list("position", flat=True)) == [1, 2] * 3
    with pytest.raises(Refused) as refused:
        actions.create_contracts(actor=world.system, contracts=[given[0], given[1]])
    assert refused.value.codes == ("number_taken",)
    with pytest.raises(Refused, match="already has a line with that name"):
        actions.create_lines(actor=world.system, lines=lines[:1])


def test_task_types_are_made_once(world: World) -> None:
    first = actions.create_task_types(actor=world.system, names=["Design", "Code", "Design"])
    assert first[0] == first[2] != first[1]
    assert actions.create_task_types(actor=world.system, names=["Code"]) == [first[1]]
    assert TaskType.objects.count() == 2
