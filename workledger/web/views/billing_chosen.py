"""Acts on chosen rows: the rows come with a POST, a form asks what the act needs, a second POST acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from workledger.billing.calc.drafting import TaxGroup
from workledger.billing.limits import Adjusted
from workledger.billing.page_queries import BillLine, LineGroup
from workledger.core.door import Options
from workledger.web import formats
from workledger.web.acting import ActingRequest
from workledger.web.forms import Field, Form

_UNDO_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Done:
    """What to say after an act, and where to go when not back. `undo` is the address of the inverse act."""

    said: str
    go: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A form about chosen rows. `facts` say what was chosen, as (label, value); `run` acts and says what it did."""

    title: str
    lead: str
    act: str
    action: str
    crumbs: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    initial: Mapping[str, Any]
    run: Callable[[Mapping[str, Any], Options], Done]
    danger: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


def chosen_ids(request: ActingRequest) -> list[int]:
    """Return the ids that were sent: boxes of a table, or one list 'items' of a form or address."""
    texts = request.POST.getlist("ids") or (request.POST.get("items") or request.GET.get("items", "")).split(
        ","
    )
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]


def taxes_in_words(taxes: Sequence[TaxGroup]) -> list[dict[str, Any]]:
    """Return tax per rate as pages say it: 'words' such as 19%, its base and the tax."""
    return [{"words": _rate(tax.rate), "base": tax.base, "tax": tax.tax} for tax in taxes]


def bill_trail(
    title: str,
    sentence: str,
    currency: str,
    sums: tuple[Decimal, Decimal],
    groups: Sequence[LineGroup],
    taxes: Sequence[TaxGroup],
) -> dict[str, Any]:
    """Return the trail of a bill's net and gross (`sums`): its tax per rate, then its lines."""
    net, gross = sums
    return {
        "title": title,
        "value": formats.money(gross, currency),
        "sentence": sentence,
        "formula": [
            {"sign": "", "label": "Net", "value": formats.money(net, currency)},
            *(
                {"sign": "+", "label": f"Tax {tax['words']}", "value": formats.money(tax["tax"], currency)}
                for tax in taxes_in_words(taxes)
            ),
            {"sign": "=", "label": "Gross", "value": formats.money(gross, currency)},
        ],
        "rows_label": "Lines",
        "rows": [
            {
                "name": line.description,
                "note": f"{group.project}, {_counted(line, currency)}",
                "value": formats.money(line.amount, currency),
            }
            for group in groups
            for line in group.lines
        ],
    }


def _counted(line: BillLine, currency: str) -> str:
    if line.is_adjustment:
        return "written down"
    return f"{formats.number(line.quantity, 2)} {line.unit} × {formats.amount(line.rate, currency)}"


def _rate(percentage: Decimal) -> str:
    if not percentage:
        return "0%"
    return formats.percent(percentage / 100, 0 if percentage == percentage.to_integral_value() else 1)


def back_of(request: ActingRequest, default: str) -> str:
    """Return where the person came from, if it is a page of this installation."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure()):
        return wanted
    return default


def said_of(given: Adjusted, done: str) -> Done:
    """Say what an act on values did; above the limit, that it waits for another person."""
    if given.request_id is None:
        return Done(done)
    return Done(
        "This is above the limit for one person. It waits for somebody else to approve it, in their inbox."
    )


def undo_of(address: str, ids: Sequence[int]) -> str:
    """Return the address that undoes an act on these rows; '' when there are too many for an address."""
    return f"{address}?items={','.join(map(str, ids))}" if len(ids) <= _UNDO_ITEMS else ""


def say(request: ActingRequest, done: Done) -> None:
    """Have the next page say what was done, with its undo."""
    messages.success(request, done.said, extra_tags=f"undo:{done.undo}" if done.undo else "")


def ask(request: ActingRequest, asked: Ask, ids: Sequence[int], *, back: str, acts: bool) -> HttpResponse:
    """Show the form, or act on it and go back; refusals stand beside their fields."""
    form = Form(asked.fields, asked.initial)
    status = 200
    if acts:
        is_done, result = form.submit(request, asked.run)
        if is_done:
            assert isinstance(result, Done)
            say(request, result)
            return redirect(result.go or back)
        status = 409 if form.warnings else 422
    context = {"form": form, "asked": asked, "items": ",".join(map(str, ids)), "back": back, **asked.context}
    return render(request, "web/wip/act.html", context, status=status)
