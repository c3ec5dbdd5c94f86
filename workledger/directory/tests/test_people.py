"""People: dated terms, cost by permission, time off."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.actions import (
    AbsenceKind,
    NewTerms,
    PersonDetails,
    TimeOffDetails,
    add_person,
    change_person,
    change_terms,
    end_terms,
    remove_time_off,
    set_time_off,
)
from workledger.directory.models import EmploymentTerms, Person, TimeOff
from workledger.directory.queries import TermsTable, capacity_seconds
from workledger.kernel.period import Period
from workledger.ledger.actions import post
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole
from workledger.testing.world import World

APRIL = date(2026, 4, 1)


def terms(world: World, start: date = APRIL, **changed: object) -> NewTerms:
    base = NewTerms(
        start=start,
        entity_id=world.entity_id,
        practice_id=world.practice.pk,
        office_id=world.office.pk,
        role_id=world.consultant.pk,
    )
    return replace(base, **changed)  # type: ignore[arg-type]


def spans(person_id: int) -> list[tuple[date, date | None, Decimal | None]]:
    return list(EmploymentTerms.objects.filter(person_id=person_id).values_list("start", "end", "cost_rate"))


def test_a_new_person_starts_with_terms(world: World) -> None:
    nina = add_person(
        actor=world.fay.actor,
        person=PersonDetails("Nina New", email="Nina@fjord.example"),
        terms=terms(world, cost_rate=Decimal(45)),
    )
    assert Person.objects.get(pk=nina).email == "nina@fjord.example"
    assert spans(nina) == [(APRIL, None, Decimal(45))]


def test_every_problem_of_a_new_person_stands_by_its_field(world: World) -> None:
    wrong = terms(
        world, entity_id=0, role_id=0, manager_id=0, weekly_hours=Decimal(200), cost_rate=Decimal(-1)
    )
    with pytest.raises(Refused) as refused:
        add_person(actor=world.fay.actor, person=PersonDetails(" ", email="carl@fjord.example"), terms=wrong)
    assert [problem.field for problem in refused.value.problems] == [
        "name", "email", "entity_id", "role_id", "manager_id", "weekly_hours", "cost_rate",
    ]  # fmt: skip


def test_new_terms_end_the_earlier_ones_and_keep_the_cost(world: World) -> None:
    change_terms(actor=world.fay.actor, person_id=world.carl.person_id, terms=terms(world))
    assert spans(world.carl.person_id) == [
        (date(2026, 1, 1), APRIL, Decimal(50)),
        (APRIL, None, Decimal(50)),
    ]


def test_terms_put_between_others_last_until_the_next(world: World) -> None:
    carl, fay = world.carl.person_id, world.fay.actor
    change_terms(actor=fay, person_id=carl, terms=terms(world, date(2026, 6, 1), cost_rate=Decimal(60)))
    change_terms(actor=fay, person_id=carl, terms=terms(world, cost_rate=Decimal(55)))
    assert spans(carl) == [
        (date(2026, 1, 1), APRIL, Decimal(50)),
        (APRIL, date(2026, 6, 1), Decimal(55)),
        (date(2026, 6, 1), None, Decimal(60)),
    ]


def test_terms_of_the_same_day_are_replaced(world: World) -> None:
    change_terms(
        actor=world.fay.actor,
        person_id=world.carl.person_id,
        terms=terms(world, date(2026, 1, 1), weekly_hours=Decimal(20)),
    )
    (row,) = EmploymentTerms.objects.filter(person_id=world.carl.person_id)
    assert (row.weekly_hours, row.cost_rate, row.end) == (Decimal(20), Decimal(50), None)


def test_who_may_not_set_cost_leaves_it_as_it_is(world: World) -> None:
    manager = replace(world.fay.actor, permissions=world.fay.actor.permissions - {"cost.manage", "cost.view"})
    with pytest.raises(Refused) as refused:
        change_terms(actor=manager, person_id=world.carl.person_id, terms=terms(world, cost_rate=Decimal(1)))
    assert refused.value.codes == ("cost_forbidden",)
    change_terms(actor=manager, person_id=world.carl.person_id, terms=terms(world))
    assert spans(world.carl.person_id)[1][2] == 50


def test_the_powerless_and_the_limited_are_refused(world: World) -> None:
    with pytest.raises(Forbidden):
        change_terms(actor=world.pia.actor, person_id=world.carl.person_id, terms=terms(world))
    elsewhere = replace(world.fay.actor, entity_ids=frozenset({world.entity_id + 1}))
    with pytest.raises(Refused) as refused:
        change_terms(actor=elsewhere, person_id=world.carl.person_id, terms=terms(world))
    assert refused.value.codes == ("unknown_legal_entity", "other_entity")


def test_nobody_manages_themselves(world: World) -> None:
    carl = world.carl.person_id
    with pytest.raises(Refused) as refused:
        change_terms(actor=world.fay.actor, person_id=carl, terms=terms(world, manager_id=carl))
    assert refused.value.codes == ("own_manager",)


def _post_labour(world: World, day: date) -> None:
    sides = (
        PostingDraft(AccountRole.LABOUR_COST, debit=Decimal(400), person_id=world.carl.person_id),
        PostingDraft(AccountRole.LABOUR_ABSORBED, credit=Decimal(400), person_id=world.carl.person_id),
    )
    entry = EntryDraft(
        book_id=world.book_id, date=day, kind="time", description="Carl", currency="EUR", postings=sides
    )
    post(actor=world.system, entries=[entry])


def test_terms_that_reach_back_into_posted_cost_warn(world: World) -> None:
    _post_labour(world, date(2026, 3, 10))
    march = terms(world, date(2026, 3, 1), cost_rate=Decimal(60))
    with pytest.raises(NeedsConfirmation) as asked:
        change_terms(actor=world.fay.actor, person_id=world.carl.person_id, terms=march)
    assert asked.value.codes == ("labour_cost_posted",)
    assert len(spans(world.carl.person_id)) == 1
    confirmed = Options(confirmed=frozenset({"labour_cost_posted"}))
    change_terms.using(confirmed)(actor=world.fay.actor, person_id=world.carl.person_id, terms=march)
    assert len(spans(world.carl.person_id)) == 2


def test_later_terms_and_mere_hours_do_not_warn(world: World) -> None:
    _post_labour(world, date(2026, 3, 10))
    carl, fay = world.carl.person_id, world.fay.actor
    change_terms(actor=fay, person_id=carl, terms=terms(world, date(2026, 3, 11), cost_rate=Decimal(60)))
    change_terms(actor=fay, person_id=carl, terms=terms(world, date(2026, 2, 2), weekly_hours=Decimal(32)))
    assert len(spans(carl)) == 3


def test_a_leaver_has_no_terms_after_the_last_day(world: World) -> None:
    carl = world.carl.person_id
    change_terms(actor=world.fay.actor, person_id=carl, terms=terms(world, date(2026, 6, 1)))
    end_terms(actor=world.fay.actor, person_id=carl, last_day=date(2026, 4, 30))
    table = TermsTable.load([carl])
    assert table.on(carl, date(2026, 4, 30)) is not None
    assert table.on(carl, date(2026, 5, 1)) is None
    assert table.on(carl, date(2026, 6, 1)) is None
    with pytest.raises(Refused) as refused:
        end_terms(actor=world.fay.actor, person_id=carl, last_day=date(2026, 5, 1))
    assert refused.value.codes == ("not_employed",)


def test_a_user_is_one_person(world: World) -> None:
    with pytest.raises(Refused) as refused:
        change_person(
            actor=world.fay.actor,
            person_id=world.carl.person_id,
            person=PersonDetails("Carl", user_id=world.pia.user_id),
        )
    assert refused.value.codes == ("user_taken",)


def away(world: World, first: int, end: int, share: str = "1") -> TimeOffDetails:
    return TimeOffDetails(
        world.carl.person_id, date(2026, 3, first), date(2026, 3, end), AbsenceKind.VACATION, Decimal(share)
    )


def test_time_off_takes_capacity(world: World) -> None:
    week = Period(date(2026, 3, 16), date(2026, 3, 23))
    set_time_off(actor=world.fay.actor, time_off=away(world, 16, 18))
    assert capacity_seconds(week)[world.carl.person_id] == 3 * 8 * 3600
    assert capacity_seconds(week, [world.pia.person_id]) == {world.pia.person_id: 5 * 8 * 3600}


def test_time_off_is_changed_and_taken_back(world: World) -> None:
    fay = world.fay.actor
    made = set_time_off(actor=fay, time_off=away(world, 16, 18))
    assert set_time_off(actor=fay, time_off=away(world, 17, 20), time_off_id=made) == made
    with pytest.raises(Refused) as refused:
        set_time_off(actor=fay, time_off=away(world, 25, 25, share="0"))
    assert refused.value.codes == ("bad_dates", "bad_share")
    with pytest.raises(Refused) as refused:
        set_time_off(actor=fay, time_off=away(world, 19, 21))
    assert refused.value.codes == ("overlaps",)
    remove_time_off(actor=fay, time_off_id=made)
    assert not TimeOff.objects.exists()
    with pytest.raises(NotFound):
        remove_time_off(actor=fay, time_off_id=made)
