"""How a connection is, in one sentence: the worst thing first."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a connection. `tied_on` is the day of the last tie-out, `difference` what of it is not explained."""

    is_on: bool
    waiting: int
    rejected: int
    held: int
    conflicts: int
    error: str = ""
    tied_on: date | None = None
    difference: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Health:
    """A sentence, and its tone: good, info, warn or bad."""

    sentence: str
    tone: str


def _count(number: int, noun: str, verb: str, verbs: str) -> str:
    return f"1 {noun} {verb}" if number == 1 else f"{number:,} {noun}s {verbs}"


def health_of(standing: Standing) -> Health:
    """Return how a connection is."""
    waits = _count(standing.waiting, "document", "waits", "wait")
    if not standing.is_on:
        return Health(f"Paused. {waits}." if standing.waiting else "Paused. Nothing waits.", "warn")
    if standing.error:
        return Health(f"No answer: {standing.error.rstrip('.')}. {waits} and will be sent again.", "bad")
    needs = []
    if standing.rejected:
        needs.append(_count(standing.rejected, "document", "was refused", "were refused"))
    if standing.conflicts:
        needs.append(_count(standing.conflicts, "change there", "needs a decision", "need a decision"))
    if standing.difference:
        needs.append("the last tie-out has a difference that nothing explains")
    if needs:
        said = ", ".join(needs)
        return Health(
            f"{said[0].upper()}{said[1:]}.", "bad" if standing.difference or standing.rejected else "warn"
        )
    if standing.held:
        return Health(f"{_count(standing.held, 'document', 'is held', 'are held')} by hand.", "warn")
    if standing.waiting:
        on_its_way = _count(standing.waiting, "document", "is on its way", "are on their way")
        return Health(f"{on_its_way}.", "info")
    if standing.tied_on is None:
        return Health("Everything is sent. Both sides were not compared yet.", "info")
    return Health(
        f"In step. Everything is sent, and both sides tied on {standing.tied_on:%-d %B %Y}.", "good"
    )
