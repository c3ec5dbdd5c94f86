"""The figures of a generated firm, computed from its records alone, to hold them against the targets."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.demo.calc.cash import gross_of
from workledger.demo.calc.dates import DAY, add_months, days
from workledger.demo.calc.firm import price_entries
from workledger.demo.calc.people import WorkCalendar
from workledger.demo.calc.rates import Pricer
from workledger.demo.calc.records import DemoFirm, Invoice

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the firm comes to. Shares are fractions of one; money is in the firm's currency.

    Trailing figures look at the twelve months up to today. Revenue is the value of approved billable
    time less what was written down or off; labour cost is approved time of client projects at cost.
    """

    entries: int
    worked_hours: Decimal
    billable_hours: Decimal
    capacity_hours_trailing: Decimal
    utilization_trailing: Decimal
    revenue: Decimal
    labour_cost: Decimal
    margin: Decimal
    margin_trailing: Decimal
    invoices: int
    billed_net: Decimal
    wip: Decimal
    held: Decimal
    written: Decimal
    receivable: Decimal
    overdue: Decimal
    dso_simple: Decimal  # open gross over gross billed in 365 days
    dso_net: Decimal  # open gross over revenue of 365 days
    dso_countback: Decimal


def summary(firm: DemoFirm) -> Figures:
    """All figures as of the firm's `today`."""
    calendar = WorkCalendar(firm.people, firm.terms, firm.offices)
    pricer = Pricer(firm.cards, firm.rates, firm.contracts, firm.lines, firm.tasks, calendar)
    cents = price_entries(firm.entries, pricer)
    since = add_months(firm.today, -12) + DAY
    capacity = capacity_seconds(firm, max(since, firm.starts_on), firm.today)
    client_project = [project.client_index is not None for project in firm.projects]
    billed_task = [firm.lines[task.line_index].model == "time_and_materials" for task in firm.tasks]
    kept = {item.entry_index: 1 - item.share for item in firm.adjustments if item.kind != "hold"}
    invoiced = {item for invoice in firm.invoices if invoice.issued_on for item in invoice.entry_indexes}
    held_items = {
        item.entry_index
        for item in firm.adjustments
        if item.kind == "hold" and (item.released_on is None or item.released_on > firm.today)
    }
    worked = billable = billable_trailing = 0
    revenue = labour = revenue_trailing = labour_trailing = wip = held = written = Decimal(0)
    for index, entry in enumerate(firm.entries):
        worked += entry.worked_seconds
        if billed_task[entry.task_index]:
            seconds = entry.worked_seconds if entry.billable_seconds is None else entry.billable_seconds
            billable += seconds
            if entry.day >= since:
                billable_trailing += seconds
        if entry.approved_on is None or not client_project[firm.tasks[entry.task_index].project_index]:
            continue
        full = Decimal(cents[index]) / 100
        value = full * kept.get(index, 1)
        written += full - value
        term = calendar.term(entry.person_index, entry.day)
        spent = term.cost_per_hour * entry.worked_seconds / 3600 if term else Decimal(0)
        revenue += value
        labour += spent
        if entry.day >= since:
            revenue_trailing += value
            labour_trailing += spent
        if index not in invoiced:
            wip += value
            held += value if index in held_items else 0
    open_gross, overdue, billed_year, billed_net = _receivables(firm)
    span = min(365, (firm.today - firm.starts_on).days)
    return Figures(
        entries=len(firm.entries),
        worked_hours=_hours(worked),
        billable_hours=_hours(billable),
        capacity_hours_trailing=_hours(capacity),
        utilization_trailing=_ratio(Decimal(billable_trailing), Decimal(capacity)),
        revenue=revenue.quantize(_CENT),
        labour_cost=labour.quantize(_CENT),
        margin=_ratio(revenue - labour, revenue),
        margin_trailing=_ratio(revenue_trailing - labour_trailing, revenue_trailing),
        invoices=sum(1 for invoice in firm.invoices if invoice.issued_on),
        billed_net=billed_net,
        wip=wip.quantize(_CENT),
        held=held.quantize(_CENT),
        written=written.quantize(_CENT),
        receivable=open_gross,
        overdue=overdue,
        dso_simple=_ratio(open_gross * span, billed_year, "0.1"),
        dso_net=_ratio(open_gross * span, revenue_trailing, "0.1"),
        dso_countback=_countback(firm, open_gross),
    )


def capacity_seconds(firm: DemoFirm, first: date, last: date) -> int:
    """Calendar time less public holidays and approved time off, of everyone employed on each day.

    The week is spread evenly over Monday to Friday, as the product's calendars do.
    """
    off = {
        (leave.person_index, day)
        for leave in firm.leave
        for day in days(leave.starts_on, leave.ends_on - DAY)
    }
    closed = [frozenset(office.holidays) for office in firm.offices]
    total = 0
    for term in firm.terms:
        begin = max(first, term.starts_on)
        end = min(last, term.ends_on - DAY) if term.ends_on else last
        daily = int(term.weekly_hours * 3600) // 5
        for day in days(begin, end):
            free = day.weekday() >= 5 or day in closed[term.office_index]
            if not free and (term.person_index, day) not in off:
                total += daily
    return total


def _receivables(firm: DemoFirm) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Open gross, the part of it past due, gross billed in the last 365 days, net billed ever."""
    paid = {payment.invoice_index: payment.share for payment in firm.payments}
    open_gross = overdue = billed_year = billed_net = Decimal(0)
    for index, invoice in enumerate(firm.invoices):
        if not _counts(invoice):
            continue
        gross = gross_of(invoice, firm.clients, firm.entity)
        owed = (gross * (1 - paid.get(index, Decimal(0)))).quantize(_CENT)
        open_gross += owed
        billed_net += invoice.net_estimate
        if invoice.due_on and invoice.due_on < firm.today:
            overdue += owed
        if invoice.issued_on and invoice.issued_on > firm.today - DAY * 365:
            billed_year += gross
    return open_gross, overdue, billed_year, billed_net


def _counts(invoice: Invoice) -> bool:
    return invoice.issued_on is not None and invoice.credited_on is None


def _countback(firm: DemoFirm, open_gross: Decimal) -> Decimal:
    """Days back over the latest gross billing until what is owed is used up."""
    by_month: dict[date, Decimal] = {}
    for invoice in firm.invoices:
        if invoice.issued_on and _counts(invoice):
            month = invoice.issued_on.replace(day=1)
            by_month[month] = by_month.get(month, Decimal(0)) + gross_of(invoice, firm.clients, firm.entity)
    left, found = open_gross, Decimal(0)
    last = firm.today
    while left > 0 and last >= firm.starts_on:
        first = last.replace(day=1)
        length = (last - first).days + 1
        sales = by_month.get(first, Decimal(0))
        if sales >= left > 0:
            return (found + length * left / sales).quantize(Decimal("0.1"))
        left -= sales
        found += length
        last = first - DAY
    return found.quantize(Decimal("0.1"))


def _hours(seconds: int) -> Decimal:
    return (Decimal(seconds) / 3600).quantize(_CENT)


def _ratio(above: Decimal, below: Decimal, step: str = "0.0001") -> Decimal:
    return (above / below).quantize(Decimal(step)) if below else Decimal(0)
