"""Every component in every state, with words and figures as a consultancy would have them: `/-/patterns`."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.metrics.attention import Inbox
from workledger.web import formats
from workledger.web.acting import page

D = Decimal
_MONDAY = date(2026, 3, 2)
_TODAY = date(2026, 3, 4)
_H = 3600

SECTIONS = (
    ("page", "A whole page"), ("week", "Week grid"), ("colour", "Colour"), ("type", "Type"), ("buttons", "Buttons and menus"),
    ("badges", "States"), ("figures", "Figures and trail"), ("strip", "Strip"), ("table", "Table"), ("filters", "Filters and tabs"),
    ("form", "Form"), ("meters", "Meters and progress"), ("notices", "Notices and toasts"), ("dialogs", "Dialogs"),
    ("empty", "Empty, denied, loading"), ("facts", "Facts and timeline"), ("chart", "Chart"), ("palette", "Search and commands"),
)  # fmt: skip


def _trail(name: str) -> str:
    return reverse("patterns-trail", args=[name])


def _people() -> list[dict[str, Any]]:
    rows = [
        ("Pia Lindqvist", "Project lead", "182.50", "176.00", 165, "29040.00"),
        ("Carl Weber", "Senior consultant", "311.25", "298.75", 145, "43318.75"),
        ("Amara Nwosu", "Consultant", "204.00", "204.00", 120, "24480.00"),
        ("Jonas Brandt", "Data engineer", "88.75", "84.25", 135, "11373.75"),
        ("Mei Tanaka", "Designer", "41.50", "36.00", 120, "4320.00"),
    ]
    return [
        {"name": name, "role": role, "worked": D(worked), "billable": D(billable), "rate": D(rate), "value": D(value),
         "share": D(billable) / D(worked), "href": _trail("value")}
        for name, role, worked, billable, rate, value in rows
    ]  # fmt: skip


def _wip() -> list[dict[str, Any]]:
    rows = [
        ("Nordwind Energie AG", "Grid forecasting", "64.25", "9637.50", "12480.00", "0", "Ready", "good"),
        ("Nordwind Energie AG", "Tariff engine, phase 2", "112.00", "16240.00", "0", "0", "Ready", "good"),
        ("Halden Versicherung", "Claims portal", "0", "0", "7252.50", "18340.00", "On hold", "warn"),
        ("Meridian Logistics Ltd", "Warehouse rollout", "38.50", "4812.50", "0", "-1250.00", "Ready", "good"),
        ("Kanton Zug", "Register migration", "17.75", "2485.00", "3150.00", "910.00", "No rate", "bad"),
    ]
    return [
        {"id": number, "client": client, "project": project, "hours": D(hours), "fresh": D(fresh), "month": D(month), "old": D(old),
         "total": D(fresh) + D(month) + D(old), "state": state, "tone": tone}
        for number, (client, project, hours, fresh, month, old, state, tone) in enumerate(rows, start=1)
    ]  # fmt: skip


def _week() -> dict[str, Any]:
    days: list[dict[str, Any]] = [
        {"date": _MONDAY + timedelta(days=number), "weekend": number > 4, "today": number == 2, "note": ""}
        for number in range(7)
    ]
    lines: list[tuple[int, str, str, list[Decimal | None], dict[int, str]]] = [
        (11, "Forecast model", "Nordwind Energie AG · Grid forecasting", [D(6), D("5.5"), D("3.25"), None, None, None, None], {1: "Back-test of the winter quarter"}),
        (12, "Steering committee", "Nordwind Energie AG · Grid forecasting", [None, D("1.5"), None, None, None, None, None], {}),
        (23, "Claims intake API", "Halden Versicherung · Claims portal", [D(2), D(1), D("2.5"), None, None, None, None], {2: "Contract test with the core system"}),
        (31, "Practice days", "Internal · Data practice", [None, None, D("0.75"), None, None, None, None], {}),
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    for line, task, project, hours, notes in lines:
        cells = [
            {"date": day["date"], "seconds": int(value * _H) if value else None, "note": notes.get(number, ""),
             "locked": "Approved by Pia Lindqvist on 3 March. Ask her to reopen it, or book the correction on an open day." if line == 12 else ""}
            for number, (day, value) in enumerate(zip(days, hours, strict=True))
        ]  # fmt: skip
        rows.append(
            {
                "line": line,
                "task": task,
                "project": project,
                "cells": cells,
                "total": sum(cell["seconds"] or 0 for cell in cells),
            }
        )
    for number, day in enumerate(days):
        day["total"] = sum(row["cells"][number]["seconds"] or 0 for row in rows)
    return {
        "days": days, "rows": rows, "total": sum(row["total"] for row in rows), "capacity": [8 * _H] * 5 + [0, 0],
        "capacity_total": 40 * _H,
        "options": [(41, "Data quality review", "Kanton Zug · Register migration"), (42, "Go-live support", "Meridian Logistics Ltd · Warehouse rollout"),
                    (43, "Proposal work", "Internal · Sales")],
    }  # fmt: skip


@page()
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Render the page of patterns."""
    wip = _wip()
    people = _people()
    context = {
        "page_title": "Patterns",
        "sections": SECTIONS,
        "people": people,
        "people_total": {key: sum(row[key] for row in people) for key in ("worked", "billable", "value")},
        "wip": wip,
        "wip_total": {key: sum(row[key] for row in wip) for key in ("hours", "fresh", "month", "old", "total")},
        "week": _week(),
        "trail": _trail_of("margin"),
        "trail_url": _trail("margin"),
        "trail_value_url": _trail("value"),
        "steps": _trail_of("value")["steps"],
        "clients": [("1", "Nordwind Energie AG"), ("2", "Halden Versicherung"), ("3", "Meridian Logistics Ltd")],
        "client_options": [("1", "Nordwind Energie AG", "C-0012"), ("2", "Halden Versicherung", "C-0031"), ("3", "Meridian Logistics Ltd", "C-0044")],
        "warnings": [
            {"code": "over_budget", "message": "Grid forecasting goes over its budget of 840 hours.", "before": "828.25 h", "after": "846.75 h"},
            {"code": "weekend", "message": "Saturday 7 March has 4.00 hours by Carl Weber."},
        ],
        "problems": [{"field": "rate", "message": "Write the rate as 145.00."}, {"field": "start", "message": "The start must lie before 31 Mar 2026."}],
        "inbox": Inbox(approvals=38, proposals=2),
        "zero": D(0), "loss": D("-1250.00"), "sum": D("112532.50"), "today": _TODAY,
    }  # fmt: skip
    return render(request, "web/patterns.html", context)


def _trail_of(name: str) -> dict[str, Any]:
    if name == "value":
        return {
            "title": "Carl Weber, 3 March", "value": "€797.50", "sentence": "5.50 billable hours on Forecast model at the rate of the contract line.",
            "steps": [
                {"what": "Quantity", "why": "5:25 worked, all of it billable", "result": "5.42 h", "state": ""},
                {"what": "Contract line and person", "why": "Grid forecasting T&M: Carl Weber from 1 Jan 2026", "result": "€145.00", "state": "won"},
                {"what": "Client card, senior consultant", "why": "Less specific", "result": "€150.00", "state": "lost"},
                {"what": "Rounding", "why": "Up to a quarter of an hour, per entry", "result": "5.50 h", "state": ""},
                {"what": "Cap", "why": "€11,200.00 of the cap is left", "result": "not reached", "state": "skipped"},
                {"what": "Amount", "why": "5.50 h × €145.00", "result": "€797.50", "state": ""},
            ],
        }  # fmt: skip
    return {
        "title": "Project margin", "value": "36.4%", "sentence": "What Grid forecasting earns after the cost of its people, from its start to 4 March 2026.",
        "formula": [
            {"sign": "", "label": "Revenue", "value": "112,532.50", "href": _trail("value")},
            {"sign": "−", "label": "Labour cost", "value": "67,420.00", "href": _trail("value")},
            {"sign": "−", "label": "Expenses", "value": "4,150.25", "href": _trail("value")},
            {"sign": "÷", "label": "Revenue", "value": "112,532.50", "href": ""},
            {"sign": "=", "label": "Margin", "value": "36.4%", "href": ""},
        ],
        "rows_label": "Revenue by month",
        "rows": [
            {"name": "February 2026", "note": "Invoice 2026-0117, issued 28 Feb", "value": "41,820.00", "href": "#invoice"},
            {"name": "January 2026", "note": "Invoice 2026-0064, issued 31 Jan", "value": "44,460.00", "href": "#invoice"},
            {"name": "March 2026", "note": "Not billed yet", "value": "26,252.50", "href": "#wip"},
        ],
        "more_url": "#postings", "more_label": "All 214 postings", "basis": "project_margin v1, amounts in EUR",
    }  # fmt: skip


@page()
@require_GET
def trail(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one of the sample trails, as panel or as page."""
    whole = not request.headers.get("HX-Request")
    return render(
        request, "web/trail.html" if whole else "web/partials/trail.html", {"trail": _trail_of(name)}
    )


@page()
@require_GET
def search(request: HttpRequest) -> JsonResponse:
    """Answer the palette with samples."""
    words = request.GET.get("q", "").lower()
    found = [
        {"label": "Nordwind Energie AG", "hint": "Client", "url": "#nordwind"},
        {"label": "Grid forecasting", "hint": "Project", "url": "#grid"},
        {"label": "Invoice 2026-0117", "hint": "Nordwind Energie AG, €49,765.80", "url": "#invoice"},
    ]
    return JsonResponse(
        {"groups": [{"label": "Found", "items": [row for row in found if words in row["label"].lower()]}]}
    )


@page()
@require_POST
def cells(request: HttpRequest) -> JsonResponse:
    """Take a cell of the sample week and keep nothing; more than ten hours is refused, so that this state can be seen."""
    sent = json.loads(request.body)
    seconds = int(D(sent["hours"]) * _H) if sent.get("hours") else 0
    if seconds > 10 * _H:
        message = "More than 10 hours on one task in a day. Split it, or ask Pia Lindqvist to book it."
        return JsonResponse(
            {"problems": [{"code": "too_long", "message": message, "field": "hours"}]}, status=422
        )
    return JsonResponse({"seconds": seconds, "display": formats.hours(seconds), "state": "saved"})
