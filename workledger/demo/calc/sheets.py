"""From typed hours to weeks: when each was submitted, who approved what and when, what was sent back."""

from collections.abc import Sequence
from datetime import date
from random import Random

from workledger.demo.calc.dates import DAY, add_months, monday_of, nth_workday
from workledger.demo.calc.hours import Gaps, RawEntry
from workledger.demo.calc.people import WorkCalendar
from workledger.demo.calc.records import Entry, Office, Rejection, Sheet
from workledger.demo.calc.work import Work

_REASONS = (
    "Please book this on the phase that is running.",
    "More hours than we agreed for this week, let us talk.",
    "Which ticket was this? Please add a note.",
    "Travel is not charged here.",
)
RUN_WORKDAY = 3  # the bill run takes what is approved by the third workday of the month


def run_date(month: date, offices: Sequence[Office]) -> date:
    """The day on which the bill run of the month that holds this day is prepared."""
    return nth_workday(add_months(month.replace(day=1), 1), RUN_WORKDAY, offices[0].holidays)


class Desk:
    """Submits weeks and approves entries as the firm's people do."""

    def __init__(
        self,
        rng: Random,
        work: Work,
        calendar: WorkCalendar,
        offices: Sequence[Office],
        gaps: Gaps,
        late: Sequence[int],
        people_count: int,
        today: date,
    ) -> None:
        self._rng, self._work, self._calendar, self._today = rng, work, calendar, today
        self._gaps, self._late, self._offices = gaps, frozenset(late), offices
        self._people_count = people_count
        self._weekday = [rng.choice((0, 1, 1, 2, 3)) for _ in range(people_count)]
        self._slow = [rng.random() < 0.12 for _ in range(people_count)]
        self._cutoffs: dict[tuple[int, int], date] = {}
        self._decided: dict[tuple[int, int], date] = {}

    def process(self, raw: Sequence[RawEntry]) -> tuple[list[Sheet], list[Entry]]:
        """Make sheets and entries of raw entries that are ordered by person and day."""
        sheets: list[Sheet] = []
        entries: list[Entry] = []
        begin = 0
        while begin < len(raw):
            person, monday = raw[begin].person_index, monday_of(raw[begin].day)
            end = begin
            following = monday + DAY * 7
            while end < len(raw) and raw[end].person_index == person and raw[end].day < following:
                end += 1
            submitted = self._submitted_on(person, monday, raw[end - 1].day)
            sheet_index = len(sheets)
            sheets.append(Sheet(person, monday, submitted))
            first_day: dict[int, date] = {}
            for item in raw[begin:end]:
                first_day.setdefault(item.task_index, item.day)
            for item in raw[begin:end]:
                approver = self._approver(item)
                entries.append(
                    Entry(
                        item.person_index,
                        item.task_index,
                        item.day,
                        item.worked_seconds,
                        item.billable_seconds,
                        item.note,
                        sheet_index,
                        approver,
                        self._approved_on(sheet_index, approver, submitted, first_day[item.task_index]),
                    )
                )
            begin = end
        return sheets, entries

    def _submitted_on(self, person: int, monday: date, last_entry: date) -> date | None:
        if person in self._late:
            delay = self._rng.choice((8, 9, 10, 12, 15, 19, 24))
        else:
            delay = self._rng.choices((4, 6, 7, 8, 9, 13), (52, 5, 26, 7, 5, 5))[0]
        day = max(monday + DAY * delay, last_entry)
        # A week that is not typed to its end is not submitted either.
        typed = self._gaps.filled_through[person] >= min(monday + DAY * 4, self._today)
        return day if day <= self._today and typed and self._today >= monday + DAY * 4 else None

    def _approver(self, item: RawEntry) -> int:
        """The project's manager; for own and internal time the line manager, for the owner a colleague."""
        project = self._work.projects[self._work.tasks[item.task_index].project_index]
        person = item.person_index
        if project.client_index is not None and project.manager_index != person:
            return project.manager_index
        term = self._calendar.term(person, item.day)
        manager = term.manager_index if term else None
        if manager is not None:
            return manager
        return min(1, self._people_count - 1)

    def _approved_on(self, sheet: int, approver: int, submitted: date | None, day: date) -> date | None:
        """When the week's hours on a task, first worked on `day`, were approved; before the bill run if possible."""
        if submitted is None:
            return None
        key = (sheet, approver)
        decided = self._decided.get(key)
        if decided is None:
            wait = (self._weekday[approver] - submitted.weekday()) % 7 or 7
            if self._rng.random() < (0.5 if self._slow[approver] else 0.06):
                wait += 7
            decided = self._decided[key] = submitted + DAY * wait
        cutoff = self._cutoff(day)
        if submitted <= cutoff < decided:
            decided = cutoff
        return decided if decided <= self._today else None

    def _cutoff(self, day: date) -> date:
        month = (day.year, day.month)
        if month not in self._cutoffs:
            self._cutoffs[month] = run_date(day, self._offices)
        return self._cutoffs[month]


def sort_by_day(
    sheets: Sequence[Sheet], entries: Sequence[Entry]
) -> tuple[tuple[Sheet, ...], tuple[Entry, ...]]:
    """Sheets by week and entries by day, as they came into being, with the indexes set anew."""
    order = sorted(range(len(sheets)), key=lambda index: (sheets[index].monday, sheets[index].person_index))
    moved = [0] * len(sheets)
    for position, index in enumerate(order):
        moved[index] = position
    by_day = sorted(entries, key=lambda entry: (entry.day, entry.person_index))
    renamed = tuple(Entry(*entry[:6], moved[entry.sheet_index], *entry[7:]) for entry in by_day)
    return tuple(sheets[index] for index in order), renamed


def pick_rejections(
    rng: Random, sheets: Sequence[Sheet], entries: Sequence[Entry], today: date
) -> tuple[Rejection, ...]:
    """A few submitted entries that went back to their authors and wait there."""
    open_ones = [
        (index, submitted)
        for index, entry in enumerate(entries[-12000:], start=max(0, len(entries) - 12000))
        if entry.approved_on is None and (submitted := sheets[entry.sheet_index].submitted_on) is not None
    ]
    chosen = rng.sample(open_ones, min(len(open_ones), 1 + len(entries) // 12000))
    return tuple(
        Rejection(index, min(today, submitted + DAY * rng.randrange(1, 4)), rng.choice(_REASONS))
        for index, submitted in sorted(chosen)
    )
