"""What needs somebody, and what stands open, in one statement: the counts and sums of Home."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet, Value

from workledger.billing.models import PreBillReview, ReviewState
from workledger.billing.request_queries import requests_waiting
from workledger.core.access import Actor, Permission
from workledger.core.models import Proposal
from workledger.expenses.models import ExpenseReport, ExpenseState
from workledger.expenses.queries import reports_to_decide
from workledger.kernel.period import week_start
from workledger.revenue.queries import modifications_to_decide
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine
from workledger.timesheets.queries import lines_to_decide

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of something stands open: rows, their value per currency (largest first), their time in seconds."""

    count: int = 0
    seconds: int = 0
    amounts: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for an actor. Every part is empty for who may not see it."""

    own_open_lines: Standing
    approvals: Standing
    expenses: Standing
    held: Standing
    unpriced: Standing
    drafts: Standing
    wip: Standing
    receivables: Standing
    overdue: Standing
    proposals: Standing
    reviews: Standing
    requests: Standing
    modifications: Standing


@dataclass(frozen=True, slots=True)
class Inbox:
    """How many things of each kind wait for an actor's decision, `modifications` being changes of contracts."""

    approvals: int = 0
    proposals: int = 0
    expenses: int = 0
    reviews: int = 0
    requests: int = 0
    modifications: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        decided = (
            self.approvals,
            self.proposals,
            self.expenses,
            self.reviews,
            self.requests,
            self.modifications,
        )
        return sum(decided)


_OWN = """
SELECT 'own_open_lines', '', count(DISTINCT l.id), coalesce(sum(e.worked_seconds), 0), 0
FROM timesheets_timesheetline l JOIN timesheets_timeentry e ON e.line_id = l.id
WHERE l.person_id = %(person)s AND l.state IN ('open', 'rejected') AND l.week < %(monday)s
"""
_WIP = """
SELECT CASE WHEN is_held THEN 'held' ELSE 'open' END, currency, count(*), sum(billable_seconds), sum(amount)
FROM billing_openitem WHERE service_date <= %(day)s {entities} GROUP BY 1, 2
UNION ALL
SELECT 'unpriced', '', count(*), coalesce(sum(billable_seconds), 0), 0 FROM billing_unpriceditem WHERE true {entities}
UNION ALL
SELECT 'drafts', currency, count(*), 0, sum(coalesce(w.amount, 0)) FROM billing_invoice v
LEFT JOIN LATERAL (SELECT sum(s.amount) AS amount FROM billing_invoiceline l JOIN billing_invoicesource s
    ON s.line_id = l.id AND s.is_live WHERE l.invoice_id = v.id) w ON true
WHERE state = 'draft' {entities} GROUP BY 2
"""
_RECEIVABLES = """
SELECT CASE WHEN due_on < %(day)s THEN 'overdue' ELSE 'due' END, currency, count(*), 0, sum(open_amount)
FROM receivables_receivable WHERE open_amount <> 0 AND issued_on <= %(day)s {entities} GROUP BY 1, 2
"""


def attention(actor: Actor, today: date) -> Attention:
    """Return what waits for this actor on a day; two queries, one for who decides nothing."""
    parts: list[str] = []
    if actor.person_id is not None:
        parts.append(_OWN)
    if actor.can(Permission.VIEW_BILLING) and actor.client_ids is None:
        parts.append(_WIP)
    if actor.can(Permission.VIEW_RECEIVABLES) and actor.client_ids is None:
        parts.append(_RECEIVABLES)
    found: dict[str, list[tuple[str, int, int, Decimal]]] = {}
    if parts:
        entities = "" if actor.entity_ids is None else "AND entity_id = ANY(%(entities)s)"
        values: dict[str, Any] = {
            "person": actor.person_id,
            "monday": week_start(today),
            "day": today,
            "entities": sorted(actor.entity_ids or ()),
        }
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts).format(entities=entities), values)
            for kind, currency, count, seconds, amount in cursor.fetchall():
                found.setdefault(kind, []).append((currency, int(count), int(seconds), Decimal(amount)))
    decides = inbox(actor)
    return Attention(
        own_open_lines=_standing(found, "own_open_lines"),
        approvals=Standing(decides.approvals),
        expenses=Standing(decides.expenses),
        held=_standing(found, "held"),
        unpriced=_standing(found, "unpriced"),
        drafts=_standing(found, "drafts"),
        wip=_standing(found, "open", "held", "drafts"),
        receivables=_standing(found, "due", "overdue"),
        overdue=_standing(found, "overdue"),
        proposals=Standing(decides.proposals),
        reviews=Standing(decides.reviews),
        requests=Standing(decides.requests),
        modifications=Standing(decides.modifications),
    )


def _standing(found: dict[str, list[tuple[str, int, int, Decimal]]], *kinds: str) -> Standing:
    rows = [row for kind in kinds for row in found.get(kind, ())]
    amounts: dict[str, Decimal] = {}
    for currency, _, _, amount in rows:
        if currency:
            amounts[currency] = amounts.get(currency, _ZERO) + amount
    largest = sorted(amounts.items(), key=lambda pair: -abs(pair[1]))
    return Standing(sum(row[1] for row in rows), sum(row[2] for row in rows), tuple(largest))


def inbox(actor: Actor) -> Inbox:
    """Return what waits for a decision by this actor, for the top bar of every page: one query, none for who decides nothing."""
    waiting: list[QuerySet[Any]] = []
    if _approves(actor):
        waiting.append(_lines_waiting(actor).annotate(waits_as=Value("approvals")))
    if actor.can(Permission.APPROVE_EXPENSES):
        waiting.append(_reports_waiting(actor).annotate(waits_as=Value("expenses")))
    if actor.can(Permission.DECIDE_PROPOSALS):
        waiting.append(
            Proposal.objects.visible_to(actor).filter(state="open").annotate(waits_as=Value("proposals"))
        )
    if _reviews(actor):
        waiting.append(_reviews_waiting(actor).annotate(waits_as=Value("reviews")))
    if actor.can(Permission.APPROVE_ADJUSTMENTS):
        waiting.append(requests_waiting(actor).annotate(waits_as=Value("requests")))
    if actor.can(Permission.MANAGE_REVENUE):
        waiting.append(modifications_to_decide(actor).annotate(waits_as=Value("modifications")))
    if not waiting:
        return Inbox()
    first, *others = (rows.order_by().values_list("waits_as").annotate(count=Count("pk")) for rows in waiting)
    return Inbox(**dict(first.union(*others, all=True)))


def _reviews(actor: Actor) -> bool:
    return actor.person_id is not None and actor.can(Permission.PREPARE_BILLING)


def _reviews_waiting(actor: Actor) -> QuerySet[PreBillReview]:
    """Pre-bills of which this actor's review is asked."""
    rows = PreBillReview.objects.visible_to(actor).filter(reviewer_id=actor.person_id)
    return rows.filter(state=ReviewState.WAITING)


def _approves(actor: Actor) -> bool:
    return actor.can(Permission.APPROVE_TIME) or actor.can(Permission.APPROVE_ALL_TIME)


def _reports_waiting(actor: Actor) -> QuerySet[ExpenseReport]:
    """Submitted expense reports of others that this actor decides on."""
    reports = reports_to_decide(actor).filter(state=ExpenseState.SUBMITTED)
    return reports if actor.person_id is None else reports.exclude(person_id=actor.person_id)


def _lines_waiting(actor: Actor) -> QuerySet[TimesheetLine]:
    """Submitted lines of others that this actor decides on."""
    lines = lines_to_decide(actor).filter(
        Exists(TimeEntry.objects.filter(line=OuterRef("pk"))), state=LineState.SUBMITTED
    )
    if actor.person_id is not None:
        lines = lines.exclude(person_id=actor.person_id)
    return lines
