"""The trail of a figure: what it is, its formula with the numbers in it, the rows it is made of; and why an item costs what it does."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.refusals import NotFound
from workledger.metrics import trails
from workledger.metrics.catalogue import METRICS, Unit
from workledger.metrics.queries import may_see
from workledger.metrics.trails import Trail, TrailRow
from workledger.reporting import evidence
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.trails import figure, page_url, scope_of, scope_url, scope_words

_LEADING = ("item",)


@page()
@require_GET
def show(request: ActingRequest, metric: str) -> HttpResponse:
    """Open a figure."""
    if metric not in METRICS:
        raise NotFound.because("not_found", "There is no metric of that name.")
    scope = scope_of(metric, request.GET.dict(), today())
    found = trails.trail(request.actor, metric, scope, cursor=request.GET.get("cursor", ""))
    return _render(request, _shown(request, found))


def _render(request: ActingRequest, trail: dict[str, Any]) -> HttpResponse:
    in_panel = bool(getattr(request, "htmx", False))
    context = {"trail": trail, "trail_template": "web/trail/panel.html"}
    return render(request, "web/trail/panel.html" if in_panel else "web/trail.html", context)


def _shown(request: ActingRequest, found: Trail) -> dict[str, Any]:
    metric, scope, answer = found.metric, found.scope, found.answer
    words = scope_words(request.actor, metric.name, scope)
    formula = []
    if answer and answer.parts:
        for part in answer.parts:
            opens = part.metric in METRICS and may_see(request.actor, METRICS[part.metric], scope.filters)
            formula.append(
                {
                    "sign": part.sign,
                    "label": part.label,
                    "value": figure(part.value, part.unit, answer.currency),
                    "href": scope_url(part.metric, scope) if opens else "",
                }
            )
        formula.append(
            {"sign": "=", "label": metric.title, "value": figure(answer.value, metric.unit, answer.currency)}
        )
    currency = answer.currency if answer else ""
    return {
        "title": metric.title,
        "value": figure(answer.value, metric.unit, currency) if answer else "Nothing yet",
        "sentence": metric.sentence,
        "scope": ", ".join(words),
        "formula": formula,
        "formula_words": metric.formula,
        "others": [
            {"value": figure(other.value, metric.unit, other.currency), "href": scope_url(metric.name, replace(scope, currency=other.currency))}
            for other in found.others
            if other.currency and other.value
        ],
        "rows_label": found.rows_label,
        "rows": [_row(row, found.unit, currency) for row in found.rows],
        "more_url": scope_url(metric.name, scope, cursor=found.next) if found.next else "",
        "basis": f"{metric.basis} Definition {metric.version}.",
    }  # fmt: skip


def _row(row: TrailRow, unit: Unit, currency: str) -> dict[str, str]:
    href = page_url(row.kind, row.id)
    note = [
        f"due {formats.day(row.day)}" if row.note == "due" else "",
        formats.day_short(row.day) if row.day and row.note != "due" else "",
        f"{formats.hours(row.seconds)} h" if row.seconds else "",
        row.note if row.note != "due" else "",
    ]
    opens = scope_url(*row.deeper) if row.deeper else href if row.kind in _LEADING else ""
    return {
        "name": row.name,
        "note": " · ".join(filter(None, note)),
        "value": figure(row.value, unit, currency),
        "href": "" if row.kind in _LEADING else href,
        "figure_href": opens,
    }


@page()
@require_GET
def item(request: ActingRequest, item_id: int) -> HttpResponse:
    """Say why a billable item is worth what it is."""
    found = trails.item_trail(request.actor, item_id)
    steps = [
        {
            "what": step.what,
            "why": step.why,
            "result": figure(step.value, step.unit, found.currency),
            "state": step.state,
        }
        for step in found.steps
    ]
    rows = []
    if found.time_entry_id:
        rows.append({"name": "The time entry", "note": f"{found.person}, {formats.day_short(found.day)}",
                     "value": "", "href": page_url("time", found.time_entry_id)})  # fmt: skip
    if found.invoice_id:
        rows.append({"name": found.invoice, "note": "bills this work", "value": "",
                     "href": page_url("invoice", found.invoice_id)})  # fmt: skip
    if evidence.may_see(request.actor):
        rows.append({"name": "From term to payment", "note": "every act between, on one page", "value": "",
                     "href": reverse("evidence-trail", args=[found.source_kind, found.source_id])})  # fmt: skip
    trail = {
        "title": "Why this amount",
        "value": formats.money(found.amount, found.currency),
        "sentence": f"{found.person} on {found.title}, {formats.day(found.day)}.",
        "scope": f"{found.project}, {found.client}",
        "steps": steps,
        "rows_label": "Documents",
        "rows": rows,
        "basis": "Priced anew since; this value no longer counts." if found.is_void else
                 "Kept when the work was approved. A rate change prices open work anew and keeps both.",
    }  # fmt: skip
    return _render(request, trail)
