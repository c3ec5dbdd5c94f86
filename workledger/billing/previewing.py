"""What a contract line will bill, before it is saved: its next invoices under an assumed time. Nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from workledger.billing.calc.plans import Act, ActKind, Plan, PlanLine, SimulatedInvoice
from workledger.billing.calc.simulation import assumed_acts, month_ends, simulate
from workledger.billing.calc.taxes import NoTaxRate
from workledger.billing.calc.work import Worked
from workledger.billing.taxing import Taxes
from workledger.contracts.calc import terms
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import BillingProfile
from workledger.kernel.period import Period, month_of
from workledger.kernel.period import months as months_of

_KEY = "line"
_DAY = timedelta(days=1)
_DAY_SECONDS = 8 * 3600
_FRIDAY = 4
_MOST_MONTHS = (3, 12, 36)
"""So many months are looked at, one after the other, until there are invoices enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a preview takes for granted, every month: hours at a rate, units, points of progress."""

    seconds: int
    rate_per_hour: Decimal | None = None
    units: Decimal = Decimal(0)
    progress_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LinePreview:
    """The next invoices of a line alone, as agreed and assumed; `through` is how far was looked for them.

    `is_late` tells that the first also charges what fell due before this month.
    """

    terms: terms.Terms
    currency: str
    invoices: tuple[SimulatedInvoice, ...]
    through: date
    is_late: bool


def preview_line(
    actor: Actor,
    contract_id: int,
    line: LineInput,
    assumed: Assumed,
    *,
    today: date,
    is_running: bool,
    count: int = 3,
) -> LinePreview:
    """Return the next invoices of a line as it would be, whether it is saved or not.

    What fell due before this month is taken as billed where the line `is_running`, as it is on an active contract; that
    of a new line is on its first invoice. Time is assumed from this month on.
    Refuses: not_found, terms_do_not_fit, tax_rate_missing.
    """
    contract = locks.one(Contract.objects.visible_to(actor).select_related("client"), contract_id)
    document = _read(line)
    first = month_of(max(contract.start, today)).start
    for months in _MOST_MONTHS:
        plan = _plan(contract, line, document, assumed, first, months, is_running)
        invoices = _invoices(plan, contract)
        ahead = tuple(each for each in invoices if each.issued_on >= first and each.lines)[:count]
        if len(ahead) == count:
            break
    is_late = bool(ahead) and ahead[0].service_start < first
    return LinePreview(document, contract.currency, ahead, plan.ends[-1], is_late)


def _invoices(plan: Plan, contract: Contract) -> tuple[SimulatedInvoice, ...]:
    try:
        return simulate(plan).invoices
    except NoTaxRate as error:
        raise Refused.because("tax_rate_missing", f"Contract {contract.number}: {error}") from error


def _read(line: LineInput) -> terms.Terms:
    problems = Problems()
    try:
        return terms.parse(line.model, line.terms)
    except terms.TermsInvalid as invalid:
        for field, message in invalid.problems:
            problems.add("terms_do_not_fit", message, f"terms.{field}" if field else "terms")
        problems.refuse()
        raise


def _plan(
    contract: Contract,
    line: LineInput,
    document: terms.Terms,
    assumed: Assumed,
    first: date,
    months: int,
    is_running: bool,
) -> Plan:
    ahead = month_ends(first, months)
    before = tuple(month.end - _DAY for month in months_of(contract.start, first)) if is_running else ()
    profiles = {row.client_id: row for row in BillingProfile.objects.filter(client_id=contract.client_id)}
    taxes = Taxes([contract], profiles)
    profile = profiles.get(contract.client_id)
    planned = PlanLine(
        _KEY,
        line.name or "This line",
        document,
        works=tuple(_worked(contract, first, ahead, assumed.seconds)),
        rates={None: assumed.rate_per_hour} if assumed.rate_per_hour is not None else {},
        budget_seconds=line.budget_seconds,
        tax_code=taxes.code(contract.pk, line.tax_code_id),
    )
    client, entity, _ = taxes.of_contract(contract.pk)
    return Plan(
        currency=contract.currency,
        start=contract.start,
        end=contract.end,
        lines=(planned,),
        ends=before + ahead,
        acts=(*assumed_acts([planned], ahead), *_acts(document, ahead, assumed)),
        group_lines_by=profile.group_lines_by if profile else "task",
        client_tax=client,
        entity_tax=entity,
        tasks={1: line.name or "Time as assumed"},
        people={1: "Time as assumed"},
    )


def _worked(contract: Contract, first: date, ends: tuple[date, ...], seconds: int) -> Iterator[Worked]:
    """Return assumed time: in days of eight hours from the first working days of each month, longer days if they lack."""
    number = 0
    for end in ends:
        days = _working_days(max(first, contract.start), end, contract.end)
        first = end + _DAY
        a_day = max(_DAY_SECONDS, -(-seconds // len(days))) if days else 0
        left = seconds if days else 0
        for day in days:
            if left <= 0:
                break
            number += 1
            yield Worked(number, 1, None, 1, 1, None, day, min(a_day, left), None)
            left -= a_day


def _working_days(start: date, last: date, end: date | None) -> list[date]:
    stop = min(last + _DAY, end) if end else last + _DAY
    days = (start + _DAY * number for number in range((stop - start).days))
    return [day for day in days if day.weekday() <= _FRIDAY]


def _acts(document: terms.Terms, ends: tuple[date, ...], assumed: Assumed) -> Iterator[Act]:
    """Return what has no day of its own: one such instalment or milestone a month, units, progress that is recorded."""
    match document:
        case terms.FixedFee():
            open_ones = [place for place, part in enumerate(document.instalments) if part.due is None]
            yield from _one_a_month(ActKind.INSTALMENT, open_ones, ends)
        case terms.Milestones():
            open_ones = [place for place, part in enumerate(document.milestones) if part.due is None]
            yield from _one_a_month(ActKind.MILESTONE, open_ones, ends)
        case terms.Units():
            for end in ends:
                days = Period(end.replace(day=1), end + _DAY)
                yield Act(_KEY, end, ActKind.UNITS, quantity=assumed.units, days=days)
        case terms.Progress() if document.measure is not terms.ProgressMeasure.HOURS:
            for count, end in enumerate(ends, start=1):
                percent = min(assumed.progress_percent * count, Decimal(100))
                yield Act(_KEY, end, ActKind.PROGRESS, percent=percent)


def _one_a_month(kind: ActKind, places: list[int], ends: tuple[date, ...]) -> Iterator[Act]:
    for place, end in zip(places, ends, strict=False):
        yield Act(_KEY, end, kind, place)
