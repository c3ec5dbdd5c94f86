"""What revenue is about: the contract lines of an obligation, and the projects that work on them."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from workledger.projects.models import Task
from workledger.revenue.facts import Held, done_on_projects
from workledger.revenue.posting import Place

_ZERO = Decimal(0)
_ONE = Decimal(1)


class Places:
    """Looks up lines, projects and practices of obligations, in a fixed number of queries.

    A line that several projects work on divides by their hours so far, evenly while there are none.
    """

    def __init__(self, helds: Iterable[Held]) -> None:
        line_ids = {line.line_id for held in helds for line in held.lines}
        self._projects: dict[int, dict[int, int]] = defaultdict(dict)
        rows = Task.objects.filter(contract_line__in=line_ids).order_by("project_id").distinct()
        for line_id, project_id, practice_id in rows.values_list(
            "contract_line_id", "project_id", "project__practice_id"
        ):
            self._projects[line_id][project_id] = practice_id or 0
        shared = [line_id for line_id, projects in self._projects.items() if len(projects) > 1]
        self._seconds = done_on_projects(shared)

    def of(self, held: Held) -> list[Place]:
        """Return where an obligation's revenue belongs, with weights."""
        contract = held.row.contract
        found = []
        even = not any(line.weight for line in held.lines)
        for line in held.lines:
            weight = _ONE if even else line.weight
            projects = self._projects.get(line.line_id) or {0: 0}
            seconds = [self._seconds.get((line.line_id, project_id), 0) for project_id in projects]
            shares = seconds if sum(seconds) else [1] * len(seconds)
            whole = Decimal(sum(shares))
            for (project_id, practice_id), share in zip(projects.items(), shares, strict=True):
                place = Place(
                    contract.client_id,
                    contract.pk,
                    line.line_id,
                    project_id,
                    practice_id,
                    weight * share / whole,
                )
                found.append(place)
        return found
