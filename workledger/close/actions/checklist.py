"""Writes of the checklist: start a close, give steps to people, sign them off, remind, and lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models.functions import Now

from workledger.close import queries
from workledger.close.behind import behind
from workledger.close.models import CloseStep, Reminder, StepOwner
from workledger.close.queries import closing
from workledger.close.steps import Step, StepKind, step_of, steps
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.models import User
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Person
from workledger.ledger import actions as ledger
from workledger.ledger.checks import run_checks
from workledger.ledger.models import Period, PeriodState

_DAY = timedelta(days=1)
_LONGEST_NOTE = 500
_CHECK_BOOKS = "books_tie"


@action("close.start", needs=Permission.MANAGE_PERIODS)
def start_close(*, actor: Actor, period_id: int) -> int:
    """Give the steps of a period's close the owners and due days that the book's usually have; returns how many.

    Steps that were given already keep what they have, so it may run again. Refuses: not_found, period_locked.
    """
    period = _unlocked(actor, period_id)
    made = _give(period)
    record(period, f"Started the close of {period.name}")
    return made


def _give(period: Period) -> int:
    known = set(CloseStep.objects.filter(period=period).values_list("key", flat=True))
    usual = {each.key: each for each in StepOwner.objects.filter(book=period.book_id)}
    rows = []
    for step in steps():
        if step.key in known:
            continue
        held = usual.get(step.key)
        days = held.due_days if held else None
        due = None if days is None else period.end - _DAY + timedelta(days=days)
        rows.append(
            CloseStep(period=period, key=step.key, owner_id=held.owner_id if held else None, due_on=due)
        )
    CloseStep.objects.bulk_create(rows)
    return len(rows)


@action("close.assign_step", needs=Permission.MANAGE_PERIODS)
def assign_step(
    *,
    actor: Actor,
    period_id: int,
    key: str,
    owner_id: int | None,
    due_on: date | None = None,
    always: bool = False,
) -> None:
    """Give a step of a period to somebody, with a day it is due; with `always`, of every period to come as well.

    Refuses: not_found, period_locked, no_such_step, no_such_user, due_too_early.
    """
    period = _unlocked(actor, period_id)
    step, problems = _step(key), Problems()
    problems.check(
        owner_id is None or User.objects.filter(pk=owner_id, is_active=True).exists(),
        "no_such_user", "There is no such user. Choose somebody who signs in.", "owner_id",
    )  # fmt: skip
    problems.check(
        due_on is None or due_on > period.start,
        "due_too_early", f"{period.name} starts on {period.start:%d %B %Y}. Choose a later day.", "due_on",
    )  # fmt: skip
    problems.refuse()
    row = _row(period, key)
    row.owner_id, row.due_on = owner_id, due_on
    row.save(update_fields=["owner", "due_on"])
    if always:
        days = None if due_on is None else max((due_on - period.end + _DAY).days, 0)
        StepOwner.objects.update_or_create(
            book_id=period.book_id, key=key, defaults={"owner_id": owner_id, "due_days": days}
        )
    record(row, f"Gave '{step.title}' of {period.name} to {row.owner or 'nobody'}")


@action("close.complete_step", needs=Permission.MANAGE_PERIODS)
def complete_step(*, actor: Actor, period_id: int, key: str, on: date, note: str = "") -> None:
    """Sign a step of a period off, seen on the day `on`. What still stands open is signed off with a note.

    It opens again by itself once it finds more. Refuses: not_found, period_locked, no_such_step, note_missing,
    note_too_long, not_run (its act has not run for this period).
    """
    period = _unlocked(actor, period_id)
    step, problems = _step(key), Problems()
    problems.check(
        len(note.strip()) <= _LONGEST_NOTE,
        "note_too_long", f"A note has at most {_LONGEST_NOTE} characters.", "note",
    )  # fmt: skip
    problems.refuse()
    found = queries.step_row(actor, period.book, closing(period, on), step, None, None)
    problems.check(
        found.is_clear or found.kind is not StepKind.CHECK or note.strip(),
        "note_missing", f"{found.finding.sentence} Say why the step is done all the same.", "note",
    )  # fmt: skip
    problems.check(
        found.is_clear or found.kind is not StepKind.RUN or note.strip(),
        "not_run", f"'{found.title}' has not run for {period.name}. Run it, or say in a note why it need not.", "note",
    )  # fmt: skip
    problems.refuse()
    _sign_off(actor, period, key, found.finding.count, note)
    record(
        period, f"Signed off '{found.title}' of {period.name}{f': {note.strip()}' if note.strip() else ''}"
    )


def _sign_off(actor: Actor, period: Period, key: str, count: int, note: str) -> None:
    row = _row(period, key)
    CloseStep.objects.filter(pk=row.pk).update(
        done_by=actor.user_id, done_at=Now(), done_count=count, note=note.strip()[:_LONGEST_NOTE]
    )


@action("close.reopen_step", needs=Permission.MANAGE_PERIODS)
def reopen_step(*, actor: Actor, period_id: int, key: str) -> None:
    """Take a step's sign-off back. Refuses: not_found, period_locked, no_such_step, not_signed_off."""
    period = _unlocked(actor, period_id)
    step = _step(key)
    if not CloseStep.objects.filter(period=period, key=key, done_at__isnull=False).exists():
        raise Refused.because("not_signed_off", "Nobody signed this step off.", "key")
    CloseStep.objects.filter(period=period, key=key).update(done_by=None, done_at=None, done_count=0, note="")
    record(period, f"Opened '{step.title}' of {period.name} again")


@action("close.check_books", needs=Permission.MANAGE_PERIODS)
def check_books(*, actor: Actor, period_id: int) -> str:
    """Check every invariant of the books and sign that step off; returns what was found in a sentence.

    Refuses: not_found, period_locked, books_do_not_tie (naming each broken one).
    """
    period = _unlocked(actor, period_id)
    results = run_checks()
    broken = [result for result in results if not result.ok]
    if broken:
        titles = "; ".join(f"{result.title}: {result.detail or result.line.strip()}" for result in broken)
        raise Refused.because("books_do_not_tie", f"{len(broken)} of {len(results)} checks fail. {titles}.")
    said = f"All {len(results)} checks hold."
    _sign_off(actor, period, _CHECK_BOOKS, 0, said)
    record(period, f"Checked the books for {period.name}: {said}")
    return said


@dataclass(frozen=True, slots=True)
class Reminded:
    """Whom a reminder went to, by name, and who was left out since they were reminded today already."""

    people: list[str]
    already: list[str]


@action("close.remind", needs=Permission.MANAGE_PERIODS)
def remind(*, actor: Actor, period_id: int, on: date, person_ids: Sequence[int] | None = None) -> Reminded:
    """Remind people of what a period lacks of them: all of them, or these. It stands on their Home and week.

    Hours to book, time and expenses to submit, and what waits for their approval.

    Nobody is reminded twice a day. Refuses: not_found, period_locked, nobody_behind.
    """
    period = _unlocked(actor, period_id)
    found = behind(period.book_id, closing(period, on), person_ids)
    if not found:
        raise Refused.because("nobody_behind", f"Nobody is behind with {period.name}.")
    before = dict(Reminder.objects.filter(person__in=found, on=on).values_list("person_id", "person__name"))
    new = [pk for pk in found if pk not in before]
    made = Reminder.objects.bulk_create(
        [Reminder(person_id=pk, period=period, on=on, by_name=actor.name) for pk in new]
    )
    names = _names([each.person_id for each in made])
    record(period, f"Reminded {len(made)} people of what {period.name} lacks")
    return Reminded(people=names, already=sorted(before.values()))


def _names(person_ids: Sequence[int]) -> list[str]:
    return list(Person.objects.filter(pk__in=person_ids).order_by("name").values_list("name", flat=True))


@action("close.lock_period", needs=Permission.MANAGE_PERIODS)
def lock_period(*, actor: Actor, period_id: int, on: date, reason: str = "") -> None:
    """Lock a period at the end of its close, as the books stand on the day `on`.

    While a step that blocks is open it takes a reason, which stays on record.
    Refuses: not_found, period_locked, steps_open, earlier_period_open.
    """
    period = _unlocked(actor, period_id)
    found = queries.checklist(actor, period_id, on)
    if found.blocking and not reason.strip():
        titles = ", ".join(f"'{step.title}'" for step in found.blocking)
        raise Refused.because(
            "steps_open",
            f"{len(found.blocking)} steps of {period.name} are open: {titles}. Finish or sign them off, or say why it is"
            " locked all the same.",
            "reason",
        )
    _give(period)
    clear = [step.key for step in found.steps if step.is_done and step.done_at is None]
    CloseStep.objects.filter(period=period, key__in=clear, done_at=None).update(
        done_by=actor.user_id, done_at=Now(), done_count=0
    )
    ledger.set_period_state(actor=actor, period_id=period_id, state=PeriodState.LOCKED, reason=reason)
    record(period, f"Closed {period.name} of {found.book}")


def _unlocked(actor: Actor, period_id: int) -> Period:
    period = locks.for_update(Period.objects.visible_to(actor).select_related("book"), period_id)
    if period.state == PeriodState.LOCKED:
        raise Refused.because(
            "period_locked", f"{period.name} is locked. Another person reopens it with a reason.", "period_id"
        )
    return period


def _step(key: str) -> Step:
    found = step_of(key)
    if found is None:
        raise Refused.because("no_such_step", "A close has no such step.", "key")
    return found


def _row(period: Period, key: str) -> CloseStep:
    _give(period)
    return CloseStep.objects.select_related("owner").get(period=period, key=key)
