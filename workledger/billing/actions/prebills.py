"""Pre-bills: the bill run, holds, write-downs and write-offs of WIP, and dropping a pre-bill back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from workledger.billing import caps, drawing, laying, limits, orders, posting, queries, taxing
from workledger.billing.actions import charges, items
from workledger.billing.actions.invoices import issue_invoices, retotal
from workledger.billing.books import Books
from workledger.billing.calc.drafting import (
    DraftLine,
    OpenPiece,
    adjustment_line,
    described,
    draft_invoices,
    with_tax_inside,
)
from workledger.billing.calc.taxes import Tax, tax_added, tax_point
from workledger.billing.limits import Adjusted
from workledger.billing.models import (
    AdjustmentKind,
    BillableItem,
    Deferral,
    Hold,
    Invoice,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    OpenItem,
    ReasonCode,
    WriteDown,
)
from workledger.billing.taxing import Taxes
from workledger.contracts.models import Contract
from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import BillingProfile, Person
from workledger.kernel.allocation import allocate
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum
from workledger.ledger import actions as ledger
from workledger.projects.queries import task_facts

_ZERO = Decimal(0)
_WORK = attrgetter("contract_id", "contract_line_id", "service_date")
_LINE_FIELDS = (
    "id", "invoice", "position", "contract_line", "project", "task", "person", "is_adjustment", "description",
    "quantity", "unit", "rate", "amount", "rounding", "tax_code", "tax_rate",
    "tax_label", "tax_vatex", "gross_amount", "heading", "first_day", "last_day",
)  # fmt: skip


@action("billing.run_billing", needs=Permission.PREPARE_BILLING)
def run_billing(
    *,
    actor: Actor,
    through: date,
    client_ids: list[int] | None = None,
    contract_ids: list[int] | None = None,
    issue: bool = False,
    issued_on: date | None = None,
) -> queries.BillRun:
    """Make a pre-bill per contract from open, unheld work up to and including `through`; with `issue`, issue them.

    Work that is deferred to a day after `through` is left for later. Running it again bills what is open by then, so
    nothing is billed twice. A contract whose tax code has no rate on its last day of service is left out and listed.
    Refuses: forbidden (issue), issue_date_missing, and what issuing refuses.
    """
    if issue and issued_on is None:
        raise Refused.because("issue_date_missing", "Say on which date the invoices are issued.", "issued_on")
    locks.named("billing.run")
    items.price_unpriced(actor=actor)
    charges.charge_due(actor, through, client_ids, contract_ids)
    pieces = open_pieces(actor, through, client_ids, contract_ids)
    untaxed = taxing.untaxed(map(taxing.OpenWork._make, map(_WORK, pieces)))
    made = make_drafts([piece for piece in pieces if piece.contract_id not in untaxed], through)
    if issue and issued_on is not None and made:
        issue_invoices(actor=actor, invoice_ids=made, issued_on=issued_on)
    result = queries.BillRun(queries.billed(made), queries.bill_exceptions(actor, through, client_ids))
    record(None, f"Bill run through {through:%d %b %Y}: {len(made)} {'invoices' if issue else 'pre-bills'}")
    return result


_OPEN = """
    SELECT i.id, i.contract_id, i.contract_line_id, coalesce(i.project_id, 0), coalesce(i.task_id, 0),
           coalesce(i.person_id, 0), i.service_date, i.billable_seconds, i.rate, i.amount, o.amount, i.over_cap,
           i.discount, i.quantity, i.unit, i.description, coalesce(i.role_id, 0)
    FROM billing_openitem o JOIN billing_billableitem i ON i.id = o.item_id
    WHERE NOT o.is_held AND o.service_date <= %(through)s
      AND (o.not_before IS NULL OR o.not_before <= %(through)s)
      AND (%(clients)s::bigint[] IS NULL OR o.client_id = ANY(%(clients)s))
      AND (%(contracts)s::bigint[] IS NULL OR o.contract_id = ANY(%(contracts)s))
      AND (%(entities)s::bigint[] IS NULL OR o.entity_id = ANY(%(entities)s))
      AND (%(items)s::bigint[] IS NULL OR o.item_id = ANY(%(items)s))
    ORDER BY i.contract_id, i.id
"""


def open_pieces(
    actor: Actor,
    through: date,
    client_ids: Sequence[int] | None = None,
    contract_ids: Sequence[int] | None = None,
    item_ids: Sequence[int] | None = None,
) -> list[OpenPiece]:
    """Return open, unheld items up to a day as the drafting takes them; None is no condition."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "through": through,
                "clients": None if client_ids is None else list(client_ids),
                "contracts": None if contract_ids is None else list(contract_ids),
                "items": None if item_ids is None else list(item_ids),
                "entities": None if actor.entity_ids is None else sorted(actor.entity_ids),
            },
        )
        return list(map(OpenPiece._make, cursor.fetchall()))


def make_drafts(pieces: Sequence[OpenPiece], through: date) -> list[int]:
    """Write pre-bills with lines and sources, and take the items out of WIP; returns the pre-bills' ids."""
    if not pieces:
        return []
    contract_ids = {piece.contract_id for piece in pieces}
    pieces = [*pieces, *caps.shown_beyond(contract_ids, through)]
    contracts = {row.pk: row for row in Contract.objects.filter(pk__in=contract_ids)}
    profiles = {
        row.client_id: row
        for row in BillingProfile.objects.filter(client_id__in={row.client_id for row in contracts.values()})
    }
    facts = task_facts()
    grouping, rounding = {}, {}
    for task in facts.values():
        contract = contracts.get(task.contract_id or 0)
        if contract is None or task.contract_line_id is None:
            continue
        profile = profiles.get(contract.client_id)
        grouping[task.contract_line_id] = task.group_lines_by or (
            profile.group_lines_by if profile else "task"
        )
        rounding[task.contract_line_id] = task.rounding
    chosen, layouts = laying.layouts_of(contracts, profiles)
    drafts = draft_invoices(
        pieces,
        layouts=layouts,
        group_by=grouping,
        rounding=rounding,
        currency={pk: contract.currency for pk, contract in contracts.items()},
    )
    known = Taxes(contracts.values(), profiles)
    taxes = [
        [
            known.on(draft.contract_id, line.contract_line_id, tax_point(draft.service_end))
            for line in draft.lines
        ]
        for draft in drafts
    ]
    drafts = [
        with_tax_inside(
            draft, [(tax.category, tax.percentage) for tax in of_lines], contracts[draft.contract_id].currency
        )
        if contracts[draft.contract_id].prices_include_tax
        else draft
        for draft, of_lines in zip(drafts, taxes, strict=True)
    ]
    invoices = Invoice.objects.bulk_create(
        Invoice(
            entity_id=contracts[draft.contract_id].entity_id,
            client_id=contracts[draft.contract_id].client_id,
            contract_id=draft.contract_id,
            currency=contracts[draft.contract_id].currency,
            through=through,
            layout=chosen.get(draft.contract_id),
            service_start=draft.service_start,
            service_end=draft.service_end,
            net=draft.net,
            **queries.tax_and_gross(
                [
                    (line.amount, tax.category, tax.percentage)
                    for line, tax in zip(draft.lines, of_lines, strict=True)
                ],
                contracts[draft.contract_id].currency,
                [line.gross for line in draft.lines],
            ),
        )
        for draft, of_lines in zip(drafts, taxes, strict=True)
    )
    tasks = {task_id: task.task_name for task_id, task in facts.items()}
    named = {line.person_id for draft in drafts for line in draft.lines if line.person_id}
    people = dict(Person.objects.filter(pk__in=named).values_list("pk", "name"))
    line_ids = iter(bulk.reserve_ids(InvoiceLine, sum(len(draft.lines) for draft in drafts)))
    line_rows, source_rows = [], []
    for invoice, draft, of_lines in zip(invoices, drafts, taxes, strict=True):
        for position, (line, tax) in enumerate(zip(draft.lines, of_lines, strict=True), start=1):
            line_id = next(line_ids)
            line_rows.append(
                _line_row(line_id, invoice.pk, position, line, described(line, tasks, people), tax)
            )
            source_rows += [(invoice.pk, line_id, item_id, amount) for item_id, amount in line.sources]
    bulk.copy_rows(InvoiceLine, _LINE_FIELDS, line_rows)
    if items.take_open([row[2] for row in source_rows]) != len(source_rows):
        raise Refused.because("taken_meanwhile", "Someone changed this work meanwhile. Run billing again.")
    bulk.copy_rows(InvoiceSource, ("invoice", "line", "item", "amount"), source_rows)
    orders.assign(invoices)
    drawn = drawing.draw(invoices)
    for invoice in invoices:
        if invoice.pk in drawn:
            retotal(invoice)
    return [invoice.pk for invoice in invoices]


def _line_row(
    line_id: int, invoice_id: int, position: int, line: DraftLine, description: str, tax: Tax
) -> tuple[object, ...]:
    return (
        line_id, invoice_id, position, line.contract_line_id, line.project_id, line.task_id, line.person_id,
        line.is_adjustment, description, line.quantity, line.unit, line.rate, line.amount,
        line.rounding, *tax, line.gross, line.heading[:200], line.first, line.last,
    )  # fmt: skip


@action("billing.hold_items", needs=Permission.PREPARE_BILLING)
def hold_items(*, actor: Actor, item_ids: list[int], reason_code: ReasonCode, note: str = "") -> int:
    """Keep open items off pre-bills until released. Returns how many are held now.

    Refuses: not_open, already_held.
    """
    rows = open_items(actor, item_ids)
    if any(row.is_held for row in rows):
        raise Refused.because("already_held", "Some of this work is held already.")
    Hold.objects.bulk_create(Hold(item_id=row.pk, reason_code=reason_code, note=note.strip()) for row in rows)
    OpenItem.objects.filter(pk__in=[row.pk for row in rows]).update(is_held=True)
    record(None, f"Held {len(rows)} items: {ReasonCode(reason_code).label}")
    return len(rows)


@action("billing.release_items", needs=Permission.PREPARE_BILLING)
def release_items(*, actor: Actor, item_ids: list[int]) -> int:
    """Release held items: they are billed with the next run. Returns how many were released.

    Refuses: not_open, not_held.
    """
    rows = open_items(actor, item_ids)
    if not all(row.is_held for row in rows):
        raise Refused.because("not_held", "Some of this work is not held.")
    Hold.objects.filter(item_id__in=item_ids, released_at=None).update(released_at=Now())
    OpenItem.objects.filter(pk__in=[row.pk for row in rows]).update(is_held=False)
    record(None, f"Released {len(rows)} items")
    return len(rows)


def open_items(actor: Actor, item_ids: Sequence[int]) -> list[OpenItem]:
    """Lock open items that the actor may see; refuses when one is not open any more."""
    visible = BillableItem.objects.visible_to(actor).filter(pk__in=item_ids).values("pk")
    rows = list(OpenItem.objects.filter(pk__in=visible).order_by("pk").select_for_update())
    if not item_ids or len(rows) != len(set(item_ids)):
        message = "Some of this work is no longer open: it was billed, written off or withdrawn meanwhile."
        raise Refused.because("not_open", message)
    return rows


@action("billing.write_down_items", needs=Permission.WRITE_OFF)
def write_down_items(
    *,
    actor: Actor,
    item_ids: list[int],
    amount: Decimal | None,
    reason_code: ReasonCode,
    on: date,
    note: str = "",
) -> Adjusted:
    """Give up value of open items: `amount` over all of them, or all that remains (a write-off) when it is None.

    Over the entity's limit it becomes a request. Refuses: not_open, amount_not_possible, currencies_differ.
    """
    rows = open_items(actor, item_ids)
    taken = _to_give_up(rows, amount)
    kind = AdjustmentKind.WRITE_OFF if amount is None else AdjustmentKind.WRITE_DOWN
    asked = limits.ask_if_over(
        actor, kind, [(row.pk, row.amount) for row in rows], taken, on=on, reason_code=reason_code, note=note,
        arguments={"item_ids": item_ids, "amount": amount},
    )  # fmt: skip
    return asked or Adjusted(give_up(actor, item_ids, amount, reason_code, on, note))


def _to_give_up(rows: Sequence[OpenItem], amount: Decimal | None) -> Decimal:
    """Return what is written down of items. Refuses: amount_not_possible, currencies_differ."""
    refuse_mixed(rows)
    remaining = sum((row.amount for row in rows), _ZERO)
    taken = remaining if amount is None else amount
    _refuse_impossible(taken, remaining, rows[0].currency)
    return taken


def refuse_mixed(rows: Sequence[OpenItem]) -> None:
    """Refuse items of several currencies."""
    if len({row.currency for row in rows}) > 1:
        raise Refused.because("currencies_differ", "Choose work of one currency at a time.")


def give_up(
    actor: Actor,
    item_ids: Sequence[int],
    amount: Decimal | None,
    reason_code: ReasonCode,
    on: date,
    note: str,
) -> Decimal:
    """Write open items down, or off when `amount` is None, inside a running action; returns what was given up."""
    rows = open_items(actor, item_ids)
    taken = _to_give_up(rows, amount)
    shares = allocate(taken, [row.amount for row in rows], rows[0].currency) if taken else [_ZERO] * len(rows)
    billable = {item.pk: item for item in BillableItem.objects.filter(pk__in=item_ids)}
    post_write_downs(
        actor, [(billable[row.pk], share) for row, share in zip(rows, shares, strict=True)],
        is_write_off=amount is None, reason_code=reason_code, on=on, note=note,
    )  # fmt: skip
    if amount is None:
        OpenItem.objects.filter(pk__in=item_ids).delete()
        Hold.objects.filter(item_id__in=item_ids, released_at=None).update(released_at=Now())
        Deferral.objects.filter(item_id__in=item_ids, ended_at=None).update(ended_at=Now())
    else:
        for row, share in zip(rows, shares, strict=True):
            row.amount -= share
        OpenItem.objects.bulk_update(rows, ["amount"], batch_size=1000)
    verb = "off" if amount is None else "down"
    record(
        None,
        f"Wrote {verb} {money_words(taken, rows[0].currency)} of {len(rows):,} items: {ReasonCode(reason_code).label}",
    )
    return taken


def _refuse_impossible(amount: Decimal, remaining: Decimal, currency: str) -> None:
    problems = Problems()
    problems.check(
        _ZERO <= amount <= remaining,
        "amount_not_possible", f"Write down from 0 to {money_words(remaining, currency)}, which is what remains.", "amount",
    )  # fmt: skip
    problems.check(
        amount % minor_quantum(currency) == 0,
        "amount_not_possible", f"{currency} has no part that small.", "amount",
    )  # fmt: skip
    problems.refuse()


def post_write_downs(
    actor: Actor,
    parts: Sequence[tuple[BillableItem, Decimal]],
    *,
    is_write_off: bool,
    reason_code: ReasonCode,
    on: date,
    note: str,
) -> None:
    """Post and record write-downs, or write-ups as negative amounts: one journal entry per book and currency."""
    books = Books()
    by_book: dict[posting.BookRate, list[tuple[BillableItem, Decimal]]] = defaultdict(list)
    for item, amount in parts:
        by_book[items.book_of(books, item)].append((item, amount))
    for book, rows in sorted(by_book.items()):
        sums: dict[posting.Share, Decimal] = defaultdict(Decimal)
        for item, amount in rows:
            sums[items.share_of(item, _ZERO)] += amount
        shares = [key._replace(amount=amount) for key, amount in sorted(sums.items()) if amount]
        if not shares:
            continue
        is_write_up = shares[0].amount < 0
        word = "Write-up" if is_write_up else "Write-off" if is_write_off else "Write-down"
        text = f"{word}: {ReasonCode(reason_code).label}"
        (entry_id,) = ledger.post(actor=actor, entries=[posting.written_down(book, on, shares, text)])
        WriteDown.objects.bulk_create(
            WriteDown(
                item=item, amount=amount, is_write_off=is_write_off, is_write_up=is_write_up, reason_code=reason_code,
                note=note.strip(), journal_entry_id=entry_id,
            )
            for item, amount in rows
            if amount
        )  # fmt: skip


@action("billing.write_down_line", needs=Permission.WRITE_OFF)
def write_down_line(
    *, actor: Actor, line_id: int, amount: Decimal, reason_code: ReasonCode, on: date, note: str = ""
) -> Adjusted:
    """Give up value on a line of a pre-bill; the pre-bill shows it as an adjustment line.

    Over the entity's limit it becomes a request. Refuses: not_found, not_a_pre_bill, amount_not_possible,
    nothing_to_change.
    """
    line, _, sources = _line_to_write_down(actor, line_id, amount)
    asked = limits.ask_if_over(
        actor, AdjustmentKind.LINE_WRITE_DOWN, [(row.item_id, row.amount) for row in sources], amount, on=on, reason_code=reason_code, note=note,
        arguments={"line_id": line.pk, "amount": amount},
    )  # fmt: skip
    return asked or Adjusted(give_up_on_line(actor, line_id, amount, reason_code, on, note))


def _line_to_write_down(
    actor: Actor, line_id: int, amount: Decimal
) -> tuple[InvoiceLine, Invoice, list[InvoiceSource]]:
    """Lock a line of a pre-bill with its sources. Refuses what writing it down refuses."""
    line = locks.one(InvoiceLine.objects.visible_to(actor), line_id)
    invoice = draft_of(actor, line.invoice_id)
    sources = list(
        InvoiceSource.objects.filter(line_id=line_id, is_live=True)
        .order_by("pk")
        .select_for_update()
        .select_related("item")
    )
    if not sources:
        raise Refused.because(
            "nothing_to_change", "Write down the line that has the hours, not its adjustment."
        )
    remaining = sum((source.amount for source in sources), _ZERO)
    _refuse_impossible(amount, remaining, invoice.currency)
    if not amount:
        raise Refused.because("amount_not_possible", "Write down more than nothing.", "amount")
    return line, invoice, sources


def give_up_on_line(
    actor: Actor, line_id: int, amount: Decimal, reason_code: ReasonCode, on: date, note: str
) -> Decimal:
    """Write a line of a pre-bill down inside a running action; returns what was given up."""
    line, invoice, sources = _line_to_write_down(actor, line_id, amount)
    shares = allocate(amount, [source.amount for source in sources], invoice.currency)
    post_write_downs(
        actor, [(source.item, share) for source, share in zip(sources, shares, strict=True)],
        is_write_off=False, reason_code=reason_code, on=on, note=note,
    )  # fmt: skip
    for source, share in zip(sources, shares, strict=True):
        source.amount -= share
    InvoiceSource.objects.bulk_update(sources, ["amount"], batch_size=1000)
    _adjust(invoice, line, -amount)
    retotal(invoice)
    record(
        invoice,
        f"Wrote down {money_words(amount, invoice.currency)} on {line.description}: {ReasonCode(reason_code).label}",
    )
    return amount


def draft_of(actor: Actor, invoice_id: int) -> Invoice:
    """Return a pre-bill, locked. Refuses: not_found, not_a_pre_bill."""
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    if invoice.state != InvoiceState.DRAFT:
        raise Refused.because(
            "not_a_pre_bill", f"{invoice.number} is issued and never changes. Credit it instead."
        )
    return invoice


def _adjust(invoice: Invoice, line: InvoiceLine, change: Decimal) -> None:
    """Add `change` to the adjustment line of a line, making it where there is none."""
    existing = invoice.lines.filter(
        is_adjustment=True, contract_line=line.contract_line_id, project=line.project_id, task=line.task_id,
        person=line.person_id, position=line.position + 1,
    ).first()  # fmt: skip
    gross = None if line.gross_amount is None else tax_added(change, line.tax_rate, invoice.currency)
    if existing is not None:
        existing.rate += change if gross is None else gross
        existing.amount += change
        existing.gross_amount = None if gross is None else (existing.gross_amount or _ZERO) + gross
        existing.save(update_fields=["rate", "amount", "gross_amount"])
        return
    invoice.lines.filter(position__gt=line.position).update(position=F("position") + 1)
    drafted = adjustment_line(
        DraftLine(
            line.contract_line_id, line.project_id, line.task_id, line.person_id, False, line.quantity, line.rate,
            line.amount, line.rounding, None,
        ),
        change,
    )  # fmt: skip
    InvoiceLine.objects.create(
        invoice=invoice, position=line.position + 1, contract_line_id=drafted.contract_line_id,
        project_id=drafted.project_id, task_id=drafted.task_id, person_id=drafted.person_id, is_adjustment=True,
        description=f"Adjustment: {line.description}"[:400], quantity=drafted.quantity, unit="pc",
        rate=drafted.rate if gross is None else gross, amount=drafted.amount, tax_code=line.tax_code,
        tax_rate=line.tax_rate, tax_label=line.tax_label, tax_vatex=line.tax_vatex, gross_amount=gross,
        heading=line.heading,
    )  # fmt: skip


@action("billing.drop_lines", needs=Permission.PREPARE_BILLING)
def drop_lines(
    *, actor: Actor, invoice_id: int, line_ids: list[int] | None = None, hold: bool = False
) -> int:
    """Put lines of a pre-bill (all of them when None) back into WIP; an empty pre-bill is removed.

    With `hold` the work is held, so that the next run leaves it out. Returns how many items are in WIP again.
    Refuses: not_found, not_a_pre_bill.
    """
    invoice = draft_of(actor, invoice_id)
    sources = InvoiceSource.objects.filter(invoice_id=invoice_id, is_live=True)
    if line_ids is not None:
        sources = sources.filter(line_id__in=line_ids)
    rows = list(sources.order_by("item_id").values_list("pk", "item_id", "amount", "line_id"))
    InvoiceSource.objects.filter(pk__in=[row[0] for row in rows]).delete()
    count = items.reopen((item_id, amount) for _, item_id, amount, _ in rows)
    record(invoice, f"Dropped {count} items of {invoice} to WIP")
    if hold and rows:
        hold_items(actor=actor, item_ids=[row[1] for row in rows], reason_code=ReasonCode.CLIENT_REQUEST)
    gone = {row[3] for row in rows}
    for line in invoice.lines.filter(pk__in=gone):
        invoice.lines.filter(is_adjustment=True, position=line.position + 1).delete()
    invoice.lines.filter(pk__in=gone).delete()
    if not invoice.lines.filter(down_payment=None).exists():
        invoice.lines.all().delete()
        invoice.delete()
    else:
        retotal(invoice)
    return count


@action("billing.note_pre_bill", needs=Permission.PREPARE_BILLING)
def note_pre_bill(*, actor: Actor, invoice_id: int, note: str) -> None:
    """Set the text that the invoice prints under its lines. Refuses: not_found, not_a_pre_bill."""
    invoice = draft_of(actor, invoice_id)
    invoice.note = note.strip()
    invoice.save(update_fields=["note"])
    record(invoice, f"Set the note of {invoice}")
