"""Change orders: the list, one with its changes before and after, the forms that compose it, and the client's answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.contracts import actions, amendments, queries
from workledger.contracts.amendments import OrderPage
from workledger.contracts.calc import orders
from workledger.contracts.files import ORDER_FILES
from workledger.contracts.inputs import OrderInput
from workledger.contracts.models import OrderState, TaskType
from workledger.contracts.queries import ContractPage, LineRow
from workledger.contracts.versions import agreement
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory import queries as directory
from workledger.kernel.quantity import seconds_of
from workledger.web import attachments, formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, UploadForm, form_page
from workledger.web.line_cards import card_groups
from workledger.web.line_fields import initial, line_fields
from workledger.web.paging import cut
from workledger.web.views.amending import TONES
from workledger.web.views.caps import cap_fields, cap_of, cap_shown
from workledger.web.views.contract_lines import choices_of, line_input, model_of, shown_line
from workledger.web.views.expense_parts import trail_answer

_P = Permission
EVENT_MARKS = {
    "approved": ("check", "good"), "accepted": ("check", "good"), "applied": ("check-check", "good"),
    "declined": ("x", "warn"), "returned": ("undo-2", "warn"), "voided": ("triangle-alert", "warn"),
    "sent": ("send", "accent"),
}  # fmt: skip


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Change orders, newest first: of every contract, or of one's own firm for a contact of a client."""
    state = request.GET.get("state", "")
    rows = amendments.orders_of(request.actor, state=state if state in OrderState.values else "")
    found = cut(rows, request.GET.get("cursor", ""))
    context = {
        "cut": found,
        "rows": [(row, TONES[row.state]) for row in found],
        "states": OrderState.choices,
        "state": state,
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
    }
    return render(request, "web/contracts/change_orders.html", context)


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def show(request: ActingRequest, order_id: int) -> HttpResponse:
    """One change order: what changes, what it comes to, what it releases, what happened to it."""
    return _shown(request, amendments.order_page(request.actor, order_id))


def _shown(request: ActingRequest, found: OrderPage, refused: Refused | None = None) -> HttpResponse:
    row = found.row
    may_change = request.actor.can(_P.MANAGE_CONTRACTS)
    context = {
        "order": found,
        "row": row,
        "tone": TONES[row.state],
        "effects": list(enumerate(found.effects)),
        "layers": len({each.layer for each in found.effects if each.seconds or each.amount}),
        "events": [(each, *EVENT_MARKS.get(each.kind.value, ("", ""))) for each in found.events],
        "released": sum((each.over_cap_before - each.over_cap_after for each in found.releases), Decimal(0)),
        "billable_change": sum(
            (each.billable_after - each.billable_before for each in found.releases), Decimal(0)
        ),
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
        "may_change": may_change,
        "is_open": row.state in (OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SENT),
        "may_compose": may_change and row.state == OrderState.DRAFT,
        "may_approve": request.actor.can(_P.APPROVE_ORDERS) and row.state == OrderState.IN_REVIEW,
        "answers": request.actor.can(_P.ANSWER_AS_CLIENT) and not request.actor.can(_P.VIEW_CONTRACTS),
        "is_due": row.effective_from <= today(),
        "lines": _changeable(request, found) if may_change and row.state == OrderState.DRAFT else [],
        "problems": refused.problems if refused else (),
    }
    return render(request, "web/contracts/change_order.html", context, status=422 if refused else 200)


def _changeable(request: ActingRequest, found: OrderPage) -> list[LineRow]:
    """Return the lines that the order does not change yet."""
    taken = {
        change.get("line_id") for change in found.changes if change["kind"] in ("change_line", "end_line")
    }
    contract = queries.contract_page(request.actor, found.row.contract_id, today=today())
    return [line for line in contract.lines if line.id not in taken]


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def total(request: ActingRequest, order_id: int, what: str) -> HttpResponse:
    """What a figure of an order is made of: its hours, its money, its part of the scope."""
    found = amendments.order_page(request.actor, order_id)
    if what not in ("hours", "money", "scope"):
        raise Http404
    return trail_answer(request, _trail(found, what))


def _trail(found: OrderPage, what: str) -> dict[str, Any]:
    row = found.row
    is_hours = what == "hours"
    rows = [
        {
            "name": effect.title,
            "value": _figure(effect.seconds if is_hours else effect.amount, row.currency, is_hours),
        }
        for effect in found.effects
    ]
    whole = _figure(row.seconds if is_hours else row.amount, row.currency, is_hours)
    about = {
        "title": f"{row.label} {row.title}", "rows": rows, "rows_label": "By change",
        "more_url": reverse("change_order", args=[row.id]), "more_label": "The change order",
        "basis": "Budgets of lines, projects and tasks are views of the same work: the one that moves most counts.",
    }  # fmt: skip
    if what != "scope":
        said = "hours" if is_hours else "money"
        return about | {"value": whole, "sentence": f"What the order adds to the contract in {said}."}
    scope = [
        ("Hours moved", formats.hours(row.seconds), "Hours of the contract", formats.hours(found.scope_seconds)),
        (
            "Money moved", formats.money(row.amount, row.currency), "Value of the contract",
            formats.money(found.scope_amount, row.currency),
        ),
    ]  # fmt: skip
    formula = [
        {"sign": sign, "label": label, "value": value or "not said"}
        for moved, value_moved, of, value_of in scope
        for sign, label, value in (("", moved, value_moved), ("÷", of, value_of))
    ]
    value = f"{formats.number(row.percent, 2)} %" if row.percent is not None else "No scope"
    said = "The part of the contract's scope that moves: of its hours or its money, whichever is more."
    return about | {"value": value, "sentence": said, "formula": formula}


def _figure(value: int | Decimal | None, currency: str, is_hours: bool) -> str:
    if value is None:
        return "not said"
    return f"{formats.hours(value)} h" if is_hours else formats.money(value, currency)


# --- drafting -----------------------------------------------------------------------------------------------

_HEAD = (
    Field(
        "title", "Title", required=True, help="What the client reads first, such as 'Two more report types'."
    ),
    Field("effective_from", "Holds from", "date", required=True),
    Field("reason", "Reason", "lines", help="Why the scope changes. The client reads it."),
)


@page(_P.MANAGE_CONTRACTS)
def new(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Draft a change order; its changes are added on its page."""
    found = queries.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> int:
        given = OrderInput(
            title=values["title"],
            reason=values["reason"],
            effective_from=values["effective_from"],
            changes=[],
        )
        return actions.draft_order.using(options)(
            actor=request.actor, contract_id=contract_id, order=given, on=today()
        )

    around = FormPage(
        title="New change order",
        crumbs=(("Contracts", reverse("contracts")), (found.name, reverse("contract", args=[found.id]))),
        act="Draft order",
        done=lambda order_id: reverse("change_order", args=[order_id]),
        said="Drafted. Add what changes.",
        lead="On the next page you add the changes, each with its effect.",
    )
    return form_page(request, Form(_HEAD, {"effective_from": max(today(), found.start)}), run, around)


@page(_P.MANAGE_CONTRACTS)
def change(request: ActingRequest, order_id: int) -> HttpResponse:
    """Change an order's title, reason and day."""
    found = amendments.order_page(request.actor, order_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        _revise(request, found, found.changes, options, **values)

    shown = {"title": found.row.title, "effective_from": found.row.effective_from, "reason": found.reason}
    around = _around(found, "Change the order", "Save", "Saved the order.")
    return form_page(request, Form(_HEAD, shown), run, around)


def _revise(
    request: ActingRequest, found: OrderPage, changes: list[dict[str, Any]], options: Options, **head: Any
) -> None:
    given = OrderInput(
        title=found.row.title, reason=found.reason, effective_from=found.row.effective_from, changes=changes
    )
    actions.revise_order.using(options)(
        actor=request.actor, order_id=found.row.id, order=replace(given, **head), on=today()
    )


def _around(found: OrderPage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    home = reverse("change_order", args=[found.row.id])
    crumbs = (("Change orders", reverse("change_orders")), (f"{found.row.label} {found.row.title}", home))
    return FormPage(title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead)


@page(_P.MANAGE_CONTRACTS)
def add_change(request: ActingRequest, order_id: int, kind: str) -> HttpResponse:
    """Add a change of a kind to a draft."""
    found = amendments.order_page(request.actor, order_id)
    return _change_form(request, found, len(found.changes), {"kind": kind})


@page(_P.MANAGE_CONTRACTS)
def edit_change(request: ActingRequest, order_id: int, place: int) -> HttpResponse:
    """Change a change of a draft."""
    found = amendments.order_page(request.actor, order_id)
    if not place < len(found.changes):
        raise Http404
    return _change_form(request, found, place, found.changes[place])


@page(_P.MANAGE_CONTRACTS)
@require_POST
def remove_change(request: ActingRequest, order_id: int, place: int) -> HttpResponse:
    """Take a change out of a draft."""
    found = amendments.order_page(request.actor, order_id)
    kept = [each for at, each in enumerate(found.changes) if at != place]
    _revise(request, found, kept, act_options(request))
    messages.success(request, "Took the change out.")
    return redirect("change_order", order_id)


class _ChangeForm(NamedTuple):
    """The form of one change: its title, fields, what stands in them, and the change that its values say."""

    title: str
    fields: tuple[Field, ...]
    shown: Mapping[str, Any]
    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    template: str = "web/form.html"
    context: Mapping[str, Any] = {}


def _change_form(
    request: ActingRequest, found: OrderPage, place: int, change: dict[str, Any]
) -> HttpResponse:
    contract = queries.contract_page(request.actor, found.row.contract_id, today=today())
    make = _FORMS.get(change["kind"])
    if make is None:
        raise Http404
    form = make(request, contract, change)

    def run(values: Mapping[str, Any], options: Options) -> None:
        changes = [*found.changes[:place], form.read(values), *found.changes[place + 1 :]]
        try:
            _revise(request, found, changes, options)
        except (NeedsConfirmation, Forbidden, NotFound):
            raise
        except Refused as refused:
            raise Refused(
                replace(problem, field=_field_of(problem.field, place)) for problem in refused.problems
            ) from None

    around = replace(
        _around(found, form.title, "Save the change", "Saved the change."),
        template=form.template, context=form.context,
    )  # fmt: skip
    return form_page(request, Form(form.fields, form.shown), run, around)


def _field_of(field: str, place: int) -> str:
    """Return the form's field beside which a problem of a change stands."""
    name = field.removeprefix(f"changes.{place}.")
    return {"budget_seconds": "budget_hours", "holder_id": "holder"}.get(name, name)


def _line_change(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:
    line_id = change.get("line_id") or int(request.GET.get("line", "0") or 0)
    line = queries.line_of(contract, line_id)
    agreed = agreement(contract.id).line(line_id)
    assert agreed is not None
    now = replace(
        line,
        name=change.get("name", line.name),
        document={**agreed.terms, **change.get("terms", {})},
        budget_seconds=change.get("budget_seconds", line.budget_seconds),
        budget_amount=_decimal(change.get("budget_amount", line.budget_amount)),
    )

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        given = line_input(line.model, values, now)
        return orders.changed_line(
            agreed, name=given.name, document=given.terms, budget_seconds=given.budget_seconds,
            budget_amount=given.budget_amount,
        )  # fmt: skip

    asked = line_fields(line.model, choices_of(request, contract))
    fields = tuple(each for each in asked if each.name not in ("revenue_method", "tax_code_id"))
    return _ChangeForm(f"Change {line.name}", fields, shown_line(fields, now, line.model), read)


def _line_added(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:
    model = model_of(change.get("model") or request.GET.get("model", ""))

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        given = line_input(model, values)
        said: dict[str, Any] = {
            "kind": "add_line",
            "name": given.name,
            "model": model.value,
            "terms": given.terms,
        }
        if given.revenue_method is not None:
            said["revenue_method"] = given.revenue_method.value
        if given.budget_seconds is not None:
            said["budget_seconds"] = given.budget_seconds
        if given.budget_amount is not None:
            said["budget_amount"] = str(given.budget_amount)
        return {name: _plain(value) for name, value in said.items()}

    asked = line_fields(model, choices_of(request, contract))
    fields = tuple(each for each in asked if each.name != "tax_code_id")
    shown = initial(fields, model, change.get("terms"))
    if "name" in change:
        shown |= {
            "name": change["name"],
            "budget_hours": _hours(change.get("budget_seconds")),
            "budget_amount": _decimal(change.get("budget_amount")),
            "revenue_method": change.get("revenue_method"),
        }
    cards = [] if "name" in change else [card for group in card_groups() for card in group.cards]
    context = {"model": model, "cards": cards}
    return _ChangeForm("Add a line", fields, shown, read, "web/contracts/order_line_form.html", context)


def _line_ended(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:  # noqa: ARG001 - one shape
    options = tuple((line.id, line.name) for line in contract.lines)
    help_ = "No fee falls due from the order's day on, and its tasks take no more time."
    fields = (Field("line_id", "Line", "id", required=True, options=options, help=help_),)
    return _ChangeForm(
        "End a line", fields, change, lambda values: {"kind": "end_line", "line_id": values["line_id"]}
    )


def _contract_ended(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:  # noqa: ARG001 - one shape
    fields = (Field("last_day", "Last day", "date", help="Empty leaves the end open."),)
    said = change.get("last_day") if "last_day" in change else contract.last_day
    shown = {"last_day": date.fromisoformat(said) if isinstance(said, str) else said}

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        day = values["last_day"]
        return {"kind": "end_contract", "last_day": day.isoformat() if day else None}

    return _ChangeForm("Change the contract's last day", fields, shown, read)


def _contract_capped(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:  # noqa: ARG001 - one shape
    shown = cap_shown(change.get("cap", contract.cap))

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        cap = cap_of(values)
        return {"kind": "cap_contract", "cap": None if cap is None else _plain(cap)}

    fields = cap_fields(contract.currency, "For the time of all lines together; empty is no limit.")
    return _ChangeForm("Change the contract's cap", fields, shown, read)


def _budget_moved(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:
    held = amendments.budgets(request.actor, contract.id)
    options = tuple(
        (f"{each.holder}-{each.holder_id}", each.name, _budget_words(each, contract.currency))
        for each in held
    )
    fields = (
        Field("holder", "Project or task", "find", required=True, options=options),
        Field(
            "budget_hours", "New budget", "number", unit="h", row="budget", help="Empty leaves it as it is."
        ),
        Field("budget_amount", "New budget", "number", places=4, unit=contract.currency, row="budget"),
    )
    shown = {
        "holder": f"{change['holder']}-{change['holder_id']}" if "holder" in change else "",
        "budget_hours": _hours(change.get("budget_seconds")),
        "budget_amount": _decimal(change.get("budget_amount")),
    }

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        holder, _, holder_id = (values["holder"] or "project-0").partition("-")
        said: dict[str, Any] = {"kind": "move_budget", "holder": holder, "holder_id": int(holder_id)}
        if values["budget_hours"] is not None:
            said["budget_seconds"] = seconds_of(values["budget_hours"])
        if values["budget_amount"] is not None:
            said["budget_amount"] = str(values["budget_amount"])
        return said

    return _ChangeForm("Move a budget", fields, shown, read)


def _rate_set(request: ActingRequest, contract: ContractPage, change: dict[str, Any]) -> _ChangeForm:
    known = directory.choices(request.actor)
    kinds = TaskType.objects.visible_to(request.actor).order_by("name").values_list("pk", "name")
    fields = (
        Field("rate_per_hour", "Rate per hour", "number", places=4, unit=contract.currency, required=True),
        Field("role_id", "Role", "id", options=known.roles, empty="Any", row="who"),
        Field("person_id", "Person", "find_id", options=tuple(known.people), row="who"),
        Field("task_type_id", "Kind of work", "id", options=tuple(kinds), empty="Any", row="what"),
        Field("line_id", "Line", "id", options=tuple((line.id, line.name) for line in contract.lines), empty="Any", row="what"),
    )  # fmt: skip

    def read(values: Mapping[str, Any]) -> dict[str, Any]:
        keys = {each.name: values[each.name] for each in fields[1:] if values[each.name]}
        return {"kind": "set_rate", "rate_per_hour": str(values["rate_per_hour"]), **keys}

    shown = change | {"rate_per_hour": _decimal(change.get("rate_per_hour"))}
    return _ChangeForm("Set a rate", fields, shown, read)


_FORMS: Mapping[str, Callable[[ActingRequest, ContractPage, dict[str, Any]], _ChangeForm]] = {
    "change_line": _line_change,
    "add_line": _line_added,
    "end_line": _line_ended,
    "end_contract": _contract_ended,
    "cap_contract": _contract_capped,
    "move_budget": _budget_moved,
    "set_rate": _rate_set,
}


def _budget_words(held: orders.Budget, currency: str) -> str:
    said = [
        f"{formats.hours(held.seconds)} h" if held.seconds is not None else "",
        formats.money(held.amount, currency) if held.amount is not None else "",
    ]
    return ", ".join(filter(None, said)) or "no budget"


def _hours(seconds: int | None) -> Decimal | None:
    return Decimal(seconds) / 3600 if seconds is not None else None


def _decimal(value: Any) -> Decimal | None:
    return Decimal(value) if value is not None else None


def _plain(value: Any) -> Any:
    """Return a change as JSON keeps it."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return (
        str(value)
        if isinstance(value, Decimal)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value
    )


# --- acts ---------------------------------------------------------------------------------------------------


@page(_P.MANAGE_CONTRACTS)
@require_POST
def submit(request: ActingRequest, order_id: int) -> HttpResponse:
    """Pass a draft on: into review, or to the client."""
    return _act(request, order_id, lambda options: _submitted(request, order_id, options))


def _submitted(request: ActingRequest, order_id: int, options: Options) -> str:
    done = actions.submit_order.using(options)(actor=request.actor, order_id=order_id, on=today())
    if done.needs_review:
        return "Submitted. Somebody who approves orders looks at it next."
    return "Sent to the client: it is under the contract's threshold."


@page(_P.APPROVE_ORDERS)
@require_POST
def approve(request: ActingRequest, order_id: int) -> HttpResponse:
    """Approve an order in review; it goes to the client."""

    def run(options: Options) -> str:
        actions.approve_order.using(options)(actor=request.actor, order_id=order_id, on=today())
        return "Approved. The client's contacts see it now."

    return _act(request, order_id, run)


@page(_P.MANAGE_CONTRACTS)
@require_POST
def apply(request: ActingRequest, order_id: int) -> HttpResponse:
    """Apply an accepted order whose day has come."""

    def run(options: Options) -> str:
        actions.apply_order.using(options)(actor=request.actor, order_id=order_id, on=today())
        return "Applied. The contract has a new version."

    return _act(request, order_id, run)


def _act(request: ActingRequest, order_id: int, run: Callable[[Options], str]) -> HttpResponse:
    """Run an act from the order's page; a refusal stands on that page."""
    try:
        said = run(act_options(request))
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _shown(request, amendments.order_page(request.actor, order_id), refused)
    messages.success(request, said)
    return redirect("change_order", order_id)


_WHY = (Field("reason", "Why", "lines", required=True),)


@page(_P.APPROVE_ORDERS)
def send_back(request: ActingRequest, order_id: int) -> HttpResponse:
    """Send an order in review back to be changed."""
    found = amendments.order_page(request.actor, order_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.return_order.using(options)(
            actor=request.actor, order_id=order_id, on=today(), reason=values["reason"]
        )

    around = _around(found, "Send the order back", "Send back", "Sent it back. It is a draft again.")
    return form_page(request, Form(_WHY), run, around)


@page(_P.MANAGE_CONTRACTS)
def withdraw(request: ActingRequest, order_id: int) -> HttpResponse:
    """Take an order back that is not applied."""
    found = amendments.order_page(request.actor, order_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.withdraw_order.using(options)(
            actor=request.actor, order_id=order_id, on=today(), reason=values["reason"]
        )

    around = _around(found, "Withdraw the order", "Withdraw", "Withdrew the order. It stays readable.")
    return form_page(request, Form(_WHY), run, around)


@page(_P.MANAGE_CONTRACTS, _P.ANSWER_AS_CLIENT)
def accept(request: ActingRequest, order_id: int) -> HttpResponse:
    """Accept an order as a contact, or record who accepted it and what shows it."""
    found = amendments.order_page(request.actor, order_id)
    if not request.actor.can(_P.MANAGE_CONTRACTS):
        return _accept_as_client(request, found)
    fields = (
        Field("contact_id", "Accepted by", "id", required=True, options=tuple(found.contacts), empty="Choose a contact"),
        Field("on", "On", "date", required=True),
        Field("evidence", "What shows it", "lines", help="Such as a mail or a protocol, with its date."),
        Field("file", "Signed copy", "file", accept=attachments.ACCEPTED, help="JPEG, PNG, WebP or PDF, at most 10 MB."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        with attachments.uploaded(request, ORDER_FILES) as (kept, file_name):
            actions.record_acceptance.using(options)(
                actor=request.actor, order_id=order_id, on=values["on"], contact_id=values["contact_id"] or 0,
                evidence=values["evidence"], kept=kept, file_name=file_name,
            )  # fmt: skip

    said = "Recorded the acceptance. The contract has a new version."
    around = _around(found, "Record the acceptance", "Record acceptance", said, lead=_effect_words(found))
    return form_page(request, UploadForm(fields, {"on": today()}), run, around)


def _accept_as_client(request: ActingRequest, found: OrderPage) -> HttpResponse:
    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.accept_order.using(options)(
            actor=request.actor, order_id=found.row.id, on=today(), note=values["note"]
        )

    fields = (Field("note", "Note", "lines", help="For the firm, such as your own order number."),)
    around = _around(
        found,
        "Accept the change order",
        "Accept",
        "Thank you: the order is accepted.",
        lead=_effect_words(found),
    )
    return form_page(request, Form(fields), run, around)


@page(_P.MANAGE_CONTRACTS, _P.ANSWER_AS_CLIENT)
def decline(request: ActingRequest, order_id: int) -> HttpResponse:
    """Decline an order as a contact, or record who declined it."""
    found = amendments.order_page(request.actor, order_id)
    is_staff = request.actor.can(_P.MANAGE_CONTRACTS)
    who = (
        Field("contact_id", "Declined by", "id", required=True, options=tuple(found.contacts), empty="Choose a contact"),
        Field("on", "On", "date", required=True),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        if is_staff:
            actions.record_refusal.using(options)(
                actor=request.actor, order_id=order_id, on=values["on"], contact_id=values["contact_id"] or 0,
                reason=values["reason"],
            )  # fmt: skip
        else:
            actions.decline_order.using(options)(
                actor=request.actor, order_id=order_id, on=today(), reason=values["reason"]
            )

    act = "Record refusal" if is_staff else "Decline"
    around = _around(
        found, "Decline the change order", act, "The order is declined.", lead=_effect_words(found)
    )
    fields = (*who, *_WHY) if is_staff else _WHY
    return form_page(request, Form(fields, {"on": today()}), run, around)


def _effect_words(found: OrderPage) -> str:
    row = found.row
    said: Iterable[str] = (
        f"{formats.hours(row.seconds)} h" if row.seconds else "",
        formats.money(row.amount, row.currency) if row.amount else "",
        f"from {formats.day(row.effective_from)}",
    )
    return ", ".join(filter(None, said))


@page(_P.MANAGE_CONTRACTS)
def attach(request: ActingRequest, order_id: int) -> HttpResponse:
    """Attach a document to an order."""
    found = amendments.order_page(request.actor, order_id)
    fields = (
        Field("file", "Document", "file", accept=attachments.ACCEPTED, help="JPEG, PNG, WebP or PDF, at most 10 MB."),
    )  # fmt: skip

    def run(_values: Mapping[str, Any], options: Options) -> None:
        with attachments.uploaded(request, ORDER_FILES) as (kept, file_name):
            if not kept:
                raise Refused.because("file_missing", "Choose the file first.", "file")
            actions.attach_order_file.using(options)(
                actor=request.actor, order_id=order_id, kept=kept, file_name=file_name
            )

    around = _around(
        found, "Attach a document", "Attach", "Attached the document.", lead="The client sees it too."
    )
    return form_page(request, UploadForm(fields), run, around)


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def file(request: ActingRequest, file_id: int) -> HttpResponse:
    """A document of an order."""
    found = amendments.order_file(request.actor, file_id)
    return attachments.answer(ORDER_FILES, found.file, found.file_name, found.media_type)


@page(_P.APPROVE_ORDERS)
def thresholds(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Say which orders of a contract are reviewed within the firm."""
    contract = queries.contract_page(request.actor, contract_id, today=today())
    hours, percent = amendments.thresholds(request.actor, contract_id)
    fields = (
        Field("review_over_seconds", "More hours than", "number", unit="h", row="over"),
        Field("review_over_percent", "More of the scope than", "number", places=4, unit="%", row="over"),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        over = values["review_over_seconds"]
        actions.set_review_thresholds.using(options)(
            actor=request.actor, contract_id=contract_id,
            review_over_seconds=seconds_of(over) if over is not None else None,
            review_over_percent=values["review_over_percent"],
        )  # fmt: skip

    around = FormPage(
        title="Which change orders are reviewed",
        crumbs=(("Contracts", reverse("contracts")), (contract.name, reverse("contract", args=[contract.id]))),
        act="Save", done=reverse("contract", args=[contract.id]), said="Saved the thresholds.",
        lead="An order that moves more than this is approved by a second person before the client sees it. With both"
        " empty every order is; zero is a threshold.",
    )  # fmt: skip
    shown = {"review_over_seconds": _hours(hours), "review_over_percent": percent}
    return form_page(request, Form(fields, shown), run, around)


# --- versions -----------------------------------------------------------------------------------------------


@page(_P.VIEW_CONTRACTS)
@require_GET
def version(request: ActingRequest, contract_id: int, number: int) -> HttpResponse:
    """A version of a contract as a whole, and what it says other than another one."""
    against = request.GET.get("against", "")
    found = amendments.version_page(
        request.actor, contract_id, number, int(against) if against.isascii() and against.isdigit() else None
    )
    others = [
        (str(row.number), f"Version {row.number}")
        for row in amendments.contract_versions(request.actor, contract_id)
        if row.number != number
    ]
    return render(request, "web/contracts/version.html", {"found": found, "row": found.row, "others": others})
