"""Writes of expenses: expenses and receipts, reports, decisions, reimbursement, vendors' bills, categories and rates."""

from workledger.expenses.actions.deciding import (
    ApprovedReports,
    approve_reports,
    reject_reports,
    withdraw_approval,
)
from workledger.expenses.actions.expenses import (
    ExpenseInput,
    ReceiptInput,
    add_expense,
    attach_receipt,
    change_expense,
    delete_expense,
    remove_receipt,
)
from workledger.expenses.actions.paying import mark_reimbursed, undo_reimbursement
from workledger.expenses.actions.policy import (
    CategoryInput,
    add_category,
    add_usual_categories,
    change_category,
    set_mileage_rate,
    set_per_diem_rate,
)
from workledger.expenses.actions.reports import (
    create_report,
    delete_report,
    recall_report,
    save_report,
    submit_report,
)
from workledger.expenses.actions.vendor_bills import (
    BillInput,
    BillLineInput,
    delete_vendor_bill,
    match_vendor_bill,
    pay_vendor_bill,
    record_vendor_bill,
    unmatch_vendor_bill,
)

__all__ = [
    "ApprovedReports",
    "BillInput",
    "BillLineInput",
    "CategoryInput",
    "ExpenseInput",
    "ReceiptInput",
    "add_category",
    "add_expense",
    "add_usual_categories",
    "approve_reports",
    "attach_receipt",
    "change_category",
    "change_expense",
    "create_report",
    "delete_expense",
    "delete_report",
    "delete_vendor_bill",
    "mark_reimbursed",
    "match_vendor_bill",
    "pay_vendor_bill",
    "recall_report",
    "record_vendor_bill",
    "reject_reports",
    "remove_receipt",
    "save_report",
    "set_mileage_rate",
    "set_per_diem_rate",
    "submit_report",
    "undo_reimbursement",
    "unmatch_vendor_bill",
    "withdraw_approval",
]
