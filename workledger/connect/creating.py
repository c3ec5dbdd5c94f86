"""Making what a file names and the firm does not have, through the acts of the floors below."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection

from workledger.connect.calc.mapping import (
    CONTRACT_NAME,
    ContractPlan,
    Plan,
    TaskPlan,
)
from workledger.connect.calc.rates import Fit, HeldRate, Span, fit
from workledger.contracts.actions import (
    approves_alone,
    create_contracts,
    create_lines,
    create_rate_cards,
    create_rates,
    create_task_types,
    end_rate,
)
from workledger.contracts.calc.rating import RateQuery
from workledger.contracts.inputs import NewContract, NewLine, RateCardInput, RateInput
from workledger.contracts.models import BillingModel, Rate, RateCard, RateState, TaskType
from workledger.contracts.queries import load_rate_books
from workledger.core.access import Actor, Permission
from workledger.directory.actions import (
    BillingDetails,
    ClientDetails,
    NewTerms,
    PersonDetails,
    create_clients,
    create_people,
    create_roles,
)
from workledger.directory.calc import shapes
from workledger.directory.models import LegalEntity, Role
from workledger.directory.queries import TermsTable
from workledger.projects.actions import create_phases, create_projects, create_tasks
from workledger.projects.inputs import NewPhase, NewTask, ProjectInput

_ZERO = Decimal(0)


@dataclass(slots=True)
class Created:
    """Ids of what an import made, by kind, and what somebody should know of its rates."""

    ids: dict[str, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, kind: str, ids: Iterable[int]) -> None:
        """Note what was made."""
        self.ids.setdefault(kind, []).extend(ids)


def create_masters(actor: Actor, entity: LegalEntity, plan: Plan) -> Created:
    """Make people, clients, contracts, projects and tasks that are only planned, and give every plan its id."""
    made = Created()
    _people(actor, entity, plan, made)
    _clients(actor, plan, made)
    _contracts(actor, entity, plan, made)
    _projects(actor, entity, plan, made)
    _tasks(actor, plan, made)
    return made


def _people(actor: Actor, entity: LegalEntity, plan: Plan, made: Created) -> None:
    new = [person for person in plan.all_people() if person.id is None]
    if not new:
        return
    names = {person.role for person in new if person.role}
    known = {name.casefold(): pk for pk, name in Role.objects.values_list("pk", "name")}
    missing = sorted(name for name in names if name.casefold() not in known)
    if missing:
        ids = create_roles(actor=actor, names=missing)
        made.add("roles", ids)
        known |= {name.casefold(): pk for name, pk in zip(missing, ids, strict=True)}
    sets_cost = actor.can(Permission.MANAGE_COST)
    people = [
        (
            PersonDetails(person.name, "" if shapes.email(person.email) else person.email),
            NewTerms(
                start=person.start,
                entity_id=entity.pk,
                role_id=known.get(person.role.casefold()) if person.role else None,
                cost_rate=person.cost_rate if sets_cost else None,
            ),
        )
        for person in new
    ]
    ids = create_people(actor=actor, people=people)
    made.add("people", ids)
    for person, pk in zip(new, ids, strict=True):
        person.id = pk


def _clients(actor: Actor, plan: Plan, made: Created) -> None:
    new = [client for client in plan.clients() if client.id is None]
    if not new:
        return
    ids = create_clients(
        actor=actor,
        clients=[
            (
                ClientDetails(client.name, is_internal=client.is_internal),
                BillingDetails(currency=client.currency),
            )
            for client in new
        ],
    )
    made.add("clients", ids)
    for client, pk in zip(new, ids, strict=True):
        client.id = pk


def _contracts(actor: Actor, entity: LegalEntity, plan: Plan, made: Created) -> None:
    new = [contract for contract in plan.contracts() if contract.id is None]
    if new:
        ids = create_contracts(
            actor=actor,
            contracts=[
                NewContract(
                    client_id=contract.client.id or 0,
                    entity_id=entity.pk,
                    name=CONTRACT_NAME,
                    start=contract.start,
                    currency=contract.currency,
                )
                for contract in new
            ],
        )
        made.add("contracts", ids)
        for contract, pk in zip(new, ids, strict=True):
            contract.id = pk
    lines = [line for line in plan.lines() if line.id is None]
    if lines:
        ids = create_lines(
            actor=actor,
            lines=[
                NewLine(
                    contract_id=line.contract.id or 0,
                    name=line.name,
                    model=BillingModel.TIME_AND_MATERIALS if line.is_billed else BillingModel.NON_BILLABLE,
                )
                for line in lines
            ],
        )
        made.add("lines", ids)
        for line, pk in zip(lines, ids, strict=True):
            line.id = pk


def _projects(actor: Actor, entity: LegalEntity, plan: Plan, made: Created) -> None:
    new = [project for project in plan.projects() if project.id is None]
    if new:
        ids = create_projects(
            actor=actor,
            projects=[
                ProjectInput(
                    client_id=project.client.id or 0,
                    entity_id=entity.pk,
                    name=project.name,
                    contract_id=project.contract.id if project.contract else None,
                    code=project.code,
                )
                for project in new
            ],
        )
        made.add("projects", ids)
        for project, pk in zip(new, ids, strict=True):
            project.id = pk
    phases = [phase for phase in plan.phases() if phase.id is None]
    if phases:
        ids = create_phases(
            actor=actor,
            phases=[NewPhase(project_id=phase.project.id or 0, name=phase.name) for phase in phases],
        )
        made.add("phases", ids)
        for phase, pk in zip(phases, ids, strict=True):
            phase.id = pk


def _tasks(actor: Actor, plan: Plan, made: Created) -> None:
    new = [task for task in plan.all_tasks() if task.id is None]
    names = list(dict.fromkeys(task.type_name for task in new if task.type_name))
    if names:
        before = set(TaskType.objects.filter(name__in=names).values_list("pk", flat=True))
        types = dict(zip(names, create_task_types(actor=actor, names=names), strict=True))
        made.add("task_types", set(types.values()) - before)
        for task in new:
            task.type_id = types.get(task.type_name, task.type_id)
    if new:
        ids = create_tasks(
            actor=actor,
            tasks=[
                NewTask(
                    project_id=task.project.id or 0,
                    name=task.name,
                    contract_line_id=task.line.id if task.line else None,
                    phase_id=task.phase.id if task.phase else None,
                    task_type_id=task.type_id,
                )
                for task in new
            ],
        )
        made.add("tasks", ids)
        for task, pk in zip(new, ids, strict=True):
            task.id = pk


# ------------------------------------------------------------------------------------------------ rates


@dataclass(frozen=True, slots=True)
class _Key:
    """Whose rate on which line, and the task type where rates are by task."""

    line_id: int
    person_id: int
    type_id: int | None


def create_dated_rates(
    actor: Actor,
    plan: Plan,
    spans: Sequence[Span],
    scopes: Mapping[int, list[int]],
    default_rate: Decimal | None,
    made: Created,
) -> None:
    """Write the rates of a file on the cards of its contracts, and the default rate where nothing else is stated.

    What a contract that no import made says of prices holds; where it says nothing, the file's rates are added.
    """
    cards = _cards(actor, plan, made)
    by_key: dict[_Key, list[Span]] = defaultdict(list)
    tasks: dict[_Key, TaskPlan] = {}
    for span in spans:
        task = plan.tasks[scopes[span.scope][0]]
        assert task.line is not None
        key = _Key(
            task.line.id or 0, plan.people[span.person].id or 0, task.type_id if _by_task(task) else None
        )
        by_key[key].append(span)
        tasks[key] = task
    held = _held(by_key, tasks)
    last_work = _last_work(held)
    prices = _Prices(tasks)
    alone = approves_alone(actor)
    wanted: list[RateInput] = []
    left_out = 0
    for key, mine in by_key.items():
        unpriced, differing = prices.missing(key, tasks[key], mine)
        found = fit(unpriced, held.get(key, ()), last_work.get((key.line_id, key.person_id)))
        left_out += differing + found.left_out
        if found.ends is not None and not alone:
            left_out += len(found.new)
            continue
        if found.ends is not None:
            end_rate(actor=actor, rate_id=found.ends[0], ends_on=found.ends[1])
        wanted += _inputs(key, found, cards[_contract(tasks[key])])
    wanted += _defaults(plan, cards, default_rate)
    if wanted:
        saved = create_rates(actor=actor, rates=wanted)
        made.add("rates", saved.rate_ids)
        if not saved.is_approved:
            made.notes.append(
                f"{len(wanted)} rates of the file are proposed. Until somebody approves them, their hours have no rate."
            )
    if left_out:
        made.notes.append(
            f"Rates of the file that differ from what the contracts say: {left_out}. The contracts hold."
        )


def _contract(task: TaskPlan) -> ContractPlan:
    assert task.line is not None, "only tasks on a line have a scope"
    return task.line.contract


class _Prices:
    """What contracts that no import made say of prices, by whatever rule."""

    def __init__(self, tasks: Mapping[_Key, TaskPlan]) -> None:
        own = {key: task for key, task in tasks.items() if not _contract(task).is_ours}
        self._books = load_rate_books({_contract(task).id or 0 for task in own.values()})
        self._terms = TermsTable.load({key.person_id for key in own})

    def missing(self, key: _Key, task: TaskPlan, spans: Sequence[Span]) -> tuple[list[Span], int]:
        """The spans for which the contract has no price, and how many of the others say another."""
        contract = _contract(task)
        if contract.is_ours:
            return list(spans), 0
        unpriced, differing = [], 0
        for span in spans:
            held = self._terms.on(key.person_id, span.start)
            query = RateQuery(
                key.line_id, key.person_id, held.role_id if held else None, task.type_id, span.start
            )
            rate = self._books.resolve(contract.id or 0, query).rate
            if rate is None:
                unpriced.append(span)
            elif rate != span.rate:
                differing += 1
        return unpriced, differing


def _by_task(task: TaskPlan) -> bool:
    return bool(task.type_name) or (
        task.type_id is not None and task.line is not None and task.line.contract.is_ours
    )


def _inputs(key: _Key, found: Fit, card_id: int) -> list[RateInput]:
    return [
        RateInput(
            card_id=card_id,
            rate_per_hour=each.rate,
            valid_from=each.start,
            valid_to=each.end,
            contract_line_id=key.line_id,
            person_id=key.person_id,
            task_type_id=key.type_id,
            replaces_id=each.replaces,
        )
        for each in found.new
    ]


def _cards(actor: Actor, plan: Plan, made: Created) -> dict[ContractPlan, int]:
    """The contracts' own rate cards; those that are missing are made."""
    contracts = [contract for contract in plan.contracts() if contract.id]
    known = {
        (contract_id or 0, currency): pk
        for pk, contract_id, currency in RateCard.objects.filter(
            contract_id__in=[contract.id for contract in contracts]
        ).values_list("pk", "contract_id", "currency")
    }
    billed = {line.contract for line in plan.lines() if line.is_billed}
    new = [
        contract for contract in contracts
        if contract in billed and (contract.id or 0, contract.currency) not in known
    ]  # fmt: skip
    if new:
        ids = create_rate_cards(
            actor=actor,
            cards=[
                RateCardInput(
                    name=f"{CONTRACT_NAME} prices, {contract.client.name}"[:200],
                    currency=contract.currency,
                    contract_id=contract.id,
                )
                for contract in new
            ],
        )
        made.add("cards", ids)
        known |= {(contract.id or 0, contract.currency): pk for contract, pk in zip(new, ids, strict=True)}
    return {
        contract: known[contract.id or 0, contract.currency]
        for contract in contracts
        if (contract.id or 0, contract.currency) in known
    }


def _held(by_key: Mapping[_Key, object], tasks: Mapping[_Key, TaskPlan]) -> dict[_Key, list[HeldRate]]:
    """The rates that the cards have for the same keys."""
    lines = {key.line_id for key in by_key}
    held: dict[_Key, list[HeldRate]] = defaultdict(list)
    rows = Rate.objects.filter(
        contract_line_id__in=lines,
        state__in=(RateState.APPROVED, RateState.PROPOSED),
        person__isnull=False,
        role__isnull=True,
    ).values_list(
        "contract_line_id", "person_id", "task_type_id", "pk", "valid_from", "valid_to", "rate_per_hour", "state"
    )  # fmt: skip
    for line_id, person_id, type_id, pk, start, end, rate, state in rows:
        key = _Key(line_id or 0, person_id or 0, type_id)
        if key in tasks:
            # What is only proposed cannot be replaced: it counts as ending, though far away.
            held[key].append(
                HeldRate(pk, start, end if state == RateState.APPROVED else end or date.max, rate)
            )
    return held


def _last_work(held: Mapping[_Key, object]) -> dict[tuple[int, int], date]:
    """The last day that each person worked on each line, where there are rates already."""
    if not held:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.contract_line_id, e.person_id, max(e.work_date) FROM timesheets_timeentry e"
            " JOIN projects_task t ON t.id = e.task_id WHERE t.contract_line_id = ANY(%s) GROUP BY 1, 2",
            [list({key.line_id for key in held})],
        )
        return {(line_id, person_id): day for line_id, person_id, day in cursor.fetchall()}


def _defaults(plan: Plan, cards: Mapping[ContractPlan, int], default_rate: Decimal | None) -> list[RateInput]:
    """The default rate for everybody on contracts that imports made, where their cards have none yet."""
    if default_rate is None:
        return []
    ours = {contract: card for contract, card in cards.items() if contract.is_ours and _bills(plan, contract)}
    present: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for card_id, start, end in Rate.objects.filter(
        card_id__in=ours.values(), contract_line__isnull=True, person__isnull=True, task_type__isnull=True,
        role__isnull=True, state__in=(RateState.APPROVED, RateState.PROPOSED),
    ).values_list("card_id", "valid_from", "valid_to"):  # fmt: skip
        present[card_id].append((start, end))
    wanted = []
    for contract, card_id in ours.items():
        first = min((start for start, _ in present[card_id]), default=None)
        if first is not None and first <= contract.start:
            continue
        wanted.append(
            RateInput(card_id=card_id, rate_per_hour=default_rate, valid_from=contract.start, valid_to=first)
        )
    return wanted


def _bills(plan: Plan, contract: ContractPlan) -> bool:
    return any(line.is_billed for line in plan.lines() if line.contract is contract)
