"""Reads of contracts, lines, cards and rates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q

from workledger.contracts.calc import terms
from workledger.contracts.calc.rating import (
    RULE_LABELS,
    RateBook,
    RateBooks,
    RateQuery,
    RateRow,
    derivation,
    printed_rate,
    rule_of,
)
from workledger.contracts.models import (
    BillingModel,
    Contract,
    ContractLine,
    ContractState,
    Rate,
    RateCard,
    RateState,
    RevenueMethod,
    TaskType,
)
from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.models import RecordQuerySet
from workledger.directory.models import EmploymentTerms, Person

_Keys = tuple[int | None, int | None, int | None, int | None]


def load_rate_books(contract_ids: Iterable[int], *, approving: Iterable[int] = ()) -> RateBooks:
    """Return the rate books of these contracts: approved rates in each contract's own currency.

    With `approving` as they would be if these proposals were approved too, and ended what they replace; raises
    `RatesTie` where that cannot be. Two queries, whatever the number of contracts; one more with proposals. Not limited
    to an actor: pricing sees every rate.
    """
    proposed = (
        dict(
            Rate.objects.filter(pk__in=list(approving), state=RateState.PROPOSED).values_list(
                "pk", "replaces_id"
            )
        )
        if approving
        else {}
    )
    starts = _starts_of_next(proposed)
    contracts = list(
        Contract.objects.filter(pk__in=set(contract_ids)).values_list(
            "pk", "client_id", "entity_id", "currency"
        )
    )
    rates = (
        Rate.objects.filter(Q(state=RateState.APPROVED) | Q(pk__in=proposed))
        .filter(
            Q(card__contract_id__in=[pk for pk, *_ in contracts])
            | Q(card__client_id__in={client for _, client, *_ in contracts})
            | Q(card__entity_id__in={entity for _, _, entity, _ in contracts})
        )
        .values_list(
            "card__contract_id", "card__client_id", "card__entity_id", "card__currency",
            "pk", "contract_line_id", "person_id", "task_type_id", "role_id",
            "valid_from", "valid_to", "rate_per_hour",
        )
        .order_by("pk")
    )  # fmt: skip
    of_contract: dict[tuple[int, str], list[RateRow]] = defaultdict(list)
    of_client: dict[tuple[int, str], list[RateRow]] = defaultdict(list)
    of_entity: dict[tuple[int, str], list[RateRow]] = defaultdict(list)
    rows: Iterable[tuple[Any, ...]] = rates.iterator(chunk_size=5_000)
    for contract_id, client_id, entity_id, currency, pk, *values in rows:
        if pk in starts:
            *keys, valid_from, valid_to, rate = values
            if starts[pk] <= valid_from:
                continue
            values = [*keys, valid_from, min(valid_to or starts[pk], starts[pk]), rate]
        if contract_id is not None:
            of_contract[contract_id, currency].append(RateRow(pk, "contract", *values))
        elif client_id is not None:
            of_client[client_id, currency].append(RateRow(pk, "client", *values))
        else:
            of_entity[entity_id, currency].append(RateRow(pk, "entity", *values))
    return RateBooks(
        {
            pk: RateBook(
                [*of_contract[pk, currency], *of_client[client, currency], *of_entity[entity, currency]],
                currency,
            )
            for pk, client, entity, currency in contracts
        }
    )


def _starts_of_next(proposed: Mapping[int, int | None]) -> dict[int, date]:
    """Return the day on which each rate that proposals replace would give way."""
    if not any(proposed.values()):
        return {}
    rows = Rate.objects.filter(pk__in=proposed, replaces__isnull=False).values_list(
        "replaces_id", "valid_from"
    )
    return dict(rows)


def visible_cards(actor: Actor) -> RecordQuerySet[RateCard]:
    """Return the rate cards an actor sees: those of the entities, clients and contracts they see."""
    cards = RateCard.objects.visible_to(actor)
    if actor.entity_ids is not None:
        cards = cards.filter(
            Q(entity_id__in=actor.entity_ids)
            | Q(contract__entity_id__in=actor.entity_ids)
            | Q(client__isnull=False)
        )
    return cards


def visible_rates(actor: Actor) -> RecordQuerySet[Rate]:
    """Return the rates on the cards that an actor sees."""
    return Rate.objects.visible_to(actor).filter(card__in=visible_cards(actor))


def contracts_of(cards: Iterable[RateCard]) -> tuple[int, ...]:
    """Return the contracts whose work these cards may price, ascending."""
    wanted = Q(pk__in=[])
    for card in cards:
        if card.contract_id:
            wanted |= Q(pk=card.contract_id)
        elif card.client_id:
            wanted |= Q(client_id=card.client_id, currency=card.currency)
        else:
            wanted |= Q(entity_id=card.entity_id, currency=card.currency)
    return tuple(Contract.objects.filter(wanted).order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class WhyRate:
    """The answer to 'why this rate?': whose hour, on what, on which day, and the rating's derivation.

    `content` is `rating.derivation`'s; `out_of_date` are rates that match everything but the day.
    """

    contract_id: int
    contract: str
    line: str
    person: str
    role: str
    task_type: str
    day: date
    content: dict[str, Any]
    out_of_date: list[dict[str, str]]


def why_rate(
    actor: Actor, contract_line_id: int, person_id: int, task_type_id: int | None, day: date
) -> WhyRate:
    """Explain the rate of a person's hour on a contract line on a day, with the role they had then.

    Raises NotFound for a line or person that the actor does not see.
    """
    line = locks.one(ContractLine.objects.visible_to(actor).select_related("contract"), contract_line_id)
    person = locks.one(Person.objects.visible_to(actor), person_id)
    held = (
        EmploymentTerms.objects.filter(person_id=person_id, start__lte=day)
        .filter(Q(end__isnull=True) | Q(end__gt=day))
        .select_related("role")
        .first()
    )
    role = held.role if held else None
    task_type = TaskType.objects.filter(pk=task_type_id).first() if task_type_id else None
    book = load_rate_books([line.contract_id]).book(line.contract_id)
    query = RateQuery(line.pk, person_id, role.pk if role else None, task_type_id, day)
    return WhyRate(
        contract_id=line.contract_id,
        contract=str(line.contract),
        line=line.name,
        person=person.name,
        role=role.name if role else "",
        task_type=task_type.name if task_type else "",
        day=day,
        content=derivation(book.resolve(query), book.currency),
        out_of_date=[
            {
                "rule_label": RULE_LABELS[loser.rule],
                "rate": printed_rate(loser.rate_per_hour),
                "reason": loser.reason,
            }
            for loser in book.out_of_date(query)
        ],
    )


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract in a list; `last_day` is inclusive. Budgets are the sums of its lines', None where no line has one."""

    id: int
    number: str
    name: str
    client_id: int
    client: str
    entity: str
    currency: str
    start: date
    last_day: date | None
    state: ContractState
    lines: int
    models: tuple[str, ...]
    budget_seconds: int | None
    budget_amount: Decimal | None


def list_contracts(
    actor: Actor, *, state: str = "", client_id: int | None = None, search: str = ""
) -> list[ContractRow]:
    """Return the contracts an actor sees, newest start first. Two queries."""
    contracts = Contract.objects.visible_to(actor).select_related("client", "entity")
    if state:
        contracts = contracts.filter(state=state)
    if client_id is not None:
        contracts = contracts.filter(client_id=client_id)
    if search:
        contracts = contracts.filter(
            Q(number__icontains=search)
            | Q(name__icontains=search)
            | Q(client__name__icontains=search)
            | Q(po_number__icontains=search)
        )
    rows = list(contracts.order_by("-start", "number"))
    lines: dict[int, list[ContractLine]] = defaultdict(list)
    for line in ContractLine.objects.filter(contract__in=[row.pk for row in rows]):
        lines[line.contract_id].append(line)
    return [
        ContractRow(
            id=row.pk,
            number=row.number,
            name=row.name,
            client_id=row.client_id,
            client=row.client.name,
            entity=row.entity.name,
            currency=row.currency,
            start=row.start,
            last_day=last_day(row.end),
            state=ContractState(row.state),
            lines=len(lines[row.pk]),
            models=tuple(dict.fromkeys(BillingModel(line.model).label for line in lines[row.pk])),
            budget_seconds=_sum(line.budget_seconds for line in lines[row.pk]),
            budget_amount=_sum(line.budget_amount for line in lines[row.pk]),
        )
        for row in rows
    ]


def last_day(end: date | None) -> date | None:
    """Return the last day of a half-open period, None while it has no end."""
    return end - timedelta(days=1) if end else None


def _sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A contract line on its contract's page."""

    id: int
    position: int
    name: str
    model: BillingModel
    model_label: str
    method_label: str
    price: Decimal | None
    budget_seconds: int | None
    budget_amount: Decimal | None
    facts: list[terms.TermFact]
    document: dict[str, Any]
    revenue_method: RevenueMethod
    tax_code_id: int | None


@dataclass(frozen=True, slots=True)
class ContractPage:
    """A contract with its lines and the rates that price its work, nearest card first."""

    id: int
    number: str
    name: str
    client_id: int
    client: str
    entity_id: int
    entity: str
    currency: str
    start: date
    last_day: date | None
    state: ContractState
    po_number: str
    payment_terms_days: int | None
    requires_notes: bool
    cap: dict[str, Any] | None
    prices_include_tax: bool
    lines: list[LineRow]
    cards: list["CardPage"]


def contract_page(actor: Actor, contract_id: int, *, today: date) -> ContractPage:
    """Return all that a contract's page shows. Raises NotFound. A fixed number of queries."""
    contract = locks.one(Contract.objects.visible_to(actor).select_related("client", "entity"), contract_id)
    cards = visible_cards(actor).filter(
        Q(contract_id=contract.pk)
        | Q(client_id=contract.client_id, currency=contract.currency)
        | Q(entity_id=contract.entity_id, currency=contract.currency)
    )
    pages = _card_pages(list(cards.select_related("entity", "client", "contract")), today)
    levels = ("contract", "client", "entity")
    return ContractPage(
        id=contract.pk,
        number=contract.number,
        name=contract.name,
        client_id=contract.client_id,
        client=contract.client.name,
        entity_id=contract.entity_id,
        entity=contract.entity.name,
        currency=contract.currency,
        start=contract.start,
        last_day=last_day(contract.end),
        state=ContractState(contract.state),
        po_number=contract.po_number,
        payment_terms_days=contract.payment_terms_days,
        requires_notes=contract.requires_notes,
        cap=contract.cap,
        prices_include_tax=contract.prices_include_tax,
        lines=[line_row(line) for line in contract.lines.all()],
        cards=sorted(pages, key=lambda card: levels.index(card.level)),
    )


def line_row(line: ContractLine) -> LineRow:
    """Return a line as pages show it."""
    model = BillingModel(line.model)
    read = terms.parse(line.model, line.terms)
    return LineRow(
        id=line.pk,
        position=line.position,
        name=line.name,
        model=model,
        model_label=str(model.label),
        method_label=str(RevenueMethod(line.revenue_method).label),
        price=line.price,
        budget_seconds=line.budget_seconds,
        budget_amount=line.budget_amount,
        facts=terms.facts(read),
        document=terms.stored(read),
        revenue_method=RevenueMethod(line.revenue_method),
        tax_code_id=line.tax_code_id,
    )


def line_of(contract: ContractPage, line_id: int) -> LineRow:
    """Return a line of a contract's page; raises NotFound."""
    for line in contract.lines:
        if line.id == line_id:
            return line
    raise locks.not_found(ContractLine)


def line_choices(contract_id: int) -> list[tuple[int, str, str]]:
    """Return a contract's lines as (id, name, billing model) for a form, in their order."""
    lines = ContractLine.objects.filter(contract_id=contract_id).values_list("pk", "name", "model")
    return [(pk, name, str(BillingModel(model).label)) for pk, name, model in lines]


@dataclass(frozen=True, slots=True)
class CardRow:
    """A rate card in a list: whose it is, how many rates hold on the day asked for, how many wait for approval."""

    id: int
    name: str
    level: str
    subject: str
    currency: str
    held: int
    waiting: int
    lowest: Decimal | None
    highest: Decimal | None


def list_cards(actor: Actor, *, today: date, level: str = "", search: str = "") -> list[CardRow]:
    """Return the rate cards an actor sees: entity cards first, then clients', then contracts'. One query."""
    holds = Q(rates__state=RateState.APPROVED, rates__valid_from__lte=today) & (
        Q(rates__valid_to__isnull=True) | Q(rates__valid_to__gt=today)
    )
    cards = visible_cards(actor).select_related("entity", "client", "contract")
    if level in ("entity", "client", "contract"):
        cards = cards.filter(**{f"{level}__isnull": False})
    if search:
        cards = cards.filter(
            Q(name__icontains=search)
            | Q(client__name__icontains=search)
            | Q(contract__name__icontains=search)
            | Q(contract__number__icontains=search)
        )
    rows = cards.annotate(
        held=Count("rates", filter=holds),
        waiting=Count("rates", filter=Q(rates__state=RateState.PROPOSED)),
        lowest=Min("rates__rate_per_hour", filter=holds),
        highest=Max("rates__rate_per_hour", filter=holds),
    )
    order = ("entity", "client", "contract")
    return sorted(
        (
            CardRow(
                id=row.pk,
                name=row.name,
                level=row.level,
                subject=str(row.contract or row.client or row.entity),
                currency=row.currency,
                held=row.held,
                waiting=row.waiting,
                lowest=row.lowest,
                highest=row.highest,
            )
            for row in rows
        ),
        key=lambda card: (order.index(card.level), card.subject, card.currency),
    )


@dataclass(frozen=True, slots=True)
class RateStep:
    """One dated rate. `last_day` is inclusive; `holds` says whether it holds on the day asked for."""

    id: int
    valid_from: date
    last_day: date | None
    rate_per_hour: Decimal
    state: RateState
    holds: bool
    is_future: bool
    proposed_by_id: int | None
    proposed_by: str
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class RateTrack:
    """All rates for the same keys, in the order of their dates, and which of them holds now."""

    label: str
    rule_label: str
    line: str
    person: str
    task_type: str
    role: str
    keys: _Keys
    steps: list[RateStep]
    now: RateStep | None
    latest: RateStep | None


@dataclass(frozen=True, slots=True)
class CardPage:
    """A rate card with its rates by whom they are for, most specific first, and what waits for approval."""

    id: int
    name: str
    level: str
    subject: str
    contract_id: int | None
    client_id: int | None
    entity_id: int | None
    currency: str
    tracks: list[RateTrack]
    waiting: list[tuple[RateTrack, RateStep]]


def card_page(actor: Actor, card_id: int, *, today: date) -> CardPage:
    """Return all that a rate card's page shows. Raises NotFound. Two queries."""
    card = locks.one(visible_cards(actor).select_related("entity", "client", "contract"), card_id)
    return _card_pages([card], today)[0]


def step_of(card: CardPage, rate_id: int) -> tuple[RateTrack, RateStep]:
    """Return a rate of a card's page with whom it is for; raises NotFound."""
    for track in card.tracks:
        for step in track.steps:
            if step.id == rate_id:
                return track, step
    raise locks.not_found(Rate)


def _card_pages(cards: list[RateCard], today: date) -> list[CardPage]:
    by_card: dict[int, dict[_Keys, list[Rate]]] = {card.pk: defaultdict(list) for card in cards}
    for rate in (
        Rate.objects.filter(card__in=[card.pk for card in cards])
        .exclude(state__in=[RateState.DECLINED, RateState.WITHDRAWN])
        .select_related("contract_line", "person", "task_type", "role", "proposed_by")
        .order_by("valid_from", "pk")
    ):
        keys = (rate.contract_line_id, rate.person_id, rate.task_type_id, rate.role_id)
        by_card[rate.card_id][keys].append(rate)
    pages = []
    for card in cards:
        tracks = sorted(
            (_track(card, keys, rates, today) for keys, rates in by_card[card.pk].items()),
            key=lambda track: (*(key is None for key in track.keys), track.label),
        )
        pages.append(
            CardPage(
                id=card.pk,
                name=card.name,
                level=card.level,
                subject=str(card.contract or card.client or card.entity),
                contract_id=card.contract_id,
                client_id=card.client_id,
                entity_id=card.entity_id,
                currency=card.currency,
                tracks=tracks,
                waiting=[
                    (track, step)
                    for track in tracks
                    for step in track.steps
                    if step.state == RateState.PROPOSED
                ],
            )
        )
    return pages


def _track(card: RateCard, keys: _Keys, rates: list[Rate], today: date) -> RateTrack:
    first = rates[0]
    names = [
        str(named) if named else ""
        for named in (first.contract_line, first.person, first.task_type, first.role)
    ]
    steps: list[RateStep] = []
    before: Decimal | None = None
    for rate in rates:
        approved = rate.state == RateState.APPROVED
        ends = rate.valid_to is None or today < rate.valid_to
        steps.append(
            RateStep(
                id=rate.pk,
                valid_from=rate.valid_from,
                last_day=last_day(rate.valid_to),
                rate_per_hour=rate.rate_per_hour,
                state=RateState(rate.state),
                holds=approved and rate.valid_from <= today and ends,
                is_future=rate.valid_from > today,
                proposed_by_id=rate.proposed_by_id,
                proposed_by=str(rate.proposed_by) if rate.proposed_by else "",
                change=rate.rate_per_hour / before - 1 if before else None,
            )
        )
        if approved:
            before = rate.rate_per_hour
    level: Any = card.level
    rule = rule_of(RateRow(first.pk, level, *keys, first.valid_from, None, first.rate_per_hour))
    approved_steps = [step for step in steps if step.state == RateState.APPROVED]
    return RateTrack(
        label=", ".join(name for name in names if name) or "Everyone",
        rule_label=rule.label,
        line=names[0],
        person=names[1],
        task_type=names[2],
        role=names[3],
        keys=keys,
        steps=steps,
        now=next((step for step in steps if step.holds), None),
        latest=approved_steps[-1] if approved_steps else None,
    )


def rates_waiting(actor: Actor) -> int:
    """Return how many proposed rates an actor sees."""
    return visible_rates(actor).filter(state=RateState.PROPOSED).count()
