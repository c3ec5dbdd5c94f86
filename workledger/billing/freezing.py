"""From stored invoices to the documents that are frozen, printed and hashed; set-based, for one or hundreds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from workledger.billing.calc.drafting import tax_groups
from workledger.billing.calc.taxes import Tax, stated
from workledger.billing.documents import (
    REGISTER,
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
from workledger.billing.wording import early_payment, payment_terms, prices_include_tax, tax_label
from workledger.directory.calc import eas
from workledger.directory.calc.addresses import Address
from workledger.directory.models import BillingProfile, Client, Contact, LegalEntity
from workledger.expenses.files import RECEIPTS
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
    buyers = _buyers({invoice.client_id for invoice in invoices}, profiles)
    entities = {entity.pk: entity for entity in LegalEntity.objects.all()}
    pairs = {(invoice.entity_id, buyers[invoice.client_id].country) for invoice in invoices}
    sellers = {(pk, country): seller_of(entities[pk], country) for pk, country in pairs}
    homes = {pk: entity.country for pk, entity in entities.items()}
    return {
        invoice.pk: _document(
            invoice,
            lines[invoice.pk],
            names,
            profiles.get(invoice.client_id),
            seller=sellers[invoice.entity_id, buyers[invoice.client_id].country],
            buyer=_seen_from(homes[invoice.entity_id], buyers[invoice.client_id]),
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
    groups = tax_groups(
        [(line.amount, line.tax_code, line.tax_rate) for line in lines],
        invoice.currency,
        [line.gross_amount for line in lines],
    )
    said = stated(Tax(line.tax_code, line.tax_rate, line.tax_label, line.tax_vatex) for line in lines)
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
        notes="\n".join(
            filter(None, (invoice.note, layout.closing if layout else "", _price_words(lines, locale)))
        ),
        original_number=invoice.corrects_invoice.number if invoice.corrects_invoice else "",
        original_issued_on=invoice.corrects_invoice.issued_on if invoice.corrects_invoice else None,
        lines=tuple(
            DocumentLine(
                position=line.position,
                description=line.description,
                quantity=line.quantity,
                unit=UNITS.get(line.unit, line.unit),
                rate=line.rate,
                amount=line.printed_amount,
                net=None if line.gross_amount is None else line.amount,
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
                said[group.code, group.rate].label or tax_label(locale, group.code),
                said[group.code, group.rate].vatex,
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


def _price_words(lines: Sequence[InvoiceLine], locale: str) -> str:
    """Return the sentence that prices contain tax, '' where they do not."""
    return prices_include_tax(locale) if any(line.gross_amount is not None for line in lines) else ""


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
        with RECEIPTS.opened(row.file) as file:
            name = row.expense.description or row.expense.vendor or row.file_name
            found[of_expense[row.expense_id]].append(Receipt(name, row.media_type, file.read()))
    return found


def seller_of(entity: LegalEntity, buyer_country: str) -> Party:
    """Return a legal entity as its documents print it to a buyer in this country."""
    scheme, endpoint = eas.of_company(entity.country, entity.vat_id, entity.email)
    registered, registration = eas.of_register(entity.country, entity.register_number, entity.vat_id)
    ids = [(VAT_ID, entity.vat_id), (TAX_NUMBER, entity.tax_number), (REGISTER, entity.register_number)]
    return Party(
        name=entity.name,
        address=entity.postal.lines(buyer_country),
        tax_ids=tuple(TaxId(label, value) for label, value in ids if value),
        email=entity.email,
        phone=entity.phone,
        website=entity.website,
        logo=Logo("image/svg+xml", entity.logo_svg.encode()) if entity.logo_svg else None,
        bank=_bank(entity),
        footer=tuple(entity.footer.splitlines()),
        endpoint_scheme=scheme,
        endpoint_id=endpoint,
        registration=registration,
        registration_scheme=registered,
        **_parts(entity.postal),
    )


def _bank(entity: LegalEntity) -> BankDetails | None:
    if not (entity.iban or entity.account_number):
        return None
    return BankDetails(
        account_holder=entity.account_holder or entity.name,
        iban=entity.iban,
        bic=entity.bic,
        bank_name=entity.bank_name,
        routing_number=entity.routing_number,
        account_number=entity.account_number,
    )


def _buyers(client_ids: set[int], profiles: Mapping[int, BillingProfile]) -> dict[int, Party]:
    contacts: dict[int, str] = {}
    for contact in Contact.objects.filter(client__in=client_ids).order_by("is_billing_contact", "-pk"):
        contacts[contact.client_id] = contact.name  # the billing contact comes last and stays
    return {
        client.pk: _buyer(client, profiles.get(client.pk), contacts.get(client.pk, ""))
        for client in Client.objects.filter(pk__in=client_ids)
    }


def _buyer(client: Client, profile: BillingProfile | None, contact: str) -> Party:
    registered, registration = eas.of_register(client.country, client.register_number, client.vat_id)
    return Party(
        name=client.name,
        address=client.postal.lines(),
        tax_ids=(TaxId(VAT_ID, client.vat_id),) if client.vat_id else (),
        contact=contact,
        endpoint_scheme=profile.einvoice_scheme if profile else "",
        endpoint_id=profile.einvoice_address if profile else "",
        registration=registration,
        registration_scheme=registered,
        **_parts(client.postal),
    )


def _parts(address: Address) -> dict[str, Any]:
    return asdict(address)


def _seen_from(country: str, buyer: Party) -> Party:
    """Return the buyer with its country as the last line where mail crosses a border."""
    parts = Address(
        buyer.street, buyer.additional, buyer.postcode, buyer.city, buyer.subdivision, buyer.country
    )
    return replace(buyer, address=parts.lines(country))
