"""Reads of accruals and revaluation: lines by name, the runs of a period with their entries and reversals."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from workledger.close.calc.differences import Change, Key, Proposal, Sum
from workledger.close.models import AccrualPolicy, PeriodEndLine, PeriodEndRun, RunKind, What
from workledger.close.period_end_inputs import PeriodEndResult, PeriodEndRow, Policy
from workledger.close.period_ends import KEY, Outcome
from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.models import ActionLog
from workledger.ledger import dimensions
from workledger.ledger.chart import STANDARD_CHART
from workledger.ledger.dimensions import Dimension
from workledger.ledger.models import AccountKind, AccountRole, JournalEntry, Period

_ZERO = Decimal(0)
_RESULT = frozenset(
    role for _, _, kind, role in STANDARD_CHART if kind in (AccountKind.INCOME, AccountKind.EXPENSE)
)
_NAMED = (Dimension.CLIENT, Dimension.CONTRACT, Dimension.PROJECT, Dimension.PERSON)


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """A journal entry of a run and the one that reverses it; None where it stays."""

    entry_id: int
    description: str
    on: date
    reversal_id: int | None
    reversed_on: date | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run over a period's end."""

    id: int
    kind: str
    period: str
    by: str
    at: datetime | None
    lines: int
    left_out: tuple[str, ...]
    entries: tuple[PostedEntry, ...]


def policy_of(book_id: int) -> Policy:
    """Return what a book accrues."""
    row = AccrualPolicy.objects.filter(book_id=book_id).first()
    if row is None:
        return Policy()
    return Policy(row.accrues_expenses, row.accrues_subcontractors, row.accrues_unapproved_time)


def told(actor: Actor, outcome: Outcome) -> PeriodEndResult:
    """Return what a run came to, its ids as names. Four queries."""
    end = outcome.period_end
    return PeriodEndResult(
        outcome.run_id, end.entity.pk, end.entity.name, end.period.pk, end.period.name, end.home, end.day,
        end.reversed_on, _rows(actor, outcome.changes), list(outcome.left_out), list(outcome.entry_ids),
    )  # fmt: skip


def _rows(actor: Actor, changes: Sequence[Change]) -> list[PeriodEndRow]:
    keys = [change.proposal.key for change in changes]
    names = {
        dimension: dimensions.labels(actor, dimension, {getattr(key, dimension.column) for key in keys})
        for dimension in _NAMED
    }
    return [_row(change, names) for change in changes]


def _row(change: Change, names: dict[Dimension, dict[int, str]]) -> PeriodEndRow:
    key, stands = change.proposal.key, change.proposal.stands
    client, contract, project, person = (
        names[dimension].get(getattr(key, dimension.column), "") for dimension in _NAMED
    )
    sign = -1 if (stands.value or change.new.value) < 0 else 1
    debit, credit = (str(AccountRole(role).label) for role in (key.account, key.counter)[::sign])
    effect = ((key.counter in _RESULT) - (key.account in _RESULT)) * change.new.value
    return PeriodEndRow(
        str(What(key.what).label), change.proposal.reason, debit, credit, key.currency, stands.amount * sign,
        stands.value * sign, change.posted.value * sign, change.new.value * sign, effect, client,
        key.contract_id or None, contract, project, person, change.proposal.is_reversed,
    )  # fmt: skip


def run_lines(actor: Actor, run_id: int) -> list[PeriodEndRow]:
    """Return what a run posted, line by line. Raises `NotFound`."""
    run = locks.one(PeriodEndRun.objects.visible_to(actor), run_id)
    changes = [
        Change(
            Proposal(Key(*(getattr(row, name) for name in KEY)), Sum(row.amount, row.value), row.reason, row.is_reversed),
            Sum(_ZERO, _ZERO),
            Sum(row.amount, row.value),
        )
        for row in PeriodEndLine.objects.filter(run=run)
    ]  # fmt: skip
    return _rows(actor, changes)


def run(actor: Actor, run_id: int) -> PeriodEndRun:
    """Return a run. Raises `NotFound`."""
    return locks.one(PeriodEndRun.objects.visible_to(actor).select_related("period__book"), run_id)


def runs(
    actor: Actor,
    kind: RunKind,
    *,
    entity_id: int | None = None,
    period_id: int | None = None,
    run_id: int | None = None,
    limit: int = 50,
) -> list[RunRow]:
    """Return the runs of a kind, newest first: of an entity, of a period, a single one, or all. Four queries."""
    rows = PeriodEndRun.objects.visible_to(actor).filter(kind=kind).select_related("period")
    if entity_id is not None:
        rows = rows.filter(period__book_id=entity_id)
    if period_id is not None:
        rows = rows.filter(period_id=period_id)
    if run_id is not None:
        rows = rows.filter(pk=run_id)
    found = list(rows[:limit])
    entries = _entries(found)
    logs = ActionLog.objects.in_bulk({row.made_by_action for row in found if row.made_by_action})
    return [
        RunRow(
            row.pk, row.kind, row.period.name,
            logs[row.made_by_action].actor_name if row.made_by_action in logs else "",
            logs[row.made_by_action].at if row.made_by_action in logs else None,
            row.line_count, tuple(row.left_out), tuple(entries[row.pk]),
        )
        for row in found
    ]  # fmt: skip


def _entries(runs: Iterable[PeriodEndRun]) -> dict[int, list[PostedEntry]]:
    found: dict[int, list[PostedEntry]] = defaultdict(list)
    ids = {row.pk for row in runs}
    rows = list(JournalEntry.objects.filter(source_kind__in=RunKind.values, source_id__in=ids).order_by("pk"))
    reversals = {row.reverses_id: row for row in rows if row.reverses_id is not None}
    for row in rows:
        if row.reverses_id is None:
            undone = reversals.get(row.pk)
            found[row.source_id or 0].append(
                PostedEntry(
                    row.pk,
                    row.description,
                    row.date,
                    undone.pk if undone else None,
                    undone.date if undone else None,
                )
            )
    return found


def periods(actor: Actor, entity_id: int, *, through: date, limit: int = 18) -> list[Period]:
    """Return the periods of an entity that begin on or before a day, the latest first."""
    rows = Period.objects.visible_to(actor).filter(book_id=entity_id, start__lte=through)
    return list(rows.order_by("-start")[:limit])
