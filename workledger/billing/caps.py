"""Caps of contracts, phases and lines: how far each is used, and the work beyond them that bills show."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Max, Sum

from workledger.billing.calc.drafting import OpenPiece
from workledger.billing.calc.engine import limit_of
from workledger.billing.models import BillableItem, Invoice, InvoiceKind, InvoiceState, Treatment
from workledger.billing.settling import AGREED_AMOUNT, lines_of
from workledger.contracts.calc import terms
from workledger.contracts.calc.terms import Cap, CapAction
from workledger.contracts.models import Contract, ContractLine, ContractState
from workledger.core.access import Actor
from workledger.projects.queries import capped_phases

_ZERO = Decimal(0)
_HOUR = 3600
_NEAR = 75


@dataclass(frozen=True, slots=True)
class CapUse:
    """How far a cap is used, in money or hours as it is given, by time that is charged or would be without it.

    `used` counts time within and beyond. `limit` contains the tolerance; `over` is what lies beyond a hard cap, in the contract's currency.
    """

    contract: Contract
    of: str
    cap: Cap
    limit: Decimal
    used: Decimal
    over: Decimal

    @property
    def percent(self) -> int:
        """How much of the limit is used, in whole per cent, rounded down; 100 at a limit of nothing."""
        return int(self.used * 100 / self.limit) if self.limit else 100

    @property
    def is_near(self) -> bool:
        """Whether three quarters are used: time to agree on more."""
        return self.percent >= _NEAR

    @property
    def is_reached(self) -> bool:
        """Whether all of it is used."""
        return self.used >= self.limit

    @property
    def is_hard(self) -> bool:
        """Whether work beyond it is not billed."""
        return self.cap.action is CapAction.HARD


def cap_uses(actor: Actor, contract_ids: Collection[int] | None = None) -> list[CapUse]:
    """Return how far the caps of contracts (None: of all active ones that the actor sees) are used, the fullest first.

    Four queries, whatever the number of contracts.
    """
    contracts = Contract.objects.visible_to(actor).select_related("client")
    contracts = (
        contracts.filter(state=ContractState.ACTIVE)
        if contract_ids is None
        else contracts.filter(pk__in=contract_ids)
    )
    known = {row.pk: row for row in contracts}
    capped = [_Capped(pk, "Contract", terms.parse_cap(row.cap)) for pk, row in known.items() if row.cap]
    for contract_id, phases in capped_phases(known).items():
        capped += [
            _Capped(contract_id, f"Phase {each.name}", each.cap, task_ids=each.task_ids) for each in phases
        ]
    for line in ContractLine.objects.filter(contract_id__in=known):
        cap = terms.cap_of(terms.parse(line.model, line.terms))
        if cap is not None:
            capped.append(_Capped(line.contract_id, line.name, cap, line_id=line.pk))
    worked = _worked({each.contract_id for each in capped})
    return sorted(
        (each.use(known[each.contract_id], worked[each.contract_id]) for each in capped),
        key=lambda use: (-use.percent, use.contract.number, use.of),
    )


class _Capped(NamedTuple):
    contract_id: int
    of: str
    cap: Cap
    line_id: int | None = None
    task_ids: frozenset[int] | None = None

    def use(self, contract: Contract, worked: Iterable["_Worked"]) -> CapUse:
        """Return how far the cap is used by what it counts."""
        counted = [
            row
            for row in worked
            if self.line_id in (None, row.line_id) and (self.task_ids is None or row.task_id in self.task_ids)
        ]
        over = sum((row.over_cap for row in counted), _ZERO)
        used = sum((row.amount for row in counted), over)
        if self.cap.hours is not None:
            used = Decimal(sum(row.seconds for row in counted)) / _HOUR
        return CapUse(contract, self.of, self.cap, limit_of(self.cap), used, over)


class _Worked(NamedTuple):
    line_id: int
    task_id: int
    seconds: int
    amount: Decimal
    over_cap: Decimal


def _worked(contract_ids: Collection[int]) -> dict[int, list[_Worked]]:
    """Return charged time and time over caps by contract, summed by line and task."""
    rows = (
        BillableItem.objects.filter(
            contract_id__in=contract_ids, source_kind="time", is_void=False,
            treatment__in=[Treatment.CHARGED, Treatment.OVER_CAP],
        )
        .order_by()
        .values_list("contract_id", "contract_line_id", "task_id")
        .annotate(seconds=Sum("billable_seconds"), value=Sum(AGREED_AMOUNT), over=Sum("over_cap"))
    )  # fmt: skip
    found: dict[int, list[_Worked]] = defaultdict(list)
    for contract_id, *row in rows:
        found[contract_id].append(_Worked(*row))
    return found


def shown_beyond(contract_ids: Collection[int], through: date) -> list[OpenPiece]:
    """Return work wholly beyond a cap that the next bills show and take off again, where a cap says so.

    That is work since the last bill of its contract, up to `through`: each is shown once.
    """
    line_ids = {
        line.id
        for line in lines_of(contract_ids).values()
        if _shows(terms.cap_of(line.document)) or any(_shows(each.cap) for each in line.caps)
    }
    if not line_ids:
        return []
    last = dict(
        Invoice.objects.filter(contract_id__in=contract_ids, kind=InvoiceKind.INVOICE)
        .exclude(state=InvoiceState.CREDITED)
        .order_by()
        .values_list("contract_id")
        .annotate(Max("through"))
    )
    rows = BillableItem.objects.filter(
        contract_line_id__in=line_ids, is_void=False, treatment=Treatment.OVER_CAP, service_date__lte=through
    ).order_by("pk")
    return [
        OpenPiece(
            0, item.contract_id or 0, item.contract_line_id or 0, item.project_id or 0, item.task_id or 0, item.person_id or 0,
            item.service_date, item.billable_seconds, item.rate or _ZERO, _ZERO, _ZERO, item.over_cap, _ZERO,
            item.quantity, item.unit,
        )
        for item in rows
        if item.service_date > last.get(item.contract_id or 0, date.min)
    ]  # fmt: skip


def _shows(cap: Cap | None) -> bool:
    return cap is not None and cap.shows_beyond and cap.action is CapAction.HARD
