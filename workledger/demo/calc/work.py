"""What the firm was hired for: contracts with lines, projects with phases and tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from workledger.demo.calc.catalogue import (
    INTERNAL_PROJECTS,
    MANAGEMENT,
    ONBOARDING,
    PROJECT_KINDS,
    WARRANTY,
    TaskKind,
)
from workledger.demo.calc.dates import DAY, add_months
from workledger.demo.calc.people import MANAGER, PARTNER, PRINCIPAL, SENIOR
from workledger.demo.calc.records import Client, Contract, Line, Person, Phase, Project, Task, Term

_RAMP_DAYS = 240  # projects that were under way when the generated days begin
_NOT_CHARGED = (ONBOARDING, WARRANTY)


@dataclass(slots=True)
class Work:
    """The growing lists of contracts and projects; `kinds` holds the words behind each task."""

    contracts: list[Contract] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    kinds: list[TaskKind] = field(default_factory=list)

    def add_line(self, contract_index: int, name: str, *, billable: bool) -> int:
        """Append a line to a contract and return its index."""
        position = 1 + sum(1 for line in self.lines if line.contract_index == contract_index)
        self.lines.append(
            Line(
                contract_index=contract_index,
                position=position,
                name=name,
                model="time_and_materials" if billable else "non_billable",
                method="as_invoiced" if billable else "none",
                budget_hours=None,
                budget_amount=None,
            )
        )
        return len(self.lines) - 1

    def add_task(self, project_index: int, phase_index: int, line_index: int, kind: TaskKind) -> int:
        """Append a task to a phase and return its index."""
        position = 1 + sum(1 for task in self.tasks[-20:] if task.phase_index == phase_index)
        self.tasks.append(
            Task(
                project_index=project_index,
                phase_index=phase_index,
                line_index=line_index,
                position=position,
                name=kind.name,
                task_type=kind.task_type,
                closed=False,
                budget_hours=None,
                budget_amount=None,
            )
        )
        self.kinds.append(kind)
        return len(self.tasks) - 1


def build_internal_work(work: Work, starts_on: date, today: date) -> None:
    """The firm's contract with itself and its three internal projects, which come first."""
    founded = date(starts_on.year - 1, 1, 1)
    work.contracts.append(
        Contract(
            client_index=None,
            number=f"C-{founded.year}-000",
            title="Internal work",
            currency="EUR",
            signed_on=founded,
            starts_on=founded,
            ends_on=None,
            payment_terms_days=0,
            po_number="",
            note_required=False,
            manager_index=0,
        )
    )
    last_day = date(today.year + 1, 12, 31)
    for name, phases in INTERNAL_PROJECTS:
        line_index = work.add_line(0, name, billable=False)
        project_index = len(work.projects)
        work.projects.append(
            Project(
                contract_index=0,
                client_index=None,
                practice_index=2,
                code=f"INT-{project_index + 1:02d}",
                name=name,
                manager_index=0,
                starts_on=founded,
                last_day=last_day,
                status="active",
                budget_hours=None,
                budget_amount=None,
            )
        )
        for position, (phase, kinds) in enumerate(phases, start=1):
            phase_index = len(work.phases)
            work.phases.append(Phase(project_index, position, phase, founded, last_day))
            for kind in kinds:
                work.add_task(project_index, phase_index, line_index, kind)


def build_client_work(
    rng: Random,
    work: Work,
    count: int,
    clients: Sequence[Client],
    people: Sequence[Person],
    terms: Sequence[Term],
    starts_on: date,
    today: date,
) -> None:
    """So many client projects, evenly begun from before the first day until a little after today."""
    spans = _spans(rng, count, starts_on, today)
    customers = _customers(rng, count, len(clients))
    framework = [rng.random() < 0.4 or position < 4 for position in range(len(clients))]
    contract_of: dict[int, int] = {}
    charge_free: dict[int, int] = {}
    names: set[tuple[int, str]] = set()
    numbers: dict[int, int] = {}
    load = [0] * len(people)
    for position, (since, last_day) in enumerate(spans):
        client_index = customers[position]
        client = clients[client_index]
        kind = rng.choice([kind for kind in PROJECT_KINDS if kind.practice_index == position % 3])
        name = _unique_name(rng.choice(kind.titles), client_index, names)
        manager = _manager(rng, position % 3, people, terms, load, since, last_day)
        contract_index = contract_of.get(client_index) if framework[client_index] else None
        if contract_index is None:
            contract_index = len(work.contracts)
            work.contracts.append(
                _contract(rng, work, client, client_index, name, framework[client_index], since, manager)
            )
            contract_of[client_index] = contract_index
        elif (ends_on := work.contracts[contract_index].ends_on) and ends_on <= last_day:
            raise AssertionError("a framework contract has no end")
        numbers[client_index] = numbers.get(client_index, 0) + 1
        project_index = len(work.projects)
        work.projects.append(
            Project(
                contract_index=contract_index,
                client_index=client_index,
                practice_index=position % 3,
                code=f"{client.code}-{numbers[client_index]:02d}",
                name=name,
                manager_index=manager,
                starts_on=since,
                last_day=last_day,
                status=_status(since, last_day, today),
                budget_hours=None,
                budget_amount=None,
            )
        )
        line_index = work.add_line(contract_index, name, billable=True)
        _add_phases(work, project_index, line_index, kind.phases, since, last_day)
        for extra in _NOT_CHARGED:
            if rng.random() < 0.3:
                if contract_index not in charge_free:
                    charge_free[contract_index] = work.add_line(contract_index, "Not charged", billable=False)
                last_phase = len(work.phases) - 1
                work.add_task(project_index, last_phase, charge_free[contract_index], extra)


def _spans(rng: Random, count: int, starts_on: date, today: date) -> list[tuple[date, date]]:
    """First and last day of each project, in order of the first."""
    begin = starts_on - DAY * _RAMP_DAYS
    length = (today - begin).days + 10
    found = []
    for position in range(count):
        since = begin + DAY * int(length * (position + rng.random() * 0.9) / count)
        since -= DAY * (since.weekday() if since.weekday() < 5 else since.weekday() - 7)
        months = rng.choices((3, 5, 7, 9, 12, 16), (12, 20, 24, 20, 16, 8))[0]
        last_day = add_months(since, months) + DAY * rng.randrange(-10, 18)
        if last_day < starts_on + DAY * 45:
            last_day = starts_on + DAY * rng.randrange(45, 210)
        found.append((since, last_day - DAY * max(0, last_day.weekday() - 4)))
    return sorted(found)


def _customers(rng: Random, count: int, clients: int) -> list[int]:
    """The client of each project: everyone at least once, the first ones more often."""
    base = list(range(min(clients, count)))
    weights = [1 / (position + 3) for position in base]
    found = base + rng.choices(base, weights, k=count - len(base))
    rng.shuffle(found)
    return found


def _unique_name(title: str, client_index: int, taken: set[tuple[int, str]]) -> str:
    name, stage = title, 2
    while (client_index, name) in taken:
        name, stage = f"{title}, stage {stage}", stage + 1
    taken.add((client_index, name))
    return name


def _manager(
    rng: Random,
    practice: int,
    people: Sequence[Person],
    terms: Sequence[Term],
    load: list[int],
    since: date,
    last_day: date,
) -> int:
    """Who leads a project: someone of the practice, there throughout, with few projects so far."""
    weight = {PARTNER: 3.0, PRINCIPAL: 1.4, MANAGER: 1.0, SENIOR: 2.2}
    candidates = []
    for term in terms:
        person = people[term.person_index]
        there = person.left_on is None or person.left_on > last_day + DAY * 60
        if term.starts_on == person.hired_on and term.role_index in weight and there:
            away = 0 if term.practice_index == practice else 6
            late = 0 if person.hired_on <= since else 100
            score = (load[term.person_index] + 1) * weight[term.role_index] + away + late + rng.random()
            candidates.append((score, term.person_index))
    if not candidates:
        return 0
    chosen = min(candidates)[1]
    load[chosen] += 1
    return chosen


def _contract(
    rng: Random,
    work: Work,
    client: Client,
    client_index: int,
    title: str,
    framework: bool,
    since: date,
    manager: int,
) -> Contract:
    signed_on = since - DAY * rng.randrange(6, 40)
    sequence = 1 + sum(1 for known in work.contracts if known.signed_on.year == signed_on.year)
    return Contract(
        client_index=client_index,
        number=f"C-{signed_on.year}-{sequence:03d}",
        title=f"Framework agreement {client.name}" if framework else title,
        currency=client.currency,
        signed_on=signed_on,
        starts_on=since,
        ends_on=None,
        payment_terms_days=client.payment_terms_days,
        po_number=f"45{rng.randrange(10**7, 10**8)}" if client.po_required else "",
        note_required=rng.random() < 0.6,
        manager_index=manager,
    )


def _status(since: date, last_day: date, today: date) -> str:
    if since > today:
        return "planned"
    return "closed" if last_day < today - DAY * 20 else "active"


def _add_phases(
    work: Work,
    project_index: int,
    line_index: int,
    phases: Sequence[tuple[str, tuple[TaskKind, ...]]],
    since: date,
    last_day: date,
) -> None:
    """Project management over the whole time, then the kind's phases one after the other, overlapping a little."""
    work.phases.append(Phase(project_index, 1, "Steering", since, last_day))
    work.add_task(project_index, len(work.phases) - 1, line_index, MANAGEMENT)
    length = (last_day - since).days
    for position, (name, kinds) in enumerate(phases):
        begin = since + DAY * max(0, int(length * (position / len(phases) - 0.06)))
        end = since + DAY * min(length, int(length * ((position + 1) / len(phases) + 0.06)))
        work.phases.append(Phase(project_index, position + 2, name, begin, end))
        for kind in kinds:
            work.add_task(project_index, len(work.phases) - 1, line_index, kind)
