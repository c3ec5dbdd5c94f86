"""Clients with their billing profiles and contacts."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Id, Words, page_of, shown
from workledger.core.access import Permission
from workledger.directory import actions, queries
from workledger.directory.models import BillingProfile

_TAG = "Clients"


@dataclass(frozen=True, slots=True)
class BillingShown:
    """How a client is billed. `tax_rate` is a percentage; null means the entity's standard rate.

    `tax_code_id` goes before both on contracts of the legal entity whose code it is.
    """

    currency: str
    payment_terms_days: int
    tax_treatment: str
    tax_rate: Decimal | None
    requires_po: bool
    group_lines_by: str
    attach_timesheet: bool
    paper: str
    language: str
    invoice_email: str
    einvoice_scheme: str
    einvoice_address: str
    buyer_reference: str
    tax_code_id: int | None

    @classmethod
    def of(cls, row: BillingProfile) -> "BillingShown":
        """Return a row as it is shown."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class ClientShown:
    """A client with billing profile and contacts."""

    id: int
    name: str
    industry: str
    country: str
    street: str
    additional: str
    postcode: str
    city: str
    subdivision: str
    register_number: str
    vat_id: str
    is_internal: bool
    billing: BillingShown | None
    contacts: tuple[queries.ContactRow, ...]


_CLIENT = shown(queries.ClientRow, "Client")
_CONTACT = shown(queries.ContactRow, "Contact")
shown(BillingShown, "BillingProfile")
_SHOWN = shown(ClientShown, "ClientWithContacts")


@read(
    "/clients",
    page_of(_CLIENT),
    Permission.VIEW_CLIENTS,
    tag=_TAG,
    name="list_clients",
    summary="List clients",
)
def list_clients(
    request: HttpRequest,
    words: Words = "",
    country: Words = "",
    currency: Words = "",
    kind: Literal["", "external", "internal"] = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ClientRow]:
    """Clients by name."""
    rows = queries.clients(actor_of(request), queries.ClientFilter(words, country, currency, kind))
    return cut(rows, lambda row: (row.name.casefold(), row.id), cursor, limit)


@read(
    "/clients/{client_id}",
    _SHOWN,
    Permission.VIEW_CLIENTS,
    tag=_TAG,
    name="get_client",
    summary="Get a client",
)
def get_client(request: HttpRequest, client_id: Id) -> ClientShown:
    """A client with how it is billed, and its contacts."""
    page = queries.client_page(actor_of(request), client_id)
    return ClientShown(
        page.id, page.name, page.industry, page.country, page.street, page.additional, page.postcode, page.city,
        page.subdivision, page.register_number, page.vat_id, page.is_internal,
        BillingShown.of(page.billing) if page.billing else None, page.contacts,
    )  # fmt: skip


@read(
    "/clients/{client_id}/contacts/{contact_id}", _CONTACT, Permission.VIEW_CLIENTS,
    tag=_TAG, name="get_contact", summary="Get a contact",
)  # fmt: skip
def get_contact(request: HttpRequest, client_id: Id, contact_id: Id) -> queries.ContactRow:
    """A contact of a client."""
    return queries.contact(actor_of(request), client_id, contact_id)


act("POST", "/clients", actions.add_client, tag=_TAG, takes="client", gives="id")
act("PUT", "/clients/{client_id}", actions.change_client, tag=_TAG, takes="client")
act(
    "POST", "/clients/{client_id}/contacts", actions.save_contact, tag=_TAG, gives="id",
    own={"contact_id": lambda: None}, name="directory_add_contact",
)  # fmt: skip
act("PUT", "/clients/{client_id}/contacts/{contact_id}", actions.save_contact, tag=_TAG, gives="id")
act("DELETE", "/contacts/{contact_id}", actions.remove_contact, tag=_TAG)
