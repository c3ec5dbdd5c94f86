"""Documents whose ids are written as names: terms of contract lines, arguments of any act."""

from collections.abc import Callable
from typing import Any

from workledger.billing.models import Charge, OpenItem
from workledger.revenue.models import ObligationLine
from workledger.scenarios.names import NotNamed
from workledger.scenarios.stage import Stage

_KINDS = {
    "entity_id": "firm",
    "client_id": "client",
    "contract_id": "contract",
    "contract_line_id": "line",
    "line_id": "line",
    "project_id": "project",
    "task_id": "task",
    "person_id": "person",
    "role_id": "role",
    "task_type_id": "kind",
    "office_id": "office",
    "category_id": "category",
    "tax_code_id": "tax code",
}
_NO_ROWS = {"vat_id"}


def resolved(stage: Stage, document: Any, key: str = "") -> Any:
    """Return a document with its names as ids: by the key that they stand at, or as a result that was remembered."""
    if isinstance(document, dict):
        return {name: resolved(stage, value, name) for name, value in document.items()}
    if key.endswith("_ids"):
        words = document if isinstance(document, list) else [document]
        found = [_id(stage, key.removesuffix("s"), word) for word in words]
        return [pk for each in found for pk in (each if isinstance(each, list) else [each])]
    if isinstance(document, list):
        return [resolved(stage, value, key) for value in document]
    if not key.endswith("_id") or key in _NO_ROWS or document is None:
        return document
    return _id(stage, key, document)


def _id(stage: Stage, key: str, word: str) -> Any:
    if word in stage.remembered:
        return stage.remembered[word]
    if key in _SPECIAL:
        return _SPECIAL[key](stage, word)
    if key in _KINDS:
        return stage.names[_KINDS[key], word]
    raise NotNamed(f"'{word}' names nothing for {key}. Remember the result of an act with 'as NAME'.")


def _invoice(stage: Stage, word: str) -> int:
    if word.startswith("pre-bill "):
        return stage.pre_bill(word.removeprefix("pre-bill "))
    if not word.isdigit():
        raise NotNamed(f"'{word}' is no invoice. Write its place, such as 1, or 'pre-bill CONTRACT'.")
    return stage.document(int(word))


def _payment(stage: Stage, word: str) -> int:
    if not word.isdigit():
        raise NotNamed(f"'{word}' is no payment. Write its place, such as 1.")
    return stage.payment(int(word))


def _charge(stage: Stage, word: str) -> int:
    rows = Charge.objects.filter(contract_line__contract__in=stage.contracts(), description=word)
    found = rows.order_by("-pk").values_list("pk", flat=True).first()
    if found is None:
        raise NotNamed(f"Nothing is charged as '{word}'.")
    return int(found)


def _items(stage: Stage, word: str) -> list[int]:
    """Return the open items of 'LINE', or of 'LINE 2026-01-05'."""
    line, _, day = word.rpartition(" ")
    rows = OpenItem.objects.filter(
        **{"item__contract_line_id": stage.names["line", line], "service_date": day}
        if line and day[:1].isdigit()
        else {"item__contract_line_id": stage.names["line", word]}
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _obligation(stage: Stage, word: str) -> int:
    """Return the obligation that holds the line of this name."""
    rows = ObligationLine.objects.filter(contract_line_id=stage.names["line", word])
    return int(rows.values_list("obligation_id", flat=True).get())


_SPECIAL: dict[str, Callable[[Stage, str], Any]] = {
    "obligation_id": _obligation,
    "invoice_id": _invoice,
    "payment_id": _payment,
    "charge_id": _charge,
    "item_id": _items,
}
