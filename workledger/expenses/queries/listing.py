"""Reads of single expenses and lists of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet, Sum

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import LegalEntity, Person
from workledger.directory.queries import TermsTable
from workledger.expenses.calc.amounts import CategoryKind
from workledger.expenses.calc.policy import Flag
from workledger.expenses.models import EDITABLE, Expense, ExpenseCategory, ExpenseState, Receipt
from workledger.expenses.queries.flags import flags_by_expense, with_receipts
from workledger.expenses.queries.locks import why_locked
from workledger.projects.models import Project, ProjectState, Task

PAGE_ROWS = 100
_EXPORT_CHUNK = 2000
Sums = tuple[tuple[str, Decimal], ...]
"""Amounts by currency."""


@dataclass(frozen=True, slots=True)
class ExpenseFilters:
    """Which expenses; None and '' for any. `first` and `last` are both included. `mine` leaves out everybody else's."""

    mine: bool = False
    first: date | None = None
    last: date | None = None
    person_id: int | None = None
    client_id: int | None = None
    project_id: int | None = None
    category_id: int | None = None
    state: str = ""
    billable: bool | None = None
    on_report: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExpenseRow:
    """An expense in a list. `amount` is gross in `currency`, `home_amount` the same in `home_currency`."""

    expense_id: int
    work_date: date
    person_id: int
    person: str
    category: str
    kind: str
    vendor: str
    description: str
    client: str
    project_id: int
    project: str
    task: str
    currency: str
    amount: Decimal
    tax_amount: Decimal
    home_currency: str
    home_amount: Decimal
    input_tax: Decimal
    is_billable: bool
    state: str
    report_id: int | None
    report: str
    receipts: int
    flags: tuple[Flag, ...] = ()

    @property
    def state_label(self) -> str:
        """Where it stands, in words."""
        if self.state == ExpenseState.DRAFT and self.report_id is None:
            return "Not on a report"
        return str(ExpenseState(self.state).label)

    @property
    def what(self) -> str:
        """What it was, in a few words."""
        return self.vendor or self.description or self.category

    @property
    def is_foreign(self) -> bool:
        """Whether it was paid in another currency than the books."""
        return self.currency != self.home_currency


_ROW = (
    "pk", "work_date", "person_id", "person__name", "category__name", "category__kind", "vendor", "description",
    "project__client__name", "project_id", "project__name", "task__name", "currency", "amount", "tax_amount",
    "entity__book__currency", "functional_amount", "input_tax", "is_billable", "state", "report_id",
    "report__name", "attached",
)  # fmt: skip
_TASK, _REPORT = _ROW.index("task__name"), _ROW.index("report__name")


def rows_of(found: QuerySet[Expense]) -> list[ExpenseRow]:
    """Return expenses as rows, without their flags. One query."""
    rows = []
    for values in with_receipts(found).values_list(*_ROW):
        row = list(values)
        row[_TASK], row[_REPORT] = row[_TASK] or "", row[_REPORT] or ""
        rows.append(ExpenseRow(*row))
    return rows


def flagged(actor: Actor, rows: list[ExpenseRow], *, looked_at: date) -> tuple[ExpenseRow, ...]:
    """Return rows with the flags of those that are not decided yet."""
    open_ids = [row.expense_id for row in rows if row.state in (*EDITABLE, ExpenseState.SUBMITTED)]
    flags = flags_by_expense(actor, open_ids, looked_at=looked_at)
    return tuple(replace(row, flags=flags.get(row.expense_id, ())) for row in rows)


@dataclass(frozen=True, slots=True)
class ExpensePage:
    """Expenses, newest first, and the gross of all that match by home currency. `next`, `previous`: '' at the ends."""

    rows: tuple[ExpenseRow, ...]
    count: int
    total: Sums
    billable: Sums
    next: str
    previous: str


def _matching(actor: Actor, filters: ExpenseFilters) -> QuerySet[Expense]:
    wanted: dict[str, Any] = {
        "work_date__gte": filters.first,
        "work_date__lte": filters.last,
        "person_id": (actor.person_id or 0) if filters.mine else filters.person_id,
        "project__client_id": filters.client_id,
        "project_id": filters.project_id,
        "category_id": filters.category_id,
        "state": filters.state or None,
        "is_billable": filters.billable,
        "report__isnull": None if filters.on_report is None else not filters.on_report,
    }
    rows: QuerySet[Expense] = Expense.objects.visible_to(actor)
    rows = rows.filter(**{path: value for path, value in wanted.items() if value is not None})
    for word in filters.text.split():
        rows = rows.filter(
            Q(vendor__icontains=word)
            | Q(description__icontains=word)
            | Q(project__name__icontains=word)
            | Q(category__name__icontains=word)
        )
    return rows


def expenses(
    actor: Actor, filters: ExpenseFilters, *, first_row: int = 0, looked_at: date, limit: int = PAGE_ROWS
) -> ExpensePage:
    """Return expenses from `first_row` on, newest first."""
    matching = _matching(actor, filters)
    sums = (
        matching.order_by()
        .values("entity__book__currency")
        .annotate(
            count=Count("pk"),
            total=Sum("functional_amount"),
            billable=Sum("functional_amount", filter=Q(is_billable=True)),
        )
        .order_by("entity__book__currency")
    )
    by_currency = list(sums)
    count = sum(each["count"] for each in by_currency)
    ordered = matching.order_by("-work_date", "-pk")[first_row : first_row + limit]
    page = matching.filter(pk__in=list(ordered.values_list("pk", flat=True))).order_by("-work_date", "-pk")
    last = first_row + limit
    return ExpensePage(
        rows=flagged(actor, rows_of(page), looked_at=looked_at),
        count=count,
        total=tuple((each["entity__book__currency"], each["total"]) for each in by_currency),
        billable=tuple(
            (each["entity__book__currency"], each["billable"] or Decimal(0)) for each in by_currency
        ),
        next=str(last) if last < count else "",
        previous=str(max(first_row - limit, 0)) if first_row else "",
    )


def export_expenses(actor: Actor, filters: ExpenseFilters) -> Iterator[ExpenseRow]:
    """Yield all matching expenses, newest first, in bounded memory."""
    rows = with_receipts(_matching(actor, filters)).order_by("-work_date", "-pk").values_list(*_ROW)
    for row in rows.iterator(chunk_size=_EXPORT_CHUNK):
        yield ExpenseRow(*row)


def loose_expenses(actor: Actor, person_id: int, *, looked_at: date) -> tuple[ExpenseRow, ...]:
    """Return a person's expenses that are on no report yet, oldest first, with their flags."""
    rows = Expense.objects.visible_to(actor).filter(person_id=person_id, report__isnull=True)
    return flagged(actor, rows_of(rows.order_by("work_date", "pk")), looked_at=looked_at)


class ReceiptRow(NamedTuple):
    """A receipt: where its file is kept and what it is. `size` in bytes."""

    expense_id: int
    receipt_id: int
    file: str
    file_name: str
    media_type: str
    size: int

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as an image."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class ExpenseDetail:
    """One expense with all that its page tells. `why_locked` is '' while it may change."""

    row: ExpenseRow
    category_id: int
    task_id: int | None
    contract_line: str
    exchange_rate: Decimal
    country: str
    distance: Decimal | None
    distance_unit: str
    full_days: int
    partial_days: int
    unit_rate: Decimal | None
    partial_rate: Decimal | None
    receipts: tuple[ReceiptRow, ...]
    why_locked: str
    is_own: bool


def expense(actor: Actor, expense_id: int, *, looked_at: date) -> ExpenseDetail:
    """Return one expense. Refuses: not_found."""
    found: Expense = locks.one(Expense.objects.visible_to(actor).select_related("contract_line"), expense_id)
    (row,) = flagged(actor, rows_of(Expense.objects.filter(pk=found.pk)), looked_at=looked_at)
    return ExpenseDetail(
        row=row,
        category_id=found.category_id,
        task_id=found.task_id,
        contract_line=found.contract_line.name if found.contract_line else "",
        exchange_rate=found.exchange_rate,
        country=found.country,
        distance=found.distance,
        distance_unit=found.distance_unit,
        full_days=found.full_days,
        partial_days=found.partial_days,
        unit_rate=found.unit_rate,
        partial_rate=found.partial_rate,
        receipts=receipts_of([found.pk]).get(found.pk, ()),
        why_locked=why_locked(found.state),
        is_own=found.person_id == actor.person_id,
    )


def receipts_of(expense_ids: list[int]) -> dict[int, tuple[ReceiptRow, ...]]:
    """Return the receipts of each expense that has some, in one query."""
    found: dict[int, tuple[ReceiptRow, ...]] = {}
    rows = Receipt.objects.filter(expense_id__in=expense_ids).order_by("pk")
    fields = ("expense_id", "pk", "file", "file_name", "media_type", "size")
    for row in map(ReceiptRow._make, rows.values_list(*fields)):
        found[row.expense_id] = (*found.get(row.expense_id, ()), row)
    return found


def receipt(actor: Actor, receipt_id: int) -> ReceiptRow:
    """Return a receipt that the actor may see. Refuses: not_found."""
    row: Receipt = locks.one(Receipt.objects.visible_to(actor), receipt_id)
    return ReceiptRow(row.expense_id, row.pk, row.file, row.file_name, row.media_type, row.size)


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What the form of an expense offers.

    `categories` are (id, name, kind); `projects` (id, name, client); `tasks` (id, name, project's name) of open
    projects; `people` (id, name) only for who may enter for others. `currency` and `country` are the person's entity's.
    """

    categories: tuple[tuple[int, str, str], ...]
    projects: tuple[tuple[int, str, str], ...]
    tasks: tuple[tuple[int, str, str], ...]
    people: tuple[tuple[int, str], ...]
    currency: str
    country: str


def form_choices(actor: Actor, person_id: int, on: date, *, keep: ExpenseDetail | None = None) -> FormChoices:
    """Return what an expense of this person on that day may name; what `keep` names already stays among it."""
    kept_project = keep.row.project_id if keep else 0
    categories = ExpenseCategory.objects.filter(
        Q(is_open=True) | Q(pk=keep.category_id if keep else 0)
    ).order_by("name")
    projects = Project.objects.visible_to(actor).filter(~Q(state=ProjectState.CLOSED) | Q(pk=kept_project))
    tasks = Task.objects.visible_to(actor).filter(
        Q(is_open=True) & ~Q(project__state=ProjectState.CLOSED) | Q(pk=(keep.task_id if keep else 0) or 0)
    )
    people = Person.objects.visible_to(actor).filter(terms__isnull=False).distinct().order_by("name")
    if not actor.can(Permission.MANAGE_EXPENSES):
        people = people.none()
    terms = TermsTable.load([person_id]).on(person_id, on)
    entities = LegalEntity.objects.order_by("pk").values_list("book__currency", "country")
    home = (entities.filter(pk=terms.entity_id) if terms else entities).first()
    return FormChoices(
        categories=tuple(categories.values_list("pk", "name", "kind")),
        projects=tuple(projects.order_by("client__name", "name").values_list("pk", "name", "client__name")),
        tasks=tuple(
            tasks.order_by("project__name", "position", "pk").values_list("pk", "name", "project__name")
        ),
        people=tuple(people.values_list("pk", "name")),
        currency=home[0] if home else "EUR",
        country=home[1] if home else "",
    )


def kind_of(category_id: int) -> CategoryKind:
    """Return how the amount of a category comes about. Refuses: not_found."""
    row: ExpenseCategory = locks.one(ExpenseCategory.objects.all(), category_id)
    return CategoryKind(row.kind)
