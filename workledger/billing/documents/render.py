"""Set a document as PDF/A-3b with Typst: the same document gives the same bytes.

Python writes every figure, day and word in the document's locale; the template only places them. The template is
chosen by the document's version and never changes once released, so a stored document can be set again years later.
What a person typed reaches Typst as JSON strings and is never read as markup.
"""

import base64
import json
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Final

import typst

from workledger.billing.documents import fonts
from workledger.billing.documents.cii import to_cii
from workledger.billing.documents.en16931 import e_invoice, is_electronic
from workledger.billing.documents.factur_x import with_metadata
from workledger.billing.documents.locales import Locale, in_format, locale_of
from workledger.billing.documents.model import (
    ZERO,
    DocumentLine,
    InvoiceDocument,
    Logo,
    Party,
    TaxTotal,
    TimesheetRow,
)

_TEMPLATES: Final = Path(__file__).parent / "templates"
_OF_THREAD: Final = threading.local()
_STANDARD: Final = "a-3b"
_HOUR_DECIMALS: Final = 2
_FACTUR_X: Final = 1
"""The version of the template that embeds the electronic invoice."""


class DocumentError(RuntimeError):
    """The document could not be set; the message says what the typesetter found."""


def render_pdf(doc: InvoiceDocument) -> bytes:
    """Return the document as PDF/A-3b; one that can be an electronic invoice carries it inside, as Factur-X.

    Safe to call from several threads, which then work side by side. A character that no typeface has is shown as
    the replacement sign. Raises `DocumentError` when the version has no template or the logo is no readable picture.
    """
    template = _template(doc.version)
    payload = json.dumps(_view(doc), ensure_ascii=False, separators=(",", ":"))
    characters = set(payload)
    missing = fonts.without_shape(characters)
    if missing:
        payload = payload.translate(dict.fromkeys(map(ord, missing), fonts.REPLACEMENT))
    families = fonts.families_for(characters)
    invoice = _e_invoice(doc)
    try:
        return _compile(template, payload, families, doc.issued_on, invoice)
    except typst.TypstError as error:
        if families == (fonts.FAMILY,):
            raise DocumentError(f"The document cannot be set: {error.message}") from error
        first = error
    # Each sign has a shape, but some run of them has none together; what the main face lacks gives way.
    strange = characters - fonts.main_coverage()
    payload = payload.translate(dict.fromkeys(map(ord, strange), fonts.REPLACEMENT))
    try:
        return _compile(template, payload, (fonts.FAMILY,), doc.issued_on, invoice)
    except typst.TypstError:
        raise DocumentError(f"The document cannot be set: {first.message}") from first


def _compile(
    template: bytes, payload: str, families: tuple[str, ...], issued_on: date, invoice: str
) -> bytes:
    inputs = {"data": payload, "fonts": json.dumps(families)}
    if invoice:
        template = template + _template_file(f"factur_x_v{_FACTUR_X}.typ")
        inputs["einvoice"] = invoice
    stamp = int(datetime.combine(issued_on, time(), UTC).timestamp())
    pdf = _compiler().compile(
        template, format="pdf", pdf_standards=_STANDARD, sys_inputs=inputs, timestamp=stamp
    )
    if not isinstance(pdf, bytes):
        raise DocumentError("The typesetter gave no PDF.")
    try:
        return with_metadata(pdf) if invoice else pdf
    except ValueError as error:
        raise DocumentError(f"The e-invoice cannot be embedded: {error}") from error


def _e_invoice(doc: InvoiceDocument) -> str:
    """Return the electronic invoice to embed, or '' where the document cannot be one."""
    return to_cii(e_invoice(doc)).decode() if is_electronic(doc) else ""


def _compiler() -> typst.Compiler:
    """Return this thread's compiler: one serves one caller at a time, and lets go of the interpreter while it works."""
    compiler: typst.Compiler | None = getattr(_OF_THREAD, "compiler", None)
    if compiler is None:
        compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)
        _OF_THREAD.compiler = compiler
    return compiler


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=fonts.directories()
    )


@cache
def _template(version: int) -> bytes:
    name = f"invoice_v{version}.typ"
    if not (_TEMPLATES / name).is_file():
        raise DocumentError(f"There is no template for documents of version {version}.")
    return _template_file(name)


@cache
def _template_file(name: str) -> bytes:
    return (_TEMPLATES / name).read_bytes()


# What the template is given.


def _view(doc: InvoiceDocument) -> dict[str, Any]:
    locale = in_format(locale_of(doc.locale, doc.version), doc.number_format)
    labels = locale.labels
    kind = labels["down_payment"] if doc.is_down_payment and doc.kind == "invoice" else labels[doc.kind]
    title = " ".join(filter(None, (kind, _word(doc.number))))
    return {
        "accent": doc.accent,
        "ask": _ask(doc, locale),
        "backup": _backup(doc, locale, title) if doc.backup else None,
        "buyer": {"name": _word(doc.buyer.name), "rows": _buyer_rows(doc.buyer)},
        "columns": _columns(doc, locale),
        "credits": _credits(doc, locale),
        "date": {"year": doc.issued_on.year, "month": doc.issued_on.month, "day": doc.issued_on.day},
        "draft": doc.kind == "pre_bill",
        "facts": _facts(doc, locale),
        "foot": _foot(doc.seller),
        "groups": _groups(doc, locale),
        "kind": kind,
        "labels": labels,
        "lang": locale.language,
        "logo": _logo(doc.seller.logo),
        "notes": fonts.scrub(doc.notes),
        "paper": doc.paper,
        "payment": _payment(doc, locale) if doc.kind == "invoice" else [],
        "receipts": _receipts(doc, locale),
        "region": locale.region or None,
        "seller": {
            "name": _word(doc.seller.name),
            "return-address": " · ".join([_word(doc.seller.name), *map(_word, doc.seller.address)]),
        },
        "subject": fonts.scrub(doc.subject),
        "terms": fonts.scrub(doc.payment_terms),
        "title": title,
        "totals": _totals(doc, locale),
        "under-subject": " · ".join(filter(None, (_word(doc.contract_name), _word(doc.project_name)))),
    }


def _word(text: str) -> str:
    """Return a text that stands on one line."""
    return " ".join(fonts.scrub(text).split())


def _ask(doc: InvoiceDocument, locale: Locale) -> dict[str, str]:
    labels = locale.labels
    if doc.kind == "credit_note":
        label, when = (
            labels["amount_credited"],
            labels["credited"].format(date=locale.long_date(doc.issued_on)),
        )
    elif doc.kind == "pre_bill":
        label, when = (
            labels["amount_proposed"],
            labels["proposed"].format(date=locale.long_date(doc.issued_on)),
        )
    elif doc.due <= 0 or doc.due_on is None:
        label, when = labels["amount_due"], labels["overpaid"]
    else:
        label, when = labels["amount_due"], labels["due"].format(date=locale.long_date(doc.due_on))
    return {"label": label, "amount": locale.money(doc.due, doc.currency, doc.currency_digits), "when": when}


def _buyer_rows(buyer: Party) -> list[str]:
    rows = [buyer.contact, *buyer.address, *(f"{tax_id.label} {tax_id.value}" for tax_id in buyer.tax_ids)]
    return [row for row in map(_word, rows) if row]


def _credits(doc: InvoiceDocument, locale: Locale) -> str:
    """Say which invoice a credit note takes back, or which one an invoice bills anew."""
    if not doc.original_number:
        return ""
    words = "credits" if doc.kind == "credit_note" else "corrects"
    number = _word(doc.original_number)
    if doc.original_issued_on is None:
        return locale.labels[f"{words}_undated"].format(number=number)
    day = locale.long_date(doc.original_issued_on)
    return locale.labels[words].format(number=number, date=day)


def _facts(doc: InvoiceDocument, locale: Locale) -> list[tuple[str, str]]:
    labels = locale.labels
    period = doc.service_period
    drafted = labels["drafted"] if doc.kind == "pre_bill" else labels["issued"]
    return _filled(
        (labels[f"number_{doc.kind}"], doc.number),
        (drafted, locale.short_date(doc.issued_on)),
        (labels["service_period"], locale.period(period.first_day, period.last_day) if period else ""),
        (labels["purchase_order"], doc.purchase_order),
        (labels["buyer_reference"], doc.buyer_reference),
    )


def _payment(doc: InvoiceDocument, locale: Locale) -> list[tuple[str, str]]:
    bank = doc.seller.bank
    if bank is None:
        return []
    labels = locale.labels
    return _filled(
        (labels["account_holder"], bank.account_holder or doc.seller.name),
        (labels["bank"], bank.bank_name),
        (labels["iban"], _in_fours(bank.iban)),
        (labels["bic"], bank.bic),
        (labels["routing"], bank.routing_number),
        (labels["account"], bank.account_number),
        (labels["reference"], doc.payment_reference or doc.number),
        (labels["due_on"], locale.short_date(doc.due_on) if doc.due_on else ""),
    )


def _filled(*facts: tuple[str, str]) -> list[tuple[str, str]]:
    return [(label, _word(value)) for label, value in facts if value]


def _in_fours(iban: str) -> str:
    packed = "".join(iban.split())
    return " ".join(packed[start : start + 4] for start in range(0, len(packed), 4))


def _foot(seller: Party) -> list[list[str]]:
    columns = (
        [seller.name, *seller.address],
        [seller.email, seller.phone, seller.website],
        [*(f"{tax_id.label} {tax_id.value}" for tax_id in seller.tax_ids), *seller.footer],
    )
    return [[row for row in map(_word, column) if row] for column in columns]


def _logo(logo: Logo | None) -> str | None:
    """Return the logo as SVG text; a PNG is wrapped, for the template is given text alone."""
    if logo is None:
        return None
    if logo.media_type == "image/svg+xml":
        try:
            return logo.data.decode()
        except UnicodeDecodeError as error:
            raise DocumentError("The logo is no SVG file in UTF-8.") from error
    width, height = _png_size(logo.data)
    encoded = base64.b64encode(logo.data).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{encoded}"/></svg>'
    )


def _png_size(data: bytes) -> tuple[int, int]:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        raise DocumentError("The logo is no PNG file.")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


# Lines and totals.


def _is_by_hour(doc: InvoiceDocument) -> bool:
    return all(line.unit == "hour" for line in doc.lines)


def _shows_person(doc: InvoiceDocument) -> bool:
    """Tell whether persons need a column: not where the groups are the persons already."""
    return any(line.person and line.person != line.group for line in doc.lines)


def _shows_tax(doc: InvoiceDocument) -> bool:
    return len(doc.taxes) > 1


def _shown(doc: InvoiceDocument) -> list[str]:
    """Return the columns behind the description, in their order."""
    person = ["person"] if _shows_person(doc) else []
    if doc.columns:
        ordered = [name for name in ("dates", "quantity", "unit", "rate", "tax") if name in doc.columns]
        return [*person, *ordered, "amount"]
    return [*person, "quantity", "rate", *(["tax"] if _shows_tax(doc) else []), "amount"]


def _columns(doc: InvoiceDocument, locale: Locale) -> list[dict[str, object]]:
    labels = locale.labels
    titles = {
        "dates": labels["date"],
        "person": labels["person"],
        "quantity": labels["hours"] if _is_by_hour(doc) else labels["quantity"],
        "unit": labels.get("unit", ""),
        "rate": f"{labels['rate']} ({doc.currency})",
        "tax": labels["tax"],
        "amount": f"{labels['amount']} ({doc.currency})",
    }
    shown = [{"title": titles[name], "right": name not in _WORDS} for name in _shown(doc)]
    return [{"title": labels["description"], "right": False}, *shown]


_WORDS: Final = frozenset({"dates", "person", "unit"})


def _groups(doc: InvoiceDocument, locale: Locale) -> list[dict[str, object]]:
    """Return the lines under their headings, groups in the order in which they first appear."""
    by_group: dict[str, list[DocumentLine]] = {}
    for line in doc.lines:
        by_group.setdefault(line.group, []).append(line)
    subtotals = {subtotal.group: subtotal for subtotal in doc.subtotals()}
    groups: list[dict[str, object]] = []
    for name, lines in by_group.items():
        subtotal = None
        if name and doc.has_subtotals and (len(lines) > 1 or doc.columns) and len(by_group) > 1:
            hours = locale.number(subtotals[name].hours, _HOUR_DECIMALS)
            figures = {
                "quantity": hours if all(line.unit == "hour" for line in lines) else "",
                "amount": locale.number(subtotals[name].amount, doc.currency_digits),
            }
            cells = [figures.get(column, "") for column in _shown(doc)]
            subtotal = {"label": locale.labels["subtotal"].format(group=_word(name)), "cells": cells}
        groups.append(
            {"title": _word(name), "rows": [_row(line, doc, locale) for line in lines], "subtotal": subtotal}
        )
    return groups


def _row(line: DocumentLine, doc: InvoiceDocument, locale: Locale) -> dict[str, object]:
    shown = _shown(doc)
    unit = _word(locale.unit(line.unit, line.quantity))
    if line.unit == "hour":
        quantity = locale.number(line.quantity, _HOUR_DECIMALS)
    else:
        quantity = locale.number(line.quantity, 0)
    if not _is_by_hour(doc) and "unit" not in shown:
        quantity = f"{quantity}\u00a0{unit}"
    values = {
        "dates": locale.period(line.first_day, line.last_day) if line.first_day and line.last_day else "",
        "person": _word(line.person),
        "quantity": quantity,
        "unit": unit,
        "rate": locale.number(line.rate, doc.currency_digits),
        "tax": locale.percent(line.tax_rate),
        "amount": locale.number(line.amount, doc.currency_digits),
    }
    return {
        "description": fonts.scrub(line.description),
        "detail": fonts.scrub(line.detail),
        "cells": [values[name] for name in shown],
    }


def _totals(doc: InvoiceDocument, locale: Locale) -> list[dict[str, object]]:
    labels = locale.labels

    def total(label: str, amount: Decimal, *, strong: bool = False, ruled: bool = False) -> dict[str, object]:
        figure = locale.number(amount, doc.currency_digits)
        return {"label": label, "amount": figure, "strong": strong, "ruled": ruled}

    rows: list[dict[str, object]] = []
    if doc.taxes:
        rows.append(total(_net_label(doc, locale), doc.net))
        rows.extend(total(_tax_label(tax, doc, locale), tax.tax) for tax in doc.taxes)
    gross = labels["gross"] if doc.taxes else labels["gross_untaxed"]
    rows.append(total(gross, doc.gross, strong=True, ruled=bool(doc.taxes)))
    if doc.paid:
        rows.append(total(labels["paid"], -doc.paid))
    return rows


def _net_label(doc: InvoiceDocument, locale: Locale) -> str:
    """Name the net total; where all is billed by the hour, with the hours that the timesheet must show."""
    if not doc.lines or not _is_by_hour(doc):
        return locale.labels["net"]
    hours = sum((line.quantity for line in doc.lines), ZERO)
    return (
        f"{locale.labels['net']} · {locale.number(hours, _HOUR_DECIMALS)}\u00a0{locale.unit('hour', hours)}"
    )


def _tax_label(tax: TaxTotal, doc: InvoiceDocument, locale: Locale) -> str:
    base = locale.number(tax.base, doc.currency_digits)
    label = _word(tax.label) or locale.labels["tax"]
    return locale.labels["tax_on"].format(label=label, rate=locale.percent(tax.rate), base=base)


def _receipts(doc: InvoiceDocument, locale: Locale) -> list[dict[str, object]]:
    """Return receipts with their bytes; the template sets pictures as pages and attaches PDFs."""
    return [
        {
            "title": locale.labels["receipt"].format(number=number, text=_word(row.name)),
            "file": f"receipt-{number}.pdf",
            "is_picture": row.media_type != "application/pdf",
            "data": list(row.data),
        }
        for number, row in enumerate(doc.receipts, start=1)
    ]


# The timesheet backup.


def _backup(doc: InvoiceDocument, locale: Locale, title: str) -> dict[str, object]:
    labels = locale.labels
    by_person = sorted(doc.backup, key=itemgetter(1, 0))
    people = [
        _person(name, list(rows), locale) for name, rows in groupby(by_person, key=attrgetter("person"))
    ]
    intro = [labels["timesheet_of"].format(title=title)]
    if doc.service_period:
        intro.append(locale.period(doc.service_period.first_day, doc.service_period.last_day))
    return {
        "intro": " · ".join(intro),
        "people": people,
        "hours": _hours(locale, (row.hours for row in doc.backup)),
        "billable": _hours(locale, (row.billable_hours for row in doc.backup)),
    }


def _person(name: str, rows: list[TimesheetRow], locale: Locale) -> dict[str, object]:
    """Return one person's rows by day; the template prints the date in full ink on the first of a day."""
    days: list[list[tuple[str, str, str, str, str]]] = []
    written: dict[Decimal, str] = {}
    for day, of_day in groupby(rows, key=itemgetter(0)):
        shown = f"{locale.weekdays[day.weekday()]} {locale.short_date(day)}"
        cells: list[tuple[str, str, str, str, str]] = []
        for _day, _person_name, task, note, hours, billable in of_day:
            for value in (hours, billable):
                if value not in written:
                    written[value] = locale.number(value, _HOUR_DECIMALS) if value else "–"
            cells.append((shown, _word(task), fonts.scrub(note), written[hours], written[billable]))
        days.append(cells)
    person = _word(name)
    label = locale.labels["person_day"] if len(days) == 1 else locale.labels["person_total"]
    return {
        "name": person,
        "days": days,
        "label": label.format(person=person, days=len(days)),
        "hours": _hours(locale, (row.hours for row in rows)),
        "billable": _hours(locale, (row.billable_hours for row in rows)),
    }


def _hours(locale: Locale, hours: Iterable[Decimal]) -> str:
    return locale.number(sum(hours, ZERO), _HOUR_DECIMALS)
