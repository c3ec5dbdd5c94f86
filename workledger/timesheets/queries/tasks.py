"""Tasks to book time on."""

from dataclasses import dataclass

from django.db.models import Max, Q

from workledger.core.access import Actor
from workledger.projects.models import ProjectState, Task
from workledger.timesheets.models import TimesheetLine

_MOST_FOUND = 20
_SEARCHED = ("name", "project__name", "project__code", "project__client__name")


@dataclass(frozen=True, slots=True)
class TaskFound:
    """A task as the search shows it."""

    task_id: int
    task: str
    project: str
    client: str


def task_search(actor: Actor, text: str, person_id: int | None = None) -> tuple[TaskFound, ...]:
    """Return open tasks that hold every word of `text` in task, project, code or client; at most 20.

    Those the person booked on most lately come first (`person_id`, by default the actor's own). With no text:
    just those.
    """
    who = person_id or actor.person_id or 0
    tasks = Task.objects.visible_to(actor).filter(is_open=True).exclude(project__state=ProjectState.CLOSED)
    words = text.split()
    for word in words:
        match = Q()
        for path in _SEARCHED:
            match |= Q(**{f"{path}__icontains": word})
        tasks = tasks.filter(match)
    latest = dict(
        TimesheetLine.objects.filter(person_id=who)
        .order_by()
        .values_list("task_id")
        .annotate(week=Max("week"))
        .order_by("-week")[: _MOST_FOUND * 3]
    )
    fields = ("pk", "name", "project__name", "project__client__name")
    known = tasks.filter(pk__in=latest).order_by("project__name", "name").values_list(*fields)
    found = sorted(known, key=lambda row: latest[row[0]], reverse=True)[:_MOST_FOUND]
    if words and len(found) < _MOST_FOUND:
        others = tasks.exclude(pk__in=latest).order_by(
            "project__client__name", "project__name", "position", "pk"
        )
        found += list(others.values_list(*fields)[: _MOST_FOUND - len(found)])
    return tuple(TaskFound(*row) for row in found)


def task_words(actor: Actor, task_id: int) -> str:
    """Return a task's name with its project's, or '' when the actor may not see it."""
    row = Task.objects.visible_to(actor).filter(pk=task_id).values_list("name", "project__name").first()
    return f"{row[0]} · {row[1]}" if row else ""
