"""Caps in forms, and how far they are used, on the pages of contracts and projects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workledger.billing.caps import CapUse, cap_uses
from workledger.contracts.calc.terms import cap_words
from workledger.core.access import Permission
from workledger.web import formats
from workledger.web.acting import ActingRequest
from workledger.web.forms import Field

CAP_ACTIONS = (("notify", "Tell, and bill on"), ("hard", "Bill nothing beyond it"))
_NAMES = ("amount", "hours", "action", "tolerance_percent", "shows_beyond")


def cap_fields(currency: str, help_text: str) -> tuple[Field, ...]:
    """Return the fields of a cap that stands beside lines; both limits empty is no cap."""
    return (
        Field("cap.amount", "Cap", "number", places=4, unit=currency, section="Limit", row="cap", help=help_text),
        Field("cap.hours", "or", "number", unit="h", row="cap"),
        Field("cap.action", "When it is reached", "choice", options=CAP_ACTIONS, row="cap_action"),
        Field("cap.tolerance_percent", "Tolerance", "number", unit="%", row="cap_action"),
        Field("cap.shows_beyond", "Invoices show what lies beyond it and take it off", "check"),
    )  # fmt: skip


def cap_shown(document: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a kept cap as the values of its fields."""
    return {f"cap.{name}": (document or {}).get(name) for name in _NAMES}


def cap_of(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the cap that was typed, None where neither limit is given."""
    given = {name: values.get(f"cap.{name}") for name in _NAMES}
    if given["amount"] is None and given["hours"] is None:
        return None
    return {name: value for name, value in given.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class CapShown:
    """A cap with its meter: whole per cents, its tone, and what it comes to in words."""

    of: str
    words: str
    percent: int
    tone: str
    said: str


def caps_shown(request: ActingRequest, contract_id: int) -> list[CapShown]:
    """Return a contract's caps, the fullest first; none for who may not see billing."""
    if not request.actor.can(Permission.VIEW_BILLING):
        return []
    return [_shown(use) for use in cap_uses(request.actor, [contract_id])]


def _shown(use: CapUse) -> CapShown:
    currency = use.contract.currency
    if use.cap.hours is None:
        said = f"{formats.money(use.used, currency)} of {formats.money(use.limit, currency)}"
    else:
        said = f"{formats.number(use.used, 2)} of {formats.number(use.limit, 2)} h"
    if use.over:
        said += f"; {formats.money(use.over, currency)} not billed"
    tone = "bad" if use.used > use.limit else "warn" if use.is_near else ""
    return CapShown(use.of, cap_words(use.cap), use.percent, tone, said)
