"""What contract lines agree to, in words."""

from typing import Any

import pytest

from workledger.contracts.calc import terms
from workledger.contracts.calc.wording import sentence

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("time_and_materials", {}, "Every approved hour at its rate-card price."),
    (
        "time_and_materials",
        {"cap": {"amount": "9000", "action": "hard"}, "discount": {"percent": "5"}},
        "Every approved hour at its rate-card price; less 5 %; nothing is billed beyond 9,000.00.",
    ),
    (
        "retainer",
        {"fee": "5000", "included_hours": "20", "overage_rate": "200"},
        "Up to 20 h a month for 5,000.00, then 200.00 an hour; unused hours expire.",
    ),
    (
        "retainer",
        {"fee": "5000", "period_months": 3, "included_hours": "60", "unused": "roll_over", "roll_over_periods": 1},
        "Up to 60 h a quarter for 5,000.00, then at rate-card prices; unused hours roll over for one period.",
    ),
    ("retainer", {"fee": "5000"}, "5,000.00 a month for all time, in advance."),
    (
        "recurring",
        {"fee": "900", "timing": "arrears", "escalation_percent": "3"},
        "900.00 a month, in arrears; rises by 3 % on each anniversary.",
    ),
    (
        "fixed_fee",
        {"price": "9000", "instalments": [{"name": "Start", "percent": "40", "due": "2026-03-01"}, {"name": "End", "percent": "60"}]},
        "9,000.00 in all, in 2 instalments, 1 of them on demand.",
    ),
    ("milestone", {"milestones": [{"name": "Go live", "amount": "12000"}]}, "12,000.00 once 'Go live' is accepted."),
    (
        "prepaid",
        {"price": "11000", "block_hours": "100", "expires_after_months": 12},
        "Blocks of 100 h for 11,000.00, paid in advance; time beyond it is charged by the rate cards; a block expires after 12 months.",
    ),
    ("progress", {"value": "80000", "retainage_percent": "10"},
     "80,000.00 in all, billed as work progresses, measured by hours against the budget; 10 % is retained until released."),
    ("unit", {"unit": "test case", "tiers": [{"from_quantity": "0", "price": "5"}, {"from_quantity": "100", "price": "4"}]},
     "5.00 for each test case, 4.00 from 100 on, each part at its own price."),
    ("blended", {"rate_per_hour": "130"}, "Every approved hour at 130.00, whoever works it."),
    ("day_rate", {"rate_per_day": "1040"}, "Each day worked at 1,040.00 (up to 4 h count as half a day)."),
    ("non_billable", {}, "Nothing is billed; time still costs."),
]  # fmt: skip


@pytest.mark.parametrize(("model", "document", "said"), CASES)
def test_terms_read_as_a_sentence(model: str, document: dict[str, Any], said: str) -> None:
    assert sentence(terms.parse(model, document)) == said
