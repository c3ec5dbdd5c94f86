"""The whole firm, put together: `generate` is the door of this package."""

from datetime import date
from random import Random

from workledger.demo.calc.bills import add_wrong_rate, run_bills
from workledger.demo.calc.budgets import set_budgets
from workledger.demo.calc.cash import collect
from workledger.demo.calc.clients import build_clients
from workledger.demo.calc.dates import add_months
from workledger.demo.calc.hours import HourWriter, RawEntry, late_people, plan_gaps
from workledger.demo.calc.people import (
    ENTITY,
    PRACTICES,
    ROLES,
    WorkCalendar,
    build_leave,
    build_offices,
    build_people,
    with_costs,
)
from workledger.demo.calc.rates import Pricer, build_rates
from workledger.demo.calc.records import DemoFirm, Entry, Trouble
from workledger.demo.calc.sheets import Desk, pick_rejections, sort_by_day
from workledger.demo.calc.staffing import plan_staffing
from workledger.demo.calc.work import Work, build_client_work, build_internal_work


def generate(*, people: int = 60, months: int = 24, seed: int = 1, today: date) -> DemoFirm:
    """A consultancy of so many people with so many whole months of history and the running one.

    The same arguments give the same firm. Clients and projects grow with people and months (60 people
    and 24 months have 40 clients and 120 projects). Raises ValueError below 3 people or 1 month.
    """
    if people < 3 or months < 1:
        raise ValueError("a demo firm needs at least 3 people and 1 month")
    rng = Random(seed)
    starts_on = add_months(today.replace(day=1), -months)
    offices = build_offices(starts_on, add_months(today, 12))
    staff, roles_held = build_people(rng, people, starts_on, today, offices)
    terms = with_costs(rng, staff, roles_held, starts_on, today)
    calendar = WorkCalendar(staff, terms, offices)
    leave, off = build_leave(rng, staff, calendar, starts_on, today)

    project_count = max(4, round(people * 2 * (months + 8) / 32))
    clients = build_clients(rng, max(2, min(round(people * 2 / 3), project_count - 3)))
    work = Work()
    build_internal_work(work, starts_on, today)
    build_client_work(rng, work, project_count - 3, clients, staff, terms, starts_on, today)
    years = range(starts_on.year, today.year + 1)
    cards, rates = build_rates(rng, clients, work.contracts, work.lines, years, people)

    late = late_people(rng, staff, terms)
    gaps = plan_gaps(rng, work, staff, late, today)
    staffing = plan_staffing(rng, work, staff, calendar, starts_on, today)
    writer = HourWriter(rng, work, staff, clients, calendar, gaps)
    raw: list[RawEntry] = []
    for index in range(people):
        raw += writer.write_person(index, starts_on, today, off[index], staffing[index])
    desk = Desk(rng, work, calendar, offices, gaps, late, people, today)
    sheets, entries = sort_by_day(*desk.process(raw))
    rejections = pick_rejections(rng, sheets, entries, today)

    pricer = Pricer(cards, rates, work.contracts, work.lines, work.tasks, calendar)
    cents = price_entries(entries, pricer)
    bills = run_bills(rng, entries, cents, work.tasks, work.lines, work.contracts, offices, starts_on, today)
    roles_of = [
        term.role_index if (term := calendar.term(entry.person_index, entry.day)) else 0 for entry in entries
    ]
    add_wrong_rate(bills, entries, work.tasks, roles_of, rates, clients, offices, today)
    cash = collect(rng, bills.invoices, clients, ENTITY, today)
    projects, lines, tasks, over = set_budgets(
        rng, entries, cents, work.projects, work.lines, work.tasks, starts_on, today
    )
    return DemoFirm(
        starts_on=starts_on,
        today=today,
        entity=ENTITY,
        offices=offices,
        practices=PRACTICES,
        roles=ROLES,
        people=staff,
        terms=terms,
        leave=leave,
        clients=clients,
        contracts=tuple(work.contracts),
        lines=lines,
        cards=cards,
        rates=rates,
        projects=projects,
        phases=tuple(work.phases),
        tasks=tasks,
        sheets=sheets,
        entries=entries,
        rejections=rejections,
        adjustments=tuple(bills.adjustments),
        invoices=cash.invoices,
        payments=cash.payments,
        trouble=Trouble(
            over_budget=over,
            missing_time=gaps.project_index,
            late_people=late,
            held_contracts=bills.held_contracts,
            disputed_invoice=cash.disputed,
            part_paid_invoice=cash.part_paid,
            over_paid_invoice=cash.over_paid,
            wrong_rate=bills.wrong_rate,
            holiday_entries=_on_holidays(entries, calendar),
        ),
    )


def price_entries(entries: tuple[Entry, ...], pricer: Pricer) -> list[int]:
    """The value of each entry's billable time in cents, half up; 0 on lines that are not billed."""
    found = []
    for entry in entries:
        rate = pricer.cents_per_hour(entry.person_index, entry.task_index, entry.day)
        seconds = entry.worked_seconds if entry.billable_seconds is None else entry.billable_seconds
        found.append((seconds * rate + 1800) // 3600)
    return found


def _on_holidays(entries: tuple[Entry, ...], calendar: WorkCalendar) -> tuple[int, ...]:
    return tuple(
        index
        for index, entry in enumerate(entries)
        if (term := calendar.term(entry.person_index, entry.day)) and calendar.is_holiday(term, entry.day)
    )
