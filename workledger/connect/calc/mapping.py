"""Whose time it is and what it was worked on: names of a file matched to what the firm has, the rest planned.

People are matched by email, else by name; clients by name; projects by code or by client and name; tasks by project, phase
and name; never by capitals. What has no match becomes a plan: an object without an id, which the import creates.

A new client gets a contract *Imported* with one line for time and materials, and one for projects that bill nothing. Where
the file states two rates of one person on one day, the line is split by project, then the rates by task.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

CONTRACT_NAME = "Imported"
NO_CLIENT = "Without client"
NO_TASK = "General"
BILLED_LINE = "Time and materials"
FREE_LINE = "Not billable"
_LONGEST = 200
_LONGEST_ROLE = 100
_LONGEST_CODE = 40
_LONGEST_EMAIL = 254


@dataclass(slots=True)
class SeenPerson:
    """A person as the file names them; `cost_rate` is set where the file states one and no other."""

    no: int
    name: str
    email: str
    role: str
    cost_rate: Decimal | None
    first_day: date


@dataclass(slots=True)
class SeenWork:
    """A task as the file names it, with the sums of its rows. `priced` counts billable rows that state what they cost."""

    no: int
    client: str
    project: str
    code: str
    phase: str
    task: str
    currency: str
    first_day: date
    entries: int
    billable_seconds: int
    priced: int


class KnownPerson(NamedTuple):
    """Somebody the firm has."""

    id: int
    name: str
    email: str


class KnownClient(NamedTuple):
    """A client the firm has, and the currency it is billed in."""

    id: int
    name: str
    is_internal: bool
    currency: str


class KnownContract(NamedTuple):
    """A contract; `is_ours` where an import made it."""

    id: int
    client_id: int
    currency: str
    is_ours: bool


class KnownLine(NamedTuple):
    """A contract line; `is_billed` where its hours are priced."""

    id: int
    contract_id: int
    name: str
    is_billed: bool


class KnownProject(NamedTuple):
    """A project the firm has."""

    id: int
    client_id: int
    code: str
    name: str
    contract_id: int | None


class KnownTask(NamedTuple):
    """A task the firm has; ids are None, and the phase '', where there is none."""

    id: int
    project_id: int
    phase: str
    name: str
    line_id: int | None
    task_type_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the firm has that a file may mean."""

    people: list[KnownPerson]
    clients: list[KnownClient]
    contracts: list[KnownContract]
    lines: list[KnownLine]
    projects: list[KnownProject]
    tasks: list[KnownTask]
    phases: dict[tuple[int, str], int]
    taken_codes: set[str]


@dataclass(eq=False, slots=True)
class PersonPlan:
    """Somebody of the file: found, or to be added with terms from `start` on."""

    name: str
    email: str
    role: str
    cost_rate: Decimal | None
    start: date
    id: int | None = None


@dataclass(eq=False, slots=True)
class ClientPlan:
    """A client: found, or to be added."""

    name: str
    currency: str
    is_internal: bool
    id: int | None = None


@dataclass(eq=False, slots=True)
class ContractPlan:
    """A contract: found, or to be made. `start` is the first day of its time in the file; `is_ours` where an import
    made it or makes it."""

    client: ClientPlan
    currency: str
    start: date
    is_ours: bool
    id: int | None = None


@dataclass(eq=False, slots=True)
class LinePlan:
    """A contract line: found, or to be made."""

    contract: ContractPlan
    name: str
    is_billed: bool
    id: int | None = None


@dataclass(eq=False, slots=True)
class ProjectPlan:
    """A project: found, or to be opened."""

    client: ClientPlan
    contract: ContractPlan | None
    name: str
    code: str
    is_billed: bool
    id: int | None = None


@dataclass(eq=False, slots=True)
class PhasePlan:
    """A phase: found, or to be added."""

    project: ProjectPlan
    name: str
    id: int | None = None


@dataclass(eq=False, slots=True)
class TaskPlan:
    """A task: found, or to be added. With a `type_name` (or known type) its rates are its own on the line."""

    project: ProjectPlan
    phase: PhasePlan | None
    name: str
    line: LinePlan | None
    id: int | None = None
    type_name: str = ""
    type_id: int | None = None

    @property
    def scope(self) -> tuple[int, str, int | None]:
        """What shares a rate: the line, and the task type where rates are by task."""
        return (id(self.line), self.type_name, self.type_id)


@dataclass(slots=True)
class Plan:
    """What the rows of a file mean, by the numbers their people and tasks have in it."""

    people: dict[int, PersonPlan] = field(default_factory=dict)
    tasks: dict[int, TaskPlan] = field(default_factory=dict)
    refused_people: dict[int, str] = field(default_factory=dict)
    refused_works: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def all_people(self) -> list[PersonPlan]:
        """Everybody, once."""
        return list(dict.fromkeys(self.people.values()))

    def all_tasks(self) -> list[TaskPlan]:
        """Every task, once."""
        return list(dict.fromkeys(self.tasks.values()))

    def projects(self) -> list[ProjectPlan]:
        """Every project, once."""
        return list(dict.fromkeys(task.project for task in self.tasks.values()))

    def clients(self) -> list[ClientPlan]:
        """Every client, once."""
        return list(dict.fromkeys(project.client for project in self.projects()))

    def contracts(self) -> list[ContractPlan]:
        """Every contract, once."""
        return list(dict.fromkeys(project.contract for project in self.projects() if project.contract))

    def lines(self) -> list[LinePlan]:
        """Every contract line that time comes to stand on, once."""
        return list(dict.fromkeys(task.line for task in self.tasks.values() if task.line))

    def phases(self) -> list[PhasePlan]:
        """Every phase, once."""
        return list(dict.fromkeys(task.phase for task in self.tasks.values() if task.phase))

    def split(self, scope: tuple[int, str, int | None]) -> bool:
        """Let rates of a scope in which two clash differ by project, else by task; false when they cannot."""
        tasks = [task for task in self.all_tasks() if task.scope == scope]
        line = tasks[0].line if tasks else None
        if line is None:
            return False
        projects = list(dict.fromkeys(task.project for task in tasks))
        if line.id is None and len(projects) > 1:
            taken = {other.name for other in self.lines() if other.contract is line.contract}
            for project in projects:
                own = LinePlan(line.contract, _free_name(project.name, taken), is_billed=True)
                for task in tasks:
                    if task.project is project:
                        task.line = own
            return True
        new = [task for task in tasks if task.id is None and not task.type_name]
        if len(tasks) > 1 and new:
            for task in new:
                task.type_name = task.name[:100]
            return True
        return False


def _free_name(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name[:190]} ({number})", number + 1
    taken.add(found)
    return found


def plan(
    people: Iterable[SeenPerson],
    works: Iterable[SeenWork],
    known: Known,
    *,
    entity_name: str,
    currency: str,
    currencies: frozenset[str],
) -> Plan:
    """Match what a file names to what the firm has. `currency` is the entity's, `currencies` are those there are."""
    found = Plan()
    _match_people(found, list(people), known.people)
    _Works(found, known, entity_name, currency, currencies).match(list(works))
    return found


def _match_people(found: Plan, seen: list[SeenPerson], known: list[KnownPerson]) -> None:
    by_email = {each.email.casefold(): PersonPlan(each.name, each.email, "", None, date.min, each.id)
                for each in known if each.email}  # fmt: skip
    by_name: dict[str, list[PersonPlan]] = {}
    for each in known:
        held = by_email.get(each.email.casefold()) if each.email else None
        by_name.setdefault(each.name.casefold(), []).append(
            held or PersonPlan(each.name, each.email, "", None, date.min, each.id)
        )
    by_name_only = 0
    # Those with an email first: a row without one then finds them by name.
    for person in sorted(seen, key=lambda each: (not each.email, each.no)):
        if len(person.name) > _LONGEST or len(person.email) > _LONGEST_EMAIL:
            found.refused_people[person.no] = (
                f"the name or email of the person is longer than {_LONGEST} characters"
            )
            continue
        match = by_email.get(person.email.casefold()) if person.email else None
        if match is None:
            named = list(dict.fromkeys(by_name.get(person.name.casefold(), ())))
            if len(named) > 1:
                found.refused_people[person.no] = (
                    f"{len(named)} people are named {person.name}; add their email to the file"
                )
                continue
            if named and not (person.email and named[0].email and named[0].id is None):
                match = named[0]
                by_name_only += match.id is not None and bool(person.email)
        if match is None:
            role = person.role if len(person.role) <= _LONGEST_ROLE else ""
            match = PersonPlan(person.name, person.email, role, person.cost_rate, person.first_day)
            by_name.setdefault(person.name.casefold(), []).append(match)
        elif match.id is None:
            match.start = min(match.start, person.first_day)
            match.role = match.role or person.role
        if person.email:
            by_email.setdefault(person.email.casefold(), match)
        found.people[person.no] = match
    if by_name_only:
        found.notes.append(
            f"People of the file who have another email here and were found by name: {by_name_only}."
        )


class _Works:
    """Matches tasks: from client to project to task, with the contract and line of what is new."""

    def __init__(
        self, found: Plan, known: Known, entity_name: str, currency: str, currencies: frozenset[str]
    ) -> None:
        self.found, self.entity_name, self.currency, self.currencies = (
            found,
            entity_name,
            currency,
            currencies,
        )
        self.clients = {each.name.casefold(): ClientPlan(each.name, each.currency, each.is_internal, each.id)
                        for each in known.clients}  # fmt: skip
        clients = {each.id: each for each in self.clients.values() if each.id}
        self.contracts = {
            each.id: ContractPlan(clients[each.client_id], each.currency, date.max, each.is_ours, each.id)
            for each in known.contracts
            if each.client_id in clients
        }
        self.imported = {
            (id(contract.client), contract.currency): contract
            for contract in self.contracts.values()
            if contract.is_ours
        }
        self.lines = {
            each.id: LinePlan(self.contracts[each.contract_id], each.name, each.is_billed, each.id)
            for each in known.lines
            if each.contract_id in self.contracts
        }
        self.by_code: dict[str, ProjectPlan] = {}
        self.by_name: dict[tuple[int, str], ProjectPlan] = {}
        projects: dict[int, ProjectPlan] = {}
        for each in known.projects:
            client = clients.get(each.client_id)
            if client is None:
                continue
            project = ProjectPlan(
                client, self.contracts.get(each.contract_id or 0), each.name, each.code, True, each.id
            )
            projects[each.id] = self.by_code[each.code] = project
            self.by_name[id(client), each.name.casefold()] = project
        self.phases = {
            (id(projects[project_id]), name.casefold()): PhasePlan(projects[project_id], name, pk)
            for (project_id, name), pk in known.phases.items()
            if project_id in projects
        }
        self.tasks: dict[tuple[int, str, str], TaskPlan] = {}
        for one in known.tasks:
            owner = projects.get(one.project_id)
            if owner is None:
                continue
            line = self.lines.get(one.line_id or 0)
            task = TaskPlan(owner, None, one.name, line, one.id)
            if line is not None and line.contract.is_ours:
                task.type_id = one.task_type_id
            for phase in (one.phase.casefold(), ""):
                self.tasks.setdefault((id(owner), phase, one.name.casefold()), task)
        self.codes = known.taken_codes
        self.new_lines: dict[tuple[int, str, bool], LinePlan] = {}
        self.free_hours = 0

    def match(self, works: list[SeenWork]) -> None:
        for work in works:
            reason = self._unfit(work)
            if reason:
                self.found.refused_works[work.no] = reason
        fit = [work for work in works if work.no not in self.found.refused_works]
        placed = [(work, self._project(work)) for work in fit]
        for work, project in placed:
            if work.billable_seconds:
                project.is_billed = True
        currencies = _currencies_of(placed)
        for work, project in placed:
            agreed = project.contract.currency if project.contract else currencies.get(id(project), "")
            if work.priced and work.currency and agreed and work.currency != agreed:
                self.found.refused_works[work.no] = (
                    f"it is in {work.currency} and the project {project.name} is billed in {agreed}"
                )
                continue
            self._give_contract(project, work, currencies.get(id(project)))
            if project.contract is not None:
                project.contract.start = min(project.contract.start, work.first_day)
            self.found.tasks[work.no] = task = self._task(work, project)
            if work.billable_seconds and (task.line is None or not task.line.is_billed):
                self.free_hours += work.billable_seconds
        if self.free_hours:
            hours = (Decimal(self.free_hours) / 3600).quantize(Decimal("0.01"))
            self.found.notes.append(
                f"{hours} h are billable in the file and belong to no client, or to tasks that are not billed here. They"
                " are kept as they are and not billed."
            )

    def _unfit(self, work: SeenWork) -> str:
        for what, name in (("client", work.client), ("project", work.project), ("phase", work.phase),
                           ("task", work.task)):  # fmt: skip
            if len(name) > _LONGEST:
                return f"the name of the {what} is longer than {_LONGEST} characters"
        if work.priced and work.currency and work.currency not in self.currencies:
            return f"there is no currency {work.currency}"
        return ""

    def _client(self, work: SeenWork) -> ClientPlan:
        if work.client:
            client = self.clients.get(work.client.casefold())
            if client is None:
                client = ClientPlan(work.client, work.currency or self.currency, is_internal=False)
                if client.currency not in self.currencies:
                    client.currency = self.currency
                self.clients[work.client.casefold()] = client
            return client
        for name in (NO_CLIENT, f"{NO_CLIENT} ({self.entity_name})"[:_LONGEST], f"{NO_CLIENT} (internal)"):
            client = self.clients.get(name.casefold())
            if client is None:
                client = self.clients[name.casefold()] = ClientPlan(name, self.currency, is_internal=True)
                self.found.notes.append(f"Time without a client goes to the internal client {name}.")
            if client.is_internal:
                return client
        raise AssertionError("one of the names is free")

    def _project(self, work: SeenWork) -> ProjectPlan:
        coded = self.by_code.get(work.code) if work.code else None
        if coded is not None and work.client.casefold() in ("", coded.client.name.casefold()):
            return coded
        name = work.project.casefold()
        if not work.client:
            internal = [
                project for (_, title), project in self.by_name.items()
                if title == name and project.client.is_internal
            ]  # fmt: skip
            if len(internal) == 1:
                return internal[0]
        client = self._client(work)
        project = self.by_name.get((id(client), name))
        if project is None:
            code = work.code if len(work.code) <= _LONGEST_CODE and work.code not in self.codes else ""
            self.codes |= {code} - {""}
            project = ProjectPlan(client, None, work.project, code, is_billed=False)
            self.by_name[id(client), name] = project
            if code:
                self.by_code[code] = project
        return project

    def _give_contract(self, project: ProjectPlan, work: SeenWork, currency: str | None) -> None:
        """Put a new project of a paying client on the client's imported contract."""
        if project.id is not None or project.client.is_internal:
            return
        if project.contract is None:
            wanted = currency or project.client.currency
            key = (id(project.client), wanted)
            contract = self.imported.get(key)
            if contract is None:
                contract = ContractPlan(project.client, wanted, work.first_day, is_ours=True)
                self.imported[key] = contract
            project.contract = contract

    def _task(self, work: SeenWork, project: ProjectPlan) -> TaskPlan:
        name = work.task or NO_TASK
        key = (id(project), work.phase.casefold(), name.casefold())
        task = self.tasks.get(key)
        if task is None:
            phase = None
            if work.phase:
                place = (id(project), work.phase.casefold())
                phase = self.phases.get(place)
                if phase is None:
                    phase = self.phases[place] = PhasePlan(project, work.phase)
            task = self.tasks[key] = TaskPlan(project, phase, name, self._line(project))
        return task

    def _line(self, project: ProjectPlan) -> LinePlan | None:
        """The line of a new task."""
        contract = project.contract
        if contract is None:
            return None
        if project.id is not None:
            lines = [task.line for task in self.tasks.values() if task.project is project and task.line]
            lines += [line for line in self.lines.values() if line.contract is contract]
            for line in lines:
                if line.is_billed:
                    return line
            if lines:
                return lines[0]
        if not project.is_billed:
            return self._new_line(contract, FREE_LINE, is_billed=False)
        # On a contract of an earlier import a new project has a line of its own, so that no rate of then is in its way.
        name = BILLED_LINE if contract.id is None else project.name
        return self._new_line(contract, name, is_billed=True)

    def _new_line(self, contract: ContractPlan, name: str, *, is_billed: bool) -> LinePlan:
        key = (id(contract), name, is_billed)
        if key not in self.new_lines:
            mine = [line for line in self.lines.values() if line.contract is contract]
            same = next((line for line in mine if line.name == name and line.is_billed == is_billed), None)
            taken = {line.name for line in mine} | {FREE_LINE, BILLED_LINE} - {name}
            self.new_lines[key] = same or LinePlan(contract, _free_name(name, taken), is_billed)
        return self.new_lines[key]


def _currencies_of(placed: Iterable[tuple[SeenWork, ProjectPlan]]) -> dict[int, str]:
    """The currency in which most priced rows of each project stand."""
    counts: dict[int, dict[str, int]] = {}
    for work, project in placed:
        if work.currency and work.priced:
            mine = counts.setdefault(id(project), {})
            mine[work.currency] = mine.get(work.currency, 0) + work.priced
    return {key: max(mine, key=lambda code: mine[code]) for key, mine in counts.items()}
