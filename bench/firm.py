"""The firm that is measured: 100 people, 40 clients, 200 projects of three tasks, and as many entries as wanted."""

import csv
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from workledger.core.access import system_actor
from workledger.demo.actions import _Loader
from workledger.demo.calc.bench import generate_bench
from workledger.demo.calc.records import DemoFirm

MIXED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("time_and_materials", {}),
    ("time_and_materials", {"cap": {"amount": "40000", "action": "hard"}}),
    ("time_and_materials", {
        "rounding": {"scope": "task_day", "method": "up", "step_minutes": 15},
        "multipliers": [{"kind": "overtime", "factor": "1.25", "over_hours": "8"}],
        "discount": {"percent": "2", "volume": [{"from_hours": "40", "percent": "4"}]},
    }),
    ("retainer", {"fee": "5000", "included_hours": "30", "overage_rate": "140", "unused": "roll_over"}),
    ("prepaid", {"block_hours": "100", "price": "12000", "tops_up": True}),
    ("blended", {"rate_per_hour": "125"}),
    ("day_rate", {"rate_per_day": "980"}),
    ("fixed_fee", {"price": "60000", "instalments": [{"name": "All", "percent": "100", "due": "2020-01-01"}]}),
    ("recurring", {"fee": "1500", "escalation_percent": "3"}),
    ("unit", {"unit": "ticket", "tiers": [{"from_quantity": "0", "price": "20"}]}),
)  # fmt: skip
"""Billing models in turn, one contract each."""


RECOGNIZED = ("straight_line", "input_hours", "input_cost", "output_progress")
"""Ways to recognize a price in turn, one contract each."""


def imagine(entries: int, *, contracts: int = 200, mixed: bool = False, recognized: bool = False) -> DemoFirm:
    """The firm up to today, every week submitted and none approved; every contract can be invoiced, by task.

    `recognized`: every contract has a fixed fee that is recognized over its price.
    """
    firm = generate_bench(entries=entries, projects=contracts, today=date.today())
    if mixed:
        lines = (
            replace(line, model=model, terms=terms)
            for line, (model, terms) in zip(firm.lines, cycle(MIXED), strict=False)
        )
        firm = replace(firm, lines=tuple(lines))
    if recognized:
        fee = {"price": "60000", "instalments": [{"name": "All", "percent": "100"}]}
        lines = (
            replace(line, model="fixed_fee", terms=fee, method=method, budget_hours=400)
            for line, method in zip(firm.lines, cycle(RECOGNIZED), strict=False)
        )
        ends = firm.today + timedelta(days=180)
        signed = tuple(replace(contract, ends_on=ends) for contract in firm.contracts)
        firm = replace(firm, lines=tuple(lines), contracts=signed)
    contracts = (replace(contract, po_number=f"PO {contract.number}") for contract in firm.contracts)
    clients = (replace(client, invoice_grouping="task") for client in firm.clients)
    return replace(firm, contracts=tuple(contracts), clients=tuple(clients))


def load(firm: DemoFirm, *, with_time: bool = True) -> None:
    """Write the firm through the demo's own loader, in one transaction; statistics are gathered after it."""
    loader = _Loader(system_actor("bench"), firm, lambda _: None)
    with transaction.atomic():
        loader.found()
        loader.people()
        loader.clients()
        loader.agreements()
        loader.work()
        if with_time:
            loader.time()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def last_open_day(firm: DemoFirm) -> date:
    """The last day before the month that stays open."""
    return firm.today.replace(day=1) - timedelta(days=1)


def write_csv(firm: DemoFirm, path: Path) -> None:
    """Write the firm's time as the plain CSV of docs/importing.md."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("date", "person", "email", "client", "project", "project_code", "task", "hours", "note")
        )
        for row in firm.entries:
            task = firm.tasks[row.task_index]
            project = firm.projects[task.project_index]
            person = firm.people[row.person_index]
            client = firm.clients[project.client_index or 0]
            writer.writerow(
                (row.day, person.name, person.email, client.name, project.name, project.code, task.name,
                 f"{row.worked_seconds / 3600:.2f}", row.note)
            )  # fmt: skip
