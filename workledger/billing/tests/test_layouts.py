"""Layouts: how work becomes headings and lines, and how the frozen document prints them."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.layouts import LayoutInput, add_layout, change_layout
from workledger.billing.actions.payment_terms import choose_for_invoices
from workledger.billing.documents import (
    InvoiceDocument,
    Receipt,
    content_hash,
    e_invoice,
    from_json,
    render_pdf,
    to_cii,
    to_json,
    to_ubl,
)
from workledger.billing.documents.tests.samples import document
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.models import Invoice, IssuedDocument
from workledger.billing.tests.test_cycle import run
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.projects.models import Phase
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, World

MARCH_2, MARCH_10 = date(2026, 3, 2), date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def use(world: World, **fields: Any) -> int:
    pk = add_layout(actor=world.olivia.actor, layout=replace(LayoutInput("Mine"), **fields))
    choose_for_invoices(actor=world.olivia.actor, client_id=world.acme.pk, layout_id=pk)
    return pk


def billed(world: World) -> Invoice:
    """Carl (consultant, 120) 6 h and 2 h on Build, Pia (lead, 160) 3 h on Build and 1 h on Workshops, two weeks."""
    book(world.carl, world.build, MARCH_2, "6")
    book(world.carl, world.build, MARCH_10, "2")
    book(world.pia, world.build, MARCH_10, "3")
    book(world.pia, world.workshops, MARCH_2, "1")
    approve_all(world)
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    return invoice


def lines(invoice: Invoice) -> list[tuple[str, str, D, D]]:
    return [
        (line.heading, line.description, line.quantity, line.rate)
        for line in invoice.lines.order_by("position")
    ]


def frozen(invoice: Invoice) -> InvoiceDocument:
    return from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))


def printed(doc: InvoiceDocument) -> str:
    pages = PdfReader(BytesIO(render_pdf(doc))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (
            {"group_by": "task", "line_by": "role"},
            [
                ("Build", "Lead", D(3), D(160)),
                ("Build", "Consultant", D(8), D(120)),
                ("Workshops", "Lead", D(1), D(160)),
            ],
        ),
        (
            {"group_by": "person", "line_by": "task"},
            [
                ("Carl Consultant", "Build", D(8), D(120)),
                ("Pia Lead", "Build", D(3), D(160)),
                ("Pia Lead", "Workshops", D(1), D(160)),
            ],
        ),
        (
            {"group_by": "week", "line_by": "line"},
            [
                ("02 Mar 2026 – 08 Mar 2026", "Delivery", D(1), D(160)),
                ("02 Mar 2026 – 08 Mar 2026", "Delivery", D(6), D(120)),
                ("09 Mar 2026 – 15 Mar 2026", "Delivery", D(3), D(160)),
                ("09 Mar 2026 – 15 Mar 2026", "Delivery", D(2), D(120)),
            ],
        ),
        ({"line_by": "line"}, [("", "Delivery", D(4), D(160)), ("", "Delivery", D(8), D(120))]),
    ],
)
def test_work_goes_under_headings_and_another_rate_is_another_line(
    world: World, fields: dict[str, str], found: list[tuple[str, str, D, D]]
) -> None:
    use(world, **fields)
    assert sorted(lines(billed(world))) == sorted(found)


def test_phases_stand_in_their_order_and_work_without_one_comes_last(world: World) -> None:
    late = Phase.objects.create(project=world.atlas, position=2, name="Before")
    first = Phase.objects.create(project=world.atlas, position=1, name="Then")
    world.build.phase, world.workshops.phase = late, first
    world.build.save()
    world.workshops.save()
    use(world, group_by="phase", line_by="person")
    assert [heading for heading, *_ in lines(billed(world))] == ["Then", "Before", "Before"]


def test_several_models_stand_in_one_invoice_with_a_subtotal_each(world: World) -> None:
    hosting = ContractLine.objects.create(
        contract=world.acme_contract, name="Hosting", position=3, model=BillingModel.FIXED_FEE, price=D(500),
        revenue_method=RevenueMethod.AS_INVOICED,
        terms={"price": "500", "instalments": [{"name": "Set-up", "due": "2026-03-15", "amount": "250"}]},
    )  # fmt: skip
    use(
        world, group_by="line", line_by="task", columns=("quantity", "unit", "rate"), number_format="1.234,56"
    )
    doc = frozen(billed(world))
    assert {line.group for line in doc.lines} == {"Delivery", hosting.name}
    text = printed(doc)
    for said in ("Subtotal Delivery", "1.600,00", "Subtotal Hosting", "250,00"):
        assert said in text


def test_the_document_keeps_its_layout_and_stays_an_e_invoice(world: World) -> None:
    layout = use(
        world, group_by="task", line_by="role", columns=("dates", "quantity"), number_format="1 234,56",
        attaches="never", opening="Platform work", closing="Thank you.",
    )  # fmt: skip
    invoice = billed(world)
    doc = frozen(invoice)
    change_layout(
        actor=world.olivia.actor, layout_id=layout, layout=LayoutInput("Other", group_by="", line_by="task")
    )
    assert from_json(to_json(doc)) == doc
    assert content_hash(doc) == IssuedDocument.objects.get(invoice=invoice).content_hash
    assert (doc.backup, doc.subject, doc.notes) == ((), "Platform work", "Thank you.")
    text = printed(doc).replace("\N{NO-BREAK SPACE}", " ")
    for said in ("Subtotal Build", "1 440,00", "02 Mar 2026 – 10 Mar 2026", "Platform work"):
        assert said in text
    assert "Rate (EUR)" not in text
    assert (problems_of_cii(to_cii(e_invoice(doc))), problems_of_ubl(to_ubl(e_invoice(doc)))) == ([], [])
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Address")


def test_a_contracts_layout_goes_before_the_clients(world: World) -> None:
    use(world, group_by="task", line_by="role")
    own = add_layout(actor=world.olivia.actor, layout=LayoutInput("Own", line_by="person"))
    choose_for_invoices(
        actor=world.olivia.actor, client_id=world.acme.pk, contract_id=world.acme_contract.pk, layout_id=own
    )
    assert {heading for heading, *_ in lines(billed(world))} == {""}


def _picture(width: int, height: int) -> bytes:
    """Return a blank picture as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    rows = (b"\x00" + b"\xc8\xdc\xf0" * width) * height
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_receipts_are_pages_and_attached_files() -> None:
    receipts = (
        Receipt("Hotel Sonne", "image/png", _picture(40, 60)),
        Receipt("Train", "application/pdf", render_pdf(document())),
    )
    doc = document(receipts=receipts)
    assert from_json(to_json(doc)) == doc
    made = PdfReader(BytesIO(render_pdf(doc)))
    assert len(made.pages) == len(PdfReader(BytesIO(render_pdf(document()))).pages) + 1
    assert "Receipt 1: Hotel Sonne" in made.pages[-1].extract_text()
    assert "receipt-2.pdf" in made.attachments


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"name": "Known"}, "name_taken"),
        ({"line_by": "colour"}, "unknown_choice"),
        ({"columns": ("colour",)}, "unknown_choice"),
        ({"number_format": "1_0"}, "unknown_choice"),
        ({"group_by": "entry"}, "unknown_choice"),
        ({"group_by": "task"}, "same_twice"),
        ({"opening": "x" * 401}, "too_long"),
    ],
)
def test_impossible_layouts_are_refused(world: World, fields: dict[str, Any], code: str) -> None:
    add_layout(actor=world.olivia.actor, layout=LayoutInput("Known"))
    with pytest.raises(Refused) as refused:
        add_layout(actor=world.olivia.actor, layout=replace(LayoutInput("Mine"), **fields))
    assert refused.value.codes == (code,)
