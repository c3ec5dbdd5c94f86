"""Writes of imports: a file of time is read, mapped, booked in one action, and undone in one."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.files.base import ContentFile
from django.db import connection
from django.utils.text import get_valid_filename

from workledger.billing.actions import items
from workledger.connect.calc.formats import FormatName
from workledger.connect.calc.opening import Options, UnreadableFile
from workledger.connect.calc.reading import TimeExport, open_time_export
from workledger.connect.calc.rows import ParsedRow
from workledger.connect.calc.totals import ControlTotals
from workledger.connect.calc.values import implied_rate
from workledger.connect.models import ImportBatch, ImportState
from workledger.contracts.actions import create_contracts, create_lines, create_rate_cards, create_rates
from workledger.contracts.inputs import NewContract, NewLine, RateCardInput, RateInput
from workledger.contracts.models import BillingModel, Contract, Rate, RateCard
from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Refused
from workledger.directory.actions import (
    BillingDetails,
    ClientDetails,
    NewTerms,
    PersonDetails,
    add_client,
    add_person,
)
from workledger.directory.models import BillingProfile, Client, LegalEntity, Person, Role
from workledger.kernel.period import week_start
from workledger.projects.actions import create_projects, create_tasks
from workledger.projects.inputs import NewTask, ProjectInput
from workledger.projects.models import Project, Task
from workledger.timesheets.approval import approve_locked, withdraw_locked
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

_NO_CLIENT = "Without client"
_NO_TASK = "General"
_MOST_REFUSED = 10_000
_ENTRY_FIELDS = (
    "line", "person", "task", "work_date", "worked_seconds", "billable_seconds", "note", "started_at", "batch_id",
    "fingerprint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimeImport:
    """What to import and how. `content` is the file; `default_rate` prices hours for which it states no rate.

    `on` is the day of the import.
    """

    content: bytes
    on: date
    file_name: str
    source_format: FormatName
    entity_id: int | None = None
    approved: bool = False
    default_rate: Decimal | None = None
    project: str = ""
    date_order: str = ""
    decimal_mark: str = ""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of the file that was not booked, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `matched` rows were booked before or hold no time; `value` is the priced billable value."""

    batch: int
    rows: int
    created: int
    matched: int
    refused: list[RefusedLine]
    seconds: int
    billable_seconds: int
    value: Decimal
    notes: list[str]


class _ProjectKey(NamedTuple):
    client: str
    project: str


_Place = tuple[tuple[str, str], tuple[_ProjectKey, str], date]
"""Whose time, on which task, in which week, by the names of the file."""


@dataclass(slots=True)
class _Survey:
    """The first pass: all that the file names, and how it prices."""

    people: dict[tuple[str, str], tuple[date, str]] = field(default_factory=dict)
    currency: dict[str, str] = field(default_factory=dict)
    first: dict[str, date] = field(default_factory=dict)
    projects: dict[_ProjectKey, str] = field(default_factory=dict)
    billed: set[_ProjectKey] = field(default_factory=set)
    tasks: dict[tuple[_ProjectKey, str], None] = field(default_factory=dict)
    rates: dict[tuple[_ProjectKey, tuple[str, str]], dict[date, Decimal]] = field(default_factory=dict)
    fingerprints: dict[bytes, _Place] = field(default_factory=dict)
    refused: list[RefusedLine] = field(default_factory=list)
    clashes: set[int] = field(default_factory=set)


def _who(row: ParsedRow) -> tuple[str, str]:
    return row.person_name, (row.email or "").lower()


def _where(row: ParsedRow) -> _ProjectKey:
    return _ProjectKey(row.client or _NO_CLIENT, row.project)


@action("connect.import_time", needs=Permission.IMPORT_DATA, logs_input=False)
def import_time(*, actor: Actor, given: TimeImport) -> Imported:
    """Read a time export, match or create what it names, and book its time; the same file twice creates nothing.

    With `approved` its lines are submitted and approved at once. Rows that cannot be booked are listed with their
    line and reason, and the rest is booked. Refuses: unreadable file (its code), entity_unclear,
    totals_differ (nothing is booked when what was booked does not sum to the file).
    """
    entity = _entity(actor, given.entity_id)
    export = _open(given)
    batch = ImportBatch.objects.create(
        entity=entity,
        file_format=given.source_format,
        file_name=given.file_name[:255],
        file_hash=hashlib.sha256(given.content).hexdigest(),
        options={
            "approved": given.approved,
            "default_rate": None if given.default_rate is None else str(given.default_rate),
            "project": given.project,
        },
        staged_by_id=actor.user_id,
    )
    batch.file.save(
        get_valid_filename(given.file_name) or "import.csv", ContentFile(given.content), save=True
    )
    survey = _survey(export)
    file_totals = export.totals
    known = _known(survey.fingerprints)
    masters = _Masters(actor, entity, survey, given.default_rate)
    lines, closed = _lines(actor, masters, survey, known, given)
    booked: ControlTotals = ControlTotals()
    rows = _entries(export, masters, lines, closed, known, survey, batch.pk, booked)
    created = bulk.copy_rows(TimeEntry, _ENTRY_FIELDS, rows)
    _refuse_difference(batch.pk, booked)
    if given.approved and created:
        _approve(actor, batch.pk)
    figures = _figures(batch.pk)
    refused = sorted(survey.refused, key=lambda one: one.line)
    batch.state = ImportState.COMMITTED
    batch.totals = {
        "rows": file_totals.rows + file_totals.refused,
        "created": created,
        "seconds": booked.seconds,
        "billable_seconds": booked.billable_seconds,
        "value": str(figures),
    }
    batch.refused = [[one.line, one.reason] for one in refused[:_MOST_REFUSED]]
    batch.created = masters.made
    batch.save()
    total = file_totals.rows + file_totals.refused
    record(batch, f"Imported {created:,} entries from {given.file_name}")
    return Imported(
        batch=batch.pk,
        rows=total,
        created=created,
        matched=total - created - len(refused),
        refused=refused,
        seconds=booked.seconds,
        billable_seconds=booked.billable_seconds,
        value=figures,
        notes=[*export.profile.notes, *masters.notes],
    )


def _entity(actor: Actor, entity_id: int | None) -> LegalEntity:
    rows = list(LegalEntity.objects.visible_to(actor).select_related("book").order_by("pk")[:2])
    if entity_id is not None:
        found: LegalEntity = locks.one(
            LegalEntity.objects.visible_to(actor).select_related("book"), entity_id
        )
        return found
    if len(rows) != 1:
        message = (
            "Say whose books the time belongs to." if rows else "Set up your firm first: workledger init."
        )
        raise Refused.because("entity_unclear", message, "entity")
    return rows[0]


def _open(given: TimeImport) -> TimeExport:
    options = Options(
        project=given.project or None,
        date_order=given.date_order or None,  # type: ignore[arg-type]
        decimal_mark=given.decimal_mark or None,  # type: ignore[arg-type]
    )
    try:
        return open_time_export(
            ContentFile(given.content).file,
            source_format=given.source_format,
            options=options,
        )
    except UnreadableFile as error:
        raise Refused.because(error.code, str(error), "file") from error


def _survey(export: TimeExport) -> _Survey:
    """Read the file once for what it names; no row is kept."""
    survey = _Survey()
    people, projects, tasks = survey.people, survey.projects, survey.tasks
    places: dict[_Place, _Place] = {}
    for row in export:
        if not isinstance(row, ParsedRow):
            survey.refused.append(RefusedLine(row.line, row.reason))
            continue
        if row.zero:
            continue
        who, where = _who(row), _where(row)
        seen = people.get(who)
        if seen is None or row.date < seen[0]:
            people[who] = row.date, row.role or (seen[1] if seen else "")
        if where.client not in survey.first or row.date < survey.first[where.client]:
            survey.first[where.client] = row.date
        if row.currency:
            survey.currency.setdefault(where.client, row.currency)
        projects.setdefault(where, row.project_code or "")
        task = where, row.task or _NO_TASK
        tasks.setdefault(task)
        place = who, task, week_start(row.date)
        survey.fingerprints[row.fingerprint] = places.setdefault(place, place)  # one tuple per place
        if row.billable:
            survey.billed.add(where)
            rate = row.rate
            if rate is None and row.amount:
                rate = implied_rate(row.amount, row.billable_seconds)
            if rate is not None:
                days = survey.rates.setdefault((where, who), {})
                if days.setdefault(row.date, rate) != rate:
                    reason = (
                        f"{row.person_name} has another rate on {row.project} that day ({days[row.date]})"
                    )
                    survey.refused.append(RefusedLine(row.line, reason))
                    survey.clashes.add(row.line)
    return survey


def _known(fingerprints: Iterable[bytes]) -> set[bytes]:
    """Return the fingerprints that were booked before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fingerprint FROM timesheets_timeentry WHERE fingerprint = ANY(%s)", [list(fingerprints)]
        )
        return {bytes(row[0]) for row in cursor.fetchall()}


class _Masters:
    """People, clients, contracts, projects and tasks of the file: matched by name, or made."""

    def __init__(
        self, actor: Actor, entity: LegalEntity, survey: _Survey, default_rate: Decimal | None
    ) -> None:
        self.actor, self.entity, self.survey = actor, entity, survey
        self.notes: list[str] = []
        self.made: dict[str, int] = {}
        self.people = self._people()
        self.clients = self._clients()
        self.projects: dict[_ProjectKey, Project] = self._projects()
        self.tasks = self._tasks()
        self._rates(default_rate)

    def _count(self, noun: str, count: int) -> None:
        if count:
            self.made[noun] = self.made.get(noun, 0) + count

    def _people(self) -> dict[tuple[str, str], int]:
        by_email = {
            email.lower(): pk for pk, email in Person.objects.exclude(email="").values_list("pk", "email")
        }
        by_name = {name.casefold(): pk for pk, name in Person.objects.values_list("pk", "name")}
        roles = {name.casefold(): pk for pk, name in Role.objects.values_list("pk", "name")}
        found = {}
        for (name, email), (first, role) in sorted(self.survey.people.items()):
            pk = by_email.get(email) if email else None
            pk = pk or by_name.get(name.casefold())
            if pk is None:
                pk = add_person(
                    actor=self.actor,
                    person=PersonDetails(name=name, email=email),
                    terms=NewTerms(start=first, entity_id=self.entity.pk, role_id=roles.get(role.casefold())),
                )
                by_name[name.casefold()] = pk
                if email:
                    by_email[email] = pk
                self._count("people", 1)
            found[name, email] = pk
        return found

    def _clients(self) -> dict[str, int]:
        known = {name.casefold(): pk for pk, name in Client.objects.values_list("pk", "name")}
        found = {}
        for name in sorted({key.client for key in self.survey.projects}):
            pk = known.get(name.casefold())
            if pk is None:
                currency = self.survey.currency.get(name, self.entity.book.currency)
                pk = add_client(
                    actor=self.actor,
                    client=ClientDetails(name=name, country=self.entity.country),
                    billing=BillingDetails(currency=currency),
                )
                self._count("clients", 1)
            found[name] = pk
        if _NO_CLIENT in found:
            self.notes.append(f"Projects without a client stand under '{_NO_CLIENT}'.")
        return found

    def _projects(self) -> dict[_ProjectKey, Project]:
        rows = Project.objects.filter(client_id__in=self.clients.values()).select_related("contract")
        known = {(row.client_id, row.name.casefold()): row for row in rows}
        new = [
            key
            for key in sorted(self.survey.projects)
            if (self.clients[key.client], key.project.casefold()) not in known
        ]
        if new:
            self._new_projects(new)
            rows = Project.objects.filter(client_id__in=self.clients.values()).select_related("contract")
            known = {(row.client_id, row.name.casefold()): row for row in rows}
        return {key: known[self.clients[key.client], key.project.casefold()] for key in self.survey.projects}

    def _new_projects(self, keys: list[_ProjectKey]) -> None:
        """A contract per new project, with a line for billed and one for unbilled work."""
        currencies = dict(
            BillingProfile.objects.filter(client__in=self.clients.values()).values_list(
                "client_id", "currency"
            )
        )
        contracts = create_contracts(
            actor=self.actor,
            contracts=[
                NewContract(
                    client_id=self.clients[key.client],
                    entity_id=self.entity.pk,
                    name=key.project[:200],
                    currency=currencies.get(self.clients[key.client], self.entity.book.currency),
                    start=self.survey.first[key.client],
                )
                for key in keys
            ],
        )
        create_lines(
            actor=self.actor,
            lines=[
                NewLine(contract_id=contract_id, name=str(model.label), model=model)
                for contract_id in contracts
                for model in (BillingModel.TIME_AND_MATERIALS, BillingModel.NON_BILLABLE)
            ],
        )
        taken = set(Project.objects.values_list("code", flat=True))
        codes = []
        for key in keys:
            code = self.survey.projects[key][:40]
            codes.append("" if code in taken else code)
            taken.add(code)
        create_projects(
            actor=self.actor,
            projects=[
                ProjectInput(
                    client_id=self.clients[key.client],
                    entity_id=self.entity.pk,
                    contract_id=contract_id,
                    name=key.project[:200],
                    code=code,
                )
                for key, contract_id, code in zip(keys, contracts, codes, strict=True)
            ],
        )
        self._count("contracts", len(keys))
        self._count("projects", len(keys))

    def _tasks(self) -> dict[tuple[_ProjectKey, str], int]:
        ids = {project.pk for project in self.projects.values()}
        contract_ids = {project.contract_id or 0 for project in self.projects.values()}
        self.lines: dict[tuple[int, str], int] = {}
        contracts = Contract.objects.filter(pk__in=contract_ids).prefetch_related("lines")
        for contract in contracts:
            for line in sorted(contract.lines.all(), key=lambda one: -one.position):
                self.lines[contract.pk, line.model] = line.pk
        known = {
            (project_id, name.casefold()): pk
            for pk, project_id, name in Task.objects.filter(project_id__in=ids)
            .order_by("-pk")
            .values_list("pk", "project_id", "name")
        }
        new = [
            (key, name)
            for key, name in sorted(self.survey.tasks)
            if (self.projects[key].pk, name.casefold()) not in known
        ]
        unique = {(self.projects[key].pk, name.casefold()): (key, name) for key, name in new}
        made = create_tasks(
            actor=self.actor,
            tasks=[
                NewTask(project_id=project_id, name=name[:200], contract_line_id=self._line_of(key))
                for (project_id, _), (key, name) in unique.items()
            ],
        )
        known |= dict(zip(unique, made, strict=True))
        self._count("tasks", len(made))
        return {(key, name): known[self.projects[key].pk, name.casefold()] for key, name in self.survey.tasks}

    def _line_of(self, key: _ProjectKey) -> int | None:
        contract_id = self.projects[key].contract_id or 0
        billed = key in self.survey.billed
        model = BillingModel.TIME_AND_MATERIALS if billed else BillingModel.NON_BILLABLE
        return self.lines.get((contract_id, model)) or self.lines.get(
            (contract_id, BillingModel.TIME_AND_MATERIALS)
        )

    def _rates(self, default_rate: Decimal | None) -> None:
        """Rates of the file as dated rates of line and person; the default for everybody on the contract."""
        wanted: list[tuple[int, int, Decimal, date, date | None, int]] = []
        for (key, who), days in sorted(self.survey.rates.items()):
            contract_id = self.projects[key].contract_id
            line_id = self.lines.get((contract_id or 0, BillingModel.TIME_AND_MATERIALS))
            if contract_id is None or line_id is None:
                continue
            steps = [
                day
                for at, day in enumerate(sorted(days))
                if not at or days[day] != days[sorted(days)[at - 1]]
            ]
            ends: list[date | None] = [*steps[1:], None]
            for start, end in zip(steps, ends, strict=True):
                wanted.append((contract_id, line_id, days[start], start, end, self.people[who]))
        known = set(
            Rate.objects.filter(contract_line__isnull=False, person__isnull=False).values_list(
                "contract_line_id", "person_id"
            )
        )
        wanted = [row for row in wanted if (row[1], row[5]) not in known]
        billed = {self.projects[key].contract_id for key in self.survey.billed} - {None}
        cards = self._cards({row[0] for row in wanted} | (billed if default_rate is not None else set()))  # type: ignore[operator]
        rates = [
            RateInput(
                card_id=cards[contract_id],
                rate_per_hour=rate,
                valid_from=start,
                valid_to=end,
                contract_line_id=line_id,
                person_id=person_id,
            )
            for contract_id, line_id, rate, start, end, person_id in wanted
        ]
        if default_rate is not None:
            general = set(
                Rate.objects.filter(
                    card__in=cards.values(), contract_line=None, person=None, role=None, task_type=None
                ).values_list("card_id", flat=True)
            )
            first = min(self.survey.first.values(), default=date(2000, 1, 1))
            rates += [
                RateInput(card_id=card_id, rate_per_hour=default_rate, valid_from=first)
                for contract_id, card_id in sorted(cards.items())
                if contract_id in billed and card_id not in general
            ]
        if not rates:
            return
        saved = create_rates(actor=self.actor, rates=rates)
        self._count("rates", len(saved.rate_ids))
        if not saved.is_approved:
            self.notes.append(
                f"{len(saved.rate_ids)} rates wait for another person's approval before they price."
            )

    def _cards(self, contract_ids: Iterable[int]) -> dict[int, int]:
        ids = set(contract_ids)
        cards: dict[int, int] = dict(
            RateCard.objects.filter(contract__in=ids).values_list("contract_id", "pk")
        )
        missing = list(Contract.objects.filter(pk__in=ids - set(cards)).order_by("pk"))
        made = create_rate_cards(
            actor=self.actor,
            cards=[
                RateCardInput(name=f"{row.name} prices"[:200], currency=row.currency, contract_id=row.pk)
                for row in missing
            ],
        )
        return cards | {row.pk: card for row, card in zip(missing, made, strict=True)}


_LineKey = tuple[int, int, date]


def _lines(
    actor: Actor, masters: _Masters, survey: _Survey, known: set[bytes], given: TimeImport
) -> tuple[dict[_LineKey, int], set[_LineKey]]:
    """Return timesheet lines by person, task and week, made where missing, and those that take no more time.

    An approving import opens approved lines again, unless they are on a bill, and approves them whole.
    """
    places = {place for fingerprint, place in survey.fingerprints.items() if fingerprint not in known}
    wanted = {(masters.people[who], masters.tasks[task], week) for who, task, week in places}
    people, weeks = {key[0] for key in wanted}, {key[2] for key in wanted}
    found: dict[_LineKey, int] = {}
    decided: dict[_LineKey, tuple[int, str]] = {}
    rows = TimesheetLine.objects.filter(person_id__in=people, week__in=weeks)
    for pk, person, task, week, state in rows.values_list("pk", "person_id", "task_id", "week", "state"):
        key = person, task, week
        if key in wanted:
            found[key] = pk
            if state in (LineState.SUBMITTED, LineState.APPROVED):
                decided[key] = pk, state
    closed = set(decided)
    if given.approved:
        billed = set(
            TimeEntry.objects.filter(pk__in=items.explain(_entry_ids(decided))).values_list(
                "line_id", flat=True
            )
        )
        closed = {key for key, (pk, _) in decided.items() if pk in billed}
        again = [pk for pk, state in decided.values() if state == LineState.APPROVED and pk not in billed]
        withdraw_locked(actor, sorted(again), "More time was imported", given.on)
    missing = sorted(wanted - set(found))
    ids = bulk.reserve_ids(TimesheetLine, len(missing))
    bulk.copy_rows(
        TimesheetLine,
        ("id", "person", "task", "week", "state"),
        [(pk, *key, LineState.OPEN.value) for pk, key in zip(ids, missing, strict=True)],
    )
    return found | dict(zip(missing, ids, strict=True)), closed


def _entry_ids(decided: dict[_LineKey, tuple[int, str]]) -> list[int]:
    line_ids = [pk for pk, _ in decided.values()]
    return list(TimeEntry.objects.filter(line__in=line_ids).values_list("pk", flat=True))


def _entries(
    export: TimeExport,
    masters: _Masters,
    lines: dict[_LineKey, int],
    closed: set[_LineKey],
    known: set[bytes],
    survey: _Survey,
    batch_id: int,
    booked: ControlTotals,
) -> Iterator[tuple[Any, ...]]:
    """Read the file again and yield entries; no query runs here, for the connection is busy with the COPY."""
    people, tasks = masters.people, masters.tasks
    keys: dict[tuple[tuple[str, str], _ProjectKey, str], tuple[int, int]] = {}
    weeks: dict[date, date] = {}
    for row in export:
        if (
            not isinstance(row, ParsedRow)
            or row.zero
            or row.line in survey.clashes
            or row.fingerprint in known
        ):
            continue
        at = _who(row), _where(row), row.task or _NO_TASK
        pair = keys.get(at)
        if pair is None:
            pair = keys[at] = people[at[0]], tasks[at[1], at[2]]
        week = weeks.get(row.date)
        if week is None:
            week = weeks[row.date] = week_start(row.date)
        line = pair[0], pair[1], week
        if line in closed:
            survey.refused.append(
                RefusedLine(
                    row.line, f"The week of {week} on this task is submitted, approved or billed already"
                )
            )
            continue
        if not row.billable:
            billable: int | None = 0
        else:
            billable = None if row.billable_seconds == row.seconds else row.billable_seconds
        booked.add_row(row)
        yield (
            lines[line], pair[0], pair[1], row.date, row.seconds, billable, row.note, row.started, batch_id,
            row.fingerprint,
        )  # fmt: skip


def _refuse_difference(batch_id: int, booked: ControlTotals) -> None:
    """Compare what the database holds with the file's rows; refuse (and so book nothing) when they part."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(worked_seconds), 0),"
            " coalesce(sum(coalesce(billable_seconds, worked_seconds)), 0)"
            " FROM timesheets_timeentry WHERE batch_id = %s",
            [batch_id],
        )
        found = tuple(int(value) for value in cursor.fetchone())
    if found != (booked.entries, booked.seconds, booked.billable_seconds):
        message = f"What was booked ({found}) differs from the file. Nothing was imported."
        raise Refused.because("totals_differ", message)


def _approve(actor: Actor, batch_id: int) -> None:
    """Submit and approve the lines of this import."""
    rows = TimesheetLine.objects.filter(entries__batch_id=batch_id).distinct().values("pk")
    lines = list(TimesheetLine.objects.filter(pk__in=rows).order_by("pk").select_for_update(of=("self",)))
    approve_locked(
        actor,
        lines,
        frozenset({LineState.OPEN, LineState.REJECTED, LineState.SUBMITTED}),
        "Approved with its import",
    )


def _figures(batch_id: int) -> Decimal:
    """Return the value of this import's priced items."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(i.amount), 0) FROM billing_billableitem i JOIN timesheets_timeentry e"
            " ON e.id = i.source_id AND i.source_kind = 'time' WHERE e.batch_id = %s AND NOT i.is_void",
            [batch_id],
        )
        return Decimal(cursor.fetchone()[0]).quantize(Decimal("0.01"))


@action("connect.undo_import", needs=Permission.IMPORT_DATA)
def undo_import(*, actor: Actor, batch_id: int, on: date) -> int:
    """Take an import back: its approvals are withdrawn and its entries removed. Returns how many entries went.

    People, clients, projects and rates that it made stay, for the books may name them. Refuses: not_found,
    not_committed, billed or on_pre_bill (naming the document).
    """
    batch: ImportBatch = locks.for_update(ImportBatch.objects.visible_to(actor), batch_id)
    if batch.state != ImportState.COMMITTED:
        raise Refused.because("not_committed", "This import is not committed, or was undone already.")
    entries = TimeEntry.objects.filter(batch_id=batch_id)
    ids = list(entries.values_list("pk", flat=True))
    held = items.explain(ids)
    if held:
        raise Refused.because("billed", next(iter(held.values())))
    lines = list(
        TimesheetLine.objects.filter(pk__in=entries.values("line_id"))
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    approved = [line.pk for line in lines if line.state == LineState.APPROVED]
    withdraw_locked(actor, approved, "Its import was undone", on)
    entries.delete()
    empty = TimesheetLine.objects.filter(pk__in=[line.pk for line in lines], entries=None)
    empty.delete()
    batch.state = ImportState.UNDONE
    batch.save(update_fields=["state"])
    record(batch, f"Undid the import of {batch.file_name}: {len(ids):,} entries removed")
    return len(ids)
