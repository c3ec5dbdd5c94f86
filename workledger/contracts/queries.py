"""Reads of contracts, lines, cards and rates."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from workledger.contracts.calc.rating import RateBook, RateBooks, RateRow
from workledger.contracts.models import Contract, Rate, RateCard, RateState
from workledger.core.access import Actor
from workledger.core.models import RecordQuerySet


def load_rate_books(contract_ids: Iterable[int]) -> RateBooks:
    """Return the rate books of these contracts: approved rates in each contract's own currency.

    Two queries, whatever the number of contracts. Not limited to an actor: pricing sees every rate.
    """
    contracts = list(
        Contract.objects.filter(pk__in=set(contract_ids)).values_list(
            "pk", "client_id", "entity_id", "currency"
        )
    )
    rates = (
        Rate.objects.filter(state=RateState.APPROVED)
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
