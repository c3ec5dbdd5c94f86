"""The action log with its row changes, and the proposals of assistants that wait for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from workledger.core import queries
from workledger.core.access import Permission
from workledger.core.door import REGISTRY, decide_proposal
from workledger.core.queries import FieldChange, LogFilter
from workledger.core.refusals import NeedsConfirmation, Problem, Refused
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.context import address
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of

_MOST_INPUTS = 100
_DOORS = (("web", "Pages"), ("api", "API"), ("cli", "Command line"), ("demo", "Demo"), ("mcp", "Assistant"))
# Where a subject has a page of its own: table label to address name.
_PAGES = {
    "directory.person": "person",
    "directory.client": "client",
    "directory.legalentity": "settings-entity",
    "core.user": "settings-user",
    "contracts.contract": "contract",
    "contracts.ratecard": "rate_card",
    "projects.project": "project",
    "billing.invoice": "invoice",
}


@page(Permission.VIEW_LOG)
def index(request: ActingRequest) -> HttpResponse:
    """What was done, newest first."""
    asked = request.GET
    wanted = LogFilter(
        user_id=number_of(asked.get("who")),
        action=asked.get("action", ""),
        subject=asked.get("subject", ""),
        subject_id=number_of(asked.get("id")),
        door=asked.get("door", ""),
        since=_day(asked.get("since", "")),
        through=_day(asked.get("through", "")),
        words=asked.get("q", "").strip(),
        with_parts=asked.get("show") == "parts",
    )
    found = queries.action_log(request.actor, wanted, before=number_of(asked.get("cursor")))
    context = {
        "log": found,
        "rows": [(row, subject_url(row.subject, row.subject_id)) for row in found.rows],
        "who": queries.user_names(request.actor),
        "actions": [(name, _package_words(name)) for name in sorted(REGISTRY)],
        "subjects": list(queries.subject_nouns().items()),
        "doors": _DOORS,
        "shows": (("parts", "Their parts too"),),
        "filtered": any(
            asked.get(name)
            for name in ("who", "action", "subject", "id", "door", "since", "through", "q", "show")
        ),
    }
    return render(request, "web/log/index.html", context)


@page(Permission.VIEW_LOG)
def show(request: ActingRequest, log_id: int) -> HttpResponse:
    """One act, with every row that it changed."""
    asked = request.GET
    found = queries.logged_action(
        request.actor,
        log_id,
        first_change=number_of(asked.get("changes")) or 0,
        first_part=number_of(asked.get("parts")) or 0,
    )
    inputs = _lines(found.input)
    context = {
        "found": found,
        "words": queries.action_words(found.row.action),
        "title": found.row.summary or queries.action_words(found.row.action),
        "door": dict(_DOORS).get(found.row.door, found.row.door),
        "subject_url": subject_url(found.row.subject, found.row.subject_id),
        "inputs": inputs[:_MOST_INPUTS],
        "more_inputs": max(len(inputs) - _MOST_INPUTS, 0),
        "change_page": _part(found.first_change, len(found.changes), found.change_count),
        "part_page": _part(found.first_part, len(found.parts), found.part_count),
        "changes": [(change, [_shown(each) for each in change.fields]) for change in found.changes],
    }
    return render(request, "web/log/show.html", context)


@dataclass(frozen=True, slots=True)
class _Part:
    """Which of many rows a page shows; `next` and `previous` are where the neighbouring pages begin."""

    words: str = ""
    next: int | None = None
    previous: int | None = None


def _part(first: int, shown: int, total: int) -> _Part:
    last = first + shown
    return _Part(
        f"{first + 1:,} to {last:,} of {total:,}" if shown < total else "",
        last if last < total and shown else None,
        max(first - queries.MOST_CHANGES, 0) if first else None,
    )


@page()
def inbox(request: ActingRequest) -> HttpResponse:
    """What assistants propose, for those who may decide."""
    return _inbox(request, request.GET.get("state", "open"))


def _inbox(
    request: ActingRequest, state: str, warned: int = 0, warnings: Sequence[Problem] = ()
) -> HttpResponse:
    """Show proposals of a state; `warned` is the one whose acceptance asks for a confirmation."""
    decides = request.actor.can(Permission.DECIDE_PROPOSALS)
    found = queries.proposals(request.actor, state=state) if decides else []
    approves = request.actor.can(Permission.APPROVE_TIME) or request.actor.can(Permission.APPROVE_ALL_TIME)
    context = {
        "rows": [(row, _lines(row.arguments), _may_run(request, row.action)) for row in found],
        "state": state,
        "decides": decides,
        "open_count": queries.open_proposal_count(request.actor),
        "approvals_url": address("approvals") if approves else "",
        "expenses_url": address("approvals-expenses")
        if request.actor.can(Permission.APPROVE_EXPENSES)
        else "",
        "warned": warned,
        "warnings": warnings,
    }
    return render(request, "web/log/inbox.html", context, status=409 if warned else 200)


@require_POST
@page(Permission.DECIDE_PROPOSALS)
def accept(request: ActingRequest, proposal_id: int) -> HttpResponse:
    """Run what was proposed."""
    return _decide(request, proposal_id, accept=True)


@require_POST
@page(Permission.DECIDE_PROPOSALS)
def decline(request: ActingRequest, proposal_id: int) -> HttpResponse:
    """Leave undone what was proposed."""
    return _decide(request, proposal_id, accept=False)


def _decide(request: ActingRequest, proposal_id: int, *, accept: bool) -> HttpResponse:
    """A refusal of the act itself comes back as a message, for the proposal stays open."""
    try:
        decide_proposal.using(act_options(request))(
            actor=request.actor,
            proposal_id=proposal_id,
            accept=accept,
            reason=request.POST.get("reason", "").strip(),
        )
    except NeedsConfirmation as asked:
        return _inbox(request, "open", proposal_id, asked.problems)
    except Refused as refused:
        queries.proposal(request.actor, proposal_id)
        for problem in refused.problems:
            messages.error(request, problem.message)
        return redirect("inbox")
    messages.success(request, "Accepted and done." if accept else "Declined. Nothing was changed.")
    return redirect("inbox")


def subject_url(subject: str, subject_id: int | None) -> str:
    """Return the page of what an act was about, or '' when this installation has none."""
    name = _PAGES.get(subject)
    if name is None or subject_id is None:
        return ""
    try:
        return reverse(name, args=[subject_id])
    except NoReverseMatch:
        return ""


def _may_run(request: ActingRequest, action: str) -> bool:
    needs = REGISTRY[action].needs if action in REGISTRY else None
    return action in REGISTRY and (needs is None or request.actor.can(needs))


def _package_words(name: str) -> str:
    return f"{name.partition('.')[0].capitalize()}: {queries.action_words(name).lower()}"


def _day(text: str) -> date | None:
    try:
        return parse_date(text, today=today())
    except NotUnderstood:
        return None


def _lines(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return nested input as (name, text) lines, such as ('terms, start', '2026-04-01')."""
    if isinstance(value, dict):
        return [
            line for key, inner in value.items() for line in _lines(inner, f"{path}, {key}" if path else key)
        ]
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        numbered = enumerate(value, start=1)
        return [line for number, inner in numbered for line in _lines(inner, f"{path} {number}")]
    words = path.replace("_", " ")
    return [(words[:1].upper() + words[1:], _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _shown(change: FieldChange) -> tuple[str, str, str]:
    name = change.name.removesuffix("_id").replace("_", " ")
    return name[:1].upper() + name[1:], _text(change.before), _text(change.after)
