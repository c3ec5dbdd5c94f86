"""Terms: what is left out takes a default, what does not fit is named, what is kept reads back the same."""

from typing import Any

import pytest

from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel
from workledger.kernel.rounding import TimeRounding

SAMPLES: dict[str, dict[str, Any]] = {
    "time_and_materials": {"rounding": {"scope": "task_day", "method": "up", "step_minutes": 15}},
    "fixed_fee": {"price": "9000", "instalments": [{"name": "Start", "percent": "40"}, {"name": "End", "amount": "5400"}]},
    "milestone": {"milestones": [{"name": "Go live", "amount": "12000", "criteria": "Signed off"}]},
    "retainer": {"fee": "4000", "included_hours": "30", "overage_rate": "140", "unused": "roll_over", "roll_over_periods": 2},
    "recurring": {"fee": "500", "escalation_percent": "3"},
    "prepaid": {"block_hours": "100", "price": "11000", "expires_after_months": 12},
    "progress": {"value": "80000", "measure": "milestones", "retainage_percent": "10"},
    "unit": {"unit": "test case", "tiers": [{"from_quantity": "0", "price": "5"}, {"from_quantity": "100", "price": "4"}]},
    "blended": {"rate_per_hour": "130"},
    "day_rate": {"rate_per_day": "1040"},
    "non_billable": {"requires_notes": True},
}  # fmt: skip


def test_every_billing_model_has_its_document() -> None:
    assert set(SAMPLES) == set(BillingModel.values)


@pytest.mark.parametrize("model", SAMPLES)
def test_what_is_kept_reads_back_the_same(model: str) -> None:
    read = terms.parse(model, SAMPLES[model])
    kept = terms.stored(read)
    assert (kept["model"], kept["version"]) == (model, 1)
    assert terms.parse(model, kept) == read


def test_an_empty_document_of_time_and_materials_rounds_nothing() -> None:
    rounding = terms.rounding_of(terms.parse("time_and_materials", {}))
    assert (rounding.scope, rounding.method) == (terms.RoundingScope.ENTRY, TimeRounding.NONE)
    assert terms.rounding_of(terms.parse("recurring", {"fee": "1"})) == terms.Rounding()


@pytest.mark.parametrize(
    ("model", "document", "field", "sentence"),
    [
        ("retainer", {}, "fee", "needed"),
        ("time_and_materials", {"rate": 1}, "rate", "no such term"),
        ("time_and_materials", {"rounding": {"step_minutes": 0}}, "rounding.step_minutes", "1 or more"),
        ("time_and_materials", {"rounding": {"scope": "moon"}}, "rounding.scope", "should be"),
        ("time_and_materials", {"cap": {}}, "cap.amount", "one of them"),
        ("time_and_materials", {"version": 2}, "version", "not known"),
        ("fixed_fee", {"price": "10", "instalments": [{"name": "a", "percent": "101"}]}, "instalments.0.percent", "100 or less"),
        ("fixed_fee", {"price": "10", "instalments": [{"name": "a", "amount": "11"}]}, "instalments", "more than the price"),
        ("unit", {"unit": "piece", "tiers": [{"from_quantity": "5", "price": "1"}]}, "tiers", "start at 0"),
        ("day_rate", {"rate_per_day": "1", "bands": [{"up_to_hours": "8", "days": "1"}, {"up_to_hours": "4", "days": "1"}]}, "bands", "rise"),
        ("prepaid", {"price": "1"}, "block_hours", "one of them"),
        ("retainer", {"fee": "1", "roll_over_periods": 2}, "unused", "rolls over"),
        ("retainer", {"fee": "1", "included_hours": "1", "included_amount": "1"}, "included_hours", "not both"),
        ("alchemy", {}, "", "no such billing model"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(model: str, document: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(terms.TermsInvalid) as invalid:
        terms.parse(model, document)
    assert [problem.field for problem in invalid.value.problems] == [field]
    assert sentence in invalid.value.problems[0].message
