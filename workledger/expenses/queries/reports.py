"""Reads of reports: lists, one report with its story, what is owed to people."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Max, Min, Sum
from django.db.models.functions import Coalesce

from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.expenses.calc.content import content_hash
from workledger.expenses.content import contents_of
from workledger.expenses.models import (
    EDITABLE,
    POSTED,
    Expense,
    ExpenseReport,
    ExpenseState,
    Reimbursement,
    ReportDecision,
)
from workledger.expenses.queries.deciding import reports_to_decide
from workledger.expenses.queries.listing import ExpenseRow, flagged, rows_of
from workledger.expenses.queries.locks import why_locked

MOST_REPORTS = 300


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report in a list; `amount` is its gross in `currency`, the entity's."""

    report_id: int
    name: str
    person_id: int
    person: str
    state: ExpenseState
    expenses: int
    first: date | None
    last: date | None
    amount: Decimal
    currency: str


def reports(
    actor: Actor, *, person_id: int | None = None, state: str = "", limit: int = MOST_REPORTS
) -> tuple[ReportRow, ...]:
    """Return reports, newest first: of one person or of all that the actor sees. One query."""
    found = ExpenseReport.objects.visible_to(actor)
    if person_id is not None:
        found = found.filter(person_id=person_id)
    if state in ExpenseState.values:
        found = found.filter(state=state)
    rows = found.annotate(
        count=Count("expenses"),
        first=Min("expenses__work_date"),
        last=Max("expenses__work_date"),
        amount=Coalesce(Sum("expenses__functional_amount"), Decimal(0)),
    ).order_by("-pk")
    fields = (
        "pk", "name", "person_id", "person__name", "state", "count", "first", "last", "amount",
        "entity__book__currency",
    )  # fmt: skip
    return tuple(
        ReportRow(pk, name, whose, person, ExpenseState(at), count, first, last, amount, currency)
        for pk, name, whose, person, at, count, first, last, amount, currency in rows.values_list(*fields)[
            :limit
        ]
    )


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was decided: its word, by whom ('' when the machine), when, why."""

    decision: str
    label: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report with its expenses and story, and what this actor may do with it.

    `owed` is the gross in `currency`; `cost` is net of input tax. `why_not_decide` says why the actor may not decide
    although others may ('' else). `loose` are further expenses of the person that could be put on it.
    """

    report_id: int
    name: str
    person_id: int
    person: str
    entity: str
    currency: str
    state: ExpenseState
    expenses: tuple[ExpenseRow, ...]
    loose: tuple[ExpenseRow, ...]
    decisions: tuple[DecisionRow, ...]
    owed: Decimal
    cost: Decimal
    input_tax: Decimal
    billable: Decimal
    is_own: bool
    may_edit: bool
    may_decide: bool
    may_withdraw: bool
    why_not_decide: str
    why_locked: str
    reimbursement_id: int | None
    paid_on: date | None
    reference: str
    covers: bool

    @property
    def flagged(self) -> tuple[ExpenseRow, ...]:
        """The expenses to look at."""
        return tuple(row for row in self.expenses if row.flags)


def report(actor: Actor, report_id: int, *, looked_at: date) -> ReportPage:
    """Return one report. Refuses: not_found."""
    found: ExpenseReport = locks.one(
        ExpenseReport.objects.visible_to(actor).select_related("person", "entity__book", "reimbursement"),
        report_id,
    )
    rows = flagged(
        actor, rows_of(Expense.objects.filter(report=found).order_by("work_date", "pk")), looked_at=looked_at
    )
    state = ExpenseState(found.state)
    is_own = found.person_id == actor.person_id
    may_write = (is_own and actor.can(Permission.TRACK_EXPENSES)) or (
        actor.can(Permission.MANAGE_EXPENSES) and actor.can(Permission.TRACK_EXPENSES)
    )
    decides = reports_to_decide(actor).filter(pk=found.pk).exists()
    own_rule = is_own and duty_applies(DutyRule.APPROVE_OWN_EXPENSES)
    waits = state is ExpenseState.SUBMITTED
    loose: tuple[ExpenseRow, ...] = ()
    if may_write and state in EDITABLE:
        others = Expense.objects.filter(
            person_id=found.person_id, entity_id=found.entity_id, report__isnull=True
        )
        loose = tuple(rows_of(others.order_by("work_date", "pk")))
    paid = found.reimbursement
    decisions = _decisions(found.pk)
    return ReportPage(
        report_id=found.pk,
        name=found.name,
        person_id=found.person_id,
        person=found.person.name,
        entity=found.entity.name,
        currency=found.entity.book.currency,
        state=state,
        expenses=rows,
        loose=loose,
        decisions=decisions,
        owed=sum((row.home_amount for row in rows), Decimal(0)),
        cost=sum((row.home_amount - row.input_tax for row in rows), Decimal(0)),
        input_tax=sum((row.input_tax for row in rows), Decimal(0)),
        billable=sum((row.home_amount for row in rows if row.is_billable), Decimal(0)),
        is_own=is_own,
        may_edit=may_write and state in EDITABLE,
        may_decide=waits and decides and not own_rule,
        may_withdraw=state is ExpenseState.APPROVED and decides,
        why_not_decide=_why_not(decides, own_rule) if waits else "",
        why_locked=why_locked(state),
        reimbursement_id=paid.pk if paid else None,
        paid_on=paid.paid_on if paid else None,
        reference=paid.reference if paid else "",
        covers=_covers(found.pk) if state in POSTED else True,
    )


def _why_not(decides: bool, own_rule: bool) -> str:
    if own_rule:
        return f"{DutyRule.APPROVE_OWN_EXPENSES.sentence} Another person decides on this report."
    if not decides:
        return "Whoever manages all the projects of this report, or Finance, decides on it."
    return ""


def _decisions(report_id: int) -> tuple[DecisionRow, ...]:
    labels = dict(ReportDecision._meta.get_field("decision").flatchoices)
    rows = ReportDecision.objects.filter(report_id=report_id).order_by("-pk")
    fields = ("decision", "user__name", "user__email", "at", "reason")
    return tuple(
        DecisionRow(decision, str(labels[decision]), name or email or "", at, reason)
        for decision, name, email, at, reason in rows.values_list(*fields)
    )


def _covers(report_id: int) -> bool:
    """Tell whether the latest approval is of the report as it stands."""
    latest = (
        ReportDecision.objects.filter(report_id=report_id, decision="approved")
        .order_by("-pk")
        .values_list("content_hash", flat=True)
        .first()
    )
    return latest == content_hash(contents_of([report_id]).get(report_id, ()))


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed to a person by a legal entity: the approved reports that are not paid out."""

    person_id: int
    person: str
    entity: str
    currency: str
    reports: tuple[ReportRow, ...]

    @property
    def amount(self) -> Decimal:
        """The gross of those reports."""
        return sum((row.amount for row in self.reports), Decimal(0))


def owed(actor: Actor) -> tuple[Owed, ...]:
    """Return what is owed, by person and legal entity. Two queries."""
    rows = reports(actor, state=ExpenseState.APPROVED, limit=10_000)
    entities = dict(
        ExpenseReport.objects.filter(pk__in=[row.report_id for row in rows])
        .annotate(name_of=F("entity__name"))
        .values_list("pk", "name_of")
    )
    together: dict[tuple[str, int, str, str], list[ReportRow]] = {}
    for row in rows:
        key = (row.person, row.person_id, entities[row.report_id], row.currency)
        together.setdefault(key, []).append(row)
    return tuple(
        Owed(person_id, person, entity, currency, tuple(rows))
        for (person, person_id, entity, currency), rows in sorted(together.items())
    )


def reimbursement(actor: Actor, reimbursement_id: int) -> int | None:
    """Return the report that a reimbursement paid first, where a reader finds it; None after it was taken back.

    Refuses: not_found.
    """
    row: Reimbursement = locks.one(Reimbursement.objects.visible_to(actor), reimbursement_id)
    return row.reports.order_by("pk").values_list("pk", flat=True).first()
