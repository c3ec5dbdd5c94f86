"""Billable items: made when time is approved, taken back when the approval is, priced anew when rates change."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, Sum

from workledger.billing import posting
from workledger.billing.books import Books
from workledger.billing.calc.pricing import TimePiece, rounded_seconds, time_amount
from workledger.billing.models import (
    BillableItem,
    Derivation,
    Hold,
    InvoiceSource,
    OpenItem,
    UnpricedItem,
    WorkedItem,
    WriteDown,
)
from workledger.billing.posting import BookRate, ItemValue
from workledger.contracts.calc.rating import RateBook, RateQuery, Resolution, derivation
from workledger.contracts.calc.terms import RoundingScope
from workledger.contracts.effects import RateEffect
from workledger.contracts.events import LineTermsChanged, RatesChanged
from workledger.contracts.models import BillingModel
from workledger.contracts.queries import load_rate_books
from workledger.core import bulk
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Refused
from workledger.kernel.rounding import TimeRounding
from workledger.ledger import actions as ledger
from workledger.projects.events import TaskMappingChanged
from workledger.projects.queries import TaskFacts, task_facts
from workledger.timesheets.events import TimeApproved, TimeWithdrawn

_ZERO = Decimal(0)
_WORK_FIELDS = (
    "source_kind", "source_id", "entity", "client", "contract", "contract_line", "project", "task", "person",
    "role", "practice_id", "office_id", "service_date", "worked_seconds", "billable_seconds", "approved_by_id",
)  # fmt: skip
_ITEM_FIELDS = (
    "id", *_WORK_FIELDS, "currency", "is_billable", "rate", "amount", "derivation", "journal_entry_id",
)  # fmt: skip
_OPEN_FIELDS = (
    "item", "entity_id", "client_id", "contract_id", "project_id", "service_date", "billable_seconds", "currency",
    "amount", "is_held",
)  # fmt: skip


class Work(NamedTuple):
    """Approved work before it is priced; the columns of `WorkedItem`, with what pricing needs beside."""

    source_kind: str
    source_id: int
    entity_id: int
    client_id: int
    contract_id: int | None
    contract_line_id: int | None
    project_id: int
    task_id: int
    person_id: int
    role_id: int | None
    practice_id: int
    office_id: int
    service_date: date
    worked_seconds: int
    billable_seconds: int
    approved_by_id: int | None


@dataclass(frozen=True, slots=True)
class Priced:
    """What pricing did: items made, hours that could not be priced by reason, and the value made."""

    items: int
    unpriced: int
    value: Decimal


def on_time_approved(event: TimeApproved) -> None:
    """Make billable items of approved entries, in the transaction of the approval."""
    _make_items(
        event.actor,
        [
            Work(
                "time", entry.entry_id, entry.entity_id, entry.client_id, entry.contract_id or None,
                entry.contract_line_id or None, entry.project_id, entry.task_id, entry.person_id,
                entry.role_id or None, entry.practice_id, entry.office_id, entry.work_date, entry.worked_seconds,
                entry.billable_seconds, event.actor.user_id,
            )
            for entry in event.entries
        ],
    )  # fmt: skip


def _make_items(actor: Actor, works: Sequence[Work]) -> Priced:
    """Price work and write items, open items and postings; what has no price is kept as unpriced."""
    if not works:
        return Priced(0, 0, _ZERO)
    facts = task_facts()
    contract_ids = {work.contract_id for work in works if work.contract_id is not None}
    rate_books = load_rate_books(contract_ids)
    seconds = _rounded(works, facts)
    books = Books()
    derivations = _Derivations()
    item_rows: list[list[Any]] = []
    unpriced_rows: list[tuple[Any, ...]] = []
    values: list[tuple[BookRate, ItemValue]] = []
    ids = bulk.reserve_ids(BillableItem, len(works))
    rate_book: RateBook | None = None
    last_contract: int | None = None
    for item_id, work in zip(ids, works, strict=True):
        task = facts[work.task_id]
        contract_id, line_id, day = work.contract_id, work.contract_line_id, work.service_date
        if contract_id is None or line_id is None or task.line_model != BillingModel.TIME_AND_MATERIALS:
            # Nothing to price by the hour: the hours stay visible as non-billable.
            item_rows.append([item_id, *work, task.currency or "XXX", False, None, _ZERO, None, None])
            continue
        billable = seconds.get(work.source_id, work.billable_seconds)
        if contract_id != last_contract:
            rate_book, last_contract = rate_books.book(contract_id), contract_id
        assert rate_book is not None
        resolution = rate_book.resolve(
            RateQuery(line_id, work.person_id, work.role_id, task.task_type_id, day)
        )
        book = books.rate(contract_id, day)
        if billable and (resolution.rate is None or book is None):
            reason = "rate_missing" if resolution.rate is None else "exchange_rate_missing"
            unpriced_rows.append((*work, reason))
            continue
        rate = resolution.rate
        currency = books.currency(contract_id)
        amount = _ZERO if rate is None or not billable else time_amount(billable, rate, currency)
        is_billable = bool(billable) and rate is not None
        item_rows.append(
            [item_id, *work[:14], billable, work.approved_by_id, currency, is_billable, rate, amount,
             derivations.id_of(resolution, currency) if is_billable else None, None]
        )  # fmt: skip
        if is_billable and amount and book is not None:
            values.append(
                (
                    book,
                    ItemValue(
                        item_id, contract_id, line_id, work.client_id, work.project_id, work.task_id,
                        work.person_id, work.role_id or 0, work.practice_id, work.office_id, day, billable, amount,
                    ),
                )
            )  # fmt: skip
    entries = posting.items_priced(values)
    posted = ledger.post(actor=actor, entries=[entry for entry, _ in entries])
    entry_of = {
        item_id: entry_id
        for entry_id, (_, item_ids) in zip(posted, entries, strict=True)
        for item_id in item_ids
    }
    for row in item_rows:
        row[-1] = entry_of.get(row[0])
    derivations.save()
    bulk.copy_rows(BillableItem, _ITEM_FIELDS, item_rows)
    bulk.copy_rows(
        OpenItem,
        _OPEN_FIELDS,
        (
            (row[0], row[3], row[4], row[5], row[7], row[13], row[15], row[17], row[20], False)
            for row in item_rows
            if row[18]
        ),
    )
    bulk.copy_rows(UnpricedItem, (*_WORK_FIELDS, "reason"), unpriced_rows)
    return Priced(len(item_rows), len(unpriced_rows), sum((value.amount for _, value in values), _ZERO))


def _rounded(works: Sequence[Work], facts: dict[int, TaskFacts]) -> dict[int, int]:
    """Return billable seconds by source for lines that round per entry or per task and day."""
    pieces: dict[int, list[TimePiece]] = defaultdict(list)
    for work in works:
        rounding = facts[work.task_id].rounding
        if rounding.method is not TimeRounding.NONE and rounding.scope is not RoundingScope.INVOICE:
            pieces[work.task_id].append(
                TimePiece(
                    work.source_id, work.person_id, work.task_id, work.service_date, work.billable_seconds
                )
            )
    result: dict[int, int] = {}
    for task_id, same_task in pieces.items():
        result |= rounded_seconds(same_task, facts[task_id].rounding)
    return result


class _Derivations:
    """Derivations of one act: equal ones are one row, looked up and written together at the end."""

    def __init__(self) -> None:
        self._ids: dict[Resolution, int] = {}
        self._content: dict[str, tuple[int, dict[str, Any]]] = {}
        self._known = dict(Derivation.objects.values_list("digest", "id"))

    def id_of(self, resolution: Resolution, currency: str) -> int:
        """Return the id of the row that holds this derivation."""
        found = self._ids.get(resolution)
        if found is None:
            content = derivation(resolution, currency)
            digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
            found = self._known.get(digest)
            if found is None:
                found = bulk.reserve_ids(Derivation, 1)[0]
                self._content[digest] = found, content
                self._known[digest] = found
            self._ids[resolution] = found
        return found

    def save(self) -> None:
        """Write the rows that are new; two acts that met write one."""
        Derivation.objects.bulk_create(
            Derivation(id=pk, digest=digest, content=content)
            for digest, (pk, content) in self._content.items()
        )


def on_time_withdrawn(event: TimeWithdrawn) -> None:
    """Take items of withdrawn time out of WIP; refuses when one is on a pre-bill or invoice."""
    UnpricedItem.objects.filter(source_kind="time", source_id__in=event.entry_ids).delete()
    items = list(
        BillableItem.objects.filter(source_kind="time", source_id__in=event.entry_ids, is_void=False)
        .order_by("pk")
        .select_for_update()
    )
    refuse_billed([item.pk for item in items])
    _void(event.actor, items)


def explain(entry_ids: Collection[int]) -> dict[int, str]:
    """Return, for each of these time entries that is on a bill, the sentence why it stays as it is."""
    rows = (
        InvoiceSource.objects.filter(item__source_kind="time", item__source_id__in=entry_ids, is_live=True)
        .values_list("item__source_id", "invoice__number", "invoice_id")
        .order_by("pk")
    )
    return {entry_id: _on_bill(number, invoice_id) for entry_id, number, invoice_id in rows}


def _on_bill(number: str, invoice_id: int) -> str:
    if number:
        return f"These hours are on invoice {number}. Credit it first to change them."
    return f"These hours are on pre-bill {invoice_id}. Drop it back to WIP first to change them."


def refuse_billed(item_ids: Sequence[int]) -> None:
    """Refuse when work is on a pre-bill or invoice, saying which and how to free it."""
    taken = (
        InvoiceSource.objects.filter(item_id__in=item_ids, is_live=True)
        .values_list("invoice__number", "invoice_id")
        .order_by("invoice_id")
        .first()
    )
    if taken is None:
        return
    number, invoice_id = taken
    raise Refused.because("billed" if number else "on_pre_bill", _on_bill(number, invoice_id))


def _void(actor: Actor, items: Sequence[BillableItem]) -> None:
    """Void open items: reverse their revenue and what was written down of them, and close them."""
    if not items:
        return
    ids = [item.pk for item in items]
    books = Books()
    by_entry: dict[tuple[int, date], list[BillableItem]] = defaultdict(list)
    for item in items:
        if item.journal_entry_id is not None:
            by_entry[item.journal_entry_id, item.service_date].append(item)
    drafts = []
    for (entry_id, day), rows in sorted(by_entry.items()):
        book = book_of(books, rows[0])
        drafts.append(posting.items_voided(book, day, entry_id, [_value(row) for row in rows]))
    written: dict[int, Decimal] = defaultdict(Decimal)
    for item_id, amount in WriteDown.objects.filter(item_id__in=ids).values_list("item_id", "amount"):
        written[item_id] += amount
    back = []
    for item in items:
        amount = written[item.pk]
        if amount:
            draft = posting.written_down(
                book_of(books, item),
                item.service_date,
                [share_of(item, -amount)],
                "Write-down taken back with its work",
            )
            drafts.append(draft)
            back.append((item, -amount, len(drafts) - 1))
    posted = ledger.post(actor=actor, entries=drafts)
    WriteDown.objects.bulk_create(
        WriteDown(
            item=item,
            amount=amount,
            reason_code="other",
            note="The work was withdrawn",
            journal_entry_id=posted[at],
        )
        for item, amount, at in back
    )
    OpenItem.objects.filter(pk__in=ids).delete()
    BillableItem.objects.filter(pk__in=ids).update(is_void=True)


def book_of(books: Books, item: BillableItem) -> BookRate:
    """Return book and rate of an item on its day. Raises `Refused` (exchange_rate_missing)."""
    book = books.rate(item.contract_id, item.service_date) if item.contract_id is not None else None
    if book is None:
        message = f"There is no exchange rate from {item.currency} on {item.service_date}. Add one first."
        raise Refused.because("exchange_rate_missing", message)
    return book


def _value(item: BillableItem) -> ItemValue:
    return ItemValue(
        item.pk, item.contract_id or 0, item.contract_line_id or 0, item.client_id, item.project_id, item.task_id,
        item.person_id, item.role_id or 0, item.practice_id, item.office_id, item.service_date,
        item.billable_seconds, item.amount,
    )  # fmt: skip


def share_of(item: BillableItem, amount: Decimal) -> posting.Share:
    """Return an amount on the contract line and project of an item."""
    return posting.Share(
        item.client_id, item.contract_id or 0, item.contract_line_id or 0, item.project_id, amount
    )


@action("billing.price_unpriced", needs=Permission.PREPARE_BILLING)
def price_unpriced(*, actor: Actor) -> Priced:
    """Try again to price approved work that had no rate; what still has none stays listed.

    Refuses: no_open_period.
    """
    rows = list(UnpricedItem.objects.order_by("pk").select_for_update(skip_locked=True))
    if not rows:
        return Priced(0, 0, _ZERO)
    UnpricedItem.objects.filter(pk__in=[row.pk for row in rows]).delete()
    made = _make_items(actor, [_work(row) for row in rows])
    if made.items:
        record(None, f"Priced {made.items} entries that had no rate before")
    return made


def _work(row: WorkedItem) -> Work:
    return Work(
        row.source_kind, row.source_id, row.entity_id, row.client_id, row.contract_id, row.contract_line_id,
        row.project_id, row.task_id, row.person_id, row.role_id, row.practice_id, row.office_id,
        row.service_date, row.worked_seconds, row.billable_seconds, row.approved_by_id,
    )  # fmt: skip


@action("billing.reprice_open_items", needs=None)
def reprice_open_items(*, actor: Actor, contract_ids: list[int], from_day: date) -> Priced:
    """Price open items of these contracts anew from a day on, because rates changed.

    Items on a pre-bill or invoice keep their price. Runs inside the act that changed the rates, so it asks no
    permission of its own. Refuses: no_open_period.
    """
    changed = [
        item
        for item, rate in open_items_with_new_rate(contract_ids, from_day)
        if rate is None or rate != item.rate
    ]
    locked = list(
        BillableItem.objects.filter(pk__in=[item.pk for item in changed]).order_by("pk").select_for_update()
    )
    held = {
        hold.item.source_id: hold
        for hold in Hold.objects.filter(item__in=locked, released_at=None).select_related("item")
    }
    _void(actor, locked)
    made = _make_items(actor, [_work(item) for item in locked])
    _carry_holds(held)
    if made.items:
        record(None, f"Priced {made.items} open items anew")
    return made


def _carry_holds(held: Mapping[int, Hold]) -> None:
    """Hold the new items of work whose old item was held."""
    for item in BillableItem.objects.filter(source_id__in=held, is_void=False, open__isnull=False):
        hold = held[item.source_id]
        Hold.objects.filter(pk=hold.pk).update(item=item)
        OpenItem.objects.filter(pk=item.pk).update(is_held=True)


def open_items_with_new_rate(
    contract_ids: Iterable[int], from_day: date
) -> list[tuple[BillableItem, Decimal | None]]:
    """Return open items of these contracts from a day on, each with the rate that the approved rates now give."""
    ids = list(contract_ids)
    items = BillableItem.objects.filter(
        open__isnull=False, contract_id__in=ids, service_date__gte=from_day, is_billable=True
    ).order_by("pk")
    rate_books, facts = load_rate_books(ids), task_facts()
    found = []
    for item in items:
        query = RateQuery(
            item.contract_line_id,
            item.person_id,
            item.role_id,
            facts[item.task_id].task_type_id,
            item.service_date,
        )
        found.append((item, rate_books.resolve(item.contract_id or 0, query).rate))
    return found


def on_task_mapping_changed(event: TaskMappingChanged) -> None:
    """Price open work of a task anew, on the contract line it maps to now."""
    _remap(event.actor, Q(task_id=event.task_id))


def on_line_terms_changed(event: LineTermsChanged) -> None:
    """Price open work of a contract line anew, by its terms of now."""
    _remap(event.actor, Q(contract_line_id=event.contract_line_id))


def _remap(actor: Actor, chosen: Q) -> None:
    """Void open work and make it again from what its task maps to now; what is on a bill stays as it is."""
    items = list(BillableItem.objects.filter(chosen, open__isnull=False).order_by("pk").select_for_update())
    unpriced = list(UnpricedItem.objects.filter(chosen).order_by("pk").select_for_update())
    facts = task_facts({row.task_id for row in (*items, *unpriced)})
    works = []
    for row in (*items, *unpriced):
        task = facts[row.task_id]
        works.append(
            _work(row)._replace(
                contract_id=task.contract_id,
                contract_line_id=task.contract_line_id,
                billable_seconds=row.billable_seconds if task.is_billable else 0,
            )
        )
    held = {
        hold.item.source_id: hold
        for hold in Hold.objects.filter(item__in=items, released_at=None).select_related("item")
    }
    UnpricedItem.objects.filter(pk__in=[row.pk for row in unpriced]).delete()
    _void(actor, items)
    _make_items(actor, works)
    _carry_holds(held)


def rate_effect(contract_ids: tuple[int, ...], from_day: date) -> RateEffect:
    """Say what open work of these contracts a rate change from a day on would price again."""
    open_work = BillableItem.objects.filter(
        open__isnull=False, contract_id__in=contract_ids, service_date__gte=from_day, is_billable=True
    )
    figures = open_work.aggregate(count=Count("pk"), seconds=Sum("billable_seconds"), value=Sum("amount"))
    return RateEffect(figures["count"], figures["seconds"] or 0, figures["value"] or _ZERO)


def on_rates_changed(event: RatesChanged) -> None:
    """Price open and unpriced items anew in the transaction of the rate change."""
    reprice_open_items(actor=event.actor, contract_ids=list(event.contract_ids), from_day=event.from_day)
    if event.actor.can(Permission.PREPARE_BILLING):
        price_unpriced(actor=event.actor)


def take_open(item_ids: Sequence[int]) -> int:
    """Take items out of WIP; returns how many were there to take. Two who ask for one item: the second gets fewer."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_openitem WHERE item_id = ANY(%s)", [list(item_ids)])
        return int(cursor.rowcount)


def reopen(rows: Iterable[tuple[int, Decimal]]) -> int:
    """Put items back into WIP with what remains of them; a hold that still stands holds."""
    remaining = dict(rows)
    if not remaining:
        return 0
    held = set(
        BillableItem.objects.filter(pk__in=remaining, holds__isnull=False, holds__released_at__isnull=True)
        .values_list("pk", flat=True)
    )  # fmt: skip
    items = BillableItem.objects.filter(pk__in=remaining).order_by("pk").values_list(
        "pk", "entity_id", "client_id", "contract_id", "project_id", "service_date", "billable_seconds", "currency"
    )  # fmt: skip
    return bulk.copy_rows(
        OpenItem, _OPEN_FIELDS, [(*item, remaining[item[0]], item[0] in held) for item in items]
    )
