"""Loads what the demo firm's people spent: expenses with receipts, reports that were decided, paid or wait, a vendor's bill."""

import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum

from workledger.billing.models import OpenItem
from workledger.core.access import Actor
from workledger.core.door import Options
from workledger.demo.calc.spending import (
    APPROVED,
    DRAFT,
    MILEAGE,
    REIMBURSED,
    Report,
    Spent,
    plan_spending,
    receipt_pdf,
)
from workledger.demo.loaded import Loaded
from workledger.directory.models import Person
from workledger.expenses import actions, files
from workledger.expenses.actions import BillInput, BillLineInput, ExpenseInput, ReceiptInput
from workledger.expenses.calc.amounts import DistanceUnit
from workledger.expenses.models import ExpenseCategory
from workledger.timesheets.models import LineState, TimeEntry

_MILEAGE_RATE = Decimal("0.30")
_FULL_DAY, _PARTIAL_DAY = Decimal(28), Decimal(14)
_VENDOR_RATE = Decimal(82)
_NO_RECEIPT = Options(confirmed=frozenset({"receipt_missing"}))
_DIFFERS = Options(confirmed=frozenset({"bill_differs"}))
_DAY = timedelta(days=1)


class Spending:
    """What was spent, as far as it is loaded; `take_open` gives items to the bills they belong on."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._forgotten: set[int] = set()

    def load(self) -> None:
        """Write the policy, expenses and reports, and decide what was decided."""
        loaded, actor = self._loaded, self._loaded.actor
        loaded.say("Collecting receipts")
        actions.add_usual_categories(actor=actor)
        start, country = loaded.firm.starts_on.replace(day=1), loaded.firm.entity.country
        actions.set_mileage_rate(
            actor=actor, entity_id=loaded.entity_id, country=country, unit=DistanceUnit.KILOMETRE, valid_from=start,
            rate=_MILEAGE_RATE,
        )  # fmt: skip
        actions.set_per_diem_rate(
            actor=actor, entity_id=loaded.entity_id, country=country, valid_from=start, full_day=_FULL_DAY,
            partial_day=_PARTIAL_DAY,
        )  # fmt: skip
        categories = dict(ExpenseCategory.objects.values_list("name", "pk"))
        approved: list[int] = []
        paid: dict[date, list[int]] = defaultdict(list)
        for report in plan_spending(loaded.firm):
            report_id = self._report(report, categories)
            if report_id is not None and report.state in (APPROVED, REIMBURSED):
                approved.append(report_id)
                if report.state == REIMBURSED:
                    paid[report.month].append(report_id)
        if approved:
            actions.approve_reports(actor=self._approver(), report_ids=approved)
        for month, report_ids in sorted(paid.items()):
            on = month + timedelta(days=44)
            actions.mark_reimbursed(
                actor=actor, report_ids=report_ids, paid_on=on, reference=f"Payroll {on:%m/%Y}"
            )

    def _report(self, report: Report, categories: dict[str, int]) -> int | None:
        """Write a person's expenses of a month; submitted on a report unless they are a draft."""
        loaded = self._loaded
        person_id = loaded.person_ids[report.person_index]
        ids = [self._expense(spent, person_id, categories) for spent in report.expenses]
        if report.state == DRAFT:
            return None
        report_id = actions.create_report(
            actor=loaded.actor, person_id=person_id, name=f"{report.month:%B %Y}", expense_ids=ids
        )
        actions.submit_report.using(_NO_RECEIPT)(
            actor=loaded.acting_as(report.person_index), report_id=report_id
        )
        return report_id

    def _expense(self, spent: Spent, person_id: int, categories: dict[str, int]) -> int:
        loaded = self._loaded
        task = loaded.firm.tasks[spent.task_index]
        given = ExpenseInput(
            category_id=categories[spent.category],
            project_id=loaded.project_ids[task.project_index],
            work_date=spent.day,
            task_id=loaded.task_ids[spent.task_index],
            vendor=spent.vendor,
            description=spent.description,
            amount=spent.amount,
            tax_amount=spent.tax,
            distance=spent.kilometres,
            full_days=spent.full_days,
            partial_days=0 if spent.amount is not None or spent.category == MILEAGE else 2,
        )
        if not spent.has_receipt or spent.amount is None:
            pk = actions.add_expense(
                actor=loaded.actor, person_id=person_id, expense=given, on=loaded.firm.today
            )
        else:
            paper = receipt_pdf(
                spent.vendor, spent.description, spent.day, spent.amount, loaded.firm.entity.currency
            )
            with files.RECEIPTS.kept(io.BytesIO(paper)) as kept:
                pk = actions.add_expense(
                    actor=loaded.actor, person_id=person_id, expense=given, on=loaded.firm.today,
                    receipts=[ReceiptInput(kept, f"receipt-{spent.day:%Y-%m-%d}.pdf")],
                )  # fmt: skip
        if spent.is_forgotten:
            self._forgotten.add(pk)
        return pk

    def _approver(self) -> Actor:
        """Somebody of Finance, who travels to no client."""
        people = self._loaded.firm.people
        return self._loaded.acting_as(
            next((at for at, row in enumerate(people) if "finance" in row.access), 0)
        )

    def open_items(self, contract_ids: Sequence[int], through: date) -> list[int]:
        """Return what was spent on contracts up to a day and belongs on their bills now; some was forgotten."""
        rows = OpenItem.objects.filter(
            contract_id__in=contract_ids,
            service_date__lte=through,
            item__source_kind="expense",
            is_held=False,
        ).order_by("pk")
        return [
            pk
            for pk, source_id in rows.values_list("pk", "item__source_id")
            if source_id not in self._forgotten
        ]

    def vendor_bill(self) -> None:
        """Record and match the bill of a freelancer for a month of approved work."""
        loaded = self._loaded
        month = loaded.firm.today.replace(day=1) - _DAY
        worked = (
            TimeEntry.objects.filter(
                work_date__gte=month.replace(day=1), work_date__lte=month, line__state=LineState.APPROVED,
                task__project__client__is_internal=False,
            )
            .values_list("person_id")
            .annotate(seconds=Sum("worked_seconds"))
            .order_by("-seconds", "person_id")
        )  # fmt: skip
        found = worked.last()
        if found is None:
            return
        person_id, seconds = found
        person = Person.objects.get(pk=person_id)
        person.is_contractor = True
        person.save(update_fields=["is_contractor"])
        net = (Decimal(seconds) / 3600 * _VENDOR_RATE).quantize(Decimal("0.01"))
        tax = (net * loaded.firm.entity.tax_percent / 100).quantize(Decimal("0.01"))
        bill = BillInput(
            loaded.entity_id, f"{person.name} Beratung", f"{month:%Y}-{month.month:02d}", month, loaded.firm.entity.currency,
            net + tax, [BillLineInput(person_id, month.replace(day=1), month, seconds, net)], tax,
        )  # fmt: skip
        bill_id = actions.record_vendor_bill(actor=loaded.actor, bill=bill)
        actions.match_vendor_bill.using(_DIFFERS)(
            actor=loaded.actor, bill_id=bill_id, reason="Internal work is not charged."
        )
