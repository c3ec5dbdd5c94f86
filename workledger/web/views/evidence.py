"""The trail of evidence: where it begins (an invoice's number, a random sample), and the whole of it on one page."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.refusals import Problem, Refused
from workledger.directory.models import LegalEntity
from workledger.kernel.period import month_of
from workledger.reporting import evidence
from workledger.reporting.evidence import Fact, Start
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of
from workledger.web.trails import page_url

_DAY = timedelta(days=1)
_USUAL_SIZE = 25
_DOORS = {"web": "on a page", "api": "through the API", "cli": "at the command line", "job": "by a job",
          "demo": "with the demo firm"}  # fmt: skip


@page(Permission.VIEW_LEDGER)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Choose where a trail begins."""
    asked = request.GET
    rows = LegalEntity.objects.visible_to(request.actor).order_by("name")
    entities = list(rows.values_list("pk", "name"))
    last_month = month_of(month_of(today()).start - _DAY)
    typed = {
        "number": asked.get("number", ""),
        "entity": asked.get("entity", str(entities[0][0]) if entities else ""),
        "first": asked.get("first", last_month.start.isoformat()),
        "through": asked.get("through", (last_month.end - _DAY).isoformat()),
        "size": asked.get("size", str(_USUAL_SIZE)),
        "seed": asked.get("seed", ""),
    }
    starts: Sequence[Start] = ()
    problems: tuple[Problem, ...] = ()
    title = ""
    try:
        if typed["number"]:
            starts = evidence.starts_of_invoice(request.actor, typed["number"])
            title = f"What {typed['number']} bills"
        elif asked.get("sample"):
            starts = _sampled(request, typed)
            title = f"{len(starts)} drawn with the seed “{typed['seed']}”"
        else:
            evidence.check_sight(request.actor)
    except Refused as refused:
        if refused.codes == ("forbidden",):
            raise
        problems = refused.problems
    context = {
        "entities": entities,
        "typed": typed,
        "errors": {problem.field: problem.message for problem in problems},
        "starts": [(row, reverse("evidence-trail", args=[row.source_kind, row.source_id])) for row in starts],
        "starts_title": title,
    }
    return render(request, "web/evidence/index.html", context, status=422 if problems else 200)


def _sampled(request: ActingRequest, typed: dict[str, str]) -> list[Start]:
    first, through = (_day(typed[name], name) for name in ("first", "through"))
    return evidence.sample(
        request.actor,
        number_of(typed["entity"]) or 0,
        first,
        through + _DAY,
        size=number_of(typed["size"]) or 0,
        seed=typed["seed"],
    )


def _day(text: str, field: str) -> date:
    try:
        found = parse_date(text, today=today())
    except NotUnderstood as wrong:
        raise Refused.because("bad_day", str(wrong), field) from None
    if found is None:
        raise Refused.because("day_missing", "Give a day.", field)
    return found


@page(Permission.VIEW_LEDGER)
@require_GET
def show(request: ActingRequest, source_kind: str, source_id: int) -> HttpResponse:
    """Show the whole trail of a piece of work or a charge."""
    found = evidence.evidence(request.actor, source_kind, source_id)
    stages = [
        {"number": number, "title": stage.title, "missing": stage.missing, "facts": [_fact(fact) for fact in stage.facts]}
        for number, stage in enumerate(found.stages, start=1)
    ]  # fmt: skip
    return render(request, "web/evidence/show.html", {"found": found, "stages": stages})


def _fact(fact: Fact) -> dict[str, Any]:
    act = fact.act
    return {
        "fact": fact,
        "href": page_url(*fact.page) if fact.page else "",
        "when": formats.day(fact.day) if fact.day else "",
        "who": f"{act.who} {_DOORS.get(act.door, act.door)}, {formats.when(act.at)}" if act else "",
        "act_href": reverse("action_log-act", args=[act.id]) if act else "",
    }
