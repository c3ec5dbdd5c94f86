"""Loads contracts that do not bill by the hour, with their work, and bills them month by month."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from workledger.billing.actions.charges import charge_due
from workledger.billing.actions.invoices import issue_invoices
from workledger.billing.actions.milestones import accept_milestone
from workledger.billing.actions.prebills import make_drafts, open_pieces
from workledger.billing.models import Invoice
from workledger.contracts.actions import create_contracts, create_lines
from workledger.contracts.inputs import NewContract, NewLine
from workledger.contracts.models import BillingModel, ContractState, RevenueMethod
from workledger.core import bulk
from workledger.demo.calc.dates import add_months, monday_of, month_starts
from workledger.demo.calc.deals import Deal, plan_deals
from workledger.demo.loaded import Loaded
from workledger.kernel.period import month_of
from workledger.projects.actions import create_projects, create_tasks
from workledger.projects.inputs import NewTask, ProjectInput
from workledger.projects.models import ProjectState
from workledger.receivables.actions import record_payment
from workledger.timesheets.approval import approve_locked
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

_DAY = timedelta(days=1)
_ISSUED_AFTER = timedelta(days=6)
_PAID_AFTER = timedelta(days=24)


@dataclass(frozen=True, slots=True)
class _Signed:
    """A deal with the ids of what was made of it."""

    deal: Deal
    contract_id: int
    line_id: int
    task_id: int


class Deals:
    """The contracts of other kinds; `bill` is called once a month, in the order of the days."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._signed: list[_Signed] = []

    def load(self) -> None:
        """Write contracts, projects, tasks and their approved time."""
        loaded, actor = self._loaded, self._loaded.actor
        loaded.say("Signing a retainer, a block, a fixed fee, milestones and a platform")
        deals = plan_deals(loaded.firm)
        contracts = create_contracts(
            actor=actor,
            contracts=[
                NewContract(
                    client_id=loaded.client_ids[deal.client_index], entity_id=loaded.entity_id, name=deal.title,
                    start=deal.starts_on, end=deal.ends_on, po_number=f"45{number:08d}", state=ContractState.ACTIVE,
                )
                for number, deal in enumerate(deals, start=7301)
            ],
        )  # fmt: skip
        lines = create_lines(
            actor=actor,
            lines=[
                NewLine(
                    contract_id=contract_id, name=deal.line, model=BillingModel(deal.model), terms=deal.terms,
                    budget_amount=deal.budget_amount, budget_seconds=deal.budget_seconds,
                    revenue_method=RevenueMethod(deal.recognized) if deal.recognized else None,
                )
                for contract_id, deal in zip(contracts, deals, strict=True)
            ],
        )  # fmt: skip
        projects = create_projects(
            actor=actor,
            projects=[
                ProjectInput(
                    client_id=loaded.client_ids[deal.client_index], entity_id=loaded.entity_id, contract_id=contract_id,
                    practice_id=loaded.practice_ids[0], manager_id=loaded.person_ids[deal.manager_index], name=deal.title,
                    code=f"D-{number:03d}", state=ProjectState.ACTIVE, start=deal.starts_on,
                    end=add_months(deal.starts_on, 24),
                )
                for number, (contract_id, deal) in enumerate(zip(contracts, deals, strict=True), start=1)
            ],
        )  # fmt: skip
        tasks = create_tasks(
            actor=actor,
            tasks=[
                NewTask(project_id=project_id, contract_line_id=line_id, position=1, name=deal.task)
                for project_id, line_id, deal in zip(projects, lines, deals, strict=True)
            ],
        )
        self._signed = [_Signed(*each) for each in zip(deals, contracts, lines, tasks, strict=True)]
        for signed in self._signed:
            self._work(signed)

    def _work(self, signed: _Signed) -> None:
        deal, loaded = signed.deal, self._loaded
        if not deal.worked:
            return
        person_id = loaded.person_ids[deal.person_index]
        weeks = sorted({monday_of(day) for day, _ in deal.worked})
        ids = dict(zip(weeks, bulk.reserve_ids(TimesheetLine, len(weeks)), strict=True))
        bulk.copy_rows(
            TimesheetLine, ("id", "person", "task", "week", "state"),
            [(pk, person_id, signed.task_id, week, LineState.SUBMITTED.value) for week, pk in ids.items()],
        )  # fmt: skip
        bulk.copy_rows(
            TimeEntry, ("line", "person", "task", "work_date", "worked_seconds", "billable_seconds", "note"),
            [
                (ids[monday_of(day)], person_id, signed.task_id, day, seconds, None, f"{deal.task} for the client's team")
                for day, seconds in deal.worked
            ],
        )  # fmt: skip
        lines = list(TimesheetLine.objects.filter(pk__in=ids.values()).order_by("pk"))
        decided = {pk: _moment(week + timedelta(days=7)) for week, pk in ids.items()}
        approve_locked(
            loaded.acting_as(deal.manager_index), lines, frozenset({LineState.SUBMITTED}), "", decided
        )

    def bill(self) -> None:
        """Accept what was reached, bill each month that is over, and have the bills paid but for the last."""
        loaded = self._loaded
        loaded.say("Billing retainers, blocks and fixed fees")
        first = min((signed.deal.starts_on for signed in self._signed), default=loaded.firm.today)
        self._accept(first)
        contract_ids = [signed.contract_id for signed in self._signed]
        for month in month_starts(first, loaded.firm.today):
            last = month_of(month).end - _DAY
            issued_on = last + _ISSUED_AFTER
            if issued_on > loaded.firm.today:
                break
            charge_due(loaded.actor, last, None, contract_ids)
            made = make_drafts(open_pieces(loaded.actor, last, contract_ids=contract_ids), last)
            if not made:
                continue
            issue_invoices(actor=loaded.actor, invoice_ids=made, issued_on=issued_on, makes_pdfs=False)
            paid_on = issued_on + _PAID_AFTER
            for invoice in Invoice.objects.filter(pk__in=made).order_by("pk"):
                if paid_on <= loaded.firm.today:
                    record_payment(
                        actor=loaded.actor, invoice_id=invoice.pk, amount=invoice.gross, on=paid_on,
                        reference=f"Transfer {invoice.number}",
                    )  # fmt: skip

    def _accept(self, first: date) -> None:
        on = add_months(first, 1) + timedelta(days=9)
        for signed in self._signed:
            if signed.deal.model == BillingModel.MILESTONE and on <= self._loaded.firm.today:
                accept_milestone(
                    actor=self._loaded.actor, line_id=signed.line_id, key="0", on=on,
                    accepted_by="The client's head of operations", evidence="Protocol of the pilot's closing meeting",
                )  # fmt: skip


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(17)))
