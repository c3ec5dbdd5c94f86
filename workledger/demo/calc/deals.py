"""Contracts of the demo firm that do not bill by the hour: a retainer, a block, a fixed fee, milestones, a platform paid ahead."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.demo.calc.dates import add_months, days
from workledger.demo.calc.records import DemoFirm

_MONTHS = 6
_FIRST_CLIENT = 1
_WEDNESDAY = 2
_AUDIT_HOURS = 220


@dataclass(frozen=True, slots=True)
class Deal:
    """A contract with one line of a model and its task; `worked` is seconds by day, of one person.

    `recognized` names the revenue method, '' as invoiced; `ends_on` is the first day after the contract.
    """

    client_index: int
    title: str
    line: str
    model: str
    terms: dict[str, Any]
    starts_on: date
    manager_index: int
    person_index: int
    task: str
    budget_amount: Decimal
    worked: tuple[tuple[date, int], ...] = ()
    recognized: str = ""
    budget_seconds: int | None = None
    ends_on: date | None = None


def plan_deals(firm: DemoFirm) -> tuple[Deal, ...]:
    """Return one deal of each kind, with clients that the firm has, from some months ago on."""
    back = min(
        _MONTHS, (firm.today.year - firm.starts_on.year) * 12 + firm.today.month - firm.starts_on.month
    )
    start = add_months(firm.today.replace(day=1), -back)
    people = _steady(firm, start)
    manager = firm.contracts[1].manager_index
    clients = len(firm.clients)
    after = [add_months(start, count) for count in range(1, 13)]

    def deal(
        place: int,
        title: str,
        line: str,
        model: str,
        budget: int,
        terms: dict[str, Any],
        hours: int = 0,
        **agreed: Any,
    ) -> Deal:
        person = people[place % len(people)]
        return Deal(
            (_FIRST_CLIENT + place) % clients, title, line, model, terms, start, manager, person, line, Decimal(budget),
            _weekly(firm, start, hours) if hours else (), **agreed,
        )  # fmt: skip

    retainer = {
        "fee": "3200", "included_hours": "20", "overage_rate": "175", "unused": "roll_over", "roll_over_periods": 1,
    }  # fmt: skip
    block = {
        "price": "6000",
        "block_hours": "40",
        "expires_after_months": 12,
        "low_balance_percent": "20",
        "tops_up": True,
    }
    platform = {"fee": "28800", "period_months": 6, "timing": "advance"}
    instalments = [
        {"name": "On signing", "percent": "30", "due": start.isoformat()},
        {"name": "Concept delivered", "percent": "40", "due": after[2].isoformat()},
        {"name": "Handover", "percent": "30"},
    ]
    milestones = [
        {"name": "Pilot in use", "amount": "14000", "due": after[1].isoformat(), "criteria": "Ten users work with it for a week."},
        {"name": "Rolled out", "amount": "22000", "due": after[7].isoformat(), "criteria": "All sites are live."},
    ]  # fmt: skip
    return (
        deal(0, "Support desk", "Support", "retainer", 19_200, retainer, hours=5),
        deal(1, "Advice on call", "Advice", "prepaid", 12_000, block, hours=3),
        deal(
            2, "Security audit", "Audit", "fixed_fee", 24_000, {"price": "24000", "instalments": instalments}, hours=6,
            recognized="input_hours", budget_seconds=_AUDIT_HOURS * 3600, ends_on=after[8],
        ),
        deal(
            3, "Portal rollout", "Rollout", "milestone", 36_000, {"milestones": milestones},
            recognized="output_milestones", ends_on=after[9],
        ),
        deal(
            4, "Managed platform", "Platform", "recurring", 57_600, platform, recognized="straight_line", ends_on=after[11],
        ),
    )  # fmt: skip


def _steady(firm: DemoFirm, since: date) -> list[int]:
    """Return people who bill and were there all the time since a day."""
    found = []
    for index, person in enumerate(firm.people):
        terms = [term for term in firm.terms if term.person_index == index and term.starts_on <= since]
        bills = bool(terms) and firm.roles[terms[-1].role_index].billable
        if bills and person.left_on is None:
            found.append(index)
    return found or [0]


def _weekly(firm: DemoFirm, start: date, hours: int) -> tuple[tuple[date, int], ...]:
    """Return a Wednesday's hours of each week since a day, a little more every fourth."""
    found: list[tuple[date, int]] = []
    holidays = set(firm.offices[0].holidays)
    for day in days(start, firm.today):
        if day.weekday() == _WEDNESDAY and day not in holidays:
            found.append((day, (hours + len(found) % 4 // 3 * 3) * 3600))
    return tuple(found)
