"""Where planned work comes in: a higher floor registers a source of it, and the forecast asks every source.

Without one, or for lines that nobody planned, time is carried on at its recent burn.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from workledger.forecast.calc.schedule import Planned

Plan = Callable[[Collection[int], date, date], Mapping[int, Sequence[Planned]]]
"""Takes contract lines and a half-open [start, end); returns, by contract line, what is planned in each month of it.

Work of a month that has begun counts from `start`. Asked once per forecast, with all its lines.
"""

_plans: list[Plan] = []


def register_plan(plan: Plan) -> None:
    """Ask `plan` for planned work from now on; registering twice counts once."""
    if plan not in _plans:
        _plans.append(plan)


def forget_plan(plan: Plan) -> None:
    """Ask it no more."""
    if plan in _plans:
        _plans.remove(plan)


def planned(line_ids: Collection[int], start: date, end: date) -> dict[int, list[Planned]]:
    """Return what all sources plan for contract lines in the half-open [start, end), by line, in order of months."""
    found: dict[int, list[Planned]] = {}
    for plan in _plans if line_ids else ():
        for line_id, rows in plan(line_ids, start, end).items():
            found.setdefault(line_id, []).extend(rows)
    return {line_id: sorted(rows, key=lambda row: row.month) for line_id, rows in found.items()}
