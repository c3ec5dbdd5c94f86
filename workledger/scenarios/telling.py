"""What differs, as people read it: the file and line, what is expected, what was found."""

import difflib
from collections.abc import Iterator

from workledger.scenarios.running import Difference, Outcome


def lines(path: str, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong with a scenario, nothing where it came out right."""
    for difference in outcome.differences:
        yield from _difference(path, difference)
    for broken in outcome.broken:
        yield f"{path}: {broken}"


def _difference(path: str, difference: Difference) -> Iterator[str]:
    if difference.sentence:
        yield f"{path}:{difference.line}: {difference.sentence}"
        return
    yield f"{path}:{difference.line}: {difference.what}: - is expected, + was found"
    rows = difflib.ndiff(difference.expected, difference.found)
    yield from (f"    {row}" for row in rows if not row.startswith("?"))
