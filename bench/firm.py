"""The firm that is measured: 100 people, 40 clients, 200 projects of three tasks, and as many entries as wanted."""

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from django.db import connection, transaction

from workledger.core.access import system_actor
from workledger.demo.actions import _Loader
from workledger.demo.calc.bench import generate_bench
from workledger.demo.calc.records import DemoFirm


def imagine(entries: int) -> DemoFirm:
    """The firm up to today, every week submitted and none approved; every contract can be invoiced, by task."""
    firm = generate_bench(entries=entries, today=date.today())
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
