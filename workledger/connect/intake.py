"""One reading of a file into a temporary table, from which everything else is set-based.

The rows stream through COPY and are never held; what is kept in memory are the people and tasks that the file names. The
table lives until the transaction ends. Rows that will not be booked are noted beside it: matched ones that were
imported before, and refused ones with their reason.
"""
# ruff: noqa: S608 - statements are put together from constants of this module; values go as parameters

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from workledger.connect.calc.mapping import Plan, SeenPerson, SeenWork
from workledger.connect.calc.rates import Point
from workledger.connect.calc.reading import TimeExport
from workledger.connect.calc.rows import RefusedRow
from workledger.connect.calc.totals import ControlTotals, PersonKey, ProjectKey, Tally
from workledger.core import bulk

MOST_REFUSED = 10_000
"""Refused rows that are kept with their reasons; more are counted. A file with more is the wrong one."""

_MOST_RATE = Decimal(10) ** 9
_MATCHED, _REFUSED = 1, 2
_BY_PERSON, _BY_PROJECT, _WHOLE = 0b011, 0b101, 0b111  # what PostgreSQL's grouping() answers

_TABLES = """
    DROP TABLE IF EXISTS connect_row, connect_aside, connect_person, connect_work;
    CREATE TEMPORARY TABLE connect_row (
        line integer NOT NULL, work_date date NOT NULL, person_no integer NOT NULL, work_no integer NOT NULL,
        seconds integer NOT NULL, billable integer NOT NULL, booked integer NOT NULL, rate numeric(14, 4),
        amount numeric(20, 4), note text NOT NULL, started time, fingerprint bytea NOT NULL
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE connect_aside (
        line integer NOT NULL, kind smallint NOT NULL, reason text NOT NULL
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE connect_person (no integer NOT NULL, id bigint) ON COMMIT DROP;
    CREATE TEMPORARY TABLE connect_work (
        no integer NOT NULL, task_id bigint, scope integer NOT NULL
    ) ON COMMIT DROP;
"""
_COLUMNS = (
    "line", "work_date", "person_no", "work_no", "seconds", "billable", "booked", "rate", "amount", "note", "started",
    "fingerprint",
)  # fmt: skip
_LEFT = "NOT EXISTS (SELECT FROM connect_aside a WHERE a.line = r.line)"
_WEEK = "r.work_date - (extract(isodow FROM r.work_date)::integer - 1)"


class _Numbers(dict[Any, int]):
    """Numbers keys in the order they are met."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


class Worth(NamedTuple):
    """What billable hours are worth in a currency: by amounts and rates in the file, and at the default rate."""

    currency: str
    value: Decimal
    without_rate_seconds: int


class OnDecided(NamedTuple):
    """A row of the file, and the timesheet line on which it falls."""

    line: int
    line_id: int
    week: date
    state: str


@dataclass
class Intake:
    """A file in the temporary table. `refused` are the first rows that cannot be booked; `refused_count` is all of them."""

    by_amount: bool
    totals: ControlTotals = field(default_factory=ControlTotals)
    refused: list[RefusedRow] = field(default_factory=list)
    refused_count: int = 0
    matched: int = 0
    invoiced_seconds: int = 0
    _people: _Numbers = field(default_factory=_Numbers)
    _works: _Numbers = field(default_factory=_Numbers)
    _roles: dict[int, str] = field(default_factory=dict)
    _costs: dict[int, Decimal | None] = field(default_factory=dict)
    _late: list[RefusedRow] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------ reading

    @classmethod
    def read(cls, export: TimeExport, *, bills_invoiced: bool) -> "Intake":
        """Stream a file into the table. What the other tool has billed already is not billed again, unless wanted."""
        # Some tools write only what an entry is worth; where there is a column of rates, an empty one means none.
        found = cls(by_amount="rate" not in export.profile.columns.positions)
        _run(_TABLES)
        bulk.copy_into("connect_row", _COLUMNS, found._rows(export, bills_invoiced=bills_invoiced))
        _run("ANALYZE connect_row")
        found.totals = export.totals
        found.matched = _run(
            "INSERT INTO connect_aside SELECT r.line, %s, '' FROM connect_row r"
            " JOIN timesheets_timeentry e ON e.fingerprint = r.fingerprint",
            [_MATCHED],
        )
        if found.matched:
            _run("ANALYZE connect_aside")
        found._set_aside(found._late)
        return found

    def _rows(self, export: TimeExport, *, bills_invoiced: bool) -> Iterator[tuple[Any, ...]]:
        people, works, roles, costs = self._people, self._works, self._roles, self._costs
        for row in export:
            if isinstance(row, RefusedRow):
                self._keep(row)
                continue
            (
                line, day, name, email, client, project, code, phase, task, note, seconds, _, billable, rate, amount,
                cost_rate, currency, role, _, _, started, invoiced, _, fingerprint,
            ) = row  # fmt: skip
            if not (seconds or billable):
                continue
            person = people[name, email]
            if role and person not in roles:
                roles[person] = role
            if cost_rate is not None and costs.setdefault(person, cost_rate) != cost_rate:
                costs[person] = None
            if rate is not None and rate >= _MOST_RATE:
                self._late.append(RefusedRow(line, f"the rate {rate} is too large to be one"))
                rate = None
            booked = 0 if invoiced and not bills_invoiced else billable
            self.invoiced_seconds += billable - booked
            yield (
                line, day, person, works[client, project, code, phase, task, currency], seconds, billable, booked, rate,
                amount, note, started, fingerprint,
            )  # fmt: skip

    def people(self) -> list[SeenPerson]:
        """Who the rows name that are left to be booked."""
        first = dict(_rows(f"SELECT person_no, min(work_date) FROM connect_row r WHERE {_LEFT} GROUP BY 1"))
        return [
            SeenPerson(no, name, email or "", self._roles.get(no, ""), self._costs.get(no), first[no])
            for (name, email), no in self._people.items()
            if no in first
        ]

    def works(self) -> list[SeenWork]:
        """What the rows name as tasks that are left to be booked."""
        priced = "rate IS NOT NULL OR amount > 0" if self.by_amount else "rate IS NOT NULL"
        sums = {
            no: rest
            for no, *rest in _rows(
                "SELECT work_no, min(work_date), count(*), coalesce(sum(booked), 0),"
                f" count(*) FILTER (WHERE booked > 0 AND ({priced})) FROM connect_row r WHERE {_LEFT} GROUP BY 1"
            )
        }
        return [
            SeenWork(
                no, key[0] or "", key[1], key[2] or "", key[3] or "", key[4] or "", key[5] or "", *sums[no]
            )
            for key, no in self._works.items()
            if no in sums
        ]

    # ------------------------------------------------------------------------------------------ refusing

    def refuse_named(self, plan: Plan) -> None:
        """Set aside the rows whose person or task is refused."""
        for column, reasons in (("person_no", plan.refused_people), ("work_no", plan.refused_works)):
            if reasons:
                lines = _rows(
                    f"SELECT line, {column} FROM connect_row r WHERE {_LEFT} AND {column} = ANY(%s) ORDER BY line",
                    [list(reasons)],
                )
                self._set_aside([RefusedRow(line, reasons[no]) for line, no in lines])

    def lock_lines(self) -> None:
        """Keep the timesheet lines of the file's people and tasks as they are until the transaction ends."""
        _run(
            "SELECT l.id FROM timesheets_timesheetline l WHERE (l.person_id, l.task_id) IN"
            " (SELECT p.id, w.task_id FROM connect_row r JOIN connect_person p ON p.no = r.person_no"
            " JOIN connect_work w ON w.no = r.work_no) ORDER BY l.id FOR UPDATE"
        )

    def on_decided(self) -> list[OnDecided]:
        """Rows left to be booked that fall on timesheet lines that are submitted or approved."""
        found = _rows(
            "SELECT r.line, l.id, l.week, l.state FROM connect_row r JOIN connect_person p ON p.no = r.person_no"
            f" JOIN connect_work w ON w.no = r.work_no JOIN timesheets_timesheetline l ON l.person_id = p.id"
            f" AND l.task_id = w.task_id AND l.week = {_WEEK}"
            f" WHERE l.state IN ('submitted', 'approved') AND {_LEFT} ORDER BY r.line"
        )
        return list(map(OnDecided._make, found))

    def refuse(self, rows: Sequence[RefusedRow]) -> None:
        """Set rows aside for reasons found out elsewhere."""
        self._set_aside(rows)

    def _set_aside(self, rows: Sequence[RefusedRow]) -> None:
        if not rows:
            return
        bulk.copy_into(
            "connect_aside", ("line", "kind", "reason"), ((row.line, _REFUSED, row.reason) for row in rows)
        )
        for row in rows:
            self._keep(row)

    def _keep(self, row: RefusedRow) -> None:
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(row)

    # ------------------------------------------------------------------------------------------ placing

    def place(self, plan: Plan) -> dict[int, list[int]]:
        """Tell the database which ids the file's people and tasks have by now, and which tasks share rates.

        Returns the tasks' numbers by scope.
        """
        _run("TRUNCATE connect_person, connect_work")
        bulk.copy_into(
            "connect_person", ("no", "id"), [(no, person.id) for no, person in plan.people.items()]
        )
        scopes = _Numbers()
        by_scope: dict[int, list[int]] = {}
        rows = []
        for no, task in plan.tasks.items():
            billed = task.line is not None and task.line.is_billed
            scope = scopes[task.scope] if billed else -1
            rows.append((no, task.id, scope))
            if billed:
                by_scope.setdefault(scope, []).append(no)
        bulk.copy_into("connect_work", ("no", "task_id", "scope"), rows)
        _run("ANALYZE connect_person; ANALYZE connect_work")
        return by_scope

    def points(self, plan: Plan, *, only: Sequence[int] | None = None) -> Iterator[Point]:
        """What the rows say of rates, by scope, person and day; `person` is the first number of whoever it is.

        A row that states the rate of the row before it is left out, unless `only` names the scopes that are looked at in
        full.
        """
        says = "(r.rate IS NOT NULL OR r.amount > 0)" if self.by_amount else "r.rate IS NOT NULL"
        firsts: dict[int, int] = {}
        numbers = [(no, firsts.setdefault(id(person), no)) for no, person in plan.people.items()]
        rows = _rows(
            "SELECT scope, person, line, work_date, rate, coalesce(amount, 0), booked, previous_day FROM ("
            " SELECT w.scope, n.person, r.line, r.work_date, r.rate, r.amount, r.booked,"
            " lag(r.rate) OVER one AS previous_rate, lag(r.work_date) OVER one AS previous_day"
            " FROM connect_row r JOIN connect_work w ON w.no = r.work_no"
            " JOIN unnest(%(nos)s::integer[], %(people)s::integer[]) AS n (no, person) ON n.no = r.person_no"
            f" WHERE r.booked > 0 AND {says} AND w.scope >= 0 AND {_LEFT}"
            " AND (%(only)s::integer[] IS NULL OR w.scope = ANY(%(only)s))"
            " WINDOW one AS (PARTITION BY w.scope, n.person"
            " ORDER BY r.work_date, r.rate, r.booked DESC, r.line)) s"
            " WHERE rate IS NULL OR previous_rate IS DISTINCT FROM rate OR %(only)s::integer[] IS NOT NULL"
            " ORDER BY scope, person, work_date, rate, booked DESC, line",
            {
                "nos": [no for no, _ in numbers],
                "people": [first for _, first in numbers],
                "only": None if only is None else list(only),
            },
        )
        return map(Point._make, rows)

    def worth(self, default_rate: Decimal | None) -> list[Worth]:
        """What the billable hours of the file are worth, by currency ('' where it names none).

        By the amount stated, else the rate stated, else the default rate.
        """
        sums: dict[str, list[Decimal | int]] = {}
        currencies = {no: key[5] or "" for key, no in self._works.items()}
        for no, value, without in _rows(
            "SELECT work_no, sum(round(CASE WHEN amount > 0 THEN amount"
            " ELSE coalesce(rate, %(default)s::numeric, 0) * booked / 3600 END, 2)),"
            " coalesce(sum(booked) FILTER (WHERE rate IS NULL AND coalesce(amount, 0) = 0), 0)"
            " FROM connect_row WHERE booked > 0 GROUP BY 1",
            {"default": default_rate},
        ):
            mine = sums.setdefault(currencies[no], [Decimal(0), 0])
            mine[0] += value
            mine[1] += int(without)
        return [Worth(code, Decimal(value), int(without)) for code, (value, without) in sorted(sums.items())]

    def without_rate(self) -> int:
        """Billable seconds left to be booked for which the file states no rate."""
        says = "rate IS NULL AND coalesce(amount, 0) = 0" if self.by_amount else "rate IS NULL"
        return int(
            _rows(f"SELECT coalesce(sum(booked), 0) FROM connect_row r WHERE {says} AND {_LEFT}")[0][0]
        )

    # ------------------------------------------------------------------------------------------ booking

    def book(self, batch_id: int) -> int:
        """Write timesheet lines where there are none, and the entries; returns how many entries."""
        source = " FROM connect_row r JOIN connect_person p ON p.no = r.person_no JOIN connect_work w ON w.no = r.work_no"
        left = f" WHERE {_LEFT}" if self.matched or self.refused_count else ""
        _run(
            "INSERT INTO timesheets_timesheetline (person_id, week, task_id, state)"
            f" SELECT DISTINCT p.id, {_WEEK}, w.task_id, 'open'{source}{left}"
            " ON CONFLICT (person_id, week, task_id) DO NOTHING"
        )
        return _run(
            "INSERT INTO timesheets_timeentry (line_id, person_id, task_id, work_date, worked_seconds, billable_seconds,"
            " note, started_at, batch_id, fingerprint) SELECT l.id, p.id, w.task_id, r.work_date, r.seconds,"
            f" nullif(r.booked, r.seconds), r.note, r.started, %s, r.fingerprint{source}"
            f" JOIN timesheets_timesheetline l ON l.person_id = p.id AND l.task_id = w.task_id AND l.week = {_WEEK}"
            f"{left} ORDER BY r.line",
            [batch_id],
        )

    def differences(self, batch_id: int, plan: Plan) -> tuple[str, ...]:
        """Where the file's time and what came of it part: booked, set aside, or billed by the other tool already."""
        people = self._merged_people(plan)
        projects = self._merged_projects(plan)
        wanted = _translated(
            self.totals,
            {key: people[no] for key, no in self._people.items()},
            {(key[0], key[1]): projects[no] for key, no in self._works.items()},
        )
        booked = ControlTotals()
        _add(
            booked,
            {person.id: people[no] for no, person in plan.people.items()},
            {task.project.id: projects[no] for no, task in plan.tasks.items()},
            "SELECT {columns}, count(*), sum(e.worked_seconds), sum(coalesce(e.billable_seconds, e.worked_seconds))"
            " FROM timesheets_timeentry e JOIN projects_task t ON t.id = e.task_id WHERE e.batch_id = %s {groups}",
            ("e.person_id", "t.project_id", "e.work_date"),
            [batch_id],
        )
        for sums, which in (
            ("count(*), sum(r.seconds), sum(r.billable)",
             "EXISTS (SELECT FROM connect_aside a WHERE a.line = r.line)"),
            ("0, 0, sum(r.billable - r.booked)", f"r.booked <> r.billable AND {_LEFT}"),
        ):  # fmt: skip
            _add(
                booked,
                people,
                projects,
                f"SELECT {{columns}}, {sums} FROM connect_row r WHERE {which} {{groups}}",
                ("r.person_no", "r.work_no", "r.work_date"),
            )
        return wanted.differences(booked)

    def _merged_people(self, plan: Plan) -> dict[int, PersonKey]:
        """Each number's person as a key that those who are one person share."""
        names = {no: key for key, no in self._people.items()}
        firsts: dict[int, int] = {}
        return {
            no: names[firsts.setdefault(id(plan.people[no]), no)] if no in plan.people else name
            for no, name in names.items()
        }

    def _merged_projects(self, plan: Plan) -> dict[int, ProjectKey]:
        names: dict[int, ProjectKey] = {no: (key[0], key[1]) for key, no in self._works.items()}
        # A project may be met under several names, and all rows of a name must come to one key.
        firsts: dict[int, ProjectKey] = {}
        by_name: dict[ProjectKey, ProjectKey] = {}
        for no, task in plan.tasks.items():
            by_name[names[no]] = firsts.setdefault(id(task.project), by_name.get(names[no], names[no]))
        return {no: by_name.get(name, name) for no, name in names.items()}


def _translated(
    totals: ControlTotals, people: dict[PersonKey, PersonKey], projects: dict[ProjectKey, ProjectKey]
) -> ControlTotals:
    """The totals of the file by the keys that names of one person, and of one project, share."""
    found = ControlTotals(
        rows=totals.entries,
        seconds=totals.seconds,
        billable_seconds=totals.billable_seconds,
        by_month=totals.by_month,
    )
    parts: Iterable[tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]] = (
        (totals.by_person, found.by_person, people),
        (totals.by_project, found.by_project, projects),
    )
    for source, target, keys in parts:
        for key, tally in source.items():
            mine = target.setdefault(keys[key], Tally())
            mine.entries += tally.entries
            mine.seconds += tally.seconds
            mine.billable_seconds += tally.billable_seconds
    return found


def _add(
    totals: ControlTotals,
    people: Mapping[Any, PersonKey],
    projects: Mapping[Any, ProjectKey],
    statement: str,
    by: tuple[str, str, str],
    parameters: Any = None,
) -> None:
    """Add rows summed by the database: whole, and by each of person, project and month alone."""
    person, project, day = by
    month = f"date_trunc('month', {day})::date"
    shown = statement.format(
        columns=f"{person}, {project}, {month}, grouping({person}, {project}, {month})",
        groups=f"GROUP BY GROUPING SETS ((), ({person}), ({project}), ({month}))",
    )
    for person_id, project_id, first, grouped, *sums in _rows(shown, parameters):
        entries, seconds, billable = (int(each or 0) for each in sums)
        if grouped == _WHOLE:
            totals.rows += entries
            totals.seconds += seconds
            totals.billable_seconds += billable
            continue
        if grouped == _BY_PERSON:
            tally = totals.by_person.setdefault(people[person_id], Tally())
        elif grouped == _BY_PROJECT:
            tally = totals.by_project.setdefault(projects[project_id], Tally())
        else:
            tally = totals.by_month.setdefault((first.year, first.month), Tally())
        tally.entries += entries
        tally.seconds += seconds
        tally.billable_seconds += billable


def _run(statement: str, parameters: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
