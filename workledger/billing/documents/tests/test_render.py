"""The PDF says what the document says, the same bytes each time, whatever a person typed.

What is printed is read back from the PDF with poppler's `pdftotext`, where the machine has it.
"""

import re
import shutil
import subprocess
import sys
import threading
import zlib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from workledger.billing.documents import fonts
from workledger.billing.documents.locales import locale_of
from workledger.billing.documents.model import InvoiceDocument, Logo, TimesheetRow, credit_of
from workledger.billing.documents.render import DocumentError, render_pdf
from workledger.billing.documents.tests.samples import SELLER, backup, document, line, lines

NBSP = "\u00a0"


def printed(doc: InvoiceDocument) -> str:
    """Return the text of the document's pages, with plain spaces."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    read = subprocess.run(
        [tool, "-layout", "-", "-"], input=render_pdf(doc), capture_output=True, check=True, timeout=60
    )
    return re.sub(r"[ \u00a0\u202f]+", " ", read.stdout.decode())


def pages(pdf: bytes) -> int:
    """Count the pages, which may stand in packed object streams."""
    parts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", b"".join(parts)))


def test_same_document_same_bytes() -> None:
    doc = document(lines(12), backup=backup(30))
    first = render_pdf(doc)
    render_pdf(document())
    assert render_pdf(doc) == first


def test_same_bytes_in_another_process() -> None:
    script = (
        "from hashlib import sha256\n"
        "from workledger.billing.documents.render import render_pdf\n"
        "from workledger.billing.documents.tests.samples import document, lines\n"
        "print(sha256(render_pdf(document(lines(12)))).hexdigest())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert other.stdout.strip() == sha256(render_pdf(document(lines(12)))).hexdigest()


def test_threads_give_the_same_bytes() -> None:
    docs = [document(lines(3), number=f"INV-{index}") for index in range(6)]
    made: dict[int, bytes] = {}

    def work(start: int) -> None:
        for index in range(start, 6, 2):
            made[index] = render_pdf(docs[index])

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {index: render_pdf(doc) for index, doc in enumerate(docs)}


def test_is_archival_and_dated_by_the_document() -> None:
    pdf = render_pdf(document())
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert b"2026-04-02T00:00:00" in pdf


def test_an_invoice_says_what_is_due() -> None:
    text = printed(document(lines(8)))
    for said in (
        "EUR 29,272.52",
        "Due 2 May 2026",
        "INV-2026-0042",
        "PO-778120",
        "March 2026",
        "Northwind Energy AB",
        "133.3333",
        "VAT 19% on 24,598.76 4,673.76",
        "DE89 3704 0044 0532 0130 00",
        "Page 1 of",
    ):
        assert said in text
    assert "Draft" not in text


def test_groups_carry_their_subtotals() -> None:
    doc = document(
        (
            line(1, "2", "100", group="Build"),
            line(2, "1.5", "80", group="Build"),
            line(3, "1", "90", group="Advice"),
        )
    )
    text = printed(doc)
    assert "Subtotal Build 3.50 320.00" in text
    assert "Subtotal Advice" not in text  # one line is its own subtotal
    assert "Net total · 4.50 hours 410.00" in text


def test_each_rate_has_its_total() -> None:
    doc = document((line(1, "1", "100"), line(2, "1", "50", unit="item", tax_code="Z", tax_rate=Decimal(0))))
    reverse = replace(doc, taxes=(doc.taxes[0], replace(doc.taxes[1], label="Reverse charge")))
    text = printed(reverse)
    assert "VAT 19% on 100.00 19.00" in text
    assert "Reverse charge 0% on 50.00 0.00" in text
    assert "1 hour" not in text  # an hour is always written 1.00
    assert "1.00 hour" in text
    assert "1 item" in text


def test_a_part_paid_invoice_asks_for_the_rest() -> None:
    text = printed(document(paid=Decimal("380"), due=Decimal("2000")))
    assert "Already paid \u2212380.00" in text
    assert "Amount due EUR 2,000.00" in text


def test_a_credit_note_names_its_invoice() -> None:
    text = printed(credit_of(document(), number="CN-3", issued_on=date(2026, 4, 20)))
    assert "Credit note" in text
    assert "Credits invoice INV-2026-0042 of 2 April 2026" in text
    assert "Amount credited EUR 2,380.00" in text
    assert "IBAN" not in text


def test_a_pre_bill_is_no_invoice() -> None:
    text = printed(document(kind="pre_bill", number="", due_on=None))
    assert "Pre-bill" in text
    assert "Proposed amount" in text
    assert "IBAN" not in text


def test_the_backup_sums_by_person_and_day() -> None:
    day = date(2026, 3, 2)
    rows = (
        TimesheetRow(day, "Pia", "Build", "Later alphabetically", Decimal(2), Decimal(2)),
        TimesheetRow(day, "Carl", "Build", "First", Decimal("3.25"), Decimal(3)),
        TimesheetRow(day, "Carl", "Build", "Second", Decimal("0.5"), Decimal(0)),
    )
    text = printed(document(backup=rows))
    assert text.count("Mon 02 Mar 2026") == 3  # on each row, so that no page begins without a date
    assert "Carl, 1 day 3.75 3.00" in text
    assert "Second 0.50 –" in text
    assert re.search(r"Total\s+5\.75 5\.00", text)
    assert text.index("Carl") < text.index("Pia")


def test_two_hundred_lines_repeat_their_head() -> None:
    doc = document(lines(200))
    text = printed(doc)
    assert text.count("Description") == text.count("Rate (EUR)") >= 5
    assert f"Page {text.count('Page ')} of {text.count('Page ')}" in text


HOSTILE = [
    '#panic("x") $a^2$ *b* _c_ `d` <e> @f = g \\ // h /* i',
    '"], "lines": [] } \\u0000 \\" { ] }',
    '#import "x.typ": *\n#read("/etc/hostname")',
    "tab\tbell\x07 zero\x00 escape\x1b[31m",
    "🎉 👩‍💻 ❤️ 👍🏽 🇸🇪 ✅",
    "שלום עולם, مرحبا بالعالم 12.50",
    "\u202egnp.exe\u202c \u2066isolated\u2069 soft\u00adhyphen zero\u200bwidth",
    "x̂́̂ combining, ạ̄̈ stacked; 漢字 かな 한국어; \ue000 private; \U0001fffe unassigned",
    "ไทย हिन्दी தமிழ் ქართული Ελληνικά Кириллица",
    "a" * 400,
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_person_typed_never_breaks_the_page(text: str) -> None:
    row = TimesheetRow(date(2026, 3, 2), text or "Carl", text, text, Decimal(1), Decimal(1))
    bank = SELLER.bank
    assert bank is not None
    doc = document(
        (line(1, "1", "100", description=text, detail=text, person=text, group=text, unit=text),),
        subject=text,
        notes=text,
        payment_terms=text,
        payment_reference=text,
        contract_name=text,
        number=text or "1",
        buyer_reference=text,
        seller=replace(SELLER, name=text or "L", address=(text,), bank=replace(bank, iban=text)),
        backup=(row,),
    )
    assert render_pdf(doc).startswith(b"%PDF-")


def test_markup_is_printed_as_typed() -> None:
    typed = '#panic("x") $a^2$ *b* _c_ {number} -- "quoted"'
    assert typed in printed(document(subject=typed))


def test_a_sign_without_a_shape_is_replaced() -> None:
    text = printed(document(subject="Kanji 漢 here", notes="Emoji 🎉 here"))
    assert "Kanji \ufffd here" in text
    assert "Emoji 🎉 here" in text


def test_reading_direction_cannot_be_turned() -> None:
    assert fonts.scrub("a\u202eb\u2066c\x00d\te\nf") == "abcd e\nf"


@pytest.mark.parametrize(
    ("character", "shown"), [("A", True), ("é", True), ("€", True), ("🎉", True), ("漢", False)]
)
def test_coverage_is_read_from_the_fonts(character: str, shown: bool) -> None:
    assert (character in fonts.full_coverage()) is shown


def test_only_the_scripts_beyond_latin_ask_other_faces() -> None:
    assert fonts.families_for(set("Größe € №")) == ("Inter",)
    assert fonts.families_for({"ש"})[1] == "Noto Sans"


@pytest.mark.parametrize(
    ("name", "number", "money", "percent", "day"),
    [
        ("en", "−1,234.50", "EUR 1,234.50", "19%", "5 March 2026"),
        ("en-US", "−1,234.50", "EUR 1,234.50", "19%", "March 5, 2026"),
        ("de", "−1.234,50", "1.234,50 EUR", "19 %", "5. März 2026"),
        ("de-CH", "−1’234.50", "EUR 1’234.50", "19 %", "5. März 2026"),
        ("fr", "−1\u202f234,50", "1\u202f234,50 EUR", "19 %", "5 mars 2026"),
        ("sv", "−1 234,50", "1 234,50 EUR", "19 %", "5 mars 2026"),
        ("xx", "−1,234.50", "EUR 1,234.50", "19%", "5 March 2026"),
    ],
)
def test_locales_write_in_their_own_way(name: str, number: str, money: str, percent: str, day: str) -> None:
    locale = locale_of(name, 1)
    value = Decimal("1234.5")
    assert locale.number(-value, 2).replace(NBSP, " ") == number.replace("−", "\u2212")
    assert locale.money(value, "EUR", 2).replace(NBSP, " ") == money
    assert locale.percent(Decimal("19.00")).replace(NBSP, " ") == percent
    assert locale.long_date(date(2026, 3, 5)).replace(NBSP, " ") == day


def test_a_number_is_never_rounded_for_print() -> None:
    english = locale_of("en", 1)
    assert english.number(Decimal("133.33330"), 2) == "133.3333"
    assert english.number(Decimal("1E+3"), 0) == "1,000"
    assert english.number(Decimal("-0.00"), 2) == "0.00"


def test_periods_read_as_people_say_them() -> None:
    english = locale_of("en", 1)
    assert english.period(date(2026, 12, 1), date(2026, 12, 31)) == "December 2026"
    assert english.period(date(2026, 2, 1), date(2026, 3, 31)) == "01 Feb 2026 – 31 Mar 2026"
    assert english.period(date(2026, 3, 2), date(2026, 3, 2)) == "02 Mar 2026"


@pytest.mark.parametrize("locale", ["en", "en-US", "de", "de-CH", "fr", "es", "it", "nl", "sv"])
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_every_locale_and_paper_is_set(locale: str, paper: str) -> None:
    assert render_pdf(document(lines(4), locale=locale, paper=paper, backup=backup(4))).startswith(b"%PDF-")


def test_locales_have_the_same_words() -> None:
    english = locale_of("en", 1)
    for name in ("de", "fr", "es", "it", "nl", "sv"):
        assert locale_of(name, 1).labels.keys() == english.labels.keys()
        assert len(locale_of(name, 1).months) == 12


def test_a_png_logo_is_set_and_a_broken_one_refused() -> None:
    pixel = zlib.compress(b"\x00\x1d\x5c\x45")

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = (1).to_bytes(4) + (1).to_bytes(4) + b"\x08\x02\x00\x00\x00"
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    with_logo = render_pdf(document(seller=replace(SELLER, logo=Logo("image/png", png))))
    assert b"/Subtype/Image" in with_logo.replace(b" ", b"")
    for broken in (
        Logo("image/png", b"GIF89a"),
        Logo("image/svg+xml", b"<svg"),
        Logo("image/svg+xml", b"\xff"),
    ):
        with pytest.raises(DocumentError):
            render_pdf(document(seller=replace(SELLER, logo=broken)))


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(DocumentError, match="version 99"):
        render_pdf(document(version=99))


def test_page_count_grows_with_the_backup() -> None:
    assert pages(render_pdf(document())) == 1
    assert pages(render_pdf(document(backup=backup(5)))) == 2


def test_templates_stay_as_released() -> None:
    """A released template never changes: a stored document must come out as it was. Add a version instead."""
    templates = Path(fonts.__file__).parent / "templates"
    for row in (templates / "RELEASED").read_text().splitlines():
        digest, name = row.split()
        assert sha256((templates / name).read_bytes()).hexdigest() == digest, name
