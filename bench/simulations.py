"""Simulating a contract: pure calculation, no database."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from workledger.billing.calc.simulation import Plan, PlanLine, month_ends, simulate
from workledger.billing.calc.work import Worked
from workledger.contracts.calc import terms

START, MONTHS, DAYS = date(2026, 1, 1), 12, 365
TERMS: dict[str, tuple[str, dict[str, Any]]] = {
    "time and materials": ("time_and_materials", {}),
    "weekends, discount, hard cap": (
        "time_and_materials",
        {
            "multipliers": [{"kind": "weekend", "factor": "1.5"}],
            "discount": {"percent": "3"},
            "cap": {"amount": "3000000", "action": "hard"},
        },
    ),
    "retainer that rolls over": (
        "retainer", {"fee": "10000", "included_hours": "3000", "unused": "roll_over"},
    ),
    "prepaid that tops up": (
        "prepaid", {"block_hours": "10000", "price": "100000", "tops_up": True},
    ),
}  # fmt: skip


def simulations(entries: int) -> dict[str, Any]:
    """Simulate twelve months of each of some terms over so many entries; process seconds."""
    found = {}
    for name, (model, document) in TERMS.items():
        line = PlanLine("line", name, terms.parse(model, document), _works(entries))
        plan = Plan(
            "EUR", START, None, (line,), month_ends(START, MONTHS), tasks=dict.fromkeys(range(8), "Task")
        )
        began = time.process_time()
        simulation = simulate(plan)
        found[name] = {"seconds": time.process_time() - began, "invoices": len(simulation.invoices)}
    return {"entries": entries, "terms": found}


def _works(entries: int) -> list[Worked]:
    return [
        Worked(
            number, number % 20 + 1, number % 3 + 1, 1, number % 7 + 1, None,
            START + timedelta(days=number * DAYS // entries), 3600 + number % 8 * 900, Decimal(100 + number % 3 * 10),
        )
        for number in range(entries)
    ]  # fmt: skip


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {"simulations": simulations}
