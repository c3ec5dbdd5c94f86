"""Synthetic exports in every format, for tests and benches: deterministic, any number of rows, totals known beforehand."""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from workledger.connect.calc.formats import FormatName
from workledger.connect.calc.totals import ControlTotals, MonthKey, PersonKey, ProjectKey, Tally

_FIRST = ("Anna", "Carl", "Pia", "Jörg", "Zoë", "Łukasz", "Fay", "Olivia", "Søren", "Maya")
_LAST = ("Müller", "Smith", "O’Neill", "García", "Nowak", "Berg", "Rossi", "van Dijk", "Young", "Öztürk")
_TASKS = ("Consulting", "Development", "Design", "Project management", "Travel", "Workshop")
_NOTES = (
    "Sprint planning",
    'Call with the client, "final" scope',
    "Fixed the import; deployed to staging",
    "",
    "Workshop day one 🚀",
    "First line\nsecond line",
    "=SUM is only text here",
    "Review of the concept",
)
_FIRST_DAY = date(2023, 1, 2)
_DAYS = 730
_HARVEST_HEADER = (
    "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,Approved?,First Name,Last Name,Roles,"
    "Employee?,Billable Rate,Billable Amount,Cost Rate,Cost Amount,Currency,External Reference URL"
)
_TOGGL_HEADER = (
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,"
    "Amount (EUR)"
)
_CLOCKIFY_HEADER = (
    "Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,"
    "Duration (h),Duration (decimal),Billable Rate (EUR),Billable Amount (EUR)"
)
_KIMAI_HEADER = (
    "Date,From,To,Duration,Currency,Price,Internal price,Hourly price,Fixed price,Name,User,E-mail,Staff number,Customer,"
    "Project,Activity,Description,Billable,Tags,Type,Category,Account,Project number,VAT-ID,Order number"
)
_PLAIN_HEADER = (
    "date,person,email,client,project,project_code,phase,task,hours,billable,billable_hours,note,rate,amount,cost_rate,"
    "currency,role,tags,start,id"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    first: str
    last: str
    email: str
    client: str
    project: str
    code: str
    task: str
    note: str
    begins: datetime
    seconds: int
    billable: bool
    rate: Decimal
    cost: Decimal

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(seconds=self.seconds)

    @property
    def amount(self) -> Decimal:
        return _cents(self.rate * self.seconds / 3600) if self.billable else Decimal(0)

    @property
    def decimal_hours(self) -> str:
        return f"{Decimal(self.seconds) / 3600:.2f}"

    @property
    def clock_hours(self) -> str:
        return f"{self.seconds // 3600:02}:{self.seconds // 60 % 60:02}:{self.seconds % 60:02}"


def write_sample(
    path: Path,
    fmt: FormatName,
    rows: int,
    *,
    people: int = 100,
    clients: int = 40,
    projects: int = 200,
    seed: int = 1,
) -> ControlTotals:
    """Write `rows` entries over two years as an export of `fmt`, and return their control totals.

    Durations are whole hundredths of an hour, so that every format can state them. One project in ten has no client;
    about one row in 200 has no time; notes hold quotes, newlines and emoji.
    """
    header, line_of = _FORMATS[fmt]
    totals = ControlTotals()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        chance = random.Random(seed)  # noqa: S311 - sample data, no secret
        for entry in _entries(chance, rows, people, clients, projects):
            writer.writerow(line_of(entry))
            _add(totals, entry, fmt)
    return totals


def _entries(chance: random.Random, rows: int, people: int, clients: int, projects: int) -> Iterator[_Entry]:
    staff = [
        (
            _FIRST[n % len(_FIRST)],
            f"{_LAST[n // len(_FIRST) % len(_LAST)]} {n}",
            f"person{n}@firm.example",
            Decimal(90 + n % 8 * 10),
        )
        for n in range(people)
    ]
    works = [
        ("" if n % 10 == 9 else f"Client {n % clients}", f"Project {n}", f"P{n:04}") for n in range(projects)
    ]
    for number in range(rows):
        first, last, email, rate = staff[number % people]
        client, project, code = works[chance.randrange(projects)]
        day = _FIRST_DAY + timedelta(days=number * _DAYS // max(rows, 1))
        begins = datetime.combine(day, time(7 + chance.randrange(12), chance.randrange(4) * 15))
        quarters = 0 if chance.random() < 0.005 else chance.randrange(1, 33)
        yield _Entry(
            number=number,
            first=first,
            last=last,
            email=email,
            client=client,
            project=project,
            code=code,
            task=chance.choice(_TASKS),
            note=f"{chance.choice(_NOTES)} {number % 997}".strip(),
            begins=begins,
            seconds=quarters * 900 + (36 * chance.randrange(25) if quarters and chance.random() < 0.2 else 0),
            billable=bool(client) and chance.random() < 0.8,
            rate=rate,
            cost=rate * Decimal("0.5"),
        )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _yes(flag: bool) -> str:
    return "Yes" if flag else "No"


def _harvest(e: _Entry) -> tuple[object, ...]:
    return (
        e.begins.date(), e.client, e.project, e.code, e.task, e.note, e.decimal_hours, _yes(e.billable), "No", "No", e.first,
        e.last, "Consultant", "Yes", e.rate, e.amount, e.cost, _cents(e.cost * e.seconds / 3600), "Euro - EUR", "",
    )  # fmt: skip


def _toggl(e: _Entry) -> tuple[object, ...]:
    return (
        f"{e.first} {e.last}", e.email, e.client, e.project, e.task, e.note, _yes(e.billable), e.begins.date(),
        e.begins.time(), e.ends.date(), e.ends.time(), e.clock_hours, "Office, Remote", e.amount if e.billable else "",
    )  # fmt: skip


def _clockify(e: _Entry) -> tuple[object, ...]:
    return (
        e.project, e.client, e.note, e.task, f"{e.first} {e.last}", "", e.email, "Office", _yes(e.billable),
        f"{e.begins:%m/%d/%Y}", f"{e.begins:%I:%M:%S %p}", f"{e.ends:%m/%d/%Y}", f"{e.ends:%I:%M:%S %p}", e.clock_hours,
        e.decimal_hours, f"{e.rate if e.billable else 0:.2f}", f"{e.amount:.2f}",
    )  # fmt: skip


def _kimai(e: _Entry) -> tuple[object, ...]:
    return (
        e.begins.date(), f"{e.begins:%H:%M}", f"{e.ends:%H:%M}", e.decimal_hours, "EUR", e.amount,
        _cents(e.cost * e.seconds / 3600), e.rate, "", f"{e.first} {e.last}", e.email.split("@")[0], e.email, "",
        e.client, e.project, e.task, e.note, _yes(e.billable), "", "timesheet", "work", "", e.code, "", "",
    )  # fmt: skip


def _plain(e: _Entry) -> tuple[object, ...]:
    hours = e.decimal_hours
    return (
        e.begins.date(), f"{e.first} {e.last}", e.email, e.client, e.project, e.code, "", e.task, hours, _yes(e.billable),
        hours if e.billable else "", e.note, e.rate, e.amount, e.cost, "EUR", "Consultant", "", f"{e.begins:%H:%M}", e.number,
    )  # fmt: skip


_FORMATS: dict[FormatName, tuple[str, Callable[[_Entry], tuple[object, ...]]]] = {
    "harvest": (_HARVEST_HEADER, _harvest),
    "toggl": (_TOGGL_HEADER, _toggl),
    "clockify": (_CLOCKIFY_HEADER, _clockify),
    "kimai": (_KIMAI_HEADER, _kimai),
    "csv": (_PLAIN_HEADER, _plain),
}


def _add(totals: ControlTotals, entry: _Entry, fmt: FormatName) -> None:
    totals.rows += 1
    if entry.billable or fmt != "toggl":
        totals.value["EUR"] = totals.value.get("EUR", Decimal(0)) + entry.amount
    if entry.billable:
        totals.billable_value["EUR"] = totals.billable_value.get("EUR", Decimal(0)) + entry.amount
    if not entry.seconds:
        totals.zero += 1
        return
    billable = entry.seconds if entry.billable else 0
    totals.seconds += entry.seconds
    totals.billable_seconds += billable
    person: PersonKey = (f"{entry.first} {entry.last}", None if fmt == "harvest" else entry.email)
    month: MonthKey = (entry.begins.year, entry.begins.month)
    project: ProjectKey = (entry.client or None, entry.project)
    for tally in (
        totals.by_person.setdefault(person, Tally()),
        totals.by_month.setdefault(month, Tally()),
        totals.by_project.setdefault(project, Tally()),
    ):
        tally.entries += 1
        tally.seconds += entry.seconds
        tally.billable_seconds += billable
