"""The cost of work that is transferred: it follows the work to the client, contract and project that it is billed on.

The cost stands where the work was approved; a transfer posts an entry that takes it from there and puts it to the new
work, and taking the transfer back posts that entry's reversal. Hours stay where they were worked: the time entry does
not change.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import Now

from workledger.billing.models import BillableItem, ItemChange, ItemChangeKind
from workledger.core.access import Actor
from workledger.kernel.allocation import allocate
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, JournalEntry, Posting

CHANGE = "item_change"
_ZERO = Decimal(0)
_COST = {"time": AccountRole.LABOUR_COST, "expense": AccountRole.PROJECT_EXPENSE}


class Place(NamedTuple):
    """What work is billed on; ids, 0 for none."""

    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    task_id: int


def place_of(item: BillableItem) -> Place:
    """Return what an item is billed on."""
    return Place(
        item.client_id, item.contract_id or 0, item.contract_line_id or 0, item.project_id or 0, item.task_id or 0
    )  # fmt: skip


def move_costs(
    actor: Actor, moves: Sequence[tuple[BillableItem, ItemChange, Place]], weights: Mapping[int, list[int]]
) -> None:
    """Post the cost of each item from where it stands to a new place, and note the entry on its change.

    `weights` are the shares of the live parts of the item's source, its own first, by item.
    """
    costs = _costs([item for item, _, _ in moves])
    drafts: list[EntryDraft] = []
    moved: list[ItemChange] = []
    for item, change, place in moves:
        cost = costs.get((item.source_kind, item.source_id))
        if cost is None or not cost.debit:
            continue
        stands = place_of(item) if _is_transferred(item) else _place_of_cost(cost)
        share = allocate(cost.debit, weights[item.pk], cost.currency)[0]
        if share and stands != place:
            drafts.append(_entry(item, change, cost, share, stands, place))
            moved.append(change)
    for change, entry_id in zip(moved, ledger.post(actor=actor, entries=drafts), strict=True):
        change.cost_entry_id = entry_id
    ItemChange.objects.bulk_update(moved, ["cost_entry_id"], batch_size=1000)


def _costs(items: Sequence[BillableItem]) -> dict[tuple[str, int], Posting]:
    """Return the posting that holds the cost of each source: the latest, which is the approval that holds now."""
    found: dict[tuple[str, int], Posting] = {}
    for kind, role in _COST.items():
        sources = {item.source_id for item in items if item.source_kind == kind}
        rows = Posting.objects.filter(source_kind=kind, source_id__in=sources, account__role=role)
        for row in rows.order_by("pk") if sources else ():
            found[kind, row.source_id or 0] = row
    return found


def _is_transferred(item: BillableItem) -> bool:
    change = item.change
    while change is not None:
        if change.kind == ItemChangeKind.TRANSFER:
            return True
        change = change.item.change
    return False


def _place_of_cost(cost: Posting) -> Place:
    return Place(cost.client_id, cost.contract_id, cost.contract_line_id, cost.project_id, cost.task_id)


def _entry(
    item: BillableItem, change: ItemChange, cost: Posting, amount: Decimal, stands: Place, place: Place
) -> EntryDraft:
    whole = PostingDraft(
        _COST[item.source_kind], person_id=cost.person_id, role_id=cost.role_id, practice_id=cost.practice_id,
        office_id=cost.office_id, service_date=item.service_date, source_kind=CHANGE, source_id=change.pk,
    )  # fmt: skip
    words = f"Cost of work of {item.service_date:%d %b %Y} transferred"
    return EntryDraft(
        cost.book_id, item.service_date, "cost_transferred", words, cost.currency,
        [
            whole._replace(debit=amount, **place._asdict()),
            whole._replace(credit=amount, **stands._asdict()),
        ],
        CHANGE, change.pk,
    )  # fmt: skip


def take_back(actor: Actor, changes: Collection[ItemChange]) -> None:
    """Mark changes as undone and reverse what they moved of costs."""
    entry_ids = [change.cost_entry_id for change in changes if change.cost_entry_id is not None]
    sides: dict[int, list[Posting]] = defaultdict(list)
    for row in Posting.objects.filter(entry__in=entry_ids).select_related("account").order_by("pk"):
        sides[row.entry_id].append(row)
    drafts = [
        EntryDraft(
            entry.book_id, entry.date, entry.kind, entry.description, sides[entry.pk][0].currency,
            [_drafted(row) for row in sides[entry.pk]], CHANGE, entry.source_id,
        ).reversal(entry.date, entry.pk, f"{entry.description}, taken back")
        for entry in JournalEntry.objects.filter(pk__in=entry_ids).order_by("pk")
    ]  # fmt: skip
    ledger.post(actor=actor, entries=drafts)
    ItemChange.objects.filter(pk__in=[change.pk for change in changes]).update(undone_at=Now())


def _drafted(row: Posting) -> PostingDraft:
    return PostingDraft(
        AccountRole(row.account.role), row.debit, row.credit, None, row.client_id, row.contract_id,
        row.contract_line_id, row.project_id, row.task_id, row.person_id, row.role_id, row.practice_id, row.office_id,
        0, 0, "", row.service_date, row.source_kind, row.source_id,
    )  # fmt: skip


def withdraw(actor: Actor, source_kind: str, source_ids: Collection[int]) -> None:
    """Take back the changes of work that is withdrawn: its cost is reversed where it was approved."""
    standing = ItemChange.objects.filter(
        item__source_kind=source_kind, item__source_id__in=source_ids, undone_at=None
    )
    take_back(actor, list(standing.order_by("pk").select_for_update(of=("self",))))


def weights_of(items: Sequence[BillableItem]) -> dict[int, list[int]]:
    """Return, by item, its own share and that of the other live parts of its source: by time, or by value."""
    rows = (
        BillableItem.objects.filter(
            source_kind__in={item.source_kind for item in items},
            source_id__in={item.source_id for item in items},
            is_void=False,
        )
        .order_by()
        .values_list("source_kind", "source_id")
        .annotate(seconds=Sum("billable_seconds"), value=Sum("amount"))
    )
    totals = {(kind, source): (seconds, value) for kind, source, seconds, value in rows}
    found = {}
    for item in items:
        seconds, value = totals[item.source_kind, item.source_id]
        by_time = item.source_kind == "time"
        own = item.billable_seconds if by_time else int(abs(item.amount) * 10000)
        whole = seconds if by_time else int(abs(value) * 10000)
        found[item.pk] = [own, whole - own] if own else [1, 0]
    return found
