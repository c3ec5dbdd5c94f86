"""Which tax a line has, on which day."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.calc.drafting import tax_groups
from workledger.billing.calc.taxes import (
    ClientTax,
    Code,
    DatedRate,
    EntityTax,
    NoTaxRate,
    Place,
    Tax,
    stated,
    tax_of,
    tax_point,
)

DAY = date(2026, 3, 31)
GERMAN = Code(
    "Standard rate",
    "S",
    "USt.",
    (
        DatedRate(date(2007, 1, 1), date(2020, 7, 1), Decimal(19)),
        DatedRate(date(2020, 7, 1), date(2021, 1, 1), Decimal(16)),
        DatedRate(date(2021, 1, 1), None, Decimal(19)),
    ),
)
REDUCED = Code("Reduced rate", "S", "USt.", (DatedRate(date(2021, 1, 1), None, Decimal(7)),))
REVERSE = Code("Reverse charge", "AE", "Reverse charge: VAT is due from the recipient")
EXEMPT = Code("Exempt", "E", "Exempt: training")
NEW_YORK = Code("New York City", "S", "Sales tax", (DatedRate(date(2009, 8, 1), None, Decimal("8.875")),))
FIRM = EntityTax(GERMAN, Decimal(19))


@pytest.mark.parametrize(
    ("day", "percentage"),
    [
        (date(2020, 6, 30), 19),
        (date(2020, 7, 1), 16),
        (date(2020, 12, 31), 16),
        (date(2021, 1, 1), 19),
    ],
)
def test_the_german_rate_of_2020_holds_on_its_half_open_days(day: date, percentage: int) -> None:
    assert tax_of(None, ClientTax(), FIRM, day) == Tax("S", Decimal(percentage), "USt.")


def test_the_line_goes_before_the_client_and_the_client_before_the_entity() -> None:
    client = ClientTax(REVERSE)
    assert tax_of(EXEMPT, client, FIRM, DAY) == Tax("E", Decimal(0), "Exempt: training")
    assert tax_of(None, client, FIRM, DAY).category == "AE"
    assert tax_of(None, ClientTax(), FIRM, DAY).percentage == 19


FIRM_ABROAD = EntityTax(GERMAN, Decimal(19), "DE", {"AE": REVERSE, "S": GERMAN})
NO_TAX = Code("No sales tax", "O", "No sales tax")
TEXAS = Code("Texas", "S", "Sales tax", (DatedRate(date(2009, 1, 1), None, Decimal("6.25")),))
AMERICAN = EntityTax(
    None, Decimal(0), "US", {"O": NO_TAX}, {Place("NY", "New York").key: NEW_YORK, Place("TX"): TEXAS}
)


@pytest.mark.parametrize(
    ("country", "has_vat_id", "expected"),
    [
        ("DE", True, Tax("S", Decimal(19), "USt.")),
        ("SE", False, Tax("S", Decimal(19), "USt.")),
        ("SE", True, Tax("AE", Decimal(0), "Reverse charge: VAT is due from the recipient")),
        ("US", False, Tax("O", Decimal(0))),
    ],
)
def test_where_nothing_is_said_the_countries_decide(country: str, has_vat_id: bool, expected: Tax) -> None:
    client = ClientTax(country=country, has_vat_id=has_vat_id)
    assert tax_of(None, client, FIRM_ABROAD, DAY) == expected


def test_the_client_s_own_treatment_goes_before_the_countries_but_for_reverse_charge_at_home() -> None:
    exempt = ClientTax(treatment="E", country="SE", has_vat_id=True)
    assert tax_of(None, exempt, FIRM_ABROAD, DAY).category == "E"
    charged = ClientTax(treatment="S", country="SE", has_vat_id=True)
    assert tax_of(None, charged, FIRM_ABROAD, DAY).category == "S"
    own_rate = ClientTax(percentage=Decimal(7), country="SE", has_vat_id=True)
    assert tax_of(None, own_rate, FIRM_ABROAD, DAY) == Tax("S", Decimal(7))
    at_home = ClientTax(treatment="AE", country="DE", has_vat_id=True)
    assert tax_of(None, at_home, FIRM_ABROAD, DAY).category == "S"
    assert tax_of(REVERSE, at_home, FIRM_ABROAD, DAY).category == "AE"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place("NY", "NEW YORK"), Tax("S", Decimal("8.875"), "Sales tax")),
        (Place("NY", "Albany"), Tax("O", Decimal(0), "No sales tax")),
        (Place("TX", "Austin"), Tax("S", Decimal("6.25"), "Sales tax")),
        (Place(), Tax("O", Decimal(0), "No sales tax")),
    ],
)
def test_sales_tax_is_that_of_the_client_s_city_else_of_its_state(place: Place, expected: Tax) -> None:
    assert tax_of(None, ClientTax(country="US", place=place), AMERICAN, DAY) == expected
    assert tax_of(None, ClientTax(country="DE", place=place), AMERICAN, DAY).category == "O"


def test_without_codes_a_client_is_taxed_by_treatment_and_rate_as_ever() -> None:
    plain = EntityTax(None, Decimal(19))
    assert tax_of(None, ClientTax(), plain, DAY) == Tax("S", Decimal(19))
    assert tax_of(None, ClientTax(percentage=Decimal("8.1")), plain, DAY) == Tax("S", Decimal("8.1"))
    assert tax_of(None, ClientTax(percentage=Decimal(0)), plain, DAY) == Tax("S", Decimal(0))
    assert tax_of(None, ClientTax(treatment="AE"), plain, DAY) == Tax("AE", Decimal(0))


def test_a_client_s_own_treatment_and_rate_go_before_the_default_code() -> None:
    assert tax_of(None, ClientTax(treatment="O"), FIRM, DAY) == Tax("O", Decimal(0))
    assert tax_of(None, ClientTax(percentage=Decimal(7)), FIRM, DAY) == Tax("S", Decimal(7))


def test_a_code_without_a_rate_on_the_day_is_told() -> None:
    with pytest.raises(NoTaxRate, match="Standard rate has no rate on 2006-12-31"):
        tax_of(None, ClientTax(), FIRM, date(2006, 12, 31))


def test_the_tax_point_is_the_earlier_of_service_and_issue() -> None:
    assert tax_point(DAY) == DAY
    assert tax_point(DAY, date(2026, 4, 7)) == DAY
    assert tax_point(DAY, date(2026, 3, 2)) == date(2026, 3, 2)


def test_two_rates_on_one_invoice_are_summed_each_for_itself() -> None:
    amounts = (
        (Decimal("100.10"), GERMAN),
        (Decimal("0.05"), REDUCED),
        (Decimal("50.00"), GERMAN),
        (Decimal("20.00"), EXEMPT),
    )
    lines = [(amount, *code.on(DAY)[:2]) for amount, code in amounts]
    assert [tuple(group) for group in tax_groups(lines, "EUR")] == [
        ("E", 0, Decimal("20.00"), 0),
        ("S", 7, Decimal("0.05"), Decimal("0.00")),  # 0.0035
        ("S", 19, Decimal("150.10"), Decimal("28.52")),  # 28.519
    ]


def test_sales_tax_has_three_decimals_and_yen_have_none() -> None:
    (taxed,) = tax_groups([(Decimal("1234.56"), *NEW_YORK.on(DAY)[:2])], "USD")
    assert taxed.tax == Decimal("109.57")  # 1234.56 × 0.08875 = 109.5672
    (yen,) = tax_groups([(Decimal(12_345), "S", Decimal(10))], "JPY")
    assert yen.tax == Decimal(1_235)  # 1234.5, half up


def test_what_is_printed_is_the_first_label_of_a_category_and_rate() -> None:
    taxes = [
        Tax("S", Decimal(19)),
        Tax("S", Decimal(19), "USt."),
        Tax("S", Decimal(19), "VAT"),
        Tax("AE", Decimal(0)),
    ]
    assert stated(taxes) == {("S", Decimal(19)): ("USt.", ""), ("AE", Decimal(0)): ("", "")}


def test_two_reasons_of_one_category_stand_together_without_a_code() -> None:
    training, sport = (
        Tax("E", Decimal(0), "Training", "VATEX-EU-132-1I"),
        Tax("E", Decimal(0), "Sport", "VATEX-EU-132-1M"),
    )
    assert stated([training, training]) == {("E", Decimal(0)): ("Training", "VATEX-EU-132-1I")}
    assert stated([training, sport]) == {("E", Decimal(0)): ("Training; Sport", "")}
