"""Forms of what is believed of obligations: estimates, progress and its approval, uncertain amounts, fulfilment."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from workledger.contracts import queries as contracts
from workledger.contracts.queries import ContractPage
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.kernel.quantity import seconds_of
from workledger.revenue import actions
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import EstimateInput
from workledger.revenue.queries import ObligationTerms, obligation_terms
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.views.contract_revenue import crumbs, obligation

_P = Permission
_RIGHTS = ("rights_used", "output_units")
_OUTCOMES = 4
_SECONDS = {"seconds": "hours", "seconds_to_come": "hours_to_come"}
_ASKED = {
    "output_progress": ("Progress", "%", "How much of all the work is reached."),
    "point_in_time": ("Handed over", "%", "100 says that it was handed over."),
    "output_units": ("Units delivered", "", "All in all, since the start."),
    "output_milestones": ("Worth of milestones reached", "", "All in all, since the start."),
}


class _HourForm(Form):
    """A form that asks for hours where the act takes seconds."""

    def _take(self, problems: Any) -> None:
        super()._take(
            [
                type(problem)(problem.code, problem.message, _SECONDS.get(problem.field, problem.field))
                for problem in problems
            ]
        )


@page(_P.MANAGE_PROJECTS)
def estimate(request: ActingRequest, contract_id: int, obligation_id: int) -> HttpResponse:
    """Estimate anew what an obligation takes; revenue catches up in the month of that day."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    one = obligation(request, contract_id, obligation_id)
    was = []
    if one.seconds is not None:
        was.append(f"{formats.hours(one.seconds)} hours")
    if one.cost is not None:
        was.append(f"{formats.amount(one.cost)} cost")
    if one.method in _RIGHTS:
        return _unused(request, contract, one)
    fields = (
        Field("from_day", "As believed from", "date", required=True),
        Field("hours", "Hours in all", "number", unit="h", row="hours"),
        Field("hours_to_come", "or still to come", "number", unit="h", row="hours"),
        Field("cost", "Cost in all", "number", row="cost"),
        Field("cost_to_come", "or still to come", "number", row="cost"),
        Field("materials", "Uninstalled materials within it", "number", row="materials"),
        Field("delivered", "of which delivered", "number", row="materials"),
        Field("reason", "Why", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.revise_estimate.using(options)(
            actor=request.actor,
            obligation_id=one.id,
            estimate=EstimateInput(
                from_day=values["from_day"], seconds=_seconds(values["hours"]),
                seconds_to_come=_seconds(values["hours_to_come"]), cost=values["cost"],
                cost_to_come=values["cost_to_come"], materials=values["materials"], delivered=values["delivered"],
                reason=values["reason"],
            ),
        )  # fmt: skip

    around = FormPage(
        title=f"Estimate {one.name}",
        crumbs=crumbs(contract),
        act="Save estimate",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Saved the estimate. The next run catches up.",
        lead=f"So far {' and '.join(was)}."
        if was
        else "What it takes in all, or still to come. Cost in the currency of the books.",
    )
    return form_page(request, _HourForm(fields, {"from_day": today()}), run, around)


def _unused(request: ActingRequest, contract: ContractPage, one: ObligationTerms) -> HttpResponse:
    """Estimate how much of prepaid rights will stay unused."""
    fields = (
        Field("from_day", "As believed from", "date", required=True),
        Field(
            "breakage_percent", "Expected to stay unused", "number", unit="%", places=4, required=True,
            help="From what happened before. Without an expectation it is earned once it has expired.",
        ),
        Field("reason", "Why", required=True),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> object:
        estimate = EstimateInput(
            from_day=values["from_day"], breakage_percent=values["breakage_percent"], reason=values["reason"]
        )
        return actions.revise_estimate.using(options)(
            actor=request.actor, obligation_id=one.id, estimate=estimate
        )

    around = FormPage(
        title=f"Unused rights of {one.name}",
        crumbs=crumbs(contract),
        act="Save estimate",
        done=reverse("contract-revenue", args=[contract.id]),
        said="Saved the estimate. The next run catches up.",
        lead="What will not be used is earned together with what is.",
    )
    initial = {"from_day": today(), "breakage_percent": one.breakage_percent}
    return form_page(request, Form(fields, initial), run, around)


def _seconds(value: Decimal | None) -> int | None:
    return None if value is None else seconds_of(value)


@page(_P.MANAGE_PROJECTS)
def progress(request: ActingRequest, contract_id: int, obligation_id: int) -> HttpResponse:
    """Say what was reached by a day, with what shows it."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    one = obligation(request, contract_id, obligation_id)
    label, unit, words = _ASKED.get(one.method, ("Reached", "", ""))
    fields = (
        Field("on", "By", "date", required=True),
        Field("value", label, "number", required=True, unit=unit, places=4, help=words),
        Field("evidence", "What shows it", "lines", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.record_progress.using(options)(
            actor=request.actor, obligation_id=one.id, on=values["on"], value=values["value"],
            evidence=values["evidence"],
        )  # fmt: skip

    around = FormPage(
        title=f"Progress of {one.name}",
        crumbs=crumbs(contract),
        act="Record progress",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Recorded. It counts once another person approves it.",
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(_P.MANAGE_REVENUE)
@require_POST
def approve(request: ActingRequest, contract_id: int, record_id: int) -> HttpResponse:
    """Approve a statement of progress."""
    actions.decide_progress.using(act_options(request))(
        actor=request.actor, record_id=record_id, approve=True
    )
    messages.success(request, "Approved the progress. The next run recognizes it.")
    return redirect("contract-revenue", contract_id)


@page(_P.MANAGE_REVENUE)
def decline(request: ActingRequest, contract_id: int, record_id: int) -> HttpResponse:
    """Decline a statement of progress, with the reason."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.decide_progress.using(options)(
            actor=request.actor, record_id=record_id, approve=False, reason=values["reason"]
        )

    around = FormPage(
        title="Decline progress",
        crumbs=crumbs(contract),
        act="Decline",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Declined. It counts for nothing.",
    )
    return form_page(request, Form((Field("reason", "Why", required=True),)), run, around)


@page(_P.MANAGE_REVENUE)
def complete(request: ActingRequest, contract_id: int, obligation_id: int) -> HttpResponse:
    """Say that an obligation is fulfilled, or take that back."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    one = obligation(request, contract_id, obligation_id)
    fields = (
        Field("on", "Fulfilled on", "date", help="Empty: it is not fulfilled yet."),
        Field("reason", "Why", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.complete_obligation.using(options)(
            actor=request.actor, obligation_id=one.id, on=values["on"], reason=values["reason"]
        )

    around = FormPage(
        title=f"Fulfilment of {one.name}",
        crumbs=crumbs(contract),
        act="Save",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Saved. The next run recognizes what that changes.",
        lead="From that day all of its price is earned.",
    )
    return form_page(request, Form(fields, {"on": one.completed_on or today()}), run, around)


@page(_P.MANAGE_REVENUE)
def exercise(request: ActingRequest, contract_id: int, obligation_id: int) -> HttpResponse:
    """Say that the client used an option, and for which work."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    one = obligation(request, contract_id, obligation_id)
    others = [row for row in obligation_terms(request.actor, contract_id) if row.id != one.id]
    fields = (
        Field("on", "Used on", "date", required=True),
        Field(
            "into_id", "For the work of", "id", options=tuple((row.id, row.name) for row in others),
            empty="choose", required=True, help="Add its obligation first, by a change order or a modification.",
        ),
        Field("reason", "Why", required=True),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.exercise_option.using(options)(
            actor=request.actor, obligation_id=one.id, into_id=values["into_id"] or 0, on=values["on"],
            reason=values["reason"],
        )  # fmt: skip

    around = FormPage(
        title=f"{one.name} was used",
        crumbs=crumbs(contract),
        act="Move its price",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Its price is earned with the work that it bought.",
        lead=f"{formats.money(one.price, contract.currency)} of the price belong to it.",
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(_P.MANAGE_REVENUE)
def uncertain(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Estimate an uncertain part of the price."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    revenue = [(row.id, row.name) for row in obligation_terms(request.actor, contract_id)]
    fields = [
        Field("name", "What", required=True, help="The same name again estimates it anew."),
        Field("from_day", "As believed from", "date", required=True),
        Field(
            "way", "Estimated as", "choice", options=tuple((way.value, way.label) for way in Estimation),
            required=True, help="The most likely amount for two outcomes, the expected value for many.",
        ),
        Field(
            "obligation_id", "Belongs to", "id", options=tuple(revenue),
            empty="all obligations, by their prices alone",
        ),
    ]  # fmt: skip
    for place in range(_OUTCOMES):
        fields += [
            Field(
                f"amount_{place}", "Outcome", "number", unit=contract.currency, row=f"outcome_{place}",
                section="Outcomes", help="A penalty is negative." if not place else "",
            ),
            Field(f"probability_{place}", "Probability", "number", unit="%", row=f"outcome_{place}"),
        ]  # fmt: skip
    fields += [
        Field(
            "highly_probable", "Of it will stay", "number", unit=contract.currency, section="Constraint",
            help="The most that is highly probable not to be taken back. Empty: all of the estimate.",
        ),
        Field("reason", "Why", required=True),
    ]  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> object:
        outcomes = [
            (values[f"amount_{place}"], values[f"probability_{place}"] or Decimal(0))
            for place in range(_OUTCOMES)
            if values[f"amount_{place}"] is not None
        ]
        return actions.estimate_variable.using(options)(
            actor=request.actor, contract_id=contract_id, name=values["name"], from_day=values["from_day"],
            way=Estimation(values["way"] or Estimation.MOST_LIKELY), outcomes=outcomes, reason=values["reason"],
            highly_probable=values["highly_probable"], obligation_id=values["obligation_id"],
        )  # fmt: skip

    around = FormPage(
        title="Uncertain amount",
        crumbs=crumbs(contract),
        act="Save estimate",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Saved the estimate. The next run catches up.",
        lead="A bonus, a penalty or a rebate, and how much of it counts.",
    )
    return form_page(request, Form(tuple(fields), {"from_day": today()}), run, around)
