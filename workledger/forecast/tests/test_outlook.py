"""The forecast of the named firm: every way of being dated, exact; versions that stay as they were."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workledger.contracts.actions.agreements import close_contract
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import ExchangeRate
from workledger.forecast import plans
from workledger.forecast.actions import freeze
from workledger.forecast.calc.schedule import ForecastKind, ForecastSource, Planned
from workledger.forecast.models import ForecastRow, ForecastVersion
from workledger.forecast.outlook import Forecast, Item, forecast
from workledger.ledger.actions import set_period_state
from workledger.ledger.models import PeriodState
from workledger.testing.revenue import fixed_contract, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import World

MARCH_END = date(2026, 3, 31)


def ahead(world: World, as_of: date = MARCH_END) -> Forecast:
    return forecast(world.entity, as_of, world.fay.actor)


def item_of(found: Forecast, line: ContractLine) -> Item:
    items = [each for each in found.items if each.contract_id == line.contract_id and each.name == line.name]
    assert len(items) == 1
    return items[0]


def by_month(item: Item) -> list[tuple[str, str, str]]:
    return [
        (f"{each.month:%Y-%m}" if each.month else "?", each.kind.value, f"{each.amount:.2f}")
        for each in item.amounts
    ]


def sources(item: Item) -> set[ForecastSource]:
    return {each.source for each in item.amounts}


def test_a_straight_line_says_its_months_itself(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)  # 100 a day, 181 days
    run(world, 3)
    item = item_of(ahead(world), line)
    assert by_month(item) == [
        ("2026-02", "recognized", "2800.00"),
        ("2026-03", "recognized", "3100.00"),
        ("2026-04", "contracted", "3000.00"),
        ("2026-05", "contracted", "3100.00"),
        ("2026-06", "contracted", "3000.00"),
        ("2026-07", "contracted", "3100.00"),
    ]
    assert item.total(*ForecastKind) == item.price == 18_100


def test_what_is_earned_and_not_posted_comes_next(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    item = item_of(ahead(world), line)
    assert by_month(item)[0] == ("2026-04", "contracted", "5900.00")
    assert item.total(*ForecastKind) == 18_100
    assert ForecastSource.UNPOSTED in sources(item)


def test_hours_are_spread_to_the_end(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, price=60_000, budget_seconds=80 * 3600)
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "10")
    run(world, 2)
    item = item_of(ahead(world), line)
    assert by_month(item) == [
        ("2026-02", "recognized", "7500.00"),  # 60,000 × 10 / 80
        ("2026-04", "contracted", "12909.84"),  # 52,500 × 30 / 122
        ("2026-05", "contracted", "13340.16"),  # × 31 / 122
        ("2026-06", "contracted", "12909.84"),
        ("2026-07", "contracted", "13340.16"),
    ]
    assert item.total(*ForecastKind) == 60_000


@pytest.fixture
def planned_april(world: World) -> Iterator[list[int]]:
    asked: list[int] = []

    def plan(line_ids: Any, start: date, end: date) -> dict[int, list[Planned]]:
        assert (start, end) == (date(2026, 4, 1), date(2027, 4, 1))
        return {
            line_id: [Planned(date(2026, 4, 1), 30 * 3600), Planned(date(2026, 6, 1), 10 * 3600)]
            for line_id in asked
            if line_id in line_ids
        }

    plans.register_plan(plan)
    yield asked
    plans.forget_plan(plan)


def test_planned_work_says_when(world: World, planned_april: list[int]) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, price=60_000, budget_seconds=80 * 3600)
    planned_april += [line.pk, world.delivery.pk]
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")
    found = ahead(world)
    assert by_month(item_of(found, line)) == [
        ("2026-04", "contracted", "45000.00"), ("2026-06", "contracted", "15000.00")
    ]  # fmt: skip
    # eight hours of March were worth 960.00, so thirty are worth 3,600.00
    assert by_month(item_of(found, world.delivery))[-2:] == [
        ("2026-04", "expected", "3600.00"), ("2026-06", "expected", "1200.00")
    ]  # fmt: skip


def test_time_runs_on_at_its_recent_burn(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 2, 10), "8")
    approved(world.carl, world, world.build, date(2026, 3, 10), "4")
    item = item_of(ahead(world), world.delivery)
    to_come = [each for each in item.amounts if each.kind is ForecastKind.EXPECTED]
    assert [each.amount for each in to_come] == [720] * 12  # (960 + 480) / 2 months
    assert "720.00 EUR a month, the mean of the last 2 months through Mar 2026" in to_come[0].said


def test_a_budget_ends_the_burn(world: World) -> None:
    ContractLine.objects.filter(pk=world.delivery.pk).update(budget_amount=Decimal(2_000))
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")
    item = item_of(ahead(world), world.delivery)
    assert by_month(item)[1:] == [("2026-04", "contracted", "960.00"), ("2026-05", "contracted", "80.00")]
    assert item.amounts[-1].said.endswith("until the budget is used.")


def test_a_budget_of_hours_and_the_contracts_cap_end_it_too(world: World) -> None:
    ContractLine.objects.filter(pk=world.delivery.pk).update(budget_seconds=20 * 3600)
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")
    assert by_month(item_of(ahead(world), world.delivery))[1:] == [
        ("2026-04", "contracted", "960.00"), ("2026-05", "contracted", "480.00")
    ]  # fmt: skip
    world.acme_contract.cap = {"amount": "2000"}
    world.acme_contract.save(update_fields=["cap"])
    item = item_of(ahead(world), world.delivery)
    assert by_month(item)[-1] == ("2026-05", "contracted", "80.00")
    assert item.amounts[-1].said.endswith("until the contract's cap is used.")


def test_fees_follow_their_schedule_and_renewals_stand_apart(world: World) -> None:
    line = fixed_contract(
        world, RevenueMethod.AS_INVOICED, name="Hosting", price=0, model=BillingModel.RECURRING,
        terms={"fee": "500", "renews": True},
    )  # fmt: skip
    item = item_of(ahead(world), line)
    contracted = [each.amount for each in item.amounts if each.kind is ForecastKind.CONTRACTED]
    assert contracted == [500] * 6  # February and March were due and not charged
    renewals = [each for each in item.amounts if each.kind is ForecastKind.RENEWAL]
    assert [f"{renewals[0].month:%Y-%m}", f"{renewals[-1].month:%Y-%m}"] == ["2026-08", "2027-03"]
    assert item.price == 3_000
    assert "renews itself after 31 Jul 2026" in renewals[0].said


def test_milestones_fall_on_their_due_dates(world: World) -> None:
    parts = [
        {"name": "Draft", "amount": "10000", "due": "2026-02-20"},
        {"name": "Pilot", "amount": "20000", "due": "2026-05-15"},
        {"name": "Handover", "amount": "30000"},
    ]
    line = fixed_contract(
        world, RevenueMethod.OUTPUT_MILESTONES, model=BillingModel.MILESTONE, terms={"milestones": parts}
    )
    item = item_of(ahead(world), line)
    assert by_month(item) == [
        ("2026-04", "contracted", "10000.00"), ("2026-05", "contracted", "20000.00"), ("2026-07", "contracted", "30000.00")
    ]  # fmt: skip
    assert [each.said for each in item.amounts] == [
        "Draft was due on 20 Feb 2026 and is expected at once.",
        "Pilot, due on 15 May 2026.",
        "Handover has no due date: expected by the end, 31 Jul 2026.",
    ]


def test_what_cannot_be_measured_is_not_known_when(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_COST, price=9_000)
    item = item_of(ahead(world), line)
    assert by_month(item) == [("?", "contracted", "9000.00")]
    assert item.amounts[0].said == "Estimate what it costs in all."


def test_a_contract_that_ended_has_nothing_to_come(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    run(world, 3)
    close_contract(actor=world.fay.actor, contract_id=line.contract_id, last_day=MARCH_END)
    item = item_of(ahead(world), line)
    assert {each.kind for each in item.amounts} == {ForecastKind.RECOGNIZED}
    assert "not expected" in item.note


def test_amounts_to_come_take_the_rate_of_the_day(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, currency="USD")
    ExchangeRate.objects.create(base="USD", quote="EUR", day=date(2026, 1, 1), rate=Decimal("0.9"))
    run(world, 3)
    ExchangeRate.objects.create(base="USD", quote="EUR", day=MARCH_END, rate=Decimal("0.8"))
    item = item_of(ahead(world), line)
    assert item.total(ForecastKind.CONTRACTED) == 12_200
    assert item.functional(ForecastKind.CONTRACTED) == Decimal("9760.00")  # 12,200 × 0.8


def test_without_a_rate_it_says_so(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, currency="CHF")
    item = item_of(ahead(world), line)
    assert item.functional(ForecastKind.CONTRACTED) == 0
    assert "no exchange rate from CHF" in item.note


def test_a_contract_counts_from_its_first_day_or_its_activation(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    assert not [
        each for each in ahead(world, date(2026, 1, 31)).items if each.contract_id == line.contract_id
    ]


def test_a_frozen_version_does_not_move(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    version_id = freeze(
        actor=world.fay.actor, entity_id=world.entity_id, as_of=MARCH_END, name="Plan", reason=""
    )
    before = list(ForecastRow.objects.order_by("pk").values())
    close_contract(actor=world.fay.actor, contract_id=line.contract_id, last_day=MARCH_END)
    assert list(ForecastRow.objects.order_by("pk").values()) == before
    assert ForecastVersion.objects.get(name="Plan").pk == version_id
    with pytest.raises(Refused, match="already a version Plan"):
        freeze(actor=world.fay.actor, entity_id=world.entity_id, as_of=MARCH_END, name=" Plan ", reason="")
    with pytest.raises(Forbidden):
        freeze(actor=world.pia.actor, entity_id=world.entity_id, as_of=MARCH_END, name="Mine", reason="")


def test_the_same_call_freezes_once(world: World) -> None:
    once = freeze.using(Options(idempotency_key="k1"))
    asked: dict[str, Any] = {
        "actor": world.fay.actor,
        "entity_id": world.entity_id,
        "as_of": MARCH_END,
        "name": "B",
    }
    assert once(**asked) == once(**asked)
    assert ForecastVersion.objects.filter(name="B").count() == 1


def test_locking_a_period_freezes_a_version(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    period = world.period(2)
    set_period_state(actor=world.fay.actor, period_id=period.pk, state=PeriodState.LOCKED, reason="Closed")
    version = ForecastVersion.objects.get(period=period)
    assert (version.as_of, version.period_id, version.frozen_by_id) == (
        date(2026, 2, 28),
        period.pk,
        world.fay.user_id,
    )
    assert version.name == f"Close of {period.name}"
    rows = ForecastRow.objects.filter(item__version=version)
    assert sum(row.amount for row in rows) == 18_100
