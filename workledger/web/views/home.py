"""Home: what needs me, and the figures that matter to my role."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing.caps import CapUse, cap_uses
from workledger.close.queries import asked_of
from workledger.core.access import Actor, Permission
from workledger.core.refusals import NotFound, Refused
from workledger.kernel.period import Period, month_of, week_start
from workledger.metrics import queries
from workledger.metrics.attention import Attention, Inbox, Standing, attention
from workledger.metrics.catalogue import METRICS, By
from workledger.metrics.projects import project_figures
from workledger.metrics.queries import Filters, MetricValue, may_see
from workledger.projects.queries import ProjectFilter, list_projects
from workledger.timesheets.queries import EntryFilters, entries
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.charts import CHARTS, Chart, utilization_of, year_to
from workledger.web.context import address
from workledger.web.trails import figure, trail_url

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MOST_PROJECTS = 12
_OLD_MONTH_DAYS = 7
_P = Permission


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits: a figure, what it is in words, and where it is dealt with."""

    figure: str
    words: str
    href: str
    icon: str
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure of the strip."""

    label: str
    value: str
    href: str
    note: str = ""
    tone: str = ""
    icon: str = ""


@page()
@require_GET
def show(request: ActingRequest) -> HttpResponse:
    """The first page after signing in."""
    actor, day = request.actor, today()
    sees_firm = _sees_firm(actor)
    leads = not sees_firm and actor.can(_P.APPROVE_TIME) and actor.person_id is not None
    waiting = attention(actor, day)
    context: dict[str, Any] = {
        "page_title": "Home",
        "inbox": Inbox(
            waiting.approvals.count,
            waiting.proposals.count,
            waiting.expenses.count,
            waiting.reviews.count,
            waiting.requests.count,
            waiting.modifications.count,
        ),  # counted already
        "today": day,
        "sees_firm": sees_firm,
        "leads": leads,
        "is_guest": actor.client_ids is not None,
        "track_url": address("week") if actor.can(_P.TRACK_TIME) else "",
        "reports_url": address("reports") if actor.can(_P.VIEW_METRICS) else "",
    }
    over: list[Need] = []
    if sees_firm:
        context["stats"] = _firm_stats(actor, day, waiting)
        over = _over_budget(actor, None)
    elif leads:
        projects = _my_projects(actor)
        context["projects"] = projects[:_MOST_PROJECTS]
        context["stats"] = _lead_stats(actor, day, projects)
        over = _over_budget_of(projects)
    elif actor.person_id is not None and actor.can(_P.TRACK_TIME):
        context["stats"], context["chart"] = _own_figures(actor, day)
    context["needs"] = [*_asked(actor, day), *_needs(actor, waiting), *over, *_near_caps(actor)]
    return render(request, "web/home/index.html", context)


def _sees_firm(actor: Actor) -> bool:
    return actor.can(_P.VIEW_METRICS) and actor.can(_P.VIEW_RECEIVABLES)


# --- what needs me --------------------------------------------------------------------------------------


def _money(standing: Standing) -> str:
    return " + ".join(formats.money(amount, currency, whole=True) for currency, amount in standing.amounts)


def _count(number: int, one: str, many: str) -> str:
    return f"{formats.number(number, 0, zero='0')} {one if number == 1 else many}"


def _needs(actor: Actor, found: Attention) -> list[Need]:
    rows = []
    if found.own_open_lines.count:
        rows.append(Need(f"{formats.hours(found.own_open_lines.seconds)} h", "of yours are not submitted", address("week"),
                         "calendar-clock", "warn", "from weeks that are over"))  # fmt: skip
    if found.approvals.count:
        rows.append(Need(_count(found.approvals.count, "line", "lines"), "of time wait for your approval", address("approvals"),
                         "circle-check"))  # fmt: skip
    if found.expenses.count:
        rows.append(Need(_count(found.expenses.count, "expense report", "expense reports"), "wait for your approval" if found.expenses.count > 1 else "waits for your approval",
                         address("approvals-expenses"), "wallet"))  # fmt: skip
    if found.proposals.count:
        rows.append(
            Need(
                _count(found.proposals.count, "proposal", "proposals"),
                "of an assistant wait",
                address("inbox"),
                "inbox",
            )
        )
    if found.unpriced.count:
        rows.append(Need(f"{formats.hours(found.unpriced.seconds)} h", "have no price yet", address("rate_cards"), "tag", "bad",
                         "no rate holds for them; they cannot be billed"))  # fmt: skip
    if found.reviews.count:
        rows.append(Need(_count(found.reviews.count, "pre-bill", "pre-bills"), "to review before they are issued",
                         address("prebills"), "user-check"))  # fmt: skip
    if found.requests.count:
        rows.append(Need(_count(found.requests.count, "change", "changes"), "of WIP above the limit to decide",
                         address("wip-requests"), "scale"))  # fmt: skip
    if found.modifications.count:
        rows.append(Need(_count(found.modifications.count, "change", "changes"), "of contracts to decide for revenue",
                         f"{address('revenue')}#modifications", "git-branch"))  # fmt: skip
    if found.drafts.count:
        rows.append(Need(_count(found.drafts.count, "pre-bill", "pre-bills"), "to review and issue", address("prebills"),
                         "file-pen-line", "", _money(found.drafts)))  # fmt: skip
    if found.held.count:
        rows.append(Need(_money(found.held), "of work is on hold", address("wip"), "pause", "warn",
                         _count(found.held.count, "item", "items")))  # fmt: skip
    if found.overdue.count:
        rows.append(Need(_money(found.overdue), "is overdue", address("receivables"), "alarm-clock", "bad",
                         _count(found.overdue.count, "invoice", "invoices")))  # fmt: skip
    return rows


def _asked(actor: Actor, day: date) -> list[Need]:
    """Return what Finance reminded this person of, as far as it is still missing."""
    return [
        Need(
            each.left.words(), f"in {each.period}",
            reverse("week-of", args=[each.last_day]), "calendar-clock", "bad",
            f"{each.by} reminded you on {formats.day(each.on)}",
        )
        for each in asked_of(actor, day)
    ]  # fmt: skip


def _near_caps(actor: Actor) -> list[Need]:
    """Return the contracts of which a cap is three quarters used: there is time to agree on more."""
    if not actor.can(_P.PREPARE_BILLING):
        return []
    fullest: dict[int, CapUse] = {}
    for use in cap_uses(actor):
        if use.is_near:
            fullest.setdefault(use.contract.pk, use)
    return [
        Need(
            f"{use.percent} %", f"of the cap of {use.contract.name} is used", f"{address('contracts')}/{use.contract.pk}", "gauge",
            "bad" if use.is_reached else "warn", use.contract.client.name,
        )
        for use in list(fullest.values())[:_MOST_PROJECTS]
    ]  # fmt: skip


def _over_budget(actor: Actor, project_ids: list[int] | None) -> list[Need]:
    figures = project_figures(actor, project_ids)
    active = {row.id: row for row in list_projects(actor, ProjectFilter(state="active"))}
    return _over_budget_of([(row, figures[pk]) for pk, row in active.items() if pk in figures])


def _over_budget_of(projects: list[Any]) -> list[Need]:
    over = [(row, known) for row, known in projects if (known.worst_burn or 0) >= 1]
    if not over:
        return []
    over.sort(key=lambda pair: -(pair[1].worst_burn or 0))
    worst = ", ".join(f"{row.name} {formats.percent(known.worst_burn, 0)}" for row, known in over[:2])
    href = f"{address('reports-projects')}?sort=-burn" if len(over) > 1 else address_of(over[0][0].id)
    return [Need(_count(len(over), "project", "projects"), "over budget", href, "flame", "bad", worst)]


def address_of(project_id: int) -> str:
    """Return a project's page."""
    return f"{address('projects')}/{project_id}"


# --- the figures of a role ------------------------------------------------------------------------------


def _main(found: list[MetricValue]) -> MetricValue | None:
    return max(found, key=lambda each: abs(each.value or Decimal(0)), default=None)


def _months(day: date) -> tuple[Period, Period]:
    """Return this month to date and the whole month before it."""
    this = month_of(day)
    return Period(this.start, day + _DAY), month_of(this.start - _DAY)


def _shown_month(day: date) -> tuple[Period, str]:
    """Return the month a firm looks at: the one before, in the first days of a month; in words too."""
    this, before = _months(day)
    return (before, f"{before.start:%B}") if day.day <= _OLD_MONTH_DAYS else (this, f"{this.start:%B} so far")


def _firm_stats(actor: Actor, day: date, found: Attention) -> list[Stat]:
    period, words = _shown_month(day)
    stats = []
    if may_see(actor, METRICS["utilization"]):
        used = _main(queries.value(actor, "utilization", period=period))
        if used:
            stats.append(
                Stat(
                    "Utilization",
                    figure(used.value, used.unit),
                    trail_url("utilization", period=period),
                    words,
                )
            )
    if may_see(actor, METRICS["project_margin_share"]):
        kept = _main(queries.value(actor, "project_margin", period=period))
        if kept:
            revenue = kept.parts[0].value
            share = None if not revenue or kept.value is None else kept.value / revenue
            stats.append(Stat("Revenue", formats.money(revenue, kept.currency, whole=True),
                              trail_url("revenue", period=period, currency=kept.currency), words))  # fmt: skip
            stats.append(Stat("Margin", formats.percent(share),
                              trail_url("project_margin_share", period=period, currency=kept.currency),
                              formats.money(kept.value, kept.currency, whole=True)))  # fmt: skip
    if actor.can(_P.VIEW_BILLING):
        stats.append(
            Stat(
                "WIP",
                _largest(found.wip),
                trail_url("wip", as_of=day),
                _others(found.wip) or "not yet invoiced",
            )
        )
    overdue = f"{_largest(found.overdue)} overdue" if found.overdue.count else "none overdue"
    stats.append(Stat("Receivables", _largest(found.receivables), trail_url("ar", as_of=day), overdue,
                      "bad" if found.overdue.count else "", "alarm-clock" if found.overdue.count else ""))  # fmt: skip
    return stats


def _largest(standing: Standing) -> str:
    return (
        formats.money(standing.amounts[0][1], standing.amounts[0][0], whole=True)
        if standing.amounts
        else formats.ZERO
    )


def _others(standing: Standing) -> str:
    rest = [formats.money(amount, currency, whole=True) for currency, amount in standing.amounts[1:]]
    return f"and {', '.join(rest)}" if rest else ""


def _my_projects(actor: Actor) -> list[Any]:
    rows = list_projects(actor, ProjectFilter(manager_id=actor.person_id))
    figures = project_figures(actor, [row.id for row in rows])
    pairs = [(row, figures[row.id]) for row in rows if row.id in figures]
    return sorted(pairs, key=lambda pair: -(pair[1].worst_burn or 0))


def _lead_stats(actor: Actor, day: date, projects: list[Any]) -> list[Stat]:
    stats = [_own_week(actor, day)]
    wip: dict[str, Any] = {}
    for row, known in projects:
        if known.wip:
            wip[row.currency] = wip.get(row.currency, 0) + known.wip
    amounts = tuple(sorted(wip.items(), key=lambda pair: -pair[1]))
    standing = Standing(len(amounts), 0, amounts)
    stats.append(
        Stat(
            "WIP of my projects", _largest(standing), address("wip"), _others(standing) or "not yet invoiced"
        )
    )
    tight = [known for _, known in projects if known.tone]
    stats.append(Stat("My projects", formats.number(len(projects), 0, zero="0"), address("projects"),
                      f"{len(tight)} to look at" if tight else "all on budget", "warn" if tight else "",
                      "trending-up" if tight else ""))  # fmt: skip
    return stats


def _own_week(actor: Actor, day: date) -> Stat:
    monday = week_start(day)
    booked = entries(
        actor, EntryFilters(start=monday, end=monday + _WEEK - _DAY, person_id=actor.person_id), limit=1
    )
    worked = f"{formats.hours(booked.worked_seconds)} h" if booked.worked_seconds else formats.ZERO
    billable = (
        f"{formats.hours(booked.billable_seconds)} h billable"
        if booked.billable_seconds
        else "none billable yet"
    )
    return Stat("My hours this week", worked, address("week"), billable)


def _own_figures(actor: Actor, day: date) -> tuple[list[Stat], Chart | None]:
    """Return a person's own strip and their utilization by month, from one answer."""
    this, before = _months(day)
    whole, own = year_to(day), Filters(person=actor.person_id)
    found = queries.value(actor, "utilization", period=whole, by=[By.MONTH], filters=own)
    used = {each.key[0]: each for each in found}
    stats = [_own_week(actor, day)]
    for period, words in ((before, f"{before.start:%B}"), (this, f"{this.start:%B} so far")):
        month = used.get(period.start)
        if month and month.value is not None:
            href = trail_url("utilization", period=period, person=actor.person_id)
            stats.append(
                Stat("My utilization", figure(month.value, month.unit), href, f"{words}, approved time")
            )
    return stats, utilization_of(found, whole, "How much of my time is billable?", actor.person_id)


# --- charts ---------------------------------------------------------------------------------------------


@page(_P.VIEW_METRICS)
@require_GET
def charts(request: ActingRequest) -> HttpResponse:
    """The firm's charts and how fast work becomes cash; Home fetches them once it stands."""
    actor, day = request.actor, today()
    found = []
    for name in ("utilization", "margin", "wip-age", "ar-age"):
        chart = _chart(request, name)
        if chart is not None:
            found.append(chart)
    stats = []
    for name in ("dso_countback", "dso_simple", "billing_lag"):
        if not may_see(actor, METRICS[name]):
            continue
        period = _quarter(day)
        each = _main(queries.value(actor, name, period=period, as_of=day))
        if each and each.value is not None:
            href = trail_url(name, as_of=day) if METRICS[name].is_as_of else trail_url(name, period=period)
            note = (
                METRICS[name].sentence
                if name != "billing_lag"
                else "From work to invoice, last three months."
            )
            stats.append(Stat(METRICS[name].title, figure(each.value, each.unit), href, note))
    return render(request, "web/home/charts.html", {"charts": found, "stats": stats})


def _quarter(day: date) -> Period:
    start = day
    for _ in range(2):
        start = month_of(start).start - _DAY
    return Period(month_of(start).start, day + _DAY)


def _chart(request: ActingRequest, name: str) -> Any:
    try:
        return CHARTS[name](request.actor, today(), request.GET.dict())
    except Refused:
        return None  # not for this reader


@page()
@require_GET
def chart(request: ActingRequest, name: str) -> HttpResponse:
    """A chart's spec as JSON."""
    if name not in CHARTS:
        raise NotFound.because("not_found", "There is no chart of that name.")
    found = CHARTS[name](request.actor, today(), request.GET.dict())
    if found is None:
        raise NotFound.because("nothing_to_draw", "There is nothing to draw yet.")
    return JsonResponse(found.spec)
