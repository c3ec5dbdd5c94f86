"""Clients, billing profiles, contacts."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.actions import (
    BillingDetails,
    ClientDetails,
    ContactDetails,
    add_client,
    change_client,
    remove_contact,
    save_contact,
)
from workledger.directory.models import BillingProfile, Client, Contact, TaxCode, TaxTreatment
from workledger.testing.world import World


def test_a_client_comes_with_its_billing(world: World) -> None:
    made = add_client(
        actor=world.fay.actor,
        client=ClientDetails(" Nordlicht SE ", country="DE", vat_id="de 123 456 788"),
        billing=BillingDetails("CHF", payment_terms_days=14),
    )
    client = Client.objects.get(pk=made)
    assert (client.name, client.vat_id) == ("Nordlicht SE", "DE123456788")
    assert (client.billing_profile.currency, client.billing_profile.payment_terms_days) == ("CHF", 14)


def test_without_words_on_billing_the_firm_s_currency_holds(world: World) -> None:
    made = add_client(actor=world.fay.actor, client=ClientDetails("Nordlicht SE"))
    assert BillingProfile.objects.get(client_id=made).currency == "EUR"


def test_every_problem_of_a_client_stands_by_its_field(world: World) -> None:
    with pytest.raises(Refused) as refused:
        add_client(
            actor=world.fay.actor,
            client=ClientDetails("Acme AG", country="de", vat_id="!"),
            billing=BillingDetails(
                "EU", payment_terms_days=400, tax_rate=Decimal(19), language="German",
                tax_treatment=TaxTreatment.REVERSE_CHARGE, invoice_email="nobody",
            ),
        )  # fmt: skip
    assert [problem.field for problem in refused.value.problems] == [
        "name", "country", "vat_id", "currency", "language", "invoice_email", "payment_terms_days", "tax_rate",
    ]  # fmt: skip


NORDLICHT = ClientDetails(
    "Nordlicht SE", postcode="20095", city="Hamburg", country="DE", vat_id="DE123456788"
)
LEITWEG = BillingDetails(
    "EUR", einvoice_scheme="0204", einvoice_address=" 991-12345-06 ", buyer_reference="KST 4"
)


def test_an_e_invoice_address_is_kept_with_its_scheme(world: World) -> None:
    made = add_client(actor=world.fay.actor, client=NORDLICHT, billing=LEITWEG)
    profile = BillingProfile.objects.get(client_id=made)
    assert (profile.einvoice_scheme, profile.einvoice_address) == ("0204", "991-12345-06")
    assert profile.buyer_reference == "KST 4"


@pytest.mark.parametrize(
    ("client", "billing", "expected"),
    [
        ({}, {"einvoice_scheme": ""}, ("missing_einvoice_scheme", "einvoice_scheme")),
        ({}, {"einvoice_scheme": "9999"}, ("bad_einvoice_scheme", "einvoice_scheme")),
        ({}, {"einvoice_address": ""}, ("missing_einvoice_address", "einvoice_address")),
        ({}, {"einvoice_address": "Cleo"}, ("bad_einvoice_address", "einvoice_address")),
        ({"country": ""}, {}, ("einvoice_needs_country", "country")),
        ({"postcode": ""}, {}, ("einvoice_incomplete", "postcode")),
        ({}, {"buyer_reference": "", "requires_po": True}, ("einvoice_incomplete", "buyer_reference")),
        ({"country": "AT"}, {"buyer_reference": ""}, ("einvoice_incomplete", "buyer_reference")),
    ],
)
def test_what_an_e_invoice_would_lack_is_told_when_saving(
    world: World, client: dict[str, Any], billing: dict[str, Any], expected: tuple[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        add_client(
            actor=world.fay.actor, client=replace(NORDLICHT, **client), billing=replace(LEITWEG, **billing)
        )
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [expected]


def test_reverse_charge_needs_the_vat_id_and_a_border_or_a_code(world: World) -> None:
    fay, reverse = world.fay.actor, BillingDetails("EUR", tax_treatment=TaxTreatment.REVERSE_CHARGE)
    swede = ClientDetails("Nord AB", country="SE")
    with pytest.raises(Refused) as refused:
        add_client(actor=fay, client=swede, billing=reverse)
    assert refused.value.codes == ("reverse_charge_needs_vat_id",)
    add_client(actor=fay, client=replace(swede, vat_id="SE556677889901"), billing=reverse)
    with pytest.raises(Refused) as refused:
        add_client(actor=fay, client=NORDLICHT, billing=reverse)
    assert refused.value.codes == ("reverse_charge_at_home",)
    building = TaxCode.objects.create(
        entity=world.entity, name="§ 13b", category="AE", exemption_reason="§ 13b UStG"
    )
    coded = BillingDetails("EUR", tax_code_id=building.pk)
    with pytest.raises(Refused) as refused:
        add_client(actor=fay, client=replace(NORDLICHT, vat_id=""), billing=coded)
    assert refused.value.codes == ("reverse_charge_needs_vat_id",)
    assert add_client(actor=fay, client=NORDLICHT, billing=coded)


def test_a_country_stays_while_there_is_an_e_invoice_address(world: World) -> None:
    made = add_client(actor=world.fay.actor, client=NORDLICHT, billing=LEITWEG)
    with pytest.raises(Refused) as refused:
        change_client(actor=world.fay.actor, client_id=made, client=replace(NORDLICHT, country=""))
    assert refused.value.codes == ("einvoice_needs_country",)


def test_abroad_an_order_number_does_and_no_postcode_is_asked(world: World) -> None:
    abroad = replace(NORDLICHT, country="AT", vat_id="", postcode="")
    billing = replace(LEITWEG, buyer_reference="", requires_po=True)
    assert add_client(actor=world.fay.actor, client=abroad, billing=billing)


def test_an_address_is_kept_in_its_parts(world: World) -> None:
    given = ClientDetails(
        "Austin Corp",
        street=" 100  Main Street ",
        city="Austin",
        subdivision="tx",
        postcode="78701",
        country="US",
    )
    made = add_client(actor=world.fay.actor, client=given)
    assert Client.objects.get(pk=made).postal.lines() == ("100 Main Street", "Austin, TX 78701")
    with pytest.raises(Refused) as refused:
        change_client(
            actor=world.fay.actor,
            client_id=made,
            client=replace(given, street="x" * 201, subdivision="Texas"),
        )
    assert refused.value.codes == ("too_long", "bad_subdivision")


def test_a_public_body_needs_no_vat_id(world: World) -> None:
    assert add_client(actor=world.fay.actor, client=replace(NORDLICHT, vat_id=""), billing=LEITWEG)


def test_who_may_not_change_a_client(world: World) -> None:
    with pytest.raises(Forbidden):
        change_client(actor=world.pia.actor, client_id=world.acme.pk, client=ClientDetails("Acme"))
    limited = replace(world.fay.actor, client_ids=frozenset({world.borealis.pk}))
    with pytest.raises(NotFound):
        change_client(actor=limited, client_id=world.acme.pk, client=ClientDetails("Acme"))
    with pytest.raises(Forbidden):
        add_client(actor=limited, client=ClientDetails("Another"))


def test_a_change_without_billing_leaves_the_billing(world: World) -> None:
    change_client(actor=world.fay.actor, client_id=world.acme.pk, client=ClientDetails("Acme Holding"))
    world.acme.refresh_from_db()
    assert world.acme.name == "Acme Holding"
    assert BillingProfile.objects.get(client=world.acme).payment_terms_days == 30


def test_contacts_come_and_go(world: World) -> None:
    fay = world.fay.actor
    made = save_contact(
        actor=fay, client_id=world.borealis.pk, contact=ContactDetails("Bo Berg", email="bo@borealis.example")
    )
    save_contact(
        actor=fay, client_id=world.borealis.pk, contact=ContactDetails("Bo Bergman"), contact_id=made
    )
    assert Contact.objects.get(pk=made).name == "Bo Bergman"
    with pytest.raises(NotFound):
        save_contact(actor=fay, client_id=world.acme.pk, contact=ContactDetails("Bo"), contact_id=made)
    remove_contact(actor=fay, contact_id=made)
    assert not Contact.objects.filter(pk=made).exists()


def test_who_signs_in_for_a_client_is_the_administrator_s_choice(world: World) -> None:
    contact = ContactDetails("Stan", email="x", user_id=world.stan.user_id)
    with pytest.raises(Refused) as refused:
        save_contact(actor=world.fay.actor, client_id=world.acme.pk, contact=contact)
    assert refused.value.codes == ("bad_email", "user_forbidden")
    taken = ContactDetails("Stan", user_id=world.cleo.user_id)
    with pytest.raises(Refused) as refused:
        save_contact(actor=world.olivia.actor, client_id=world.acme.pk, contact=taken)
    assert refused.value.codes == ("user_taken",)


def test_a_vat_id_with_wrong_check_digits_is_refused_but_one_that_is_kept_already_stays(world: World) -> None:
    wrong = ClientDetails("Nordlicht SE", country="DE", vat_id="DE123456789")
    with pytest.raises(Refused, match=r"check digits of this VAT id \(DE\) do not fit"):
        add_client(actor=world.fay.actor, client=wrong)
    made = add_client(actor=world.fay.actor, client=ClientDetails("Nordlicht SE"))
    Client.objects.filter(pk=made).update(vat_id="DE123456789")  # from before ids were checked
    change_client(actor=world.fay.actor, client_id=made, client=wrong)
    with pytest.raises(Refused):
        change_client(actor=world.fay.actor, client_id=made, client=replace(wrong, vat_id="DE123456780"))
