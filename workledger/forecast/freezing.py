"""Keeping a forecast as it is believed: its items and amounts, by COPY."""

from dataclasses import dataclass
from datetime import date

from workledger.core import bulk
from workledger.core.access import Actor, system_actor
from workledger.directory.models import LegalEntity
from workledger.forecast.models import ForecastItem, ForecastRow, ForecastVersion
from workledger.forecast.outlook import forecast

_ITEM = (
    "id", "version", "contract", "key", "obligation_id", "line_id", "name", "method", "currency", "rate", "starts",
    "ends", "is_live", "price", "uncertain", "agreed_limit", "limit_said", "belief", "note", "is_right_to_invoice",
)  # fmt: skip
_ROW = ("item", "month", "kind", "amount", "functional", "source", "said")
_DOOR = "forecast"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a version is of, and why it is kept; `period_id` where the lock of a period froze it."""

    entity: LegalEntity
    as_of: date
    name: str
    reason: str = ""
    period_id: int | None = None


def keep(actor: Actor, wanted: Wanted) -> ForecastVersion:
    """Freeze the forecast of all contracts of a legal entity, whatever the actor sees of them, and return the version."""
    found = forecast(wanted.entity, wanted.as_of, system_actor(_DOOR))
    version = ForecastVersion.objects.create(
        book_id=wanted.entity.pk, name=wanted.name, as_of=wanted.as_of, through=found.through,
        reason=wanted.reason, period_id=wanted.period_id, frozen_by_id=actor.user_id,
    )  # fmt: skip
    ids = bulk.reserve_ids(ForecastItem, len(found.items))
    bulk.copy_rows(
        ForecastItem,
        _ITEM,
        [
            (
                pk, version.pk, item.contract_id, item.key, item.obligation_id, item.line_id, item.name, item.method,
                item.currency, item.rate, item.start, item.end, item.is_live, item.price, item.uncertain, item.limit,
                item.limit_said, item.belief, item.note, item.is_right_to_invoice,
            )
            for pk, item in zip(ids, found.items, strict=True)
        ],
    )  # fmt: skip
    bulk.copy_rows(
        ForecastRow,
        _ROW,
        [
            (
                pk,
                each.month,
                each.kind.value,
                each.amount,
                each.functional,
                each.source.value,
                each.said[:300],
            )
            for pk, item in zip(ids, found.items, strict=True)
            for each in item.amounts
        ],
    )
    return version


def free_name(entity_id: int, name: str) -> str:
    """Return a name that no version of the book has: the wanted one, or with a number."""
    taken = set(
        ForecastVersion.objects.filter(book=entity_id, name__startswith=name).values_list("name", flat=True)
    )
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found
