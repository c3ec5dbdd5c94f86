"""Addresses of expenses: expenses and receipts, reports, approvals, reimbursement, vendors' bills, policy."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import expense_policy, expense_reports, expense_unbilled, expenses, vendor_bills

urlpatterns: list[URLPattern | URLResolver] = [
    path("expenses/", expenses.listing, name="expenses"),
    path("expenses/export.csv", expenses.export, name="expenses-export"),
    path("expenses/total/", expenses.total, name="expenses-total"),
    path("expenses/new/", expenses.new, name="expense-new"),
    path("expenses/<int:expense_id>/", expenses.show, name="expense"),
    path("expenses/<int:expense_id>/delete", expenses.delete, name="expense-delete"),
    path("expenses/receipts/<int:receipt_id>/", expenses.receipt, name="expense-receipt"),
    path("expenses/receipts/<int:receipt_id>/remove", expenses.remove_receipt, name="expense-receipt-remove"),
    path("expenses/duplicates/", expenses.duplicates, name="expenses-duplicates"),
    path("expenses/reports/", expense_reports.listing, name="expenses-reports"),
    path("expenses/reports/new", expense_reports.new, name="expense-report-new"),
    path("expenses/reports/<int:report_id>/", expense_reports.show, name="expense-report"),
    path("expenses/reports/<int:report_id>/change", expense_reports.change, name="expense-report-change"),
    path("expenses/reports/<int:report_id>/act", expense_reports.act, name="expense-report-act"),
    path("expenses/approvals/", expense_reports.board, name="approvals-expenses"),
    path("expenses/approvals/decide", expense_reports.decide, name="expense-approvals-decide"),
    path("expenses/approvals/total/<slug:what>/", expense_reports.total, name="expense-approvals-total"),
    path("expenses/unbilled/", expense_unbilled.show, name="expenses-unbilled"),
    path("expenses/unbilled/export.<slug:kind>", expense_unbilled.export, name="expenses-unbilled-export"),
    path("expenses/owed/", expense_reports.owed, name="expenses-owed"),
    path("expenses/owed/pay", expense_reports.pay, name="expenses-owed-pay"),
    path(
        "expenses/reimbursements/<int:reimbursement_id>/",
        expense_reports.reimbursement,
        name="expenses-reimbursement",
    ),
    path("expenses/bills/", vendor_bills.listing, name="expenses-bills"),
    path("expenses/bills/new/", vendor_bills.new, name="vendor_bill-new"),
    path("expenses/bills/<int:bill_id>/", vendor_bills.show, name="vendor_bill"),
    path("expenses/bills/<int:bill_id>/act", vendor_bills.act, name="vendor_bill-act"),
    path("expenses/policy/", expense_policy.show, name="expenses-policy"),
    path("expenses/policy/usual", expense_policy.usual, name="expenses-policy-usual"),
    path("expenses/policy/categories/new/", expense_policy.category, name="expenses-policy-category-new"),
    path(
        "expenses/policy/categories/<int:category_id>/",
        expense_policy.category,
        name="expenses-policy-category",
    ),
    path("expenses/policy/mileage/new/", expense_policy.mileage, name="expenses-policy-mileage"),
    path("expenses/policy/per-diem/new/", expense_policy.per_diem, name="expenses-policy-per_diem"),
]
