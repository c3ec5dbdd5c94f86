"""From stored invoices to the documents that are frozen, printed and hashed; set-based, for one or hundreds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db import connection

from workledger.billing.calc.drafting import tax_groups
from workledger.billing.calc.taxes import Tax, labels
from workledger.billing.documents import (
    TAX_NUMBER,
    UNITS,
    VAT_ID,
    BankDetails,
    DocumentLine,
    InvoiceDocument,
    Logo,
    Party,
    Receipt,
    ServicePeriod,
    TaxId,
    TaxTotal,
    TimesheetRow,
)
from workledger.billing.documents.locales import locale_of
from workledger.billing.documents.model import VERSION
from workledger.billing.models import Invoice, InvoiceLayout, InvoiceLine, InvoiceSource
from workledger.billing.orders import number_of
from workledger.billing.wording import early_payment, payment_terms, tax_label
from workledger.directory.calc import eas
from workledger.directory.models import BillingProfile, Client, Contact, LegalEntity
from workledger.expenses.files import opened
from workledger.expenses.models import Receipt as ExpenseReceipt
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_units
from workledger.projects.models import Project

_BACKUP = """
    SELECT s.invoice_id, e.work_date, p.name, t.name, e.note, i.worked_seconds, i.billable_seconds
    FROM billing_invoicesource s
    JOIN billing_billableitem i ON i.id = s.item_id
    JOIN timesheets_timeentry e ON e.id = i.source_id AND i.source_kind = 'time'
    JOIN directory_person p ON p.id = i.person_id
    JOIN projects_task t ON t.id = i.task_id
    WHERE s.line_id = ANY(%s)
    ORDER BY s.invoice_id, p.name, e.work_date, e.id
"""


def documents(
    invoices: Sequence[Invoice],
    *,
    numbers: Mapping[int, str],
    issued_on: date,
    due_on: Mapping[int, date],
) -> dict[int, InvoiceDocument]:
    """Return the document of each invoice by id, with the letterhead, terms and names of this moment.

    An invoice without a number is printed as a pre-bill. A constant number of queries.
    """
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    rows = InvoiceLine.objects.filter(invoice__in=[invoice.pk for invoice in invoices])
    for line in rows.select_related("contract_line").order_by("invoice_id", "position"):
        lines[line.invoice_id].append(line)
    names = dict(Project.objects.filter(pk__in=rows.values("project_id")).values_list("pk", "name"))
    profiles = {
        profile.client_id: profile
        for profile in BillingProfile.objects.filter(client__in={invoice.client_id for invoice in invoices})
    }
    backup = _backup([line.pk for invoice in invoices for line in lines[invoice.pk]])
    receipts = _receipts([row.pk for row in invoices if row.layout and row.layout.attaches_receipts])
    sellers = {entity.pk: seller_of(entity) for entity in LegalEntity.objects.all()}
    buyers = _buyers({invoice.client_id for invoice in invoices}, profiles)
    return {
        invoice.pk: _document(
            invoice,
            lines[invoice.pk],
            names,
            profiles.get(invoice.client_id),
            seller=sellers[invoice.entity_id],
            buyer=buyers[invoice.client_id],
            backup=backup.get(invoice.pk, ()),
            receipts=receipts.get(invoice.pk, ()),
            number=numbers.get(invoice.pk, ""),
            issued_on=issued_on,
            due_on=due_on.get(invoice.pk),
        )
        for invoice in invoices
    }


def _document(
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    names: Mapping[int, str],
    profile: BillingProfile | None,
    *,
    seller: Party,
    buyer: Party,
    backup: Sequence[TimesheetRow],
    receipts: Sequence[Receipt],
    number: str,
    issued_on: date,
    due_on: date | None,
) -> InvoiceDocument:
    projects = {line.project_id: names[line.project_id] for line in lines if line.project_id}
    groups = tax_groups([(line.amount, line.tax_code, line.tax_rate) for line in lines], invoice.currency)
    printed = labels(Tax(line.tax_code, line.tax_rate, line.tax_label) for line in lines)
    days = (due_on - issued_on).days if due_on is not None else 0
    locale = profile.language if profile else "en"
    layout = invoice.layout
    shows_days = layout is not None and "dates" in layout.columns
    return InvoiceDocument(
        kind="invoice" if number else "pre_bill",
        number=number,
        issued_on=issued_on,
        due_on=due_on,
        currency=invoice.currency,
        currency_digits=minor_units(invoice.currency),
        service_period=None
        if invoice.is_down_payment
        else ServicePeriod(invoice.service_start, invoice.service_end),
        is_down_payment=invoice.is_down_payment,
        locale=locale,
        paper="letter" if profile and profile.paper == "letter" else "a4",
        seller=seller,
        buyer=buyer,
        buyer_reference=profile.buyer_reference if profile else "",
        purchase_order=number_of(invoice),
        contract_name=f"{invoice.contract.number} {invoice.contract.name}",
        project_name=", ".join(projects.values()) if len(projects) == 1 else "",
        payment_terms=_terms_in_words(invoice, locale, days),
        payment_reference=number,
        notes="\n".join(filter(None, (invoice.note, layout.closing if layout else ""))),
        original_number=invoice.corrects_invoice.number if invoice.corrects_invoice else "",
        original_issued_on=invoice.corrects_invoice.issued_on if invoice.corrects_invoice else None,
        lines=tuple(
            DocumentLine(
                position=line.position,
                description=line.description,
                quantity=line.quantity,
                unit=UNITS.get(line.unit, line.unit),
                rate=line.rate,
                amount=line.amount,
                tax_code=line.tax_code,
                tax_rate=line.tax_rate,
                group=line.heading
                if layout
                else projects.get(line.project_id or 0, line.contract_line.name)
                if len(projects) > 1
                else "",
                first_day=line.first_day if shows_days else None,
                last_day=line.last_day if shows_days else None,
            )
            for line in lines
        ),
        taxes=tuple(
            TaxTotal(
                group.code,
                group.rate,
                group.base,
                group.tax,
                printed[group.code, group.rate] or tax_label(locale, group.code),
            )
            for group in groups
        ),
        net=invoice.net,
        tax=invoice.tax,
        gross=invoice.gross,
        due=invoice.gross,
        backup=tuple(backup) if _appends_time(layout, profile) else (),
        receipts=tuple(receipts),
        columns=tuple(layout.columns) if layout else (),
        has_subtotals=layout.has_subtotals if layout else True,
        number_format=layout.number_format if layout else "",
        subject=layout.opening if layout else "",
    )


def _terms_in_words(invoice: Invoice, locale: str, days: int) -> str:
    """Return when to pay, and what paying early saves, as the invoice prints it."""
    said = payment_terms(locale, days)
    if invoice.discount_until is None or not invoice.discount:
        return said
    written = locale_of(locale, VERSION)
    digits = minor_units(invoice.currency)
    early = early_payment(
        locale,
        until=written.long_date(invoice.discount_until),
        discount=written.money(invoice.discount, invoice.currency, digits),
        pays=written.money(invoice.gross - invoice.discount, invoice.currency, digits),
    )
    return f"{said} {early}".strip()


def _backup(line_ids: Sequence[int]) -> dict[int, list[TimesheetRow]]:
    found: dict[int, list[TimesheetRow]] = defaultdict(list)
    printed: dict[int, Decimal] = {}  # hours repeat: quarter hours mostly
    with connection.cursor() as cursor:
        cursor.execute(_BACKUP, [list(line_ids)])
        for invoice_id, day, person, task, note, worked, billable in cursor.fetchall():
            if worked not in printed:
                printed[worked] = hours(worked)
            if billable not in printed:
                printed[billable] = hours(billable)
            found[invoice_id].append(
                TimesheetRow(day, person, task, note, printed[worked], printed[billable])
            )
    return found


def _appends_time(layout: InvoiceLayout | None, profile: BillingProfile | None) -> bool:
    if layout is not None and layout.attaches != "client":
        return layout.attaches == "always"
    return profile is None or profile.attach_timesheet


def _receipts(invoice_ids: Sequence[int]) -> dict[int, list[Receipt]]:
    """Return the receipts of the expenses on invoices, in the order of the expenses."""
    found: dict[int, list[Receipt]] = defaultdict(list)
    if not invoice_ids:
        return found
    expenses = InvoiceSource.objects.filter(
        invoice_id__in=invoice_ids, is_live=True, item__source_kind="expense"
    ).order_by("item__service_date", "item_id")
    of_expense = dict(expenses.values_list("item__source_id", "invoice_id"))
    kept = ExpenseReceipt.objects.filter(expense__in=of_expense).order_by("expense__work_date", "pk")
    for row in kept.select_related("expense"):
        with opened(row.file) as file:
            name = row.expense.description or row.expense.vendor or row.file_name
            found[of_expense[row.expense_id]].append(Receipt(name, row.media_type, file.read()))
    return found


def seller_of(entity: LegalEntity) -> Party:
    """Return a legal entity as its documents print it."""
    ids = [(VAT_ID, entity.vat_id), (TAX_NUMBER, entity.tax_number)]
    scheme, endpoint = eas.of_company(entity.country, entity.vat_id, entity.email)
    return Party(
        name=entity.name,
        address=_address(entity.address),
        tax_ids=tuple(TaxId(label, value) for label, value in ids if value),
        email=entity.email,
        phone=entity.phone,
        website=entity.website,
        logo=Logo("image/svg+xml", entity.logo_svg.encode()) if entity.logo_svg else None,
        bank=BankDetails(
            account_holder=entity.name, iban=entity.iban, bic=entity.bic, bank_name=entity.bank_name
        )
        if entity.iban
        else None,
        country=entity.country,
        endpoint_scheme=scheme,
        endpoint_id=endpoint,
    )


def _buyers(client_ids: set[int], profiles: Mapping[int, BillingProfile]) -> dict[int, Party]:
    contacts: dict[int, str] = {}
    for contact in Contact.objects.filter(client__in=client_ids).order_by("is_billing_contact", "-pk"):
        contacts[contact.client_id] = contact.name  # the billing contact comes last and stays
    return {
        client.pk: Party(
            name=client.name,
            address=_address(client.address),
            tax_ids=(TaxId(VAT_ID, client.vat_id),) if client.vat_id else (),
            contact=contacts.get(client.pk, ""),
            country=client.country,
            endpoint_scheme=profiles[client.pk].einvoice_scheme if client.pk in profiles else "",
            endpoint_id=profiles[client.pk].einvoice_address if client.pk in profiles else "",
        )
        for client in Client.objects.filter(pk__in=client_ids)
    }


def _address(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
