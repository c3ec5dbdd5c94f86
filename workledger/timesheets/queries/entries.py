"""Time entries: the list with filters, one entry, the entries of a cell, and why one cannot be changed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from workledger.contracts.models import BillingModel
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Refused
from workledger.directory.models import Client, Person
from workledger.kernel.period import week_start
from workledger.projects.models import Project
from workledger.timesheets import explain as explaining
from workledger.timesheets.models import LineState, TimeEntry
from workledger.timesheets.queries.locks import last_decisions, why_locked

PAGE_ROWS = 100
_EXPORT_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class EntryFilters:
    """Which entries: [start, end] of work dates both included, and what they are about; None and '' for any."""

    start: date | None = None
    end: date | None = None
    person_id: int | None = None
    client_id: int | None = None
    project_id: int | None = None
    task_id: int | None = None
    state: str = ""
    billable: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list. `billable_seconds` is what bills: as worked when nothing else is said, 0 where nothing bills."""

    entry_id: int
    work_date: date
    person_id: int
    person: str
    client_id: int
    client: str
    project_id: int
    project: str
    task_id: int
    task: str
    worked_seconds: int
    billable_seconds: int
    note: str
    state: str

    @property
    def state_label(self) -> str:
        """The line's state in words."""
        return str(LineState(self.state).label)


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries from newest to oldest, with the sums over all that match, not only this page."""

    rows: tuple[EntryRow, ...]
    next: str
    previous: str
    count: int
    worked_seconds: int
    billable_seconds: int


_BILLABLE = Case(
    When(task__contract_line__isnull=True, then=Value(0)),
    When(task__contract_line__model=BillingModel.NON_BILLABLE, then=Value(0)),
    default=Coalesce(F("billable_seconds"), F("worked_seconds")),
)
_ROW = (
    "pk", "work_date", "person_id", "person__name", "task__project__client_id", "task__project__client__name",
    "task__project_id", "task__project__name", "task_id", "task__name", "worked_seconds", "bills", "note",
    "line__state",
)  # fmt: skip


def _matching(actor: Actor, filters: EntryFilters) -> QuerySet[TimeEntry]:
    wanted: dict[str, Any] = {
        "work_date__gte": filters.start,
        "work_date__lte": filters.end,
        "person_id": filters.person_id,
        "task__project__client_id": filters.client_id,
        "task__project_id": filters.project_id,
        "task_id": filters.task_id,
        "line__state": filters.state or None,
    }
    rows: QuerySet[TimeEntry] = TimeEntry.objects.visible_to(actor)
    rows = rows.filter(**{path: value for path, value in wanted.items() if value is not None})
    for word in filters.text.split():
        rows = rows.filter(
            Q(note__icontains=word) | Q(task__name__icontains=word) | Q(task__project__name__icontains=word)
        )
    rows = rows.annotate(bills=_BILLABLE)
    if filters.billable is not None:
        rows = rows.filter(bills__gt=0) if filters.billable else rows.filter(bills=0)
    return rows


def entries(actor: Actor, filters: EntryFilters, cursor: str = "", *, limit: int = PAGE_ROWS) -> EntryPage:
    """Return a page of entries, newest first. Refuses: bad_cursor."""
    matching = _matching(actor, filters)
    rows = matching
    backwards = cursor.startswith("-")
    if cursor:
        day, pk = _read_cursor(cursor)
        newer = Q(work_date__gt=day) | Q(work_date=day, pk__gt=pk)
        older = Q(work_date__lt=day) | Q(work_date=day, pk__lt=pk)
        rows = rows.filter(newer if backwards else older)
    order = ("work_date", "pk") if backwards else ("-work_date", "-pk")
    found = [EntryRow(*row) for row in rows.order_by(*order).values_list(*_ROW)[: limit + 1]]
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (bool(found), more) if backwards else (more, bool(cursor and found))
    sums = matching.order_by().aggregate(
        worked=Coalesce(Sum("worked_seconds"), 0),
        billable=Coalesce(Sum("bills"), 0),
        rows=Coalesce(Sum(Value(1)), 0),
    )
    return EntryPage(
        rows=tuple(found),
        next=_cursor(found[-1]) if has_next else "",
        previous=f"-{_cursor(found[0])}" if has_previous else "",
        count=sums["rows"],
        worked_seconds=sums["worked"],
        billable_seconds=sums["billable"],
    )


def export_entries(actor: Actor, filters: EntryFilters) -> Iterator[EntryRow]:
    """Yield all matching entries, newest first, in bounded memory."""
    rows = _matching(actor, filters).order_by("-work_date", "-pk").values_list(*_ROW)
    for row in rows.iterator(chunk_size=_EXPORT_CHUNK):
        yield EntryRow(*row)


def _cursor(row: EntryRow) -> str:
    return urlsafe_b64encode(f"{row.work_date.isoformat()} {row.entry_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[date, int]:
    text = cursor.removeprefix("-")
    try:
        day, pk = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
        return date.fromisoformat(day), int(pk)
    except ValueError:
        raise Refused.because("bad_cursor", "This page of the list is gone. Start again from the first page.")


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One entry with what its page tells. `billable_input` is None where nothing was said about billing.

    `why_locked` is '' when it can be changed; `voids_approval` when a change would void an approval.
    """

    row: EntryRow
    line_id: int
    week: date
    billable_input: int | None
    started_at: str
    batch_id: int | None
    why_locked: str
    voids_approval: bool
    closed: bool


def cell_entries(
    actor: Actor, person_id: int, task_id: int, start: date, end: date
) -> tuple[EntryDetail, ...]:
    """Return the entries of a person on a task on [start, end), oldest first."""
    rows = TimeEntry.objects.visible_to(actor).filter(
        person_id=person_id, task_id=task_id, work_date__gte=start, work_date__lt=end
    )
    return _details(rows.order_by("work_date", "pk"))


def entry(actor: Actor, entry_id: int) -> EntryDetail:
    """Return one entry. Refuses: not_found."""
    found = _details(TimeEntry.objects.visible_to(actor).filter(pk=entry_id))
    if not found:
        raise locks.not_found(TimeEntry)
    return found[0]


def explain(actor: Actor, entry_id: int) -> str:
    """Return one sentence why an entry cannot be changed as it stands, or '' when it can. Refuses: not_found."""
    return entry(actor, entry_id).why_locked


def _details(rows: QuerySet[TimeEntry]) -> tuple[EntryDetail, ...]:
    more = ("line_id", "billable_seconds", "started_at", "batch_id", "task__is_open", "task__project__state")
    found = list(rows.annotate(bills=_BILLABLE).values_list(*_ROW, *more))
    held = explaining.held([row[0] for row in found if row[13] == LineState.APPROVED])
    decided = last_decisions({row[14] for row in found if row[13] != LineState.OPEN})
    return tuple(
        EntryDetail(
            row=EntryRow(*row[:14]),
            line_id=row[14],
            week=week_start(row[1]),
            billable_input=row[15],
            started_at=row[16].strftime("%H:%M") if row[16] else "",
            batch_id=row[17],
            why_locked=why_locked(row[13], decided.get(row[14]), held.get(row[0], "")),
            voids_approval=row[13] == LineState.APPROVED and row[0] not in held,
            closed=not row[18] or row[19] == "closed",
        )
        for row in found
    )


@dataclass(frozen=True, slots=True)
class EntryChoices:
    """What the list can be narrowed to: (id, name) of people, clients and projects."""

    people: tuple[tuple[int, str], ...]
    clients: tuple[tuple[int, str], ...]
    projects: tuple[tuple[int, str], ...]


def entry_choices(actor: Actor) -> EntryChoices:
    """Return the people, clients and projects an actor may narrow the list to; people only for who sees all time."""
    people = Person.objects.visible_to(actor).filter(terms__isnull=False).distinct()
    if not actor.can(Permission.VIEW_ALL_TIME):
        people = people.none()
    clients = Client.objects.visible_to(actor)
    projects = Project.objects.visible_to(actor)
    return EntryChoices(
        people=tuple(people.order_by("name").values_list("pk", "name")),
        clients=tuple(clients.order_by("name").values_list("pk", "name")),
        projects=tuple(projects.order_by("name").values_list("pk", "name")),
    )
