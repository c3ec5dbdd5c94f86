"""Pre-bills: the bill run, the list, and the review of one beside its PDF."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.billing import contract_queries, page_queries, reviewing
from workledger.billing.actions.invoices import issue_invoice, issue_invoices
from workledger.billing.actions.prebills import drop_lines, note_pre_bill, run_billing, write_down_line
from workledger.billing.models import ReasonCode, ReviewState
from workledger.billing.queries import bill_exceptions
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Refused
from workledger.kernel.period import month_of
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of
from workledger.web.trails import trail_url
from workledger.web.views import billing_reviews
from workledger.web.views.billing_chosen import (
    Ask,
    Done,
    ask,
    back_of,
    bill_trail,
    chosen_ids,
    said_of,
    say,
    taxes_in_words,
)
from workledger.web.views.caps import caps_shown
from workledger.web.views.purchase_orders import ordering

_CRUMB = "Pre-bills"
_DAY = timedelta(days=1)
_KIND_WORDS = {
    "rate_missing": ("No rate", "wip"),
    "exchange_rate_missing": ("No exchange rate", "wip"),
    "tax_rate_missing": ("No tax rate", "contracts"),
    "not_approved": ("Waits for approval", "approvals"),
    "not_submitted": ("Not submitted", "approvals"),
    "held": ("Held", "wip"),
    "po_number_missing": ("No purchase order", "contracts"),
}


@page(Permission.VIEW_BILLING)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Pre-bills under review, and what keeps other work off bills."""
    client_id = number_of(request.GET.get("client"))
    rows, sums = page_queries.pre_bills(request.actor)
    clients = sorted({(row.client_id, row.client) for row in rows}, key=lambda pair: pair[1])
    if client_id is not None:
        rows, sums = page_queries.pre_bills(request.actor, client_id=client_id)
    left = bill_exceptions(request.actor, today(), None if client_id is None else [client_id])
    asked = reviewing.reviews_of([row.id for row in rows])
    context = {
        "rows": [(row, _review_badge(asked[row.id])) for row in rows],
        "sums": sums,
        "clients": clients,
        "filtered": client_id is not None,
        "left": [(each, *_KIND_WORDS.get(each.kind, (each.kind, "wip"))) for each in left],
        "wip_trail": trail_url("wip"),
        **_may(request),
    }
    return render(request, "web/prebills/index.html", context)


def _review_badge(asked: Sequence[reviewing.ReviewShown]) -> tuple[str, str]:
    """Return tone and words of where the review of a pre-bill stands."""
    if not asked:
        return "", "To review"
    if any(each.state == ReviewState.SENT_BACK for each in asked):
        return "bad", "Sent back"
    waiting = [each.reviewer for each in asked if each.is_open]
    if waiting:
        return "info", f"With {waiting[0]}" if len(waiting) == 1 else f"With {len(waiting)} reviewers"
    return "good", "Approved"


def _may(request: ActingRequest) -> dict[str, bool]:
    return {
        "may_prepare": request.actor.can(Permission.PREPARE_BILLING),
        "may_issue": request.actor.can(Permission.ISSUE_INVOICE),
        "may_write_off": request.actor.can(Permission.WRITE_OFF),
        "sees_contracts": request.actor.can(Permission.VIEW_CONTRACTS),
    }


@page(Permission.PREPARE_BILLING)
def new(request: ActingRequest) -> HttpResponse:
    """Run billing up to a day, for all clients or one."""
    choices = tuple(page_queries.bill_choices(request.actor))
    fields = (
        Field("through", "Work up to", "date", required=True, help="The last day that is billed, usually a month's end."),
        Field("client_id", "Client", "find_id", options=choices, help="Leave it empty for all clients with open work."),
    )  # fmt: skip
    last_month = month_of(today()).start - _DAY
    form = Form(fields, {"through": last_month, "client_id": number_of(request.GET.get("client"))})

    def run(values: Mapping[str, Any], options: Options) -> Done:
        client_id = values["client_id"]
        made = run_billing.using(options)(
            actor=request.actor,
            through=values["through"],
            client_ids=None if client_id is None else [client_id],
        )
        count = len(made.invoices)
        if not count:
            return Done(
                f"Nothing to bill through {formats.day(values['through'])}. See below what keeps work off bills."
            )
        nets: dict[str, Decimal] = {}
        for each in made.invoices:
            nets[each.currency] = nets.get(each.currency, Decimal(0)) + each.net
        words = " and ".join(formats.money(net, currency) for currency, net in sorted(nets.items()))
        go = reverse("prebill", args=[made.invoices[0].id]) if count == 1 else ""
        return Done(f"Made {count} pre-bill{'' if count == 1 else 's'}: {words} net.", go)

    status = 200
    if request.method == "POST":
        is_done, result = form.submit(request, run)
        if is_done:
            assert isinstance(result, Done)
            say(request, result)
            return redirect(result.go or reverse("prebills"))
        status = 422
    context = {
        "form": form,
        "cancel": reverse("prebills"),
        "left": [(each, *_KIND_WORDS.get(each.kind, (each.kind, "wip"))) for each in bill_exceptions(request.actor, today(), None)],
    }  # fmt: skip
    return render(request, "web/prebills/new.html", context, status=status)


@page(Permission.VIEW_BILLING)
@require_GET
def show(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """One pre-bill under review."""
    return _review(request, invoice_id)


def _review(
    request: ActingRequest,
    invoice_id: int,
    *,
    problems: Sequence[Problem] = (),
    warnings: Sequence[Problem] = (),
    typed: str = "",
    status: int = 200,
) -> HttpResponse:
    found = page_queries.pre_bill(request.actor, invoice_id)
    asked = reviewing.reviews_of([invoice_id])[invoice_id]
    context = {
        "bill": found,
        "taxes": taxes_in_words(found.taxes),
        "reviews": asked,
        "my_review": any(
            each.is_open and (each.reviewer_id is None or each.reviewer_id == request.actor.person_id)
            for each in asked
        ),
        "comments": reviewing.comments_of(invoice_id),
        "caps": [cap for cap in caps_shown(request, found.contract_id) if cap.tone],
        "lines_trail": reverse("prebill-total", args=[invoice_id]),
        "down_payments": contract_queries.down_payments(
            request.actor, found.contract_id, pre_bill_id=invoice_id
        ),
        "wip_trail": trail_url("wip", currency=found.currency, contract=found.contract_id),
        "issued_on": typed or formats.day(today()),
        "issue_error": next((each.message for each in problems if each.field in ("issued_on", "on")), ""),
        "issue_problems": [each for each in problems if each.field not in ("issued_on", "on")],
        "issue_warnings": warnings,
        "issue_opened": bool(problems or warnings),
        **ordering(request, invoice_id, found.client_id, found.contract_id),
        **_may(request),
    }
    return render(request, "web/prebills/show.html", context, status=status)


@page(Permission.VIEW_BILLING)
@require_GET
def total(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """What a pre-bill comes to."""
    found = page_queries.pre_bill(request.actor, invoice_id)
    sentence = f"What {found.client} would be asked to pay, tax included."
    trail = bill_trail(
        "Pre-bill", sentence, found.currency, (found.net, found.gross), found.groups, found.taxes
    )
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


@page(Permission.ISSUE_INVOICE)
@require_POST
def issue(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Issue a pre-bill; what is refused stands beside the date."""
    typed = request.POST.get("issued_on", "")
    try:
        number = issue_invoice.using(act_options(request))(
            actor=request.actor, invoice_id=invoice_id, issued_on=_issue_date(typed)
        )
    except NeedsConfirmation as asked:
        return _review(request, invoice_id, warnings=asked.problems, typed=typed, status=409)
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        if "not_a_pre_bill" in refused.codes:
            raise
        return _review(request, invoice_id, problems=refused.problems, typed=typed, status=422)
    say(request, Done(f"Issued {number}. It is posted, and its PDF is being made."))
    return redirect("invoice", invoice_id)


def _issue_date(text: str) -> date:
    try:
        day = parse_date(text, today=today())
    except NotUnderstood as error:
        raise Refused.because("day_not_understood", str(error), "issued_on") from None
    if day is None:
        raise Refused.because("day_missing", "Say on which day it is issued.", "issued_on")
    return day


@page(Permission.PREPARE_BILLING)
@require_POST
def note(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Set the text printed under the lines."""
    text = request.POST.get("note", "").replace("\r\n", "\n")
    note_pre_bill.using(act_options(request))(actor=request.actor, invoice_id=invoice_id, note=text)
    say(request, Done("The note is saved; the preview shows it."))
    return redirect("prebill", invoice_id)


@page(Permission.PREPARE_BILLING)
@require_POST
def drop(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Put chosen lines, or the whole pre-bill, back into WIP; with 'hold' they are held there, with 'join' made one."""
    if request.POST.get("act") == "join":
        return billing_reviews.join(request, invoice_id)
    whole = bool(request.POST.get("whole"))
    ids = chosen_ids(request)
    if not whole and not ids:
        raise Refused.because("nothing_chosen", "Choose at least one line.")
    hold = request.POST.get("act") == "hold"
    count = drop_lines.using(act_options(request))(
        actor=request.actor, invoice_id=invoice_id, line_ids=None if whole else ids, hold=hold
    )
    where = "held in WIP" if hold else "WIP again"
    say(request, Done(f"{count} item{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} {where}."))
    try:
        page_queries.pre_bill(request.actor, invoice_id)
    except NotFound:
        return redirect("prebills")
    return redirect("prebill", invoice_id)


@page(Permission.WRITE_OFF)
def write_down(request: ActingRequest, invoice_id: int, line_id: int) -> HttpResponse:
    """Give up value on a line; the pre-bill shows it as an adjustment."""
    bill, line = page_queries.pre_bill_line(request.actor, invoice_id, line_id)

    def run(values: Mapping[str, Any], options: Options) -> Done:
        given = write_down_line.using(options)(
            actor=request.actor, line_id=line_id, amount=values["amount"], on=values["on"], note=values["note"],
            reason_code=ReasonCode(values["reason_code"]),
        )  # fmt: skip
        return said_of(given, f"Wrote down {formats.money(given.amount, bill.currency)}.")

    back = reverse("prebill", args=[invoice_id])
    asked = Ask(
        title="Write down a line",
        lead="The value is given up for good and posted; the bill prints it as an adjustment under the line.",
        act="Write down",
        action=reverse("prebill-line-write-down", args=[invoice_id, line_id]),
        crumbs=((_CRUMB, reverse("prebills")), (bill.client, back)),
        facts=(
            ("Line", line.description),
            (
                "Billed",
                f"{formats.number(line.quantity, 2)} {line.unit} × {formats.money(line.rate, bill.currency)}",
            ),
            ("Remaining value", formats.money(line.remaining, bill.currency)),
        ),
        fields=(
            Field("amount", "Give up", "number", required=True, unit=bill.currency, row="amount"),
            Field("on", "Post on", "date", required=True, row="amount"),
            Field(
                "reason_code",
                "Reason",
                "choice",
                required=True,
                options=page_queries.REASONS,
                empty="Choose one",
            ),
            Field("note", "Note", "lines", help="Stays with the work; the bill does not print it."),
        ),
        initial={"on": today()},
        run=run,
    )
    return ask(request, asked, (), back=back, acts=request.method == "POST")


def _issues(request: ActingRequest, ids: Sequence[int]) -> Ask:
    """Return the form that issues several pre-bills. Refuses: nothing_chosen."""
    rows, _ = page_queries.pre_bills(request.actor)
    chosen = [row for row in rows if row.id in set(ids)]
    if not chosen:
        raise Refused.because("nothing_chosen", "Choose at least one pre-bill that is not issued yet.")
    sums: dict[str, Decimal] = {}
    for row in chosen:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.gross

    def run(values: Mapping[str, Any], options: Options) -> Done:
        numbers = issue_invoices.using(options)(
            actor=request.actor, invoice_ids=[row.id for row in chosen], issued_on=values["issued_on"]
        )
        said = numbers[0] if len(numbers) == 1 else f"{len(numbers)} invoices"
        return Done(f"Issued {said}. They are posted, and their PDFs are being made.", reverse("invoices"))

    count = len(chosen)
    return Ask(
        title=f"Issue {count} invoice{'' if count == 1 else 's'}",
        lead="Each takes the next number, is frozen and posted. An issued invoice never changes; it can be credited.",
        act="Issue",
        action=reverse("prebill-issues"),
        crumbs=((_CRUMB, reverse("prebills")),),
        facts=(
            ("Clients", ", ".join(sorted({row.client for row in chosen})[:6])),
            *(("Gross", formats.money(amount, currency)) for currency, amount in sorted(sums.items())),
        ),
        fields=(Field("issued_on", "Issue on", "date", required=True, help="Printed, and the day the terms count from."),),
        initial={"issued_on": today()},
        run=run,
    )  # fmt: skip


@page(Permission.ISSUE_INVOICE)
@require_POST
def new_issues(request: ActingRequest) -> HttpResponse:
    """Ask for the date of issue of several pre-bills."""
    ids = chosen_ids(request)
    return ask(request, _issues(request, ids), ids, back=back_of(request, reverse("prebills")), acts=False)


@page(Permission.ISSUE_INVOICE)
@require_POST
def issues(request: ActingRequest) -> HttpResponse:
    """Issue several pre-bills at once: all of them or none."""
    ids = chosen_ids(request)
    return ask(request, _issues(request, ids), ids, back=back_of(request, reverse("prebills")), acts=True)
