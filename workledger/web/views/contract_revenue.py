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
from workledger.revenue.inputs import BelongingInput, FinancingInput, ObligationInput, OptionInput
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
_ASKED_AS = {
    "option.purchase": "purchase",
    "option.discount_percent": "discount",
    "option.usual_percent": "usual",
    "option.likely_percent": "likely",
    "financing.payments": "payments",
    "financing.annual_percent": "annual",
    "financing.reason": "financed",
}
"""What the act calls parts of an obligation, and how the form asks for them."""
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
    lines = [line for line in contract.lines if line.revenue_method not in NOT_HERE]
    count = max(len(held), len(lines)) + 1
    fields = [
        Field(
            "price", "Price of all", "number", unit=contract.currency, section="Price",
            help="Empty takes what the contract lines come to.",
        )
    ]  # fmt: skip
    for place in range(count):
        fields += _obligation_fields(contract, place, is_new=place == count - 1)
    fields.append(_belonging_field(contract))
    discounts = queries.partial_discounts(request.actor, contract_id)
    initial: dict[str, Any] = {"belonging": [each._asdict() for each in discounts]}
    for place, one in enumerate(held):
        initial |= _initial(place, one)

    form = NumberedForm(tuple(fields), initial)

    def run(values: Mapping[str, Any], options: Options) -> object:
        form.places = [place for place in range(count) if values[f"name_{place}"].strip()]
        wanted = [_input(values, place) for place in form.places]
        return actions.set_obligations.using(options)(
            actor=request.actor, contract_id=contract_id, obligations=wanted, price=values["price"],
            belonging=tuple(_belonging(row) for row in values["belonging"]),
        )  # fmt: skip

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
        asked = _ASKED_AS.get(name, name)
        return replace(problem, field=f"{asked}_{self.places[int(number)]}")


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
        *_more_fields(contract, place, section),
    ]  # fmt: skip


def _more_fields(contract: ContractPage, place: int, of: str) -> list[Field]:
    """What few obligations need: when the rest is expected, an option on later work, financing."""
    money = contract.currency
    return [
        Field(
            f"expected_end_{place}", "Expected to be done by", "date", section=f"{of}: timing, option, financing",
            folds=True, about="When the rest is expected, a right that expires, payments more than a year from the work",
            help="For when the rest is expected to be earned. Empty: the contract's end.",
        ),
        Field(
            f"expires_{place}", "Last day to use it", "date", row=f"right_{place}",
            help="Of a right that the client may leave unused. Then all of it is earned.",
        ),
        Field(
            f"purchase_{place}", "Option on work of", "number", unit=money, row=f"right_{place}",
            help="A discount on later work that others do not get.",
        ),
        Field(f"discount_{place}", "Its discount", "number", unit="%", places=4, row=f"option_{place}"),
        Field(f"usual_{place}", "Anybody's discount", "number", unit="%", places=4, row=f"option_{place}"),
        Field(f"likely_{place}", "Likely to be used", "number", unit="%", places=4, row=f"option_{place}"),
        Field(f"transfer_{place}", "Financing: done on", "date", row=f"finance_{place}",
              help="Only where payment and work lie more than a year apart."),
        Field(f"annual_{place}", "Interest a year", "number", unit="%", places=4, row=f"finance_{place}"),
        Field(f"financed_{place}", "Where the rate is from", row=f"finance_{place}"),
        Field(
            f"payments_{place}", "The client pays", "rows", noun="Payment",
            columns=(Field("day", "On", "date"), Field("amount", "Amount", "number", unit=money)),
        ),
    ]  # fmt: skip


def _belonging_field(contract: ContractPage) -> Field:
    return Field(
        "belonging", "Discounts of some alone", "rows", noun="Discount", section="Discounts", folds=True,
        about="Where a discount belongs to some obligations, not to all",
        help="A discount is negative. Name obligations as above, with commas between.",
        columns=(
            Field("amount", "Amount", "number", unit=contract.currency),
            Field("names", "Obligations"),
            Field("reason", "Why"),
        ),
    )  # fmt: skip


def _belonging(row: Mapping[str, Any]) -> BelongingInput:
    names = tuple(name.strip() for name in str(row.get("names", "")).split(",") if name.strip())
    return BelongingInput(amount=row.get("amount") or _ZERO, names=names, reason=row.get("reason", ""))


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
        f"expected_end_{place}": one.expected_last_day,
        f"expires_{place}": one.last_day_to_use,
        f"transfer_{place}": one.transfer,
        f"annual_{place}": one.annual_percent,
        f"financed_{place}": one.financing_reason,
        f"payments_{place}": [{"day": day, "amount": amount} for day, amount in one.payments],
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
        expected_end=after(values[f"expected_end_{place}"]),
        expires=after(values[f"expires_{place}"]),
        option=_option(values, place),
        financing=_financing(values, place),
    )


def _option(values: Mapping[str, Any], place: int) -> OptionInput | None:
    if values[f"purchase_{place}"] is None:
        return None
    likely = values[f"likely_{place}"]
    return OptionInput(
        purchase=values[f"purchase_{place}"],
        discount_percent=values[f"discount_{place}"] or _ZERO,
        usual_percent=values[f"usual_{place}"] or _ZERO,
        likely_percent=Decimal(100) if likely is None else likely,
    )


def _financing(values: Mapping[str, Any], place: int) -> FinancingInput | None:
    transfer = values[f"transfer_{place}"]
    if transfer is None:
        return None
    payments = [
        (row.get("day") or transfer, row.get("amount") or _ZERO) for row in values[f"payments_{place}"]
    ]
    return FinancingInput(
        transfer=transfer, annual_percent=values[f"annual_{place}"] or _ZERO, payments=tuple(payments),
        reason=values[f"financed_{place}"],
    )  # fmt: skip
