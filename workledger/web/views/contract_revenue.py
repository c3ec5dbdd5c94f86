"""A contract's revenue: its obligations and why they earned what they did, setting them, and modifications."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.contracts import queries as contracts
from workledger.contracts.models import RevenueMethod
from workledger.contracts.queries import ContractPage
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Problem, Refused
from workledger.revenue import actions, queries
from workledger.revenue.calc.allocation import Basis
from workledger.revenue.calc.timeline import Grain, Method
from workledger.revenue.inputs import ObligationInput
from workledger.revenue.models import PerformanceObligation
from workledger.revenue.obligations import NOT_HERE
from workledger.revenue.queries import ObligationTerms
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.views.contracts import TONES
from workledger.web.views.dates import after

_P = Permission
_ZERO = Decimal(0)
METHODS = tuple((method.value, RevenueMethod(method.value).label) for method in Method)
_BASES = tuple((basis.value, basis.label) for basis in Basis)


@page(_P.VIEW_REVENUE)
@require_GET
def show(request: ActingRequest, contract_id: int) -> HttpResponse:
    """One contract's obligations: price, progress, what is earned and posted, and when the rest is expected."""
    try:
        as_of = parse_date(request.GET.get("as_of", ""), today=today()) or today()
    except NotUnderstood:
        as_of = today()
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    found = queries.contract_revenue(request.actor, contract_id, as_of)
    context = {
        "contract": contract,
        "revenue": found,
        "modifications": queries.modifications_waiting(request.actor, contract_id=contract_id),
        "as_of": as_of,
        "sees_revenue": True,
        "tone": TONES[contract.state],
        "may_manage": request.actor.can(_P.MANAGE_REVENUE),
        "may_tell": request.actor.can(_P.MANAGE_PROJECTS),
        "all_as_invoiced": not found.obligations
        and all(line.revenue_method in NOT_HERE for line in contract.lines),
    }
    return render(request, "web/revenue/contract.html", context)


@page(_P.VIEW_REVENUE)
@require_GET
def why(request: ActingRequest, contract_id: int, obligation_id: int) -> HttpResponse:
    """Why an obligation's revenue through a day is what it is."""
    try:
        day = parse_date(request.GET.get("day", ""), today=today()) or today()
    except NotUnderstood as error:
        raise Refused.because("day_not_understood", str(error), "day") from None
    found = queries.why_revenue(request.actor, obligation_id, day)
    if found.contract_id != contract_id:
        raise locks.not_found(PerformanceObligation)
    trail = {
        "title": "Why this amount?",
        "value": formats.money(found.amount, found.currency),
        "sentence": found.problem or f"{found.obligation}, {found.contract}: earned through {formats.day(day)}.",
        "formula": [
            {"label": "Part of the price", "value": formats.money(found.price, found.currency)},
            {"label": "Earned to date", "value": formats.money(found.amount, found.currency)},
            {
                "sign": "=", "label": "Still to be earned",
                "value": formats.money(found.price - found.amount, found.currency),
            },
        ],
        "steps": [{"what": step.name, "why": step.said, "result": "", "state": ""} for step in found.steps],
        "more_url": reverse("contract-revenue", args=[contract_id]),
        "more_label": "The contract's revenue",
        "basis": found.source,
    }  # fmt: skip
    htmx = getattr(request, "htmx", None)
    template = "web/partials/trail.html" if htmx else "web/trail.html"
    return render(request, template, {"trail": trail})


def crumbs(contract: ContractPage) -> tuple[tuple[str, str], ...]:
    """The way to a contract's revenue."""
    return (
        ("Contracts", reverse("contracts")),
        (contract.name, reverse("contract", args=[contract.id])),
        ("Revenue", reverse("contract-revenue", args=[contract.id])),
    )


def obligation(request: ActingRequest, contract_id: int, obligation_id: int) -> ObligationTerms:
    """One obligation of a contract with its terms of now. Raises NotFound."""
    for found in queries.obligation_terms(request.actor, contract_id):
        if found.id == obligation_id:
            return found
    raise locks.not_found(PerformanceObligation)


# --- setting obligations ------------------------------------------------------------------------------------


@page(_P.MANAGE_REVENUE)
def set_obligations(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Say which promises a contract holds; one more stands at the end to be filled in."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    held = queries.obligation_terms(request.actor, contract_id)
    count = len(held) + 1
    fields = [
        Field(
            "price", "Price of all", "number", unit=contract.currency, section="Price",
            help="Empty takes what the contract lines come to.",
        )
    ]  # fmt: skip
    for place in range(count):
        fields += _obligation_fields(contract, place, is_new=place == count - 1)
    initial: dict[str, Any] = {}
    for place, one in enumerate(held):
        initial |= _initial(place, one)

    form = NumberedForm(tuple(fields), initial)

    def run(values: Mapping[str, Any], options: Options) -> object:
        form.places = [place for place in range(count) if values[f"name_{place}"].strip()]
        wanted = [_input(values, place) for place in form.places]
        return actions.set_obligations.using(options)(
            actor=request.actor, contract_id=contract_id, obligations=wanted, price=values["price"]
        )

    around = FormPage(
        title="Obligations",
        crumbs=crumbs(contract),
        act="Allocate the price",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Divided the price over the obligations.",
        lead="The promises of this contract. Name several lines to bundle them, one line more than once to split it."
        " Empty a name to take an obligation out.",
    )
    return form_page(request, form, run, around)


class NumberedForm(Form):
    """A form whose fields carry a number, as the act's problems do: 'obligations.0.name' belongs to `name_0`.

    `places` are the numbers of what was sent, in order: what stands empty is not.
    """

    places: Sequence[int] = ()

    def _take(self, problems: Iterable[Problem]) -> None:
        super()._take(map(self._placed, problems))

    def _placed(self, problem: Problem) -> Problem:
        group, _, rest = problem.field.partition(".")
        number, _, name = rest.partition(".")
        if group not in ("obligations", "changes") or not number.isdigit() or int(number) >= len(self.places):
            return problem
        return replace(problem, field=f"{name}_{self.places[int(number)]}")


def _obligation_fields(contract: ContractPage, place: int, *, is_new: bool) -> list[Field]:
    lines = tuple((str(line.id), line.name) for line in contract.lines if line.revenue_method not in NOT_HERE)
    section = "Another obligation" if is_new else f"Obligation {place + 1}"
    return [
        Field(f"name_{place}", "Name", section=section),
        Field(f"line_ids_{place}", "Contract lines", "many", options=lines),
        Field(f"method_{place}", "Recognized", "choice", options=METHODS, row=f"how_{place}"),
        Field(
            f"total_{place}", "In all", "number", row=f"how_{place}", places=4,
            help="Units, or the worth of milestones.",
        ),
        Field(f"basis_{place}", "Price alone", "choice", options=_BASES, row=f"alone_{place}"),
        Field(f"basis_amount_{place}", "Amount", "number", unit=contract.currency, row=f"alone_{place}"),
        Field(
            f"basis_percent_{place}", "Margin or adjustment", "number", unit="%", places=4, row=f"alone_{place}"
        ),
        Field(f"start_{place}", "First day", "date", row=f"days_{place}"),
        Field(f"end_{place}", "Last day", "date", row=f"days_{place}"),
        Field(
            f"by_month_{place}", "Every calendar month is worth the same", "check",
            help="Straight line counts days otherwise.",
        ),
    ]  # fmt: skip


def _initial(place: int, one: ObligationTerms) -> dict[str, Any]:
    return {
        f"name_{place}": one.name,
        f"line_ids_{place}": one.line_ids,
        f"method_{place}": one.method,
        f"total_{place}": one.total,
        f"basis_{place}": one.basis,
        f"basis_amount_{place}": one.basis_amount,
        f"basis_percent_{place}": one.basis_percent or None,
        f"start_{place}": one.start,
        f"end_{place}": one.last_day,
        f"by_month_{place}": one.grain == Grain.MONTHS,
    }


def _input(values: Mapping[str, Any], place: int) -> ObligationInput:
    return ObligationInput(
        name=values[f"name_{place}"],
        line_ids=tuple(int(pk) for pk in values[f"line_ids_{place}"] if pk.isdigit()),
        method=Method(values[f"method_{place}"] or Method.STRAIGHT_LINE),
        grain=Grain.MONTHS if values[f"by_month_{place}"] else Grain.DAYS,
        basis=Basis(values[f"basis_{place}"] or Basis.OBSERVABLE),
        basis_amount=values[f"basis_amount_{place}"],
        basis_percent=values[f"basis_percent_{place}"] or _ZERO,
        start=values[f"start_{place}"],
        end=after(values[f"end_{place}"]),
        total=values[f"total_{place}"],
    )
