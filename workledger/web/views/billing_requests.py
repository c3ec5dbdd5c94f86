"""Changes of WIP above the limit: what was asked for, and the decision of another person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from workledger.billing import request_queries
from workledger.billing.actions.requests import decide_adjustment, withdraw_adjustment
from workledger.billing.models import RequestState
from workledger.core.access import Permission
from workledger.core.refusals import Refused
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page


@page(Permission.VIEW_BILLING)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Requests in a state; those that wait first."""
    asked = request.GET.get("state", RequestState.OPEN)
    state = RequestState(asked) if asked in RequestState.values else RequestState.OPEN
    context = {
        "rows": request_queries.requests(request.actor, state),
        "state": state.value,
        "states": [(each.value, each.label, each is state) for each in RequestState],
    }
    return render(request, "web/wip/requests.html", context)


@page(Permission.APPROVE_ADJUSTMENTS)
@require_POST
def decide(request: ActingRequest, request_id: int) -> HttpResponse:
    """Approve or decline; what is refused stays open, with the reason as a message."""
    approve = request.POST.get("decision") == "approve"
    try:
        changed = decide_adjustment.using(act_options(request))(
            actor=request.actor, request_id=request_id, approve=approve, note=request.POST.get("note", "")
        )
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    else:
        done = (
            f"Approved and done: {formats.number(changed, 2)} changed."
            if approve
            else "Declined. Nothing was changed."
        )
        messages.success(request, done)
    return redirect("wip-requests")


@page(Permission.VIEW_BILLING)
@require_POST
def withdraw(request: ActingRequest, request_id: int) -> HttpResponse:
    """Take one's own request back."""
    withdraw_adjustment.using(act_options(request))(actor=request.actor, request_id=request_id)
    messages.success(request, "The request is taken back.")
    return redirect("wip-requests")
