"""The door: permission, transaction, log, idempotency, dry run, warnings, refusals of the database."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from workledger.core import jobs
from workledger.core.access import Actor, Permission
from workledger.core.door import Action, Options, action, current_action_id, record, warn
from workledger.core.models import ActionLog, IdempotencyKey
from workledger.core.refusals import Forbidden, NeedsConfirmation, Refused
from workledger.directory.models import Practice
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, Period, Posting
from workledger.testing.world import World


def _add(*, actor: Actor, name: str) -> int:
    practice = Practice.objects.create(name=name)
    record(practice, f"Added {name}")
    return int(practice.pk)


def _add_unusual(*, actor: Actor, name: str) -> int:
    warn("unusual_name", f"{name} is an unusual name.", "name")
    return _add(actor=actor, name=name)


def _add_two(*, actor: Actor, name: str, and_fail: bool) -> int:
    first = add(actor=actor, name=name)
    if and_fail:
        raise Refused.because("failed", "It failed.")
    return first


add = Action("testing.add", Permission.MANAGE_DIRECTORY, _add, logs_input=True)
add_secretly = Action("testing.add_secretly", Permission.MANAGE_DIRECTORY, _add, logs_input=False)
add_unusual = Action("testing.add_unusual", Permission.MANAGE_DIRECTORY, _add_unusual, logs_input=True)
add_two = Action("testing.add_two", None, _add_two, logs_input=True)


def practices() -> set[str]:
    return set(Practice.objects.exclude(name="Engineering").values_list("name", flat=True))


def test_what_is_not_granted_is_denied_and_changes_nothing(world: World) -> None:
    before = ActionLog.objects.count()
    for nobody in (world.carl, world.cleo, world.stan):
        with pytest.raises(Forbidden, match=r"needs the permission 'directory\.manage'"):
            add(actor=nobody.actor, name="Data")
    assert practices() == set()
    assert ActionLog.objects.count() == before


def test_the_log_says_who_did_what_through_which_door_and_why(world: World) -> None:
    made = add.using(Options(reason="New service line"))(actor=world.fay.actor, name="Data")
    row = ActionLog.objects.latest("id")
    assert (row.action, row.actor_name, row.user_id, row.door) == (
        "testing.add", "Fay Finance", world.fay.user_id, "web",
    )  # fmt: skip
    assert (row.subject, row.subject_id, row.summary) == ("directory.practice", made, "Added Data")
    assert (row.reason, row.input) == ("New service line", {"name": "Data"})
    assert Practice.objects.get(pk=made).made_by_action == row.pk


def test_secrets_stay_out_of_the_log(world: World) -> None:
    add_secretly(actor=world.fay.actor, name="hunter2")
    assert ActionLog.objects.latest("id").input == {}


def test_a_dry_run_gives_the_same_result_and_leaves_nothing(world: World) -> None:
    logged = ActionLog.objects.count()
    made = add.using(Options(dry_run=True, idempotency_key="k"))(actor=world.fay.actor, name="Data")
    assert made > 0
    assert practices() == set()
    assert ActionLog.objects.count() == logged
    assert not IdempotencyKey.objects.exists()


def test_a_dry_run_refuses_what_the_act_would_refuse(world: World) -> None:
    with pytest.raises(Refused):
        add_two.using(Options(dry_run=True))(actor=world.fay.actor, name="Data", and_fail=True)


def test_the_same_call_again_returns_the_first_result(world: World) -> None:
    once = add.using(Options(idempotency_key="k"))
    assert once(actor=world.fay.actor, name="Data") == once(actor=world.fay.actor, name="Data")
    assert ActionLog.objects.filter(action="testing.add").count() == 1


def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    once = add.using(Options(idempotency_key="k"))
    once(actor=world.fay.actor, name="Data")
    with pytest.raises(Refused) as refused:
        once(actor=world.fay.actor, name="Design")
    assert refused.value.codes == ("idempotency_key_reused",)
    with pytest.raises(Refused):
        add_secretly.using(Options(idempotency_key="k"))(actor=world.fay.actor, name="Data")
    assert practices() == {"Data"}


def test_keys_of_two_callers_are_apart(world: World) -> None:
    add.using(Options(idempotency_key="k"))(actor=world.fay.actor, name="Data")
    add.using(Options(idempotency_key="k"))(actor=world.olivia.actor, name="Design")
    assert practices() == {"Data", "Design"}


def test_a_refused_act_gives_its_key_back(world: World) -> None:
    key = Options(idempotency_key="k")
    with pytest.raises(Refused):
        add_two.using(key)(actor=world.fay.actor, name="Data", and_fail=True)
    add_two.using(key)(actor=world.fay.actor, name="Data", and_fail=False)
    assert practices() == {"Data"}


def test_results_of_any_type_come_back_as_they_were(world: World) -> None:
    def dates(*, actor: Actor) -> list[tuple[date, Decimal]]:
        return [(date(2026, 3, 1), Decimal("1.10"))]

    known = Action("testing.dates", None, dates, logs_input=True).using(Options(idempotency_key="k"))
    assert (
        known(actor=world.fay.actor) == known(actor=world.fay.actor) == [(date(2026, 3, 1), Decimal("1.10"))]
    )


def test_a_warning_undoes_the_act_until_it_is_confirmed(world: World) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        add_unusual(actor=world.fay.actor, name="Zzz")
    assert (asked.value.codes, practices()) == (("unusual_name",), set())
    add_unusual.using(Options(confirmed=frozenset({"unusual_name"})))(actor=world.fay.actor, name="Zzz")
    assert practices() == {"Zzz"}


def test_an_act_within_an_act_is_logged_under_it(world: World) -> None:
    add_two(actor=world.fay.actor, name="Data", and_fail=False)
    inner, outer = (ActionLog.objects.get(action=name) for name in ("testing.add", "testing.add_two"))
    assert (inner.parent_id, outer.parent_id) == (outer.pk, None)


def test_what_fails_outside_undoes_what_was_done_inside(world: World) -> None:
    with pytest.raises(Refused):
        add_two(actor=world.fay.actor, name="Data", and_fail=True)
    assert practices() == set()
    assert not ActionLog.objects.filter(action__startswith="testing.").exists()


def test_an_inner_act_asks_its_own_permission(world: World) -> None:
    with pytest.raises(Forbidden):
        add_two(actor=world.carl.actor, name="Data", and_fail=False)


def test_a_constraint_refuses_with_its_own_sentence(world: World) -> None:
    def overlap(*, actor: Actor) -> None:
        period = world.period(3)
        Period.objects.create(
            book=period.book,
            name="Twice",
            start=period.start + timedelta(days=1),
            end=period.end,
            fiscal_year=2026,
            number=3,
        )

    with pytest.raises(Refused, match="overlaps another one") as refused:
        Action("testing.overlap", None, overlap, logs_input=True)(actor=world.fay.actor)
    assert refused.value.codes == ("periods_do_not_overlap",)


def test_a_broken_book_fails_at_the_end_of_the_act(world: World) -> None:
    def post_half(*, actor: Actor) -> None:
        half = [PostingDraft(AccountRole.OPENING, debit=Decimal(5))]
        ledger.post(
            actor=actor, entries=[EntryDraft(world.book_id, date(2026, 3, 2), "manual", "Half", "EUR", half)]
        )
        assert Posting.objects.count() == 1, "the entry is looked at when the act ends"

    with pytest.raises(Refused, match=r"Half.*does not balance") as refused:
        Action("testing.post_half", None, post_half, logs_input=True)(actor=world.fay.actor)
    assert refused.value.codes == ("entry_unbalanced",)
    assert not Posting.objects.exists()


def test_a_job_is_queued_if_and_only_if_the_change_happened(world: World) -> None:
    @app.task(name="testing.noop", queue="testing")
    def noop() -> None:
        """Nothing."""

    def act(*, actor: Actor) -> None:
        jobs.queue(noop)

    queued = ProcrastinateJob.objects.filter(task_name="testing.noop")
    work = Action("testing.work", None, act, logs_input=True)
    work.using(Options(dry_run=True))(actor=world.fay.actor)
    assert queued.count() == 0
    work(actor=world.fay.actor)
    assert queued.count() == 1


def test_outside_an_act_nothing_can_be_recorded() -> None:
    for call in (lambda: record(None, "x"), lambda: warn("c", "x"), current_action_id):
        with pytest.raises(RuntimeError, match="outside an action"):
            call()


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        action("ledger.open_book", needs=None)(_add)


def test_an_actor_of_another_door_is_logged_as_such(world: World) -> None:
    token = replace(world.fay.actor, door="api")
    add(actor=token, name="Data")
    assert ActionLog.objects.latest("id").door == "api"
