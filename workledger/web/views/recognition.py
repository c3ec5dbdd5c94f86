"""Recognition runs, and what remains to be earned."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity
from workledger.forecast import queries as forecasts
from workledger.forecast.reports import RemainingRow
from workledger.kernel.period import next_month
from workledger.revenue import queries
from workledger.revenue.actions import recognize
from workledger.revenue.calc.remaining import USUAL_MONTHS, edges_after
from workledger.revenue.inputs import RunResult
from workledger.revenue.models import RecognitionRun
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of

_P = Permission
_MONTHS = 18
_DAY = timedelta(days=1)
_MOST_SHOWN = 300
_MOST_BANDS, _MOST_MONTHS = 6, 120


@page(_P.VIEW_REVENUE)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What a run through a month would recognize, entry by entry with its reason; and the runs there were."""
    entity = _entity(request)
    month, is_chosen = _month(request.GET.get("month", ""))
    may_run = request.actor.can(_P.MANAGE_REVENUE)
    through = _through(request.GET.get("through", ""), month)
    proposed = _dry_run(request, entity, month, through) if may_run and is_chosen and entity else None
    context = {
        **_around(request, entity),
        "month": month,
        "through": through,
        "months": _month_choices(),
        "may_run": may_run,
        "proposed": proposed,
        "shown": proposed.entries[:_MOST_SHOWN] if proposed else [],
        "modifications": queries.modifications_waiting(request.actor, entity.pk) if entity else [],
        "runs": queries.runs(request.actor, entity_id=entity.pk if entity else None),
    }
    return render(request, "web/revenue/index.html", context)


def _dry_run(request: ActingRequest, entity: LegalEntity, month: date, through: date | None) -> RunResult:
    return recognize.using(Options(dry_run=True))(
        actor=request.actor, entity_id=entity.pk, month=month, through=through
    )


def _through(text: str, month: date) -> date | None:
    """Return the day of the month that a period of weeks ends on, None for the whole month."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.replace(day=1) == month else None


@page(_P.MANAGE_REVENUE)
@require_POST
def post(request: ActingRequest) -> HttpResponse:
    """Recognize through a month: post what the dry run showed."""
    entity_id = number_of(request.POST.get("entity")) or 0
    month, is_chosen = _month(request.POST.get("month", ""))
    if not is_chosen:
        raise Refused.because("month_missing", "Choose the month to recognize through.", "month")
    result = recognize.using(act_options(request))(
        actor=request.actor, entity_id=entity_id, month=month,
        through=_through(request.POST.get("through", ""), month),
    )  # fmt: skip
    if result.run_id is None:
        messages.info(request, f"Nothing new to recognize through {month:%B %Y}.")
        return redirect(f"{reverse('revenue')}?entity={entity_id}")
    amount = formats.money(result.amount, result.currency)
    messages.success(request, f"Recognized {amount} in {len(result.entries)} entries.")
    return redirect("revenue-run", result.run_id)


@page(_P.VIEW_REVENUE)
@require_GET
def show(request: ActingRequest, run_id: int) -> HttpResponse:
    """One run with what it recognized and why."""
    run = locks.one(RecognitionRun.objects.visible_to(request.actor).select_related("book"), run_id)
    rows = queries.entries(request.actor, run_id=run_id)
    context = {"run": run, "rows": rows, "currency": run.book.currency, "more": run.entry_count - len(rows)}
    return render(request, "web/revenue/run.html", context)


@page(_P.VIEW_REVENUE)
@require_GET
def remaining(request: ActingRequest) -> HttpResponse:
    """Remaining performance obligations by chosen time bands, with what the practical expedients leave out and why."""
    entity = _entity(request)
    try:
        as_of = parse_date(request.GET.get("as_of", ""), today=today()) or today()
    except NotUnderstood:
        as_of = today()
    lengths = _lengths(request.GET.get("bands", ""))
    edges = edges_after(as_of, lengths)
    short, invoiced = request.GET.get("short", ""), request.GET.get("invoiced", "")
    context: dict[str, Any] = {
        **_around(request, entity),
        "as_of": as_of,
        "bands": _bands(edges),
        "band_options": [(_band_key(each), _band_words(each)) for each in _BANDS],
        "chosen_bands": _band_key(lengths) if lengths != USUAL_MONTHS else "",
        "short": short,
        "invoiced": invoiced,
        "short_options": [("out", "left out")],
        "invoiced_options": [("in", "in")],
    }
    if entity is not None:
        found = forecasts.remaining_obligations(
            request.actor,
            entity.pk,
            as_of,
            edges,
            leaves_short=short == "out",
            leaves_invoiced=invoiced != "in",
        )
        context |= {"rows": found.rows, "totals": _totals(found.rows), "found": found}
    return render(request, "web/revenue/remaining.html", context)


_BANDS = (USUAL_MONTHS, (12,), (12, 24), (3, 6, 12), (6, 12, 24, 36))


def _band_key(lengths: tuple[int, ...]) -> str:
    return "-".join(str(length) for length in lengths)


def _band_words(lengths: tuple[int, ...]) -> str:
    return f"{', '.join(str(length) for length in lengths)} months"


def _lengths(text: str) -> tuple[int, ...]:
    """Return the lengths of bands in an address, in months ('3-12-24'); the usual ones for anything else."""
    found = sorted({number_of(part) or 0 for part in text.split("-")}) if text else []
    is_good = 0 < len(found) <= _MOST_BANDS and found[0] > 0 and found[-1] <= _MOST_MONTHS
    return tuple(found) if is_good else USUAL_MONTHS


def _bands(edges: list[date]) -> list[str]:
    words = [f"to {end - _DAY:%b %Y}" for end in edges[1:]]
    return [*words, f"from {edges[-1]:%b %Y}", "not known when"]


def _totals(rows: list[RemainingRow]) -> list[tuple[str, list[Decimal], Decimal]]:
    """Return the sums of each currency."""
    found: dict[str, list[Decimal]] = {}
    for row in rows:
        sums = found.setdefault(row.currency, [Decimal(0)] * len(row.amounts))
        found[row.currency] = [before + amount for before, amount in zip(sums, row.amounts, strict=True)]
    return [(currency, sums, sum(sums, Decimal(0))) for currency, sums in sorted(found.items())]


def _around(request: ActingRequest, entity: LegalEntity | None) -> dict[str, Any]:
    entities = [(row.pk, row.name) for row in _entities(request)]
    return {"entity": entity, "entities": entities if len(entities) > 1 else []}


def _entities(request: ActingRequest) -> list[LegalEntity]:
    rows = LegalEntity.objects.visible_to(request.actor).select_related("book")
    return list(rows.order_by("name"))


def _entity(request: ActingRequest) -> LegalEntity | None:
    """The legal entity that the address names, else the first."""
    rows, chosen = _entities(request), number_of(request.GET.get("entity"))
    return next((row for row in rows if row.pk == chosen), rows[0] if rows else None)


def _month(text: str) -> tuple[date, bool]:
    """Return the month that is asked for, and whether one was; the last whole month otherwise."""
    try:
        return date.fromisoformat(f"{text[:7]}-01"), True
    except ValueError:
        return (today().replace(day=1) - _DAY).replace(day=1), False


def _month_choices() -> list[tuple[str, str]]:
    """The months to choose from, newest first: the next one, and those of a year and a half before."""
    first = next_month(today())
    found = []
    for _ in range(_MONTHS):
        found.append((f"{first:%Y-%m}", f"{first:%B %Y}"))
        first = (first - _DAY).replace(day=1)
    return found
