"""Customers as parties. The key is the party's code, which Tryton keeps unique, so that there can be no second one."""

import hashlib
from typing import Any

from workledger.gl.connector import Customer, Receipt, Rejected
from workledger.gl.connectors.tryton.refs import PARTY, ref
from workledger.gl.connectors.tryton.wire import Record, Wire

# Where numbers are checked against VIES, and Tryton calls them so (VAT directive, article 215; EL is Greece).
_EU = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split()  # noqa: SIM905
)
_FIELDS = ["name", "code", "addresses", "identifiers", "contact_mechanisms"]


def send_customer(wire: Wire, customer: Customer, key: str) -> Receipt:
    """Make the party of a customer, or bring it up to date; what is not known here is left as it is there."""
    found = _find(wire, key)
    if found is None:
        try:
            party_id = wire.create(PARTY, {"code": key, **_values(wire, customer)})
        except Rejected:  # also where an earlier try, which nobody waited for, has made it in the meantime
            found = _find(wire, key)
            if found is None:
                raise
    if found is not None:
        _update(wire, found, customer)
        party_id = int(found["id"])
    return Receipt(ref(PARTY, party_id), version_of(wire, party_id), customer.name)


def _find(wire: Wire, key: str) -> Record | None:
    rows = wire.find(PARTY, [("code", "=", key), ("active", "in", [True, False])], _FIELDS)
    return rows[0] if rows else None


def version_of(wire: Wire, party_id: int) -> str:
    """Return a fingerprint of what an invoice would print of the party."""
    row = wire.read(PARTY, [party_id], ["name", "full_name", "email"])[0]
    parts = [
        wire.find("party.address", [("party", "=", party_id)], ["full_address"]),
        wire.find("party.identifier", [("party", "=", party_id)], ["type", "code"]),
    ]
    return hashlib.sha256(repr((sorted(row.items()), parts)).encode()).hexdigest()[:16]


def address_of(wire: Wire, party_id: int) -> int:
    """Return the address for a party's invoices, the one marked so or the first; made, and empty, where there is none."""
    rows = wire.find(
        "party.address", [("party", "=", party_id)], ["invoice"], order=[("sequence", "ASC"), ("id", "ASC")]
    )
    marked = [row for row in rows if row.get("invoice")] or rows
    return int(marked[0]["id"]) if marked else wire.create("party.address", {"party": party_id})


def _values(wire: Wire, customer: Customer) -> Record:
    values: Record = {"name": customer.name, "addresses": [("create", [_address(wire, customer)])]}
    if customer.vat_number:
        values["identifiers"] = [("create", [_identifier(wire, customer)])]
    if customer.email:
        values["contact_mechanisms"] = [("create", [{"type": "email", "value": customer.email}])]
    return values


def _address(wire: Wire, customer: Customer) -> Record:
    country = (
        wire.find("country.country", [("code", "=", customer.country)], ["code"]) if customer.country else []
    )
    return {
        "street_unstructured": "\n".join(customer.address),
        "country": country[0]["id"] if country else None,
    }


def _identifier(wire: Wire, customer: Customer) -> Record:
    number = "".join(customer.vat_number.split())
    country = number[:2].upper() if number[:2].isalpha() else customer.country.upper()
    kinds = {code for code, _ in _selection(wire)}
    kind = "eu_vat" if country in _EU else f"{country.lower()}_vat"
    return {"type": kind if kind in kinds else None, "code": number}


def _selection(wire: Wire) -> list[tuple[Any, str]]:
    found = wire.call("model.party.identifier.fields_get", ["type"])["type"]["selection"]
    if isinstance(found, str):  # the name of the method that lists them
        found = wire.call(f"model.party.identifier.{found}")
    return [(code, name) for code, name in found]


def _update(wire: Wire, party: Record, customer: Customer) -> None:
    """Write what differs, and nothing where nothing does, so that an edit over there keeps its author."""
    if party["name"] != customer.name:
        wire.write(PARTY, [party["id"]], {"name": customer.name})
    _update_address(wire, party, customer)
    if customer.vat_number:
        wanted = _identifier(wire, customer)
        rows = wire.read("party.identifier", party["identifiers"], ["type", "code"])
        if not any(row["code"] == wanted["code"] for row in rows):
            same = [row["id"] for row in rows if row["type"] == wanted["type"]]
            _put(wire, "party.identifier", same[:1], {**wanted, "party": party["id"]})
    if customer.email:
        rows = wire.read("party.contact_mechanism", party["contact_mechanisms"], ["type", "value"])
        emails = [row for row in rows if row["type"] == "email"]
        if not any(row["value"] == customer.email for row in emails):
            values = {"type": "email", "value": customer.email, "party": party["id"]}
            _put(wire, "party.contact_mechanism", [row["id"] for row in emails[:1]], values)


def _update_address(wire: Wire, party: Record, customer: Customer) -> None:
    address_id = address_of(wire, party["id"])
    row = wire.read("party.address", [address_id], ["street", "country"])[0]
    wanted = _address(wire, customer)
    differs = customer.address and (row["street"] or "") != wanted["street_unstructured"]
    if differs or (wanted["country"] and row["country"] != wanted["country"]):
        wire.write("party.address", [address_id], wanted)


def _put(wire: Wire, model: str, ids: list[int], values: Record) -> None:
    if ids:
        wire.write(model, ids, {name: value for name, value in values.items() if name != "party"})
    else:
        wire.create(model, values)
