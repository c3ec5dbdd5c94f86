"""Staging, committing and undoing imports."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import drop_lines, run_billing
from workledger.billing.models import BillableItem, Invoice, UnpricedItem
from workledger.connect import queries
from workledger.connect.actions import commit_import, discard_import, stage_import, undo_import
from workledger.connect.inputs import TimeFile
from workledger.connect.models import ImportBatch
from workledger.connect.tests.builders import TODAY, bring, broken, media, stage
from workledger.contracts.actions import approve_rate
from workledger.contracts.models import Contract, ContractLine, Rate
from workledger.core.models import ActionLog
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import Client, Person
from workledger.projects.models import Phase, Project, Task
from workledger.testing.time import book
from workledger.testing.world import World
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

__all__ = ["media"]
ROW = "2026-03-{day:02},Nora New,nora@new.example,Nordwind,Site,Design,{hours},yes,,{rate},EUR\n"


def row(day: int = 2, *, hours: str = "2", rate: str = "100") -> str:
    return ROW.format(day=day, hours=hours, rate=rate)


# ---------------------------------------------------------------------------------------------- mapping


def test_what_is_known_is_matched_and_nothing_created(world: World) -> None:
    done = bring(
        world.system,
        "2026-03-02,CARL CONSULTANT,,acme ag,atlas,build,2,yes,Work,,\n"
        "2026-03-03,Somebody,carl@fjord.example,Acme AG,Atlas,Build,1,yes,,,\n",
    )
    assert done.created == 2
    assert set(TimeEntry.objects.values_list("person_id", "task_id")) == {
        (world.carl.person_id, world.build.pk)
    }
    assert queries.import_page(world.system, done.batch_id).namings[0] == queries.Naming("people", 1, 0, ())
    assert ImportBatch.objects.get().created == {"entries": 2, "approved_lines": 0}


def test_what_is_new_is_created_with_a_contract_and_terms(world: World) -> None:
    bring(world.system, row(9) + row(2))
    contract = Contract.objects.get(name="Imported")
    assert (contract.client.name, contract.currency, contract.start) == ("Nordwind", "EUR", date(2026, 3, 2))
    assert ContractLine.objects.get(contract=contract).name == "Time and materials"
    task = Task.objects.get(project__name="Site")
    assert (task.name, task.project.contract) == ("Design", contract)
    terms = Person.objects.get(name="Nora New").terms.get()
    assert (terms.start, terms.cost_rate, terms.entity) == (date(2026, 3, 2), None, world.entity)


def test_a_missing_task_is_general_and_phases_are_kept(world: World) -> None:
    content = (
        b"date,person,client,project,phase,task,hours\n"
        b"2026-03-02,Nora,Nordwind,Site,Alpha,,1\n2026-03-02,Nora,Nordwind,Site,Beta,,1\n"
    )
    bring(world.system, content)
    assert sorted(Task.objects.filter(name="General").values_list("phase__name", flat=True)) == [
        "Alpha",
        "Beta",
    ]
    assert Phase.objects.count() == 2


def test_work_that_is_not_billable(world: World) -> None:
    bring(
        world.system,
        "2026-03-02,Nora,,Nordwind,Site,Design,2,yes,,100,EUR\n"
        "2026-03-02,Nora,,Nordwind,Site,Design,1,no,,,EUR\n"
        "2026-03-02,Nora,,Nordwind,Sales,Pitch,3,no,,,EUR\n",
        approved=True,
    )
    free = Task.objects.get(name="Pitch").contract_line
    assert free is not None
    assert (free.name, free.is_billable) == ("Not billable", False)
    items: Any = BillableItem.objects.values_list("worked_seconds", "billable_seconds", "amount").order_by(
        "worked_seconds"
    )
    assert list(items) == [(3600, 0, 0), (7200, 7200, 200), (10800, 0, 0)]
    assert TimeEntry.objects.get(worked_seconds=7200).billable_seconds is None  # as worked


def test_time_without_a_client_is_internal_and_said_so(world: World) -> None:
    done = bring(world.system, "2026-03-02,Nora,,,Thinking,,2,yes,,100,EUR\n")
    assert Project.objects.get(name="Thinking").client.is_internal
    assert any("goes to the internal client Without client" in note for note in done.notes)
    assert any("2.00 h are billable in the file and belong to no client" in note for note in done.notes)


def test_two_people_of_one_name_need_an_email(world: World) -> None:
    Person.objects.create(name="Carl Consultant")
    done = bring(world.system, "2026-03-02,Carl Consultant,,Acme AG,Atlas,Build,2,yes,,,\n" + row())
    assert [(each.line, each.reason) for each in done.refused] == [
        (2, "2 people are named Carl Consultant; add their email to the file")
    ]
    assert done.created == 1


def test_a_second_currency_of_one_project_is_refused(world: World) -> None:
    done = bring(world.system, row() + row(3) + row(4).replace("EUR", "USD") + row(5).replace("EUR", "XXZ"))
    assert [(each.line, each.reason) for each in done.refused] == [
        (4, "it is in USD and the project Site is billed in EUR"), (5, "there is no currency XXZ"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ rates


def test_two_rates_in_a_month_hold_from_their_days(world: World) -> None:
    bring(world.system, row(2) + row(10, rate="110") + row(4), approved=True)
    rates: Any = Rate.objects.filter(card__contract__name="Imported").order_by("valid_from")
    assert [(rate.valid_from.day, rate.valid_to and rate.valid_to.day, rate.rate_per_hour) for rate in rates] == [
        (2, 10, 100), (10, None, 110),
    ]  # fmt: skip
    assert sorted(BillableItem.objects.values_list("amount", flat=True)) == [200, 200, 220]
    assert broken() == []


def test_rates_that_differ_by_project_get_a_line_each(world: World) -> None:
    bring(world.system, row() + row(rate="120").replace("Site", "Shop"), approved=True)
    lines = ContractLine.objects.filter(contract__name="Imported").order_by("name")
    assert [line.name for line in lines] == ["Shop", "Site"]
    assert sorted(BillableItem.objects.values_list("amount", flat=True)) == [200, 240]


def test_rates_that_differ_by_task_are_told_apart_by_its_type(world: World) -> None:
    bring(world.system, row() + row(rate="120").replace("Design", "Advice"), approved=True)
    assert Task.objects.get(name="Advice", project__name="Site").task_type is not None
    assert sorted(BillableItem.objects.values_list("amount", flat=True)) == [200, 240]


def test_two_rates_of_one_task_and_day_are_refused(world: World) -> None:
    done = bring(world.system, row() + row(rate="120") + row(3, rate="120"), approved=True)
    assert [each.line for each in done.refused] == [3]
    assert "the rate 120 contradicts the rate 100 of line 2" in done.refused[0].reason
    assert sorted(BillableItem.objects.values_list("amount", flat=True)) == [200, 240]


def test_a_later_file_raises_the_rate(world: World) -> None:
    bring(world.system, row(2), approved=True)
    bring(world.system, row(9, rate="125"), approved=True)
    assert list(BillableItem.objects.order_by("service_date").values_list("amount", flat=True)) == [200, 250]
    assert Contract.objects.filter(name="Imported").count() == 1


def test_a_contract_that_no_import_made_keeps_its_prices(world: World) -> None:
    before = Rate.objects.count()
    done = bring(
        world.system, "2026-03-02,Carl Consultant,,Acme AG,Atlas,Build,2,yes,,90,EUR\n", approved=True
    )
    assert BillableItem.objects.get().rate == 120
    assert Rate.objects.count() == before
    assert any("Rates of the file that differ from what the contracts say: 1" in note for note in done.notes)


def test_a_default_rate_prices_what_states_none(world: World) -> None:
    done = bring(world.system, row(2, rate="") + row(3, rate="0"), approved=True, rate="120")
    assert done.values == {"EUR": Decimal("240.00")}  # 0 is free of charge in a plain file
    assert sorted(BillableItem.objects.values_list("amount", flat=True)) == [0, 240]


def test_a_person_proposes_rates_and_the_hours_wait_for_them(world: World) -> None:
    done = bring(world.fay.actor, row(), approved=True)
    assert UnpricedItem.objects.get().reason == "rate_missing"
    assert any("1 rates of the file are proposed" in note for note in done.notes)
    approve_rate(actor=world.olivia.actor, rate_id=Rate.objects.latest("pk").pk)
    assert BillableItem.objects.get().amount == 200
    assert broken() == []


# --------------------------------------------------------------------------------------- what is refused


def test_rows_that_cannot_be_read_are_listed_and_the_rest_booked(world: World) -> None:
    done = bring(
        world.system, row() + row().replace("2026-03-02", "2026-13-45") + row(4, hours="-2") + row(5)
    )
    assert [each.line for each in done.refused] == [3, 4]
    assert (done.rows, done.created, done.refused_count) == (4, 2, 2)


def test_a_file_that_cannot_be_read_changes_nothing(world: World, media: Path) -> None:
    with pytest.raises(Refused, match="no column") as refused:
        bring(world.system, b"a,b\n1,2\n")
    assert refused.value.codes == ("missing_columns",)
    assert not ImportBatch.objects.exists()
    assert not list(media.glob("imports/*"))


@pytest.mark.parametrize("state", [LineState.APPROVED, LineState.SUBMITTED])
def test_rows_on_a_decided_line_are_refused(world: World, state: LineState) -> None:
    book(world.carl, world.build, date(2026, 3, 3), "1")
    TimesheetLine.objects.update(state=state)
    done = bring(world.system, "2026-03-02,Carl Consultant,,Acme AG,Atlas,Build,2,yes,,,\n" + row())
    assert [each.line for each in done.refused] == [2]
    assert f"is {state} in the week of 2026-03-02" in done.refused[0].reason
    assert done.created == 1


def test_the_stranger_and_the_consultant_may_not_import(world: World) -> None:
    for somebody in (world.stan, world.carl, world.cleo):
        with pytest.raises(Forbidden):
            bring(somebody.actor, row())
    assert not TimeEntry.objects.exists()


def test_an_administrator_may_import_but_not_approve(world: World) -> None:
    actor = world.fay.actor.limited_to(
        [each for each in world.fay.actor.permissions if "time.approve" not in each], "web"
    )
    with pytest.raises(Forbidden) as refused:
        bring(actor, row(), approved=True)
    assert refused.value.codes == ("approval_forbidden",)
    assert not TimeEntry.objects.exists()


def test_own_time_waits_for_somebody_else(world: World) -> None:
    done = bring(
        world.fay.actor,
        "2026-03-02,Fay Finance,,Acme AG,Atlas,Build,2,yes,,,\n2026-03-02,Carl Consultant,,Acme AG,Atlas,Build,1,yes,,,\n",
        approved=True,
    )
    assert dict(TimesheetLine.objects.values_list("person_id", "state")) == {
        world.fay.person_id: "submitted", world.carl.person_id: "approved",
    }  # fmt: skip
    assert any("wait for somebody else" in note for note in done.notes)


def test_other_time_on_the_line_is_not_approved_with_it(world: World) -> None:
    book(world.carl, world.build, date(2026, 3, 3), "1")
    TimesheetLine.objects.update(state=LineState.OPEN)
    done = bring(world.system, "2026-03-02,Carl Consultant,,Acme AG,Atlas,Build,2,yes,,,\n", approved=True)
    assert TimesheetLine.objects.get().state == LineState.OPEN
    assert any("hold other time too and stay open" in note for note in done.notes)


def test_what_was_billed_elsewhere_is_not_billed_again(world: World) -> None:
    content = (
        b"date,person,client,project,task,hours,rate,invoiced\n2026-03-02,Nora,Nordwind,Site,Design,2,100,yes\n"
        b"2026-03-03,Nora,Nordwind,Site,Design,1,100,no\n"
    )
    done = bring(world.system, content, approved=True)
    assert any("2.00 h were billed in the other tool already" in note for note in done.notes)
    assert BillableItem.objects.get(treatment="charged").amount == 100
    assert broken() == []


# ---------------------------------------------------------------------------------- again, staged, undone


def test_a_file_that_overlaps_adds_what_is_new(world: World) -> None:
    bring(world.system, row(2) + row(3))
    done = bring(world.system, row(3) + row(4))
    assert (done.created, done.matched) == (1, 1)
    assert TimeEntry.objects.count() == 3


def test_again_after_a_client_was_renamed_creates_no_client(world: World) -> None:
    bring(world.system, row())
    Client.objects.filter(name="Nordwind").update(name="Nordwind GmbH")
    assert bring(world.system, row()).created == 0
    assert not Client.objects.filter(name="Nordwind").exists()


def test_staging_books_nothing_and_shows_what_a_commit_does(world: World) -> None:
    batch_id = stage(world.fay.actor, row() + row(3) + "x,Nora\n")
    assert not TimeEntry.objects.exists()
    assert not Client.objects.filter(name="Nordwind").exists()
    shown = queries.import_page(world.fay.actor, batch_id)
    assert (shown.row.rows, shown.entries, shown.bookable, shown.row.refused) == (3, 2, 2, 1)
    assert shown.values == (("EUR", Decimal("400.00")),)
    assert [(each.kind, each.new, each.names) for each in shown.namings] == [
        ("people", 1, ("Nora New",)), ("clients", 1, ("Nordwind",)), ("projects", 1, ("Site",)),
        ("tasks", 1, ("Design",)),
    ]  # fmt: skip
    done = commit_import(actor=world.fay.actor, batch_id=batch_id, on=TODAY)
    assert (done.created, done.batch_id) == (2, batch_id)
    with pytest.raises(Refused, match="committed already"):
        commit_import(actor=world.fay.actor, batch_id=batch_id, on=TODAY)
    assert ActionLog.objects.get(action="connect.commit_import").subject_id == batch_id


def test_a_staged_file_is_kept_until_it_is_discarded(
    world: World, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    batch_id = stage(world.system, row())
    assert len(list(media.glob("imports/*.csv"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        discard_import(actor=world.system, batch_id=batch_id)
    assert not ImportBatch.objects.exists()
    assert not list(media.glob("imports/*.csv"))


def test_only_a_kept_file_is_read(world: World) -> None:
    with pytest.raises(Refused) as refused:
        stage_import(actor=world.system, file=TimeFile("../../etc/passwd", "x", "csv"))
    assert refused.value.codes == ("file_gone",)


def test_undo_takes_back_everything(world: World) -> None:
    rates, people = Rate.objects.count(), Person.objects.count()
    done = bring(world.system, row() + row(9, rate="110"))
    undone = undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert undone.entries == 2
    assert not TimesheetLine.objects.exists()
    assert not Client.objects.filter(name="Nordwind").exists()
    assert not Contract.objects.filter(name="Imported").exists()
    assert not Project.objects.filter(name="Site").exists()
    assert (Rate.objects.count(), Person.objects.count()) == (rates, people)
    assert ImportBatch.objects.get().state == "undone"
    assert broken() == []
    assert bring(world.system, row()).created == 1  # and it can be brought again


def test_undo_of_approved_time_withdraws_the_approval(world: World) -> None:
    done = bring(world.system, row(), approved=True)
    undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert not TimeEntry.objects.exists()
    assert BillableItem.objects.get().is_void
    assert Client.objects.filter(name="Nordwind").exists()  # the books name it
    assert broken() == []


def test_undo_leaves_what_others_built_on_it(world: World) -> None:
    done = bring(world.system, row())
    book(world.carl, Task.objects.get(project__name="Site"), date(2026, 3, 4), "1")
    undone = undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert undone.removed == {}  # Nora has a price on the contract that stays
    assert Task.objects.filter(project__name="Site").exists()
    assert TimeEntry.objects.count() == 1


def test_undo_is_refused_while_it_is_on_a_bill(world: World) -> None:
    done = bring(world.system, row(), approved=True)
    run_billing(actor=world.system, through=TODAY)
    with pytest.raises(Refused, match="on pre-bill") as refused:
        undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert refused.value.codes == ("on_pre_bill",)
    drop_lines(actor=world.system, invoice_id=Invoice.objects.get().pk)
    run = run_billing(actor=world.system, through=TODAY, issue=True, issued_on=TODAY)
    with pytest.raises(Refused, match=f"on invoice {run.invoices[0].number}. Credit it first"):
        undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert TimeEntry.objects.count() == 1
    credit_invoice(actor=world.system, invoice_id=run.invoices[0].id, on=TODAY, reason="Undone")
    undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert not TimeEntry.objects.exists()
    assert broken() == []
