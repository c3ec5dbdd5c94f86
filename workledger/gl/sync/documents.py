"""Documents made of our rows, whole sets at a time: customers, invoices and credit notes, payments, write-offs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.calc.drafting import tax_groups
from workledger.billing.models import Invoice as InvoiceRow
from workledger.billing.models import InvoiceKind, InvoiceLine
from workledger.directory.models import BillingProfile, Client, Contact, TaxCode
from workledger.gl import mapping
from workledger.gl.calc.effects import Charted, Moves, shared
from workledger.gl.calc.wire import customer_ref, invoice_ref
from workledger.gl.connector import (
    Customer,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Invoice,
    Payment,
    Settled,
)
from workledger.kernel.rounding import minor_quantum
from workledger.ledger.models import Account, AccountRole, Book, JournalEntry, Posting
from workledger.receivables.models import Allocation, EarlyDiscount
from workledger.receivables.models import Payment as PaymentRow

_ZERO = Decimal(0)


def plain(amount: Decimal, currency: str) -> Decimal:
    """Return an amount with the decimals of its currency, as people and other systems write it; never rounded."""
    short = amount.quantize(minor_quantum(currency))
    return short if short == amount else amount


class Made(NamedTuple):
    """A document, and the entries of ours that it carries."""

    kind: DocumentKind
    document: Document
    title: str
    client_id: int
    amount: Decimal
    entry_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class BookView:
    """A book as the other side sees it: its mapping, and which account is kept by customer."""

    book_id: int
    currency: str
    mapping: mapping.Mapping
    charted: Charted
    tax_codes: Mapping[tuple[str, Decimal], int] = field(default_factory=dict)

    def role(self, role: AccountRole) -> str:
        """Return the other side's code of the account with a role."""
        return self.mapping.account_of_role(role)

    def tax(self, category: str, percentage: Decimal) -> str:
        """Return the other side's code of a tax; '' where the legal entity has no tax code for it."""
        found = self.tax_codes.get((category, percentage.normalize()))
        return self.mapping.tax(found) if found else ""


def book_view(book_id: int) -> BookView:
    """Load how a book is called there."""
    book = Book.objects.get(pk=book_id)
    of_book = mapping.for_book(book_id)
    codes: dict[tuple[str, Decimal], int] = {}
    rows = TaxCode.objects.filter(entity_id=book_id).prefetch_related("rates").order_by("-is_default", "pk")
    for row in rows:
        percentages = [rate.percentage for rate in row.rates.all()] or [_ZERO]
        for percentage in percentages:
            codes.setdefault((row.category, percentage.normalize()), row.pk)
    receivable = of_book.account_of_role(AccountRole.RECEIVABLE)
    return BookView(book_id, book.currency, of_book, Charted(receivable), codes)


def customers(client_ids: Collection[int]) -> dict[int, Customer]:
    """Return clients as the other side knows customers, by id."""
    rows = Client.objects.filter(pk__in=client_ids)
    emails = dict(
        BillingProfile.objects.filter(client__in=client_ids).values_list("client_id", "invoice_email")
    )
    contacts = dict(
        Contact.objects.filter(client__in=client_ids, is_billing_contact=True).exclude(email="")
        .order_by("-pk").values_list("client_id", "email")
    )  # fmt: skip
    return {
        row.pk: Customer(
            name=row.name,
            country=row.country,
            vat_number=row.vat_id,
            address=_address(row),
            email=emails.get(row.pk) or contacts.get(row.pk, ""),
        )
        for row in rows
    }


def _address(row: Client) -> list[str]:
    lines = [row.street, row.additional, f"{row.postcode} {row.city}".strip(), row.subdivision]
    return [line for line in lines if line]


# --- what entries of ours move --------------------------------------------------------------------------


class Moved(NamedTuple):
    """Debit less credit of one account and client in an entry, in the book's currency; `own` in the entry's."""

    entry_id: int
    account_id: int
    role: str
    client_id: int
    value: Decimal
    own: Decimal


def moved_by(entry_ids: Collection[int]) -> dict[int, list[Moved]]:
    """Return what entries move by account and client, by entry."""
    found: dict[int, list[Moved]] = defaultdict(list)
    rows = Posting.objects.filter(entry_id__in=list(entry_ids)).order_by("entry_id", "id").values_list(
        "entry_id", "account_id", "account__role", "client_id",
        "functional_debit", "functional_credit", "debit", "credit",
    )  # fmt: skip
    for entry_id, account_id, role, client_id, debit, credit, own_debit, own_credit in rows:
        found[entry_id].append(
            Moved(entry_id, account_id, role, client_id, debit - credit, own_debit - own_credit)
        )
    return found


def moves_of(view: BookView, rows: Iterable[Moved]) -> Moves:
    """Return the same by place on the other side."""
    moves: Moves = defaultdict(Decimal)
    for row in rows:
        account = view.mapping.account(row.account_id)
        moves[view.charted.place(account, customer_ref(row.client_id) if row.client_id else "")] += row.value
    return moves


def _of_role(rows: Iterable[Moved], role: AccountRole) -> Decimal:
    return sum((row.value for row in rows if row.role == role), _ZERO)


# --- invoices and credit notes ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _About:
    """What a line is about, as `Mapping.dimensions` asks it."""

    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    task_id: int
    person_id: int
    practice_id: int
    office_id: int = 0
    role_id: int = 0


def invoices(view: BookView, invoice_ids: Collection[int]) -> Iterator[tuple[int, Made]]:
    """Yield issued invoices and credit notes by id, in the order of their ids. Raises NotFound for what is not mapped."""
    rows = list(
        InvoiceRow.objects.filter(pk__in=invoice_ids, entity_id=view.book_id)
        .select_related("client")
        .order_by("pk")
    )
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice__in=rows).select_related("project").order_by("position"):
        lines[line.invoice_id].append(line)
    entries = {row.journal_entry_id for row in rows if row.journal_entry_id}
    moved = moved_by(entries)
    days = dict(JournalEntry.objects.filter(pk__in=entries).values_list("pk", "date"))
    for row in rows:
        entry_id = row.journal_entry_id or 0
        document = _invoice(view, row, lines[row.pk], moved.get(entry_id, []))
        day = days.get(entry_id)
        if day is not None and day != document.issued_on:
            document = _posted_on(document, day)
        kind = DocumentKind.CREDIT_NOTE if row.kind == InvoiceKind.CREDIT_NOTE else DocumentKind.INVOICE
        word = "Credit note" if kind is DocumentKind.CREDIT_NOTE else "Invoice"
        title = f"{word} {row.number}, {row.client.name}"
        yield row.pk, Made(kind, document, title, row.client_id, row.gross, [entry_id] if entry_id else [])


def _posted_on(document: Invoice, day: date) -> Invoice:
    return replace(document, posted_on=day)


def _invoice(
    view: BookView, row: InvoiceRow, lines: Sequence[InvoiceLine], moved: Sequence[Moved]
) -> Invoice:
    assert row.issued_on is not None
    sign = -1 if row.kind == InvoiceKind.CREDIT_NOTE else 1
    total_value = sign * _of_role(moved, AccountRole.RECEIVABLE)
    tax_value = -sign * _of_role(moved, AccountRole.TAX_PAYABLE)
    is_foreign = row.currency != view.currency
    quantum = minor_quantum(view.currency)
    amounts = [line.amount for line in lines]
    values = shared(total_value - tax_value, amounts, quantum) if is_foreign else [None] * len(lines)
    position = view.role(AccountRole.CONTRACT_POSITION)
    return Invoice(
        number=row.number,
        customer=customer_ref(row.client_id),
        issued_on=row.issued_on,
        due_on=row.due_on or row.issued_on,
        currency=row.currency,
        receivable_account=view.role(AccountRole.RECEIVABLE),
        lines=[
            DocumentLine(
                line.description, position, plain(line.amount, row.currency), view.tax(line.tax_code, line.tax_rate),
                view.mapping.dimensions(_about(row, line)), value,
            )
            for line, value in zip(lines, values, strict=True)
        ],
        taxes=_taxes(view, row, lines, tax_value if is_foreign else None),
        total=plain(row.gross, row.currency),
        functional_total=plain(total_value if is_foreign else row.gross, view.currency),
        credits=invoice_ref(row.credits_invoice_id) if row.credits_invoice_id else "",
    )  # fmt: skip


def _about(row: InvoiceRow, line: InvoiceLine) -> _About:
    return _About(
        row.client_id, row.contract_id, line.contract_line_id, line.project_id or 0, line.task_id or 0,
        line.person_id or 0, (line.project.practice_id or 0) if line.project else 0,
    )  # fmt: skip


def _taxes(
    view: BookView, row: InvoiceRow, lines: Sequence[InvoiceLine], value: Decimal | None
) -> list[DocumentTax]:
    """Return the totals by tax. Of a credit note in parts the last takes what rounding left: the note's tax is right."""
    groups = tax_groups(
        [(line.amount, line.tax_code, line.tax_rate) for line in lines],
        row.currency,
        [line.gross_amount for line in lines],
    )
    amounts = [group.tax for group in groups]
    charged = [at for at, amount in enumerate(amounts) if amount]
    if charged:
        amounts[charged[-1]] += row.tax - sum(amounts, _ZERO)
    values = [None] * len(groups) if value is None else shared(value, amounts, minor_quantum(view.currency))
    account = view.role(AccountRole.TAX_PAYABLE)
    return [
        DocumentTax(
            view.tax(group.code, group.rate),
            account,
            plain(group.base, row.currency),
            plain(amount, row.currency),
            of_group,
        )
        for group, amount, of_group in zip(groups, amounts, values, strict=True)
    ]


# --- money ----------------------------------------------------------------------------------------------


def payments(view: BookView, payment_ids: Collection[int]) -> Iterator[tuple[int, Made]]:
    """Yield payments by id with what of them was set against invoices, in the order of their ids."""
    rows = list(
        PaymentRow.objects.filter(pk__in=payment_ids, entity_id=view.book_id)
        .select_related("client")
        .order_by("pk")
    )
    parts: dict[int, list[Allocation]] = defaultdict(list)
    for part in Allocation.objects.filter(payment__in=rows).order_by("pk"):
        parts[part.payment_id].append(part)
    given: dict[int, list[int]] = defaultdict(list)
    for payment_id, entry_id in EarlyDiscount.objects.filter(payment__in=rows, amount__gt=0).values_list(
        "payment_id", "journal_entry_id"
    ):
        given[payment_id].append(entry_id)
    moved = moved_by([row.journal_entry_id for row in rows])
    days = dict(JournalEntry.objects.filter(pk__in=moved).values_list("pk", "date"))
    for row in rows:
        used = [part for part in parts[row.pk] if part.amount > 0]
        document = Payment(
            customer=customer_ref(row.client_id),
            on=days[row.journal_entry_id],
            currency=row.currency,
            amount=plain(row.amount, row.currency),
            account=view.role(AccountRole.CASH_CLEARING),
            receivable_account=view.role(AccountRole.RECEIVABLE),
            reference=row.reference,
            settles=[
                Settled(invoice_ref(part.invoice_id), plain(part.amount, row.currency)) for part in used
            ],
            functional=_of_role(moved[row.journal_entry_id], AccountRole.CASH_CLEARING)
            if row.currency != view.currency
            else None,
        )
        entries = [row.journal_entry_id, *(part.journal_entry_id for part in used), *given[row.pk]]
        title = (
            f"Payment {row.reference}, {row.client.name}"
            if row.reference
            else f"Payment of {row.client.name}"
        )
        yield row.pk, Made(DocumentKind.PAYMENT, document, title, row.client_id, row.amount, entries)


def write_off(view: BookView, invoice_id: int, amount: Decimal, entry: JournalEntry | None) -> Made:
    """Return a debt that was written off as the other side takes it: like a payment, to Bad debt expense."""
    row = InvoiceRow.objects.select_related("client").get(pk=invoice_id)
    assert entry is not None
    rows = moved_by([entry.pk])[entry.pk]
    value = -_of_role(rows, AccountRole.RECEIVABLE)
    document = Payment(
        customer=customer_ref(row.client_id),
        on=entry.date,
        currency=row.currency,
        amount=plain(amount, row.currency),
        account=view.role(AccountRole.BAD_DEBT),
        receivable_account=view.role(AccountRole.RECEIVABLE),
        reference=row.number,
        settles=[Settled(invoice_ref(invoice_id), plain(amount, row.currency))],
        functional=value if row.currency != view.currency else None,
    )
    title = f"Write-off of {row.number}, {row.client.name}"
    return Made(DocumentKind.WRITE_OFF, document, title, row.client_id, amount, [entry.pk])


def accounts_by_code(view: BookView) -> dict[str, str]:
    """Return the names of our accounts by their code there."""
    rows = Account.objects.filter(book_id=view.book_id).order_by("code").values_list("pk", "name")
    found: dict[str, str] = {}
    for pk, name in rows:
        found.setdefault(view.mapping.account(pk), name)
    return found
