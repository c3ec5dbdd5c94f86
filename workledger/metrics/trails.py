"""What a figure is made of: its formula with the numbers in it, then rows that add up to it, each with its document.

A figure over many projects or people is first split by them; one step down stand the documents, newest first, in pages.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from workledger.billing.models import BillableItem, InvoiceSource, Treatment, WriteDown
from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.kernel.period import Period
from workledger.kernel.quantity import hours
from workledger.ledger.dimensions import Dimension, labels
from workledger.ledger.models import AccountRole
from workledger.metrics import queries
from workledger.metrics.catalogue import METRICS, By, Metric, Unit
from workledger.metrics.queries import Filters, MetricValue
from workledger.metrics.sums import sums
from workledger.projects.models import Task
from workledger.timesheets.models import TimeEntry

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
PAGE_ROWS = 50
_PEOPLE = {By.ROLE, By.PRACTICE, By.OFFICE}
_LEAVES = {By.PROJECT, By.PERSON, By.TASK, By.CONTRACT_LINE}
_POSTED: dict[str, tuple[tuple[AccountRole, ...], str]] = {
    "hours_worked": ((AccountRole.LABOUR_COST,), "p.quantity"),
    "hours_billable": ((AccountRole.LABOUR_COST,), "p.billable_quantity"),
    "labour_cost": ((AccountRole.LABOUR_COST,), "p.functional_debit - p.functional_credit"),
    "project_cost": (queries.COST, "p.functional_debit - p.functional_credit"),
    "revenue": (queries.REVENUE, "p.functional_credit - p.functional_debit"),
    "wip": ((AccountRole.CONTRACT_POSITION,), "p.debit - p.credit"),
    "ar": ((AccountRole.RECEIVABLE,), "p.debit - p.credit"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which figure: what it is limited to, over which days, in which currency ('' for the largest)."""

    filters: Filters = field(default_factory=Filters)
    period: Period | None = None
    as_of: date | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class TrailRow:
    """A part of a figure. `kind` and `id` name its document ('' for none); `deeper` the metric and scope one step down.

    `note` is in words; `day` and `seconds` stand before it where they are known. `place` orders rows of one day where
    their documents do not.
    """

    name: str
    value: Decimal | None
    note: str = ""
    kind: str = ""
    id: int = 0
    day: date | None = None
    seconds: int | None = None
    deeper: tuple[str, Scope] | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Trail:
    """A figure with its rows. `answer` is None where there is nothing; `others` are its values in other currencies.

    `unit` is that of the rows; they add up to the figure over all pages unless `adds_up` is false (shares do not).
    """

    metric: Metric
    scope: Scope
    answer: MetricValue | None
    others: tuple[MetricValue, ...]
    rows_label: str
    rows: tuple[TrailRow, ...]
    unit: Unit
    next: str
    adds_up: bool = True


def trail(
    actor: Actor, name: str, scope: Scope | None = None, *, cursor: str = "", limit: int = PAGE_ROWS
) -> Trail:
    """Return a figure's trail. Refuses as `queries.value` does, and bad_cursor."""
    scope = scope or Scope()
    if name in METRICS and METRICS[name].is_as_of:
        scope = replace(scope, period=None)
    values = queries.value(actor, name, period=scope.period, as_of=scope.as_of, filters=scope.filters)
    chosen = max(
        (each for each in values if not scope.currency or each.currency == scope.currency),
        key=lambda each: abs(each.value or _ZERO),
        default=None,
    )
    if chosen is not None and chosen.currency:
        scope = replace(scope, currency=chosen.currency)
    metric = METRICS[name]
    label, rows, unit, adds_up = _rows_of(actor, metric, scope, chosen, _Page(cursor, limit))
    following = ""
    if len(rows) > limit:
        rows = rows[:limit]
        following = _cursor_after(rows[-1], cursor, limit)
    others = tuple(each for each in values if each is not chosen)
    return Trail(metric, scope, chosen, others, label, tuple(rows), unit, following, adds_up)


@dataclass(frozen=True, slots=True)
class _Page:
    """Where in the rows: after a document (its day and id), or after so many rows of a split."""

    cursor: str
    limit: int

    @property
    def offset(self) -> int:
        if not self.cursor:
            return 0
        if not (self.cursor.isascii() and self.cursor.isdigit() and len(self.cursor) < 9):
            raise _bad_cursor()
        return int(self.cursor)

    @property
    def after(self) -> tuple[date, int] | None:
        if not self.cursor:
            return None
        day, _, pk = self.cursor.partition("_")
        try:
            return date.fromisoformat(day), int(pk)
        except ValueError:
            raise _bad_cursor() from None


def _bad_cursor() -> Refused:
    return Refused.because(
        "bad_cursor", "This is no place in the list. Start again at its first page.", "cursor"
    )


def _cursor_after(row: TrailRow, cursor: str, limit: int) -> str:
    if row.deeper is None and row.day is not None:
        return f"{row.day.isoformat()}_{row.place or row.id}"
    return str((int(cursor) if cursor else 0) + limit)


_Rows = tuple[str, list[TrailRow], Unit, bool]


def _rows_of(actor: Actor, metric: Metric, scope: Scope, chosen: MetricValue | None, page: _Page) -> _Rows:
    name = metric.name
    given = scope.filters.given.keys()
    if chosen is None:
        return "", [], metric.unit, True
    if name in ("wip", "ar"):
        return _standing(actor, metric, scope, chosen, page)
    if name in ("capacity", "utilization"):
        return _people(actor, metric, scope, page)
    if name in ("project_margin", "project_margin_share"):
        return _margin(actor, scope, page)
    if name in ("budget_burn", "budget_burn_amount", "burn_gap"):
        return _budget(actor, metric, scope, page)
    if name == "billing_lag":
        return "Invoices", _lagging(actor, scope, page), Unit.MONEY, True
    if name in _POSTED:
        if given & _LEAVES:
            return "Entries", _postings(actor, name, scope, page), metric.unit, True
        by = By.PERSON if given & _PEOPLE and By.PERSON in metric.dimensions else By.PROJECT
        return _heading(by), _split(actor, name, scope, by, page), metric.unit, True
    return "", [], metric.unit, True


def _heading(by: By) -> str:
    return {By.PERSON: "People", By.TASK: "Tasks", By.MONTH: "Months"}.get(by, f"{by.label.capitalize()}s")


# --- one step down --------------------------------------------------------------------------------------


def _split(actor: Actor, name: str, scope: Scope, by: By, page: _Page) -> list[TrailRow]:
    """Return the parts of a figure by one dimension, largest first; those of nothing are left out."""
    found = queries.value(actor, name, period=scope.period, as_of=scope.as_of, by=[by], filters=scope.filters)
    parts = [each for each in found if each.currency == scope.currency and each.value]
    parts.sort(key=lambda each: -abs(each.value or _ZERO))
    shown = parts[page.offset : page.offset + page.limit + 1]
    names = labels(actor, Dimension(by.value), [each.key[0] for each in shown])
    rows = []
    for each in shown:
        pk = each.key[0]
        deeper = replace(scope, filters=replace(scope.filters, **{by.value: pk})) if pk else None
        rows.append(
            TrailRow(
                name=names.get(pk, f"No {by.label}" if not pk else f"Another {by.label}"),
                value=each.value,
                kind=by.value if pk in names else "",
                id=pk,
                deeper=(name, deeper) if deeper else None,
            )
        )
    return rows


def _people(actor: Actor, metric: Metric, scope: Scope, page: _Page) -> _Rows:
    own = scope.filters.person is not None
    by = By.MONTH if own else By.PERSON
    found = queries.value(actor, metric.name, period=scope.period, by=[by], filters=scope.filters)
    found.sort(key=lambda each: each.key[0] if own else -(each.value or _ZERO))
    found = [each for each in found if own or each.value or any(part.value for part in each.parts)]
    shown = found[page.offset : page.offset + page.limit + 1]
    names = {} if own else labels(actor, Dimension.PERSON, [each.key[0] for each in shown])
    rows = []
    for each in shown:
        key = each.key[0]
        note = " of ".join(f"{hours(int(part.value or 0)):,} h" for part in each.parts)
        if own:
            rows.append(TrailRow(f"{key:%B %Y}", each.value, note))
            continue
        deeper = replace(scope, filters=replace(scope.filters, person=key))
        rows.append(
            TrailRow(
                names.get(key, "Another person"),
                each.value,
                note,
                "person",
                key,
                deeper=(metric.name, deeper),
            )
        )
    return _heading(by), rows, metric.unit, metric.unit is not Unit.RATIO


def _margin(actor: Actor, scope: Scope, page: _Page) -> _Rows:
    if scope.filters.project is None:
        return "Projects", _split(actor, "project_margin", scope, By.PROJECT, page), Unit.MONEY, True
    found = queries.value(actor, "project_margin", period=scope.period, by=[By.MONTH], filters=scope.filters)
    here = [each for each in found if each.currency == scope.currency]
    rows = [
        TrailRow(f"{each.key[0]:%B %Y}", each.value)
        for each in here[::-1][page.offset : page.offset + page.limit + 1]
    ]
    return "Months", rows, Unit.MONEY, True


def _budget(actor: Actor, metric: Metric, scope: Scope, page: _Page) -> _Rows:
    project_id = scope.filters.project
    if project_id is None:
        found = queries.value(actor, metric.name, as_of=scope.as_of, by=[By.PROJECT])
        found = [each for each in found if each.currency == scope.currency and each.value is not None]
        found.sort(key=lambda each: -(each.value or _ZERO))
        shown = found[page.offset : page.offset + page.limit + 1]
        names = labels(actor, Dimension.PROJECT, [each.key[0] for each in shown])
        rows = [
            TrailRow(
                names.get(each.key[0], "Another project"), each.value, "", "project", each.key[0],
                deeper=(metric.name, replace(scope, filters=Filters(project=each.key[0]))),
            )
            for each in shown
        ]  # fmt: skip
        return "Projects", rows, Unit.RATIO, False
    if metric.name == "burn_gap":
        tasks = Task.objects.visible_to(actor).filter(project_id=project_id, children__isnull=True)
        rows = [
            TrailRow(name, Decimal(seconds or 0), "open" if is_open else "closed", "project", project_id)
            for name, seconds, is_open in tasks.order_by("position", "pk").values_list("name", "budget_seconds", "is_open")
        ]  # fmt: skip
        return (
            "Tasks with their budgets",
            rows[page.offset : page.offset + page.limit + 1],
            Unit.SECONDS,
            False,
        )
    if metric.name == "budget_burn_amount":
        return "Months", _value_by_month(actor, scope, page), Unit.MONEY, True
    until = Period(date.min, scope.as_of + _DAY) if scope.as_of else None
    inner = replace(scope, period=until, currency="")
    return "Tasks", _split(actor, "hours_worked", inner, By.TASK, page), Unit.SECONDS, True


def _value_by_month(actor: Actor, scope: Scope, page: _Page) -> list[TrailRow]:
    rows = sums(
        actor, queries.EARNED, by=[By.MONTH], end=scope.as_of + _DAY if scope.as_of else None, where=scope.filters.where
    )  # fmt: skip
    found: dict[date, Decimal] = {}
    for row in rows:
        if row.currency == scope.currency:
            found[row.key[0]] = found.get(row.key[0], _ZERO) - row.balance
    latest = sorted(found.items(), reverse=True)[page.offset : page.offset + page.limit + 1]
    return [TrailRow(f"{month:%B %Y}", amount) for month, amount in latest]


# --- documents ------------------------------------------------------------------------------------------


def _limits(
    actor: Actor, scope: Scope, prefix: str, skip: Iterable[By] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Return conditions and values of the scope's filters and the actor's limits, on columns of `prefix`."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    column = {By.ENTITY: "entity_id"}
    for key, wanted in scope.filters.given.items():
        if key not in skip and key is not By.AGE:
            conditions.append(f"{prefix}{column.get(key, f'{key.value}_id')} = %({key.value})s")
            values[key.value] = wanted
    for name, ids in (("entity_id", actor.entity_ids), ("client_id", actor.client_ids)):
        if ids is not None:
            conditions.append(f"{prefix}{name} = ANY(%(seen_{name})s)")
            values[f"seen_{name}"] = sorted(ids)
    return conditions, values


def _postings(actor: Actor, name: str, scope: Scope, page: _Page) -> list[TrailRow]:
    """Return the postings of a figure, newest first, each with the time entry, item or journal entry it stands for."""
    roles, amount = _POSTED[name]
    conditions, values = _limits(actor, scope, "p.", skip=[By.ENTITY])
    conditions = [each.replace("p.entity_id", "p.book_id") for each in conditions]
    conditions += ["a.role = ANY(%(roles)s)", f"({amount}) <> 0"]
    values |= {"roles": [role.value for role in roles], "limit": page.limit + 1}
    if scope.filters.entity is not None:
        conditions.append("p.book_id = %(entity)s")
        values["entity"] = scope.filters.entity
    if scope.currency:
        conditions.append(
            "p.currency = %(currency)s" if name in ("wip", "ar") else "k.currency = %(currency)s"
        )
        values["currency"] = scope.currency
    period = scope.period
    start, end = (period.start, period.end) if period else (None, scope.as_of + _DAY if scope.as_of else None)
    for text, day in (("p.date >= %(start)s", start), ("p.date < %(end)s", end)):
        if day:
            conditions.append(text)
    values |= {"start": start, "end": end}
    if page.after:
        conditions.append("(p.date, p.id) < (%(day)s, %(after)s)")
        values |= {"day": page.after[0], "after": page.after[1]}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.id, p.date, p.source_kind, p.source_id, p.entry_id, p.person_id, p.task_id, p.project_id,"  # noqa: S608
            f" e.description, {amount} FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            f" JOIN ledger_book k ON k.id = p.book_id JOIN ledger_journalentry e ON e.id = p.entry_id"
            f" WHERE {' AND '.join(conditions)} ORDER BY p.date DESC, p.id DESC LIMIT %(limit)s",
            values,
        )
        found = cursor.fetchall()
    people = labels(actor, Dimension.PERSON, {row[5] for row in found})
    tasks = labels(actor, Dimension.TASK, {row[6] for row in found})
    notes = dict(
        TimeEntry.objects.filter(pk__in=[row[3] for row in found if row[2] == "time"]).values_list(
            "pk", "note"
        )
    )
    rows = []
    for pk, day, source, source_id, entry_id, person, task, _, description, value in found:
        words = ", ".join(filter(None, (people.get(person, ""), tasks.get(task, ""))))
        kind, document = (source, source_id) if source in ("time", "item", "invoice") else ("entry", entry_id)
        note = notes.get(source_id, "") if source == "time" else description if words else ""
        rows.append(TrailRow(words or description, value, note, kind, document or 0, day, place=pk))
    return rows


def _standing(actor: Actor, metric: Metric, scope: Scope, chosen: MetricValue, page: _Page) -> _Rows:
    """Return what WIP or receivables are made of now; for an earlier day, what moved them until then."""
    is_wip = metric.name == "wip"
    given = scope.filters.given.keys()
    if is_wip and not given & {By.PROJECT, By.CONTRACT_LINE, By.AGE}:
        return "Projects", _split(actor, "wip", scope, By.PROJECT, page), Unit.MONEY, True
    items, order = (
        (_OPEN_WORK, "w.service_date, w.item_id") if is_wip else (_OPEN_INVOICES, "w.due_on, w.invoice_id")
    )
    conditions, values = _limits(actor, scope, "w.")
    conditions.append("w.currency = %(currency)s")
    values |= {"currency": scope.currency, "limit": page.limit + 1, "day": scope.as_of or date.max}
    if scope.filters.age is not None:
        conditions.append(f"{queries.WIP_PLACE if is_wip else queries.AR_PLACE} = %(age)s")
        values["age"] = scope.filters.age
    where = " AND ".join(conditions)
    with connection.cursor() as cursor:
        if scope.as_of and scope.filters.age is None:
            cursor.execute(f"SELECT coalesce(sum(w.amount), 0) FROM ({items}) w WHERE {where}", values)  # noqa: S608
            if cursor.fetchone() != (chosen.value,):
                return "Postings until then", _postings(actor, metric.name, scope, page), Unit.MONEY, True
        after = ""
        if page.after:
            after = f" AND ({order}) > (%(after_day)s, %(after_id)s)"
            values |= {"after_day": page.after[0], "after_id": page.after[1]}
        cursor.execute(
            f"SELECT w.* FROM ({items}) w WHERE {where}{after} ORDER BY {order} LIMIT %(limit)s",  # noqa: S608
            values,
        )
        names = [column[0] for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    make: Callable[[Actor, Sequence[dict[str, Any]]], list[TrailRow]] = (
        _work_rows if is_wip else _invoice_rows
    )
    return (
        ("Work, oldest first" if is_wip else "Invoices, oldest first"),
        make(actor, found),
        Unit.MONEY,
        True,
    )


_OPEN_WORK = """
SELECT i.entity_id, i.client_id, i.contract_id, i.contract_line_id, i.project_id, i.currency, o.amount,
       %(day)s::date - i.service_date AS age, i.service_date, i.id AS item_id, i.person_id, i.task_id,
       i.billable_seconds, CASE WHEN o.is_held THEN 'held' ELSE '' END AS state
FROM billing_openitem o JOIN billing_billableitem i ON i.id = o.item_id WHERE o.service_date <= %(day)s
UNION ALL
SELECT i.entity_id, i.client_id, i.contract_id, i.contract_line_id, i.project_id, i.currency, s.amount,
       %(day)s::date - i.service_date, i.service_date, i.id, i.person_id, i.task_id, i.billable_seconds, 'on a pre-bill'
FROM billing_invoice v JOIN billing_invoiceline l ON l.invoice_id = v.id JOIN billing_invoicesource s ON s.line_id = l.id
JOIN billing_billableitem i ON i.id = s.item_id
WHERE v.state = 'draft' AND s.is_live AND i.service_date <= %(day)s
"""
_OPEN_INVOICES = """
SELECT r.entity_id, r.client_id, v.contract_id, r.currency, r.open_amount AS amount, %(day)s::date - r.due_on AS age,
       r.due_on, r.invoice_id, v.number, c.name AS client
FROM receivables_receivable r JOIN billing_invoice v ON v.id = r.invoice_id JOIN directory_client c ON c.id = r.client_id
WHERE r.open_amount <> 0 AND r.issued_on <= %(day)s
"""


def _work_rows(actor: Actor, found: Sequence[dict[str, Any]]) -> list[TrailRow]:
    people = labels(actor, Dimension.PERSON, {row["person_id"] for row in found})
    tasks = labels(actor, Dimension.TASK, {row["task_id"] for row in found})
    return [
        TrailRow(
            ", ".join(filter(None, (people.get(row["person_id"], ""), tasks.get(row["task_id"], "")))),
            row["amount"], row["state"], "item", row["item_id"], row["service_date"], row["billable_seconds"],
        )
        for row in found
    ]  # fmt: skip


def _invoice_rows(_: Actor, found: Sequence[dict[str, Any]]) -> list[TrailRow]:
    return [
        TrailRow(f"{row['number']}, {row['client']}", row["amount"], "due", "invoice", row["invoice_id"], row["due_on"])
        for row in found
    ]  # fmt: skip


_LAGGING = """
SELECT v.id, v.number, c.name, v.issued_on, sum(s.amount), sum(s.amount * (v.issued_on - i.service_date))
FROM billing_invoice v JOIN directory_client c ON c.id = v.client_id
JOIN billing_invoiceline l ON l.invoice_id = v.id
JOIN billing_invoicesource s ON s.line_id = l.id AND s.is_live
JOIN billing_billableitem i ON i.id = s.item_id
WHERE v.state = 'issued' AND v.kind = 'invoice' AND {where}
GROUP BY v.id, v.number, c.name, v.issued_on ORDER BY v.issued_on DESC, v.id DESC LIMIT %(limit)s
"""


def _lagging(actor: Actor, scope: Scope, page: _Page) -> list[TrailRow]:
    conditions, values = _limits(actor, scope, "v.")
    conditions.append("v.currency = %(currency)s")
    values |= {"currency": scope.currency, "limit": page.limit + 1}
    if scope.period:
        conditions.append("v.issued_on >= %(start)s AND v.issued_on < %(end)s")
        values |= {"start": scope.period.start, "end": scope.period.end}
    if page.after:
        conditions.append("(v.issued_on, v.id) < (%(day)s, %(after)s)")
        values |= {"day": page.after[0], "after": page.after[1]}
    with connection.cursor() as cursor:
        cursor.execute(_LAGGING.format(where=" AND ".join(conditions)), values)
        found = cursor.fetchall()
    return [
        TrailRow(f"{number}, {client}", amount, f"{weighted / amount:.1f} days" if amount else "", "invoice", pk, issued)
        for pk, number, client, issued, amount, weighted in found
    ]  # fmt: skip


# --- why this amount ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation. `state` is 'won', 'lost' or ''; `value` is in the item's currency unless it has a `unit`."""

    what: str
    value: Decimal | None
    why: str = ""
    state: str = ""
    unit: Unit = Unit.MONEY


@dataclass(frozen=True, slots=True)
class ItemTrail:
    """Why a billable item is worth what it is: its steps in order, and the documents around it."""

    item_id: int
    title: str
    project: str
    client: str
    person: str
    day: date
    currency: str
    amount: Decimal
    steps: tuple[Step, ...]
    source_kind: str
    source_id: int
    time_entry_id: int | None
    invoice_id: int | None
    invoice: str
    is_void: bool


_UNCHARGED = {
    Treatment.NON_BILLABLE: "Its contract line does not bill time.",
    Treatment.COVERED: "Covered by the price, fee or block of its contract line.",
    Treatment.WAITS: "Beyond what was prepaid; it waits for the next block.",
}


def _changes(item: BillableItem) -> list[Step]:
    """Return the splits and transfers that an item went through, the first one first."""
    steps: list[Step] = []
    change = item.change
    while change is not None:
        was = change.item
        why = f"{change.get_reason_code_display()}{': ' if change.note else ''}{change.note}"
        place = ", ".join(filter(None, (was.client.name, was.project_name, was.task_name)))
        said = f"Part of {hours(was.billable_seconds)} h" if change.kind == "split" else f"From {place}"
        value = was.amount if was.currency == item.currency else None
        steps.insert(0, Step(change.get_kind_display(), value, f"{said}. {why}"))
        change = was.change
    return steps


def item_trail(actor: Actor, item_id: int) -> ItemTrail:
    """Return how a billable item was priced, from the derivation kept with it. Raises NotFound."""
    rows = BillableItem.objects.visible_to(actor).select_related(
        "derivation", "project", "client", "person", "task", "change__item__client", "change__item__project",
        "change__item__task",
    )  # fmt: skip
    item = locks.one(rows, item_id)
    steps = [Step("Worked", Decimal(item.worked_seconds), unit=Unit.SECONDS)]
    steps += _changes(item)
    if item.billable_seconds != item.worked_seconds:
        steps.append(
            Step("Billable", Decimal(item.billable_seconds), "As entered or agreed.", unit=Unit.SECONDS)
        )
    if item.rate is None:
        steps.append(Step("Value", item.amount, _UNCHARGED.get(Treatment(item.treatment), "")))
    else:
        content = item.derivation.content if item.derivation else {}
        rule = str(content.get("rule_label", ""))
        steps.append(Step("Rate per hour", item.rate, rule[:1].upper() + rule[1:], "won"))
        steps += [
            Step(
                "Rate per hour",
                Decimal(str(loser["rate"])),
                f"{loser['rule_label']}: {loser['reason']}",
                "lost",
            )
            for loser in content.get("losers", ())
        ]
        steps.append(
            Step("Value", item.amount, f"{hours(item.billable_seconds)} h × {item.rate.normalize():f}")
        )
    steps += [
        Step(
            "Written up" if down.is_write_up else "Written down",
            -down.amount,
            f"{down.get_reason_code_display()}{': ' if down.note else ''}{down.note}",
        )
        for down in WriteDown.objects.visible_to(actor).filter(item_id=item_id).order_by("pk")
    ]
    source = (
        InvoiceSource.objects.filter(item_id=item_id, is_live=True).select_related("line__invoice").first()
    )
    invoice = source.line.invoice if source else None
    return ItemTrail(
        item_id=item_id,
        title=item.task_name,
        project=item.project_name,
        client=item.client.name,
        person=item.person_name,
        day=item.service_date,
        currency=item.currency,
        amount=item.amount,
        steps=tuple(steps),
        source_kind=item.source_kind,
        source_id=item.source_id,
        time_entry_id=item.source_id if item.source_kind == "time" else None,
        invoice_id=invoice.pk if invoice else None,
        invoice=str(invoice) if invoice else "",
        is_void=item.is_void,
    )
