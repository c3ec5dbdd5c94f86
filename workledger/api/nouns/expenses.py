"""Expenses: entries with receipts, reports and their approval, paying out, vendors' bills, policy."""

from collections.abc import Sequence
from typing import BinaryIO, cast

from django.http import HttpRequest
from ninja import Status, UploadedFile
from ninja.params.functions import File

from workledger.api import listing
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut
from workledger.api.routes import LIMIT, ROUTED, ROUTER, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.expenses import actions, files, queries
from workledger.expenses.calc.policy import Flag
from workledger.expenses.models import ExpenseState, VendorBillState
from workledger.expenses.queries.vendor_bills import LineMatch

_TAG, _VENDORS = "Expenses", "Vendors' bills"
_OWN = (Permission.TRACK_EXPENSES, Permission.MANAGE_EXPENSES, Permission.APPROVE_EXPENSES)
_MANAGES = (Permission.MANAGE_EXPENSES,)

shown(Flag, "ExpenseFlag")
shown(LineMatch, "VendorBillLine")
_ROW = shown(queries.ExpenseRow, "Expense")
_DETAIL = shown(queries.ExpenseDetail, "ExpenseWithReceipts")
_REPORT = shown(queries.ReportRow, "ExpenseReport")
_PAGE = shown(queries.ReportPage, "ExpenseReportWithExpenses")
_BOARD = shown(queries.ReportBoard, "ExpenseReportsToDecide")
_CATEGORY = shown(queries.CategoryRow, "ExpenseCategory")
_MILEAGE = shown(queries.MileageRow, "MileageRate")
_PER_DIEM = shown(queries.PerDiemRow, "PerDiemRate")
_OWED = shown(queries.Owed, "OwedToPerson", also=("amount",))
_BILL = shown(queries.BillRow, "VendorBill")
_BILL_PAGE = shown(queries.BillPage, "VendorBillWithLines")


@read("/expenses", page_of(_ROW), *_OWN, tag=_TAG, name="list_expenses", summary="List expenses")
def list_expenses(
    request: HttpRequest,
    start: Day | None = None,
    end: Day | None = None,
    person_id: Id | None = None,
    client_id: Id | None = None,
    project_id: Id | None = None,
    state: ExpenseState | None = None,
    billable: bool | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ExpenseRow]:
    """Expenses from `start` to `end`, both included, newest first. One's own, or all with the permission."""
    filters = {
        "work_date__gte": start, "work_date__lte": end, "person_id": person_id, "project__client_id": client_id,
        "project_id": project_id, "state": state, "is_billable": billable,
    }  # fmt: skip
    return listing.expenses(actor_of(request), filters, cursor, limit)


@read("/expenses/{expense_id}", _DETAIL, *_OWN, tag=_TAG, name="get_expense", summary="Get an expense")
def get_expense(request: HttpRequest, expense_id: Id) -> queries.ExpenseDetail:
    """An expense with its receipts; `why_locked` says in one sentence why it cannot be changed, if so."""
    return queries.expense(actor_of(request), expense_id, looked_at=today())


_TODAY = {"on": today}
act("POST", "/people/{person_id}/expenses", actions.save_expense, tag=_TAG, gives="id", takes="expense",
    own={**_TODAY, "expense_id": lambda: None, "receipts": tuple}, name="expenses_add_expense")  # fmt: skip
act("PUT", "/people/{person_id}/expenses/{expense_id}", actions.save_expense, tag=_TAG, gives="id",
    takes="expense", own={**_TODAY, "receipts": tuple})  # fmt: skip
act("DELETE", "/expenses/{expense_id}", actions.delete_expense, tag=_TAG)

_FILE = File(...)


@ROUTER.post(
    "/expenses/{expense_id}/receipts",
    response={201: dict[str, int]},
    tags=[_TAG],
    operation_id="expenses_attach_receipt",
    summary="Attach receipt",
    openapi_extra={
        "x-action": "expenses.attach_receipt",
        "x-permissions": [str(Permission.TRACK_EXPENSES)],
    },
)
def attach_receipt(
    request: HttpRequest, expense_id: Id, file: UploadedFile = _FILE
) -> Status[dict[str, int]]:
    """Upload a photo (JPEG, PNG, WebP) or PDF of at most 10 MB and attach it to an expense."""
    with files.kept(cast("BinaryIO", file.file)) as kept:
        receipt = actions.attach_receipt(
            actor=actor_of(request),
            expense_id=expense_id,
            kept=kept,
            file_name=(file.name or "receipt")[:200],
        )
    return Status(201, {"id": receipt})


ROUTED["expenses.attach_receipt"] = ["POST /expenses/{expense_id}/receipts"]
act("DELETE", "/receipts/{receipt_id}", actions.remove_receipt, tag=_TAG)


# --- reports ------------------------------------------------------------------------------------------------


@read("/expense-reports", list_of(_REPORT), *_OWN, tag=_TAG, name="list_expense_reports",
      summary="List expense reports")  # fmt: skip
def list_reports(
    request: HttpRequest, person_id: Id | None = None, state: ExpenseState | None = None, limit: Limit = LIMIT
) -> tuple[queries.ReportRow, ...]:
    """Reports, newest first."""
    return queries.reports(actor_of(request), person_id=person_id, state=state or "", limit=limit)


@read("/expense-reports/{report_id}", _PAGE, *_OWN, tag=_TAG, name="get_expense_report",
      summary="Get an expense report")  # fmt: skip
def get_report(request: HttpRequest, report_id: Id) -> queries.ReportPage:
    """A report with its expenses, decisions, and what this caller may do with it."""
    return queries.report(actor_of(request), report_id, looked_at=today())


@read("/expense-approvals", _BOARD, Permission.APPROVE_EXPENSES, tag=_TAG, name="list_expense_approvals",
      summary="List expense reports to decide on")  # fmt: skip
def list_approvals(request: HttpRequest) -> queries.ReportBoard:
    """Submitted reports that this caller may decide on, with the flags of their expenses."""
    return queries.to_approve(actor_of(request), looked_at=today())


act("POST", "/people/{person_id}/expense-reports", actions.create_report, tag=_TAG, gives="id")
act("PUT", "/expense-reports/{report_id}", actions.save_report, tag=_TAG)
act("DELETE", "/expense-reports/{report_id}", actions.delete_report, tag=_TAG)
act("POST", "/expense-reports/{report_id}/submit", actions.submit_report, tag=_TAG, gives="expenses")
act("POST", "/expense-reports/{report_id}/recall", actions.recall_report, tag=_TAG)
act("POST", "/expense-reports/approve", actions.approve_reports, tag=_TAG)
act("POST", "/expense-reports/reject", actions.reject_reports, tag=_TAG, gives="reports")
act("POST", "/expense-reports/{report_id}/withdraw", actions.withdraw_approval, tag=_TAG, edge=_TODAY)


@read(
    "/owed-to-people",
    list_of(_OWED),
    *_MANAGES,
    tag=_TAG,
    name="list_owed",
    summary="List what is owed to people",
)
def list_owed(request: HttpRequest) -> tuple[queries.Owed, ...]:
    """Approved reports that are not paid out, by person and legal entity."""
    return queries.owed(actor_of(request))


act(
    "POST",
    "/expense-reports/reimburse",
    actions.mark_reimbursed,
    tag=_TAG,
    edge={"paid_on": today},
    gives="ids",
)
act("POST", "/reimbursements/{reimbursement_id}/undo", actions.undo_reimbursement, tag=_TAG, edge=_TODAY)


# --- policy -------------------------------------------------------------------------------------------------


@read("/expense-categories", list_of(_CATEGORY), *_OWN, tag=_TAG, name="list_expense_categories",
      summary="List expense categories")  # fmt: skip
def list_categories(request: HttpRequest) -> Sequence[queries.CategoryRow]:
    """Categories with their policy, those in use first."""
    return queries.categories(actor_of(request))


@read(
    "/mileage-rates",
    list_of(_MILEAGE),
    *_OWN,
    tag=_TAG,
    name="list_mileage_rates",
    summary="List mileage rates",
)
def list_mileage(request: HttpRequest) -> Sequence[queries.MileageRow]:
    """What a kilometre or mile is paid, by country and first day."""
    return queries.mileage_rates(actor_of(request))


@read(
    "/per-diem-rates",
    list_of(_PER_DIEM),
    *_OWN,
    tag=_TAG,
    name="list_per_diem_rates",
    summary="List per diems",
)
def list_per_diem(request: HttpRequest) -> Sequence[queries.PerDiemRow]:
    """What whole and partial days are paid, by country and first day."""
    return queries.per_diem_rates(actor_of(request))


act("POST", "/expense-categories", actions.save_category, tag=_TAG, gives="id", own={"category_id": lambda: None},
    name="expenses_add_category")  # fmt: skip
act("PUT", "/expense-categories/{category_id}", actions.save_category, tag=_TAG, gives="id")
act("POST", "/expense-categories/usual", actions.add_usual_categories, tag=_TAG, gives="categories")
act("POST", "/mileage-rates", actions.set_mileage_rate, tag=_TAG, gives="id")
act("POST", "/per-diem-rates", actions.set_per_diem_rate, tag=_TAG, gives="id")


# --- vendors' bills -----------------------------------------------------------------------------------------


@read(
    "/vendor-bills",
    list_of(_BILL),
    *_MANAGES,
    tag=_VENDORS,
    name="list_vendor_bills",
    summary="List vendors' bills",
)
def list_bills(request: HttpRequest, state: VendorBillState | None = None) -> list[queries.BillRow]:
    """Subcontractors' bills, newest first."""
    return queries.vendor_bills(actor_of(request), state=state or "")


@read("/vendor-bills/{bill_id}", _BILL_PAGE, *_MANAGES, tag=_VENDORS, name="get_vendor_bill",
      summary="Get a vendor's bill")  # fmt: skip
def get_bill(request: HttpRequest, bill_id: Id) -> queries.BillPage:
    """A bill with its lines beside the approved time they charge."""
    return queries.vendor_bill(actor_of(request), bill_id)


act("POST", "/vendor-bills", actions.record_vendor_bill, tag=_VENDORS, gives="id")
act("DELETE", "/vendor-bills/{bill_id}", actions.delete_vendor_bill, tag=_VENDORS)
act("POST", "/vendor-bills/{bill_id}/match", actions.match_vendor_bill, tag=_VENDORS)
act("POST", "/vendor-bills/{bill_id}/unmatch", actions.unmatch_vendor_bill, tag=_VENDORS)
act("POST", "/vendor-bills/{bill_id}/pay", actions.pay_vendor_bill, tag=_VENDORS, edge={"paid_on": today})
