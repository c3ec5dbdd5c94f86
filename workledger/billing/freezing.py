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
    VAT_ID,
    BankDetails,
    DocumentLine,
    InvoiceDocument,
    Logo,
    Party,
    ServicePeriod,
    TaxId,
    TaxTotal,
    TimesheetRow,
)
from workledger.billing.models import Invoice, InvoiceLine
from workledger.billing.wording import payment_terms, prices_include_tax, tax_label
from workledger.directory.calc import eas
from workledger.directory.calc.addresses import Address
from workledger.directory.models import BillingProfile, Client, Contact, LegalEntity
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_units
from workledger.projects.models import Project

_UNITS = {"h": "hour", "pc": "item", "d": "day", "mo": "month"}
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
    buyers = _buyers({invoice.client_id for invoice in invoices}, profiles)
    entities = {entity.pk: entity for entity in LegalEntity.objects.all()}
    pairs = {(invoice.entity_id, buyers[invoice.client_id].country) for invoice in invoices}
    sellers = {(pk, country): _seller(entities[pk], country) for pk, country in pairs}
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
    return InvoiceDocument(
        kind="invoice" if number else "pre_bill",
        number=number,
        issued_on=issued_on,
        due_on=due_on,
        currency=invoice.currency,
        currency_digits=minor_units(invoice.currency),
        service_period=ServicePeriod(invoice.service_start, invoice.service_end),
        locale=locale,
        paper="letter" if profile and profile.paper == "letter" else "a4",
        seller=seller,
        buyer=buyer,
        buyer_reference=profile.buyer_reference if profile else "",
        purchase_order=invoice.contract.po_number,
        contract_name=f"{invoice.contract.number} {invoice.contract.name}",
        project_name=", ".join(projects.values()) if len(projects) == 1 else "",
        payment_terms=payment_terms(locale, days),
        payment_reference=number,
        notes="\n".join(filter(None, (invoice.note, _price_words(lines, locale)))),
        lines=tuple(
            DocumentLine(
                position=line.position,
                description=line.description,
                quantity=line.quantity,
                unit=_UNITS.get(line.unit, line.unit),
                rate=line.rate,
                amount=line.printed_amount,
                net=None if line.gross_amount is None else line.amount,
                tax_code=line.tax_code,
                tax_rate=line.tax_rate,
                group=projects.get(line.project_id or 0, line.contract_line.name)
                if len(projects) > 1
                else "",
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
        backup=tuple(backup) if profile is None or profile.attach_timesheet else (),
    )


def _price_words(lines: Sequence[InvoiceLine], locale: str) -> str:
    """Return the sentence that prices contain tax, '' where they do not."""
    return prices_include_tax(locale) if any(line.gross_amount is not None for line in lines) else ""


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


def _seller(entity: LegalEntity, buyer_country: str) -> Party:
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
