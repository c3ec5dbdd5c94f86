"""Reads of the forecast: of now or an earlier day, frozen versions, and the reports over them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import LegalEntity
from workledger.forecast import outlook, reports
from workledger.forecast.calc.schedule import ForecastKind, ForecastSource
from workledger.forecast.models import ForecastItem, ForecastRow, ForecastVersion
from workledger.forecast.outlook import Amount, Forecast, Item
from workledger.forecast.reports import HELD_BACK, LeftOut
from workledger.revenue.models import VariableEstimate

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A frozen version; sums are of what the reader may see, in the book's currency."""

    id: int
    entity_id: int
    entity: str
    currency: str
    name: str
    as_of: date
    reason: str
    by: str
    at: datetime
    is_of_close: bool
    recognized: Decimal
    contracted: Decimal
    expected: Decimal

    @property
    def total(self) -> Decimal:
        """Recognized and to come."""
        return self.recognized + self.contracted + self.expected


def now(actor: Actor, entity_id: int, as_of: date, contract_id: int | None = None) -> Forecast:
    """Return the forecast of a legal entity, or of one contract of it, through a day, by all that is known.

    Raises NotFound, Forbidden.
    """
    _check(actor)
    entity = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    return outlook.forecast(entity, as_of, actor, contract_id)


def _check(actor: Actor) -> None:
    if not actor.can(Permission.VIEW_REVENUE):
        raise Forbidden.because("forbidden", "You may not see revenue.")


def versions(actor: Actor, entity_id: int | None = None, *, limit: int = 60) -> list[VersionRow]:
    """Return frozen versions, the latest day first. Two queries."""
    rows = ForecastVersion.objects.visible_to(actor).select_related("book", "frozen_by")
    if entity_id is not None:
        rows = rows.filter(book=entity_id)
    found = list(rows.order_by("-as_of", "-pk")[:limit])
    sums: dict[tuple[int, str], Decimal] = {}
    for version_id, kind, amount in (
        ForecastRow.objects.visible_to(actor)
        .filter(item__version__in=found)
        .order_by()
        .values_list("item__version_id", "kind")
        .annotate(Sum("functional"))
    ):
        sums[version_id, kind] = amount
    return [
        VersionRow(
            row.pk, row.book_id, row.book.name, row.book.currency, row.name, row.as_of, row.reason,
            str(row.frozen_by or "Workledger"), row.frozen_at, row.period_id is not None,
            *(sums.get((row.pk, kind.value), _ZERO) for kind in (ForecastKind.RECOGNIZED, ForecastKind.CONTRACTED, ForecastKind.EXPECTED)),
        )
        for row in found
    ]  # fmt: skip


def version(actor: Actor, version_id: int) -> tuple[ForecastVersion, Forecast]:
    """Return a frozen version and its forecast, of the contracts that the actor may see. Raises NotFound."""
    row = locks.one(ForecastVersion.objects.visible_to(actor).select_related("book"), version_id)
    amounts: dict[int, list[Amount]] = defaultdict(list)
    for item_id, month, kind, amount, functional, source, said in (
        ForecastRow.objects.filter(item__version=row)
        .order_by("pk")
        .values_list("item_id", "month", "kind", "amount", "functional", "source", "said")
    ):
        amounts[item_id].append(
            Amount(month, ForecastKind(kind), amount, functional, ForecastSource(source), said)
        )
    items = [
        _item(each, tuple(amounts[each.pk]))
        for each in ForecastItem.objects.visible_to(actor)
        .filter(version=row)
        .select_related("contract__client")
        .order_by("pk")
    ]
    found = Forecast(row.book_id, row.book.name, row.book.currency, row.as_of, row.through, tuple(items))
    return row, found


def _item(row: ForecastItem, amounts: tuple[Amount, ...]) -> Item:
    contract = row.contract
    return Item(
        key=row.key, contract_id=contract.pk, contract=str(contract), client_id=contract.client_id,
        client=contract.client.name, obligation_id=row.obligation_id, line_id=row.line_id, name=row.name,
        method=row.method, currency=row.currency, rate=row.rate, start=row.starts, end=row.ends, is_live=row.is_live,
        price=row.price, uncertain=row.uncertain, limit=row.agreed_limit, limit_said=row.limit_said, belief=row.belief,
        note=row.note, is_right_to_invoice=row.is_right_to_invoice, amounts=amounts,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two forecasts of one book and the bridge between them. A closing id of None is the forecast of `closing_as_of`."""

    opening_id: int
    opening: str
    opening_as_of: date
    closing_id: int | None
    closing: str
    closing_as_of: date
    bridge: reports.RevenueBridge


def compare(
    actor: Actor, opening_id: int, closing_id: int | None, as_of: date, start: date | None = None,
    end: date | None = None,
) -> Comparison:  # fmt: skip
    """Return the revenue bridge from a frozen version to another, or to the forecast through `as_of`.

    Over the months of the half-open [start, end); all where they are None. Raises NotFound; Refused other_book.
    """
    first, opening = version(actor, opening_id)
    if closing_id is None:
        closing, name = now(actor, first.book_id, as_of), "Now"
    else:
        last, closing = version(actor, closing_id)
        name = last.name
    if closing.entity_id != opening.entity_id:
        message = f"{name} is of {closing.entity}, {first.name} of {opening.entity}. Compare versions of one entity."
        raise Refused.because("other_book", message, "closing")
    found = reports.bridge(opening, closing, start, end)
    return Comparison(opening_id, first.name, first.as_of, closing_id, name, closing.as_of, found)


def backlog(actor: Actor, entity_id: int, as_of: date) -> reports.Backlog:
    """Return the backlog of a legal entity after a day. Raises NotFound, Forbidden."""
    return reports.backlog(now(actor, entity_id, as_of))


def deferred_revenue(actor: Actor, entity_id: int, as_of: date) -> reports.Deferred:
    """Return the deferred revenue schedule of a legal entity after a day. Raises NotFound, Forbidden."""
    return reports.deferred(now(actor, entity_id, as_of))


def remaining_obligations(
    actor: Actor, entity_id: int, as_of: date, edges: Sequence[date], *, leaves_short: bool = False,
    leaves_invoiced: bool = True,
) -> reports.Remaining:  # fmt: skip
    """Return remaining performance obligations by time band, with what the practical expedients leave out and why.

    Raises NotFound, Forbidden.
    """
    found = now(actor, entity_id, as_of)
    return reports.remaining(
        found, edges, leaves_short=leaves_short, leaves_invoiced=leaves_invoiced, held_back=_held_back(found)
    )


def _held_back(found: Forecast) -> list[LeftOut]:
    """Return what of uncertain amounts does not count, by element, as believed on the day."""
    items = {item.contract_id: item for item in found.items if item.is_live}
    latest: dict[int, VariableEstimate] = {}
    rows = VariableEstimate.objects.filter(element__contract__in=items, from_day__lte=found.as_of)
    for row in rows.select_related("element").order_by("from_day", "pk"):
        latest[row.element_id] = row
    held = []
    for row in latest.values():
        item, amount = items[row.element.contract_id], row.estimate - row.included
        if amount:
            held.append(
                LeftOut(
                    item.contract_id,
                    item.contract,
                    item.client,
                    row.element.name,
                    item.currency,
                    amount,
                    HELD_BACK,
                )
            )
    return held
