"""Search: what the command palette finds for some letters, each with where it leads."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from workledger.billing.models import Invoice
from workledger.contracts.models import Contract
from workledger.core.access import Actor, Permission
from workledger.directory.models import Client, Person
from workledger.metrics.catalogue import METRICS
from workledger.metrics.queries import may_see
from workledger.projects.models import Project
from workledger.web.acting import ActingRequest, page
from workledger.web.trails import page_url, trail_url

_MOST = 6
_Item = dict[str, str]


@page()
@require_GET
def find(request: ActingRequest) -> HttpResponse:
    """Answer the palette: groups of places whose name holds every word that was typed."""
    words = request.GET.get("q", "").split()[:6]
    groups = []
    if words:
        for label, look in _LOOKS:
            items = look(request.actor, words)
            if items:
                groups.append({"label": label, "items": items})
    return JsonResponse({"groups": groups})


def _holding(rows: QuerySet[Any], words: list[str], *names: str) -> QuerySet[Any]:
    for word in words:
        condition = Q()
        for name in names:
            condition |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(condition)
    return rows


def _projects(actor: Actor, words: list[str]) -> list[_Item]:
    rows = _holding(Project.objects.visible_to(actor), words, "name", "code", "client__name")
    found = rows.order_by("state", "name").values_list("pk", "name", "client__name")[:_MOST]
    return [{"label": name, "hint": client, "url": page_url("project", pk)} for pk, name, client in found]


def _clients(actor: Actor, words: list[str]) -> list[_Item]:
    rows = _holding(Client.objects.visible_to(actor), words, "name")
    found = rows.order_by("name").values_list("pk", "name", "industry")[:_MOST]
    return [{"label": name, "hint": industry, "url": page_url("client", pk)} for pk, name, industry in found]


def _contracts(actor: Actor, words: list[str]) -> list[_Item]:
    rows = _holding(Contract.objects.visible_to(actor), words, "number", "name")
    found = rows.order_by("number").values_list("pk", "number", "name", "client__name")[:_MOST]
    return [
        {"label": f"{number} {name}", "hint": client, "url": page_url("contract", pk)}
        for pk, number, name, client in found
    ]


def _invoices(actor: Actor, words: list[str]) -> list[_Item]:
    rows = _holding(Invoice.objects.visible_to(actor).exclude(number=""), words, "number", "client__name")
    found = rows.order_by("-issued_on", "-pk").values_list("pk", "number", "client__name")[:_MOST]
    return [{"label": number, "hint": client, "url": page_url("invoice", pk)} for pk, number, client in found]


def _people(actor: Actor, words: list[str]) -> list[_Item]:
    if not actor.can(Permission.VIEW_DIRECTORY):
        return []
    rows = _holding(Person.objects.visible_to(actor), words, "name", "email")
    found = rows.order_by("name").values_list("pk", "name", "email")[:_MOST]
    return [{"label": name, "hint": email, "url": page_url("person", pk)} for pk, name, email in found]


def _figures(actor: Actor, words: list[str]) -> list[_Item]:
    found = [
        metric
        for metric in METRICS.values()
        if may_see(actor, metric)
        and all(word.casefold() in f"{metric.title} {metric.name}".casefold() for word in words)
    ]
    return [
        {"label": metric.title, "hint": metric.unit.label, "url": trail_url(metric.name)}
        for metric in found[:_MOST]
    ]


_LOOKS: tuple[tuple[str, Callable[[Actor, list[str]], list[_Item]]], ...] = (
    ("Projects", _projects),
    ("Clients", _clients),
    ("Contracts", _contracts),
    ("Invoices", _invoices),
    ("People", _people),
    ("Figures", _figures),
)
