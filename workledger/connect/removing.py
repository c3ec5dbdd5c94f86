"""Taking back what an import wrote: its entries, and what it created as far as nothing else stands on it.

What the books mention stays: a posting is never removed, and what it is about must remain nameable.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection, models

from workledger.contracts.models import Contract, ContractLine, Rate, RateCard, TaskType
from workledger.directory.models import BillingProfile, Client, EmploymentTerms, Person, Role
from workledger.ledger.models import Balance, PersonBalance
from workledger.projects.models import Phase, Project, Task


def remove_entries(batch_id: int) -> int:
    """Remove the entries of an import, and the timesheet lines that nobody decided on and that are empty now."""
    in_use: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM timesheets_timeentry WHERE batch_id = %s RETURNING line_id)"
            " SELECT line_id, count(*) FROM gone GROUP BY 1",
            [batch_id],
        )
        counts = dict(cursor.fetchall())
        # Which lines are still in use is asked first: as conditions of one DELETE, over tables that grew a moment ago,
        # the database chose to look through all of them for each line.
        for used in ("timesheets_timeentry", "timesheets_linedecision"):
            cursor.execute(f"SELECT DISTINCT line_id FROM {used} WHERE line_id = ANY(%s)", [list(counts)])  # noqa: S608 - constants
            in_use |= {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "DELETE FROM timesheets_timesheetline WHERE id = ANY(%s)", [sorted(counts.keys() - in_use)]
        )
    return sum(counts.values())


def remove_created(created: Mapping[str, Any]) -> dict[str, int]:
    """Remove what the import created and nothing else uses; returns how many of each kind."""
    removed: dict[str, int] = {}

    def remove(
        kind: str, model: type[models.Model], ids: Any, *parts: type[models.Model], posted: str = ""
    ) -> None:
        free = _free(model, ids, parts, posted)
        model._default_manager.filter(pk__in=free).delete()
        removed[kind] = len(free)

    tasks = set(created.get("tasks", ()))
    remove("tasks", Task, tasks - _of_posted_projects(tasks))
    remove("phases", Phase, created.get("phases", ()))
    remove("projects", Project, created.get("projects", ()), posted="project_id")
    # Prices go with the contract they are of: others may have been agreed on it since.
    contracts = _free(Contract, created.get("contracts", ()), (ContractLine, RateCard), "contract_id")
    lines = ContractLine.objects.filter(contract_id__in=contracts).values_list("pk", flat=True)
    used = set(lines) - set(_free(ContractLine, list(lines), (Rate,), "contract_line_id"))
    contracts = sorted(
        set(contracts)
        - set(ContractLine.objects.filter(pk__in=used).values_list("contract_id", flat=True))
        - set(_cards_in_use(contracts, created))
    )
    removed["rates"], _ = Rate.objects.filter(card__contract_id__in=contracts).delete()
    RateCard.objects.filter(contract_id__in=contracts).delete()
    ContractLine.objects.filter(contract_id__in=contracts).delete()
    Contract.objects.filter(pk__in=contracts).delete()
    removed["contracts"] = len(contracts)
    remove("clients", Client, created.get("clients", ()), BillingProfile, posted="client_id")
    _remove_people(created, removed)
    remove("task_types", TaskType, created.get("task_types", ()))
    remove("roles", Role, created.get("roles", ()), posted="role_id")
    return {kind: count for kind, count in removed.items() if count}


def _cards_in_use(contracts: list[int], created: Mapping[str, Any]) -> list[int]:
    """Contracts on whose cards somebody has put rates since."""
    return list(
        Rate.objects.filter(card__contract_id__in=contracts)
        .exclude(pk__in=created.get("rates", ()))
        .values_list("card__contract_id", flat=True)
    )


def _remove_people(created: Mapping[str, Any], removed: dict[str, int]) -> None:
    free = _free(Person, created.get("people", ()), (EmploymentTerms,), "person_id")
    free = list(Person.objects.filter(pk__in=free, user__isnull=True).values_list("pk", flat=True))
    EmploymentTerms.objects.filter(person_id__in=free).delete()
    Person.objects.filter(pk__in=free).delete()
    removed["people"] = len(free)


def _free(
    model: type[models.Model], ids: Any, parts: tuple[type[models.Model], ...], posted: str = ""
) -> list[int]:
    """Those of `ids` to which no row points, other than rows that are `parts` of it; none that the books mention."""
    left = set(model._default_manager.filter(pk__in=list(ids)).values_list("pk", flat=True))
    for relation in model._meta.get_fields(include_hidden=True):
        if not left or not isinstance(relation, models.ManyToOneRel):
            continue
        source = relation.related_model
        if source in parts:
            continue
        name = relation.field.name
        left -= set(
            source._default_manager.filter(**{f"{name}__in": left}).values_list(f"{name}_id", flat=True)
        )
    if posted and left:
        balances: type[models.Model] = PersonBalance if posted in ("person_id", "role_id") else Balance
        left -= set(
            balances._default_manager.filter(**{f"{posted}__in": left}).values_list(posted, flat=True)
        )
    return sorted(left)


def _of_posted_projects(tasks: Any) -> set[int]:
    """Tasks of projects that the books mention; balances know projects, not tasks."""
    rows = Task.objects.filter(pk__in=list(tasks))
    posted = Balance.objects.filter(project_id__in=rows.values("project_id")).values("project_id")
    return set(rows.filter(project_id__in=posted).values_list("pk", flat=True))
