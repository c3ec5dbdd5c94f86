"""Reads of the pages of billing: the WIP workbench and pre-bills under review. Constant numbers of queries."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from workledger.billing import queries
from workledger.billing.calc.drafting import TaxGroup, tax_groups
from workledger.billing.models import (
    BillableItem,
    Deferral,
    Hold,
    Invoice,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    OpenItem,
    ReasonCode,
    UnpricedItem,
)
from workledger.billing.orders import number_of
from workledger.contracts.models import ContractLine, ContractState, RateCard
from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.core.refusals import Refused
from workledger.directory.models import BillingProfile, Client
from workledger.kernel.money import money_words
from workledger.projects.models import Project, Task
from workledger.timesheets.models import TimeEntry

_ZERO = Decimal(0)
PAGE_ROWS = 200


# --- work in progress -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClientApart:
    """What of a client's WIP in one currency is not simply open: held, on a pre-bill, or deferred and not held."""

    held: Decimal = _ZERO
    on_pre_bill: Decimal = _ZERO
    deferred: Decimal = _ZERO


def apart(actor: Actor, day: date, *, client_id: int | None = None) -> dict[tuple[int, str], ClientApart]:
    """Return what is held, on pre-bills and on a day deferred, by client and currency (of one client by project)."""
    key = "client_id" if client_id is None else "project_id"
    held = queries.visible_open_items(actor).filter(Q(is_held=True) | Q(not_before__gt=day))
    on_bills = InvoiceSource.objects.visible_to(actor).filter(
        is_live=True, line__invoice__state=InvoiceState.DRAFT
    )
    if client_id is not None:
        held = held.filter(client_id=client_id)
        on_bills = on_bills.filter(line__invoice__client_id=client_id)
    found: dict[tuple[int, str], list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO, _ZERO])
    for pk, currency, is_held, amount in (
        held.values_list(key, "currency", "is_held").annotate(total=Sum("amount")).order_by(key)
    ):
        found[pk, currency][0 if is_held else 2] += amount
    path = f"item__{key}"
    for pk, currency, amount in (
        on_bills.values_list(path, "item__currency").annotate(total=Sum("amount")).order_by(path)
    ):
        found[pk, currency][1] += amount
    return {key: ClientApart(*amounts) for key, amounts in found.items()}


def client_names(actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    """Return clients by id; those the actor may not look up keep a number for a name."""
    names = dict(Client.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "name"))
    return {pk: names.get(pk, f"Client {pk}") for pk in ids}


def project_names(actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    """Return projects by id."""
    names = dict(Project.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "name"))
    return {pk: names.get(pk, f"Project {pk}") for pk in ids}


@dataclass(frozen=True, slots=True)
class WipFilters:
    """Which open items: by client, project, person, [start, end] of work dates and state; None for all.

    On `day` an item is 'held', 'deferred' to a later day, or 'open': the next bill run takes it.
    """

    client_id: int | None = None
    project_id: int | None = None
    person_id: int | None = None
    start: date | None = None
    end: date | None = None
    state: str = ""
    day: date = date.max


@dataclass(frozen=True, slots=True)
class WipItem:
    """Open work. `amount` is what remains of `priced` after write-downs and write-ups.

    `hold` says why it is held, `later` from which day on it is billed and why, `change` whether it was split or
    transferred; each is '' when it is not.
    """

    item_id: int
    day: date
    person: str
    client: str
    project_id: int
    project: str
    task: str
    contract: str
    note: str
    seconds: int
    currency: str
    rate: Decimal | None
    priced: Decimal
    amount: Decimal
    hold: str
    not_before: date | None
    later: str
    change: str

    @property
    def is_adjusted(self) -> bool:
        """Whether something else than the priced value remains."""
        return self.amount != self.priced


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """An amount with the hours behind it."""

    currency: str
    seconds: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class WipPage:
    """Open items, oldest first. `count` and `sums` are of all that match, not only of these rows."""

    rows: tuple[WipItem, ...]
    next: str
    previous: str
    count: int
    sums: tuple[CurrencySum, ...]


def _matching(actor: Actor, wanted: WipFilters) -> QuerySet[OpenItem]:
    given: dict[str, Any] = {
        "client_id": wanted.client_id,
        "project_id": wanted.project_id,
        "item__person_id": wanted.person_id,
        "service_date__gte": wanted.start,
        "service_date__lte": wanted.end,
    }
    rows = queries.visible_open_items(actor).filter(_state(wanted.state, wanted.day))
    return rows.filter(**{path: value for path, value in given.items() if value is not None})


def _state(state: str, day: date) -> Q:
    later = Q(not_before__gt=day)
    return {
        "held": Q(is_held=True),
        "deferred": later,
        "open": Q(is_held=False) & (Q(not_before=None) | Q(not_before__lte=day)),
    }.get(state, Q())


def wip_items(actor: Actor, wanted: WipFilters, cursor: str = "", *, limit: int = PAGE_ROWS) -> WipPage:
    """Return a page of open items. Refuses: bad_cursor."""
    matching = _matching(actor, wanted)
    sums = [
        CurrencySum(currency, seconds, amount)
        for currency, seconds, amount in matching.values_list("currency")
        .annotate(seconds=Sum("billable_seconds"), total=Sum("amount"))
        .order_by("currency")
    ]
    rows = matching.select_related(
        "item__person", "item__task", "item__project", "item__contract", "item__client", "item__change"
    )
    backwards = cursor.startswith("-")
    if cursor:
        day, pk = read_day_cursor(cursor)
        later = Q(service_date__gt=day) | Q(service_date=day, pk__gt=pk)
        earlier = Q(service_date__lt=day) | Q(service_date=day, pk__lt=pk)
        rows = rows.filter(earlier if backwards else later)
    order = ("-service_date", "-pk") if backwards else ("service_date", "pk")
    found = list(rows.order_by(*order)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    return WipPage(
        rows=_wip_rows(actor, found),
        next=day_cursor(found[-1].service_date, found[-1].pk) if has_next and found else "",
        previous=f"-{day_cursor(found[0].service_date, found[0].pk)}" if has_previous and found else "",
        count=matching.count(),
        sums=tuple(sums),
    )


def _wip_rows(actor: Actor, found: Sequence[OpenItem]) -> tuple[WipItem, ...]:
    items = [row.item for row in found]
    notes = _notes(actor, items)
    holds = {
        hold.item_id: f"{hold.get_reason_code_display()}{': ' if hold.note else ''}{hold.note}"
        for hold in Hold.objects.filter(item__in=[row.pk for row in found if row.is_held], released_at=None)
    }
    later = {
        each.item_id: f"{each.get_reason_code_display()}{': ' if each.note else ''}{each.note}"
        for each in Deferral.objects.filter(
            item__in=[row.pk for row in found if row.not_before], ended_at=None
        )
    }
    return tuple(
        WipItem(
            row.pk, row.service_date, row.item.person_name, row.item.client.name, row.project_id, row.item.project_name, row.item.task_name,
            row.item.contract.number if row.item.contract else "", notes.get(row.item.source_id, ""),
            row.billable_seconds, row.currency, row.item.rate, row.item.amount, row.amount,
            holds.get(row.pk, "Held") if row.is_held else "", row.not_before, later.get(row.pk, ""),
            row.item.change.kind if row.item.change else "",
        )
        for row in found
    )  # fmt: skip


def _notes(actor: Actor, items: Sequence[BillableItem]) -> dict[int, str]:
    ids = [item.source_id for item in items if item.source_kind == "time"]
    return dict(TimeEntry.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "note"))


def day_cursor(day: date | None, pk: int) -> str:
    """Return the cursor after a row of a day."""
    assert day is not None
    return urlsafe_b64encode(f"{day.isoformat()}.{pk}".encode()).decode().rstrip("=")


def read_day_cursor(text: str) -> tuple[date, int]:
    """Return the row a cursor names; a leading minus asks for the rows before it. Refuses: bad_cursor."""
    bare = text.removeprefix("-")
    try:
        day, pk = urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode().split(".")
        return date.fromisoformat(day), int(pk)
    except ValueError:
        raise Refused.because(
            "bad_cursor", "This address names no page of the list. Start from the list."
        ) from None


def wip_item_ids(actor: Actor, wanted: WipFilters) -> list[int]:
    """Return all open items that match, oldest first."""
    return list(_matching(actor, wanted).order_by("service_date", "pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class WipChoices:
    """Clients, projects and people with open work, as (id, name)."""

    projects: tuple[tuple[int, str], ...]
    people: tuple[tuple[int, str], ...]
    clients: tuple[tuple[int, str], ...] = ()


def wip_choices(actor: Actor, client_id: int | None = None) -> WipChoices:
    """Return what open items can be narrowed to: those of a client, or all, then by client too."""
    rows = queries.visible_open_items(actor)
    clients: Sequence[tuple[int, str]] = ()
    if client_id is None:
        named = rows.order_by("item__client__name").values_list("client_id", "item__client__name")
        clients = list(named.distinct())
    else:
        rows = rows.filter(client_id=client_id)
    projects = (
        rows.order_by("item__project__name").values_list("project_id", "item__project__name").distinct()
    )
    people = (
        rows.order_by("item__person__name").values_list("item__person_id", "item__person__name").distinct()
    )
    named_projects = ((pk, name) for pk, name in projects if pk)
    return WipChoices(tuple(named_projects), tuple(each for each in people if each[0]), tuple(clients))


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen open items: how many, what they come to, which contracts and days they touch."""

    item_ids: tuple[int, ...]
    held: int
    deferred: int
    sums: tuple[CurrencySum, ...]
    contracts: tuple[tuple[int, str], ...]
    client_ids: tuple[int, ...]
    last_day: date

    @property
    def currency(self) -> str:
        """The one currency, '' where they have several."""
        return self.sums[0].currency if len(self.sums) == 1 else ""


_KINDS = {
    "": (Q(), "still open"),
    "held": (Q(is_held=True), "held"),
    "not_held": (Q(is_held=False), "open and not held yet"),
    "deferred": (Q(not_before__isnull=False), "deferred"),
    "changed": (Q(item__change__isnull=False), "split or transferred"),
}


def selection(actor: Actor, item_ids: Sequence[int], *, kind: str = "") -> Selection:
    """Describe chosen items; with a `kind` only those that are held, not_held, deferred, or changed by hand.

    Refuses: nothing_chosen (also when none of them is open any more, or as asked).
    """
    condition, words = _KINDS[kind]
    rows = queries.visible_open_items(actor).filter(condition, pk__in=item_ids)
    open_ids = tuple(rows.order_by("pk").values_list("pk", flat=True))
    if not open_ids:
        raise Refused.because("nothing_chosen", f"Choose at least one piece of work that is {words}.")
    figures = rows.aggregate(
        held=Count("pk", filter=Q(is_held=True)),
        deferred=Count("pk", filter=Q(not_before__isnull=False)),
        last=Max("service_date"),
    )
    sums = (
        rows.values_list("currency").annotate(s=Sum("billable_seconds"), t=Sum("amount")).order_by("currency")
    )
    contracts = rows.order_by("item__contract__number").values_list(
        "contract_id", "item__contract__number", "item__contract__name", "client_id"
    ).distinct()  # fmt: skip
    named = list(contracts)
    return Selection(
        item_ids=open_ids,
        held=figures["held"],
        deferred=figures["deferred"],
        sums=tuple(CurrencySum(*row) for row in sums),
        contracts=tuple((pk, f"{number} {name}") for pk, number, name, _ in named),
        client_ids=tuple(sorted({row[3] for row in named})),
        last_day=figures["last"],
    )


def transfer_lines(actor: Actor) -> tuple[tuple[int, str, str], ...]:
    """Return the lines of active contracts that work may be transferred to, as (id, line, client and contract)."""
    rows = ContractLine.objects.visible_to(actor).filter(contract__state=ContractState.ACTIVE)
    named = rows.order_by("contract__client__name", "contract__number", "position").values_list(
        "pk", "name", "contract__client__name", "contract__number", "contract__name"
    )
    return tuple((pk, f"{name}, {client}", f"{number} {words}") for pk, name, client, number, words in named)


def transfer_tasks(actor: Actor) -> tuple[tuple[int, str, str], ...]:
    """Return the tasks that transferred work may be billed as, as (id, task, project and client)."""
    rows = Task.objects.visible_to(actor).filter(
        project__contract__state=ContractState.ACTIVE, contract_line__isnull=False
    )
    named = rows.order_by("project__name", "position").values_list(
        "pk", "name", "project__name", "project__client__name"
    )
    return tuple((pk, f"{name}, {project}", client) for pk, name, project, client in named)


@dataclass(frozen=True, slots=True)
class UnpricedGroup:
    """Approved work that cannot be priced: one person on one contract line. `card_id` is the contract's rate card."""

    reason: str
    reason_label: str
    client_id: int
    client: str
    contract_id: int
    contract: str
    line_id: int
    line: str
    person_id: int
    person: str
    role: str
    first: date
    last: date
    entries: int
    seconds: int
    card_id: int | None


def unpriced(actor: Actor, *, client_id: int | None = None) -> list[UnpricedGroup]:
    """Return work without a price, by client, contract line and person; at most 200 groups, the most hours first."""
    rows = UnpricedItem.objects.visible_to(actor)
    if client_id is not None:
        rows = rows.filter(client_id=client_id)
    grouped = list(
        rows.values_list(
            "reason", "client_id", "client__name", "contract_id", "contract__number", "contract_line_id",
            "contract_line__name", "person_id", "person__name", "role__name",
        )
        .annotate(first=Min("service_date"), last=Max("service_date"), entries=Count("pk"), s=Sum("billable_seconds"))
        .order_by("-s", "client__name", "person__name")[:PAGE_ROWS]
    )  # fmt: skip
    labels = dict(UnpricedItem._meta.get_field("reason").flatchoices)
    cards = dict(
        RateCard.objects.visible_to(actor)
        .filter(contract__in={row[3] for row in grouped if row[3]})
        .values_list("contract_id", "pk")
    )
    return [
        UnpricedGroup(
            reason=row[0],
            reason_label=labels[row[0]],
            client_id=row[1],
            client=row[2],
            contract_id=row[3] or 0,
            contract=row[4] or "",
            line_id=row[5] or 0,
            line=row[6] or "",
            person_id=row[7],
            person=row[8],
            role=row[9] or "",
            first=row[10],
            last=row[11],
            entries=row[12],
            seconds=row[13],
            card_id=cards.get(row[3] or 0),
        )
        for row in grouped
    ]


REASONS: tuple[tuple[str, str], ...] = tuple((code.value, str(code.label)) for code in ReasonCode)


# --- pre-bills ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreBillRow:
    """A pre-bill in the list. `lacks_po` says that its client asks for a purchase order number that is not there."""

    id: int
    client_id: int
    client: str
    contract_id: int
    contract: str
    currency: str
    through: date
    service_start: date
    service_end: date
    lines: int
    net: Decimal
    tax: Decimal
    gross: Decimal
    lacks_po: bool
    duty: bool


@dataclass(frozen=True, slots=True)
class PreBillSum:
    """The pre-bills of one currency together."""

    currency: str
    count: int
    net: Decimal
    tax: Decimal
    gross: Decimal


_LACKS_PO = Case(
    When(
        contract__po_number="", purchase_order=None, client__billing_profile__requires_po=True, then=Value(1)
    ),
    default=Value(0),
)


def pre_bills(actor: Actor, *, client_id: int | None = None) -> tuple[list[PreBillRow], list[PreBillSum]]:
    """Return all pre-bills by client, and their sums by currency."""
    rows = Invoice.objects.visible_to(actor).filter(state=InvoiceState.DRAFT)
    if client_id is not None:
        rows = rows.filter(client_id=client_id)
    found = list(
        rows.select_related("client", "contract")
        .annotate(line_count=Count("lines"), lacks_po=_LACKS_PO)
        .order_by("client__name", "contract__number", "pk")
    )
    own = _blocked_by_duty(actor, [row.pk for row in found])
    listed = [
        PreBillRow(
            row.pk, row.client_id, row.client.name, row.contract_id, f"{row.contract.number} {row.contract.name}",
            row.currency, row.through, row.service_start, row.service_end, row.line_count, row.net, row.tax, row.gross,
            bool(row.lacks_po), row.pk in own,
        )
        for row in found
    ]  # fmt: skip
    sums: dict[str, list[Any]] = defaultdict(lambda: [0, _ZERO, _ZERO, _ZERO])
    for row in listed:
        of = sums[row.currency]
        of[0] += 1
        of[1] += row.net
        of[2] += row.tax
        of[3] += row.gross
    return listed, [PreBillSum(currency, *of) for currency, of in sorted(sums.items())]


def _blocked_by_duty(actor: Actor, invoice_ids: Sequence[int]) -> frozenset[int]:
    """Return the pre-bills that the actor may not issue because they alone approved the time on them."""
    if actor.user_id is None or not actor.can(Permission.ISSUE_INVOICE) or not invoice_ids:
        return frozenset()
    if not duty_applies(DutyRule.APPROVE_TIME_AND_ISSUE):
        return frozenset()
    return frozenset(queries.approved_only_by(actor.user_id, invoice_ids))


@dataclass(frozen=True, slots=True)
class BillLine:
    """A printed line with what stands behind it. `remaining` is what its sources are still worth, net of tax."""

    id: int
    position: int
    description: str
    project_id: int
    project: str
    is_adjustment: bool
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    sources: int
    remaining: Decimal
    has_tax_inside: bool


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines of one project, as they are printed."""

    project_id: int
    project: str
    lines: tuple[BillLine, ...]

    @property
    def amount(self) -> Decimal:
        """Their sum."""
        return sum((line.amount for line in self.lines), _ZERO)

    @property
    def has_tax_inside(self) -> bool:
        """Whether the lines print prices that contain tax."""
        return any(line.has_tax_inside for line in self.lines)


def line_groups(invoice_id: int) -> tuple[list[LineGroup], list[TaxGroup]]:
    """Return the lines of an invoice by project in printing order, and its tax by code and rate. Two queries."""
    rows = list(
        InvoiceLine.objects.filter(invoice_id=invoice_id)
        .select_related("project", "invoice", "contract_line")
        .annotate(source_count=Count("sources"), remaining=Coalesce(Sum("sources__amount"), Value(_ZERO)))
        .order_by("position")
    )
    groups: dict[int, list[BillLine]] = defaultdict(list)
    names = {}
    for row in rows:
        project_id, name = row.project_id or 0, row.project.name if row.project else row.contract_line.name
        names[project_id] = name
        groups[project_id].append(
            BillLine(
                row.pk, row.position, row.description, project_id, name, row.is_adjustment,
                row.quantity, row.unit, row.rate, row.printed_amount, row.source_count, row.remaining,
                row.gross_amount is not None,
            )
        )  # fmt: skip
    taxes = (
        tax_groups(
            [(row.amount, row.tax_code, row.tax_rate) for row in rows],
            rows[0].invoice.currency,
            [row.gross_amount for row in rows],
        )
        if rows
        else []
    )
    return [LineGroup(pk, names[pk], tuple(lines)) for pk, lines in groups.items()], taxes


@dataclass(frozen=True, slots=True)
class PreBill:
    """A pre-bill under review. `problems` keep it from being issued, each a sentence with the way to mend it."""

    id: int
    client_id: int
    client: str
    contract_id: int
    contract: str
    currency: str
    through: date
    service_start: date
    service_end: date
    net: Decimal
    tax: Decimal
    gross: Decimal
    note: str
    groups: tuple[LineGroup, ...]
    taxes: tuple[TaxGroup, ...]
    problems: tuple[str, ...]
    duty: str
    open_since: int
    held: int

    @property
    def line_count(self) -> int:
        """How many lines it prints."""
        return sum(len(group.lines) for group in self.groups)


def pre_bill(actor: Actor, invoice_id: int) -> PreBill:
    """Return one pre-bill with its lines. Raises `NotFound`, also once it is issued."""
    rows = (
        Invoice.objects.visible_to(actor)
        .filter(state=InvoiceState.DRAFT)
        .select_related("client", "contract", "purchase_order")
    )
    invoice: Invoice = locks.one(rows, invoice_id)
    groups, taxes = line_groups(invoice_id)
    problems = []
    profile = BillingProfile.objects.filter(client_id=invoice.client_id).first()
    if profile and profile.requires_po and not number_of(invoice):
        problems.append(f"{invoice.client.name} asks for a purchase order number. Add it to the contract.")
    if invoice.gross < 0:
        problems.append("It is negative. Credit the earlier invoice instead.")
    duty = ""
    if _blocked_by_duty(actor, [invoice_id]):
        duty = f"You alone approved all the time on it. {DutyRule.APPROVE_TIME_AND_ISSUE.sentence}"
    left = queries.visible_open_items(actor).filter(
        contract_id=invoice.contract_id, service_date__lte=invoice.through
    )
    open_work = left.aggregate(
        late=Count("pk", filter=Q(is_held=False) & ~Q(not_before__gt=invoice.through)),
        held=Count("pk", filter=Q(is_held=True)),
    )
    return PreBill(
        invoice.pk, invoice.client_id, invoice.client.name, invoice.contract_id,
        f"{invoice.contract.number} {invoice.contract.name}", invoice.currency, invoice.through,
        invoice.service_start, invoice.service_end, invoice.net, invoice.tax, invoice.gross, invoice.note,
        tuple(groups), tuple(taxes), tuple(problems), duty, open_work["late"], open_work["held"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BilledEntry:
    """An entry behind a printed line; `amount` is what it is billed at after write-downs."""

    item_id: int
    time_entry_id: int | None
    day: date
    person: str
    task: str
    note: str
    seconds: int
    rate: Decimal | None
    priced: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LineEntries:
    """The entries of one line."""

    line_id: int
    description: str
    currency: str
    rows: tuple[BilledEntry, ...]


def line_entries(actor: Actor, invoice_id: int, line_id: int) -> LineEntries:
    """Return the entries behind a line, by day. Raises `NotFound`; needs the permission to see billing."""
    lines = InvoiceLine.objects.visible_to(actor).filter(invoice_id=invoice_id).select_related("invoice")
    line: InvoiceLine = locks.one(lines if actor.can(Permission.VIEW_BILLING) else lines.none(), line_id)
    sources = list(
        InvoiceSource.objects.filter(line_id=line_id)
        .select_related("item__person", "item__task")
        .order_by("item__service_date", "item__person__name", "pk")
    )
    notes = _notes(actor, [source.item for source in sources])
    return LineEntries(
        line.pk,
        line.description,
        line.invoice.currency,
        tuple(
            BilledEntry(
                source.item_id, source.item.source_id if source.item.source_kind == "time" else None,
                source.item.service_date, source.item.person_name, source.item.task_name,
                notes.get(source.item.source_id, ""), source.item.billable_seconds, source.item.rate,
                source.item.amount, source.amount,
            )
            for source in sources
        ),
    )  # fmt: skip


def pre_bill_line(actor: Actor, invoice_id: int, line_id: int) -> tuple[PreBill, BillLine]:
    """Return a line of a pre-bill that has hours behind it. Raises `NotFound`."""
    found = pre_bill(actor, invoice_id)
    for group in found.groups:
        for line in group.lines:
            if line.id == line_id and not line.is_adjustment:
                return found, line
    raise locks.not_found(InvoiceLine)


def bill_choices(actor: Actor) -> list[tuple[int, str, str]]:
    """Return clients with open work as (id, name, what of it is open)."""
    rows = (
        queries.visible_open_items(actor)
        .filter(is_held=False)
        .values_list("item__client_id", "item__client__name", "currency")
        .annotate(total=Sum(F("amount")))
        .order_by("item__client__name", "currency")
    )
    return [(pk, name, f"{money_words(total, currency)} open") for pk, name, currency, total in rows]
