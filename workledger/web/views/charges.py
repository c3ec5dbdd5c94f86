"""What a contract charges beside time, on its page: acts that charge, charges taken back, statements."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing import contract_queries, statements
from workledger.billing.actions import charges
from workledger.billing.calc.fees import ChargeKind
from workledger.contracts import queries
from workledger.contracts.models import BillingModel
from workledger.contracts.queries import ContractPage
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.views.dates import after

_P = Permission
_WITH_STATEMENT = (BillingModel.RETAINER, BillingModel.PREPAID)
_ON = Field("on", "On", "date", required=True)
_WORDS: Mapping[ChargeKind, tuple[str, Permission, tuple[Field, ...]]] = {
    ChargeKind.INSTALMENT: ("Charge", _P.PREPARE_BILLING, (_ON,)),
    ChargeKind.UNITS: (
        "Record", _P.MANAGE_PROJECTS,
        (
            Field("start", "First day", "date", required=True, row="days"),
            Field("last", "Last day", "date", required=True, row="days"),
            Field("quantity", "Quantity", "number", required=True, places=4),
        ),
    ),
    ChargeKind.PROGRESS: (
        "Record", _P.MANAGE_PROJECTS,
        (
            _ON,
            Field("percent", "Progress", "number", unit="%", help="Empty measures hours worked against the budget."),
            Field("evidence", "Evidence", "lines"),
        ),
    ),
    ChargeKind.RETAINAGE: (
        "Release", _P.PREPARE_BILLING,
        (_ON, Field("amount", "Amount", "number", help="Empty releases all that is retained.")),
    ),
    ChargeKind.BLOCK: ("Sell", _P.PREPARE_BILLING, (_ON,)),
}  # fmt: skip


def charging(request: ActingRequest, found: ContractPage) -> dict[str, Any]:
    """Return what the contract's page shows of charges, nothing to those who may not see billing."""
    if not request.actor.can(_P.VIEW_BILLING):
        return {}
    rows = []
    for row in statements.to_charge(request.actor, found.id):
        if row.kind is ChargeKind.MILESTONE:  # it stands among the milestones, with its acceptance
            continue
        word, needs, _ = _WORDS[row.kind]
        href = reverse("charge", args=[found.id, row.line_id, row.kind.value, max(row.place, 0)])
        rows.append((row, href if request.actor.can(needs) and found.state == "active" else "", word))
    return {
        "to_charge": rows,
        "charges": statements.charges(request.actor, found.id),
        "with_statement": {line.id for line in found.lines if line.model in _WITH_STATEMENT},
        "may_bill": request.actor.can(_P.PREPARE_BILLING),
        "down_payments": contract_queries.down_payments(request.actor, found.id),
    }


@page(_P.VIEW_BILLING)
def charge(request: ActingRequest, contract_id: int, line_id: int, kind: str, place: int) -> HttpResponse:
    """Charge something by an act: its form, and what it does."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    line = queries.line_of(found, line_id)
    which = next((each for each in _WORDS if each.value == kind), None)
    if which is None:
        raise Http404
    word, _, fields = _WORDS[which]
    known = (row for row in statements.to_charge(request.actor, contract_id) if row.line_id == line_id)
    part = next((row for row in known if row.kind is which and max(row.place, 0) == place), None)
    amount = f": {formats.money(part.amount, part.currency)}" if part and part.amount is not None else ""
    around = FormPage(
        title=f"{word} {part.what.lower() if part and part.place < 0 else part.what if part else line.name}",
        crumbs=(("Contracts", reverse("contracts")), (found.name, reverse("contract", args=[found.id]))),
        act=word,
        done=reverse("contract", args=[found.id]),
        said="Charged. It is billed with the next run.",
        lead=f"{line.name}{amount}",
    )

    def run(values: Mapping[str, Any], options: Options) -> object:
        return _ACTS[which](request, line_id, place, values, options)

    shown = {"on": today(), "start": today().replace(day=1), "last": today()}
    return form_page(request, Form(fields, shown), run, around)


def _instalment(
    request: ActingRequest, line_id: int, place: int, values: Mapping[str, Any], options: Options
) -> object:
    return charges.charge_instalment.using(options)(
        actor=request.actor, line_id=line_id, place=place, on=values["on"]
    )


def _units(
    request: ActingRequest, line_id: int, _place: int, values: Mapping[str, Any], options: Options
) -> object:
    return charges.record_units.using(options)(
        actor=request.actor, line_id=line_id, start=values["start"], end=after(values["last"]) or values["start"],
        quantity=values["quantity"],
    )  # fmt: skip


def _progress(
    request: ActingRequest, line_id: int, _place: int, values: Mapping[str, Any], options: Options
) -> object:
    return charges.record_progress.using(options)(
        actor=request.actor,
        line_id=line_id,
        on=values["on"],
        percent=values["percent"],
        evidence=values["evidence"],
    )


def _retainage(
    request: ActingRequest, line_id: int, _place: int, values: Mapping[str, Any], options: Options
) -> object:
    return charges.release_retainage.using(options)(
        actor=request.actor, line_id=line_id, on=values["on"], amount=values["amount"]
    )


def _block(
    request: ActingRequest, line_id: int, _place: int, values: Mapping[str, Any], options: Options
) -> object:
    return charges.buy_block.using(options)(actor=request.actor, line_id=line_id, on=values["on"])


_Act = Callable[[ActingRequest, int, int, Mapping[str, Any], Options], object]
_ACTS: Mapping[ChargeKind, _Act] = {
    ChargeKind.INSTALMENT: _instalment,
    ChargeKind.UNITS: _units,
    ChargeKind.PROGRESS: _progress,
    ChargeKind.RETAINAGE: _retainage,
    ChargeKind.BLOCK: _block,
}


@page(_P.PREPARE_BILLING)
def withdraw(request: ActingRequest, contract_id: int, charge_id: int) -> HttpResponse:
    """Take a charge back that is on no bill."""
    found = queries.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> None:
        charges.withdraw_charge.using(options)(
            actor=request.actor, charge_id=charge_id, reason=values["reason"], on=today()
        )

    around = FormPage(
        title="Take the charge back",
        crumbs=(("Contracts", reverse("contracts")), (found.name, reverse("contract", args=[found.id]))),
        act="Take back",
        done=reverse("contract", args=[found.id]),
        said="Took the charge back.",
        lead="What falls due by itself is charged again by the next bill run; a milestone is open again.",
    )
    return form_page(request, Form((Field("reason", "Why", required=True),)), run, around)


@page(_P.VIEW_BILLING)
@require_GET
def statement(request: ActingRequest, contract_id: int, line_id: int) -> HttpResponse:
    """What a retainer or prepaid line included, and what was used of it."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    queries.line_of(found, line_id)
    try:
        through = parse_date(request.GET.get("through", ""), today=today()) or today()
    except NotUnderstood:
        through = today()
    shown = statements.statement(request.actor, line_id, through)
    context = {
        "contract": found, "statement": shown, "through": through,
        "unit": shown.currency if shown.is_money else "hours",
    }  # fmt: skip
    return render(request, "web/contracts/statement.html", context)
