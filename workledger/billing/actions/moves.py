"""Split and transfer of WIP, and taking either back.

Both void the item and write what it becomes: the books show an explained reversal and new postings. A part that was
split keeps its price (decision 0014); transferred work is priced by the terms of the line it goes to.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Max

from workledger.billing import limits, moving, rebilling
from workledger.billing.actions import items
from workledger.billing.actions.prebills import open_items, post_write_downs
from workledger.billing.books import Books
from workledger.billing.calc.splitting import Part, split_by_time, split_by_value
from workledger.billing.limits import Adjusted
from workledger.billing.models import (
    AdjustmentKind,
    BillableItem,
    Deferral,
    Hold,
    ItemChange,
    ItemChangeKind,
    OpenItem,
    ReasonCode,
    Treatment,
    WriteDown,
)
from workledger.billing.moving import Place
from workledger.billing.settling import work_of
from workledger.billing.writing import NewItem, Work, write_items
from workledger.contracts.models import ContractLine, ContractState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.money import money_words
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_quantum
from workledger.projects.models import Task

_ZERO = Decimal(0)


# --- split ------------------------------------------------------------------------------------------------


@action("billing.split_item", needs=Permission.PREPARE_BILLING)
def split_item(
    *,
    actor: Actor,
    item_id: int,
    reason_code: ReasonCode,
    seconds: int | None = None,
    amount: Decimal | None = None,
    note: str = "",
) -> list[int]:
    """Cut `seconds` of time, or what is worth `amount`, off an open item as a part of its own; either of the two.

    Both parts keep the price, and a hold or deferral of the whole. Returns the ids of the rest and of the new part.
    Refuses: not_open, split_how, seconds_not_possible, amount_not_possible, exchange_rate_missing, no_open_period.
    """
    (row,) = open_items(actor, [item_id])
    item = BillableItem.objects.select_for_update().get(pk=item_id)
    whole = _as_part(item)
    _refuse_cut(whole, seconds, amount, row)
    parts = (
        split_by_time(whole, seconds, row.currency)
        if seconds is not None
        else split_by_value(whole, amount or _ZERO, row.currency)
    )
    change = ItemChange.objects.create(
        kind=ItemChangeKind.SPLIT, item=item, reason_code=reason_code, note=note.strip()
    )
    work = work_of(item)._replace(change_id=change.pk)
    worked = work.worked_seconds * parts[1].seconds // (whole.seconds or 1)
    ids = _rewrite(
        actor, [item],
        [
            _new(item, work._replace(worked_seconds=work.worked_seconds - worked), parts[0], item.part),
            _new(item, work._replace(worked_seconds=worked), parts[1], _next_part(item)),
        ],
        parts,
    )  # fmt: skip
    record(item, f"Split {_measure(parts[1], row.currency)} off {item.task_name or item}")
    return ids


def _measure(part: Part, currency: str) -> str:
    value = money_words(part.remaining, currency)
    return f"{hours(part.seconds)} h ({value})" if part.seconds else value


def _refuse_cut(whole: Part, seconds: int | None, amount: Decimal | None, row: OpenItem) -> None:
    problems = Problems()
    problems.check(
        (seconds is None) != (amount is None), "split_how", "Say the hours or the amount of the new part, one of them."
    )  # fmt: skip
    if seconds is not None:
        problems.check(
            0 < seconds < whole.seconds, "seconds_not_possible",
            f"Split off more than nothing and less than all {hours(whole.seconds)} h."
            if whole.seconds else "This has no hours. Split it by its amount.", "seconds",
        )  # fmt: skip
    if amount is not None:
        problems.check(
            _ZERO < amount < whole.remaining and amount % minor_quantum(row.currency) == 0, "amount_not_possible",
            f"Split off more than nothing and less than the {money_words(whole.remaining, row.currency)} that remain.",
            "amount",
        )  # fmt: skip
    problems.refuse()


def _as_part(item: BillableItem) -> Part:
    written = items.written_of([item.pk]).get(item.pk, {})
    return Part(
        item.billable_seconds, item.approved_seconds, item.quantity, item.unit, item.rate or _ZERO, item.amount,
        item.over_cap, item.discount, item.recognized, written.get(False, _ZERO) - item.discount,
        -written.get(True, _ZERO),
    )  # fmt: skip


def _next_part(item: BillableItem) -> int:
    standing = BillableItem.objects.filter(
        source_kind=item.source_kind, source_id=item.source_id, is_void=False
    )
    return (standing.aggregate(last=Max("part"))["last"] or 0) + 1


def _new(item: BillableItem, work: Work, part: Part, number: int, *, is_split: bool = True) -> NewItem:
    """Return an item like another, with the figures of a part of it."""
    return NewItem(
        work=work._replace(billable_seconds=part.approved_seconds),
        seconds=part.seconds,
        treatment=Treatment(item.treatment),
        currency=item.currency,
        rate=part.rate,
        amount=part.amount,
        recognized=part.recognized,
        derivation_id=item.derivation_id,
        book=items.book_of(Books(), item),
        part=number,
        quantity=part.quantity,
        unit=part.unit,
        over_cap=part.over_cap,
        discount=part.discount,
        description=item.description,
        is_split=is_split,
    )


def _rewrite(
    actor: Actor, old: Sequence[BillableItem], new: Sequence[NewItem], parts: Sequence[Part]
) -> list[int]:
    """Void items and write others in their place, with what was written down and up, held and deferred of them."""
    kept = _Kept(old)
    items.void(actor, old)
    ids = write_items(actor, new)
    made = BillableItem.objects.in_bulk(ids)
    reason_code, note = _reason_of(old)
    for sign, name in ((1, "written_down"), (-1, "written_up")):
        rows = [
            (made[pk], sign * getattr(part, name))
            for pk, part in zip(ids, parts, strict=True)
            if getattr(part, name)
        ]
        if rows:
            post_write_downs(
                actor, rows, is_write_off=False, reason_code=reason_code, on=old[0].service_date, note=note
            )  # fmt: skip
    for pk, part in zip(ids, parts, strict=True):
        OpenItem.objects.filter(pk=pk).update(amount=part.remaining)
    kept.stand_on(ids)
    return ids


def _reason_of(rows: Sequence[BillableItem]) -> tuple[ReasonCode, str]:
    """Return why items were last written down or up, to say it again of what they become."""
    last = (
        WriteDown.objects.filter(item__in=rows)
        .exclude(note=items.TAKEN_BACK)
        .exclude(reason_code=ReasonCode.DISCOUNT)
        .order_by("-pk")
        .first()
    )
    return (ReasonCode.OTHER, "") if last is None else (ReasonCode(last.reason_code), last.note)


class _Kept:
    """The first standing hold and deferral of items."""

    def __init__(self, rows: Sequence[BillableItem]) -> None:
        self._hold = Hold.objects.filter(item__in=rows, released_at=None).order_by("pk").first()
        self._deferral = Deferral.objects.filter(item__in=rows, ended_at=None).order_by("pk").first()

    def stand_on(self, item_ids: Sequence[int]) -> None:
        """Let them stand on open items: the rows move to the first, the others get the same."""
        hold, deferral = self._hold, self._deferral
        for place, pk in enumerate(item_ids):
            if place and hold is not None:
                hold = Hold.objects.create(item_id=pk, reason_code=hold.reason_code, note=hold.note)
            if place and deferral is not None:
                deferral = Deferral.objects.create(
                    item_id=pk, until=deferral.until, reason_code=deferral.reason_code, note=deferral.note
                )
            items.keep(pk, hold, deferral)


# --- transfer ---------------------------------------------------------------------------------------------


@action("billing.transfer_items", needs=Permission.PREPARE_BILLING)
def transfer_items(
    *,
    actor: Actor,
    item_ids: list[int],
    contract_line_id: int,
    reason_code: ReasonCode,
    on: date,
    task_id: int | None = None,
    note: str = "",
) -> Adjusted:
    """Bill open items on another contract line, of this client or another, by the terms of that line.

    Work of another contract needs the task of its project that it is billed as; without `task_id` it is the only one
    of the line. The time entry keeps its own. What was written down or up of the items is taken back, holds stay.
    Revenue and cost move by reversal and new postings. Over the entity's limit it becomes a request; `on` is the day
    for its exchange rate. Gives the value that the work had. Refuses: not_open, not_found, currencies_differ,
    contract_closed, same_line, charge_not_transferable, task_missing, task_of_other_contract, expenses_not_charged,
    rate_missing, exchange_rate_missing, no_open_period.
    """
    rows = open_items(actor, item_ids)
    line, _ = _target(actor, rows, contract_line_id, task_id)
    value = sum((row.amount for row in rows), _ZERO)
    if len({row.currency for row in rows}) > 1:
        raise Refused.because("currencies_differ", "Transfer work of one currency at a time.")
    asked = limits.ask_if_over(
        actor, AdjustmentKind.TRANSFER, [(row.pk, row.amount) for row in rows], abs(value), on=on, reason_code=reason_code, note=note,
        arguments={"item_ids": item_ids, "contract_line_id": line.pk, "task_id": task_id},
    )  # fmt: skip
    return asked or Adjusted(transfer(actor, item_ids, line.pk, task_id, reason_code, note))


def _target(
    actor: Actor, rows: Sequence[OpenItem], line_id: int, task_id: int | None
) -> tuple[ContractLine, Task | None]:
    """Return the line and task that items go to. Refuses what a transfer there refuses."""
    lines_seen = ContractLine.objects.visible_to(actor).select_related("contract__client")
    line: ContractLine = locks.one(lines_seen, line_id)
    found = list(
        BillableItem.objects.filter(pk__in=[row.pk for row in rows]).values_list(
            "source_kind", "contract_line_id", "contract_id"
        )
    )
    problems = Problems()
    problems.check(
        line.contract.state == ContractState.ACTIVE, "contract_closed",
        f"{line.contract.number} is not active. Choose an active contract.", "contract_line_id",
    )  # fmt: skip
    problems.check(
        all(current != line.pk for _, current, _ in found), "same_line",
        f"Some of this work is on {line.name} already.", "contract_line_id",
    )  # fmt: skip
    problems.check(
        all(kind != "charge" for kind, _, _ in found), "charge_not_transferable",
        "A fee, instalment or block belongs to its contract line. Take that charge back, and charge it on the other line.",
    )  # fmt: skip
    task = None
    if task_id is not None:
        task = locks.one(Task.objects.visible_to(actor).select_related("project"), task_id)
        problems.check(
            task.project.contract_id == line.contract_id, "task_of_other_contract",
            f"{task.name} belongs to another contract. Choose a task of {line.contract.number}.", "task_id",
        )  # fmt: skip
    elif any(contract_id != line.contract_id for _, _, contract_id in found):
        tasks = list(Task.objects.filter(contract_line=line).select_related("project")[:2])
        problems.check(
            len(tasks) == 1, "task_missing",
            f"Say as which task of {line.contract.number} this work is billed.", "task_id",
        )  # fmt: skip
        task = tasks[0] if tasks else None
    problems.refuse()
    return line, task


def transfer(
    actor: Actor,
    item_ids: Sequence[int],
    line_id: int,
    task_id: int | None,
    reason_code: ReasonCode,
    note: str,
) -> Decimal:
    """Transfer open items inside a running action; returns the value they had."""
    rows = open_items(actor, item_ids)
    line, task = _target(actor, rows, line_id, task_id)
    old = list(
        BillableItem.objects.filter(pk__in=item_ids)
        .select_related("change")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    changes = ItemChange.objects.bulk_create(
        ItemChange(kind=ItemChangeKind.TRANSFER, item=item, reason_code=reason_code, note=note.strip())
        for item in old
    )
    works = [_transferred(item, line, task, change.pk) for item, change in zip(old, changes, strict=True)]
    moves = [(item, change, _place(work)) for item, change, work in zip(old, changes, works, strict=True)]
    kept = {
        change.pk: _Kept([item]) for item, change in zip(old, changes, strict=True) if _is_kept(item, rows)
    }
    moving.move_costs(actor, moves, moving.weights_of(old))
    shares = moving.weights_of(old)
    items.void(actor, old)
    made = items.make_items(actor, [work for work in works if work.source_kind == "time"])
    if made.unpriced:
        message = f"{line.name} has no rate for some of this work on its day. Add the rate first."
        raise Refused.because("rate_missing", message, "contract_line_id")
    rebilling.transfer(
        actor, [(item, work, shares[item.pk]) for item, work in zip(old, works, strict=True) if item.source_kind == "expense"]
    )  # fmt: skip
    items.settle_lines(actor, items.settled_among({item.contract_line_id for item in old}))
    for change_id, each in kept.items():
        opened = BillableItem.objects.filter(change_id=change_id, is_void=False, open__isnull=False)
        each.stand_on(list(opened.order_by("part").values_list("pk", flat=True)))
    value = sum((row.amount for row in rows), _ZERO)
    record(
        None,
        f"Transferred {len(old):,} items worth {money_words(value, rows[0].currency)} to {line.name} of"
        f" {line.contract.number}, {line.contract.client.name}: {ReasonCode(reason_code).label}",
    )
    return value


def _is_kept(item: BillableItem, rows: Sequence[OpenItem]) -> bool:
    return any(row.pk == item.pk and (row.is_held or row.not_before is not None) for row in rows)


def _transferred(item: BillableItem, line: ContractLine, task: Task | None, change_id: int) -> Work:
    """Return an item's work as it stands on another line: what it is of the entry, with the line's task."""
    contract = line.contract
    work = work_of(item)._replace(
        entity_id=contract.entity_id, client_id=contract.client_id, contract_id=contract.pk, contract_line_id=line.pk,
        change_id=change_id,
    )  # fmt: skip
    if task is not None:
        work = work._replace(project_id=task.project_id, task_id=task.pk)
    if not item.is_split and _next_part(item) > 1:
        work = work._replace(billable_seconds=item.billable_seconds)
    return work


def _place(work: Work) -> Place:
    return Place(
        work.client_id, work.contract_id or 0, work.contract_line_id or 0, work.project_id or 0, work.task_id or 0
    )  # fmt: skip


# --- taking either back -----------------------------------------------------------------------------------


@action("billing.restore_items", needs=Permission.PREPARE_BILLING)
def restore_items(*, actor: Actor, item_ids: list[int]) -> int:
    """Take the last split or transfer of open items back: put the parts together, bring the work to its line again.

    What was written down or up of them stays with split parts and is taken back with a transfer. Returns how many
    items stand again. Refuses: not_open, not_changed, parts_elsewhere, exchange_rate_missing, no_open_period.
    """
    rows = open_items(actor, item_ids)
    change_ids = set(
        BillableItem.objects.filter(pk__in=[row.pk for row in rows]).values_list("change_id", flat=True)
    )
    if None in change_ids:
        raise Refused.because("not_changed", "Some of this work was neither split nor transferred.")
    changes = list(
        ItemChange.objects.filter(pk__in=change_ids).select_related("item").order_by("pk").select_for_update(of=("self",))
    )  # fmt: skip
    lines_touched: set[int | None] = set()
    for change in changes:
        now = _now_of(change)
        lines_touched |= {item.contract_line_id for item in (*now, change.item)}
        _restore(actor, change, now)
    moving.take_back(actor, changes)
    items.settle_lines(actor, items.settled_among(lines_touched))
    days = [change.item.service_date for change in changes]
    contracts = sorted({change.item.contract_id for change in changes if change.item.contract_id})
    items.reprice_open_items(actor=actor, contract_ids=contracts, from_day=min(days))
    single = changes[0].item if len(changes) == 1 else None
    record(single, f"Took {len(changes):,} splits or transfers back")
    return len(changes)


def _now_of(change: ItemChange) -> list[BillableItem]:
    """Return what an item became. Refuses: parts_elsewhere (some of it is billed, written off or changed again)."""
    now = list(
        BillableItem.objects.filter(change=change, is_void=False)
        .order_by("part")
        .select_related("open")
        .select_for_update(of=("self",))
    )
    open_ids = set(OpenItem.objects.filter(pk__in=[item.pk for item in now]).values_list("pk", flat=True))
    free = all(item.pk in open_ids or item.treatment != Treatment.CHARGED for item in now)
    if change.kind == ItemChangeKind.SPLIT:
        whole = sum((item.amount for item in now), _ZERO) == change.item.amount
    else:
        whole = sum(item.worked_seconds for item in now) == change.item.worked_seconds and bool(now)
        whole = whole and len({item.approved_seconds for item in now}) == 1
    if not free or not whole:
        message = (
            "Not all of what was made of this work is open as it was made: a part is billed, written off, or was split, "
            "transferred or priced together with other work since. Take that back first, or transfer it back."
        )
        raise Refused.because("parts_elsewhere", message)
    return now


def _restore(actor: Actor, change: ItemChange, now: Sequence[BillableItem]) -> None:
    """Write the item of a change again as it was."""
    item = change.item
    sums: Mapping[str, Decimal] = {"written_down": _ZERO, "written_up": _ZERO}
    if change.kind == ItemChangeKind.SPLIT:
        parts = [_as_part(each) for each in now]
        sums = {name: sum((getattr(part, name) for part in parts), _ZERO) for name in sums}
    whole = Part(
        item.billable_seconds, item.approved_seconds, item.quantity, item.unit, item.rate or _ZERO, item.amount,
        item.over_cap, item.discount, item.recognized, sums["written_down"], sums["written_up"],
    )  # fmt: skip
    number = item.part if change.kind == ItemChangeKind.SPLIT else _free_number(item, now)
    _rewrite(actor, now, [_new(item, work_of(item), whole, number, is_split=item.is_split)], [whole])


def _free_number(item: BillableItem, now: Sequence[BillableItem]) -> int:
    """Return the number that an item had, or another where its entry's other parts took it since."""
    others = set(
        BillableItem.objects.filter(source_kind=item.source_kind, source_id=item.source_id, is_void=False)
        .exclude(pk__in=[each.pk for each in now])
        .values_list("part", flat=True)
    )
    return item.part if item.part not in others else max(others) + 1
