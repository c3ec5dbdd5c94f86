"""The European Central Bank's files, read and refused."""

import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from workledger.directory.calc.crossing import crossed, inverse
from workledger.directory.calc.ecb import EuroRate, NotEuroRates, read_rates

HISTORY = b"""Date,USD,JPY,CYP,
2026-11-20,1.0842,163.28,N/A,
2026-11-19,1.0811,163.1,N/A,
2007-12-31,1.4721,164.93,0.585274,
"""
DAILY = b"Date, USD, JPY, \n20 November 2026, 1.0842, 163.28, \n"


def packed(*contents: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for number, content in enumerate(contents):
            made.writestr(f"eurofxref{number}.csv", content)
    return file.getvalue()


def test_the_history_has_a_row_for_each_day_and_leaves_out_what_has_no_rate() -> None:
    read = read_rates(HISTORY)
    assert len(read.rates) == 7
    assert read.rates[0] == EuroRate(date(2026, 11, 20), "USD", Decimal("1.0842"))
    assert read.rates[-1] == EuroRate(date(2007, 12, 31), "CYP", Decimal("0.585274"))
    assert read.currencies == ("USD", "JPY", "CYP")
    assert (read.first_day, read.last_day) == (date(2007, 12, 31), date(2026, 11, 20))


def test_the_daily_file_writes_its_day_out() -> None:
    assert read_rates(DAILY).rates == (
        EuroRate(date(2026, 11, 20), "USD", Decimal("1.0842")),
        EuroRate(date(2026, 11, 20), "JPY", Decimal("163.28")),
    )


@pytest.mark.parametrize(
    "content", [HISTORY, DAILY, HISTORY.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + DAILY]
)
def test_a_zip_reads_as_what_it_holds(content: bytes) -> None:
    assert read_rates(packed(content)) == read_rates(content)


def test_some_currencies_only() -> None:
    assert {row.quote for row in read_rates(HISTORY, ["JPY", "SEK"]).rates} == {"JPY"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Line 1: the columns are not `Date, USD, …`."),
        (b"<html></html>", "Line 1: the columns are not `Date, USD, …`."),
        (b"Date,USD,\n", "Line 2: there is no day of rates."),
        (
            b"Date,USD,EUR,usd,\n2026-11-20,1,1,1,\n",
            "Line 1: “EUR” is no currency that the euro has a rate in.",
        ),
        (b"Date,USD,USD,\n2026-11-20,1,1,\n", "Line 1: USD has two columns."),
        (b"Date,USD,\n20.11.2026,1.1,\n", "Line 2: “20.11.2026” is not a day such as 2026-11-20"),
        (b"Date,USD,\n2026-02-30,1.1,\n", "Line 2: “2026-02-30” is not a day"),
        (b"Date,USD,\n31 June 2026,1.1,\n", "Line 2: “31 June 2026” is not a day"),
        (b"Date,USD,\n1 Brumaire 2026,1.1,\n", "Line 2: “1 Brumaire 2026” is not a day"),
        (b"Date,USD,\n\n2026-11-20,1.1,\n2026-11-20,1.1,\n", "Line 4: 2026-11-20 stands in line 3 too."),
        (b"Date,USD,JPY,\n2026-11-20,1.1,\n", "Line 2: there are 1 rates for 2 currencies."),
        (b"Date,USD,\n2026-11-20,1.0x,\n", "Line 2: “1.0x” of USD is not a rate"),
        (b"Date,USD,\n2026-11-20,0,\n", "Line 2: “0” of USD is not a rate"),
        (b"Date,USD,\n2026-11-20,-1,\n", "Line 2: “-1” of USD is not a rate"),
        (b"Date,USD,\n2026-11-20,1.123456789,\n", "Line 2: “1.123456789” of USD is not a rate"),
        (b"Date,USD,\n2026-11-20,\xff,\n", "Line 2: this is no text."),
        (b"PK\x03\x04nothing", "The zip cannot be opened."),
        (packed(DAILY, DAILY), "The zip holds 2 CSV files."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: bytes, sentence: str) -> None:
    with pytest.raises(NotEuroRates) as refused:
        read_rates(content)
    assert refused.value.sentences[0].startswith(sentence)


def test_all_problems_are_told_at_once_up_to_twenty() -> None:
    rows = b"".join(b"2026-11-%02d,x,\n" % day for day in range(1, 31))
    with pytest.raises(NotEuroRates) as refused:
        read_rates(b"Date,USD,\n" + rows)
    assert [sentence.split(":")[0] for sentence in refused.value.sentences] == [
        f"Line {number}" for number in range(2, 22)
    ]


def test_derived_rates_have_eight_places_or_eight_digits() -> None:
    assert inverse(Decimal("0.80")) == Decimal("1.25")
    assert inverse(Decimal("0.7")) == Decimal("1.42857143")
    assert inverse(Decimal("17000")) == Decimal("0.000058823529")
    assert crossed(Decimal("1.0842"), Decimal("163.28")) == Decimal("150.59952038")  # 163.28 / 1.0842
