"""The simulator: terms of a contract, in up to three variants, over time; invoices and figures out. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from workledger.billing.simulated import PeriodFound, SimulationFound
from workledger.billing.simulating import simulations
from workledger.contracts.models import BillingModel, Contract
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.models import Person
from workledger.metrics import charts
from workledger.metrics.charts import Point
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.charts import Cell, Chart, compact
from workledger.web.options import CURRENCY_OPTIONS
from workledger.web.paging import number_of
from workledger.web.simulator_form import SimulatorForm

_ZERO = Decimal(0)
_MOST_FILE_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of each variant, and what it differs from the first."""

    label: str
    unit: str
    cells: tuple[tuple[str, str], ...]


@page(Permission.VIEW_BILLING)
@require_http_methods(["GET", "POST"])
def show(request: ActingRequest) -> HttpResponse:
    """Choose terms and time; with POST, what they come to."""
    sent = request.POST if request.method == "POST" else None
    asked = request.GET if sent is None else sent
    contract = None
    if contract_id := number_of(asked.get("contract")):
        contract = locks.one(Contract.objects.visible_to(request.actor), contract_id)
    model = asked.get("model", "")
    first = BillingModel(model) if model in BillingModel.values and contract is None else None
    form = SimulatorForm(contract, today(), sent, first, _uploaded(request))
    results: list[SimulationFound] = []
    if sent is not None and form.lines and sent.get("act", "simulate") == "simulate":
        results = _results(request, form)
    contracts = Contract.objects.visible_to(request.actor).select_related("client").order_by("number")
    people = Person.objects.visible_to(request.actor).order_by("name").values_list("name", flat=True)
    context = {
        "form": form,
        "contract": contract,
        "contracts": [(row.pk, f"{row.number} {row.name}", row.client.name) for row in contracts],
        "models": BillingModel.choices,
        "currencies": CURRENCY_OPTIONS,
        "currency": contract.currency if contract else form.fields["currency"][0],
        "people": list(people),
        "results": results,
        "compared": _compared(results) if len(results) > 1 else [],
        "chart": _chart(results) if results else None,
    }
    refused = sent is not None and (form.errors or form.loose)
    return render(request, "web/simulator/show.html", context, status=422 if refused else 200)


def _uploaded(request: ActingRequest) -> str:
    sent = request.FILES.get("file")
    if sent is None or sent.size is None or sent.size > _MOST_FILE_BYTES:
        return ""
    return str(sent.read(), "utf-8-sig", "replace")


def _results(request: ActingRequest, form: SimulatorForm) -> list[SimulationFound]:
    asked = form.asked()
    if form.errors:
        return []
    try:
        return simulations(request.actor, asked)
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        form.take(refused.problems)
        return []


def _compared(results: Sequence[SimulationFound]) -> list[Compared]:
    """Return what the variants come to side by side."""
    currency = results[0].currency
    rows = (
        ("Invoiced", currency, [each.invoiced for each in results]),
        ("Value of the time at its rates", currency, [each.value for each in results]),
        ("Work in progress at the end", currency, [each.wip for each in results]),
        ("Over cap", currency, [each.over_cap for each in results]),
        ("Covered by fees, retainers, blocks", currency, [each.covered for each in results]),
        ("Discount", currency, [each.discount for each in results]),
        ("Waiting for a block", currency, [each.waiting for each in results]),
        ("Not billable", currency, [each.non_billable for each in results]),
    )
    found = []
    for label, unit, values in rows:
        if label != "Invoiced" and not any(values):
            continue
        cells = tuple(
            (formats.amount(value, currency), "" if not place else _difference(value - values[0], currency))
            for place, value in enumerate(values)
        )
        found.append(Compared(label, unit, cells))
    return found


def _difference(change: Decimal, currency: str) -> str:
    if not change:
        return "the same"
    return f"{'+' if change > 0 else '−'}{formats.amount(abs(change), currency)}"


def _chart(results: Sequence[SimulationFound]) -> Chart:
    """Return what each variant has invoiced by the end of each month, added up."""
    currency = results[0].currency
    question = "Which terms bill more, and when?" if len(results) > 1 else "When is it billed?"
    series, totals = [], [_ZERO] * len(results)
    for result in results:
        total, points = _ZERO, []
        for period in result.periods:
            total += period.invoiced
            points.append(Point(_label(period), total, compact(total)))
        series.append((result.name or "Simulated", points))
    rows = []
    for place, period in enumerate(results[0].periods):
        cells = []
        for number, result in enumerate(results):
            totals[number] += result.periods[place].invoiced
            cells.append(Cell(formats.amount(totals[number], currency)))
        rows.append((f"{period.start:%B %Y}", tuple(cells)))
    return Chart(
        "simulated", question, f"Invoiced net, added up, {currency}", charts.compared(question, series),
        ("Month", *(result.name or "Simulated" for result in results)), tuple(rows),
    )  # fmt: skip


def _label(period: PeriodFound) -> str:
    return f"{period.start:%b %y}"
