"""What the firm has that the names of a file may mean, loaded in a handful of queries."""

from django.db.models import F

from workledger.connect.calc.mapping import (
    CONTRACT_NAME,
    Known,
    KnownClient,
    KnownContract,
    KnownLine,
    KnownPerson,
    KnownProject,
    KnownTask,
)
from workledger.contracts.models import BillingModel, Contract, ContractLine, ContractState
from workledger.core.access import Actor
from workledger.directory.models import Client, LegalEntity, Person
from workledger.projects.models import Phase, Project, Task


def load(actor: Actor, entity: LegalEntity) -> Known:
    """Return what this actor sees. Imported contracts are those of `entity`."""
    currency = entity.book.currency
    contracts = (
        Contract.objects.visible_to(actor)
        .exclude(state=ContractState.CLOSED)
        .order_by("pk")
        .values_list("pk", "client_id", "currency", "name", "entity_id")
    )
    projects = Project.objects.visible_to(actor).order_by("pk")
    return Known(
        people=[
            KnownPerson(*row)
            for row in Person.objects.visible_to(actor).order_by("pk").values_list("pk", "name", "email")
        ],
        clients=[
            KnownClient(pk, name, is_internal, billed_in or currency)
            for pk, name, is_internal, billed_in in Client.objects.visible_to(actor)
            .order_by("pk")
            .values_list("pk", "name", "is_internal", "billing_profile__currency")
        ],
        contracts=[
            KnownContract(pk, client_id, code, name == CONTRACT_NAME and entity_id == entity.pk)
            for pk, client_id, code, name, entity_id in contracts
        ],
        lines=[
            KnownLine(pk, contract_id, name, model == BillingModel.TIME_AND_MATERIALS)
            for pk, contract_id, name, model in ContractLine.objects.visible_to(actor)
            .exclude(contract__state=ContractState.CLOSED)
            .order_by("contract_id", "position")
            .values_list("pk", "contract_id", "name", "model")
        ],
        projects=[
            KnownProject(*row)
            for row in projects.values_list("pk", "client_id", "code", "name", "contract_id")
        ],
        tasks=[
            KnownTask(pk, project_id, phase or "", name, line_id, type_id)
            for pk, project_id, phase, name, line_id, type_id in Task.objects.visible_to(actor)
            .order_by(F("parent_id").asc(nulls_first=True), "position", "pk")
            .values_list("pk", "project_id", "phase__name", "name", "contract_line_id", "task_type_id")
        ],
        phases={
            (project_id, name): pk
            for pk, project_id, name in Phase.objects.visible_to(actor).values_list(
                "pk", "project_id", "name"
            )
        },
        taken_codes=set(Project.objects.values_list("code", flat=True)),
    )
