"""The generated firm keeps its promises: the same twice, near its targets, and nothing that could not be."""

import hashlib
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from workledger.demo.calc.bench import generate_bench
from workledger.demo.calc.cash import gross_of
from workledger.demo.calc.dates import DAY, add_months, days, monday_of, nth_workday
from workledger.demo.calc.figures import summary
from workledger.demo.calc.firm import generate
from workledger.demo.calc.people import BACK_OFFICE, WorkCalendar
from workledger.demo.calc.records import DemoFirm
from workledger.directory.calc.vat_ids import check_vat_id

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def firm() -> DemoFirm:
    return generate(today=TODAY)


@pytest.fixture(scope="module", params=[date(2028, 2, 29), date(2026, 1, 1), date(2026, 7, 15)])
def other_day(request: pytest.FixtureRequest) -> DemoFirm:
    return generate(people=20, months=8, today=request.param)


def digest(firm: DemoFirm) -> str:
    return hashlib.sha256(repr(firm).encode()).hexdigest()


def calendar_of(firm: DemoFirm) -> WorkCalendar:
    return WorkCalendar(firm.people, firm.terms, firm.offices)


def test_the_same_arguments_give_the_same_firm() -> None:
    first = digest(generate(people=12, months=4, seed=7, today=TODAY))
    assert first == digest(generate(people=12, months=4, seed=7, today=TODAY))
    assert first != digest(generate(people=12, months=4, seed=8, today=TODAY))


def test_size(firm: DemoFirm) -> None:
    assert (len(firm.people), len(firm.clients), len(firm.projects)) == (60, 40, 120)
    assert (len(firm.offices), len(firm.practices)) == (2, 3)
    assert 70_000 <= len(firm.entries) <= 80_000
    assert firm.starts_on == date(2024, 11, 1)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29)])
def test_targets(seed: int, today: date) -> None:
    figures = summary(generate(seed=seed, today=today))
    assert abs(figures.utilization_trailing - Decimal("0.69")) < Decimal("0.02")
    assert abs(figures.margin - Decimal("0.36")) < Decimal("0.02")
    assert abs(figures.margin_trailing - Decimal("0.36")) < Decimal("0.02")
    assert abs(figures.dso_simple - 48) < 4
    assert abs(figures.dso_net - 48) < 7
    assert figures.overdue > 100_000
    assert figures.held > 20_000
    assert 0 < figures.written < figures.revenue / 50


def check_entries(firm: DemoFirm) -> None:
    """No entry outside employment, time off, its project or the generated days; none on a holiday but the noted."""
    calendar = calendar_of(firm)
    off = {
        (leave.person_index, day)
        for leave in firm.leave
        for day in days(leave.starts_on, leave.ends_on - DAY)
    }
    noted = set(firm.trouble.holiday_entries)
    for index, entry in enumerate(firm.entries):
        term = calendar.term(entry.person_index, entry.day)
        task = firm.tasks[entry.task_index]
        project = firm.projects[task.project_index]
        assert term is not None
        assert firm.starts_on <= entry.day <= firm.today
        assert project.starts_on <= entry.day <= project.last_day
        assert (entry.person_index, entry.day) not in off
        assert calendar.is_holiday(term, entry.day) == (index in noted)
        assert term.role_index != BACK_OFFICE or project.client_index is None
        assert 0 < entry.worked_seconds <= 12 * 3600
        assert entry.billable_seconds is None or 0 <= entry.billable_seconds <= entry.worked_seconds


def test_entries_stand_where_they_can(firm: DemoFirm) -> None:
    check_entries(firm)
    assert 0 < len(firm.trouble.holiday_entries) <= 20


def test_entries_stand_where_they_can_on_other_days(other_day: DemoFirm) -> None:
    check_entries(other_day)
    assert other_day.entries[-1].day >= other_day.today - DAY * 4


def test_capacity_is_respected(firm: DemoFirm) -> None:
    calendar = calendar_of(firm)
    by_day: Counter[tuple[int, date]] = Counter()
    for entry in firm.entries:
        by_day[entry.person_index, entry.day] += entry.worked_seconds
    assert max(by_day.values()) <= 12 * 3600 + 900
    long_days = sum(1 for seconds in by_day.values() if seconds > 10 * 3600)
    assert 0 < long_days < len(by_day) / 50
    worked: Counter[int] = Counter()
    could: Counter[int] = Counter()
    for (person, day), seconds in by_day.items():
        term = calendar.term(person, day)
        assert term is not None
        worked[person] += seconds
        could[person] += calendar.capacity_seconds(term, day)
    assert all(0.9 < worked[person] / could[person] < 1.12 for person in worked)
    assert sum(1 for _, day in by_day if day.weekday() >= 5) > 5


def test_one_entry_per_person_task_and_day(firm: DemoFirm) -> None:
    keys = {(entry.person_index, entry.task_index, entry.day) for entry in firm.entries}
    assert len(keys) == len(firm.entries)


def test_a_week_on_a_task_is_approved_together_and_by_another(firm: DemoFirm) -> None:
    decided = defaultdict(set)
    for entry in firm.entries:
        sheet = firm.sheets[entry.sheet_index]
        assert (sheet.person_index, sheet.monday) == (entry.person_index, monday_of(entry.day))
        assert entry.approver_index != entry.person_index
        decided[entry.sheet_index, entry.task_index].add((entry.approver_index, entry.approved_on))
        if entry.approved_on is not None:
            assert sheet.submitted_on is not None
            assert entry.day <= sheet.submitted_on <= entry.approved_on <= firm.today
    assert all(len(found) == 1 for found in decided.values())


def test_the_last_weeks_are_partly_open(firm: DemoFirm) -> None:
    lately = [sheet for sheet in firm.sheets if sheet.monday >= monday_of(firm.today) - DAY * 14]
    open_ones = [sheet for sheet in lately if sheet.submitted_on is None]
    assert 10 < len(open_ones) < len(lately) - 10
    assert {sheet.person_index for sheet in open_ones} & set(firm.trouble.late_people)
    assert all(sheet.submitted_on for sheet in firm.sheets if sheet.monday < firm.today - DAY * 50)


def test_terms_join_without_a_gap(firm: DemoFirm) -> None:
    for index, person in enumerate(firm.people):
        mine = [term for term in firm.terms if term.person_index == index]
        assert mine[0].starts_on == person.hired_on
        assert mine[-1].ends_on == person.left_on
        assert all(a.ends_on == b.starts_on for a, b in pairwise(mine))
        assert all(term.ends_on is None or term.starts_on < term.ends_on for term in mine)
        assert all(term.manager_index != index for term in mine)
    hours = Counter(term.weekly_hours for term in firm.terms)
    assert {Decimal("40"), Decimal("38.5")} <= set(hours)
    assert min(hours) <= 24


def test_time_off_a_year(firm: DemoFirm) -> None:
    calendar = calendar_of(firm)
    taken: Counter[str] = Counter()
    whole = [index for index, person in enumerate(firm.people) if person.hired_on < date(2025, 1, 1)]
    whole = [index for index in whole if firm.people[index].left_on is None]
    for leave in firm.leave:
        if leave.person_index not in whole:
            continue
        for day in days(leave.starts_on, leave.ends_on - DAY):
            term = calendar.term(leave.person_index, day)
            if day.year == 2025 and term and calendar.capacity_seconds(term, day):
                taken[leave.kind] += 1
    assert abs(taken["vacation"] / len(whole) - 28) < 3
    assert abs(taken["sick"] / len(whole) - 7) < 2.5


def test_nothing_is_billed_twice_and_only_what_was_approved(firm: DemoFirm) -> None:
    wrong = firm.trouble.wrong_rate
    assert wrong is not None
    billed: Counter[int] = Counter()
    for index, invoice in enumerate(firm.invoices):
        if index != wrong.invoice_index:
            billed.update(invoice.entry_indexes)
        for item in invoice.entry_indexes:
            entry = firm.entries[item]
            task = firm.tasks[entry.task_index]
            assert firm.lines[task.line_index].contract_index == invoice.contract_index
            assert entry.day <= invoice.through
            assert entry.approved_on is not None
            assert invoice.issued_on is None or entry.approved_on <= invoice.issued_on
    assert set(billed.values()) == {1}
    gone = {item.entry_index for item in firm.adjustments if item.kind == "write_off"}
    waiting = {
        item.entry_index
        for item in firm.adjustments
        if item.kind == "hold" and (item.released_on is None or item.released_on > firm.today)
    }
    assert not (gone | waiting) & set(billed)


def test_released_holds_are_billed_or_decided(firm: DemoFirm) -> None:
    billed = {item for invoice in firm.invoices for item in invoice.entry_indexes}
    released = {item.entry_index for item in firm.adjustments if item.kind == "hold" and item.released_on}
    decided = {
        item.entry_index for item in firm.adjustments if item.kind == "write_off" or not item.released_on
    }
    assert released
    assert released <= billed | decided


def test_the_wrong_rate_is_credited_and_billed_again(firm: DemoFirm) -> None:
    wrong = firm.trouble.wrong_rate
    assert wrong is not None
    first, again = firm.invoices[wrong.invoice_index], firm.invoices[wrong.replacement_index]
    assert first.credited_on == wrong.found_on
    assert again.replaces_index == wrong.invoice_index
    assert first.entry_indexes == again.entry_indexes
    assert first.net_estimate > again.net_estimate
    assert again.issued_on is not None
    assert again.issued_on > wrong.found_on
    assert wrong.invoice_index not in {payment.invoice_index for payment in firm.payments}


def test_payments(firm: DemoFirm) -> None:
    trouble = firm.trouble
    paid = {payment.invoice_index: payment for payment in firm.payments}
    assert len(paid) == len(firm.payments)
    assert trouble.disputed_invoice not in paid
    for index, payment in paid.items():
        issued_on = firm.invoices[index].issued_on
        assert issued_on is not None
        assert issued_on < payment.received_on <= firm.today
        assert (payment.share < 1) == (index == trouble.part_paid_invoice)
        assert (payment.extra > 0) == (index == trouble.over_paid_invoice)
    late = [
        index
        for index, invoice in enumerate(firm.invoices)
        if invoice.due_on and index not in paid and invoice.due_on < firm.today - DAY * 30
    ]
    assert len(late) >= 2


def test_tax_by_treatment(firm: DemoFirm) -> None:
    for invoice in firm.invoices[:80]:
        rate = Decimal("0.19") if firm.clients[invoice.client_index].country == "DE" else Decimal(0)
        expected = (invoice.net_estimate * (1 + rate)).quantize(Decimal("0.01"))
        assert gross_of(invoice, firm.clients, firm.entity) == expected
    assert {client.tax_treatment for client in firm.clients} == {"S", "AE", "O"}


def test_four_projects_are_over_budget_and_no_other(firm: DemoFirm) -> None:
    worked: Counter[int] = Counter()
    for entry in firm.entries:
        worked[firm.tasks[entry.task_index].project_index] += entry.worked_seconds
    over = tuple(
        index
        for index, project in enumerate(firm.projects)
        if project.budget_hours is not None and Decimal(worked[index]) / 3600 > project.budget_hours
    )
    assert over == firm.trouble.over_budget
    assert len(over) == 4


def test_the_missing_project_has_no_time_in_its_gap(firm: DemoFirm) -> None:
    missing = firm.trouble.missing_time
    assert missing is not None
    booked = [entry.day for entry in firm.entries if firm.tasks[entry.task_index].project_index == missing]
    assert not [day for day in booked if firm.today - DAY * 38 <= day < firm.today - DAY * 14]
    assert booked


def test_names_are_unique_and_addresses_are_examples(firm: DemoFirm) -> None:
    for values in (
        [person.email for person in firm.people],
        [person.initials for person in firm.people],
        [client.name for client in firm.clients],
        [client.code for client in firm.clients],
        [contract.number for contract in firm.contracts],
        [project.code for project in firm.projects],
        [(line.contract_index, line.name) for line in firm.lines],
        [(card.level, card.client_index, card.contract_index) for card in firm.cards],
        [
            (
                rate.card_index,
                rate.line_index,
                rate.person_index,
                rate.role_index,
                rate.task_type,
                rate.starts_on,
            )
            for rate in firm.rates
        ],
    ):
        assert len(set(values)) == len(values)
    assert all(person.email.endswith("@lindqvist.example") for person in firm.people)
    assert all(contact.email.endswith(".example") for client in firm.clients for contact in client.contacts)


def test_every_project_has_three_to_twelve_tasks(firm: DemoFirm) -> None:
    count = Counter(task.project_index for task in firm.tasks)
    assert all(3 <= count[index] <= 12 for index, project in enumerate(firm.projects) if project.client_index)


def test_notes_vary(firm: DemoFirm) -> None:
    notes = Counter(entry.note for entry in firm.entries)
    assert 0.02 < notes[""] / len(firm.entries) < 0.15
    assert len(notes) > 3000
    assert max(count for note, count in notes.items() if note) < len(firm.entries) / 60


@pytest.mark.parametrize(("people", "months"), [(3, 1), (5, 2), (12, 6)])
def test_small_firms_work(people: int, months: int) -> None:
    small = generate(people=people, months=months, today=date(2028, 2, 29))
    check_entries(small)
    assert summary(small).entries == len(small.entries) > 0


def test_a_firm_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match="3 people"):
        generate(people=2, today=TODAY)


def test_bench_has_exactly_the_counts() -> None:
    firm = generate_bench(people=10, clients=4, projects=20, entries=3_001, today=date(2028, 2, 29))
    assert (len(firm.people), len(firm.clients), len(firm.projects)) == (10, 4, 20)
    assert (len(firm.tasks), len(firm.entries)) == (60, 3_001)
    assert {line.model for line in firm.lines} == {"time_and_materials"}
    assert all(a.day <= b.day for a, b in pairwise(firm.entries))
    assert len({(e.person_index, e.task_index, e.day) for e in firm.entries}) == 3_001
    assert all(entry.approver_index != entry.person_index for entry in firm.entries)
    assert all(sheet.submitted_on and sheet.submitted_on <= firm.today for sheet in firm.sheets)
    figures = summary(firm)
    assert figures.billable_hours == figures.worked_hours > 0


def test_dates() -> None:
    assert add_months(date(2028, 2, 29), -12) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert nth_workday(date(2026, 5, 1), 1, {date(2026, 5, 1)}) == date(2026, 5, 4)


def test_every_vat_id_of_the_firm_has_right_check_digits(firm: DemoFirm) -> None:
    ids = [(firm.entity.country, firm.entity.vat_id), *((row.country, row.vat_id) for row in firm.clients)]
    assert [check_vat_id(country, vat_id) for country, vat_id in ids] == [vat_id for _, vat_id in ids]
