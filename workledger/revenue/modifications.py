"""Changes of contracts on their way to revenue: opened when a contract moves, proposed with its amounts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.contracts import versions
from workledger.contracts.events import ContractModified
from workledger.contracts.models import ContractVersion, RevenueMethod
from workledger.revenue.calc.changes import LineChange, Moved, line_changes, moved
from workledger.revenue.models import (
    ContractModification,
    ObligationLine,
    ObligationVersion,
    RecognitionEntry,
)
from workledger.revenue.obligations import NOT_HERE

_LEFT_OUT = frozenset(method.value for method in (*NOT_HERE, RevenueMethod.RIGHTS_USED))
"""What is recognized as invoiced, or as prepaid rights are used, follows what is charged: nothing is to be decided."""


def open_modification(event: ContractModified) -> None:
    """Open what finance decides on where a change touches recognized lines.

    A direct change before anything was recognized needs no decision: its obligations are set anew. The obligations of
    lines that an order adds begin on its day.
    """
    kept = ContractVersion.objects.in_bulk([event.before_version_id, event.after_version_id])
    changes = changes_between(kept[event.before_version_id], kept[event.after_version_id])
    if not changes:
        return
    if event.order_id is None and not _is_recognized(event.contract_id):
        return
    ContractModification.objects.create(
        contract_id=event.contract_id, before_id=event.before_version_id, after_id=event.after_version_id,
        order_id=event.order_id, from_day=event.effective_from,
    )  # fmt: skip
    added = [change.line_id for change in changes if change.before is None]
    if event.effective_from is not None and added:
        _begin(added, event.effective_from)


def _is_recognized(contract_id: int) -> bool:
    return RecognitionEntry.objects.filter(obligation__contract=contract_id).exists()


def _begin(line_ids: Collection[int], day: date) -> None:
    """Let the obligations of added lines begin on a day: they were made as if the contract had always held them."""
    rows = ObligationVersion.objects.filter(obligation__lines__contract_line__in=line_ids, from_day__lt=day)
    for row in rows.distinct():
        row.from_day = day
        row.start = None if row.start is None else max(row.start, day)
        row.save(update_fields=["from_day", "start"])


def changes_between(before: ContractVersion, after: ContractVersion) -> list[LineChange]:
    """Return what two versions of a contract differ in for recognized lines."""
    return line_changes(versions.read(before.document), versions.read(after.document), _LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a waiting change comes to: by obligation, and the names of lines that it adds."""

    changes: list[LineChange]
    moved: dict[int, Moved]

    @property
    def added(self) -> list[LineChange]:
        """The lines that it adds; each has an obligation of its own."""
        return [change for change in self.changes if change.before is None]


def proposals(rows: Sequence[ContractModification]) -> dict[int, Proposal]:
    """Return what waiting changes come to, by their ids. Rows come with `before`, `after` and `contract`."""
    changes = {row.pk: changes_between(row.before, row.after) for row in rows}
    lines = {change.line_id for found in changes.values() for change in found}
    weights: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for held in ObligationLine.objects.filter(contract_line__in=lines).select_related("obligation"):
        weights[held.contract_line_id][held.obligation_id] = held.obligation.stand_alone
    return {
        row.pk: Proposal(changes[row.pk], moved(changes[row.pk], weights, row.contract.currency))
        for row in rows
    }


def reason_of(row: ContractModification, reason: str) -> str:
    """Return why, with the order that asked for it first."""
    said = f"{row.order.label} {row.order.title}" if row.order else "Change of the contract"
    return f"{said}: {reason.strip()}"[:500] if reason.strip() else said
