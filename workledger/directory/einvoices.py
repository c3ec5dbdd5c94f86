"""What e-invoices between the firm's companies and its clients would lack, told when either is saved.

An issued document is frozen and cannot be mended later; `calc.einvoicing` says what the rules ask.
"""

from collections.abc import Iterable

from workledger.directory.calc import eas
from workledger.directory.calc.einvoicing import Gap, Side, buyer_gaps, needs_reference, seller_gaps
from workledger.directory.models import BillingProfile, Client, LegalEntity


def entity_gaps(entity: LegalEntity, countries: Iterable[str]) -> tuple[Gap, ...]:
    """Return what e-invoices of a legal entity to clients in some countries lack of it."""
    _, registered = eas.of_register(entity.country, entity.register_number, entity.vat_id)
    side = Side(
        entity.country, entity.street, entity.postcode, entity.city, registered, entity.vat_id, entity.phone,
        entity.email, entity.iban or entity.account_number,
    )  # fmt: skip
    scheme, _ = eas.of_company(entity.country, entity.vat_id, entity.email)
    found = [gap for country in sorted(set(countries)) for gap in seller_gaps(side, country)]
    if scheme in ("", eas.EMAIL):
        found.append(Gap("vat_id", "Peppol reaches your company by its VAT id, which is missing."))
    return tuple(dict.fromkeys(found))


def client_gaps(
    client: Client, *, has_reference: bool, has_order: bool, seller_countries: Iterable[str]
) -> tuple[Gap, ...]:
    """Return what e-invoices to a client lack of it; `has_order` says that its contracts state an order number."""
    side = Side(
        client.country, client.street, client.postcode, client.city, client.register_number, client.vat_id
    )
    found: list[Gap] = []
    for country in sorted(set(seller_countries)):
        found += buyer_gaps(side, country)
        if not has_reference and needs_reference(country, client.country):
            found.append(Gap("buyer_reference", "An e-invoice within Germany states a buyer reference."))
    if not (has_reference or has_order):
        found.append(Gap("buyer_reference", "An e-invoice states a buyer reference or an order number."))
    return tuple({gap.field: gap for gap in reversed(found)}.values())[::-1]


def countries_of_receivers() -> list[str]:
    """Return the countries of the clients that are sent e-invoices."""
    rows = BillingProfile.objects.exclude(einvoice_address="")
    return list(rows.values_list("client__country", flat=True).distinct())
