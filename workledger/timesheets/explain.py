"""Why time cannot be changed: packages above say so for what they hold, in one sentence an entry.

A package that locks entries (billing, by an issued invoice) registers a function in its `AppConfig.ready`;
timesheets never learn of invoices.
"""

from collections.abc import Callable, Collection, Mapping

Explainer = Callable[[Collection[int]], Mapping[int, str]]
"""From entry ids to a sentence for each entry that is held, such as 'It stands on invoice INV-2026-0012,
which was issued. Credit the invoice to change the time.'"""

_explainers: list[Explainer] = []


def register(explainer: Explainer) -> None:
    """Ask `explainer` too; registering twice counts once."""
    if explainer not in _explainers:
        _explainers.append(explainer)


def held(entry_ids: Collection[int]) -> dict[int, str]:
    """Return the sentence of each entry that another package holds; entries held by nobody are absent.

    Each explainer is asked once for all entries.
    """
    found: dict[int, str] = {}
    if entry_ids:
        for explainer in _explainers:
            for entry_id, sentence in explainer(entry_ids).items():
                found.setdefault(entry_id, sentence)
    return found
