"""Simulating what a contract says over time that was or may be: who is meant, at which rate, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest

from workledger.billing.calc.simulation import ActKind
from workledger.billing.models import Charge, Invoice
from workledger.billing.simulated import SimulationFound
from workledger.billing.simulating import (
    ActGiven,
    FileText,
    LineGiven,
    PastGiven,
    RateGiven,
    SimulationInput,
    VariantGiven,
    WeekGiven,
    simulations,
)
from workledger.contracts.models import Rate
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.testing.time import approved
from workledger.testing.world import World

MARCH = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _nothing_is_written(world: World) -> Iterator[None]:
    """Whatever is simulated, no row is made."""
    yield
    assert not Invoice.objects.exists()
    assert not Charge.objects.exists()


def run(world: World, **asked: Any) -> list[SimulationFound]:
    known: dict[str, Any] = {"contract_id": world.acme_contract.pk, "start": MARCH, "periods": 2}
    return simulations(world.fay.actor, SimulationInput(**(known | asked)))


def invoiced(found: list[SimulationFound]) -> list[list[D]]:
    return [[period.invoiced for period in each.periods] for each in found]


def refused(world: World, **asked: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as error:
        run(world, **asked)
    return [(problem.code, problem.field) for problem in error.value.problems]


def week(hours: str = "10", **fields: Any) -> WeekGiven:
    return WeekGiven(hours_per_week=D(hours), **({"role": "Consultant", "line": "Delivery"} | fields))


def test_assumed_weeks_take_the_contracts_rates_and_tax(world: World) -> None:
    (found,) = run(world, weeks=[week()])
    # 22 weekdays in March and in April × 2 h × 120, as the contract's card says; 19 % on it
    assert invoiced([found]) == [[D(5280), D(5280)]]
    assert found.gross == D("12566.40")
    invoice = found.periods[0].invoice
    assert invoice is not None
    assert [(line.line, line.quantity, line.rate) for line in invoice.lines] == [("Delivery", D(44), D(120))]


def test_the_real_time_of_a_past_period_moves_onto_the_plan(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    approved(world.pia, world, world.workshops, date(2026, 3, 10), "1.5")
    approved(world.carl, world, world.travel, date(2026, 3, 10), "4")
    past = PastGiven(start=MARCH, end=date(2026, 4, 1))
    (found,) = run(world, past=past, start=date(2026, 7, 1))
    # Carl 8 h × 120, Pia 1.5 h × 160; the travel is not billable: 4 h × 120 of value that nobody pays
    assert invoiced([found]) == [[D(1200), D(0)]]
    assert (found.non_billable, found.hours) == (D(480), D("13.5"))


def test_a_file_names_people_lines_and_rates(world: World) -> None:
    text = (
        "date,person,role,hours,line,rate\n"
        "2026-03-02,Carl Consultant,,2,Delivery,\n2026-03-02,pia@fjord.example,,1,delivery,\n"
        "2026-04-02,,lead,1,Delivery,99\n"
    )
    assert invoiced(run(world, file=FileText(text))) == [[D(400), D(99)]]


def test_variants_are_compared_on_the_same_time(world: World) -> None:
    lines = [
        LineGiven(name="Delivery", model="blended", terms={"rate_per_hour": "100"}, line_id=world.delivery.pk)
    ]
    capped = [
        replace(lines[0], model="time_and_materials", terms={"cap": {"amount": "5000", "action": "hard"}})
    ]
    found = run(
        world,
        weeks=[week()],
        variants=[
            VariantGiven(name="As agreed"),
            VariantGiven(name="One rate", lines=lines),
            VariantGiven(
                name="Capped", lines=capped, rates=[RateGiven(role="consultant", rate_per_hour=D(130))]
            ),
        ],
    )
    # 44 h a month: at 120; at 100; at 130 up to 5,000
    assert invoiced(found) == [[D(5280)] * 2, [D(4400)] * 2, [D(5000), D(0)]]
    assert [each.over_cap for each in found] == [0, 0, D(6440)]


def test_terms_that_nobody_saved_need_no_contract(world: World) -> None:
    retainer = LineGiven(name="Care", model="retainer", terms={"fee": "1000", "included_hours": "10"})
    milestone = LineGiven(
        name="Live", model="milestone", terms={"milestones": [{"name": "Live", "amount": "7"}]}
    )
    (found,) = run(
        world, contract_id=None, currency="CHF", tax_percent=D("8.1"), weeks=[week("5", role="Wizard", line="Care")],
        variants=[VariantGiven(lines=[retainer, milestone], rates=[RateGiven(rate_per_hour=D(200))])],
        acts=[ActGiven(line="live", on=MARCH, kind=ActKind.MILESTONE)],
    )  # fmt: skip
    # 22 h each month, 12 of them over
    assert invoiced([found]) == [[D(3407), D(3400)]]
    assert found.currency == "CHF"


def test_without_time_only_fees_are_billed(world: World) -> None:
    fee = [LineGiven(name="Hosting", model="recurring", terms={"fee": "50"})]
    assert invoiced(run(world, variants=[VariantGiven(lines=fee)])) == [[D(50), D(50)]]


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        ({"periods": 61}, [("periods_not_possible", "periods")]),
        ({"variants": [VariantGiven()] * 4}, [("too_many_variants", "variants")]),
        ({"contract_id": None, "currency": "euro", "start": None}, [("currency_missing", "currency"), ("start_missing", "start")]),
        ({"contract_id": None, "currency": "EUR"}, [("lines_missing", "variants.0.lines")]),
        ({"weeks": [week(role="")]}, [("time_invalid", "weeks.0.role")]),
        ({"weeks": [week("200")]}, [("time_invalid", "weeks.0.hours_per_week")]),
        ({"weeks": [week(), week(role="Wizard")]}, [("time_invalid", "weeks.1.role")]),
        ({"weeks": [week(person="Nobody")]}, [("time_invalid", "weeks.0.person")]),
        ({"weeks": [week(line="Nowhere")]}, [("time_invalid", "weeks.0.line")]),
        ({"weeks": [week()], "file": "x"}, [("time_twice", "weeks")]),
        ({"file": "date,role,hours\nsoon,Lead,1\n"}, [("time_invalid", "file")]),
        ({"past": PastGiven(start=MARCH, end=MARCH)}, [("bad_period", "past.end")]),
        ({"variants": [VariantGiven(lines=[LineGiven(name="A", model="retainer", terms={"fee": "-1"})])]},
         [("terms_invalid", "variants.0.lines.0.terms.fee")]),
        ({"variants": [VariantGiven(lines=[LineGiven(name="A", model="magic")])]},
         [("terms_invalid", "variants.0.lines.0.model")]),
        ({"acts": [ActGiven(line="Nowhere", on=MARCH, kind=ActKind.BLOCK)]}, [("act_not_possible", "acts.0.line")]),
    ],
)  # fmt: skip
def test_refusals_name_their_field(
    world: World, asked: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert refused(world, **asked) == problems


def test_time_without_a_rate_is_refused(world: World) -> None:
    Rate.objects.all().delete()
    assert refused(world, weeks=[week()]) == [("rate_missing", "weeks.0.role")]
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    past = PastGiven(start=MARCH, end=date(2026, 4, 1))
    assert refused(world, past=past) == [("rate_missing", "past")]


def test_who_may_not_see_billing_or_the_contract_simulates_nothing(world: World) -> None:
    with pytest.raises(Forbidden):
        simulations(world.carl.actor, SimulationInput(contract_id=world.acme_contract.pk))
    with pytest.raises(NotFound):
        simulations(world.fay.actor, SimulationInput(contract_id=10**9))


def test_the_contracts_cap_counts_unless_a_variant_says_another(world: World) -> None:
    world.acme_contract.cap = {"amount": "6000", "action": "hard"}
    world.acme_contract.save()
    variants = [VariantGiven(), VariantGiven(cap={"amount": "1000", "action": "hard"}), VariantGiven(cap={})]
    assert invoiced(run(world, weeks=[week()], variants=variants)) == [
        [D(5280), D(720)], [D(1000), D(0)], [D(5280), D(5280)],
    ]  # fmt: skip
    assert refused(world, weeks=[week()], variants=[VariantGiven(cap={"action": "hard"})]) == [
        ("terms_invalid", "variants.0.cap.amount")
    ]
