"""An issued invoice as an electronic invoice: frozen with its addresses, given to whoever sees it."""

from datetime import date

import facturx
import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.documents.ubl import EN_16931, PEPPOL
from workledger.billing.models import Invoice
from workledger.billing.queries import electronic, pdf
from workledger.core.refusals import NotFound, Refused
from workledger.directory.models import BillingProfile, Client, LegalEntity
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

MARCH_2 = date(2026, 3, 2)


def issued(world: World) -> Invoice:
    approved(world.carl, world, world.build, MARCH_2, "8")
    run_billing(actor=world.fay.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    return Invoice.objects.get(client=world.acme)


def test_an_issued_invoice_is_valid_in_both_forms(world: World) -> None:
    invoice = issued(world)
    ubl, cii = (electronic(world.fay.actor, invoice.pk, form) for form in ("ubl", "cii"))
    assert (problems_of_ubl(ubl.content), problems_of_cii(cii.content)) == ([], [])
    assert (ubl.name, cii.name) == (f"{invoice.number}-ubl.xml", f"{invoice.number}-factur-x.xml")
    assert f"<cbc:CustomizationID>{EN_16931}<" in ubl.content.decode()
    assert facturx.get_xml_from_pdf(pdf(world.fay.actor, invoice.pk, today=TODAY))[1] == cii.content


def test_the_client_s_address_and_reference_are_frozen(world: World) -> None:
    BillingProfile.objects.filter(client=world.acme).update(
        einvoice_scheme="0088", einvoice_address="7300010000001", buyer_reference="KST 4"
    )
    Client.objects.filter(pk=world.acme.pk).update(country="AT")
    invoice = issued(world)
    BillingProfile.objects.update(einvoice_address="", buyer_reference="")
    ubl = electronic(world.fay.actor, invoice.pk, "ubl").content.decode()
    assert problems_of_ubl(ubl.encode()) == []
    assert f"<cbc:CustomizationID>{PEPPOL}<" in ubl
    assert '<cbc:EndpointID schemeID="0088">7300010000001<' in ubl
    assert '<cbc:EndpointID schemeID="9930">DE123456788<' in ubl
    assert "<cbc:BuyerReference>KST 4<" in ubl


def test_between_german_companies_it_has_all_that_peppol_asks(world: World) -> None:
    Client.objects.filter(pk=world.acme.pk).update(street="Ring 1", postcode="20095", city="Hamburg")
    LegalEntity.objects.update(phone="+49 40 5550", email="office@fjord.example", register_number="HRB 4711")
    BillingProfile.objects.filter(client=world.acme).update(
        einvoice_scheme="0204", einvoice_address="991-12345-06", buyer_reference="991-12345-06"
    )
    invoice = issued(world)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong hours")
    for each in (invoice, Invoice.objects.get(credits_invoice=invoice)):
        ubl = electronic(world.fay.actor, each.pk, "ubl").content
        assert (problems_of_ubl(ubl), f"<cbc:CustomizationID>{PEPPOL}<".encode() in ubl) == ([], True)
        assert "<cbc:StreetName>Hafenstraße 1<".encode() in ubl
        assert ubl.count(b"<cbc:CityName>Hamburg<") == 2
        assert b"<cbc:CompanyID>HRB 4711<" in ubl


def test_a_credit_note_is_electronic_too(world: World) -> None:
    invoice = issued(world)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong client")
    note = Invoice.objects.get(credits_invoice=invoice)
    written = electronic(world.fay.actor, note.pk, "ubl").content
    assert problems_of_ubl(written) == []
    assert b"<cbc:CreditNoteTypeCode>381<" in written


def test_what_is_missing_is_refused_and_the_pdf_stays(world: World) -> None:
    Client.objects.update(country="")
    invoice = issued(world)
    with pytest.raises(Refused) as refused:
        electronic(world.fay.actor, invoice.pk, "ubl")
    (problem,) = refused.value.problems
    assert (problem.code, problem.message) == ("not_electronic", "The country of the client is missing.")
    assert b"factur-x" not in pdf(world.fay.actor, invoice.pk, today=TODAY)


def test_a_pre_bill_is_none_yet(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    with pytest.raises(Refused, match="Issue it first"):
        electronic(world.fay.actor, Invoice.objects.get().pk, "cii")


def test_another_client_s_contact_finds_none(world: World) -> None:
    invoice = issued(world)
    assert electronic(world.cleo.actor, invoice.pk, "cii").content
    with pytest.raises(NotFound):
        electronic(world.stan.actor, invoice.pk, "cii")
