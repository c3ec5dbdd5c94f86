"""The acceptance of milestones: asked for, answered by the contact or for her, disputed, reopened; and what it charges."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from workledger.billing.actions import invoices, milestones, prebills
from workledger.billing.files import MILESTONE_FILES
from workledger.billing.milestones import milestone
from workledger.billing.milestones import milestones as listed
from workledger.billing.models import Charge
from workledger.contracts import actions as contracts
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractLine
from workledger.core.refusals import NotFound, Refused
from workledger.directory.models import Contact
from workledger.ledger.checks import run_checks
from workledger.testing.world import TODAY, World

PDF = b"%PDF-1.7\n" + bytes(64)


@pytest.fixture
def line_id(world: World) -> int:
    parts = [
        {"name": "Design", "amount": "3000", "criteria": "Signed off"}, {"name": "Go live", "amount": "5000"},
    ]  # fmt: skip
    line = LineInput(name="Outcomes", model=BillingModel.MILESTONE, terms={"milestones": parts})
    return contracts.add_line(actor=world.fay.actor, contract_id=world.acme_contract.pk, line=line)


def asked(world: World, line_id: int, key: str = "0") -> None:
    cleo = Contact.objects.get(client=world.acme).pk
    milestones.request_acceptance(
        actor=world.pia.actor,
        line_id=line_id,
        key=key,
        on=TODAY,
        contact_id=cleo,
        note="See the staging site",
    )


def refused_code(call: Any, **arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(**arguments)
    return refused.value.codes[0]


def story(world: World, line_id: int) -> list[tuple[str, str]]:
    return [(each.kind.value, each.who) for each in milestone(world.pia.actor, line_id, "0").events]


def books_agree() -> bool:
    return all(result.ok for result in run_checks())


def test_the_contact_who_was_asked_accepts_and_that_charges_it_once(world: World, line_id: int) -> None:
    answer: dict[str, Any] = {"actor": world.cleo.actor, "line_id": line_id, "key": "0", "on": TODAY}
    assert refused_code(milestones.accept_as_client, **answer) == "not_requested"
    assert listed(world.cleo.actor) == []
    asked(world, line_id)
    [row] = listed(world.cleo.actor)
    assert (row.name, row.state, row.is_asked) == ("Design", "requested", True)
    milestones.accept_as_client(**answer, note="Fine")
    charge = Charge.objects.get()
    assert (int(charge.amount), charge.evidence) == (3000, "Accepted by Cleo Contact. Fine")
    assert refused_code(milestones.accept_as_client, **answer) == "already_accepted"
    assert story(world, line_id) == [("accepted", "Cleo Contact"), ("requested", "Cleo Contact")]
    assert books_agree()


def test_only_who_was_asked_answers_and_only_for_the_own_client(world: World, line_id: int) -> None:
    milestones.request_acceptance(
        actor=world.pia.actor, line_id=line_id, key="0", on=TODAY, acceptor="The works council"
    )
    answer: dict[str, Any] = {"line_id": line_id, "key": "0", "on": TODAY}
    assert refused_code(milestones.accept_as_client, actor=world.cleo.actor, **answer) == "not_the_acceptor"
    other = replace(world.cleo.actor, client_ids=frozenset({world.borealis.pk}))
    with pytest.raises(NotFound):
        milestones.accept_as_client(actor=other, **answer)
    assert refused_code(milestones.accept_as_client, actor=world.olivia.actor, **answer) == "not_found"


def test_a_dispute_blocks_until_acceptance_is_asked_for_again(world: World, line_id: int) -> None:
    asked(world, line_id)
    answer: dict[str, Any] = {"line_id": line_id, "key": "0", "on": TODAY}
    milestones.dispute_as_client(actor=world.cleo.actor, **answer, reason="The export is missing")
    accept = {**answer, "actor": world.pia.actor, "accepted_by": "Cleo"}
    with pytest.raises(Refused, match="Cleo Contact disputed Design on 2026-03-16"):
        milestones.accept_milestone(**accept)
    asked(world, line_id)
    with MILESTONE_FILES.kept(io.BytesIO(PDF)) as kept:
        milestones.accept_milestone(**accept, kept=kept, file_name="protocol.pdf")
    assert [file.file_name for file in milestone(world.cleo.actor, line_id, "0").files] == ["protocol.pdf"]
    assert refused_code(milestones.dispute_milestone, **answer, actor=world.pia.actor, reason="No", disputed_by="C") == (
        "already_accepted"
    )  # fmt: skip


def test_reopening_takes_the_charge_back_and_a_billed_one_is_credited_first(
    world: World, line_id: int
) -> None:
    at: dict[str, Any] = {"actor": world.pia.actor, "line_id": line_id, "key": "0", "on": TODAY}
    assert refused_code(milestones.reopen_milestone, **at, reason="Early") == "not_accepted"
    milestones.accept_milestone(**at, accepted_by="Cleo")
    milestones.reopen_milestone(**at, reason="A defect showed up")
    assert not Charge.objects.exists()
    assert story(world, line_id)[0] == ("reopened", "Pia Lead")
    milestones.accept_milestone(**at, accepted_by="Cleo")
    run = prebills.run_billing(
        actor=world.system, through=date(2026, 3, 31), contract_ids=[world.acme_contract.pk], issue=True,
        issued_on=date(2026, 3, 31),
    )  # fmt: skip
    with pytest.raises(Refused, match="Credit it first"):
        milestones.reopen_milestone(**at, reason="Too early")
    invoices.credit_invoice(
        actor=world.fay.actor, invoice_id=run.invoices[0].id, on=date(2026, 3, 31), reason="Reopened"
    )
    milestones.reopen_milestone(**at, reason="Too early")
    assert not Charge.objects.exists()
    assert books_agree()


def test_what_is_charged_stays_in_the_terms_and_keys_outlive_a_new_order(world: World, line_id: int) -> None:
    at: dict[str, Any] = {"actor": world.pia.actor, "line_id": line_id, "key": "0", "on": TODAY}
    milestones.accept_milestone(**at, accepted_by="Cleo")
    parts = [
        {"name": "Pilot", "amount": "1000"},
        {"name": "Go live", "amount": "6000"},
        {"name": "Design", "amount": "3000"},
    ]

    def change(kept: list[dict[str, str]]) -> None:
        line = LineInput(name="Outcomes", model=BillingModel.MILESTONE, terms={"milestones": kept})
        contracts.change_line(actor=world.fay.actor, line_id=line_id, line=line)

    with pytest.raises(
        Refused, match=r"Design is charged already with 3,000\.00 EUR; by these terms it would be gone"
    ):
        change(parts[:2])
    with pytest.raises(Refused, match=r"would be 2,000\.00 EUR"):
        change([{"name": "Design", "amount": "2000"}])
    change(parts)
    stored = ContractLine.objects.get(pk=line_id).terms["milestones"]
    assert [(part["name"], part["key"]) for part in stored] == [
        ("Pilot", "2"),
        ("Go live", "1"),
        ("Design", "0"),
    ]
    assert milestone(world.pia.actor, line_id, "0").row.state == "accepted"


def test_an_ended_line_takes_no_acceptance(world: World, line_id: int) -> None:
    ContractLine.objects.filter(pk=line_id).update(end=TODAY)
    at: dict[str, Any] = {"actor": world.pia.actor, "line_id": line_id, "key": "0", "on": TODAY}
    assert refused_code(milestones.accept_milestone, **at, accepted_by="Cleo") == "line_ended"
