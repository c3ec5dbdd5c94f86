"""Expenses: expenses and receipts, reports and their approval, reimbursement, vendors' bills, policy."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django.http import HttpRequest
from ninja import Status, UploadedFile
from ninja.params.functions import File

from workledger.api import wire
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, ROUTED, ROUTER, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.billing.reimbursables import Reimbursable, unbilled_reimbursables
from workledger.core.access import Permission
from workledger.expenses import actions, files, queries
from workledger.expenses.calc.matching import Difference
from workledger.expenses.calc.policy import Flag
from workledger.expenses.models import ExpenseState, VendorBillState
from workledger.expenses.queries.flags import Twin

_TAG, _BILLS, _POLICY = "Expenses", "Vendors' bills", "Expense policy"
_OWN = (Permission.TRACK_EXPENSES, Permission.VIEW_ALL_EXPENSES)
_ALL = Permission.VIEW_ALL_EXPENSES
_TODAY = {"on": today}
_NO_FILES: dict[str, Callable[[], Any]] = {"on": today, "receipts": tuple}

shown(Flag, "ExpenseFlag")
shown(Twin, "ExpenseLikeIt")
shown(Difference, "BillDifference")
_ROW = shown(queries.ExpenseRow, "Expense")
shown(queries.ReceiptRow, "Receipt", omit=("file",))
_DETAIL = shown(queries.ExpenseDetail, "ExpenseWithReceipts")
_REPORT = shown(queries.ReportRow, "ExpenseReport")
shown(queries.DecisionRow, "ExpenseReportDecision")
_REPORT_PAGE = shown(queries.ReportPage, "ExpenseReportWithExpenses")
_TO_DECIDE = shown(queries.ReportToDecide, "ExpenseReportToDecide", also=("amount", "billable"))
_OWED = shown(queries.Owed, "OwedToPerson", also=("amount",))
_UNBILLED = shown(Reimbursable, "UnbilledExpense", also=("state",))
_DUPLICATE = shown(queries.Duplicate, "ExpenseDuplicate")
_CATEGORY = shown(queries.CategoryRow, "ExpenseCategory")
_MILEAGE = shown(queries.MileageRow, "MileageRate")
_PER_DIEM = shown(queries.PerDiemRow, "PerDiemRate")
_BILL = shown(queries.BillRow, "VendorBill")
shown(
    queries.LineMatch, "VendorBillLine",
    omit=("time",), also=("approved_seconds", "labour_cost", "without_cost_rate", "difference"),
)  # fmt: skip
_BILL_PAGE = shown(
    queries.BillPage, "VendorBillWithLines",
    also=("net", "labour_cost", "difference", "billed_seconds", "approved_seconds", "can_match"),
)  # fmt: skip
_ID = wire.strict_model("AttachedReceipt", {"id": (int, ...)})


@dataclass(frozen=True, slots=True)
class ExpensesShown:
    """A page of expenses, newest first. `count` and the sums are of all that match; sums are by home currency."""

    items: tuple[queries.ExpenseRow, ...]
    next_cursor: str | None
    count: int
    total: dict[str, Decimal]
    billable: dict[str, Decimal]


_EXPENSES = shown(ExpensesShown, "ExpensePage")


# --- expenses --------------------------------------------------------------------------------------------


@read("/expenses", _EXPENSES, *_OWN, tag=_TAG, name="list_expenses", summary="List expenses")
def list_expenses(
    request: HttpRequest,
    start: Day | None = None,
    end: Day | None = None,
    mine: bool = False,
    person_id: Id | None = None,
    client_id: Id | None = None,
    project_id: Id | None = None,
    category_id: Id | None = None,
    state: ExpenseState | None = None,
    billable: bool | None = None,
    words: Words = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> ExpensesShown:
    """Expenses with work dates from `start` to `end`, both included. One's own, or all with the permission."""
    filters = queries.ExpenseFilters(
        mine=mine,
        first=start,
        last=end,
        person_id=person_id,
        client_id=client_id,
        project_id=project_id,
        category_id=category_id,
        state=state or "",
        billable=billable,
        text=words,
    )
    page = queries.expenses(
        actor_of(request), filters, first_row=_first_row(cursor), looked_at=today(), limit=limit
    )
    return ExpensesShown(page.rows, page.next or None, page.count, dict(page.total), dict(page.billable))


def _first_row(cursor: str) -> int:
    """Return the row a cursor of this list names; the first for anything else."""
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else 0


@read("/expenses/{expense_id}", _DETAIL, *_OWN, tag=_TAG, name="get_expense", summary="Get an expense")
def get_expense(request: HttpRequest, expense_id: Id) -> queries.ExpenseDetail:
    """An expense with its receipts, what to look at, and why it cannot be changed, if so."""
    return queries.expense(actor_of(request), expense_id, looked_at=today())


act("POST", "/people/{person_id}/expenses", actions.add_expense, tag=_TAG, gives="id", own=_NO_FILES)
act("PUT", "/expenses/{expense_id}", actions.change_expense, tag=_TAG, own=_NO_FILES)
act("DELETE", "/expenses/{expense_id}", actions.delete_expense, tag=_TAG)
_FILE = File(...)


@ROUTER.post(
    "/expenses/{expense_id}/receipts",
    response={201: _ID},
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
    """Attach a picture (JPEG, PNG, WebP) or PDF of at most 10 MB to an expense that is not submitted."""
    with files.RECEIPTS.kept(cast("BinaryIO", file.file)) as kept:
        receipt = actions.attach_receipt(
            actor=actor_of(request),
            expense_id=expense_id,
            kept=kept,
            file_name=(file.name or "receipt")[:200],
        )
    return Status(201, {"id": receipt})


ROUTED["expenses.attach_receipt"] = ["POST /expenses/{expense_id}/receipts"]
act("DELETE", "/receipts/{receipt_id}", actions.remove_receipt, tag=_TAG)


@read(
    "/expense-duplicates", page_of(_DUPLICATE), _ALL,
    tag=_TAG, name="list_expense_duplicates", summary="List expenses that look alike",
)  # fmt: skip
def list_duplicates(
    request: HttpRequest, since: Day, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.Duplicate]:
    """Expenses since a day that share a file, or vendor, date and amount, with another."""
    rows = queries.duplicates(actor_of(request), since=since)
    return cut(rows, lambda row: (row.work_date, row.expense_id), cursor, limit, descends=True)


@read(
    "/unbilled-expenses", page_of(_UNBILLED), _ALL,
    tag=_TAG, name="list_unbilled_expenses", summary="List billable expenses on no bill",
)  # fmt: skip
def list_unbilled(
    request: HttpRequest,
    as_of: Day | None = None,
    at_least_days: int = 0,
    client_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[Reimbursable]:
    """Approved billable expenses up to a day that no pre-bill or invoice holds, oldest first, with their age and price."""
    rows = unbilled_reimbursables(actor_of(request), as_of or today(), at_least_days=at_least_days)
    rows = tuple(row for row in rows if client_id is None or row.client_id == client_id)
    return cut(rows, lambda row: (row.work_date, row.expense_id), cursor, limit)


# --- reports ---------------------------------------------------------------------------------------------


@read(
    "/expense-reports", page_of(_REPORT), *_OWN,
    tag=_TAG, name="list_expense_reports", summary="List expense reports",
)  # fmt: skip
def list_reports(
    request: HttpRequest,
    person_id: Id | None = None,
    state: ExpenseState | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ReportRow]:
    """Expense reports, newest first. One's own, or all with the permission."""
    rows = queries.reports(actor_of(request), person_id=person_id, state=state or "")
    return cut(rows, lambda row: (row.report_id,), cursor, limit, descends=True)


@read(
    "/expense-reports/{report_id}", _REPORT_PAGE, *_OWN,
    tag=_TAG, name="get_expense_report", summary="Get an expense report",
)  # fmt: skip
def get_report(request: HttpRequest, report_id: Id) -> queries.ReportPage:
    """A report with its expenses, its story, and what this caller may do with it."""
    return queries.report(actor_of(request), report_id, looked_at=today())


act("POST", "/people/{person_id}/expense-reports", actions.create_report, tag=_TAG, gives="id")
act("PUT", "/expense-reports/{report_id}", actions.save_report, tag=_TAG)
act("DELETE", "/expense-reports/{report_id}", actions.delete_report, tag=_TAG)
act("POST", "/expense-reports/{report_id}/submit", actions.submit_report, tag=_TAG, gives="expenses")
act("POST", "/expense-reports/{report_id}/recall", actions.recall_report, tag=_TAG)


@read(
    "/expense-approvals", page_of(_TO_DECIDE), Permission.APPROVE_EXPENSES,
    tag=_TAG, name="list_expense_approvals", summary="List reports that wait for me",
)  # fmt: skip
def list_approvals(
    request: HttpRequest, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.ReportToDecide]:
    """Submitted reports that this caller may decide on, oldest first, each expense with its flags; at most 200."""
    board = queries.to_approve(actor_of(request), looked_at=today())
    return cut(board.reports, lambda report: (report.report_id,), cursor, limit)


act("POST", "/expense-reports/approve", actions.approve_reports, tag=_TAG)
act("POST", "/expense-reports/reject", actions.reject_reports, tag=_TAG, gives="reports")
act("POST", "/expense-reports/{report_id}/withdraw", actions.withdraw_approval, tag=_TAG, own=_TODAY)


@read(
    "/owed-expenses", page_of(_OWED), _ALL,
    tag=_TAG, name="list_owed_expenses", summary="List what is owed to people",
)  # fmt: skip
def list_owed(request: HttpRequest, cursor: Cursor = "", limit: Limit = LIMIT) -> Cut[queries.Owed]:
    """Approved reports that are not paid out, by person and legal entity."""
    rows = queries.owed(actor_of(request))
    return cut(rows, lambda row: (row.person.casefold(), row.person_id, row.entity), cursor, limit)


_PAID_TODAY = {"paid_on": today}
act("POST", "/reimbursements", actions.mark_reimbursed, tag=_TAG, edge=_PAID_TODAY, gives="ids")
act("POST", "/reimbursements/{reimbursement_id}/undo", actions.undo_reimbursement, tag=_TAG, own=_TODAY)


# --- vendors' bills --------------------------------------------------------------------------------------


@read(
    "/vendor-bills", page_of(_BILL), _ALL, tag=_BILLS, name="list_vendor_bills", summary="List vendors' bills"
)  # fmt: skip
def list_bills(
    request: HttpRequest, state: VendorBillState | None = None, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.BillRow]:
    """Vendors' bills for subcontractors' time, newest first."""
    rows = queries.vendor_bills(actor_of(request), state=state or "")
    return cut(rows, lambda row: (row.bill_date, row.bill_id), cursor, limit, descends=True)


@read(
    "/vendor-bills/{bill_id}", _BILL_PAGE, _ALL,
    tag=_BILLS, name="get_vendor_bill", summary="Get a vendor's bill",
)  # fmt: skip
def get_bill(request: HttpRequest, bill_id: Id) -> queries.BillPage:
    """A bill with each line beside the approved time it charges, and the difference."""
    return queries.vendor_bill(actor_of(request), bill_id)


act("POST", "/vendor-bills", actions.record_vendor_bill, tag=_BILLS, gives="id")
act("DELETE", "/vendor-bills/{bill_id}", actions.delete_vendor_bill, tag=_BILLS)
act("POST", "/vendor-bills/{bill_id}/match", actions.match_vendor_bill, tag=_BILLS)
act("POST", "/vendor-bills/{bill_id}/unmatch", actions.unmatch_vendor_bill, tag=_BILLS)
act("POST", "/vendor-bills/{bill_id}/pay", actions.pay_vendor_bill, tag=_BILLS, edge=_PAID_TODAY)


# --- policy ----------------------------------------------------------------------------------------------


@read(
    "/expense-categories", list_of(_CATEGORY), *_OWN,
    tag=_POLICY, name="list_expense_categories", summary="List expense categories",
)  # fmt: skip
def list_categories(request: HttpRequest) -> tuple[queries.CategoryRow, ...]:
    """Categories with their limits, those in use first."""
    return queries.categories(actor_of(request))


@read(
    "/mileage-rates", list_of(_MILEAGE), *_OWN,
    tag=_POLICY, name="list_mileage_rates", summary="List mileage rates",
)  # fmt: skip
def list_mileage(request: HttpRequest) -> tuple[queries.MileageRow, ...]:
    """What a kilometre or mile is paid, by country and day."""
    return queries.mileage_rates(actor_of(request))


@read(
    "/per-diems", list_of(_PER_DIEM), *_OWN, tag=_POLICY, name="list_per_diems", summary="List per diems"
)  # fmt: skip
def list_per_diems(request: HttpRequest) -> tuple[queries.PerDiemRow, ...]:
    """What days of travel are paid, by country and day."""
    return queries.per_diem_rates(actor_of(request))


act("POST", "/expense-categories", actions.add_category, tag=_POLICY, gives="id")
act("PUT", "/expense-categories/{category_id}", actions.change_category, tag=_POLICY)
act("POST", "/expense-categories/usual", actions.add_usual_categories, tag=_POLICY, gives="added")
act("POST", "/mileage-rates", actions.set_mileage_rate, tag=_POLICY, gives="id")
act("POST", "/per-diems", actions.set_per_diem_rate, tag=_POLICY, gives="id")
