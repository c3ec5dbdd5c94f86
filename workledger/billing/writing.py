"""Writes priced work: billable items, what of them is open, their postings, agreed discounts; set-based."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from workledger.billing import posting
from workledger.billing.calc.taxes import tax_added, tax_taken_out
from workledger.billing.models import BillableItem, Derivation, OpenItem, ReasonCode, Treatment, WriteDown
from workledger.billing.posting import BookRate, ItemValue, Share
from workledger.billing.taxing import Taxes
from workledger.contracts.models import Contract
from workledger.core import bulk
from workledger.core.access import Actor
from workledger.directory.models import BillingProfile
from workledger.ledger import actions as ledger
from workledger.ledger.models import AccountRole

_ZERO = Decimal(0)
WORK_FIELDS = (
    "source_kind", "source_id", "entity", "client", "contract", "contract_line", "project", "task", "person",
    "role", "practice_id", "office_id", "service_date", "worked_seconds", "billable_seconds", "approved_by_id", "change",
)  # fmt: skip
_ITEM_FIELDS = (
    "id", *WORK_FIELDS, "description", "part", "treatment", "approved_seconds", "currency", "quantity", "unit", "rate", "amount",
    "over_cap", "discount", "recognized", "derivation", "included_tax", "journal_entry_id", "is_split",
)  # fmt: skip
OPEN_FIELDS = (
    "item", "entity_id", "client_id", "contract_id", "project_id", "service_date", "billable_seconds", "currency",
    "amount", "is_held", "not_before",
)  # fmt: skip


class Work(NamedTuple):
    """Approved work before it is priced; the columns of `WorkedItem`. A charge has no project, task or person.

    `change_id` is the split or transfer that it comes from.
    """

    source_kind: str
    source_id: int
    entity_id: int
    client_id: int
    contract_id: int | None
    contract_line_id: int | None
    project_id: int | None
    task_id: int | None
    person_id: int | None
    role_id: int | None
    practice_id: int
    office_id: int
    service_date: date
    worked_seconds: int
    billable_seconds: int
    approved_by_id: int | None
    change_id: int | None = None


class NewItem(NamedTuple):
    """A part of approved work with its price; the columns of `BillableItem` and the book it is posted to.

    Amounts are the agreed prices; `net_items` takes the tax out where a contract's prices contain it.
    """

    work: Work
    seconds: int
    treatment: Treatment
    currency: str
    rate: Decimal | None = None
    amount: Decimal = _ZERO
    recognized: Decimal = _ZERO
    derivation_id: int | None = None
    book: BookRate | None = None
    part: int = 0
    quantity: Decimal | None = None
    unit: str = "h"
    over_cap: Decimal = _ZERO
    discount: Decimal = _ZERO
    description: str = ""
    included_tax: Decimal | None = None
    is_split: bool = False


def write_items(actor: Actor, items: Sequence[NewItem]) -> list[int]:
    """Write items, recognize them, open what is charged, and give agreed discounts; returns the items' ids.

    Refuses: tax_rate_missing, where prices contain tax.
    """
    items = net_items(items)
    ids = list(bulk.reserve_ids(BillableItem, len(items)))
    values = [
        (item.book, _value(item_id, item))
        for item_id, item in zip(ids, items, strict=True)
        if item.recognized and item.book is not None
    ]
    entries = posting.items_priced(values)
    posted = ledger.post(actor=actor, entries=[entry for entry, _ in entries])
    entry_of = {
        item_id: entry_id
        for entry_id, (_, item_ids) in zip(posted, entries, strict=True)
        for item_id in item_ids
    }
    bulk.copy_rows(
        BillableItem,
        _ITEM_FIELDS,
        (
            (
                item_id, *item.work[:14], item.seconds, *item.work[15:], item.description, item.part, item.treatment.value,
                item.work.billable_seconds, item.currency, item.quantity, item.unit, item.rate, item.amount,
                item.over_cap, item.discount, item.recognized, item.derivation_id, item.included_tax,
                entry_of.get(item_id), item.is_split,
            )
            for item_id, item in zip(ids, items, strict=True)
        ),
    )  # fmt: skip
    bulk.copy_rows(
        OpenItem,
        OPEN_FIELDS,
        (
            (
                item_id, item.work.entity_id, item.work.client_id, item.work.contract_id, item.work.project_id or 0,
                item.work.service_date, item.seconds, item.currency, item.amount - item.discount, False, None,
            )
            for item_id, item in zip(ids, items, strict=True)
            if item.treatment is Treatment.CHARGED
        ),
    )  # fmt: skip
    _give_discounts(actor, [(pk, item) for pk, item in zip(ids, items, strict=True) if item.discount])
    return ids


def net_items(items: Sequence[NewItem]) -> Sequence[NewItem]:
    """Return items with the tax taken out of their amounts where their contract's prices contain it; the rate stays.

    What was taken out already is left. Rebilled expenses are charged at cost, so tax comes on top of them. A fixed number
    of queries. Refuses: tax_rate_missing.
    """
    wanted = {
        item.work.contract_id
        for item in items
        if item.included_tax is None and item.work.contract_id and item.work.contract_line_id
    }
    contracts = list(Contract.objects.filter(pk__in=wanted, prices_include_tax=True)) if wanted else []
    if not contracts:
        return items
    clients = {row.client_id for row in contracts}
    profiles = {row.client_id: row for row in BillingProfile.objects.filter(client_id__in=clients)}
    taxes, inclusive = Taxes(contracts, profiles), {row.pk for row in contracts}
    return [
        _net(item, taxes) if item.work.contract_id in inclusive and item.included_tax is None else item
        for item in items
    ]


def _net(item: NewItem, taxes: Taxes) -> NewItem:
    contract_id, line_id = item.work.contract_id, item.work.contract_line_id
    if contract_id is None or line_id is None:
        return item
    percentage = taxes.on(contract_id, line_id, item.work.service_date).percentage
    if item.work.source_kind == "expense":
        rate = item.rate and tax_added(item.rate, percentage, item.currency)
        return item._replace(rate=rate, included_tax=percentage)
    amount, recognized, over_cap, discount = (
        tax_taken_out(value, percentage, item.currency)
        for value in (item.amount, item.recognized, item.over_cap, item.discount)
    )
    return item._replace(
        amount=amount, recognized=recognized, over_cap=over_cap, discount=discount, included_tax=percentage
    )


def _value(item_id: int, item: NewItem) -> ItemValue:
    work = item.work
    return ItemValue(
        item_id, work.contract_id or 0, work.contract_line_id or 0, work.client_id, work.project_id or 0,
        work.task_id or 0, work.person_id or 0, work.role_id or 0, work.practice_id, work.office_id,
        work.service_date, item.seconds, item.recognized, revenue_of(work.source_kind),
    )  # fmt: skip


def revenue_of(source_kind: str) -> AccountRole:
    """Return the account on which items of a kind are recognized."""
    return AccountRole.REIMBURSABLE_REVENUE if source_kind == "expense" else AccountRole.SERVICES_REVENUE


def _give_discounts(actor: Actor, items: Sequence[tuple[int, NewItem]]) -> None:
    """Post agreed discounts on the day of the work and keep them as write-downs of that reason."""
    by_day: dict[tuple[BookRate, date], list[tuple[int, NewItem]]] = defaultdict(list)
    for item_id, item in items:
        assert item.book is not None
        by_day[item.book, item.work.service_date].append((item_id, item))
    days = sorted(by_day.items(), key=lambda pair: pair[0])
    drafts = []
    for (book, day), rows in days:
        sums: dict[tuple[int, int, int, int], Decimal] = defaultdict(Decimal)
        for _, item in rows:
            work = item.work
            sums[work.client_id, work.contract_id or 0, work.contract_line_id or 0, work.project_id or 0] += (
                item.discount
            )
        shares = [Share(*key, amount) for key, amount in sorted(sums.items())]
        drafts.append(posting.written_down(book, day, shares, "Agreed discount"))
    posted = ledger.post(actor=actor, entries=drafts)
    WriteDown.objects.bulk_create(
        WriteDown(
            item_id=item_id, amount=item.discount, reason_code=ReasonCode.DISCOUNT, journal_entry_id=entry_id
        )
        for entry_id, (_, rows) in zip(posted, days, strict=True)
        for item_id, item in rows
    )


class Derivations:
    """Derivations of one act: equal ones are one row, looked up and written together at the end."""

    def __init__(self) -> None:
        self._content: dict[str, tuple[int, dict[str, Any]]] = {}
        self._known = dict(Derivation.objects.values_list("digest", "id"))

    def id_of(self, content: dict[str, Any]) -> int:
        """Return the id of the row that holds this derivation."""
        digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
        found = self._known.get(digest)
        if found is None:
            found = bulk.reserve_ids(Derivation, 1)[0]
            self._content[digest] = found, content
            self._known[digest] = found
        return found

    def save(self) -> None:
        """Write the rows that are new; two acts that met write one."""
        Derivation.objects.bulk_create(
            Derivation(id=pk, digest=digest, content=content)
            for digest, (pk, content) in self._content.items()
        )
        self._content = {}
