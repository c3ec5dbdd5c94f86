"""Server time of finished pages: the whole request through the real middleware, in the process."""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import cycle
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from bench.clock import timed
from workledger.core.access import Role
from workledger.core.models import User
from workledger.directory.actors import actor_for
from workledger.kernel.period import week_start
from workledger.metrics.projects import project_figures
from workledger.projects.models import Project, Task
from workledger.timesheets.models import TimesheetLine

WARM_UP, RUNS = 5, 30


@dataclass(frozen=True, slots=True)
class Probe:
    """Something to ask for; `act` returns the answer, or anything where nothing was asked of the web."""

    name: str
    act: Callable[[], Any]


def pages() -> dict[str, Any]:
    """Ask for each page many times as a person with every right; pages that are not there or fail are named."""
    owner = User.objects.filter(role_assignments__role=Role.OWNER).earliest("pk")
    client = Client(SERVER_NAME="localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(owner)
    actor = actor_for(owner, "web")
    probes = [
        Probe("save of one cell", _saver(client, owner)),
        Probe("figures of all projects", lambda: project_figures(actor, as_of=date.today())),
    ]
    results, missing = [], {}
    for name, address in _addresses():
        if address is None:
            missing[name] = "not there"
        else:
            probes.append(Probe(name, partial(client.get, address)))
    for probe in probes:
        try:
            results.append(_probe(probe))
        except Exception as error:
            missing[probe.name] = f"{type(error).__name__}: {error}"[:200]
    return {"pages": results, "missing": missing}


def _addresses() -> list[tuple[str, str | None]]:
    monday = week_start(date.today())
    project = Project.objects.filter(contract__isnull=False).earliest("pk")
    return [
        ("week", reverse("week-of", args=[monday])),
        ("project page", reverse("project", args=[project.pk])),
        ("projects with figures", reverse("projects")),
        ("WIP workbench", _resolved("wip")),
        ("home", _resolved("home")),
        ("project profitability", _resolved("reports-projects")),
        ("trial balance", _resolved("trial_balance")),
        ("receivables by age", _resolved("receivables")),
        ("approvals", _resolved("approvals")),
    ]


def _resolved(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _saver(client: Client, owner: User) -> Callable[[], HttpResponse]:
    """Save other hours each time into a cell of the owner's week, on a row that is not submitted."""
    day = date.today()
    taken = TimesheetLine.objects.filter(person__user=owner, week=week_start(day)).values("task_id")
    task_id = Task.objects.exclude(pk__in=taken).earliest("pk").pk
    amounts = cycle((1, 1.25, 1.5, 1.75, 2))

    def save() -> HttpResponse:
        body = {"task_id": task_id, "date": day.isoformat(), "hours": next(amounts), "note": "Draft reviewed"}
        return client.post(reverse("week-cells"), json.dumps(body), content_type="application/json")

    return save


def _probe(probe: Probe) -> dict[str, Any]:
    for _ in range(WARM_UP):
        answer = probe.act()
        status = getattr(answer, "status_code", 200)
        if status != 200:
            raise RuntimeError(f"{probe.name} answered {status}: {answer.content[:300]!r}")
    count = _queries(probe.act)
    times = sorted(timed(probe.act)[0] * 1000 for _ in range(RUNS))
    content = getattr(answer, "content", b"")
    return {
        "name": probe.name,
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(RUNS * 0.95)], 1),
        "queries": count,
        "kb": round(len(content) / 1024),
    }


def _queries(act: Callable[[], Any]) -> int:
    asked = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        act()
    return asked


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {"pages": pages}
