"""What a change of rates would do to work in billing, before anybody approves it; nothing is written.

Open items are priced by the rates as they would be: plain lines entry by entry, the others settled as a whole. What a
bill holds keeps its price; it is counted where another rate would hold now.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum

from workledger.billing.actions.items import open_items_with_new_rate, settled_lines
from workledger.billing.books import Books
from workledger.billing.calc.pricing import time_amount
from workledger.billing.models import BillableItem, Treatment, UnpricedItem
from workledger.billing.settling import Known, lines, priced_together, settle
from workledger.billing.writing import Derivations
from workledger.contracts.calc.rating import RateBooks, RateQuery, printed_rate
from workledger.contracts.effects import ClientEffect, RateEffect
from workledger.directory.models import Client
from workledger.projects.queries import task_facts

_ZERO = Decimal(0)


def rate_effect(contract_ids: tuple[int, ...], from_day: date, rate_books: RateBooks) -> RateEffect:
    """Say what unbilled work of these contracts rates from a day on would price again, and what bills keep."""
    changes = [
        *_plain(contract_ids, from_day, rate_books),
        *_together(contract_ids, rate_books),
        *_without_price(contract_ids, from_day, rate_books),
        *_billed(contract_ids, from_day, rate_books),
    ]
    of_client: dict[int, list[ClientEffect]] = defaultdict(list)
    for change in changes:
        of_client[change.client_id].append(change)
    names = dict(Client.objects.filter(pk__in=of_client).values_list("pk", "name"))
    clients = [_summed(pk, names.get(pk, ""), same) for pk, same in of_client.items()]
    return RateEffect.of(sorted(clients, key=lambda each: each.client.casefold()))


def _summed(client_id: int, name: str, changes: Sequence[ClientEffect]) -> ClientEffect:
    figures = RateEffect.of(changes)
    return ClientEffect(client_id, name, *figures[:-1])


def _plain(contract_ids: Iterable[int], from_day: date, rate_books: RateBooks) -> Iterator[ClientEffect]:
    """Items whose rate alone prices them; without a rate they would be worth nothing, and wait."""
    for item, rate in open_items_with_new_rate(contract_ids, from_day, rate_books):
        if rate != item.rate:
            new = _ZERO if rate is None else time_amount(item.billable_seconds, rate, item.currency)
            yield ClientEffect(item.client_id, "", 1, item.billable_seconds, item.amount, new)


def _together(contract_ids: Iterable[int], rate_books: RateBooks) -> Iterator[ClientEffect]:
    """Entries of lines that are settled as a whole, where what they are worth changes."""
    ids = settled_lines(contract_ids)
    if not ids:
        return
    known = Known(task_facts(), rate_books, Books(), Derivations())
    for group in priced_together(lines(ids).values()):
        outcome = settle(group, (), known, locks=False)
        old: dict[int, Decimal] = defaultdict(Decimal)
        new: dict[int, Decimal] = defaultdict(Decimal)
        seconds: dict[int, int] = defaultdict(int)
        clients: dict[int, int] = {}
        for item in outcome.void:
            old[item.source_id] += item.amount
            seconds[item.source_id] += item.billable_seconds
            clients[item.source_id] = item.client_id
        for made in outcome.write:
            new[made.work.source_id] += made.amount
        for source, client_id in clients.items():
            if old[source] != new[source]:
                yield ClientEffect(client_id, "", 1, seconds[source], old[source], new[source])


def _without_price(
    contract_ids: Iterable[int], from_day: date, rate_books: RateBooks
) -> Iterator[ClientEffect]:
    """Work that had no rate and would have one."""
    rows = list(
        UnpricedItem.objects.filter(
            contract_id__in=list(contract_ids), service_date__gte=from_day, reason="rate_missing"
        ).order_by("pk")
    )
    facts = task_facts({row.task_id for row in rows}) if rows else {}
    for row in rows:
        contract_id = row.contract_id or 0
        query = RateQuery(
            row.contract_line_id,
            row.person_id,
            row.role_id,
            facts[row.task_id].task_type_id,
            row.service_date,
        )
        rate = rate_books.resolve(contract_id, query).rate
        if rate is not None:
            new = time_amount(row.billable_seconds, rate, rate_books.book(contract_id).currency)
            yield ClientEffect(row.client_id, "", 1, row.billable_seconds, _ZERO, new, waiting=1)


def _billed(contract_ids: Iterable[int], from_day: date, rate_books: RateBooks) -> Iterator[ClientEffect]:
    """What bills hold at a rate-card price that would be another now."""
    rows = (
        BillableItem.objects.filter(
            contract_id__in=list(contract_ids), service_date__gte=from_day, source_kind="time", is_void=False,
            treatment=Treatment.CHARGED, bills__is_live=True,
        )
        .exclude(derivation__content__rule="terms")
        .values_list(
            "client_id", "contract_id", "contract_line_id", "person_id", "role_id", "task_id", "service_date",
            "derivation__content__rate",
        )
        .annotate(items=Count("pk"), seconds=Sum("billable_seconds"), value=Sum("amount"))
        .order_by()
    )  # fmt: skip
    found = list(rows)
    facts = task_facts({row[5] for row in found}) if found else {}
    for (
        client_id,
        contract_id,
        line_id,
        person_id,
        role_id,
        task_id,
        day,
        held,
        items,
        seconds,
        value,
    ) in found:
        query = RateQuery(line_id, person_id, role_id, facts[task_id].task_type_id, day)
        rate = rate_books.resolve(contract_id, query).rate
        if held is not None and (rate is None or printed_rate(rate) != held):
            yield ClientEffect(client_id, "", billed_items=items, billed_seconds=seconds, billed_value=value)
