"""Headers: each tool's columns, its variants, and which tool a file comes from."""

import pytest

from workledger.connect.calc.formats import (
    BY_NAME,
    FORMATS,
    FormatName,
    detect_format,
    map_columns,
    missing_columns,
    normalise_header,
)

HARVEST = (
    "Date,Client,Project,Task,Hours,Hours Rounded,Billable?,Invoiced?,First Name,Last Name,Billable Rate"
)
TOGGL = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount ()"
CLOCKIFY = "Project,Client,Description,Task,User,Email,Billable,Start Date,Start Time,Duration (h),Duration (decimal)"
CLOCKIFY_DE = (
    "Projekt,Kunde,Beschreibung,Aufgabe,Kiosk,Benutzer,Gruppe,Email,Tags,Abrechenbar,Startdatum,Startzeit,Enddatum,"
    "Endzeit,Dauer (h),Dauer (dezimal),Abrechenbarer Tarif (CHF),Rechnungsbetrag (CHF)"
)
KIMAI = "Date,From,To,Duration,Currency,Price,Internal price,Hourly price,Fixed price,Name,User,Customer,Project,Activity"
KIMAI_DE = "Datum,Von,Bis,Dauer,Währung,Preis,Interner Preis,Benutzer,Kunde,Projekt,Tätigkeit,Beschreibung,Schlagworte"
PLAIN = "date,person,email,client,project,task,hours,note"
PLAIN_DE = "Datum,Mitarbeiter,Kunde,Projekt,Aufgabe,Stunden,Notiz,Stundensatz"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (HARVEST, "harvest"),
        (TOGGL, "toggl"),
        ("Description,Duration,Project,Start date,Start time,Stop date,Stop time", "toggl"),
        (CLOCKIFY, "clockify"),
        (CLOCKIFY_DE, "clockify"),
        (KIMAI, "kimai"),
        (KIMAI_DE, "kimai"),
        (PLAIN, "csv"),
        (PLAIN_DE, "csv"),
        ("invoice,amount,due", None),
        ("", None),
    ],
)
def test_the_header_tells_the_tool(header: str, name: FormatName | None) -> None:
    assert detect_format(header.split(",")) == name
    assert detect_format([cell.upper() for cell in header.replace(" (CHF)", "").split(",")]) == name


def test_names_are_compared_without_dressing() -> None:
    assert normalise_header("\ufeffBillable? ") == ("billable", None)
    assert normalise_header("Amount (EUR)") == ("amount", "EUR")
    assert normalise_header("Amount ()") == ("amount", None)
    assert normalise_header("Duration (h)") == ("duration (h)", None)


def test_unknown_columns_are_named_and_currencies_read() -> None:
    columns = map_columns(CLOCKIFY_DE.split(","), BY_NAME["clockify"])
    assert columns.ignored == ("Kiosk", "Gruppe")
    assert columns.currency == "CHF"
    assert missing_columns(columns, BY_NAME["clockify"]) == ()


def test_missing_columns_are_named_as_the_tool_names_them() -> None:
    columns = map_columns(["Date", "Project"], BY_NAME["harvest"])
    assert missing_columns(columns, BY_NAME["harvest"]) == ("hours", "first name or last name")


@pytest.mark.parametrize("name", FORMATS)
def test_no_name_stands_for_two_fields(name: FormatName) -> None:
    names = [column for columns in BY_NAME[name].columns.values() for column in columns]
    assert len(names) == len(set(names))
