"""How figures read, in three languages."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from workledger.kernel.money import Money
from workledger.web import formats

D = Decimal


@pytest.mark.parametrize(
    ("language", "positive", "negative", "share", "day"),
    [
        ("en", "€1,234.50", "(€1,234.50)", "69.3%", "2 Mar 2026"),
        ("en-us", "€1,234.50", "(€1,234.50)", "69.3%", "Mar 2, 2026"),
        ("de", "1.234,50\u00a0€", "−1.234,50\u00a0€", "69,3\u00a0%", "02.03.2026"),
    ],
)
def test_a_language_has_its_own_way(
    language: str, positive: str, negative: str, share: str, day: str
) -> None:
    with translation.override(language):
        assert formats.money(D("1234.5"), "EUR") == positive
        assert formats.money(Money(D("-1234.5"), "EUR")) == negative
        assert formats.percent(D("0.6929")) == share
        assert formats.day(date(2026, 3, 2)) == day


def test_zero_is_a_thin_dash_and_nothing_is_empty() -> None:
    assert [formats.amount(D(0)), formats.amount(D("-0.001")), formats.hours(0), formats.amount(None)] == [
        "–",
        "–",
        "–",
        "",
    ]
    assert formats.percent(D(0)) == "0%"


def test_currencies_keep_their_decimals() -> None:
    assert formats.amount(D("1234"), "JPY") == "1,234"
    assert formats.amount(Money(D("1.2345"), "KWD")) == "1.235"
    assert formats.money(D("1234.5"), "CHF") == "CHF\u00a01,234.50"
    assert formats.money(D("48200.49"), "EUR", whole=True) == "€48,200"


def test_an_amount_with_its_currency_needs_one() -> None:
    with pytest.raises(ValueError, match="needs a currency"):
        formats.money(D(1))


def test_whole_numbers_are_seconds_and_decimals_are_hours() -> None:
    assert [formats.hours(5400), formats.hours(D("1.5")), formats.hours(1200), formats.clock(5400)] == [
        "1.50",
        "1.50",
        "0.33",
        "1:30",
    ]


def test_a_moment_reads_in_the_readers_zone() -> None:
    with timezone.override("Europe/Berlin"):
        assert formats.when(datetime(2026, 3, 2, 23, 30, tzinfo=UTC)) == "3 Mar 2026, 00:30"


def test_a_figure_is_a_link_and_escapes() -> None:
    page = Template('{% fig "(1.00)" href tone="bad" label=label %}')
    html = page.render(Context({"href": "/trail/1?a=1&b=2", "label": "<Margin>"}))
    assert (
        html
        == '<a class="figure" href="/trail/1?a=1&amp;b=2" data-tone="bad" data-neg aria-label="&lt;Margin&gt;: (1.00)">(1.00)</a>'
    )


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Pia Lindqvist", "PL"), ("Ana van der Berg", "AB"), ("Cleo", "C"), ("", "?"), ("42", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert formats.initials(name) == letters
