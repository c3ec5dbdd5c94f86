"""Settings: what each legal entity asks of its billing."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing import request_queries
from workledger.billing.actions.requests import set_adjustment_limit
from workledger.billing.models import AdjustmentLimit
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory.models import LegalEntity
from workledger.web.acting import ActingRequest, page
from workledger.web.forms import Field, Form
from workledger.web.views.billing_chosen import Done, say
from workledger.web.views.settings import show


@page(Permission.MANAGE_SETTINGS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """The billing rules of all legal entities."""
    rows = request_queries.limits(request.actor)
    return show(request, "web/settings/billing.html", {"rows": rows})


@page(Permission.MANAGE_SETTINGS)
def change(request: ActingRequest, entity_id: int) -> HttpResponse:
    """Change the billing rules of one."""
    entity = locks.one(LegalEntity.objects.visible_to(request.actor).select_related("book"), entity_id)
    limit = AdjustmentLimit.objects.filter(pk=entity_id).values_list("amount", flat=True).first()
    form = Form(
        (
            Field("limit", "One person alone changes WIP up to", "number", unit=entity.book.currency,
                  help="Write-downs, write-offs, write-ups and transfers above it wait for another person. 0 asks always; empty asks never."),
        ),
        {"limit": limit},
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        set_adjustment_limit.using(options)(actor=request.actor, entity_id=entity_id, amount=values["limit"])

    status = 200
    if request.method == "POST":
        is_done, _ = form.submit(request, run)
        if is_done:
            say(request, Done(f"Saved the billing rules of {entity.name}."))
            return redirect("settings-billing")
        status = 422
    context = {"form": form, "entity": entity, "cancel": reverse("settings-billing")}
    return render(request, "web/settings/billing_form.html", context, status=status)
