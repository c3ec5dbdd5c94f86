"""Documents as JSON, frozen when they are queued, and the names by which they point at each other.

A document is queued before the other side knows what it points at, so it names that by a reference of ours, such as
`invoice:33`. The reference becomes the id on the other side when the document is sent.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from workledger.gl.connector import Customer, Document, DocumentKind, Invoice, Journal, Payment, Void

_TYPES: dict[DocumentKind, type[Document]] = {
    DocumentKind.CUSTOMER: Customer,
    DocumentKind.INVOICE: Invoice,
    DocumentKind.CREDIT_NOTE: Invoice,
    DocumentKind.PAYMENT: Payment,
    DocumentKind.WRITE_OFF: Payment,
    DocumentKind.PAYMENT_VOID: Void,
    DocumentKind.JOURNAL: Journal,
}
_ADAPTERS: dict[type[Document], TypeAdapter[Any]] = {each: TypeAdapter(each) for each in set(_TYPES.values())}

Payload = dict[str, Any]


def customer_ref(client_id: int) -> str:
    """Return the reference of a client."""
    return f"customer:{client_id}"


def invoice_ref(invoice_id: int) -> str:
    """Return the reference of an invoice or credit note."""
    return f"invoice:{invoice_id}"


def payment_ref(payment_id: int) -> str:
    """Return the reference of a payment."""
    return f"payment:{payment_id}"


def void_ref(payment_id: int) -> str:
    """Return the reference of a payment's undoing."""
    return f"void:{payment_id}"


def local_id(ref: str) -> int:
    """Return the id within a reference; 0 for one that names no row."""
    tail = ref.partition(":")[2]
    return int(tail) if tail.isdecimal() else 0


def to_payload(document: Document) -> Payload:
    """Return a document as JSON values; amounts are exact decimals as text."""
    found: Payload = _ADAPTERS[type(document)].dump_python(document, mode="json")
    return found


def from_payload(kind: DocumentKind, payload: Payload) -> Document:
    """Return the document that was written down; raises ValueError for one that does not fit its kind."""
    found: Document = _ADAPTERS[_TYPES[kind]].validate_python(payload)
    return found


def payload_hash(payload: Payload) -> str:
    """Return the SHA-256 of a payload, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def needs_of(document: Document) -> list[str]:
    """Return the references that must be known on the other side before the document can be sent."""
    match document:
        case Invoice():
            found = [document.customer, document.credits]
        case Payment():
            found = [document.customer, *(part.invoice for part in document.settles)]
        case Void():
            found = [document.payment]
        case Journal():
            found = [line.customer for line in document.lines]
        case _:
            found = []
    return sorted({ref for ref in found if ref})


def with_ids(document: Document, ids: Mapping[str, str]) -> Document:
    """Return the document with ids of the other side for references.

    What points at an invoice that was left out of the sync points at nothing. Raises KeyError for an unknown customer or
    payment, without which a document means nothing.
    """
    match document:
        case Invoice():
            return replace(document, customer=ids[document.customer], credits=ids.get(document.credits, ""))
        case Payment():
            known = [part for part in document.settles if part.invoice in ids]
            settles = tuple(replace(part, invoice=ids[part.invoice]) for part in known)
            return replace(document, customer=ids[document.customer], settles=settles)
        case Void():
            return replace(document, payment=ids[document.payment])
        case Journal():
            lines: Sequence[Any] = [
                replace(line, customer=ids[line.customer]) if line.customer else line
                for line in document.lines
            ]
            return replace(document, lines=lines)
        case _:
            return document
