"""Documents of a small named firm for tests: Carl and Pia work for Cleo's company."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from workledger.billing.documents.logos import demo_logo
from workledger.billing.documents.model import (
    BankDetails,
    DocumentLine,
    InvoiceDocument,
    Party,
    ServicePeriod,
    TaxId,
    TaxTotal,
    TimesheetRow,
    round_amount,
)

SELLER = Party(
    name="Lindqvist & Partner",
    address=("Brunnenstraße 12", "10119 Berlin", "Germany"),
    tax_ids=(TaxId("VAT ID", "DE293847560"), TaxId("Register", "HRB 123456 B, Charlottenburg")),
    email="billing@lindqvist-partner.example",
    phone="+49 30 5550 1200",
    website="lindqvist-partner.example",
    logo=demo_logo(),
    bank=BankDetails(
        account_holder="Lindqvist & Partner GmbH",
        bank_name="Musterbank Berlin",
        iban="DE89370400440532013000",
        bic="MUSTDEB1XXX",
    ),
)
BUYER = Party(
    name="Northwind Energy AB",
    contact="Cleo Arvidsson, Accounts Payable",
    address=("Drottninggatan 71", "111 36 Stockholm", "Sweden"),
    tax_ids=(TaxId("VAT ID", "SE556677889901"),),
)
PEOPLE = ("Carl Brandt", "Pia Norén", "Olivia Lindqvist", "Jonas Weber")
TASKS = ("Discovery and process maps", "Data platform build", "Migration rehearsals", "Programme management")
NOTES = (
    "Interviews with trading and settlement, notes written up",
    "Load jobs for meter readings; fixed time-zone drift at the October change",
    "Dry run 2 of the cut-over, runbook updated with timings from the floor",
    "Weekly steering group, risk log and plan for the next sprint",
    "Review of interfaces with the ERP team",
)


def line(position: int, quantity: str, rate: str, **fields: Any) -> DocumentLine:
    """Return a line whose amount is what its parts give."""
    amount = round_amount(Decimal(quantity) * Decimal(rate), 2)
    given: dict[str, Any] = {
        "description": "Consulting",
        "unit": "hour",
        "tax_code": "S",
        "tax_rate": Decimal(19),
    }
    return DocumentLine(
        position=position, quantity=Decimal(quantity), rate=Decimal(rate), amount=amount, **(given | fields)
    )


def lines(count: int) -> tuple[DocumentLine, ...]:
    """Return `count` lines under four tasks, each with a person and some with a longer detail."""
    made = []
    for index in range(count):
        task = TASKS[index * len(TASKS) // count]
        person = PEOPLE[index % len(PEOPLE)]
        detail = "" if index % 3 else NOTES[index % len(NOTES)]
        made.append(
            line(
                index + 1,
                f"{6 + (index * 7) % 31}.{(index % 4) * 25:02}",
                ("145", "162.50", "210", "133.3333")[index % 4],
                description=("Senior consulting", "Engineering", "Partner review", "Analysis")[index % 4],
                person=person,
                group=task,
                detail=detail,
            )
        )
    return tuple(made)


def backup(rows: int) -> tuple[TimesheetRow, ...]:
    """Return `rows` timesheet rows of four people, several a day."""
    first = date(2026, 3, 2)
    return tuple(
        TimesheetRow(
            first + timedelta(days=index // (len(PEOPLE) * 2) % 22),
            PEOPLE[index % len(PEOPLE)],
            TASKS[index // 3 % len(TASKS)],
            NOTES[index % len(NOTES)],
            Decimal(index % 12 + 1) / 4 + 1,
            Decimal(index % 12 + 1) / 4 if index % 9 else Decimal(0),
        )
        for index in range(rows)
    )


def document(lines: tuple[DocumentLine, ...] | None = None, **fields: Any) -> InvoiceDocument:
    """Return an invoice whose sums follow from its lines; `fields` replace any part."""
    given = lines if lines is not None else (line(1, "12.5", "160", group=""),)
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for each in given:
        key = (each.tax_code, each.tax_rate)
        bases[key] = bases.get(key, Decimal(0)) + each.amount
    taxes = tuple(
        TaxTotal(code, rate, base, round_amount(base * rate / 100, 2)) for (code, rate), base in bases.items()
    )
    net = sum(bases.values(), Decimal(0))
    tax = sum((total.tax for total in taxes), Decimal(0))
    whole: dict[str, Any] = {
        "kind": "invoice",
        "number": "INV-2026-0042",
        "issued_on": date(2026, 4, 2),
        "due_on": date(2026, 5, 2),
        "service_period": ServicePeriod(date(2026, 3, 1), date(2026, 3, 31)),
        "currency": "EUR",
        "seller": SELLER,
        "buyer": BUYER,
        "buyer_reference": "Cleo Arvidsson, KST 4410",
        "purchase_order": "PO-778120",
        "contract_name": "Grid data platform",
        "project_name": "Phase 2, build and migration",
        "subject": "Consulting services in March 2026",
        "payment_terms": "Payable within 30 days of the date of issue without deduction.",
        "payment_reference": "INV-2026-0042",
        "lines": given,
        "taxes": taxes,
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "paid": Decimal(0),
        "due": net + tax,
    }
    return InvoiceDocument(**(whole | fields))
