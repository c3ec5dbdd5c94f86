"""Control totals: the sums that a file, its preview and what was created from it must share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workledger.connect.calc.rows import ParsedRow

PersonKey = tuple[str, str | None]
ProjectKey = tuple[str | None, str]
MonthKey = tuple[int, int]


def hours(seconds: int) -> Decimal:
    """Seconds as hours, rounded half up to hundredths."""
    return (Decimal(seconds) / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(slots=True)
class Tally:
    """Entries with time, their worked and their billable seconds."""

    entries: int = 0
    seconds: int = 0
    billable_seconds: int = 0


@dataclass(slots=True)
class ControlTotals:
    """Sums over the rows of a file, whole and by person (name, email), month (year, month) and project (client, project).

    `rows` counts accepted rows, the `zero` ones among them; `entries` are those with time. `value` is the sum of
    amounts stated in the file per currency ("" where none is named), `billable_value` the part on billable rows.
    `rounded` counts rows whose duration was no whole second, `invoiced` those billed already by the other tool.
    Two totals are equal when every figure is.
    """

    rows: int = 0
    refused: int = 0
    zero: int = 0
    rounded: int = 0
    invoiced: int = 0
    seconds: int = 0
    billable_seconds: int = 0
    value: dict[str, Decimal] = field(default_factory=dict)
    billable_value: dict[str, Decimal] = field(default_factory=dict)
    by_person: dict[PersonKey, Tally] = field(default_factory=dict)
    by_month: dict[MonthKey, Tally] = field(default_factory=dict)
    by_project: dict[ProjectKey, Tally] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """Rows with time: what an import can book."""
        return self.rows - self.zero

    def add_row(self, row: ParsedRow) -> None:
        """Count an accepted row."""
        seconds, billable = row.seconds, row.billable_seconds
        amount = row.amount
        self.rows += 1
        if row.rounded:
            self.rounded += 1
        if row.invoiced:
            self.invoiced += 1
        if amount is not None:
            currency = row.currency or ""
            self.value[currency] = self.value.get(currency, 0) + amount
            if row.billable:
                self.billable_value[currency] = self.billable_value.get(currency, 0) + amount
        if not (seconds or billable):
            self.zero += 1
            return
        self.seconds += seconds
        self.billable_seconds += billable
        day = row.date
        # Written out three times: a helper would cost a tenth of the time an import takes.
        person: PersonKey = (row.person_name, row.email)
        tally = self.by_person.get(person)
        if tally is None:
            tally = self.by_person[person] = Tally()
        tally.entries += 1
        tally.seconds += seconds
        tally.billable_seconds += billable
        month: MonthKey = (day.year, day.month)
        tally = self.by_month.get(month)
        if tally is None:
            tally = self.by_month[month] = Tally()
        tally.entries += 1
        tally.seconds += seconds
        tally.billable_seconds += billable
        project: ProjectKey = (row.client, row.project)
        tally = self.by_project.get(project)
        if tally is None:
            tally = self.by_project[project] = Tally()
        tally.entries += 1
        tally.seconds += seconds
        tally.billable_seconds += billable

    def add_refused(self) -> None:
        """Count a refused row; it enters no sum, because what it says is not known."""
        self.refused += 1

    def add_group(
        self,
        *,
        person: PersonKey,
        month: MonthKey,
        project: ProjectKey,
        entries: int,
        seconds: int,
        billable_seconds: int,
    ) -> None:
        """Count entries already summed, such as a GROUP BY over what an import created."""
        self.rows += entries
        self.seconds += seconds
        self.billable_seconds += billable_seconds
        for tally in (
            self.by_person.setdefault(person, Tally()),
            self.by_month.setdefault(month, Tally()),
            self.by_project.setdefault(project, Tally()),
        ):
            tally.entries += entries
            tally.seconds += seconds
            tally.billable_seconds += billable_seconds

    def differences(self, booked: "ControlTotals") -> tuple[str, ...]:
        """Where the time of this file and what was booked from it part, one line each; empty when they agree.

        Compares entries with time and their worked and billable seconds, whole and by person, month and project.
        """
        found = _compare(
            "all",
            Tally(self.entries, self.seconds, self.billable_seconds),
            Tally(booked.entries, booked.seconds, booked.billable_seconds),
        )
        found += _compare_groups("person", self.by_person, booked.by_person)
        found += _compare_groups("month", self.by_month, booked.by_month)
        found += _compare_groups("project", self.by_project, booked.by_project)
        return tuple(found)


def _compare(name: str, ours: Tally, theirs: Tally) -> list[str]:
    pairs = (
        ("entries", ours.entries, theirs.entries),
        ("seconds worked", ours.seconds, theirs.seconds),
        ("billable seconds", ours.billable_seconds, theirs.billable_seconds),
    )
    return [
        f"{name}: {what} {left} in the file, {right} booked" for what, left, right in pairs if left != right
    ]


def _compare_groups(kind: str, ours: Mapping[Any, Tally], theirs: Mapping[Any, Tally]) -> list[str]:
    found: list[str] = []
    for key in {**ours, **theirs}:
        found += _compare(f"{kind} {key}", ours.get(key, Tally()), theirs.get(key, Tally()))
    return found
