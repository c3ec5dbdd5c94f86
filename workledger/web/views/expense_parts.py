"""What the pages of expenses share: their tabs, words for sums, the trail of an expense."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from workledger.core.access import Permission
from workledger.expenses.models import ExpenseState, VendorBillState
from workledger.expenses.queries import ExpenseDetail, ReceiptRow
from workledger.web import formats
from workledger.web.acting import ActingRequest

TONES = {
    ExpenseState.DRAFT: "",
    ExpenseState.SUBMITTED: "info",
    ExpenseState.REJECTED: "warn",
    ExpenseState.APPROVED: "good",
    ExpenseState.REIMBURSED: "good",
}
BILL_TONES = {VendorBillState.RECORDED: "info", VendorBillState.MATCHED: "good", VendorBillState.PAID: "good"}
_P = Permission
_PARTS: tuple[tuple[str, str, tuple[Permission, ...]], ...] = (
    ("Expenses", "expenses", (_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)),
    ("Reports", "expenses-reports", (_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)),
    ("To pay", "expenses-owed", (_P.MANAGE_EXPENSES,)),
    ("To bill", "expenses-unbilled", (_P.VIEW_ALL_EXPENSES,)),
    ("Vendors' bills", "expenses-bills", (_P.VIEW_ALL_EXPENSES,)),
    ("Duplicates", "expenses-duplicates", (_P.VIEW_ALL_EXPENSES,)),
    ("Policy", "expenses-policy", (_P.MANAGE_EXPENSES,)),
)
Tab = tuple[str, str, bool]


def parts(request: ActingRequest) -> list[Tab]:
    """Return the tabs of expenses that the reader may open: word, address, whether it is this one."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    return [
        (word, reverse(name), name == here)
        for word, name, needs in _PARTS
        if any(map(request.actor.can, needs))
    ]


def approval_tabs(request: ActingRequest) -> list[Tab]:
    """Return the tabs of approvals, none when the reader decides on one kind only."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    asked = (
        ("Time", "approvals", (_P.APPROVE_TIME, _P.APPROVE_ALL_TIME)),
        ("Expenses", "approvals-expenses", (_P.APPROVE_EXPENSES,)),
    )
    found = [
        (word, reverse(name), name == here)
        for word, name, needs in asked
        if any(map(request.actor.can, needs))
    ]
    return found if len(found) > 1 else []


def by_currency(amounts: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """Sum amounts by currency, in the order of the codes."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sorted(sums.items())


def summed(sums: Iterable[tuple[str, Decimal]]) -> str:
    """Return amounts of several currencies in one line; a thin dash for none."""
    return " + ".join(formats.money(amount, currency) for currency, amount in sums if amount) or formats.ZERO


def trail_answer(request: ActingRequest, trail: dict[str, Any]) -> HttpResponse:
    """Answer with a trail: the panel for htmx, a page else."""
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


def expense_trail(detail: ExpenseDetail) -> dict[str, Any]:
    """What an expense is made of: its amount, tax and cost, and its receipts."""
    row = detail.row
    home = row.home_currency
    reasons = " ".join(flag.sentence for flag in row.flags)
    said = f"{row.category} of {row.person} for {row.project}, {formats.day(row.work_date)}."
    formula: list[dict[str, str]] = []
    if row.is_foreign:
        formula += [
            {"sign": "", "label": "Paid", "value": formats.money(row.amount, row.currency)},
            {"sign": "×", "label": "Exchange rate", "value": f"{detail.exchange_rate.normalize():f}"},
        ]
    elif detail.unit_rate is not None:
        formula += made_by_rate(detail)
    formula.append(
        {"sign": "=" if formula else "", "label": "Gross", "value": formats.money(row.home_amount, home)}
    )
    if row.input_tax:
        formula += [
            {"sign": "−", "label": "Input tax", "value": formats.money(row.input_tax, home)},
            {"sign": "=", "label": "Cost", "value": formats.money(row.home_amount - row.input_tax, home)},
        ]
    return {
        "title": f"{row.what}, {formats.day_short(row.work_date)}",
        "value": formats.money(row.home_amount, home),
        "sentence": " ".join(filter(None, (said, reasons))),
        "formula": formula,
        "rows_label": "Receipts" if detail.receipts else "",
        "rows": [_receipt_row(receipt) for receipt in detail.receipts],
        "more_url": reverse("expense", args=[row.expense_id]),
        "more_label": "Open the expense",
        "basis": f"{row.state_label}, {'billable' if row.is_billable else 'not billable'}",
    }


def made_by_rate(detail: ExpenseDetail) -> list[dict[str, str]]:
    """The steps of an amount that follows from a rate: a drive, or days of travel."""
    home = detail.row.home_currency
    rate = formats.money(detail.unit_rate, home)
    if detail.distance is not None:
        return [
            {
                "sign": "",
                "label": "Driven",
                "value": f"{formats.number(detail.distance, 2)} {detail.distance_unit}",
            },
            {"sign": "×", "label": f"Rate per {detail.distance_unit}", "value": rate},
        ]
    steps = [{"sign": "", "label": f"Whole days at {rate}", "value": formats.number(detail.full_days)}]
    if detail.partial_days:
        partial = formats.money(detail.partial_rate, home)
        value = formats.number(detail.partial_days)
        steps.append({"sign": "+", "label": f"Parts of days at {partial}", "value": value})
    return steps


def _receipt_row(receipt: ReceiptRow) -> dict[str, str]:
    return {
        "name": receipt.file_name,
        "value": f"{formats.number(max(receipt.size // 1024, 1))} kB",
        "href": reverse("expense-receipt", args=[receipt.receipt_id]),
    }
