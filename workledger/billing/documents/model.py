"""What an issued document says, frozen: every figure and word that its page prints.

An `InvoiceDocument` is complete in itself. It holds no key into the database and reads no setting, so a change of
template, address or rate later cannot alter what was sent. It refuses to exist when its sums do not hold; all
problems are told at once. `to_json` is canonical: equal documents give equal bytes on every machine, and
`content_hash` of those bytes is what the books keep as proof.

Amounts are in the document's currency with at most `currency_digits` decimals. Tax rates are in percent.
A credit note carries positive amounts: its kind says that they are given back.
"""

import base64
import binascii
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal, NamedTuple, cast, get_args

Kind = Literal["invoice", "credit_note", "pre_bill"]
Paper = Literal["a4", "letter"]

VERSION: Final = 2
"""The version new documents are written in; it names the template as well."""

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)
_ACCENT = re.compile(r"#[0-9a-f]{6}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MACHINE_FIELDS: Final = (
    "additional", "city", "country", "endpoint_id", "endpoint_scheme", "footer", "postcode", "registration",
    "registration_scheme", "street", "subdivision",
)  # fmt: skip
"""A party's fields for machines, and the footer. The stored form leaves them out where empty, so older documents keep their bytes."""

UNITS: Final = {"h": "hour", "pc": "item", "d": "day", "mo": "month"}
"""The units of billing in a document's words; a contract's own stay as they are."""

VAT_ID: Final = "VAT ID"
TAX_NUMBER: Final = "Tax number"
REGISTER: Final = "Register"


class InvalidDocument(ValueError):
    """The document contradicts itself or cannot be read; `problems` lists every reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture for the letterhead: an SVG or a PNG file's bytes."""

    media_type: Literal["image/svg+xml", "image/png"]
    data: bytes


@dataclass(frozen=True, slots=True)
class TaxId:
    """One registration as printed: `TaxId("VAT ID", "DE293847560")`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class BankDetails:
    """Where the client pays: IBAN and BIC, or routing and account number; empty parts are not printed."""

    account_holder: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    routing_number: str = ""
    account_number: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer as printed. `address` holds the lines below the name, the country last; `footer` stands at the foot
    of each page.

    The fields from `country` on are not printed; they are for the electronic invoice. `country` is an ISO 3166-1 code of
    two letters, `endpoint_scheme` and `endpoint_id` are the electronic address by the EAS code list, `registration` is
    the number in the register of companies, `registration_scheme` its ICD code or ''. Documents of before they were known hold them empty.
    """

    name: str
    address: tuple[str, ...] = ()
    tax_ids: tuple[TaxId, ...] = ()
    contact: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    logo: Logo | None = None
    bank: BankDetails | None = None
    footer: tuple[str, ...] = ()
    country: str = ""
    street: str = ""
    additional: str = ""
    postcode: str = ""
    city: str = ""
    subdivision: str = ""
    endpoint_scheme: str = ""
    endpoint_id: str = ""
    registration: str = ""
    registration_scheme: str = ""

    @property
    def vat_id(self) -> str:
        """The VAT identifier, or ''."""
        return self._tax_id(VAT_ID)

    @property
    def tax_number(self) -> str:
        """The number that the tax office gave beside the VAT identifier, or ''."""
        return self._tax_id(TAX_NUMBER)

    def _tax_id(self, label: str) -> str:
        return next((tax_id.value for tax_id in self.tax_ids if tax_id.label == label), "")


@dataclass(frozen=True, slots=True)
class ServicePeriod:
    """The days of service, first and last both included, as they are printed."""

    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One charge. `quantity` × `rate`, rounded half up to the minor unit, is `amount`, to the cent.

    Where prices contain tax, so does `amount`, and `net` is what it is without; else `net` is None.

    `unit` is 'hour', 'day', 'month', 'item' or a word of the contract's own; the first four are translated.
    `group` is the heading the line stands under (a task or a person); lines of a group stand together.
    `tax_rate` is in percent.
    """

    position: int
    description: str
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    tax_code: str
    tax_rate: Decimal
    group: str = ""
    detail: str = ""
    person: str = ""
    first_day: date | None = None
    last_day: date | None = None
    net: Decimal | None = None

    @property
    def taxable(self) -> Decimal:
        """The amount without tax."""
        return self.amount if self.net is None else self.net


class Receipt(NamedTuple):
    """The picture (JPEG, PNG) or PDF behind an expense: pictures are appended as pages, PDFs attached to the file."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The tax of one code and rate (percent) over the whole document. An empty `label` prints the rate alone.

    Where no tax is charged the label says why; `vatex` says it for machines, by a code of the VATEX list.
    """

    code: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    label: str = ""
    vatex: str = ""


class TimesheetRow(NamedTuple):
    """One entry of the timesheet backup; a tuple, for there may be thousands. Quantities in hours."""

    date: date
    person: str
    task: str
    note: str
    hours: Decimal
    billable_hours: Decimal


class GroupSubtotal(NamedTuple):
    """The sum of the lines under one heading; `hours` counts the lines whose unit is the hour."""

    group: str
    hours: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """An invoice, credit note or pre-bill with all that its pages print.

    `columns` are those of a layout (`billing.calc.layouts.Column`), empty for the usual ones; `number_format` is a sample
    such as '1.234,56', '' for the locale's own. Raises `InvalidDocument` when the lines do not sum to `net`, the taxes do not follow from their bases, or
    `gross`, `due` or a line's amount is not what its parts give.
    """

    kind: Kind
    number: str
    issued_on: date
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxTotal, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal
    due: Decimal
    paid: Decimal = ZERO
    due_on: date | None = None
    service_period: ServicePeriod | None = None
    version: int = VERSION
    currency_digits: int = 2
    locale: str = "en"
    paper: Paper = "a4"
    accent: str = "#1d5c45"
    buyer_reference: str = ""
    purchase_order: str = ""
    contract_name: str = ""
    project_name: str = ""
    subject: str = ""
    payment_terms: str = ""
    payment_reference: str = ""
    notes: str = ""
    original_number: str = ""
    original_issued_on: date | None = None
    backup: tuple[TimesheetRow, ...] = ()
    is_down_payment: bool = False
    columns: tuple[str, ...] = ()
    has_subtotals: bool = True
    number_format: str = ""
    receipts: tuple[Receipt, ...] = ()

    def __post_init__(self) -> None:
        problems = [*_form_problems(self), *_sum_problems(self)]
        if problems:
            raise InvalidDocument(problems)

    def subtotals(self) -> tuple[GroupSubtotal, ...]:
        """Return one subtotal per group, in the order in which the groups first appear."""
        hours: dict[str, Decimal] = {}
        amounts: dict[str, Decimal] = {}
        for line in self.lines:
            hours[line.group] = hours.get(line.group, ZERO) + (line.quantity if line.unit == "hour" else ZERO)
            amounts[line.group] = amounts.get(line.group, ZERO) + line.amount
        return tuple(GroupSubtotal(group, hours[group], amounts[group]) for group in amounts)


def round_amount(amount: Decimal, digits: int) -> Decimal:
    """Round half up, away from zero, to `digits` decimals."""
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


class CreditShare(NamedTuple):
    """What of a line a credit note gives back: printed quantity × rate is the amount."""

    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal


def credit_of(
    invoice: InvoiceDocument,
    *,
    number: str,
    issued_on: date,
    notes: str = "",
    shares: Mapping[int, CreditShare] | None = None,
    taxes: Mapping[tuple[str, Decimal], tuple[Decimal, Decimal]] | None = None,
) -> InvoiceDocument:
    """Return the credit note of `invoice`: the same lines and taxes, nothing due by a date.

    With `shares`, by position, it gives back these parts of lines alone; `taxes` are then (base, tax) by code and rate.
    Raises `InvalidDocument` when `invoice` is not an invoice.
    """
    if invoice.kind != "invoice":
        raise InvalidDocument([f"Only an invoice can be credited, and {invoice.number or 'this'} is none."])
    note = replace(
        invoice,
        kind="credit_note",
        number=number,
        issued_on=issued_on,
        due_on=None,
        paid=ZERO,
        due=invoice.gross,
        notes=notes,
        payment_terms="",
        payment_reference="",
        original_number=invoice.number,
        original_issued_on=invoice.issued_on,
        receipts=(),
    )
    return note if shares is None else _in_part(note, shares, taxes or {})


def _in_part(
    note: InvoiceDocument,
    shares: Mapping[int, CreditShare],
    taxes: Mapping[tuple[str, Decimal], tuple[Decimal, Decimal]],
) -> InvoiceDocument:
    lines = []
    for line in note.lines:
        if line.position in shares:
            share = shares[line.position]
            unit = line.unit if share.rate == line.rate else UNITS.get(share.unit, share.unit)
            lines.append(
                replace(line, quantity=share.quantity, unit=unit, rate=share.rate, amount=share.amount)
            )
    totals = []
    for total in note.taxes:
        if (total.code, total.rate) in taxes:
            base, tax = taxes[total.code, total.rate]
            totals.append(replace(total, base=base, tax=tax))
    net = sum((line.amount for line in lines), ZERO)
    tax = sum((total.tax for total in totals), ZERO)
    return replace(
        note,
        lines=tuple(lines),
        taxes=tuple(totals),
        net=net,
        tax=tax,
        gross=net + tax,
        due=net + tax,
        backup=(),
        receipts=(),
    )


def _form_problems(doc: InvoiceDocument) -> Iterable[str]:
    if doc.kind not in get_args(Kind):
        yield f"The kind '{doc.kind}' is unknown."
    if doc.paper not in get_args(Paper):
        yield f"The paper '{doc.paper}' is unknown."
    if doc.kind != "pre_bill" and not doc.number:
        yield "An issued document needs its number."
    if doc.kind == "invoice" and doc.due_on is None:
        yield "An invoice needs the date on which it is due."
    if doc.kind == "credit_note" and not doc.original_number:
        yield "A credit note names the invoice that it credits."
    yield from _style_problems(doc)
    period = doc.service_period
    if period is not None and period.last_day < period.first_day:
        yield "The service period ends before it begins."
    for country in filter(None, (doc.seller.country, doc.buyer.country)):
        if not _COUNTRY.fullmatch(country):
            yield f"'{country}' is not a country code of two letters."


def _style_problems(doc: InvoiceDocument) -> Iterable[str]:
    if not _CURRENCY.fullmatch(doc.currency):
        yield f"'{doc.currency}' is not a currency code of three letters."
    if not 0 <= doc.currency_digits <= 4:
        yield "A currency has between 0 and 4 decimals."
    if not _LOCALE.fullmatch(doc.locale):
        yield f"'{doc.locale}' is not a locale such as 'en' or 'de-CH'."
    if not _ACCENT.fullmatch(doc.accent):
        yield f"'{doc.accent}' is not a colour such as '#1d5c45'."


def _sum_problems(doc: InvoiceDocument) -> Iterable[str]:
    yield from _line_problems(doc)
    yield from _tax_problems(doc)
    for name, stated, derived in (
        ("net", doc.net, sum((line.taxable for line in doc.lines), ZERO)),
        ("tax", doc.tax, sum((total.tax for total in doc.taxes), ZERO)),
        ("gross", doc.gross, doc.net + doc.tax),
        ("amount due", doc.due, doc.gross - doc.paid),
    ):
        if stated != derived:
            yield f"The {name} is {derived}, not {stated}."
    for name, amount in (("amount paid", doc.paid), ("amount due", doc.due)):
        if round_amount(amount, doc.currency_digits) != amount:
            yield f"The {name} {amount} has more than {doc.currency_digits} decimals."


def _line_problems(doc: InvoiceDocument) -> Iterable[str]:
    for line in doc.lines:
        product = round_amount(line.quantity * line.rate, doc.currency_digits)
        if product != line.amount:
            yield f"Line {line.position}: {line.quantity} × {line.rate} is {product}, not {line.amount}."


def _tax_problems(doc: InvoiceDocument) -> Iterable[str]:
    bases: dict[tuple[str, Decimal], Decimal] = {}
    inside: dict[tuple[str, Decimal], Decimal] = {}
    for line in doc.lines:
        key = (line.tax_code, line.tax_rate)
        bases[key] = bases.get(key, ZERO) + line.taxable
        if line.net is not None:
            inside[key] = inside.get(key, ZERO) + line.amount - line.net
    printed = Counter((total.code, total.rate) for total in doc.taxes)
    for (code, rate), times in printed.items():
        if times > 1:
            yield f"Tax {code} at {rate} % stands twice."
    for code, rate in sorted(bases.keys() - printed.keys()):
        yield f"Tax {code} at {rate} % has lines but no total."
    for total in doc.taxes:
        base = bases.get((total.code, total.rate), ZERO)
        if base != total.base:
            yield f"Tax {total.code} at {total.rate} %: the lines sum to {base}, the base says {total.base}."
        tax = round_amount(total.base * total.rate / HUNDRED, doc.currency_digits)
        contained = inside.get((total.code, total.rate))
        if contained is not None and abs(contained - tax) <= Decimal(1).scaleb(-doc.currency_digits):
            tax = contained  # the prices are what was agreed, so the last digit of the tax gives way
        # Several credit notes of one invoice give back exactly its tax, so one may differ by the last digit.
        allowed = Decimal(1).scaleb(-doc.currency_digits) if doc.kind == "credit_note" else ZERO
        if abs(tax - total.tax) > allowed:
            yield f"Tax {total.code}: {total.rate} % of {total.base} is {tax}, not {total.tax}."


# Canonical JSON.


def to_json(doc: InvoiceDocument) -> bytes:
    """Return the document as canonical JSON in UTF-8: sorted keys, no spaces, decimals as plain strings, ISO dates.

    Equal documents give equal bytes, whatever the trailing zeros of their decimals. The backup is a list of arrays
    in the order of `TimesheetRow`'s fields.
    """
    period = doc.service_period
    value: dict[str, object] = {
        "accent": doc.accent,
        "backup": [
            (row[0].isoformat(), row[1], row[2], row[3], _decimal(row[4]), _decimal(row[5]))
            for row in doc.backup
        ],
        "buyer": _party(doc.buyer),
        "buyer_reference": doc.buyer_reference,
        "contract_name": doc.contract_name,
        "currency": doc.currency,
        "currency_digits": doc.currency_digits,
        "due": _decimal(doc.due),
        "due_on": doc.due_on and doc.due_on.isoformat(),
        "gross": _decimal(doc.gross),
        "issued_on": doc.issued_on.isoformat(),
        "kind": doc.kind,
        "lines": [
            {
                "amount": _decimal(line.amount),
                "description": line.description,
                "detail": line.detail,
                "group": line.group,
                "person": line.person,
                "position": line.position,
                "quantity": _decimal(line.quantity),
                "rate": _decimal(line.rate),
                "tax_code": line.tax_code,
                "tax_rate": _decimal(line.tax_rate),
                "unit": line.unit,
            }
            | ({} if line.net is None else {"net": _decimal(line.net)})
            for line in doc.lines
        ],
        "locale": doc.locale,
        "net": _decimal(doc.net),
        "notes": doc.notes,
        "number": doc.number,
        "original_issued_on": doc.original_issued_on and doc.original_issued_on.isoformat(),
        "original_number": doc.original_number,
        "paid": _decimal(doc.paid),
        "paper": doc.paper,
        "payment_reference": doc.payment_reference,
        "payment_terms": doc.payment_terms,
        "project_name": doc.project_name,
        "purchase_order": doc.purchase_order,
        "seller": _party(doc.seller),
        "service_period": period and [period.first_day.isoformat(), period.last_day.isoformat()],
        "subject": doc.subject,
        "tax": _decimal(doc.tax),
        "taxes": [
            {
                "base": _decimal(total.base),
                "code": total.code,
                "label": total.label,
                "rate": _decimal(total.rate),
                "tax": _decimal(total.tax),
            }
            | ({"vatex": total.vatex} if total.vatex else {})
            for total in doc.taxes
        ],
        "version": doc.version,
    }
    value |= _laid_out(doc)
    return _ENCODE(value).encode()


def _laid_out(doc: InvoiceDocument) -> dict[str, object]:
    """Return what newer documents can say; left out where it says nothing, so that older ones keep their bytes."""
    said: dict[str, object] = {
        "is_down_payment": doc.is_down_payment,
        "columns": doc.columns,
        "no_subtotals": not doc.has_subtotals,
        "number_format": doc.number_format,
        "receipts": [(row.name, row.media_type, base64.b64encode(row.data).decode()) for row in doc.receipts],
        "days": {
            str(line.position): [line.first_day.isoformat(), line.last_day.isoformat()]
            for line in doc.lines
            if line.first_day is not None and line.last_day is not None
        },
    }
    return {name: value for name, value in said.items() if value}


def content_hash(doc: InvoiceDocument) -> str:
    """Return the SHA-256 of the document's canonical JSON, in hexadecimal."""
    return json_hash(to_json(doc))


def json_hash(content: bytes) -> str:
    """Return the hash of a document that is written already: `content` is what `to_json` returned."""
    return hashlib.sha256(content).hexdigest()


def from_json(data: bytes) -> InvoiceDocument:
    """Read what `to_json` wrote; the sums are checked again.

    Raises `InvalidDocument` when the bytes are no such JSON or the sums do not hold.
    """
    try:
        value = json.loads(data)
        if not isinstance(value, dict):
            raise TypeError("no object")
        return _document(value)
    except InvalidDocument:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise InvalidDocument([f"This is not a stored document: {error!r}."]) from error


_ENCODE: Final[Callable[[object], str]] = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def _decimal(value: Decimal) -> str:
    """Write a decimal without exponent or trailing zeros, so that 1.5 and 1.50 are the same text."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _party(party: Party) -> dict[str, object]:
    machine = {name: value for name in _MACHINE_FIELDS if (value := getattr(party, name))}
    return machine | {
        "address": party.address,
        "bank": party.bank
        and {
            "account_holder": party.bank.account_holder,
            "account_number": party.bank.account_number,
            "bank_name": party.bank.bank_name,
            "bic": party.bank.bic,
            "iban": party.bank.iban,
            "routing_number": party.bank.routing_number,
        },
        "contact": party.contact,
        "email": party.email,
        "logo": party.logo and [party.logo.media_type, base64.b64encode(party.logo.data).decode()],
        "name": party.name,
        "phone": party.phone,
        "tax_ids": [[tax_id.label, tax_id.value] for tax_id in party.tax_ids],
        "website": party.website,
    }


def _read_party(value: dict[str, Any]) -> Party:
    bank = value["bank"]
    logo = value["logo"]
    return Party(
        name=value["name"],
        address=tuple(value["address"]),
        tax_ids=tuple(TaxId(label, number) for label, number in value["tax_ids"]),
        contact=value["contact"],
        email=value["email"],
        phone=value["phone"],
        website=value["website"],
        logo=None if logo is None else Logo(logo[0], _unbase64(logo[1])),
        bank=None if bank is None else BankDetails(**bank),
        footer=tuple(value.get("footer", ())),
        **{name: value[name] for name in _MACHINE_FIELDS if name in value and name != "footer"},
    )


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise InvalidDocument(["The stored logo cannot be read."]) from error


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _document(value: dict[str, Any]) -> InvoiceDocument:
    day = date.fromisoformat
    days = value.get("days", {})
    period = value["service_period"]
    return InvoiceDocument(
        version=value["version"],
        kind=cast(Kind, value["kind"]),
        number=value["number"],
        issued_on=day(value["issued_on"]),
        due_on=_day(value["due_on"]),
        service_period=None if period is None else ServicePeriod(day(period[0]), day(period[1])),
        currency=value["currency"],
        currency_digits=value["currency_digits"],
        locale=value["locale"],
        paper=cast(Paper, value["paper"]),
        accent=value["accent"],
        seller=_read_party(value["seller"]),
        buyer=_read_party(value["buyer"]),
        buyer_reference=value["buyer_reference"],
        purchase_order=value["purchase_order"],
        contract_name=value["contract_name"],
        project_name=value["project_name"],
        subject=value["subject"],
        lines=tuple(
            DocumentLine(
                position=line["position"],
                description=line["description"],
                quantity=Decimal(line["quantity"]),
                unit=line["unit"],
                rate=Decimal(line["rate"]),
                amount=Decimal(line["amount"]),
                tax_code=line["tax_code"],
                tax_rate=Decimal(line["tax_rate"]),
                group=line["group"],
                detail=line["detail"],
                person=line["person"],
                net=Decimal(line["net"]) if "net" in line else None,
                first_day=_day(days.get(str(line["position"]), (None, None))[0]),
                last_day=_day(days.get(str(line["position"]), (None, None))[1]),
            )
            for line in value["lines"]
        ),
        taxes=tuple(
            TaxTotal(
                total["code"],
                Decimal(total["rate"]),
                Decimal(total["base"]),
                Decimal(total["tax"]),
                total["label"],
                total.get("vatex", ""),
            )
            for total in value["taxes"]
        ),
        net=Decimal(value["net"]),
        tax=Decimal(value["tax"]),
        gross=Decimal(value["gross"]),
        paid=Decimal(value["paid"]),
        due=Decimal(value["due"]),
        payment_terms=value["payment_terms"],
        payment_reference=value["payment_reference"],
        notes=value["notes"],
        original_number=value["original_number"],
        original_issued_on=_day(value["original_issued_on"]),
        is_down_payment=value.get("is_down_payment", False),
        columns=tuple(value.get("columns", ())),
        has_subtotals=not value.get("no_subtotals", False),
        number_format=value.get("number_format", ""),
        receipts=tuple(
            Receipt(name, kind, _unbase64(data)) for name, kind, data in value.get("receipts", ())
        ),
        backup=tuple(
            TimesheetRow(day(on), person, task, note, Decimal(hours), Decimal(billable))
            for on, person, task, note, hours, billable in value["backup"]
        ),
    )
