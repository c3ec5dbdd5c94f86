"""Budgets that fit what was booked: most projects inside, four beyond on purpose."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from workledger.demo.calc.dates import DAY
from workledger.demo.calc.records import Entry, Line, Project, Task

_FULL_TASK_HOURS = 16


def set_budgets(
    rng: Random,
    entries: Sequence[Entry],
    cents: Sequence[int],
    projects: Sequence[Project],
    lines: Sequence[Line],
    tasks: Sequence[Task],
    starts_on: date,
    today: date,
) -> tuple[tuple[Project, ...], tuple[Line, ...], tuple[Task, ...], tuple[int, ...]]:
    """Give client projects, their billed lines and tasks a budget; returns also who is over it."""
    task_seconds = [0] * len(tasks)
    task_cents = [0] * len(tasks)
    for entry, value in zip(entries, cents, strict=True):
        task_seconds[entry.task_index] += entry.worked_seconds
        task_cents[entry.task_index] += value
    over = _choose_over(projects, tasks, task_seconds, today)
    factors = [
        Decimal(rng.randrange(76, 89)) / 100 if index in over else _room(rng, project, starts_on, today)
        for index, project in enumerate(projects)
    ]
    new_tasks = []
    project_hours = [Decimal(0)] * len(projects)
    project_money = [Decimal(0)] * len(projects)
    line_hours = [Decimal(0)] * len(lines)
    line_money = [Decimal(0)] * len(lines)
    for index, task in enumerate(tasks):
        project = projects[task.project_index]
        if project.client_index is None:
            new_tasks.append(task)
            continue
        billed = lines[task.line_index].model == "time_and_materials"
        factor = factors[task.project_index]
        hours = Decimal(task_seconds[index]) / 3600 * factor
        hours = max(Decimal(-(-int(hours) // 4) * 4), Decimal(_FULL_TASK_HOURS if billed else 8))
        rate = (
            Decimal(task_cents[index]) / 100 / (Decimal(task_seconds[index]) / 3600)
            if task_seconds[index]
            else 0
        )
        money = (hours * (rate or 130) / 100).quantize(Decimal(1)) * 100 if billed else Decimal(0)
        if task.project_index in over:
            money = min(money, (Decimal(task_cents[index]) / 100 * factor).quantize(Decimal(1)))
        project_hours[task.project_index] += hours
        project_money[task.project_index] += money
        line_hours[task.line_index] += hours
        line_money[task.line_index] += money
        new_tasks.append(
            replace(
                task,
                closed=project.status == "closed",
                budget_hours=hours,
                budget_amount=money if billed else None,
            )
        )
    new_projects = tuple(
        project
        if project.client_index is None
        else replace(project, budget_hours=project_hours[index], budget_amount=project_money[index])
        for index, project in enumerate(projects)
    )
    new_lines = tuple(
        replace(line, budget_hours=line_hours[index], budget_amount=line_money[index])
        if line.model == "time_and_materials"
        else line
        for index, line in enumerate(lines)
    )
    return new_projects, new_lines, tuple(new_tasks), over


def _room(rng: Random, project: Project, starts_on: date, today: date) -> Decimal:
    """How much larger than the booked hours the budget is: work to come, and a little air."""
    total = max(1, (project.last_day - max(project.starts_on, starts_on)).days)
    gone = (min(project.last_day, today) - max(project.starts_on, starts_on)).days
    to_come = Decimal(total) / max(gone, 14)
    return max(Decimal(1), min(to_come, Decimal(8))) * Decimal(rng.randrange(102, 124)) / 100


def _choose_over(
    projects: Sequence[Project], tasks: Sequence[Task], task_seconds: Sequence[int], today: date
) -> tuple[int, ...]:
    """Four well-booked projects that run or ended lately (fewer in a small firm)."""
    seconds = [0] * len(projects)
    for task, booked in zip(tasks, task_seconds, strict=True):
        seconds[task.project_index] += booked
    lately = today - DAY * 60
    candidates = sorted(
        (
            (-seconds[index], index)
            for index, project in enumerate(projects)
            if project.client_index is not None and project.last_day >= lately and seconds[index] > 120 * 3600
        )
    )
    wanted = min(4, len(candidates) // 3)
    return tuple(sorted(index for _, index in candidates[1 : 1 + 2 * wanted : 2]))
