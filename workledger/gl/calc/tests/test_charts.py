"""Charts of other programs, as they export them and as people paste them."""

import pytest

from workledger.gl.calc.charts import ChartRow, code_problem, kind_of, read_chart


def test_a_chart_of_xero() -> None:
    text = "\ufeff*Code,Report Code,*Name,*Type,*Tax Code\r\n200,REV,Sales,Revenue,20%\r\n610,AST,Accounts Receivable,Accounts Receivable,\r\n"
    assert read_chart(text).rows == (
        ChartRow("200", "Sales", "income"),
        ChartRow("610", "Accounts Receivable", "asset"),
    )


def test_a_chart_of_quickbooks_goes_by_names() -> None:
    text = "Account\tType\tDescription\nIncome:Consulting\tIncome\tFees\nAccrued\tOther Current Liability\t\n"
    assert read_chart(text).rows == (
        ChartRow("Income:Consulting", "", "income"),
        ChartRow("Accrued", "", "liability"),
    )


def test_pasted_lines_are_code_and_name() -> None:
    found = read_chart("8400;Erlöse 19 % USt\n\n1400; Forderungen \n")
    assert found.rows == (ChartRow("8400", "Erlöse 19 % USt"), ChartRow("1400", "Forderungen"))
    assert not found.problems


def test_each_line_that_is_no_account_is_named() -> None:
    found = read_chart("1,One\n1,Again\n=x,Formula\n")
    assert [row.code for row in found.rows] == ["1"]
    assert found.problems[0] == "Line 2: 1 stands there twice."
    assert found.problems[1].startswith("Line 3: A code does not begin")
    assert read_chart(" \n").problems == ("There is no account in this.",)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Other Current Liability", "liability"), ("AR", "asset"), ("Direct Costs", "expense"), ("Bank", "asset"),
        ("Cost of Sales", "expense"), ("OCLIAB", "liability"), ("EXINC", "income"), ("", ""), ("Thing", ""),
    ],
)  # fmt: skip
def test_kinds_of_other_programs(words: str, kind: str) -> None:
    assert kind_of(words) == kind


@pytest.mark.parametrize(
    ("code", "is_good"), [("4000", True), ("a\tb", False), ("-1", False), ("x" * 121, False)]
)
def test_codes(code: str, *, is_good: bool) -> None:
    assert (code_problem(code) == "") is is_good
