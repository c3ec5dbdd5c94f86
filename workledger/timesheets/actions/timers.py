"""Writes of the running timer: one per person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.refusals import Refused
from workledger.kernel.quantity import hours
from workledger.timesheets.actions import desk as desks
from workledger.timesheets.actions.entries import EntryInput, add_entry
from workledger.timesheets.calc.timer import booked_time
from workledger.timesheets.models import Timer

_LONG = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class TimerStopped:
    """What a timer booked: entry ids, one a day, and their seconds. Nothing for less than half a minute."""

    entry_ids: tuple[int, ...]
    seconds: int


@action("timesheets.start_timer", needs=Permission.TRACK_TIME)
def start_timer(*, actor: Actor, task_id: int, at: datetime, note: str = "") -> TimerStopped:
    """Start the actor's timer on a task; one that runs is stopped first and books its time.

    `at` carries the zone of the person. Refuses: not_a_person, not_found, task_closed, and what stopping refuses.
    """
    person_id = _own(actor)
    desks.check_open(desks.task_on(actor, task_id, at.date()))
    stopped = TimerStopped((), 0)
    if Timer.objects.filter(person_id=person_id).exists():
        stopped = stop_timer(actor=actor, at=at)
    timer = Timer.objects.create(person_id=person_id, task_id=task_id, started_at=at, note=note.strip())
    record(timer, "Started a timer")
    return stopped


@action("timesheets.stop_timer", needs=Permission.TRACK_TIME)
def stop_timer(*, actor: Actor, at: datetime) -> TimerStopped:
    """Stop the actor's timer and book its time, rounded to the minute, one entry a day.

    Refuses: no_timer, and what `add_entry` refuses (the timer then runs on). Warns: ran_long after 16 hours,
    and voids_approval.
    """
    timer = _timer(actor)
    if at - timer.started_at > _LONG:
        ran = hours(int((at - timer.started_at).total_seconds()))
        warn("ran_long", f"The timer ran for {ran} h. Book all of it, or discard it and type the hours.")
    pieces = booked_time(timer.started_at, max(at, timer.started_at.astimezone(at.tzinfo)))
    entry_ids = tuple(
        add_entry(
            actor=actor,
            person_id=timer.person_id,
            entry=EntryInput(
                task_id=timer.task_id,
                day=piece.day,
                worked_seconds=piece.seconds,
                note=timer.note,
                started_at=piece.started_at,
            ),
            on=at.date(),
        )
        for piece in pieces
    )
    seconds = sum(piece.seconds for piece in pieces)
    record(timer, f"Stopped the timer: {hours(seconds)} h booked")
    Timer.objects.filter(pk=timer.pk).delete()
    return TimerStopped(entry_ids, seconds)


@action("timesheets.discard_timer", needs=Permission.TRACK_TIME)
def discard_timer(*, actor: Actor) -> None:
    """Stop the actor's timer and book nothing. Refuses: no_timer."""
    timer = _timer(actor)
    record(timer, "Discarded a timer")
    Timer.objects.filter(pk=timer.pk).delete()


def _own(actor: Actor) -> int:
    if actor.person_id is None:
        message = (
            "Only people of the directory keep time. Ask an administrator to link your sign-in to a person."
        )
        raise Refused.because("not_a_person", message)
    return actor.person_id


def _timer(actor: Actor) -> Timer:
    rows = Timer.objects.filter(person_id=_own(actor))
    pk = rows.values_list("pk", flat=True).first()
    if pk is None:
        raise Refused.because("no_timer", "No timer is running.")
    return locks.for_update(rows, pk)
