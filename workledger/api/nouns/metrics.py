"""Figures: the catalogue, a metric's values, and the trail of what a figure is made of."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja.params.functions import Query

from workledger.api.edge import actor_of
from workledger.api.routes import LIMIT, Cursor, Limit, read
from workledger.api.wire import Day, Id, Whole, Words, list_of, shown
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Refused
from workledger.kernel.period import Period
from workledger.metrics import queries, trails
from workledger.metrics.catalogue import METRICS, By, Metric, Unit

_TAG = "Metrics"
_BY = Query([], description="Dimensions to split by, in this order.")
_ANY = (
    Permission.VIEW_METRICS,
    Permission.VIEW_BILLING,
    Permission.VIEW_RECEIVABLES,
    Permission.TRACK_TIME,
)


@dataclass(frozen=True, slots=True)
class KeyShown:
    """One dimension of a value: an id, the first day of a month, or the place of an age bucket."""

    by: By
    value: int | date | str | None


@dataclass(frozen=True, slots=True)
class ValueShown:
    """A value. Money carries its currency; time is seconds, a ratio a share of one. Null: there is nothing to divide by."""

    metric: str
    version: int
    unit: Unit
    key: tuple[KeyShown, ...]
    currency: str
    value: Decimal | None
    parts: tuple[queries.Part, ...]


@dataclass(frozen=True, slots=True)
class RowShown:
    """A part of a figure; `kind` and `id` name its document, if it is one."""

    name: str
    value: Decimal | None
    note: str
    kind: str
    id: int
    day: date | None
    seconds: int | None


@dataclass(frozen=True, slots=True)
class TrailShown:
    """A figure with the rows that add up to it (over all pages, unless `adds_up` is false: shares do not)."""

    metric: str
    version: int
    formula: str
    answer: ValueShown | None
    rows_label: str
    unit: Unit
    adds_up: bool
    items: tuple[RowShown, ...]
    next_cursor: str | None


_METRIC = shown(Metric, omit=("own",))
shown(KeyShown, "MetricKey")
shown(queries.Part, "MetricPart")
_VALUE = shown(ValueShown, "MetricValue")
shown(RowShown, "TrailRow")
_TRAIL = shown(TrailShown, "Trail")


@read("/metrics", list_of(_METRIC), *_ANY, tag=_TAG, name="list_metrics", summary="List metrics")
def list_metrics(request: HttpRequest) -> list[Metric]:
    """Every metric this caller may see, or their own share of it: definition, version, unit, dimensions, basis."""
    actor = actor_of(request)
    return [metric for metric in METRICS.values() if metric.own or queries.may_see(actor, metric)]


def _filters(given: dict[str, Any]) -> queries.Filters:
    return queries.Filters(**{name.removesuffix("_id"): value for name, value in given.items()})


def _period(start: date | None, end: date | None) -> Period | None:
    if start is None and end is None:
        return None
    if start is None or end is None or start >= end:
        raise Refused.because("bad_period", "Give the first day and the day after the last one.", "end")
    return Period(start, end)


def _value(actor: Actor, by: list[By], found: queries.MetricValue) -> ValueShown:
    keys = tuple(KeyShown(each, part) for each, part in zip(by, found.key, strict=True))
    return ValueShown(
        found.metric,
        METRICS[found.metric].version,
        found.unit,
        keys,
        found.currency,
        found.value,
        found.parts,
    )


@read("/metrics/{name}", list_of(_VALUE), *_ANY, tag=_TAG, name="get_metric", summary="Get a metric's values")
def get_metric(
    request: HttpRequest,
    name: Words,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
    by: list[By] = _BY,
    entity_id: Id | None = None,
    client_id: Id | None = None,
    contract_id: Id | None = None,
    contract_line_id: Id | None = None,
    project_id: Id | None = None,
    task_id: Id | None = None,
    person_id: Id | None = None,
    role_id: Id | None = None,
    practice_id: Id | None = None,
    office_id: Id | None = None,
    age: Whole | None = None,
) -> list[ValueShown]:
    """Values over the half-open [start, end) or at the end of `as_of`, split by `by`; one per currency for money."""
    actor = actor_of(request)
    by = list(dict.fromkeys(by))
    given = {
        "entity_id": entity_id, "client_id": client_id, "contract_id": contract_id, "project_id": project_id,
        "contract_line_id": contract_line_id, "task_id": task_id, "person_id": person_id, "role_id": role_id,
        "practice_id": practice_id, "office_id": office_id, "age": age,
    }  # fmt: skip
    found = queries.value(
        actor, name, period=_period(start, end), as_of=as_of, by=by, filters=_filters(given)
    )
    return [_value(actor, by, each) for each in found]


@read(
    "/metrics/{name}/trail", _TRAIL, *_ANY, tag=_TAG, name="get_metric_trail", summary="Get a figure's trail"
)
def get_trail(
    request: HttpRequest,
    name: Words,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
    currency: Words = "",
    entity_id: Id | None = None,
    client_id: Id | None = None,
    contract_id: Id | None = None,
    project_id: Id | None = None,
    task_id: Id | None = None,
    person_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> TrailShown:
    """What a figure is made of: its parts one step down, or its documents, newest first."""
    actor = actor_of(request)
    given = {
        "entity_id": entity_id, "client_id": client_id, "contract_id": contract_id, "project_id": project_id,
        "task_id": task_id, "person_id": person_id,
    }  # fmt: skip
    scope = trails.Scope(_filters(given), _period(start, end), as_of, currency)
    found = trails.trail(actor, name, scope, cursor=cursor, limit=limit)
    return TrailShown(
        metric=found.metric.name,
        version=found.metric.version,
        formula=found.metric.formula,
        answer=_value(actor, [], found.answer) if found.answer else None,
        rows_label=found.rows_label,
        unit=found.unit,
        adds_up=found.adds_up,
        items=tuple(
            RowShown(row.name, row.value, row.note, row.kind, row.id, row.day, row.seconds)
            for row in found.rows
        ),
        next_cursor=found.next or None,
    )
