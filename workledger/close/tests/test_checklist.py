"""The checklist looks at the books as they stand; people sign steps off, remind, and lock."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.close import queries
from workledger.close import steps as registry
from workledger.close.actions import (
    assign_step,
    check_books,
    complete_step,
    lock_period,
    remind,
    reopen_step,
    start_close,
)
from workledger.close.behind import Behind, behind
from workledger.close.models import CloseStep, PeriodChange
from workledger.close.queries import Checklist, StepRow, asked_of, checklist, closing
from workledger.close.steps import Finding, Step, StepKind, register_step, steps
from workledger.contracts.models import RevenueMethod
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import ExchangeRate
from workledger.ledger.actions import set_period_state
from workledger.ledger.calc.periods import Pattern, PeriodKind
from workledger.ledger.laying import set_period_pattern
from workledger.ledger.models import JournalEntry, Period, PeriodState, Posting
from workledger.revenue.actions import recognize
from workledger.testing.expenses import spent
from workledger.testing.revenue import fixed_contract
from workledger.testing.time import approve_all, book
from workledger.testing.world import World
from workledger.timesheets.models import LineState, TimesheetLine

TODAY = date(2026, 3, 4)
FEBRUARY = 2


def february(world: World) -> Checklist:
    return checklist(world.fay.actor, world.period(FEBRUARY).pk, TODAY)


def step(world: World, key: str) -> StepRow:
    return next(each for each in february(world).steps if each.key == key)


def sign_off(world: World, key: str, note: str = "") -> None:
    complete_step(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key=key, on=TODAY, note=note)


def sign_off_all(world: World) -> None:
    for each in february(world).blocking:
        if each.action:
            check_books(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk)
        else:
            sign_off(world, each.key, "Looked at" if not each.is_clear else "")


def test_missing_time_names_who_and_how_much(world: World) -> None:
    # February 2026 in Hamburg: 20 working days of 8 hours, no holiday.
    book(world.carl, world.build, date(2026, 2, 2), "8")
    found = step(world, "time_missing").finding
    missing = {item.label: item.detail for item in found.items}
    assert missing["Carl Consultant"] == "152.00 h"
    assert missing["Pia Lead"] == "160.00 h"


def test_time_moves_from_not_submitted_to_approved(world: World) -> None:
    book(world.carl, world.build, date(2026, 2, 2), "8")
    assert step(world, "time_open").finding.sentence == "8.00 h wait for approval."
    approve_all(world)
    assert step(world, "time_open").is_clear


def test_a_currency_in_use_wants_a_rate_of_the_period(world: World) -> None:
    assert step(world, "rates").is_clear
    type(world.borealis_contract).objects.filter(pk=world.borealis_contract.pk).update(currency="USD")
    ExchangeRate.objects.all().delete()
    assert step(world, "rates").finding.items[0].detail == "none at all"
    ExchangeRate.objects.create(base="EUR", quote="USD", day=date(2026, 1, 30), rate=Decimal("1.1"))
    assert step(world, "rates").finding.sentence == "No rate of this period for USD."
    ExchangeRate.objects.create(base="EUR", quote="USD", day=date(2026, 2, 27), rate=Decimal("1.1"))
    assert step(world, "rates").is_clear


def test_what_is_open_is_signed_off_with_a_note_and_opens_when_there_is_more(world: World) -> None:
    book(world.carl, world.build, date(2026, 2, 2), "8")
    with pytest.raises(Refused) as refused:
        sign_off(world, "time_open")
    assert refused.value.codes == ("note_missing",)
    sign_off(world, "time_open", "Carl is ill; his day follows in March")
    row = step(world, "time_open")
    assert (row.is_done, row.is_clear, row.done_by) == (True, False, "Fay Finance")
    book(world.carl, world.travel, date(2026, 2, 3), "8")
    row = step(world, "time_open")
    assert (row.is_done, row.reopened) == (False, True)


def test_a_sign_off_is_taken_back(world: World) -> None:
    sign_off(world, "review")
    reopen_step(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key="review")
    assert not step(world, "review").is_done
    with pytest.raises(Refused) as refused:
        reopen_step(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key="review")
    assert refused.value.codes == ("not_signed_off",)


def test_soft_closing_does_its_step(world: World) -> None:
    with pytest.raises(Refused) as refused:
        sign_off(world, "soft_close")
    assert refused.value.codes == ("not_run",)
    period_id = world.period(FEBRUARY).pk
    set_period_state(
        actor=world.fay.actor, period_id=period_id, state=PeriodState.SOFT_CLOSED, reason="Close"
    )
    assert step(world, "soft_close").is_clear


def test_an_owner_of_always_is_copied_to_the_next_month(world: World) -> None:
    assign_step(
        actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key="time_missing", owner_id=world.pia.user_id,
        due_on=date(2026, 3, 3), always=True,
    )  # fmt: skip
    start_close(actor=world.fay.actor, period_id=world.period(3).pk)
    row = CloseStep.objects.get(period=world.period(3), key="time_missing")
    assert (row.owner_id, row.due_on) == (world.pia.user_id, date(2026, 4, 3))
    assert start_close(actor=world.fay.actor, period_id=world.period(3).pk) == 0


def test_giving_a_step_says_all_that_is_wrong(world: World) -> None:
    with pytest.raises(Refused) as refused:
        assign_step(
            actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key="review", owner_id=0,
            due_on=date(2026, 1, 1),
        )  # fmt: skip
    assert refused.value.codes == ("no_such_user", "due_too_early")
    with pytest.raises(Refused) as refused:
        assign_step(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, key="x", owner_id=None)
    assert refused.value.codes == ("no_such_step",)


def test_a_reminder_stands_on_the_home_of_who_is_behind_once_a_day(world: World) -> None:
    period_id = world.period(FEBRUARY).pk
    sent = remind(actor=world.fay.actor, period_id=period_id, on=TODAY, person_ids=[world.carl.person_id])
    assert (sent.people, sent.already) == (["Carl Consultant"], [])
    again = remind(actor=world.fay.actor, period_id=period_id, on=TODAY)
    assert again.already == ["Carl Consultant"]
    (asked,) = asked_of(world.carl.actor, TODAY)
    assert (asked.period, asked.left, asked.by) == (
        "February 2026",
        Behind(missing=160 * 3600),
        "Fay Finance",
    )
    for day in range(2, 28):
        if date(2026, 2, day).weekday() < 5:
            book(world.carl, world.build, date(2026, 2, day), "8")
    assert asked_of(world.carl.actor, TODAY) == []


def test_who_submits_and_who_approves_are_reminded_too(world: World) -> None:
    february, day = world.period(FEBRUARY), date(2026, 2, 3)
    book(world.carl, world.build, day, "8")
    TimesheetLine.objects.update(state=LineState.OPEN)
    book(world.carl, world.workshops, day, "2")
    spent(world, on=day)
    found = behind(world.book_id, closing(february, TODAY))
    carl = found[world.carl.person_id]
    assert carl.words() == "150.00 h to book, 8.00 h to submit, 1 expense to submit"
    manager = found[world.atlas.manager_id or 0]
    assert manager.waiting == 2 * 3600
    assert "2.00 h to approve" in manager.words()


def test_the_books_are_checked_and_that_is_on_record(world: World) -> None:
    said = check_books(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk)
    row = step(world, "books_tie")
    assert said.startswith("All ")
    assert (row.is_done, row.note) == (True, said)


def test_the_lock_waits_for_every_step_or_a_reason(world: World) -> None:
    period_id = world.period(FEBRUARY).pk
    with pytest.raises(Refused) as refused:
        lock_period(actor=world.fay.actor, period_id=period_id, on=TODAY)
    assert refused.value.codes == ("steps_open",)
    sign_off_all(world)
    lock_period(actor=world.fay.actor, period_id=period_id, on=TODAY)
    found = february(world)
    assert found.period.state == PeriodState.LOCKED
    assert found.done == len(found.steps)
    assert {each.done_by for each in found.steps if each.blocks} == {"Fay Finance"}
    with pytest.raises(Refused) as refused:
        sign_off(world, "review")
    assert refused.value.codes == ("period_locked",)


def test_a_reason_locks_with_open_steps_and_a_second_person_reopens(world: World) -> None:
    period_id = world.period(FEBRUARY).pk
    lock_period(actor=world.fay.actor, period_id=period_id, on=TODAY, reason="The bank asks today")
    with pytest.raises(Refused) as refused:
        set_period_state(
            actor=world.fay.actor, period_id=period_id, state=PeriodState.OPEN, reason="A late invoice"
        )
    assert refused.value.codes == ("same_person",)
    set_period_state(
        actor=world.olivia.actor, period_id=period_id, state=PeriodState.OPEN, reason="A late invoice"
    )
    told = [(each.was, each.state, each.by, each.reason) for each in february(world).history]
    assert told == [
        ("Locked", "Open", "Olivia Owner", "A late invoice"),
        ("Open", "Locked", "Fay Finance", "The bank asks today"),
    ]
    assert PeriodChange.objects.filter(period=period_id).count() == 2


def test_time_for_a_locked_month_posts_in_the_open_one_and_keeps_its_day(world: World) -> None:
    lock_period(actor=world.fay.actor, period_id=world.period(FEBRUARY).pk, on=TODAY, reason="Books are out")
    book(world.carl, world.build, date(2026, 2, 10), "8")
    approve_all(world)
    assert set(JournalEntry.objects.values_list("date", flat=True)) == {date(2026, 3, 1)}
    assert set(Posting.objects.values_list("service_date", flat=True)) == {date(2026, 2, 10)}


def test_carl_closes_nothing(world: World) -> None:
    with pytest.raises(Forbidden):
        lock_period(actor=world.carl.actor, period_id=world.period(FEBRUARY).pk, on=TODAY, reason="x")
    with pytest.raises(Forbidden):
        checklist(world.carl.actor, world.period(FEBRUARY).pk, TODAY)


def test_a_floor_above_puts_its_own_step_on_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_STEPS", dict(registry._STEPS))
    assert "never" not in [each.key for each in steps()]
    register_step(
        Step(
            "unreconciled", "Reconcile", StepKind.CHECK, 150, lambda *_: Finding(2, "2 differ."), blocks=False
        )
    )
    register_step(Step("never", "Needs what is not installed", StepKind.RUN, 155, action="nobody.installed"))
    row = step(world, "unreconciled")
    assert (row.is_done, row.finding.count) == (False, 2)
    assert "never" not in [each.key for each in steps()]


def test_the_list_asks_as_much_however_much_it_finds(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            february(world)
        return len(found)

    book(world.carl, world.build, date(2026, 2, 2), "8")
    before = asked()
    for day in (3, 4, 9, 10, 16):
        book(world.carl, world.build, date(2026, 2, day), "8")
        book(world.pia, world.review, date(2026, 2, day), "4")
    assert asked() == before < 75
    with CaptureQueriesContext(connection) as found:
        assert len(queries.periods(world.fay.actor, world.book_id, TODAY)) == 3
    assert len(found) == 3


def test_a_year_of_weeks_is_closed_end_to_end(world: World) -> None:
    """4-4-5 books: late time lands in the next period of weeks, and revenue follows the period's last day."""
    weeks = Pattern(PeriodKind.WEEKS_445)
    fay, book_id = world.fay.actor, world.book_id
    set_period_pattern(actor=fay, book_id=book_id, pattern=weeks, from_day=date(2026, 2, 1))
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    second = Period.objects.get(book=book_id, name="P2 FY2026")  # 1 to 21 February, as the change cut it
    assert (second.start, second.end) == (date(2026, 2, 1), date(2026, 2, 22))
    found = checklist(fay, second.pk, TODAY)
    run = next(each for each in found.steps if each.key == "recognition")
    # The contract runs 1 February to 31 July, 181 days at 100: 21 days by the end of P2.
    assert run.finding.sentence == "2,100.00 EUR in 1 entry to recognize."
    assert run.finding.query["through"] == "2026-02-21"
    recognize(actor=fay, entity_id=book_id, month=second.start, through=date(2026, 2, 21))
    assert next(each for each in checklist(fay, second.pk, TODAY).steps if each.key == "recognition").is_clear
    lock_period(actor=fay, period_id=second.pk, on=TODAY, reason="Published")
    book(world.carl, world.build, date(2026, 2, 17), "8")
    approve_all(world)
    late = JournalEntry.objects.exclude(kind="revenue_recognized").latest("pk")
    assert (late.date, late.period.name) == (date(2026, 2, 22), "P3 FY2026")
    assert set(late.postings.values_list("service_date", flat=True)) == {date(2026, 2, 17)}
    third = late.period  # 22 February to 28 March: the rest of February and 28 days of March
    rest = recognize(
        actor=fay, entity_id=book_id, month=date(2026, 3, 1), through=third.end - timedelta(days=1)
    )
    assert [(each.service_month, each.amount, each.posted_on) for each in rest.entries] == [
        (date(2026, 2, 1), Decimal(700), date(2026, 2, 28)),
        (date(2026, 3, 1), Decimal(2_800), date(2026, 3, 28)),
    ]
