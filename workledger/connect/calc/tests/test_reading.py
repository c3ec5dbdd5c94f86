"""Whole files: the traps of real exports."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.connect.calc.formats import FORMATS, FormatName
from workledger.connect.calc.opening import Options, UnreadableFile
from workledger.connect.calc.reading import TimeExport, open_time_export
from workledger.connect.calc.rows import ParsedRow, RefusedRow
from workledger.connect.calc.testing import write_sample
from workledger.connect.calc.totals import ControlTotals

PLAIN = "date,person,client,project,task,hours,note\n"
CLOCKIFY = "Project,Client,Description,Task,User,Email,Tags,Billable,Start Date,Start Time,Duration (h)\n"


def opened(
    text: str, fmt: FormatName = "csv", options: Options | None = None, encoding: str = "utf-8"
) -> TimeExport:
    return open_time_export(io.BytesIO(text.encode(encoding)), source_format=fmt, options=options)


def accepted(export: TimeExport) -> list[ParsedRow]:
    rows = list(export)
    assert not [row for row in rows if isinstance(row, RefusedRow)]
    return [row for row in rows if isinstance(row, ParsedRow)]


def refused(export: TimeExport) -> list[RefusedRow]:
    return [row for row in export if isinstance(row, RefusedRow)]


def clockify(*days: str, start: str = "09:00") -> str:
    return CLOCKIFY + "".join(f"P,C,,,Carl,,,Yes,{day},{start},01:00:00\n" for day in days)


# ------------------------------------------------------------------------------------- whole exports


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_synthetic_export_adds_up(fmt: FormatName, tmp_path: Path) -> None:
    totals = write_sample(tmp_path / "sample.csv", fmt, 3000, people=7, clients=5, projects=20, seed=3)
    with (tmp_path / "sample.csv").open("rb") as file:
        export = open_time_export(file, source_format=fmt)
        rows = accepted(export)
    assert export.totals == totals
    assert export.totals.differences(totals) == ()
    assert totals.zero > 0
    assert len({row.fingerprint for row in rows}) == 3000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_give_the_same_rows(encoding: str) -> None:
    text = PLAIN + "2024-03-04,Zoë Müller,Käse GmbH,Größe,Łódź,1.5,🚀 „done“\n"
    assert accepted(opened(text, encoding=encoding)) == accepted(opened(text))


def test_windows_files_are_read_and_say_so() -> None:
    export = opened(PLAIN + "2024-03-04,Zoë Müller,Käse GmbH,Größe,,1.5,10 €\n", encoding="cp1252")
    (row,) = accepted(export)
    assert (row.person_name, row.client, row.note) == ("Zoë Müller", "Käse GmbH", "10 €")
    assert export.profile.encoding == "cp1252"
    assert "Windows-1252" in " ".join(export.profile.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_comes_from_the_header_alone(delimiter: str) -> None:
    text = (
        PLAIN.replace(",", delimiter)
        + delimiter.join(["2024-03-04", "Carl", "", "P", "", "2", '"a;b,c,d\te,f"'])
        + "\n"
    )
    export = opened(text)
    assert accepted(export)[0].note == "a;b,c,d\te,f"
    assert export.profile.delimiter == delimiter


def test_excels_separator_line_and_blank_lines_are_passed_over() -> None:
    (row,) = accepted(opened("sep=;\n\n" + PLAIN.replace(",", ";") + "\n04.03.2024;Carl;;P;;1,5;\n;;;;;;\n"))
    assert (row.line, row.date, row.seconds) == (5, date(2024, 3, 4), 5400)


def test_text_lines_and_byte_lines_are_read_too() -> None:
    lines = [PLAIN, "2024-03-04,Carl,C,P,T,1,x\n"]
    from_file = accepted(opened("".join(lines)))
    assert accepted(open_time_export(lines, source_format="csv")) == from_file
    assert accepted(open_time_export((line.encode() for line in lines), source_format="csv")) == from_file
    assert accepted(open_time_export(io.StringIO("".join(lines)), source_format="csv")) == from_file


def test_an_export_can_be_read_twice_and_stays_open() -> None:
    export = opened(PLAIN + "2024-03-04,Carl,C,P,T,1,x\n")
    assert list(export) == list(export)
    assert export.totals.rows == 1


def test_differences_say_where_file_and_books_part() -> None:
    export = opened(PLAIN + "2024-03-04,Carl,C,P,T,1,x\n2024-03-05,Pia,C,P,T,0,zero\n")
    accepted(export)
    booked = ControlTotals()
    assert "all: entries 1 in the file, 0 booked" in export.totals.differences(booked)
    booked.add_group(
        person=("Carl", None),
        month=(2024, 3),
        project=("C", "P"),
        entries=1,
        seconds=3600,
        billable_seconds=0,
    )
    assert [line.split(": ")[1] for line in export.totals.differences(booked)] == [
        "billable seconds 3600 in the file, 0 booked"
    ] * 4


# ----------------------------------------------------------------------------------- lines and quotes


def test_a_record_is_known_by_its_first_line() -> None:
    text = (
        PLAIN
        + '2024-03-04,Carl,C,P,T,1,"one\r\ntwo\nthree"\n2024-03-05,Carl,C,P,T,x,\n2024-03-06,Carl,C,P,T,1,\n'
    )
    rows = list(opened(text))
    assert [row.line for row in rows] == [2, 5, 6]
    assert isinstance(rows[0], ParsedRow)
    assert rows[0].note == "one\ntwo\nthree"
    assert isinstance(rows[1], RefusedRow)


def test_a_quote_never_closed_does_not_swallow_the_rest_in_silence() -> None:
    text = (
        PLAIN + '2024-03-04,Carl,C,P,T,1,fine\n2024-03-05,Carl,C,P,T,1,"open\n2024-03-06,Carl,C,P,T,1,lost\n'
    )
    (row,) = refused(opened(text))
    assert row == (3, "a quote is opened and never closed, up to the end of the file (lines 3 to 4)")


def test_reading_goes_on_after_a_broken_record() -> None:
    text = PLAIN + '2024-03-04,Carl,C,P,T,1,"a" b\n2024-03-05,Carl,C,P,T,1,fine\n'
    first, second = opened(text)
    assert isinstance(first, RefusedRow)
    assert first.line == 2
    assert isinstance(second, ParsedRow)
    assert second.line == 3


def test_a_cell_beyond_the_limit_is_refused() -> None:
    text = PLAIN + "2024-03-04,Carl,C,P,T,1," + "x" * 140_000 + "\n2024-03-05,Carl,C,P,T,1,fine\n"
    export = opened(text)
    (row,) = refused(export)
    assert row.line == 2
    assert "longer than 131,072 characters" in row.reason
    assert export.totals.rows == 1


def test_too_many_cells_are_refused_and_missing_last_ones_are_empty() -> None:
    text = PLAIN + "2024-03-04,Carl,C,P,T,1,a,b\n2024-03-04,Carl,C,P,T,1\n2024-03-04,Carl,C,P,T,1,a,,\n"
    export = opened(text)
    (row,) = refused(export)
    assert row == (2, "it has 8 cells and the header has 7; a text with the delimiter in it needs quotes")
    assert export.totals.rows == 2


def test_cells_that_look_like_formulas_are_text() -> None:
    (row,) = accepted(opened(PLAIN + '2024-03-04,Carl,=C,+P,@T,1,"-1+1"\n'))
    assert (row.client, row.project, row.task, row.note) == ("=C", "+P", "@T", "-1+1")


def test_all_reasons_of_a_row_are_given_and_the_rest_is_not_lost() -> None:
    export = opened(PLAIN + "2024-02-30,,C,,T,-1,x\n2024-03-04,Carl,C,P,T,1,x\n")
    (row,) = refused(export)
    assert row.line == 2
    for reason in ("does not exist", "no person", "no project", "is negative"):
        assert reason in row.reason
    assert (export.totals.rows, export.totals.refused) == (1, 1)


# ---------------------------------------------------------------------------------------------- dates


def test_one_telling_date_settles_the_whole_file() -> None:
    export = opened(clockify("03/04/2024", "03/13/2024"), "clockify")
    assert [row.date for row in accepted(export)] == [date(2024, 3, 4), date(2024, 3, 13)]
    assert export.profile.date_order_source == "shown by the dates"
    export = opened(clockify("03/04/2024", "13/03/2024"), "clockify")
    assert [row.date for row in accepted(export)] == [date(2024, 4, 3), date(2024, 3, 13)]


def test_an_open_order_follows_the_tool_and_says_so() -> None:
    export = opened(clockify("03/04/2024"), "clockify")
    assert accepted(export)[0].date == date(2024, 3, 4)
    assert export.profile.date_order_source == "assumed"
    assert "the month was taken to" in export.profile.notes[0]
    plain = PLAIN + "03/04/2024,Carl,C,P,T,1,\n"
    assert accepted(opened(plain))[0].date == date(2024, 4, 3)


def test_a_twelve_hour_clock_means_month_first() -> None:
    text = "date,person,project,hours,start\n03/04/2024,Carl,P,1,09:00 AM\n"
    (row,) = accepted(opened(text))
    assert (row.date, row.started) == (date(2024, 3, 4), time(9))


def test_dates_that_contradict_each_other_stop_the_import() -> None:
    text = clockify("03/04/2024", "13/03/2024", "03/14/2024")
    with pytest.raises(UnreadableFile, match=r"“13/03/2024” on line 3 .* “03/14/2024” on line 4") as caught:
        opened(text, "clockify")
    assert caught.value.code == "mixed_dates"
    export = opened(text, "clockify", Options(date_order="day_first"))
    (row,) = refused(export)
    assert "does not exist with the day first" in row.reason


def test_a_date_that_does_not_fit_the_others_is_not_guessed() -> None:
    (row,) = refused(opened(PLAIN + "2024-03-04,Carl,C,P,T,1,\n03/04/2024,Carl,C,P,T,1,\n"))
    assert "two ways" in row.reason


# ------------------------------------------------------------------------------- durations and numbers


def test_over_midnight_counts_on_the_day_it_began() -> None:
    header = "User,Project,Start date,Start time,End date,End time,Duration\n"
    rows = accepted(
        opened(
            header
            + "Carl,P,2024-03-04,23:00:00,2024-03-05,01:30:00,02:30:00\n"
            + "Carl,P,2024-03-04,23:00:00,2024-03-05,01:30:00,\n"
            + "Carl,P,2024-03-04,23:00:00,,01:30:00,\n",
            "toggl",
        )
    )
    assert [(row.date, row.seconds) for row in rows] == [(date(2024, 3, 4), 9000)] * 3


def test_a_running_timer_is_refused() -> None:
    header = "User,Project,Start date,Start time,End date,End time,Duration\n"
    (row,) = refused(opened(header + "Carl,P,2024-03-04,23:00:00,,,\n", "toggl"))
    assert row.reason == "there is no duration"


def test_zero_rows_are_counted_and_marked() -> None:
    export = opened(PLAIN + "2024-03-04,Carl,C,P,T,0,\n2024-03-04,Carl,C,P,T,0.333,\n")
    zero, rounded = accepted(export)
    assert (zero.zero, rounded.zero, rounded.rounded) == (True, False, True)
    totals = export.totals
    assert (totals.rows, totals.zero, totals.entries, totals.rounded, totals.seconds) == (2, 1, 1, 1, 1199)
    assert next(iter(totals.by_person.values())).entries == 1


def test_the_decimal_mark_of_the_file_settles_open_numbers() -> None:
    header = "date;person;project;hours;amount\n"
    export = opened(header + "2024-03-04;Carl;P;1;2.000\n2024-03-04;Carl;P;1;10.5\n")
    assert [row.amount for row in accepted(export)] == [Decimal("2.000"), Decimal("10.5")]
    export = opened(header + "2024-03-04;Carl;P;1;2.000\n2024-03-04;Carl;P;1;10,5\n")
    assert [row.amount for row in accepted(export)] == [Decimal(2000), Decimal("10.5")]
    export = opened(header + "2024-03-04;Carl;P;1;2.000\n")
    assert accepted(export)[0].amount == 2000
    assert "“2.000” can be read in two ways; the comma was taken as decimal mark." in export.profile.notes


# ------------------------------------------------------------------------------------ tool by tool


def test_harvest_rounded_hours_are_what_is_billed() -> None:
    text = (
        "Date,Project,Hours,Hours Rounded,Billable?,Invoiced?,First Name,Last Name\n"
        "2024-03-04,P,0.20,0.25,Yes,Yes,Pia,Berg\n2024-03-04,P,0.20,0.25,No,No,Pia,Berg\n"
    )
    export = opened(text, "harvest")
    first, second = accepted(export)
    assert (first.seconds, first.billable_seconds, first.invoiced) == (720, 900, True)
    assert (second.seconds, second.billable_seconds, second.invoiced) == (720, 0, False)
    assert export.totals.invoiced == 1


def test_toggl_states_amounts_in_a_column_per_currency() -> None:
    text = (
        "Member,Project,Start date,Duration,Amount (EUR),Amount (USD)\n"
        "Carl,P,2024-03-04,1:00,100.00,\nCarl,P,2024-03-04,1:00,0.00,120.00\nCarl,P,2024-03-04,1:00,1,2\n"
    )
    first, second, third = opened(text, "toggl")
    assert isinstance(first, ParsedRow)
    assert isinstance(second, ParsedRow)
    assert (first.amount, first.currency) == (Decimal(100), "EUR")
    assert (second.amount, second.currency) == (Decimal(120), "USD")
    assert third == (4, "there are amounts in 2 currencies")


def test_clockify_without_a_rate_states_none() -> None:
    text = (
        CLOCKIFY.replace("\n", ",Billable Rate (USD),Billable Amount (USD)\n")
        + "P,C,,,Carl,,,Yes,2024-03-04,9:00 AM,1:00,0.00,0.00\n"
    )
    (row,) = accepted(opened(text, "clockify"))
    assert (row.rate, row.amount, row.currency) == (None, Decimal(0), "USD")


def test_kimai_prices() -> None:
    text = (
        "Date,From,To,Duration,Currency,Price,Internal price,Hourly price,Fixed price,Name,User,Customer,Project,Activity\n"
        "2024-03-04,09:00,10:30,1.5,EUR,150,75,100,,Carl Berg,carl,C,P,A\n"
        "2024-03-04,2024-03-04 11:00,,0:30,EUR,500,,0,500,,carl,C,P,A\n"
        "2024-03-04,12:00,13:00,1.0,EUR,0,50,0,,Carl Berg,carl,,P,A\n"
    )
    hourly, fixed, free = accepted(opened(text, "kimai"))
    assert (hourly.person_name, hourly.rate, hourly.amount, hourly.cost_rate) == (
        "Carl Berg",
        Decimal(100),
        Decimal(150),
        Decimal(50),
    )
    assert (fixed.person_name, fixed.rate, fixed.amount, fixed.started) == (
        "carl",
        None,
        Decimal(500),
        time(11),
    )
    assert (hourly.billable, fixed.billable, free.billable) == (True, True, False)
    assert free.client is None


def test_plain_files_state_billable_hours_apart() -> None:
    text = (
        "date,person,project,hours,billable,billable_hours,rate\n"
        "2024-03-04,Carl,P,2,,1.5,0\n2024-03-04,Carl,P,2,,0,\n2024-03-04,Carl,P,2,no,,\n2024-03-04,Carl,P,2,no,1,\n"
    )
    less, none, not_billable, contradiction = opened(text)
    assert isinstance(less, ParsedRow)
    assert isinstance(none, ParsedRow)
    assert isinstance(not_billable, ParsedRow)
    assert (less.billable, less.billable_seconds, less.rate) == (True, 5400, Decimal(0))
    assert (none.billable, none.billable_seconds, none.rate) == (False, 0, None)
    assert (not_billable.billable, not_billable.billable_seconds) == (False, 0)
    assert contradiction == (5, "it is not billable and has billable hours “1”")


def test_what_the_file_leaves_open_may_be_stated() -> None:
    text = "Description,Duration,Project,Start date\nx,1:00,,2024-03-04\n"
    with pytest.raises(UnreadableFile, match="no column user or email"):
        opened(text, "toggl")
    (row,) = accepted(opened(text, "toggl", Options(person="Carl Berg", project="Internal", currency="EUR")))
    assert (row.person_name, row.project, row.currency) == ("Carl Berg", "Internal", "EUR")


# ------------------------------------------------------------------------------------ whole-file errors


def test_the_wrong_format_says_which_it_looks_like() -> None:
    with pytest.raises(UnreadableFile, match="This looks like a Clockify export, not Harvest") as caught:
        opened(clockify("2024-03-04"), "harvest")
    assert (caught.value.code, caught.value.looks_like) == ("wrong_format", "clockify")


def test_missing_columns_name_what_was_found_and_expected() -> None:
    with pytest.raises(UnreadableFile) as caught:
        opened("day,who\n1,2\n")
    assert caught.value.code == "missing_columns"
    assert "Columns found: day, who." in str(caught.value)
    assert "date, person, email, client, project" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"PK\x03\x04rest", "not_text"),
        (b"%PDF-1.7", "not_text"),
    ],
)
def test_files_that_are_none(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_time_export(io.BytesIO(content), source_format="csv")
    assert caught.value.code == code


@given(st.binary(max_size=300))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    export = open_time_export(io.BytesIO(PLAIN.encode() + content), source_format="csv")
    rows = list(export)
    assert export.totals.rows + export.totals.refused == len(rows)


# --------------------------------------------------------------------------------------- fingerprints


def test_the_same_file_gives_the_same_fingerprints_and_twins_stay_two() -> None:
    line = "2024-03-04,Carl,C,P,T,1.5,same\n"
    first = [row.fingerprint for row in accepted(opened(PLAIN + line * 3))]
    assert first == [row.fingerprint for row in accepted(opened(PLAIN + line * 3))]
    assert len(set(first)) == 3
    assert {len(fingerprint) for fingerprint in first} == {16}
    more = [row.fingerprint for row in accepted(opened(PLAIN + "2024-03-01,Carl,C,P,T,1,other\n" + line * 4))]
    assert more[1:4] == first


def test_dressing_does_not_change_the_fingerprint() -> None:
    plain = accepted(opened(PLAIN + "2024-03-04,Carl,C,P,T,1.5,x\n"))[0]
    german = "Datum;Stunden;Notiz;Mitarbeiter;Projekt;Aufgabe;Kunde\r\n04.03.2024;1:30; x ;Carl;P;T;C\r\n"
    assert accepted(opened(german, encoding="utf-16"))[0].fingerprint == plain.fingerprint


@pytest.mark.parametrize(
    "line",
    [
        "2024-03-05,Carl,C,P,T,1.5,x",
        "2024-03-04,Pia,C,P,T,1.5,x",
        "2024-03-04,Carl,D,P,T,1.5,x",
        "2024-03-04,Carl,C,Q,T,1.5,x",
        "2024-03-04,Carl,C,P,U,1.5,x",
        "2024-03-04,Carl,C,P,T,1.6,x",
        "2024-03-04,Carl,C,P,T,1.5,y",
    ],
)
def test_content_changes_the_fingerprint(line: str) -> None:
    first, second = accepted(opened(f"{PLAIN}2024-03-04,Carl,C,P,T,1.5,x\n{line}\n"))
    assert first.fingerprint != second.fingerprint


# --------------------------------------------------------------------------------------------- memory


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text_of_the_file() -> None:
    def lines(count: int) -> Iterator[bytes]:
        yield PLAIN.encode()
        for n in range(count):
            yield b"2024-03-04,Carl,Client %d,P,T,1.5,%s %d\n" % (n, b"note" * 50, n)

    spooled = open_time_export(lines(60_000), source_format="csv")
    tracemalloc.start()
    for _ in spooled:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spooled.totals.rows == 60_000
    # 60,000 distinct projects-by-client are in the totals, and eight bytes of hash a row; the notes alone are 12 MB.
    assert peak < 45_000_000
