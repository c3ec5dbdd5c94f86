"""The plain firm of the benchmark: many entries, everything submitted and billable at rate-card prices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from workledger.demo.calc.catalogue import PROJECT_KINDS, TaskKind
from workledger.demo.calc.clients import build_clients
from workledger.demo.calc.dates import DAY, add_months, monday_of
from workledger.demo.calc.notes import PLAIN, NoteWriter
from workledger.demo.calc.people import (
    BACK_OFFICE,
    CONSULTANT,
    ENTITY,
    PRACTICES,
    ROLES,
    build_offices,
    build_people,
    with_costs,
)
from workledger.demo.calc.rates import build_entity_card
from workledger.demo.calc.records import (
    Client,
    Contract,
    DemoFirm,
    Entry,
    Office,
    Person,
    Phase,
    Project,
    Sheet,
    Term,
    Trouble,
)
from workledger.demo.calc.work import Work

_POOL = 8  # tasks that one person books on in one week
_LONG, _SHORT = (3600, 5400, 7200, 9000), (1800, 2700, 3600, 5400)


def generate_bench(
    *,
    people: int = 100,
    clients: int = 40,
    projects: int = 200,
    tasks_per_project: int = 3,
    entries: int = 100_000,
    seed: int = 1,
    today: date,
) -> DemoFirm:
    """A firm of exactly these counts: a contract with one line per project, every week submitted, none approved.

    Workdays reach back from `today` as far as the entries need: four a day and person, eight where there
    are more than 2,500 a person. Raises ValueError where people cannot book on different tasks.
    """
    if people < 2 or projects < clients or projects * tasks_per_project < _POOL:
        raise ValueError("a benchmark needs 2 people, a project per client and 8 tasks")
    rng = Random(seed)
    per_day = 8 if entries > 2500 * people else 4
    workdays = _workdays(today, -(-entries // (people * per_day)))
    starts_on = workdays[0].replace(day=1)
    offices = build_offices(starts_on, today)
    staff, terms = _everyone_works(rng, people, starts_on, today, offices)
    customers = build_clients(rng, clients)
    work, leads = _plain_work(rng, customers, projects, tasks_per_project, people, (starts_on, today))
    cards, rates = build_entity_card(range(starts_on.year, today.year + 1))
    sheets, booked = _book(rng, work, staff, terms, leads, workdays, entries, per_day)
    return DemoFirm(
        starts_on=starts_on,
        today=today,
        entity=ENTITY,
        offices=offices,
        practices=PRACTICES,
        roles=ROLES,
        people=staff,
        terms=terms,
        leave=(),
        clients=customers,
        contracts=tuple(work.contracts),
        lines=tuple(work.lines),
        cards=cards,
        rates=rates,
        projects=tuple(work.projects),
        phases=tuple(work.phases),
        tasks=tuple(work.tasks),
        sheets=sheets,
        entries=booked,
        rejections=(),
        adjustments=(),
        invoices=(),
        payments=(),
        trouble=Trouble((), None, (), (), None, None, None, None, ()),
    )


def _workdays(today: date, count: int) -> list[date]:
    """So many days from Monday to Friday up to today, earliest first; public holidays are not looked at."""
    found: list[date] = []
    day = today
    while len(found) < max(1, count):
        if day.weekday() < 5:
            found.append(day)
        day -= DAY
    return found[::-1]


def _everyone_works(
    rng: Random, count: int, starts_on: date, today: date, offices: Sequence[Office]
) -> tuple[tuple[Person, ...], tuple[Term, ...]]:
    """People employed throughout, all in roles that are billed."""
    staff, terms = build_people(rng, count, starts_on, today, offices)
    hired = add_months(starts_on, -1)
    first: dict[int, Term] = {}
    for term in terms:
        role = CONSULTANT if term.role_index == BACK_OFFICE else term.role_index
        first.setdefault(term.person_index, replace(term, starts_on=hired, ends_on=None, role_index=role))
    employed = tuple(replace(person, hired_on=hired, left_on=None) for person in staff)
    return employed, with_costs(rng, employed, [first[index] for index in range(count)], starts_on, today)


def _plain_work(
    rng: Random,
    clients: Sequence[Client],
    projects: int,
    tasks_per_project: int,
    people: int,
    window: tuple[date, date],
) -> tuple[Work, list[int]]:
    """A contract with one billed line for each project; returns also who leads each project."""
    work = Work()
    leads = []
    since, last_day = window[0], window[1] + DAY * 180
    for index in range(projects):
        client_index = index % len(clients)
        kind = PROJECT_KINDS[index % len(PROJECT_KINDS)]
        name = f"{kind.titles[index // len(PROJECT_KINDS) % len(kind.titles)]} {index + 1}"
        lead = rng.randrange(max(1, people // 4))
        leads.append(lead)
        work.contracts.append(
            Contract(
                client_index=client_index,
                number=f"C-{since.year}-{index + 1:04d}",
                title=name,
                currency="EUR",
                signed_on=since,
                starts_on=since,
                ends_on=None,
                payment_terms_days=30,
                po_number="",
                note_required=False,
                manager_index=lead,
            )
        )
        line_index = work.add_line(index, name, billable=True)
        work.projects.append(
            Project(
                contract_index=index,
                client_index=client_index,
                practice_index=kind.practice_index,
                code=f"{clients[client_index].code}-{index // len(clients) + 1:03d}",
                name=name,
                manager_index=lead,
                starts_on=since,
                last_day=last_day,
                status="active",
                budget_hours=Decimal(1000),
                budget_amount=Decimal(125_000),
            )
        )
        work.phases.append(Phase(index, 1, "Delivery", since, last_day))
        kinds = [task for _, phase in kind.phases for task in phase]
        for position in range(tasks_per_project):
            work.add_task(index, index, line_index, _numbered(kinds, position))
    return work, leads


def _numbered(kinds: Sequence[TaskKind], position: int) -> TaskKind:
    kind = kinds[position % len(kinds)]
    turn = position // len(kinds) + 1
    # A kind may stand in two phases; here all tasks share one, so each name carries its place.
    repeated = turn > 1 or kind in kinds[: position % len(kinds)]
    return replace(kind, name=f"{kind.name} {position + 1}") if repeated else kind


def _book(
    rng: Random,
    work: Work,
    staff: Sequence[Person],
    terms: Sequence[Term],
    leads: Sequence[int],
    workdays: Sequence[date],
    count: int,
    per_day: int,
) -> tuple[tuple[Sheet, ...], tuple[Entry, ...]]:
    """Exactly `count` entries in order of the day, each person on eight tasks a week."""
    draw = rng.random
    sizes = _LONG if per_day == 4 else _SHORT
    writer = NoteWriter(rng, PLAIN, tuple(person.name.split(" ")[0] for person in staff))
    manager = [0] * len(staff)
    for term in terms:
        manager[term.person_index] = term.manager_index if term.manager_index is not None else 1
    project_of = [task.project_index for task in work.tasks]
    kinds = work.kinds
    sheets: list[Sheet] = []
    found: list[Entry] = []
    pools: list[list[int]] = [[] for _ in staff]
    sheet_of = [0] * len(staff)
    week: date | None = None
    skip = len(workdays) * len(staff) * per_day - count
    last_day = workdays[-1]
    for day in workdays:
        monday = monday_of(day)
        if monday != week:
            week = monday
            submitted = min(monday + DAY * 4, last_day)
            for person in range(len(staff)):
                pools[person] = rng.sample(range(len(kinds)), _POOL)
                sheet_of[person] = len(sheets)
                sheets.append(Sheet(person, monday, submitted))
        shift = day.weekday()
        for person in range(len(staff)):
            for position in range(per_day):
                if skip > 0:
                    skip -= 1
                    continue
                task = pools[person][(shift + position) % _POOL]
                lead = leads[project_of[task]]
                found.append(
                    Entry(
                        person,
                        task,
                        day,
                        sizes[int(draw() * 4)],
                        None,
                        writer.write(kinds[task], "the client", True),
                        sheet_of[person],
                        lead if lead != person else manager[person],
                        None,
                    )
                )
    return tuple(sheets), tuple(found)
