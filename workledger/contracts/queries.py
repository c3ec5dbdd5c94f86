"""Reads of contracts, lines, cards and rates."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from workledger.contracts.calc.rating import RateBook, RateBooks, RateRow
from workledger.contracts.models import Contract, Rate, RateState


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
