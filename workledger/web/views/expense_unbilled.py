"""Reimbursables that no bill holds: aged, narrowed, exported."""

from collections.abc import Sequence
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing.reimbursables import Reimbursable, unbilled_reimbursables
from workledger.core.access import Permission
from workledger.core.refusals import NotFound
from workledger.metrics.calc.formulas import WIP_BUCKETS, wip_bucket
from workledger.web.acting import ActingRequest, page, today
from workledger.web.paging import cut, number_of
from workledger.web.sheets import Cell, csv_answer, xlsx_answer
from workledger.web.views.expense_parts import by_currency, parts, summed

_P = Permission
_OLD = 2
"""From this bucket on, over 60 days, what waits is marked."""


@page(_P.VIEW_ALL_EXPENSES)
@require_GET
def show(request: ActingRequest) -> HttpResponse:
    """What people spent for clients, was approved and is on no bill, oldest first."""
    found = unbilled_reimbursables(request.actor, today())
    rows = _narrowed(request, found)
    asked = request.GET.copy()
    asked.pop("cursor", None)
    context = {
        "parts": parts(request),
        "rows": cut(rows, request.GET.get("cursor", "")),
        "ages": _ages(found) if found else [],
        "clients": sorted(
            {(row.client_id, row.client) for row in found}, key=lambda pair: pair[1].casefold()
        ),
        "buckets": [(place, f"{words} days") for place, words in enumerate(WIP_BUCKETS)],
        "is_filtered": bool(request.GET.get("client") or request.GET.get("age")),
        "sees_items": request.actor.can(_P.VIEW_BILLING),
        "csv": f"{reverse('expenses-unbilled-export', args=['csv'])}?{asked.urlencode()}",
        "xlsx": f"{reverse('expenses-unbilled-export', args=['xlsx'])}?{asked.urlencode()}",
    }
    return render(request, "web/expenses/unbilled.html", context)


def _narrowed(request: ActingRequest, rows: Sequence[Reimbursable]) -> list[Reimbursable]:
    client_id, age = number_of(request.GET.get("client")), number_of(request.GET.get("age"))
    return [
        row
        for row in rows
        if (client_id is None or row.client_id == client_id)
        and (age is None or wip_bucket(row.age_days) == age)
    ]


def _ages(rows: Sequence[Reimbursable]) -> list[tuple[str, str, str, int, str, str]]:
    """Return the strip: for each age its words, sum, address, count, tone and icon."""
    found = []
    for place, words in enumerate(WIP_BUCKETS):
        same = [row for row in rows if wip_bucket(row.age_days) == place]
        is_old = bool(same) and place >= _OLD
        href = f"{reverse('expenses-unbilled')}?age={place}"
        tone, icon = ("warn", "alarm-clock") if is_old else ("", "")
        found.append((f"{words} days", summed(by_currency(map(_worth, same))), href, len(same), tone, icon))
    return found


def _worth(row: Reimbursable) -> tuple[str, Decimal]:
    return (row.currency, row.net) if row.price is None else (row.price_currency, row.price)


_HEAD = (
    "Date", "Age days", "Age", "Client", "Project", "Person", "Category", "What", "State", "Home currency", "Gross", "Cost",
    "Currency", "To bill", "Item",
)  # fmt: skip


@page(_P.VIEW_ALL_EXPENSES)
@require_GET
def export(request: ActingRequest, kind: str) -> HttpResponse:
    """What is seen, as CSV or Excel."""
    name = f"unbilled-expenses-{today().isoformat()}"
    rows = [_cells(row) for row in _narrowed(request, unbilled_reimbursables(request.actor, today()))]
    answer = {"csv": csv_answer, "xlsx": xlsx_answer}.get(kind)
    if answer is None:
        raise NotFound.because("not_found", "The list is exported as CSV or XLSX.")
    return answer(name, _HEAD, rows)


def _cells(row: Reimbursable) -> tuple[Cell, ...]:
    return (
        row.work_date, row.age_days, WIP_BUCKETS[wip_bucket(row.age_days)], row.client, row.project, row.person,
        row.category, row.what, row.state, row.currency, row.gross, row.net, row.price_currency, row.price, row.item_id,
    )  # fmt: skip
