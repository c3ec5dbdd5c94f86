"""The legal entities that a command is about."""

from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity

DOOR = "cli"


def entities(name: str = "") -> list[LegalEntity]:
    """Return every legal entity by name, or the one so named whatever its case. Refuses: entity_unknown."""
    rows = LegalEntity.objects.visible_to(system_actor(DOOR)).order_by("name")
    if not name:
        return list(rows)
    found = list(rows.filter(name__iexact=name))
    if not found:
        known = ", ".join(rows.values_list("name", flat=True)) or "none yet"
        raise Refused.because(
            "entity_unknown", f"There is no legal entity {name}. There are: {known}.", "entity"
        )
    return found
