"""What projects do when contracts tell them something; read when the app is ready."""

from workledger.contracts.calc.orders import Budget
from workledger.contracts.effects import register_budgets
from workledger.contracts.events import ChangeOrderApplied
from workledger.core import locks
from workledger.core.events import subscribe
from workledger.projects.models import Project, Task


def on_change_order_applied(event: ChangeOrderApplied) -> None:
    """Move the budgets that a change order moved, and close the tasks of lines it ended to new time."""
    moved = {(budget.holder, budget.holder_id): budget for budget in event.budgets}
    projects = [holder_id for holder, holder_id in moved if holder == "project"]
    tasks = [holder_id for holder, holder_id in moved if holder == "task"]
    held_projects = locks.all_for_update(Project.objects.filter(contract_id=event.contract_id), projects)
    held_tasks = locks.all_for_update(Task.objects.filter(project__contract_id=event.contract_id), tasks)
    for project in held_projects:
        project.budget_seconds, project.budget_amount = moved["project", project.pk][2:]
    for task in held_tasks:
        task.budget_seconds, task.budget_amount = moved["task", task.pk][2:]
    Project.objects.bulk_update(held_projects, ["budget_seconds", "budget_amount"])
    Task.objects.bulk_update(held_tasks, ["budget_seconds", "budget_amount"])
    if event.ended_line_ids:
        Task.objects.filter(contract_line_id__in=event.ended_line_ids, is_open=True).update(is_open=False)


def budgets(contract_id: int) -> list[Budget]:
    """Return the budgets of a contract's projects and of their tasks."""
    projects = Project.objects.filter(contract_id=contract_id).order_by("code")
    tasks = Task.objects.filter(project__contract_id=contract_id).order_by("project__code", "position", "pk")
    return [
        *(
            Budget("project", *row)
            for row in projects.values_list("pk", "name", "budget_seconds", "budget_amount")
        ),
        *(
            Budget("task", pk, f"{project}: {name}", seconds, amount)
            for pk, project, name, seconds, amount in tasks.values_list(
                "pk", "project__name", "name", "budget_seconds", "budget_amount"
            )
        ),
    ]


subscribe(ChangeOrderApplied, on_change_order_applied)
register_budgets(budgets)
