"""What accruals and revaluation share: the period and its days, what stands already, posting by difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum as SumOf

from workledger.close.calc.differences import Change, Key, Proposal, Sum, changes
from workledger.close.models import PeriodEndLine, PeriodEndRun, RunKind, What
from workledger.close.posting import entries
from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import NotFound, Problems
from workledger.directory.models import LegalEntity
from workledger.ledger import actions as ledger
from workledger.ledger.actions import PostingCalendar
from workledger.ledger.models import Period, PeriodState

_DAY = timedelta(days=1)
_ZERO = Decimal(0)
KEY = Key._fields
_LINE_FIELDS = ("run", *KEY, "amount", "value", "reason", "is_reversed", "journal_entry_id")
_WORDS = {
    What.EXPENSE: "Expenses not approved",
    What.SUBCONTRACTOR: "Subcontractors without a bill",
    What.TIME: "Time not approved",
    What.RECEIVABLE: "Receivables at the closing rate",
    What.CONTRACT_ASSET: "Contract assets at the closing rate",
    What.ACCRUED_REVENUE: "Accrued revenue at the closing rate",
    What.DEPOSIT: "Customer deposits at the closing rate",
    What.PAYABLE: "Vendors' bills at the closing rate",
    What.REMAINDER: "Exchange differences of what is settled",
}


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """A period of a legal entity: `day` is its last one, `reversed_on` the next one's first."""

    entity: LegalEntity
    period: Period

    @property
    def day(self) -> date:
        """The day that the entries are of."""
        return self.period.end - _DAY

    @property
    def reversed_on(self) -> date:
        """The day that reverses them."""
        return self.period.end

    @property
    def home(self) -> str:
        """The book's currency."""
        return self.entity.book.currency


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a period end comes to: every line with what stands already and what is new; `run_id` None posted nothing."""

    run_id: int | None
    period_end: PeriodEnd
    changes: tuple[Change, ...]
    left_out: tuple[str, ...]
    entry_ids: tuple[int, ...] = field(default=())

    @property
    def new(self) -> tuple[Change, ...]:
        """The lines with something to post."""
        return tuple(change for change in self.changes if change.is_new)


def period_end(actor: Actor, entity_id: int, period_id: int) -> PeriodEnd:
    """Return a period that the actor may see. Raises `NotFound`."""
    entity = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    period = locks.one(Period.objects.visible_to(actor), period_id)
    if period.book_id != entity.pk:
        raise NotFound.because("not_found", "That period is of other books.")
    return PeriodEnd(entity, period)


def is_closed(end: PeriodEnd) -> bool:
    """Tell whether the period, or the one that reverses, is locked."""
    ends = Period.objects.filter(book_id=end.entity.pk, start__in=(end.period.start, end.reversed_on))
    return ends.filter(state=PeriodState.LOCKED).exists()


def refuse_closed(actor: Actor, end: PeriodEnd) -> PostingCalendar:
    """Refuse where the period, or the one that reverses, takes no postings; returns the book's calendar."""
    calendar = PostingCalendar.for_actor(actor, end.entity.pk, end.day, end.reversed_on)
    following = Period.objects.get(book_id=end.entity.pk, start=end.reversed_on)
    end.period.refresh_from_db(fields=["state"])
    problems = Problems()
    for period, code in ((end.period, "period_locked"), (following, "next_period_locked")):
        is_closed = period.state == PeriodState.LOCKED or (
            period.state == PeriodState.SOFT_CLOSED and not actor.can(Permission.MANAGE_PERIODS)
        )
        problems.check(
            not is_closed,
            code,
            f"{period.name} is {period.get_state_display().lower()}. These entries are dated {end.day:%-d %B %Y} and"
            f" reversed on {end.reversed_on:%-d %B %Y}: ask Finance to reopen {period.name}.",
        )
    problems.refuse()
    return calendar


def posted(end: PeriodEnd, kind: RunKind, *, reversed_only: bool = True) -> dict[Key, Sum]:
    """Return what runs of a kind posted at this period's end."""
    rows = PeriodEndLine.objects.filter(run__period=end.period, run__kind=kind)
    if reversed_only:
        rows = rows.filter(is_reversed=True)
    sums = rows.values_list(*KEY).annotate(amounts=SumOf("amount"), values=SumOf("value")).order_by()
    return {Key(*row[: len(KEY)]): Sum(*row[len(KEY) :]) for row in sums}


def outcome(end: PeriodEnd, kind: RunKind, proposals: Iterable[Proposal], left_out: Sequence[str]) -> Outcome:
    """Return what a run would post: the proposals by difference to what stands."""
    return Outcome(None, end, tuple(changes(proposals, posted(end, kind))), tuple(left_out))


def post(actor: Actor, found: Outcome, kind: RunKind, calendar: PostingCalendar) -> Outcome:
    """Post what is new and, in the same act, its reversal; a run is kept also where nothing is new."""
    end = found.period_end
    run = PeriodEndRun.objects.create(
        period=end.period, kind=kind, run_by_id=actor.user_id, line_count=len(found.new),
        left_out=list(found.left_out),
    )  # fmt: skip
    drafts = entries(
        found.new, book_id=end.entity.pk, home=end.home, day=end.day, run=(kind, run.pk),
        words={what.value: words for what, words in _WORDS.items()},
    )  # fmt: skip
    ids = ledger.post(actor=actor, entries=[draft for draft, _ in drafts], calendar=calendar)
    reversals = [
        draft.reversal(end.reversed_on, entry_id, f"{draft.description}: reversed")
        for entry_id, (draft, rows) in zip(ids, drafts, strict=True)
        if rows[0].proposal.is_reversed
    ]
    ledger.post(actor=actor, entries=reversals, calendar=calendar)
    bulk.copy_rows(
        PeriodEndLine,
        _LINE_FIELDS,
        (
            (run.pk, *change.proposal.key, *change.new, change.proposal.reason, change.proposal.is_reversed, entry_id)
            for entry_id, (_, rows) in zip(ids, drafts, strict=True)
            for change in rows
        ),
    )  # fmt: skip
    return Outcome(run.pk, end, found.changes, found.left_out, tuple(ids))
