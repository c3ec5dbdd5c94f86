"""The simulator equals reality: what is simulated of terms and time is what the acts bill of them, to the cent."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from workledger.billing.actions import charges, milestones
from workledger.billing.actions.prebills import run_billing
from workledger.billing.calc.engine import SharedCap
from workledger.billing.calc.simulation import Act, ActKind, Plan, PlanLine, Simulation, simulate
from workledger.billing.calc.taxes import EntityTax
from workledger.billing.calc.work import Worked
from workledger.billing.models import BillableItem, Charge, Invoice, InvoiceLine, OpenItem
from workledger.billing.simulated import postings
from workledger.contracts.calc import terms
from workledger.contracts.models import ContractLine
from workledger.core.refusals import Refused
from workledger.kernel.period import Period
from workledger.ledger.models import AccountRole, Posting
from workledger.projects.models import Phase as Phase_
from workledger.projects.models import Task
from workledger.testing.time import approve_all, book
from workledger.testing.world import World

ENDS = (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31))
MONDAYS = (
    (date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 23)),
    (date(2026, 4, 6), date(2026, 4, 13)),
    (date(2026, 5, 4), date(2026, 5, 18)),
)  # whole weeks of each month: a week is approved at once
MANY = int(os.environ.get("SIMULATED_EXAMPLES", "40"))
PHASES = [phase for phase in Phase if phase is not Phase.explain]  # it traces every line, which is slow here
RATES = {"carl": D(110), "pia": D(150)}  # of the entity's card


@dataclass(frozen=True)
class Booked:
    """Time of somebody: which week of which month, weekday, minutes."""

    month: int
    week: int
    weekday: int
    who: str
    task: str
    minutes: int


# --- strategies ---------------------------------------------------------------------------------------------

amounts = st.integers(1, 400_000).map(lambda cents: str(D(cents) / 100))
percents = st.sampled_from(["2.5", "10", "33.33"])
optional = st.booleans()


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


roundings = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(["entry", "task_day", "invoice"]),
        "method": st.sampled_from(["none", "nearest", "up", "down"]),
        "step_minutes": st.sampled_from([6, 15, 30]),
    }
)
multipliers = st.lists(
    st.sampled_from(
        [
            {"kind": "weekend", "factor": "1.5"},
            {"kind": "overtime", "factor": "1.25", "over_hours": "6"},
            {"kind": "holiday", "factor": "2"},
        ]
    ),
    unique_by=lambda each: str(each["kind"]),
    max_size=2,
)
minimum_times = st.fixed_dictionaries(
    {"scope": st.sampled_from(["entry", "day"]), "minutes": st.sampled_from([15, 60])}
)
of_time = {
    "rounding": roundings,
    "group_lines_by": st.sampled_from(["task", "person", "entry"]),
    "multipliers": multipliers,
    "minimum_time": minimum_times,
}
of_charged = {
    **of_time,
    "minimum_charge": st.fixed_dictionaries({"amount": amounts, "period_months": st.sampled_from([1, 2])}),
    "discount": st.one_of(
        st.fixed_dictionaries({"percent": percents}),
        st.fixed_dictionaries(
            {"percent": percents, "volume": st.just([{"from_hours": "10", "percent": "20"}])}
        ),
    ),
    "cap": st.one_of(
        st.fixed_dictionaries({"amount": amounts, "action": st.sampled_from(["hard", "notify"])}),
        st.fixed_dictionaries(
            {
                "hours": st.sampled_from(["3", "7.5", "20"]),
                "action": st.just("hard"),
                "tolerance_percent": percents,
            }
        ),
    ),
}
retainers = st.builds(
    lambda base, content, unused: {**base, **content, **unused},
    some(
        period_months=st.sampled_from([1, 2]), timing=st.sampled_from(["advance", "arrears"]), overage_rate=amounts,
        carries_deficit=optional, prorates=optional, **of_time,
    ),
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"fee": amounts, "included_hours": st.sampled_from(["2", "10.25", "40"])}),
        st.fixed_dictionaries({"fee": amounts, "included_amount": amounts}),
    ),
    st.one_of(
        st.just({}),
        st.just({"unused": "roll_over"}),
        st.just({"unused": "roll_over", "roll_over_periods": 1, "roll_over_hours": "5"}),
    ),
)  # fmt: skip
prepaids = st.builds(
    lambda base, size: {"price": "1000", **base, **size},
    some(
        price=amounts, expires_after_months=st.sampled_from([1, 2]), tops_up=optional,
        beyond=st.sampled_from(["charge", "hold"]), **of_time,
    ),
    st.one_of(
        st.fixed_dictionaries({"block_hours": st.sampled_from(["5", "12.5"])}),
        st.fixed_dictionaries({"block_amount": st.sampled_from(["700", "1234.56"])}),
    ),
)  # fmt: skip
models: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "time_and_materials": some(**of_charged),
    "blended": some(**of_charged).map(lambda each: {"rate_per_hour": "97.77", **each}),
    "day_rate": some(**of_charged).map(lambda each: {"rate_per_day": "801", **each}),
    "non_billable": st.just({}),
    "fixed_fee": st.just(
        {
            "price": "10000",
            "instalments": [
                {"name": "Start", "due": "2026-03-05", "percent": "33.33"},
                {"name": "Middle", "due": "2026-04-30", "percent": "33.33"},
                {"name": "End", "percent": "33.34"},
            ],
        }
    ),
    "milestone": st.just(
        {"milestones": [{"name": "Design", "amount": "4000"}, {"name": "Build", "amount": "6000.55"}]}
    ),
    "retainer": retainers.map(lambda each: {"fee": "500", **each}),
    "recurring": some(
        timing=st.sampled_from(["advance", "arrears"]), prorates=optional, period_months=st.sampled_from([1, 3])
    ).map(lambda each: {"fee": "333.33", **each}),
    "prepaid": prepaids,
    "progress": some(retainage_percent=percents).map(lambda each: {"value": "20000", **each}),
    "unit": some(by_volume=optional).map(
        lambda each: {
            "unit": "device",
            "tiers": [{"from_quantity": "0", "price": "9.99"}, {"from_quantity": "10", "price": "7.5"}],
            **each,
        }
    ),
}  # fmt: skip
times = st.lists(
    st.builds(
        Booked,
        month=st.integers(0, 2), week=st.integers(0, 1), weekday=st.integers(0, 6),
        who=st.sampled_from(["carl", "pia"]), task=st.sampled_from(["review", "report"]),
        minutes=st.one_of(st.integers(0, 600), st.sampled_from([60, 240, 480])),
    ),
    max_size=14,
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> terms.Terms:
    model = draw(st.sampled_from(sorted(models)))
    return terms.parse(model, draw(models[model]))


# --- once simulated, once real ------------------------------------------------------------------------------


def acts_of(document: terms.Terms) -> tuple[Act, ...]:
    """Return what somebody does in the course of it."""
    april = date(2026, 4, 20)
    match document:
        case terms.FixedFee():
            return (Act("line", april, ActKind.INSTALMENT, 2),)
        case terms.Milestones():
            return (Act("line", april, ActKind.MILESTONE, 1),)
        case terms.Progress():
            return (
                Act("line", ENDS[0], ActKind.PROGRESS),
                Act("line", ENDS[1], ActKind.PROGRESS, percent=D(100)),
                Act("line", ENDS[2], ActKind.RELEASE),
            )
        case terms.Units():
            return (Act("line", april, ActKind.UNITS, quantity=D(25), days=Period(date(2026, 3, 1), april)),)
        case terms.Prepaid():
            return (Act("line", april, ActKind.BLOCK),)
    return ()


def act(world: World, line: ContractLine, each: Act) -> None:
    """Do in earnest what is done in the simulation."""
    actor = world.olivia.actor
    match each.kind:
        case ActKind.INSTALMENT:
            charges.charge_instalment(actor=actor, line_id=line.pk, place=each.place, on=each.on)
        case ActKind.MILESTONE:
            milestones.accept_milestone(
                actor=actor, line_id=line.pk, key=str(each.place), on=each.on, accepted_by="Cleo"
            )
        case ActKind.UNITS:
            assert each.days is not None
            charges.record_units(
                actor=actor, line_id=line.pk, start=each.days.start, end=each.days.end, quantity=each.quantity
            )
        case ActKind.PROGRESS:
            charges.record_progress(
                actor=actor, line_id=line.pk, on=each.on, percent=each.percent, evidence="Seen"
            )
        case ActKind.RELEASE:
            retained = Charge.objects.filter(kind="retainage", contract_line=line)
            if retained.exists():
                charges.release_retainage(actor=actor, line_id=line.pk, on=each.on)
        case ActKind.BLOCK:
            charges.buy_block(actor=actor, line_id=line.pk, on=each.on)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Take back whatever is done inside."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


Lines = list[tuple[Any, ...]]


@dataclass
class Outcome:
    """What came of it: the lines of each invoice with its totals, and what stands at the end of each period."""

    invoices: list[Lines]
    totals: list[tuple[D, D]]
    wip: list[D]
    over_cap: list[D]
    refusal: list[str] = field(default_factory=list)


def real(
    world: World, line: ContractLine, tasks: dict[str, Task], booked: list[Booked], acts: tuple[Act, ...]
) -> tuple[Outcome, list[Worked]]:
    """Book, approve and bill month by month; a month whose invoice is negative, and so never issued, is the last."""
    found = Outcome([], [], [], [])
    works = []
    left = list(acts)
    for month, end in enumerate(ENDS):
        for week in (1, 0):  # the later week is approved first: the order must not matter
            for each in booked:
                if each.month == month and each.week == week:
                    day = MONDAYS[month][week] + timedelta(days=each.weekday)
                    who = {"carl": world.carl, "pia": world.pia}[each.who]
                    role = {"carl": world.consultant, "pia": world.lead}[each.who]
                    entry = book(who, tasks[each.task], day, str(D(each.minutes) / 60))
                    works.append(
                        Worked(
                            entry.pk, who.person_id, role.pk, world.beacon.pk, tasks[each.task].pk, None, day,
                            entry.worked_seconds, RATES[each.who], day == date(2026, 4, 6),
                        )
                    )  # fmt: skip
            approve_all(world)
        while left and left[0].on <= end:
            act(world, line, left.pop(0))
        contracts = [line.contract_id]
        try:
            run = run_billing(
                actor=world.olivia.actor, through=end, contract_ids=contracts, issue=True, issued_on=end
            )
        except Refused as refused:
            found.refusal = [problem.code for problem in refused.problems]
            break
        for each_invoice in run.invoices:
            invoice = Invoice.objects.get(pk=each_invoice.id)
            found.totals.append((invoice.net, invoice.tax))
            rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
            found.invoices.append(
                [
                    (
                        row.description,
                        row.quantity,
                        row.unit,
                        row.rate,
                        row.amount,
                        row.rounding,
                        row.is_adjustment,
                    )
                    for row in rows
                ]
            )
        items = BillableItem.objects.filter(contract=line.contract, is_void=False)
        open_items = OpenItem.objects.filter(contract_id=line.contract_id)
        found.over_cap.append(items.aggregate(total=Sum("over_cap"))["total"] or D(0))
        found.wip.append(open_items.aggregate(total=Sum("amount"))["total"] or D(0))
    return found, works


def simulated(simulation: Simulation) -> Outcome:
    return Outcome(
        [
            [
                (
                    row.description,
                    row.quantity,
                    row.unit,
                    row.rate,
                    row.amount,
                    row.rounding,
                    row.is_adjustment,
                )
                for row in invoice.lines
            ]
            for invoice in simulation.invoices
        ],
        [(invoice.net, invoice.tax) for invoice in simulation.invoices],
        [period.through.wip for period in simulation.periods],
        [period.through.over_cap for period in simulation.periods],
    )


OF_BILLING = {
    AccountRole.CONTRACT_POSITION, AccountRole.SERVICES_REVENUE, AccountRole.BILLING_ADJUSTMENTS,
    AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE,
}  # fmt: skip


def posted(simulation: Simulation) -> dict[str, D]:
    """Return what the simulation posts to each account, debits less credits."""
    sums: dict[str, D] = defaultdict(D)
    for period in simulation.periods:
        for act_posted in postings(simulation, period):
            for row in act_posted.accounts:
                sums[row.account] += row.debit - row.credit
    return {account: amount for account, amount in sums.items() if amount}


def booked_in(contract_id: int) -> dict[str, D]:
    """Return what stands in the books of a contract."""
    rows = Posting.objects.filter(contract_id=contract_id, account__role__in=OF_BILLING)
    sums = rows.values_list("account__role").annotate(Sum("debit"), Sum("credit")).order_by()
    return {role: debit - credit for role, debit, credit in sums if debit != credit}


@pytest.mark.django_db
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(document=documents(), booked=times)
def test_simulated_is_what_is_billed(world: World, document: terms.Terms, booked: list[Booked]) -> None:
    note(f"{document!r}\n{booked!r}")
    with rolled_back():
        line = world.audit
        line.model, line.terms, line.budget_seconds = document.model, terms.stored(document), 100 * 3600
        line.save()
        contract = world.audit_contract
        contract.start = date(2026, 3, 5)
        contract.save()
        report = Task.objects.create(project=world.beacon, name="Report", contract_line=line, position=2)
        tasks = {"review": world.review, "report": report}
        acts = acts_of(document)
        expected, works = real(world, line, tasks, booked, acts)
        plan = Plan(
            "EUR", contract.start, None, (PlanLine("line", "Audit", document, works, budget_seconds=360_000),),
            ENDS, acts=acts, entity_tax=EntityTax(percentage=D(19)),
            tasks={task.pk: task.name for task in tasks.values()},
            people={world.carl.person_id: "Carl Consultant", world.pia.person_id: "Pia Lead"},
        )  # fmt: skip
        simulation = simulate(plan)
        found = simulated(simulation)
        is_negative = any(not invoice.is_issued for invoice in simulation.invoices)
        assert expected.refusal == ["negative_invoice"] * is_negative
        if is_negative:
            return
        assert [sorted(lines) for lines in found.invoices] == [sorted(lines) for lines in expected.invoices]
        assert posted(simulation) == booked_in(contract.pk)
        assert (found.totals, found.wip, found.over_cap) == (expected.totals, expected.wip, expected.over_cap)


caps = st.one_of(
    st.fixed_dictionaries({"amount": amounts, "action": st.just("hard")}),
    st.fixed_dictionaries(
        {
            "hours": st.sampled_from(["3", "7.5", "20"]),
            "action": st.just("hard"),
            "tolerance_percent": percents,
        }
    ),
)
of_hours = st.sampled_from(["time_and_materials", "blended", "day_rate", "retainer"])


@st.composite
def two_documents(draw: st.DrawFn) -> tuple[terms.Terms, terms.Terms]:
    first, second = draw(of_hours), draw(of_hours)
    return terms.parse(first, draw(models[first])), terms.parse(second, draw(models[second]))


@pytest.mark.django_db
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(documents=two_documents(), of_contract=caps, of_phase=st.none() | caps, booked=times)
def test_caps_over_several_lines_are_simulated_as_they_bill(
    world: World,
    documents: tuple[terms.Terms, terms.Terms],
    of_contract: dict[str, Any],
    of_phase: dict[str, Any] | None,
    booked: list[Booked],
) -> None:
    note(f"{documents!r}\n{of_contract!r}\n{of_phase!r}\n{booked!r}")
    with rolled_back():
        line, contract = world.audit, world.audit_contract
        line.model, line.terms = documents[0].model, terms.stored(documents[0])
        line.save()
        contract.start, contract.cap = date(2026, 3, 5), of_contract
        contract.save()
        other = ContractLine.objects.create(
            contract=contract, name="Reports", position=2, model=documents[1].model,
            terms=terms.stored(documents[1]), revenue_method=line.revenue_method,
        )  # fmt: skip
        report = Task.objects.create(project=world.beacon, name="Report", contract_line=other, position=2)
        shared = [SharedCap("the contract's cap", terms.parse_cap(of_contract))]
        if of_phase is not None:
            phase = Phase_.objects.create(project=world.beacon, name="Writing", position=1, cap=of_phase)
            Task.objects.filter(pk=report.pk).update(phase=phase)
            shared.insert(
                0, SharedCap("the phase's cap", terms.parse_cap(of_phase), task_ids=frozenset({report.pk}))
            )
        tasks = {"review": world.review, "report": report}
        expected, works = real(world, line, tasks, booked, ())
        of_task = {task.pk: [work for work in works if work.task_id == task.pk] for task in tasks.values()}
        plan = Plan(
            "EUR", contract.start, None,
            (PlanLine("line", "Audit", documents[0], of_task[world.review.pk]),
             PlanLine("other", "Reports", documents[1], of_task[report.pk])),
            ENDS, entity_tax=EntityTax(percentage=D(19)), caps=tuple(shared),
            tasks={task.pk: task.name for task in tasks.values()},
            people={world.carl.person_id: "Carl Consultant", world.pia.person_id: "Pia Lead"},
        )  # fmt: skip
        simulation = simulate(plan)
        if any(not invoice.is_issued for invoice in simulation.invoices) or expected.refusal:
            return
        found = simulated(simulation)
        assert [sorted(lines) for lines in found.invoices] == [sorted(lines) for lines in expected.invoices]
        assert posted(simulation) == booked_in(contract.pk)
        assert (found.totals, found.wip, found.over_cap) == (expected.totals, expected.wip, expected.over_cap)
