"""Change orders, reckoned: what lines come to, what changes come to, who must look at them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workledger.contracts.calc import orders, terms
from workledger.contracts.calc.agreement import AgreedLine, Agreement, differences
from workledger.contracts.calc.orders import Budget, Scope, scope_of
from workledger.kernel.period import Period

D = Decimal
HOUR = 3600
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def line(model: str, document: dict[str, Any] | None = None, **about: Any) -> AgreedLine:
    basis: dict[str, Any] = {"id": 1, "name": "Work", "model_label": model, "revenue_method": "as_invoiced"}
    return AgreedLine(**basis | about, model=model, terms=document or {})


def contract(*lines: AgreedLine, end: date | None = YEAR.end) -> Agreement:
    return Agreement(number="C-1", name="Rollout", currency="EUR", start=YEAR.start, end=end, lines=lines)


def priced(agreed: Agreement, *changes: dict[str, Any], on: date = date(2026, 7, 1)) -> orders.Pricing:
    budgets = [Budget("project", 7, "Atlas", 400 * HOUR, D(48_000)), Budget("task", 8, "Build", None, None)]
    return orders.price(agreed, orders.parse(list(changes)), on, budgets)


@pytest.mark.parametrize(
    ("of", "scope"),
    [
        (line("time_and_materials"), Scope(None, None)),
        (line("time_and_materials", budget_seconds=HOUR, budget_amount=D(100)), Scope(HOUR, D(100))),
        (line("time_and_materials", {"cap": {"amount": "900"}}, budget_amount=D(100)), Scope(None, D(900))),
        (line("day_rate", {"rate_per_day": "800", "cap": {"hours": "10"}}), Scope(10 * HOUR, None)),
        (line("blended", {"rate_per_hour": "130"}, budget_seconds=10 * HOUR), Scope(10 * HOUR, D(1300))),
        (line("fixed_fee", {"price": "9000"}), Scope(None, D(9000))),
        (line("milestone", {"milestones": [{"name": "a", "amount": "1"}, {"name": "b", "amount": "2"}]}), Scope(None, D(3))),
        (line("retainer", {"fee": "4000", "included_hours": "30"}), Scope(360 * HOUR, D(48_000))),
        (line("recurring", {"fee": "500", "period_months": 3}), Scope(None, D(2000))),
        (line("recurring", {"fee": "500"}, end=date(2026, 2, 16)), Scope(None, D(750))),
        (line("prepaid", {"price": "11000", "block_hours": "100"}), Scope(100 * HOUR, D(11_000))),
        (line("progress", {"value": "80000"}), Scope(None, D(80_000))),
    ],
)  # fmt: skip
def test_what_a_line_comes_to_over_a_year(of: AgreedLine, scope: Scope) -> None:
    assert scope_of(of, YEAR, "EUR") == scope


def test_a_dearer_retainer_costs_more_from_its_day_on() -> None:
    change = {"kind": "change_line", "line_id": 1, "terms": {"fee": "5000"}}
    found = priced(contract(line("retainer", {"fee": "4000"})), change)
    # 6 months × (5,000 − 4,000), of 12 × 4,000
    assert (found.amount, found.scope_amount, found.percent) == (D(6000), D(48_000), D("12.50"))


def test_ending_a_line_gives_up_what_is_to_come() -> None:
    document = {"milestones": [
        {"name": "Design", "amount": "3000", "due": "2026-03-01"}, {"name": "Go live", "amount": "5000"},
    ]}  # fmt: skip
    assert priced(contract(line("milestone", document)), {"kind": "end_line", "line_id": 1}).amount == D(
        -5000
    )
    assert priced(
        contract(line("recurring", {"fee": "500"})), {"kind": "end_line", "line_id": 1}
    ).amount == D(-3000)


def test_a_longer_contract_brings_more_fees() -> None:
    found = priced(
        contract(line("recurring", {"fee": "500"})), {"kind": "end_contract", "last_day": "2027-03-31"}
    )
    assert found.amount == D(1500)


def test_what_moves_up_and_down_cancels_in_the_sum_but_not_against_the_threshold() -> None:
    one, other = (
        line("time_and_materials", budget_seconds=100 * HOUR),
        line("time_and_materials", id=2, budget_seconds=0),
    )
    found = priced(
        contract(one, other),
        {"kind": "change_line", "line_id": 1, "budget_seconds": 60 * HOUR},
        {"kind": "change_line", "line_id": 2, "budget_seconds": 40 * HOUR},
    )
    assert (found.seconds, found.moved_seconds, found.percent) == (0, 80 * HOUR, D("80.00"))
    assert orders.needs_review(found, 40 * HOUR, None)


def test_budgets_of_lines_and_projects_are_counted_once() -> None:
    found = priced(
        contract(line("time_and_materials", budget_seconds=100 * HOUR)),
        {"kind": "change_line", "line_id": 1, "budget_seconds": 120 * HOUR},
        {"kind": "move_budget", "holder": "project", "holder_id": 7, "budget_seconds": 430 * HOUR},
    )
    assert found.seconds == 30 * HOUR


def test_what_no_threshold_measures_is_reviewed() -> None:
    agreed = contract(line("fixed_fee", {"price": "9000"}))
    dearer = priced(agreed, {"kind": "change_line", "line_id": 1, "terms": {"price": "9100"}})
    rate = priced(agreed, {"kind": "set_rate", "rate_per_hour": "130"})
    assert orders.needs_review(dearer, 100 * HOUR, None)
    assert not orders.needs_review(dearer, None, D(2))
    assert orders.needs_review(dearer, None, D(0))
    assert orders.needs_review(rate, 100 * HOUR, D(100))


def test_two_changes_about_the_same_are_refused() -> None:
    with pytest.raises(terms.TermsInvalid, match="Join them"):
        orders.parse([{"kind": "end_line", "line_id": 1}, {"kind": "change_line", "line_id": 1, "name": "X"}])


def test_the_hash_covers_what_was_found_before_too() -> None:
    changes = orders.parse([{"kind": "change_line", "line_id": 1, "budget_seconds": 120 * HOUR}])

    def digest(before: int) -> str:
        agreed = contract(line("time_and_materials", budget_seconds=before * HOUR))
        return orders.content_hash("More", "", YEAR.start, changes, orders.price(agreed, changes, YEAR.start))

    assert digest(100) == digest(100) != digest(90)


def test_a_changed_line_says_only_what_differs() -> None:
    agreed = line("time_and_materials", {"cap": {"amount": "900"}}, budget_seconds=HOUR)
    document = {"cap": {"amount": "900.00"}, "requires_notes": True, "discount": {}}
    assert orders.changed_line(agreed, name="Work ", document=document, budget_seconds=HOUR, budget_amount=None) == {
        "kind": "change_line", "line_id": 1, "terms": {"requires_notes": True},
    }  # fmt: skip


def test_parts_keep_their_keys_while_names_days_and_places_change() -> None:
    def parsed(*parts: dict[str, str]) -> terms.Terms:
        return terms.parse("milestone", {"milestones": [{"amount": "1", **part} for part in parts]})

    first = terms.keyed(parsed({"name": "Design"}, {"name": "Build"}))
    second = terms.keyed(parsed({"name": "Pilot"}, {"name": "Build"}, {"name": "Look", "key": "0"}), first)
    assert isinstance(second, terms.Milestones)
    assert [(part.name, part.key) for part in second.milestones] == [
        ("Pilot", "2"),
        ("Build", "1"),
        ("Look", "0"),
    ]
    with pytest.raises(terms.TermsInvalid, match="same key"):
        parsed({"name": "a", "key": "1"}, {"name": "b", "key": "1"})


def test_two_versions_differ_in_words() -> None:
    before = contract(line("milestone", {"milestones": [{"name": "Go live", "amount": "5000"}]}))
    after = contract(
        line("milestone", {"milestones": [{"name": "Go live", "amount": "6000", "due": "2026-06-30"}]}),
        end=None,
    )
    assert [tuple(each) for each in differences(before, after)] == [
        ("", "Last day", "31 Dec 2026", "Open end"),
        ("Work", "Milestone Go live", "5,000.00", "6,000.00, due 30 Jun 2026"),
    ]
