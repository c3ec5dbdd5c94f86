"""What a change order comes to, read from the database: checked against its contract, kept, read again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from workledger.contracts import versions
from workledger.contracts.calc import orders, terms
from workledger.contracts.calc.agreement import Agreement, Difference
from workledger.contracts.calc.orders import Budget, Effect, Pricing
from workledger.contracts.effects import Unbilled, budgets_of
from workledger.contracts.models import BillingModel, Contract, RevenueMethod
from workledger.core.refusals import Problem, Problems


def budgets(contract_id: int) -> dict[tuple[str, int], Budget]:
    """Return the budgets of projects and tasks that hang on a contract, by what holds them."""
    return {(budget.holder, budget.holder_id): budget for budget in budgets_of(contract_id)}


def checked(
    problems: Problems, contract: Contract, changes: Sequence[orders.Change], effective: date
) -> Pricing | None:
    """Return what changes come to; notes what names nothing of the contract, or does not fit, and returns None then.

    Notes: line_unknown, line_ended, terms_do_not_fit, model_unknown, method_unknown, budget_unknown, nothing_changes.
    """
    agreed = versions.agreement(contract.pk)
    held = budgets(contract.pk)
    found = [
        replace(problem, field=f"changes.{place}.{problem.field}".rstrip("."))
        for place, change in enumerate(changes)
        for problem in _unfit(agreed, change, held)
    ]
    problems.found += found
    if problems.found:
        return None
    priced = orders.price(agreed, changes, effective, held.values())
    for place, effect in enumerate(priced.effects):
        message = "This changes nothing: the contract says so already. Take it out."
        problems.check(effect.differences, "nothing_changes", message, f"changes.{place}")
    return None if problems.found else priced


def _unfit(agreed: Agreement, change: orders.Change, held: dict[tuple[str, int], Budget]) -> list[Problem]:
    match change:
        case orders.ChangeLine() | orders.EndLine():
            line = agreed.line(change.line_id)
            if line is None:
                return [Problem("line_unknown", "Choose a line of this contract.", "line_id")]
            if line.end is not None:
                return [Problem("line_ended", f"{line.name} has ended. Add another line.", "line_id")]
            if isinstance(change, orders.ChangeLine):
                return _terms_problems(line.model, {**line.terms, **change.terms})
        case orders.AddLine():
            if change.model not in BillingModel.values:
                return [Problem("model_unknown", "There is no such billing model.", "model")]
            if change.revenue_method is not None and change.revenue_method not in RevenueMethod.values:
                return [Problem("method_unknown", "There is no such revenue method.", "revenue_method")]
            return _terms_problems(change.model, change.terms)
        case orders.MoveBudget() if (change.holder, change.holder_id) not in held:
            message = f"Choose a {change.holder} of this contract."
            return [Problem("budget_unknown", message, "holder_id")]
        case orders.SetRate() if change.line_id is not None and agreed.line(change.line_id) is None:
            return [Problem("line_unknown", "Choose a line of this contract.", "line_id")]
    return []


def _terms_problems(model: str, document: dict[str, Any]) -> list[Problem]:
    try:
        terms.parse(model, document)
    except terms.TermsInvalid as invalid:
        return [
            Problem("terms_do_not_fit", message, f"terms.{field}" if field else "terms")
            for field, message in invalid.problems
        ]
    return []


def stored(pricing: Pricing) -> dict[str, Any]:
    """Return what an order comes to as the JSON that is kept; amounts are strings."""
    kept = pricing._asdict()
    kept["effects"] = [
        each._asdict()
        | {"differences": [list(said) for said in each.differences], "amount": _text(each.amount)}
        for each in pricing.effects
    ]
    for name in ("amount", "scope_amount", "moved_amount"):
        kept[name] = _text(kept[name])
    return kept


def read(kept: dict[str, Any]) -> Pricing:
    """Read what was kept of an order's effect."""
    effects = tuple(
        Effect(
            each["title"], each["layer"], tuple(Difference(*said) for said in each["differences"]),
            each["seconds"], _number(each["amount"]),
        )
        for each in kept["effects"]
    )  # fmt: skip
    return Pricing(
        effects, kept["seconds"], Decimal(kept["amount"]), kept["scope_seconds"], _number(kept["scope_amount"]),
        kept["moved_seconds"], Decimal(kept["moved_amount"]), kept["is_measured"],
    )  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class LineRelease(NamedTuple):
    """What an order makes of a line's unbilled work: billable and over the cap, before and after."""

    line: str
    billable_before: Decimal
    billable_after: Decimal
    over_cap_before: Decimal
    over_cap_after: Decimal


def releases(
    names: Mapping[int, str], before: Mapping[int, Unbilled], after: Mapping[int, Unbilled]
) -> list[dict[str, Any]]:
    """Return what an order makes of unbilled work, as the JSON that is kept, of lines where it makes a difference."""
    found = []
    for line_id in sorted(before.keys() | after.keys()):
        nothing = Unbilled(line_id, Decimal(0), Decimal(0))
        was, now = before.get(line_id, nothing), after.get(line_id, nothing)
        if was != now:
            row = LineRelease(names.get(line_id, ""), was.billable, now.billable, was.over_cap, now.over_cap)
            found.append({name: str(value) for name, value in row._asdict().items()})
    return found


def read_releases(kept: Sequence[Mapping[str, str]]) -> list[LineRelease]:
    """Read what was kept of an order's effect on unbilled work."""
    return [
        LineRelease(row["line"], *(Decimal(row[name]) for name in LineRelease._fields[1:])) for row in kept
    ]
