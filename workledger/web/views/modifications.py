"""Modifications of contracts: three questions decide what they are, their effect is shown before they are recorded."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from workledger.contracts import queries as contracts
from workledger.contracts.queries import ContractPage
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.revenue import actions, queries
from workledger.revenue.calc.modification import Rest
from workledger.revenue.calc.timeline import Method, Treatment
from workledger.revenue.inputs import ChangeInput, DecisionInput, ModificationInput, ObligationInput
from workledger.revenue.models import ContractModification
from workledger.revenue.obligations import NOT_HERE
from workledger.revenue.queries import ModificationRow, ObligationTerms
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, Run, form_page
from workledger.web.views.contract_revenue import METHODS, NumberedForm, crumbs
from workledger.web.views.dates import after

_P = Permission
_ZERO = Decimal(0)
_TREATMENTS = (
    (Treatment.PROSPECTIVE.value, "Distinct: prospectively"),
    (Treatment.CATCH_UP.value, "Not distinct: catch-up"),
)
_RESTS = (
    (Rest.DISTINCT.value, "Yes: it could stand alone"),
    (Rest.NOT_DISTINCT.value, "No: it is part of the same work"),
    (Rest.SOME.value, "Some of it"),
)
_QUESTIONS = (
    Field("adds_distinct", "It adds work that the client could use by itself", "check", section="What it is"),
    Field("at_stand_alone_price", "The added work costs what it would cost alone", "check"),
    Field("rest", "Is what remains distinct from what was done?", "choice", options=_RESTS, required=True),
)


@page(_P.MANAGE_REVENUE)
def modify(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Record a modification: three questions decide what it is, its effect is shown before it is recorded."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    held = queries.obligation_terms(request.actor, contract_id)
    form = NumberedForm(
        _modification_fields(contract, held), {"from_day": today(), "rest": Rest.NOT_DISTINCT.value}
    )
    around = FormPage(
        title="Modification",
        crumbs=crumbs(contract),
        act="Record",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Recorded the modification. The next run posts what it recognizes.",
        lead="A change of scope, price or both. Three questions decide how revenue follows.",
    )

    def act(values: Mapping[str, Any], options: Options) -> object:
        form.places = [place for place, one in enumerate(held) if _is_changed(values, place, one)]
        return actions.modify_contract.using(options)(
            actor=request.actor, contract_id=contract_id, modification=_modification(values, held)
        )

    return _previewed(request, form, act, around, contract)


def _previewed(
    request: ActingRequest,
    form: NumberedForm,
    act: Run,
    around: FormPage,
    contract: ContractPage,
    **more: Any,
) -> HttpResponse:
    """Show a form, then the effect of what was said, and record it once that was seen."""
    context: dict[str, Any] = {
        "form": form, "around": around, "cancel": around.crumbs[-1][1], "currency": contract.currency, **more,
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "web/revenue/modify.html", context)
    is_preview = request.POST.get("do") != "record"

    def run(values: Mapping[str, Any], options: Options) -> object:
        return act(values, Options(options.idempotency_key, is_preview or options.dry_run, options.confirmed))

    is_done, result = form.submit(request, run)
    if is_done and not is_preview:
        messages.success(request, str(around.said))
        return redirect(str(around.done))
    context["preview"] = result if is_done else None
    return render(request, "web/revenue/modify.html", context, status=200 if is_done else 422)


@page(_P.MANAGE_REVENUE)
def decide(request: ActingRequest, contract_id: int, modification_id: int) -> HttpResponse:
    """Say what a change of a contract is: its amounts stand there already, its effect is shown before it is recorded."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    row = _waiting(request, contract_id, modification_id)
    form = NumberedForm(_decision_fields(contract, row), _stated(row))

    def act(values: Mapping[str, Any], options: Options) -> object:
        form.places = list(range(len(row.changes)))
        return actions.decide_modification.using(options)(
            actor=request.actor, modification_id=row.id, decision=_decision(values, row)
        )

    added = ", ".join(f"{name} ({formats.money(price, row.currency)})" for name, price in row.added)
    around = FormPage(
        title=f"{row.order or 'Change'}: {row.title}" if row.order else row.title,
        crumbs=crumbs(contract),
        act="Record",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Recorded the modification. The next run posts what it catches up.",
        lead="What is this change for revenue? Its amounts are filled in."
        + (f" It adds {added}; that has an obligation of its own already." if added else ""),
    )
    return _previewed(request, form, act, around, contract, waiting=row)


@page(_P.MANAGE_REVENUE)
def dismiss(request: ActingRequest, contract_id: int, modification_id: int) -> HttpResponse:
    """Say that a change of a contract changes no revenue, with the reason."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    row = _waiting(request, contract_id, modification_id)

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.dismiss_modification.using(options)(
            actor=request.actor, modification_id=row.id, reason=values["reason"]
        )

    around = FormPage(
        title="No change of revenue",
        crumbs=crumbs(contract),
        act="Leave revenue as it is",
        done=reverse("contract-revenue", args=[contract_id]),
        said="Its obligations stay as they are.",
        lead=f"{row.order} {row.title}".strip(),
    )
    return form_page(request, Form((Field("reason", "Why", required=True),)), run, around)


def _waiting(request: ActingRequest, contract_id: int, modification_id: int) -> ModificationRow:
    found = queries.modifications_waiting(
        request.actor, contract_id=contract_id, modification_id=modification_id
    )
    if not found:
        raise locks.not_found(ContractModification)
    return found[0]


def _decision_fields(contract: ContractPage, row: ModificationRow) -> tuple[Field, ...]:
    fields = [*_QUESTIONS, Field("from_day", "From", "date", required=True, section="When")]
    for place, one in enumerate(row.changes):
        fields += _change_fields(contract, place, one.name, one.price_before)
    fields.append(
        Field("reason", "Why", section="Note", help="Behind the number of the order, where there is one.")
    )
    return tuple(fields)


def _stated(row: ModificationRow) -> dict[str, Any]:
    initial: dict[str, Any] = {"from_day": row.from_day or today(), "rest": Rest.NOT_DISTINCT.value}
    for place, one in enumerate(row.changes):
        initial |= {
            f"price_{place}": one.price_after,
            f"end_{place}": one.last_day_after if one.last_day_after != one.last_day_before else None,
            f"total_{place}": one.total_after if one.total_after != one.total_before else None,
        }
    return initial


def _decision(values: Mapping[str, Any], row: ModificationRow) -> DecisionInput:
    return DecisionInput(
        adds_distinct=values["adds_distinct"],
        at_stand_alone_price=values["at_stand_alone_price"],
        rest=Rest(values["rest"] or Rest.NOT_DISTINCT),
        from_day=values["from_day"],
        changes=tuple(_change(values, place, one.obligation_id) for place, one in enumerate(row.changes)),
        reason=values["reason"],
    )


def _modification_fields(contract: ContractPage, held: Sequence[ObligationTerms]) -> tuple[Field, ...]:
    fields = [
        Field("from_day", "From", "date", required=True, section="What happened"),
        Field("reason", "Why", required=True, help="Such as the number of the change order."),
        *_QUESTIONS,
    ]
    for place, one in enumerate(held):
        if one.completed_on is None:
            fields += _change_fields(contract, place, one.name, one.price)
    lines = tuple((line.id, line.name) for line in contract.lines if line.revenue_method not in NOT_HERE)
    fields += [
        Field("added_name", "Name", section="Added work", help="Leave it empty if nothing is added."),
        Field("added_line", "Contract line", "id", options=lines, row="added"),
        Field("added_method", "Recognized", "choice", options=METHODS, row="added"),
        Field("added_price", "Price", "number", unit=contract.currency, row="added"),
        Field(
            "added_total",
            "In all",
            "number",
            places=4,
            row="added_more",
            help="Units or worth of milestones.",
        ),
        Field("added_end", "Last day", "date", row="added_more"),
    ]
    return tuple(fields)


def _change_fields(contract: ContractPage, place: int, name: str, price: Decimal) -> list[Field]:
    now = formats.money(price, contract.currency)
    return [
        Field(
            f"price_{place}", "New price in all", "number", unit=contract.currency, section=name,
            help=f"Now {now}. Empty leaves it.", row=f"price_{place}",
        ),
        Field(
            f"past_{place}", "For work already done", "number", unit=contract.currency, row=f"price_{place}",
            help="Within the change, recognized at once; negative is a credit.",
        ),
        Field(f"end_{place}", "New last day", "date", row=f"more_{place}"),
        Field(f"total_{place}", "New total", "number", places=4, row=f"more_{place}"),
        Field(
            f"treatment_{place}", "What remains of it", "choice", options=_TREATMENTS, empty="as answered above",
            row=f"more_{place}",
        ),
    ]  # fmt: skip


def _is_changed(values: Mapping[str, Any], place: int, one: ObligationTerms) -> bool:
    if one.completed_on is not None:
        return False
    return any(values[f"{name}_{place}"] not in (None, _ZERO) for name in ("price", "past", "end", "total"))


def _modification(values: Mapping[str, Any], held: Sequence[ObligationTerms]) -> ModificationInput:
    changes = [
        _change(values, place, one.id) for place, one in enumerate(held) if _is_changed(values, place, one)
    ]
    return ModificationInput(
        from_day=values["from_day"],
        adds_distinct=values["adds_distinct"],
        at_stand_alone_price=values["at_stand_alone_price"],
        rest=Rest(values["rest"] or Rest.NOT_DISTINCT),
        changes=tuple(changes),
        added=_added(values),
        reason=values["reason"],
    )


def _change(values: Mapping[str, Any], place: int, obligation_id: int) -> ChangeInput:
    return ChangeInput(
        obligation_id=obligation_id,
        price=values[f"price_{place}"],
        end=after(values[f"end_{place}"]),
        total=values[f"total_{place}"],
        past=values[f"past_{place}"] or _ZERO,
        treatment=Treatment(values[f"treatment_{place}"]) if values[f"treatment_{place}"] else None,
    )


def _added(values: Mapping[str, Any]) -> tuple[ObligationInput, ...]:
    if not values["added_name"].strip():
        return ()
    line_id = values["added_line"]
    return (
        ObligationInput(
            name=values["added_name"],
            line_ids=(line_id,) if line_id else (),
            method=Method(values["added_method"] or Method.STRAIGHT_LINE),
            price=values["added_price"],
            total=values["added_total"],
            end=after(values["added_end"]),
        ),
    )
