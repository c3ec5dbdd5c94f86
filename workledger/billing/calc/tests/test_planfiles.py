"""Terms in a file: what is read, and what is said of what is not understood."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.calc.planfiles import TermsFileInvalid, plan_of, read_terms
from workledger.billing.calc.simulation import simulate
from workledger.billing.calc.timerows import RowsInvalid, read_time

TERMS = """\
currency = "EUR"
start = 2026-01-01
end = 2026-03-31
tax_percent = 19

[rates]
Lead = 160
"*" = 100

[[lines]]
name = "Build"
rates = { Lead = 150.50 }

[[lines]]
name = "Rollout"
model = "milestone"
terms = { milestones = [ { name = "Live", amount = 900 }, { name = "Report", amount = 100, due = 2026-03-03 } ] }

[[acts]]
line = "rollout"
on = 2026-02-10
kind = "milestone"
place = 1
"""
TIME = "date,role,hours,line\n2026-01-07,lead,2,build\n2026-01-08,Junior,1,Build\n"


def test_terms_and_time_make_a_plan() -> None:
    plan = plan_of(read_terms(TERMS), read_time(TIME))
    assert (plan.start, plan.end, len(plan.ends)) == (date(2026, 1, 1), date(2026, 4, 1), 3)
    found = simulate(plan)
    # 2 h × 150.50 + 1 h × 100; the milestone that was accepted; nothing is assumed of a line with acts
    assert [(invoice.net, invoice.tax) for invoice in found.invoices] == [
        (Decimal(401), Decimal("76.19")),
        (Decimal(900), Decimal(171)),
    ]


def test_a_file_may_name_roles_in_weights() -> None:
    text = (
        TERMS + '[[lines]]\nname = "Block"\nmodel = "prepaid"\n[lines.terms]\nblock_hours = 10\nprice = 900\n'
    )
    text += 'weights = [ { role = "Lead", factor = 1.5 } ]\n'
    plan = plan_of(read_terms(text), read_time("date,role,hours,line\n2026-01-07,Lead,2,Block\n"))
    (statement,) = simulate(plan).periods[0].statements
    assert statement.balance == 7 * 3600


@pytest.mark.parametrize(
    ("changed", "into", "line", "field"),
    [
        ('currency = "EUR"', "currency = 5", 1, "currency"),
        ("start = 2026-01-01", 'start = "soon"', 2, "start"),
        ("end = 2026-03-31", "end = 2025-03-31", 3, "end"),
        ("Lead = 160", "Lead = -1", 7, "Lead"),
        ('model = "milestone"', 'model = "magic"', 16, "lines.2.model"),
        ("amount = 900", "amount = -900", 17, "lines.2.milestones.0.amount"),
        ('line = "rollout"', 'line = "roll"', 20, "acts.1.line"),
        ("place = 1", "place = 3", 23, "acts.1.place"),
        ('name = "Build"', 'name = "Build"\ncolour = "red"', 12, "lines.1.colour"),
        ("tax_percent = 19", "tax_percent = = 19", 4, ""),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(changed: str, into: str, line: int, field: str) -> None:
    with pytest.raises(TermsFileInvalid) as invalid:
        read_terms(TERMS.replace(changed, into))
    assert [(each.line, each.field) for each in invalid.value.problems] == [(line, field)]


def test_a_role_without_a_rate_is_named() -> None:
    with pytest.raises(RowsInvalid, match="Junior"):
        plan_of(read_terms(TERMS.replace('"*" = 100\n', "")), read_time(TIME))


def test_a_cap_over_all_lines_limits_the_plan() -> None:
    capped = TERMS.replace("[rates]", '[cap]\namount = 250\naction = "hard"\n\n[rates]', 1)
    found = read_terms(capped)
    plan = plan_of(found, read_time(TIME))
    # 2 h × 150.50 + 1 h × 100, of which the first 250 are charged; the accepted milestone is no time
    charged = sum(invoice.net for invoice in simulate(plan).invoices)
    assert charged == Decimal(250) + Decimal(900)
    with pytest.raises(TermsFileInvalid) as error:
        read_terms(TERMS.replace("[rates]", '[cap]\naction = "hard"\n\n[rates]', 1))
    assert [problem.field for problem in error.value.problems] == ["cap.amount"]
