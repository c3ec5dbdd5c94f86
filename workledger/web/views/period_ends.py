"""Accruals and revaluation of a period's end: what a run would post and why, the post, what was posted and its reversal."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.close import period_end_queries as queries
from workledger.close.actions import accrue, revalue, set_accrual_policy
from workledger.close.models import RunKind
from workledger.close.period_end_inputs import PeriodEndResult, Policy
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity
from workledger.ledger.models import Period
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of

_P = Permission
_PAGES = {RunKind.ACCRUAL: "close-accruals", RunKind.REVALUATION: "close-revaluation"}
_LEADS = {
    RunKind.ACCRUAL: "What a period has without a document: posted on its last day, reversed on the next.",
    RunKind.REVALUATION: "What is held in foreign currencies, at the rate of a period's last day; reversed on the next.",
}
_MOST_SHOWN = 300


@page(_P.VIEW_LEDGER)
@require_GET
def accruals(request: ActingRequest) -> HttpResponse:
    """What accruing a period would post, line by line with its reason; and what was accrued."""
    return _page(request, RunKind.ACCRUAL)


@page(_P.VIEW_LEDGER)
@require_GET
def revaluation(request: ActingRequest) -> HttpResponse:
    """What revaluing a period would post, line by line with its arithmetic; and what was revalued."""
    return _page(request, RunKind.REVALUATION)


@page(_P.MANAGE_PERIODS)
@require_POST
def post_accruals(request: ActingRequest) -> HttpResponse:
    """Accrue a period."""
    return _post(request, RunKind.ACCRUAL)


@page(_P.MANAGE_PERIODS)
@require_POST
def post_revaluation(request: ActingRequest) -> HttpResponse:
    """Revalue a period."""
    return _post(request, RunKind.REVALUATION)


def _page(request: ActingRequest, kind: RunKind) -> HttpResponse:
    entity, entities = _entity(request)
    found = queries.periods(request.actor, entity.pk, through=today()) if entity else []
    chosen = number_of(request.GET.get("period"))
    period = next((row for row in found if row.pk == chosen), None)
    may_run = request.actor.can(_P.MANAGE_PERIODS)
    proposed, refusal = _proposed(request, kind, entity, period) if may_run else (None, "")
    runs = (
        queries.runs(request.actor, kind, entity_id=entity.pk, period_id=period.pk if period else None)
        if entity
        else []
    )
    context = {
        "kind": kind,
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
        "title": kind.label,
        "lead": _LEADS[kind],
        "entity": entity,
        "entities": entities,
        "period": period,
        "periods": [(row.pk, row.name) for row in found],
        "may_run": may_run,
        "refusal": refusal,
        "proposed": proposed,
        "shown": proposed.rows[:_MOST_SHOWN] if proposed else [],
        "run_url": reverse(f"{_PAGES[kind]}-run"),
        "runs": runs,
        "policy": queries.policy_of(entity.pk) if entity and kind is RunKind.ACCRUAL else None,
    }
    return render(request, "web/period_ends/index.html", context)


def _proposed(
    request: ActingRequest, kind: RunKind, entity: LegalEntity | None, period: Period | None
) -> tuple[PeriodEndResult | None, str]:
    """Return what a run would post, or why the period takes nothing."""
    if entity is None or period is None:
        return None, ""
    try:
        return _act(request, kind, Options(dry_run=True), (entity.pk, period.pk)), ""
    except Refused as refusal:
        return None, str(refusal)


def _act(request: ActingRequest, kind: RunKind, options: Options, where: tuple[int, int]) -> PeriodEndResult:
    """Accrue or revalue at a legal entity and period."""
    act = (accrue if kind is RunKind.ACCRUAL else revalue).using(options)
    return act(actor=request.actor, entity_id=where[0], period_id=where[1])


def _post(request: ActingRequest, kind: RunKind) -> HttpResponse:
    entity_id, period_id = (
        number_of(request.POST.get("entity")) or 0,
        number_of(request.POST.get("period")) or 0,
    )
    done = _act(request, kind, act_options(request), (entity_id, period_id))
    back = f"{reverse(_PAGES[kind])}?entity={entity_id}&period={period_id}"
    if not done.entries:
        messages.info(request, f"Nothing is new in {done.period}.")
        return redirect(back)
    count = len(done.new)
    messages.success(
        request,
        f"Posted {count} line{'' if count == 1 else 's'} on {formats.day(done.day)}, reversed on {formats.day(done.reversed_on)}.",
    )
    return redirect("close-period-end", done.run_id)


@page(_P.VIEW_LEDGER)
@require_GET
def show(request: ActingRequest, run_id: int) -> HttpResponse:
    """One run: its lines with their reasons, its entries and what reverses them."""
    run = queries.run(request.actor, run_id)
    (row,) = queries.runs(request.actor, RunKind(run.kind), run_id=run_id)
    lines = queries.run_lines(request.actor, run_id)
    context = {
        "run": run,
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
        "row": row,
        "rows": lines[:_MOST_SHOWN],
        "more": len(lines) - _MOST_SHOWN,
        "currency": run.period.book.currency,
        "effect": sum(line.effect for line in lines),
        "parent": (
            RunKind(run.kind).label,
            f"{reverse(_PAGES[RunKind(run.kind)])}?entity={run.period.book_id}",
        ),
    }
    return render(request, "web/period_ends/show.html", context)


@page(_P.MANAGE_PERIODS)
def policy(request: ActingRequest) -> HttpResponse:
    """Say what a legal entity accrues."""
    wanted = number_of(request.GET.get("entity")) or 0
    entity = locks.one(LegalEntity.objects.visible_to(request.actor), wanted)
    held = queries.policy_of(entity.pk)
    fields = (
        Field("expenses", "Expenses that are submitted and not approved", "check",
              help="Their cost without reclaimed tax, and what clients will be charged for them."),
        Field("subcontractors", "Approved time of subcontractors without a bill", "check",
              help="Its labour cost, until a vendor's bill is matched to it."),
        Field("unapproved_time", "Time that is submitted and not approved", "check",
              help="Its labour cost and, on lines recognized as invoiced, what it is priced at."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        set_accrual_policy.using(options)(
            actor=request.actor, entity_id=entity.pk,
            policy=Policy(values["expenses"], values["subcontractors"], values["unapproved_time"]),
        )  # fmt: skip

    back = f"{reverse('close-accruals')}?entity={entity.pk}"
    around = FormPage(
        title=f"What {entity.name} accrues",
        crumbs=(("Accruals", back),),
        act="Save",
        done=back,
        said="Saved. It holds from the next run on.",
        lead="Each is posted on the last day of a period and reversed on the first day of the next.",
    )
    shown = {name: getattr(held, name) for name in ("expenses", "subcontractors", "unapproved_time")}
    return form_page(request, Form(fields, shown), run, around)


def _entity(request: ActingRequest) -> tuple[LegalEntity | None, list[tuple[int, str]]]:
    """Return the legal entity that the address names, else the first; and all, where there is a choice."""
    rows = list(LegalEntity.objects.visible_to(request.actor).select_related("book").order_by("name"))
    chosen = number_of(request.GET.get("entity"))
    entity = next((row for row in rows if row.pk == chosen), rows[0] if rows else None)
    return entity, [(row.pk, row.name) for row in rows] if len(rows) > 1 else []
