"""Freezing a version of the forecast by hand."""

from datetime import date

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.models import LegalEntity
from workledger.forecast.freezing import Wanted, keep
from workledger.forecast.models import ForecastVersion


@action("forecast.freeze", needs=Permission.MANAGE_REVENUE)
def freeze(*, actor: Actor, entity_id: int, as_of: date, name: str, reason: str = "") -> int:
    """Keep the forecast of a legal entity through a day under a name, and return the version's id.

    It never changes again, whatever becomes of contracts, rates and estimates. The lock of a period freezes one by itself.
    Refuses: not_found, name_missing, name_taken.
    """
    entity = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    locks.named(f"forecast.freeze.{entity.pk}")
    name = " ".join(name.split())[:100]
    problems = Problems()
    problems.check(bool(name), "name_missing", "Give the version a name, such as Budget 2027.", "name")
    taken = ForecastVersion.objects.filter(book=entity.pk, name=name).exists()
    problems.check(
        not taken,
        "name_taken",
        f"There is already a version {name} of {entity}. Choose another name.",
        "name",
    )
    problems.refuse()
    version = keep(actor, Wanted(entity, as_of, name, reason.strip()[:500]))
    record(version, f"Froze the forecast {name} of {entity} through {as_of:%Y-%m-%d}")
    return int(version.pk)
