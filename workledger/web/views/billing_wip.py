"""The WIP workbench: work that can be billed, by client and age, down to single items and what is done with them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.billing import page_queries
from workledger.billing.actions.items import price_unpriced
from workledger.billing.actions.moves import restore_items
from workledger.billing.actions.prebills import release_items
from workledger.billing.actions.wip import end_deferral
from workledger.billing.page_queries import ClientApart, Selection, WipFilters, WipPage
from workledger.core.access import Permission
from workledger.core.refusals import NotFound
from workledger.metrics import queries as metrics
from workledger.metrics.calc.formulas import BUCKET_DAYS, WIP_BUCKETS
from workledger.metrics.catalogue import By
from workledger.metrics.queries import Filters
from workledger.metrics.trails import Scope
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.paging import number_of
from workledger.web.trails import scope_url
from workledger.web.views.billing_chosen import Done, ask, back_of, chosen_ids, say
from workledger.web.views.wip_acts import asked_of, counted

_ZERO = Decimal(0)
_CRUMB = "WIP"
_OLDEST = len(WIP_BUCKETS) - 1
_REASONS = page_queries.REASONS


@dataclass(slots=True)
class AgedRow:
    """WIP of a client or project in one currency, by age. `hrefs` open each bucket, `href` the whole."""

    id: int
    name: str
    currency: str
    buckets: list[Decimal]
    hrefs: list[str]
    href: str
    apart: ClientApart
    cells: list[tuple[Decimal, str]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """All of it: open, held and on pre-bills."""
        return sum(self.buckets, _ZERO)

    @property
    def ready(self) -> Decimal:
        """What the next bill run takes."""
        return self.total - self.apart.held - self.apart.on_pre_bill - self.apart.deferred


@dataclass(frozen=True, slots=True)
class AgedTable:
    """The rows of one currency with their sums."""

    currency: str
    rows: list[AgedRow]
    sums: list[Decimal]
    cells: list[tuple[Decimal, str]]
    total: Decimal
    ready: Decimal
    held: Decimal
    on_pre_bill: Decimal
    deferred: Decimal
    href: str


def _aged(
    request: ActingRequest, key: By, names: Any, apart: Mapping[tuple[int, str], ClientApart], **limits: int
) -> list[AgedTable]:
    """Return WIP by client or project and age, from the metric; a table per currency."""
    day = today()
    found = metrics.value(
        request.actor, "wip", as_of=day, by=(key, By.AGE), filters=Filters(**limits) if limits else None
    )
    sums: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [_ZERO] * len(WIP_BUCKETS))
    for each in found:
        sums[each.currency, each.key[0]][each.key[1]] += each.value or _ZERO
    known = names(request.actor, sorted({pk for _, pk in sums}))
    tables = []
    for currency in sorted({currency for currency, _ in sums}):
        rows = []
        for (of, pk), buckets in sums.items():
            if of != currency:
                continue
            about = {**limits, key.value: pk}
            hrefs = [_trail(currency, about, age=place, day=day) for place in range(len(WIP_BUCKETS))]
            row = AgedRow(
                pk, known[pk], currency, buckets, hrefs, _trail(currency, about),
                apart.get((pk, currency), ClientApart()),
            )  # fmt: skip
            row.cells = list(zip(buckets, hrefs, strict=True))
            rows.append(row)
        columns = [sum(column, _ZERO) for column in zip(*(row.buckets for row in rows), strict=True)]
        hrefs = [_trail(currency, limits, age=place, day=day) for place in range(len(columns))]
        tables.append(
            AgedTable(
                currency,
                _sorted(rows, request.GET.get("sort", "")),
                columns,
                list(zip(columns, hrefs, strict=True)),
                sum(columns, _ZERO),
                sum((row.ready for row in rows), _ZERO),
                sum((row.apart.held for row in rows), _ZERO),
                sum((row.apart.on_pre_bill for row in rows), _ZERO),
                sum((row.apart.deferred for row in rows), _ZERO),
                _trail(currency, limits),
            )
        )
    return tables


def _trail(
    currency: str, about: Mapping[str, int], *, age: int | None = None, day: date | None = None
) -> str:
    """Return where a figure of WIP opens: whole, or one age on a day."""
    return scope_url("wip", Scope(replace(Filters(**about), age=age), as_of=day, currency=currency))


def _sorted(rows: list[AgedRow], wanted: str) -> list[AgedRow]:
    name = wanted.removeprefix("-")
    keys: dict[str, Any] = {
        "name": lambda row: row.name.casefold(),
        "held": lambda row: row.apart.held,
        "ready": lambda row: row.ready,
        "prebill": lambda row: row.apart.on_pre_bill,
        "old": lambda row: row.buckets[_OLDEST],
    }
    if name in keys:
        return sorted(rows, key=keys[name], reverse=wanted.startswith("-"))
    return sorted(rows, key=lambda row: (row.total, row.name), reverse=wanted != "total")


@page(Permission.VIEW_BILLING)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """WIP by client and age."""
    tables = _aged(request, By.CLIENT, page_queries.client_names, page_queries.apart(request.actor, today()))
    words = request.GET.get("q", "").strip().casefold()[:100]
    if words:
        tables = [_narrowed(table, words) for table in tables]
        tables = [table for table in tables if table.rows]
    unpriced = page_queries.unpriced(request.actor)
    context = {
        "tables": tables,
        "buckets": WIP_BUCKETS,
        "filtered": bool(words),
        "unpriced": unpriced,
        "unpriced_seconds": sum(row.seconds for row in unpriced),
        "with_client": True,
        **_may(request),
    }
    return render(request, "web/wip/index.html", context)


def _narrowed(table: AgedTable, words: str) -> AgedTable:
    """Return the rows whose name holds the words, with sums of their own that open nothing."""
    rows = [row for row in table.rows if all(word in row.name.casefold() for word in words.split())]
    sums = [sum(column, _ZERO) for column in zip(*(row.buckets for row in rows), strict=True)]
    return AgedTable(
        table.currency, rows, sums, [(amount, "") for amount in sums], sum(sums, _ZERO),
        sum((row.ready for row in rows), _ZERO), sum((row.apart.held for row in rows), _ZERO),
        sum((row.apart.on_pre_bill for row in rows), _ZERO), sum((row.apart.deferred for row in rows), _ZERO), "",
    )  # fmt: skip


def _may(request: ActingRequest) -> dict[str, bool]:
    return {
        "may_prepare": request.actor.can(Permission.PREPARE_BILLING),
        "may_write_off": request.actor.can(Permission.WRITE_OFF),
        "sees_contracts": request.actor.can(Permission.VIEW_CONTRACTS),
    }


@page(Permission.VIEW_BILLING)
@require_GET
def client(request: ActingRequest, client_id: int) -> HttpResponse:
    """One client's WIP: its projects by age, then single items."""
    actor, asked = request.actor, request.GET
    name = page_queries.client_names(actor, [client_id])[client_id]
    apart = page_queries.apart(actor, today(), client_id=client_id)
    tables = _aged(request, By.PROJECT, page_queries.project_names, apart, client=client_id)
    wanted = _filters(client_id, asked)
    items = page_queries.wip_items(actor, wanted, asked.get("cursor", ""))
    unpriced = page_queries.unpriced(actor, client_id=client_id)
    pre_bills, _ = page_queries.pre_bills(actor, client_id=client_id)
    if not tables and not unpriced and not pre_bills and name == f"Client {client_id}":
        raise NotFound.because("not_found", "There is no such client, or you may not see it.")
    context = {
        "client_id": client_id,
        "client": name,
        "tables": tables,
        "buckets": WIP_BUCKETS,
        "pre_bills": pre_bills,
        "unpriced": unpriced,
        "unpriced_seconds": sum(row.seconds for row in unpriced),
        **_work(request, items, client_id),
    }
    return render(request, "web/wip/client.html", context)


@page(Permission.VIEW_BILLING)
@require_GET
def work(request: ActingRequest) -> HttpResponse:
    """The workbench: open items of all clients, and what is done with them."""
    wanted = _filters(number_of(request.GET.get("client")), request.GET)
    items = page_queries.wip_items(request.actor, wanted, request.GET.get("cursor", ""))
    return render(request, "web/wip/work.html", _work(request, items, None))


def _work(request: ActingRequest, items: WipPage, client_id: int | None) -> dict[str, Any]:
    """Return what the table of items needs, of one client or of all."""
    asked = request.GET
    bare = asked.copy()
    bare.pop("cursor", None)
    return {
        "ages": list(enumerate(f"{words} days" for words in WIP_BUCKETS)),
        "states": (("open", "Ready to bill"), ("held", "Held"), ("deferred", "Deferred")),
        "choices": page_queries.wip_choices(request.actor, client_id),
        "asked": asked,
        "items": items,
        "of_client": client_id,
        "today": today(),
        "all_words": bare.urlencode(),
        "filtered": any(asked.get(name) for name in ("client", "project", "person", "age", "state")),
        **_may(request),
    }


def _filters(client_id: int | None, asked: Mapping[str, str]) -> WipFilters:
    start, end = _days_of_age(number_of(asked.get("age")), today())
    return WipFilters(
        client_id=client_id,
        project_id=number_of(asked.get("project")),
        person_id=number_of(asked.get("person")),
        start=start,
        end=end,
        state=asked.get("state", ""),
        day=today(),
    )


def _days_of_age(place: int | None, day: date) -> tuple[date | None, date | None]:
    """Return the first and last day of work of an age, as the metric counts ages."""
    if place is None or place > _OLDEST:
        return None, None
    newest = None if place == 0 else day - timedelta(days=place * BUCKET_DAYS + 1)
    oldest = None if place == _OLDEST else day - timedelta(days=(place + 1) * BUCKET_DAYS)
    return oldest, newest


@page(Permission.VIEW_BILLING)
@require_GET
def apart(request: ActingRequest, kind: str) -> HttpResponse:
    """What held work, work on pre-bills, or work that is ready to bill is made of."""
    client_id, currency = number_of(request.GET.get("client")), request.GET.get("currency", "")
    titles = {
        "held": "Held work", "pre-bills": "On pre-bills", "ready": "Ready to bill", "deferred": "Deferred work",
    }  # fmt: skip
    if kind not in titles:
        raise NotFound.because("not_found", "There is no figure of that name.")
    found = page_queries.apart(request.actor, today(), client_id=client_id)
    if client_id is None:
        tables = _aged(request, By.CLIENT, page_queries.client_names, found)
    else:
        tables = _aged(request, By.PROJECT, page_queries.project_names, found, client=client_id)
    rows = [row for table in tables if table.currency == currency or not currency for row in table.rows]
    amounts = [(row, _part(row, kind)) for row in rows]
    amounts = sorted(((row, amount) for row, amount in amounts if amount), key=lambda pair: -pair[1])
    shown = rows[0].currency if rows else currency
    sentence = {
        "held": "Approved work that is kept off bills until it is released.",
        "pre-bills": "Approved work on drafts that are under review and not issued yet.",
        "deferred": "Approved work that is left for the bills of a later period.",
        "ready": "Approved work that the next bill run takes: all WIP less what is held, deferred or on a pre-bill.",
    }[kind]
    total = sum((amount for _, amount in amounts), _ZERO)
    trail = {
        "title": titles[kind],
        "value": formats.money(total, shown) if shown else formats.ZERO,
        "sentence": sentence,
        "rows_label": "Clients" if client_id is None else "Projects",
        "rows": [
            {"name": row.name, "note": "", "value": formats.money(amount, row.currency), "href": _items_url(row, kind, client_id)}
            for row, amount in amounts
        ],
    }  # fmt: skip
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


def _part(row: AgedRow, kind: str) -> Decimal:
    return {
        "held": row.apart.held, "pre-bills": row.apart.on_pre_bill, "ready": row.ready, "deferred": row.apart.deferred,
    }[kind]  # fmt: skip


def _items_url(row: AgedRow, kind: str, client_id: int | None) -> str:
    if kind == "pre-bills":
        return f"{reverse('prebills')}?client={client_id or row.id}"
    state = kind if kind in ("held", "deferred") else "open"
    if client_id is None:
        return f"{reverse('wip-client', args=[row.id])}?state={state}#items"
    return f"{reverse('wip-client', args=[client_id])}?project={row.id}&state={state}#items"


# --- acts on items --------------------------------------------------------------------------------------


def _at_once(request: ActingRequest, act: str, ids: list[int]) -> Done | None:
    """Do an act that asks nothing; None for the others."""
    options, actor = act_options(request), request.actor
    if act == "releases":
        return Done(f"Released {counted(release_items.using(options)(actor=actor, item_ids=ids))}.")
    if act == "deferral-ends":
        ended = end_deferral.using(options)(actor=actor, item_ids=ids)
        return Done(f"{counted(ended)} can be billed with the next run again.")
    if act == "restorations":
        count = restore_items.using(options)(actor=actor, item_ids=ids)
        return Done(
            f"Took back {count} split{'' if count == 1 else 's'} or transfer{'' if count == 1 else 's'}."
        )
    return None


_TAKES = {"holds": "not_held", "releases": "held", "deferral-ends": "deferred", "restorations": "changed"}


def _chosen(request: ActingRequest, act: str) -> Selection:
    """Return what was chosen: the boxes, or all that the filters of the list match; what is held is not held again."""
    client_id = number_of(request.POST.get("client"))
    if request.POST.get("all"):
        filters = QueryDict(request.POST.get("filters", "")).dict()
        wanted = _filters(client_id or number_of(filters.get("client")), filters)
        ids = page_queries.wip_item_ids(request.actor, wanted)
    else:
        ids = chosen_ids(request)
    return page_queries.selection(request.actor, ids, kind=_TAKES.get(act, ""))


@page(Permission.PREPARE_BILLING, Permission.WRITE_OFF)
@require_POST
def new_act(request: ActingRequest, act: str) -> HttpResponse:
    """Ask what an act on the chosen items needs."""
    chosen = _chosen(request, act)
    asked = asked_of(request, act, chosen)
    return ask(request, asked, chosen.item_ids, back=back_of(request, reverse("wip")), acts=False)


@page(Permission.PREPARE_BILLING, Permission.WRITE_OFF)
@require_POST
def act(request: ActingRequest, act: str) -> HttpResponse:
    """Act on the chosen items."""
    chosen = _chosen(request, act)
    back = back_of(request, reverse("wip"))
    done = _at_once(request, act, list(chosen.item_ids))
    if done is not None:
        say(request, done)
        return redirect(back)
    return ask(request, asked_of(request, act, chosen), chosen.item_ids, back=back, acts=True)


@page(Permission.PREPARE_BILLING)
@require_POST
def price(request: ActingRequest) -> HttpResponse:
    """Try again to price work that had no rate."""
    made = price_unpriced.using(act_options(request))(actor=request.actor)
    if made.items:
        left = f" {made.unpriced} still have no price." if made.unpriced else ""
        say(request, Done(f"Priced {made.items} entries.{left}"))
    else:
        say(request, Done("Nothing could be priced yet: the rates are still missing."))
    return redirect(back_of(request, reverse("wip")))
