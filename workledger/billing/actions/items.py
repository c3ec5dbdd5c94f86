"""Billable items: made when time is approved, taken back when the approval is, priced anew when rates change."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q, Sum

from workledger.billing import moving, posting
from workledger.billing.books import Books
from workledger.billing.calc.pricing import TimePiece, rounded_seconds, time_amount
from workledger.billing.models import (
    BillableItem,
    Deferral,
    Hold,
    InvoiceSource,
    OpenItem,
    Treatment,
    UnpricedItem,
    WorkedItem,
    WriteDown,
)
from workledger.billing.posting import BookRate, ItemValue
from workledger.billing.settling import (
    RELEASED,
    Known,
    Line,
    lines,
    lines_of,
    parts_apart,
    priced_together,
    settle,
    unbilled,
    whole_work,
    work_of,
)
from workledger.billing.writing import (
    OPEN_FIELDS,
    WORK_FIELDS,
    Derivations,
    NewItem,
    Work,
    revenue_of,
    write_items,
)
from workledger.contracts.calc.rating import RateBook, RateBooks, RateQuery, Resolution, derivation
from workledger.contracts.calc.terms import NonBillable, RoundingScope
from workledger.contracts.effects import Unbilled
from workledger.contracts.events import ContractCapChanged, LineTermsChanged, RatesChanged
from workledger.contracts.queries import load_rate_books
from workledger.core import bulk
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Refused
from workledger.kernel.rounding import TimeRounding
from workledger.ledger import actions as ledger
from workledger.projects.events import PhaseCapChanged, TaskMappingChanged
from workledger.projects.queries import TaskFacts, task_facts
from workledger.timesheets.events import TimeApproved, TimeWithdrawn

_ZERO = Decimal(0)
_NO_CURRENCY = "XXX"  # as ISO 4217 writes it: work under no contract has none
TAKEN_BACK = "The work was withdrawn or priced anew"


@dataclass(frozen=True, slots=True)
class Priced:
    """What pricing did: items made, hours that could not be priced by reason, and the value made."""

    items: int
    unpriced: int
    value: Decimal


def on_time_approved(event: TimeApproved) -> None:
    """Make billable items of approved entries, in the transaction of the approval."""
    make_items(
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
        is_fresh=True,
    )  # fmt: skip


def make_items(
    actor: Actor, works: Sequence[Work], settled: Collection[int] = (), *, is_fresh: bool = False
) -> Priced:
    """Price work and write it; what has no price is kept as unpriced. Lines in `settled` are settled in any case.

    `is_fresh` says that no part of any of this work stands anywhere, as of time that is approved now.
    """
    free = _FreeParts({} if is_fresh else parts_apart({}, [work.source_id for work in works]))
    known_lines = lines({work.contract_line_id for work in works if work.contract_line_id} | set(settled))
    contract_ids = {work.contract_id for work in works if work.contract_id is not None}
    contract_ids |= {line.contract_id for line in known_lines.values()}
    known = Known(task_facts(), load_rate_books(contract_ids), Books(), Derivations())
    plain: list[Work] = []
    together: dict[int, list[Work]] = {line_id: [] for line_id in settled}
    new: list[NewItem] = []
    for work in works:
        line = known_lines.get(work.contract_line_id or 0)
        if line is None or not line.prices_time:
            new.append(_free(work, line, known.facts)._replace(part=free.take(work.source_id)))
        elif line.is_plain:
            plain.append(work)
        else:
            together.setdefault(line.id, []).append(work)
    unpriced = _price_plain(plain, known, new, free)
    gone: list[BillableItem] = []
    released: list[int] = []
    for group in priced_together(known_lines[line_id] for line_id in sorted(together)):
        outcome = settle(group, [work for line in group for work in together.get(line.id, ())], known)
        gone += outcome.void
        released += [item.pk for item in outcome.released]
        new += outcome.write
        unpriced += [(*work, reason) for work, reason in outcome.unpriced]
    kept = _kept_of(gone)
    void(actor, gone)
    BillableItem.objects.filter(pk__in=released).update(over_cap=0)
    known.derivations.save()
    write_items(actor, new)
    bulk.copy_rows(UnpricedItem, (*WORK_FIELDS, "reason"), unpriced)
    _carry_kept(kept)
    return Priced(len(new), len(unpriced), sum((item.amount for item in new), _ZERO))


def _free(work: Work, line: Line | None, facts: Mapping[int, TaskFacts]) -> NewItem:
    """Keep time that costs nothing by the hour: not billable, or covered by the line's own price."""
    is_covered = line is not None and not isinstance(line.document, NonBillable)
    currency = facts[work.task_id or 0].currency or _NO_CURRENCY
    treatment = Treatment.COVERED if is_covered else Treatment.NON_BILLABLE
    return NewItem(work, work.billable_seconds, treatment, currency)


class _FreeParts:
    """The numbers that the parts of work may take; 0 where nothing of its entry stands."""

    def __init__(self, apart: dict[int, int]) -> None:
        self._apart = apart

    def take(self, source_id: int) -> int:
        if source_id not in self._apart:
            return 0
        self._apart[source_id] += 1
        return self._apart[source_id] - 1


def _price_plain(
    works: Sequence[Work], known: Known, new: list[NewItem], free: _FreeParts
) -> list[tuple[object, ...]]:
    """Add the items of work that its rate alone prices; returns the rows of what has no price."""
    unpriced: list[tuple[object, ...]] = []
    seconds = _rounded(works, known.facts)
    derivation_of: dict[tuple[Resolution, str], int] = {}
    rate_book: RateBook | None = None
    last_contract: int | None = None
    for work in works:
        contract_id, line_id, day = work.contract_id, work.contract_line_id, work.service_date
        assert contract_id is not None
        assert work.person_id is not None
        billable = seconds.get(work.source_id, work.billable_seconds)
        if contract_id != last_contract:
            rate_book, last_contract = known.rate_books.book(contract_id), contract_id
        assert rate_book is not None
        resolution = rate_book.resolve(
            RateQuery(line_id, work.person_id, work.role_id, known.facts[work.task_id or 0].task_type_id, day)
        )
        rate, book, currency = (
            resolution.rate,
            known.books.rate(contract_id, day),
            known.books.currency(contract_id),
        )
        if not billable:
            new.append(
                NewItem(work, 0, Treatment.NON_BILLABLE, currency, rate, part=free.take(work.source_id))
            )
            continue
        if rate is None or book is None:
            unpriced.append((*work, "rate_missing" if rate is None else "exchange_rate_missing"))
            continue
        key = resolution, currency
        if key not in derivation_of:
            derivation_of[key] = known.derivations.id_of(derivation(*key))
        amount = time_amount(billable, rate, currency)
        new.append(
            NewItem(
                work,
                billable,
                Treatment.CHARGED,
                currency,
                rate,
                amount,
                amount,
                derivation_of[key],
                book,
                free.take(work.source_id),
            )
        )
    return unpriced


def _rounded(works: Sequence[Work], facts: Mapping[int, TaskFacts]) -> dict[int, int]:
    """Return billable seconds by source for lines that round per entry or per task and day."""
    pieces: dict[int, list[TimePiece]] = defaultdict(list)
    for work in works:
        task_id, person_id = work.task_id or 0, work.person_id or 0
        rounding = facts[task_id].rounding
        if rounding.method is not TimeRounding.NONE and rounding.scope is not RoundingScope.INVOICE:
            pieces[task_id].append(
                TimePiece(work.source_id, person_id, task_id, work.service_date, work.billable_seconds)
            )
    result: dict[int, int] = {}
    for task_id, same_task in pieces.items():
        result |= rounded_seconds(same_task, facts[task_id].rounding)
    return result


def on_time_withdrawn(event: TimeWithdrawn) -> None:
    """Take items of withdrawn time out of WIP; refuses when one is on a pre-bill or invoice."""
    UnpricedItem.objects.filter(source_kind="time", source_id__in=event.entry_ids).delete()
    items = list(
        BillableItem.objects.filter(source_kind="time", source_id__in=event.entry_ids, is_void=False)
        .order_by("pk")
        .select_for_update()
    )
    refuse_billed([item.pk for item in items])
    void(event.actor, items)
    moving.withdraw(event.actor, "time", event.entry_ids)
    settle_lines(event.actor, settled_among({item.contract_line_id for item in items}))


def settled_among(line_ids: Iterable[int | None]) -> list[int]:
    """Return those of contract lines whose unbilled time is priced together."""
    found = lines([line_id for line_id in line_ids if line_id])
    return [line.id for line in found.values() if line.prices_time and not line.is_plain]


def settle_lines(actor: Actor, line_ids: Collection[int]) -> None:
    """Price the unbilled time of these lines together, after something they look at changed."""
    if line_ids:
        make_items(actor, (), line_ids)


def explain(entry_ids: Collection[int]) -> dict[int, str]:
    """Return, for each of these time entries that is on a bill, the sentence why it stays as it is."""
    rows = (
        InvoiceSource.objects.filter(item__source_kind="time", item__source_id__in=entry_ids, is_live=True)
        .values_list("item__source_id", "invoice__number", "invoice_id")
        .order_by("pk")
    )
    return {entry_id: _on_bill(number, invoice_id) for entry_id, number, invoice_id in rows}


def _on_bill(number: str, invoice_id: int, what: str = "These hours are") -> str:
    if number:
        return f"{what} on invoice {number}. Credit it first to change that."
    return f"{what} on pre-bill {invoice_id}. Drop it back to WIP first to change that."


def refuse_billed(item_ids: Sequence[int], what: str = "These hours are") -> None:
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
    raise Refused.because("billed" if number else "on_pre_bill", _on_bill(number, invoice_id, what))


def void(actor: Actor, items: Sequence[BillableItem]) -> None:
    """Void open items: reverse their revenue and what was written down or up of them, and close them."""
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
    written = written_of(ids)
    back = []
    for item in items:
        for is_write_up, amount in written.get(item.pk, {}).items():
            draft = posting.written_down(
                book_of(books, item),
                item.service_date,
                [share_of(item, -amount)],
                f"{'Write-up' if is_write_up else 'Write-down'} taken back with its work",
            )
            drafts.append(draft)
            back.append((item, -amount, is_write_up, len(drafts) - 1))
    posted = ledger.post(actor=actor, entries=drafts)
    WriteDown.objects.bulk_create(
        WriteDown(
            item=item,
            amount=amount,
            is_write_up=is_write_up,
            reason_code="other",
            note=TAKEN_BACK,
            journal_entry_id=posted[at],
        )
        for item, amount, is_write_up, at in back
    )
    OpenItem.objects.filter(pk__in=ids).delete()
    BillableItem.objects.filter(pk__in=ids).update(is_void=True)


def written_of(item_ids: Sequence[int]) -> dict[int, dict[bool, Decimal]]:
    """Return what stands written down (False) and up (True, negative) of items; those with nothing are left out."""
    found: dict[int, dict[bool, Decimal]] = defaultdict(dict)
    rows = WriteDown.objects.filter(item_id__in=item_ids).order_by().values_list("item_id", "is_write_up")
    for item_id, is_write_up, amount in rows.annotate(total=Sum("amount")):
        if amount:
            found[item_id][is_write_up] = amount
    return found


def book_of(books: Books, item: BillableItem) -> BookRate:
    """Return book and rate of an item on its day. Raises `Refused` (exchange_rate_missing)."""
    book = books.rate(item.contract_id, item.service_date) if item.contract_id is not None else None
    if book is None:
        message = f"There is no exchange rate from {item.currency} on {item.service_date}. Add one first."
        raise Refused.because("exchange_rate_missing", message)
    return book


def _value(item: BillableItem) -> ItemValue:
    return ItemValue(
        item.pk, item.contract_id or 0, item.contract_line_id or 0, item.client_id, item.project_id or 0, item.task_id or 0,
        item.person_id or 0, item.role_id or 0, item.practice_id, item.office_id, item.service_date,
        item.billable_seconds, item.recognized, revenue_of(item.source_kind),
    )  # fmt: skip


def share_of(item: BillableItem, amount: Decimal) -> posting.Share:
    """Return an amount on the contract line and project of an item."""
    return posting.Share(
        item.client_id, item.contract_id or 0, item.contract_line_id or 0, item.project_id or 0, amount
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
    made = make_items(actor, [_work(row) for row in rows])
    if made.items:
        record(None, f"Priced {made.items} entries that had no rate before")
    return made


def _work(row: WorkedItem) -> Work:
    return Work(
        row.source_kind, row.source_id, row.entity_id, row.client_id, row.contract_id, row.contract_line_id,
        row.project_id, row.task_id, row.person_id, row.role_id, row.practice_id, row.office_id,
        row.service_date, row.worked_seconds, row.billable_seconds, row.approved_by_id, row.change_id,
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
    kept = _kept_of(locked)
    void(actor, locked)
    made = make_items(actor, [work_of(item) for item in locked], settled_lines(contract_ids))
    _carry_kept(kept)
    if made.items:
        record(None, f"Priced {made.items} open items anew")
    return made


def settled_lines(contract_ids: Iterable[int]) -> list[int]:
    """Return the lines of contracts whose unbilled time is priced together."""
    ids = (
        unbilled()
        .filter(contract_id__in=list(contract_ids))
        .values_list("contract_line_id", flat=True)
        .distinct()
    )
    found = lines([line_id for line_id in ids if line_id])
    return [line.id for line in found.values() if line.prices_time and not line.is_plain]


_Kept = dict[tuple[int, int | None], tuple[Hold | None, Deferral | None]]


def _kept_of(items: Sequence[BillableItem]) -> _Kept:
    """Return the standing holds and deferrals of items, by the source of their work and its change."""
    if not items:
        return {}
    holds = {hold.item_id: hold for hold in Hold.objects.filter(item__in=items, released_at=None)}
    deferrals = {row.item_id: row for row in Deferral.objects.filter(item__in=items, ended_at=None)}
    return {
        (item.source_id, item.change_id): (holds.get(item.pk), deferrals.get(item.pk))
        for item in items
        if item.pk in holds or item.pk in deferrals
    }


def _carry_kept(kept: _Kept) -> None:
    """Hold and defer the new items of work whose old item was held or deferred."""
    if not kept:
        return
    sources = {source for source, _ in kept}
    for item in BillableItem.objects.filter(
        source_kind="time", source_id__in=sources, is_void=False, open__isnull=False,
        open__is_held=False, open__not_before=None,
    ).order_by("part"):  # fmt: skip
        hold, deferral = kept.pop((item.source_id, item.change_id), (None, None))
        keep(item.pk, hold, deferral)


def keep(item_id: int, hold: Hold | None, deferral: Deferral | None) -> None:
    """Let a hold and a deferral stand on another open item."""
    if hold is not None:
        Hold.objects.filter(pk=hold.pk).update(item_id=item_id)
        OpenItem.objects.filter(pk=item_id).update(is_held=True)
    if deferral is not None:
        Deferral.objects.filter(pk=deferral.pk).update(item_id=item_id)
        OpenItem.objects.filter(pk=item_id).update(not_before=deferral.until)


def open_items_with_new_rate(
    contract_ids: Iterable[int], from_day: date, rate_books: RateBooks | None = None
) -> list[tuple[BillableItem, Decimal | None]]:
    """Return open items of these contracts from a day on, each with the rate that these, or the approved rates, give.

    Of lines where the rate alone prices an entry; the others are settled as a whole. What was split keeps its price.
    """
    ids = list(contract_ids)
    items = BillableItem.objects.filter(
        open__isnull=False,
        contract_id__in=ids,
        service_date__gte=from_day,
        source_kind="time",
        is_split=False,
    ).order_by("pk")
    plain = {
        line.id for line in lines({item.contract_line_id or 0 for item in items}).values() if line.is_plain
    }
    rate_books, facts = rate_books or load_rate_books(ids), task_facts()
    found = []
    for item in items:
        if item.contract_line_id not in plain:
            continue
        query = RateQuery(
            item.contract_line_id,
            item.person_id or 0,
            item.role_id,
            facts[item.task_id or 0].task_type_id,
            item.service_date,
        )
        found.append((item, rate_books.resolve(item.contract_id or 0, query).rate))
    return found


def on_task_mapping_changed(event: TaskMappingChanged) -> None:
    """Price open work of a task anew, on the contract line it maps to now."""
    _remap(event.actor, Q(task_id=event.task_id, change=None))


def on_line_terms_changed(event: LineTermsChanged) -> None:
    """Price open work of a contract line anew, by its terms of now."""
    line = lines([event.contract_line_id])[event.contract_line_id]
    if not line.prices_time or line.is_plain:
        _remap(event.actor, Q(contract_line_id=line.id))
        return
    waiting = list(UnpricedItem.objects.filter(contract_line_id=line.id).order_by("pk").select_for_update())
    UnpricedItem.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    make_items(event.actor, [_work(row) for row in waiting], [line.id])


def on_cap_changed(event: ContractCapChanged | PhaseCapChanged) -> None:
    """Price the unbilled time of contracts anew whose caps count or allow something else."""
    contract_ids = [event.contract_id] if isinstance(event, ContractCapChanged) else event.contract_ids
    settle_lines(event.actor, [line.id for line in lines_of(contract_ids).values() if line.prices_time])


def _remap(actor: Actor, chosen: Q) -> None:
    """Void unbilled work and make it again from what its task maps to now; what is on a bill stays as it is.

    What was transferred stays on the line it was transferred to.
    """
    items = list(unbilled().filter(chosen).order_by("source_id", "part").select_for_update(of=("self",)))
    unpriced = list(UnpricedItem.objects.filter(chosen).order_by("pk").select_for_update())
    facts = task_facts({row.task_id for row in (*items, *unpriced) if row.task_id})
    parts: dict[int, list[BillableItem]] = defaultdict(list)
    for item in items:
        parts[item.source_id].append(item)
    apart = parts_apart(parts)
    whole = [whole_work(rows, is_rest=source in apart) for source, rows in parts.items()]
    works = []
    for work in (*whole, *map(_work, unpriced)):
        task = facts[work.task_id or 0]
        if work.change_id is not None:
            works.append(work)
            continue
        works.append(
            work._replace(
                contract_id=task.contract_id,
                contract_line_id=task.contract_line_id,
                billable_seconds=work.billable_seconds if task.is_billable else 0,
            )
        )
    before = {item.contract_line_id for item in items if item.contract_line_id}
    kept = _kept_of(items)
    UnpricedItem.objects.filter(pk__in=[row.pk for row in unpriced]).delete()
    void(actor, items)
    make_items(actor, works, settled_among(before))
    _carry_kept(kept)


def unbilled_value(contract_id: int) -> list[Unbilled]:
    """Return what a contract's unbilled time is worth by line: what is billable, and what lies over a cap."""
    rows = unbilled().filter(contract_id=contract_id, contract_line__isnull=False).order_by("contract_line")
    sums = rows.values_list("contract_line").annotate(Sum("amount"), Sum("over_cap"))
    return [Unbilled(line_id, amount, over_cap) for line_id, amount, over_cap in sums]


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


def _refuse_released(item_ids: Collection[int]) -> None:
    """Refuse to take an entry off its bill while a later one charges what a raised cap released of it."""
    taken_back = BillableItem.objects.filter(pk__in=item_ids, source_kind="time").exclude(unit=RELEASED)
    sources = taken_back.values("source_id")
    later = (
        InvoiceSource.objects.filter(
            item__source_kind="time", item__source_id__in=sources, item__unit=RELEASED, is_live=True
        )
        .exclude(item_id__in=item_ids)
        .values_list("invoice__number", "invoice_id")
        .order_by("invoice_id")
        .first()
    )
    if later is not None:
        number, invoice_id = later
        where = f"Invoice {number}" if number else f"Pre-bill {invoice_id}"
        message = f"{where} charges what a raised cap released of this work. Take it back first."
        raise Refused.because("released_later", message)


def reopen(rows: Iterable[tuple[int, Decimal]]) -> int:
    """Put items back into WIP with what remains of them; a hold or deferral that still stands holds.

    Refuses: released_later (another bill charges what a raised cap released of the same entry).
    """
    remaining = dict(rows)
    if not remaining:
        return 0
    _refuse_released(remaining)
    held = set(
        BillableItem.objects.filter(pk__in=remaining, holds__isnull=False, holds__released_at__isnull=True)
        .values_list("pk", flat=True)
    )  # fmt: skip
    deferred = dict(
        Deferral.objects.filter(item__in=remaining, ended_at=None).values_list("item_id", "until")
    )
    items = BillableItem.objects.filter(pk__in=remaining).order_by("pk").values_list(
        "pk", "entity_id", "client_id", "contract_id", "project_id", "service_date", "billable_seconds", "currency"
    )  # fmt: skip
    return bulk.copy_rows(
        OpenItem,
        OPEN_FIELDS,
        [
            (*item[:4], item[4] or 0, *item[5:], remaining[item[0]], item[0] in held, deferred.get(item[0]))
            for item in items
        ],
    )
