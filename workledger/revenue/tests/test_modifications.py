"""Changes of contracts that wait for finance: what they propose, what each answer makes of them, what is posted."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.contracts.actions.agreements import add_line, change_line
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.ledger.models import JournalEntry
from workledger.revenue.actions import decide_modification, dismiss_modification, set_obligations
from workledger.revenue.calc.modification import Kind, Rest
from workledger.revenue.calc.timeline import Method, Treatment
from workledger.revenue.inputs import ChangeInput, DecisionInput, Modified, ObligationInput
from workledger.revenue.models import (
    ContractModification,
    EntryKind,
    ModificationState,
    ObligationVersion,
    PerformanceObligation,
    RecognitionEntry,
)
from workledger.revenue.queries import modifications_waiting
from workledger.testing.revenue import fixed_contract, obligation_of, ordered, repriced, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import World
from workledger.timesheets.approval import withdraw_approval

APRIL = date(2026, 4, 1)
CATCH_UP = DecisionInput(adds_distinct=False, at_stand_alone_price=False, rest=Rest.NOT_DISTINCT)
PROSPECTIVE = DecisionInput(adds_distinct=True, at_stand_alone_price=False, rest=Rest.DISTINCT)
SEPARATE = DecisionInput(adds_distinct=True, at_stand_alone_price=True, rest=Rest.DISTINCT)


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def straight(world: World) -> ContractLine:
    """181 days from February to July at 100 a day."""
    return fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)


def decided(world: World, decision: DecisionInput) -> Modified:
    row = ContractModification.objects.get(state=ModificationState.WAITING)
    return decide_modification(actor=world.fay.actor, modification_id=row.pk, decision=decision)


def earned(kind: EntryKind = EntryKind.REVENUE) -> dict[int, D]:
    rows = RecognitionEntry.objects.filter(kind=kind)
    return {row.service_month.month: row.amount for row in rows}


def test_an_applied_order_waits_with_its_amounts(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 24_400))
    (row,) = modifications_waiting(world.fay.actor, world.entity_id)
    assert [row.order, row.from_day, row.contract_id] == ["CO-1", APRIL, line.contract_id]
    (change,) = row.changes
    assert [change.name, change.price_before, change.price_after] == ["Build", 18_100, 24_400]
    assert modifications_waiting(world.carl.actor, world.entity_id) == []


def test_a_catch_up_is_previewed_and_posted_as_one_entry_that_names_the_order(world: World) -> None:
    line = straight(world)
    run(world, 3)
    ordered(world, line.contract_id, repriced(line, 36_200))
    row = ContractModification.objects.get()
    preview = decide_modification.using(Options(dry_run=True))(
        actor=world.fay.actor, modification_id=row.pk, decision=CATCH_UP
    )
    assert ObligationVersion.objects.count() == 1
    assert [effect.at_once for effect in preview.effects] == [6_000]  # 60 days so far at 100 more
    assert decided(world, CATCH_UP).effects == preview.effects
    run(world, 4)
    assert earned(EntryKind.MODIFICATION) == {4: 6_000}
    assert earned()[4] == 5_900  # 30 days at 200, of which the catch-up holds 100 of the first
    said = JournalEntry.objects.get(description__startswith="CO-1 More of it").description
    assert said == "CO-1 More of it: caught up in April 2026"
    entry = RecognitionEntry.objects.get(kind=EntryKind.MODIFICATION)
    assert entry.steps[0] == ["Modification", "CO-1 More of it"]
    assert modifications_waiting(world.fay.actor) == []


def test_a_prospective_change_spreads_over_the_rest_and_catches_nothing_up(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 30_300))
    decided(world, PROSPECTIVE)
    run(world, 4)
    assert earned() == {2: 2_800, 3: 3_100, 4: 6_000}  # (30,300 - 5,900) / 122 days = 200 a day
    assert earned(EntryKind.MODIFICATION) == {}


def test_a_contract_of_its_own_stands_beside_the_old_one(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 30_300))
    decided(world, SEPARATE)
    prices = dict(ObligationVersion.objects.values_list("obligation__name", "price"))
    assert prices == {"Build": 18_100, "Build (CO-1)": 12_200}
    run(world, 4)
    names = RecognitionEntry.objects.filter(service_month=APRIL).values_list("obligation__name", "amount")
    assert dict(names) == {"Build": 3_000, "Build (CO-1)": 3_000}
    row = ContractModification.objects.get()
    assert [row.kind, row.state, row.decided_by_id] == [
        Kind.SEPARATE,
        ModificationState.RECORDED,
        world.fay.actor.user_id,
    ]


def test_finance_may_say_other_amounts_than_the_order(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 20_000))
    change = ChangeInput(obligation_id=obligation_of(line).pk, price=D(20_000), past=D(-500))
    decided(world, DecisionInput(
        adds_distinct=False, at_stand_alone_price=False, rest=Rest.DISTINCT, changes=(change,), reason="Defects",
    ))  # fmt: skip
    run(world, 4)
    assert earned(EntryKind.MODIFICATION) == {4: -500}
    last = ObligationVersion.objects.latest("pk")
    assert [last.reason, last.treatment] == ["CO-1 More of it: Defects", Treatment.PROSPECTIVE]


def test_a_later_end_is_a_change_of_the_rest(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, {"kind": "end_contract", "last_day": "2026-08-31"})
    (row,) = modifications_waiting(world.fay.actor)
    assert [row.changes[0].last_day_before, row.changes[0].last_day_after] == [
        date(2026, 7, 31),
        date(2026, 8, 31),
    ]
    decided(world, PROSPECTIVE)
    run(world, 4)
    assert earned()[4] == D("2392.16")  # (18,100 - 5,900) × 30 / 153


def test_an_added_line_begins_on_the_orders_day_and_needs_one_answer(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, {
        "kind": "add_line", "name": "Training", "model": "fixed_fee", "revenue_method": "straight_line",
        "terms": {"price": "12200", "instalments": [{"name": "All", "percent": "100"}]},
    })  # fmt: skip
    (row,) = modifications_waiting(world.fay.actor)
    assert [row.changes, row.added, row.amount] == [[], [("Training", D(12_200))], D(12_200)]
    added = ObligationVersion.objects.get(obligation__name="Training")
    assert [added.from_day, added.start] == [APRIL, APRIL]
    assert decided(world, SEPARATE).effects == []
    run(world, 4)
    assert earned()[4] == 3_000


def test_what_touches_no_recognized_price_waits_for_nobody(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.AS_INVOICED)
    ordered(world, line.contract_id, repriced(line, 70_000))
    other = straight(world)
    ordered(world, other.contract_id, {"kind": "change_line", "line_id": other.pk, "name": "Built"})
    assert not ContractModification.objects.exists()


def test_a_direct_change_waits_once_revenue_is_there(world: World) -> None:
    line = straight(world)

    def to(price: int) -> None:
        change_line(
            actor=world.fay.actor, line_id=line.pk,
            line=LineInput(
                name="Build", model=BillingModel.FIXED_FEE, terms=line.terms | {"price": str(price)},
                revenue_method=RevenueMethod.STRAIGHT_LINE,
            ),
        )  # fmt: skip

    to(20_000)
    assert not ContractModification.objects.exists()
    run(world, 2)
    to(36_200)
    row = ContractModification.objects.get()
    assert [row.order_id, row.from_day] == [None, None]
    with pytest.raises(Refused) as refused:
        decided(world, CATCH_UP)
    assert refused.value.codes == ("day_missing",)


def test_a_change_may_change_no_revenue(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 20_000))
    row = ContractModification.objects.get()
    dismiss_modification(actor=world.fay.actor, modification_id=row.pk, reason="Billed elsewhere")
    assert modifications_waiting(world.fay.actor) == []
    with pytest.raises(Refused) as refused:
        dismiss_modification(actor=world.fay.actor, modification_id=row.pk, reason="Again")
    assert refused.value.codes == ("already_decided",)


def test_obligations_set_anew_answer_what_waited(world: World) -> None:
    line = straight(world)
    ordered(world, line.contract_id, repriced(line, 20_000))
    set_obligations(
        actor=world.fay.actor, contract_id=line.contract_id,
        obligations=[ObligationInput(name="Build", line_ids=(line.pk,), method=Method.STRAIGHT_LINE)],
    )  # fmt: skip
    assert modifications_waiting(world.fay.actor) == []


def test_a_contract_of_its_own_refuses_less_money_and_hours_that_cannot_be_told_apart(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, price=18_100, budget_seconds=3600)
    ordered(world, line.contract_id, repriced(line, 10_000))
    with pytest.raises(Refused) as refused:
        decided(world, SEPARATE)
    assert set(refused.value.codes) == {"separate_takes_away", "split_by_input"}


def test_a_line_added_directly_later_waits_too(world: World) -> None:
    line = straight(world)
    run(world, 2)
    add_line(
        actor=world.fay.actor, contract_id=line.contract_id,
        line=LineInput(name="More", model=BillingModel.FIXED_FEE, terms=line.terms, revenue_method=RevenueMethod.POINT_IN_TIME),
    )  # fmt: skip
    (row,) = modifications_waiting(world.fay.actor)
    assert row.added == [("More", D(18_100))]
    assert PerformanceObligation.objects.count() == 2


def test_later_facts_that_leave_nothing_to_catch_up_take_the_catch_up_back(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, price=10_000, budget_seconds=100 * 3600)
    work = approved(world.carl, world, task_of(world, line), date(2026, 3, 2), "10")
    ordered(world, line.contract_id, repriced(line, 20_000))
    decided(world, CATCH_UP)
    run(world, 4)
    assert earned(EntryKind.MODIFICATION) == {4: 1_000}
    withdraw_approval(actor=world.fay.actor, line_id=work.line_id, reason="Wrong", on=date(2026, 4, 2))
    run(world, 4)
    assert sum(RecognitionEntry.objects.values_list("amount", flat=True)) == 0
