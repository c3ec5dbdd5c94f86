"""The close as people read it: periods with how far they are, one period's checklist, what somebody is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workledger.close.behind import Behind, behind
from workledger.close.models import CloseStep, PeriodChange, Reminder, StepOwner
from workledger.close.steps import ClosingPeriod, Finding, Step, StepKind, steps
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import User
from workledger.core.refusals import Forbidden
from workledger.ledger.models import Book, Period, PeriodState

_NOTHING = Finding(0, "")


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of one period: what it found, whose it is, and who signed it off when.

    `is_done` is the whole answer: nothing found, run, or signed off for what was found. `is_clear` says that the books
    alone answer it. `reopened` means it was signed off and found more since.
    """

    key: str
    title: str
    kind: StepKind
    help: str
    blocks: bool
    is_done: bool
    is_clear: bool
    reopened: bool
    finding: Finding
    owner_id: int | None
    owner: str
    due_on: date | None
    done_by: str
    done_at: datetime | None
    note: str
    action: str
    url_name: str
    url_query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A period's change of state."""

    at: datetime
    was: str
    state: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """One period's close: its steps in order and its history, newest first."""

    book_id: int
    book: str
    currency: str
    period: ClosingPeriod
    steps: Sequence[StepRow]
    history: Sequence[ChangeRow]
    may_lock: bool
    may_unlock: bool

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def blocking(self) -> list[StepRow]:
        """The open steps that stand in the way of the lock."""
        return [step for step in self.steps if step.blocks and not step.is_done]

    @property
    def next_step(self) -> StepRow | None:
        """The first open step that blocks."""
        return next(iter(self.blocking), None)


@dataclass(frozen=True, slots=True)
class PeriodProgress:
    """A period in the list: its state, how many steps people signed off, who closed it when. `end` is exclusive."""

    id: int
    name: str
    start: date
    end: date
    fiscal_year: int
    state: PeriodState
    signed_off: int
    steps: int
    closed_by: str
    closed_at: datetime | None
    reason: str

    @property
    def last_day(self) -> date:
        """The last day that lies in it."""
        return self.end - timedelta(days=1)


def _may(actor: Actor) -> None:
    if not (actor.can(Permission.VIEW_LEDGER) or actor.can(Permission.MANAGE_PERIODS)):
        raise Forbidden.because("forbidden", "You may not see the close. Ask Finance.")


def closing(period: Period, today: date) -> ClosingPeriod:
    """Return a period as the steps take it."""
    return ClosingPeriod(period.pk, period.name, period.start, period.end, PeriodState(period.state), today)


def checklist(actor: Actor, period_id: int, today: date) -> Checklist:
    """Return a period's checklist as the books stand now. Raises NotFound, Forbidden.

    A locked period is not looked at anew: its steps show who signed them off.
    """
    _may(actor)
    row = locks.one(Period.objects.visible_to(actor).select_related("book"), period_id)
    period = closing(row, today)
    kept = {
        each.key: each
        for each in CloseStep.objects.filter(period=period_id).select_related("owner", "done_by")
    }
    owners = {each.key: each for each in StepOwner.objects.filter(book=row.book_id).select_related("owner")}
    others = list(Period.objects.filter(book=row.book_id).values_list("start", "state"))
    locked = [start for start, state in others if state == PeriodState.LOCKED]
    return Checklist(
        book_id=row.book_id,
        book=row.book.name,
        currency=row.book.currency,
        period=period,
        steps=[
            step_row(actor, row.book, period, step, kept.get(step.key), owners.get(step.key))
            for step in steps()
        ],
        history=[
            ChangeRow(each.at, each.get_was_display(), each.get_state_display(), each.by_name, each.reason)
            for each in PeriodChange.objects.filter(period=period_id)
        ],
        may_lock=row.start
        == min((start for start, state in others if state != PeriodState.LOCKED), default=None),
        may_unlock=row.start == max(locked, default=None),
    )


def step_row(
    actor: Actor,
    book: Book,
    period: ClosingPeriod,
    step: Step,
    kept: CloseStep | None,
    usual: StepOwner | None,
) -> StepRow:
    """Return one step of a period; looks at the books unless the period is locked."""
    signed = kept is not None and kept.done_at is not None
    finding, is_clear = _NOTHING, False
    if period.state != PeriodState.LOCKED:
        finding = step.count(actor, book, period) if step.count else _NOTHING
        if step.kind is StepKind.CHECK:
            is_clear = finding.count == 0
        elif step.is_done is not None:
            is_clear = step.is_done(book, period)
    grew = kept is not None and signed and finding.count > kept.done_count
    locked = period.state == PeriodState.LOCKED
    owner = (kept.owner if kept else None) or (usual.owner if usual and not kept else None)
    return StepRow(
        key=step.key,
        title=step.title,
        kind=step.kind,
        help=step.help,
        blocks=step.blocks,
        is_done=locked or is_clear or (signed and not grew),
        is_clear=is_clear,
        reopened=grew and not is_clear,
        finding=finding,
        owner_id=owner.pk if owner else None,
        owner=str(owner) if owner else "",
        due_on=kept.due_on if kept else None,
        done_by=str(kept.done_by) if kept and kept.done_by else "",
        done_at=kept.done_at if kept else None,
        note=kept.note if kept else "",
        action=step.action,
        url_name=step.url_name,
        url_query=step.query,
    )


def periods(actor: Actor, book_id: int, today: date) -> list[PeriodProgress]:
    """Return the book's periods that have begun, newest first, with how far their close is."""
    _may(actor)
    rows = list(Period.objects.visible_to(actor).filter(book=book_id, start__lte=today).order_by("-start"))
    there = {step.key for step in steps()}
    signed: dict[int, int] = {}
    done = CloseStep.objects.filter(period__book=book_id, done_at__isnull=False, key__in=there)
    for period_id in done.values_list("period_id", flat=True):
        signed[period_id] = signed.get(period_id, 0) + 1
    latest: dict[int, PeriodChange] = {}
    for change in PeriodChange.objects.filter(period__book=book_id).order_by("at", "pk"):
        latest[change.period_id] = change
    return [
        PeriodProgress(
            id=row.pk,
            name=row.name,
            start=row.start,
            end=row.end,
            fiscal_year=row.fiscal_year,
            state=PeriodState(row.state),
            signed_off=signed.get(row.pk, 0),
            steps=len(there),
            closed_by=latest[row.pk].by_name if row.pk in latest else "",
            closed_at=latest[row.pk].at if row.pk in latest else None,
            reason=row.state_reason,
        )
        for row in rows
    ]


def people_to_own(actor: Actor) -> list[tuple[int, str]]:
    """Return (user id, name) of those who can be given a step: everybody active who signs in; nobody without the right."""
    if not actor.can(Permission.MANAGE_PERIODS):
        return []
    rows = User.objects.filter(
        is_active=True, role_assignments__client_id=None, role_assignments__isnull=False
    )
    return [(each.pk, str(each)) for each in rows.distinct().order_by("name", "email")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody was reminded of and has not done yet: what of which period, who asked, when."""

    period: str
    start: date
    last_day: date
    left: Behind
    by: str
    on: date


def asked_of(actor: Actor, today: date) -> list[Asked]:
    """Return what the actor was reminded of in periods that are not locked, as far as it is still missing."""
    if actor.person_id is None:
        return []
    rows = (
        Reminder.objects.filter(person=actor.person_id)
        .exclude(period__state=PeriodState.LOCKED)
        .select_related("period")
        .order_by("period_id", "-on")
        .distinct("period_id")
    )
    found = []
    for row in rows:
        period = closing(row.period, today)
        left = behind(row.period.book_id, period, [actor.person_id]).get(actor.person_id)
        if left:
            found.append(Asked(period.name, period.start, period.last_day, left, row.by_name, row.on))
    return found
