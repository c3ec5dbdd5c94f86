"""A layout shown on sample work: drafted and set by the code that drafts and sets invoices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from workledger.billing.calc.drafting import OpenPiece, draft_invoices, tax_groups
from workledger.billing.calc.layouts import Names
from workledger.billing.documents import (
    UNITS,
    DocumentLine,
    InvoiceDocument,
    Party,
    ServicePeriod,
    TaxTotal,
    TimesheetRow,
    render_pdf,
)
from workledger.billing.freezing import seller_of
from workledger.billing.laying import Weeks, read_layout
from workledger.billing.models import InvoiceLayout
from workledger.core.access import Actor
from workledger.directory.models import LegalEntity
from workledger.kernel.quantity import hours

_LINES = {1: (1, "Delivery"), 2: (2, "Licences")}
_TASKS = {1: "Discovery", 2: "Build", 3: "Go-live"}
_PHASES = {1: (1, "Design"), 2: (2, "Realization"), 3: (2, "Realization")}
_PEOPLE = {1: "Carl Brandt", 2: "Pia Norén"}
_ROLES = {1: "Consultant", 2: "Lead"}
_WORK = (  # task, person, day of March 2026, hours
    (1, 1, 2, "6"), (1, 2, 3, "2.5"), (2, 1, 4, "7.5"), (2, 1, 10, "8"), (2, 2, 11, "3"), (3, 1, 12, "4"), (3, 2, 17, "5"),
)  # fmt: skip
_RATES = {1: Decimal(120), 2: Decimal(160)}
_FEE = Decimal(450)
_TAX = Decimal(19)


def sample_pdf(actor: Actor, layout: InvoiceLayout, language: str) -> bytes:
    """Return the PDF of sample work in a layout, from the first legal entity that the actor sees."""
    entity = LegalEntity.objects.visible_to(actor).order_by("pk").first()
    seller = seller_of(entity, entity.country) if entity else Party("Your company")
    return render_pdf(sample(layout, language, seller, entity.book.currency if entity else "EUR"))


def sample(layout: InvoiceLayout, language: str, seller: Party, currency: str) -> InvoiceDocument:
    """Return sample work as a document in a layout."""
    names = Names(_LINES, _PHASES, _TASKS, _ROLES, _PEOPLE, Weeks(language).word)
    (draft,) = draft_invoices(
        _pieces(), group_by={}, rounding={}, currency={1: currency}, layouts={1: (read_layout(layout), names)}
    )
    lines = tuple(
        DocumentLine(
            position, line.description or _described(line.task_id, line.person_id), line.quantity,
            UNITS.get(line.unit, line.unit), line.rate, line.amount, "S", _TAX, line.heading,
            first_day=line.first if "dates" in layout.columns else None,
            last_day=line.last if "dates" in layout.columns else None,
        )
        for position, line in enumerate(draft.lines, start=1)
    )  # fmt: skip
    (group,) = tax_groups([(line.amount, line.tax_code, line.tax_rate) for line in lines], currency)
    gross = group.base + group.tax
    return InvoiceDocument(
        kind="pre_bill", number="", issued_on=date(2026, 3, 31), currency=currency, locale=language,
        seller=replace(seller, bank=None), buyer=Party("Northwind Energy AB", ("Drottninggatan 71", "111 36 Stockholm")),
        service_period=ServicePeriod(draft.service_start, draft.service_end), contract_name="C-2026-014 Data platform",
        subject=layout.opening, notes=layout.closing, lines=lines,
        taxes=(TaxTotal(group.code, group.rate, group.base, group.tax),), net=group.base, tax=group.tax, gross=gross,
        due=gross, columns=tuple(layout.columns), has_subtotals=layout.has_subtotals,
        number_format=layout.number_format, backup=() if layout.attaches == "never" else _backup(),
    )  # fmt: skip


def _pieces() -> Sequence[OpenPiece]:
    pieces = []
    for at, (task, person, day, worked) in enumerate(_WORK, start=1):
        amount = Decimal(worked) * _RATES[person]
        pieces.append(
            OpenPiece(
                at, 1, 1, 1, task, person, date(2026, 3, day), int(Decimal(worked) * 3600), _RATES[person], amount,
                amount, role_id=person,
            )
        )  # fmt: skip
    fee = OpenPiece(
        99, 1, 2, 0, 0, 0, date(2026, 3, 31), 0, _FEE, _FEE, _FEE, quantity=Decimal(1), unit="mo",
        description="Licence, March 2026",
    )  # fmt: skip
    return [*pieces, fee]


def _described(task_id: int | None, person_id: int | None) -> str:
    return ", ".join(filter(None, (_TASKS.get(task_id or 0, ""), _PEOPLE.get(person_id or 0, ""))))


def _backup() -> tuple[TimesheetRow, ...]:
    return tuple(
        TimesheetRow(
            date(2026, 3, day),
            _PEOPLE[person],
            _TASKS[task],
            "As agreed",
            *[hours(int(Decimal(worked) * 3600))] * 2,
        )
        for task, person, day, worked in _WORK
    )
