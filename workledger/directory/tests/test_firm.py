"""Founding a firm, its legal entities, practices, offices, roles and exchange rates."""

from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from pydantic import SecretStr

from workledger.core.access import Role, system_actor
from workledger.core.door import Options
from workledger.core.models import ActionLog, RoleAssignment, User
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.actions import (
    EntityDetails,
    add_office,
    add_practice,
    add_role,
    change_office,
    found_firm,
    save_entity,
    set_exchange_rate,
)
from workledger.directory.models import BillingProfile, ExchangeRate, LegalEntity, Office, Practice
from workledger.directory.queries import exchange_rate
from workledger.ledger.models import Book, Period
from workledger.testing.world import World

SYSTEM = system_actor("test")


def found(name: str = "Nord GmbH", **changed: str) -> int:
    given = {"currency": "EUR", "country": "DE", "admin_email": "Olivia@nord.example", **changed}
    return found_firm(
        actor=SYSTEM,
        name=name,
        first_day=date(2026, 1, 1),
        through=date(2026, 12, 31),
        password=SecretStr("hafen-und-kai-7"),
        **given,
    ).entity_id


@pytest.mark.django_db
def test_a_founded_firm_can_work_at_once() -> None:
    entity = LegalEntity.objects.get(pk=found())
    assert (entity.name, entity.country, entity.standard_tax_rate) == ("Nord GmbH", "DE", Decimal(19))
    assert Book.objects.get(pk=entity.pk).currency == "EUR"
    assert Period.objects.filter(book_id=entity.pk).count() == 12
    owner = User.objects.get(email="olivia@nord.example")
    assert owner.check_password("hafen-und-kai-7")
    assert list(RoleAssignment.objects.values_list("user_id", "role")) == [(owner.pk, Role.OWNER)]
    assert Practice.objects.get().name == "Consulting"
    assert Office.objects.get().country == "DE"


@pytest.mark.django_db
def test_the_same_firm_is_founded_once_and_a_second_keeps_its_owner() -> None:
    found()
    with pytest.raises(Refused) as refused:
        found()
    assert refused.value.codes == ("name_taken",)
    found("Süd GmbH")
    assert User.objects.count() == 1
    assert RoleAssignment.objects.count() == 1


@pytest.mark.django_db
def test_every_problem_of_a_founding_is_told_at_once_and_nothing_is_left() -> None:
    with pytest.raises(Refused) as refused:
        found(name=" ", currency="EURO", country="Germany", admin_email="olivia")
    assert refused.value.codes == ("missing_name", "bad_currency", "bad_country", "bad_email")
    assert not Book.objects.exists()


@pytest.mark.django_db
def test_a_password_is_in_no_log() -> None:
    found()
    assert "hafen" not in str(list(ActionLog.objects.values_list("input", flat=True)))


def details(**changed: object) -> EntityDetails:
    return EntityDetails(**{"name": "Fjord & Co GmbH", "country": "DE", **changed})  # type: ignore[arg-type]


def test_a_letterhead_is_kept_compact(world: World) -> None:
    entity = details(iban="DE02 1203 0000 0000 2020 51", vat_id="de 123.456.788", bic="byladem1001")
    save_entity(actor=world.olivia.actor, entity_id=world.entity_id, entity=entity)
    row = LegalEntity.objects.get()
    assert (row.iban, row.vat_id, row.bic) == ("DE02120300000000202051", "DE123456788", "BYLADEM1001")


def test_what_e_invoices_lack_of_the_company_is_a_warning_once_clients_are_sent_some(world: World) -> None:
    save = partial(save_entity, actor=world.olivia.actor, entity_id=world.entity_id)
    save(entity=details())
    BillingProfile.objects.filter(client=world.acme).update(
        einvoice_scheme="0204", einvoice_address="991-12345-06"
    )
    with pytest.raises(NeedsConfirmation) as asked:
        save(entity=details(city="Hamburg", vat_id="DE123456788"))
    assert [problem.field for problem in asked.value.problems] == ["postcode", "phone", "email", "account"]
    confirmed = save_entity.using(Options(confirmed=frozenset({"einvoice_incomplete"})))
    confirmed(actor=world.olivia.actor, entity_id=world.entity_id, entity=details(city="Hamburg"))
    whole = details(
        city="Hamburg", postcode="20457", vat_id="DE123456788", phone="+49 40 1", email="a@fjord.example",
        iban="DE02120300000000202051",
    )  # fmt: skip
    save(entity=whole)


def test_bank_and_footer_of_a_letterhead(world: World) -> None:
    save = partial(save_entity, actor=world.olivia.actor, entity_id=world.entity_id)
    save(entity=details(account_number="1", routing_number="021000021", footer=" One \n Two "))
    row = LegalEntity.objects.get()
    assert (row.account_number, row.footer) == ("1", "One\nTwo")
    with pytest.raises(Refused) as refused:
        save(entity=details(routing_number="021000021", footer="1\n2\n3\n4\n5", bank_name="x" * 101))
    assert refused.value.codes == ("too_long", "bad_footer", "missing_account_number")


def test_each_wrong_field_of_a_letterhead_has_its_sentence(world: World) -> None:
    wrong = details(
        name="", country="XX", email="no", vat_id="DE1", iban="DE99", bic="1", logo_svg="x",
        standard_tax_rate=Decimal(100),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        save_entity(actor=world.olivia.actor, entity_id=world.entity_id, entity=wrong)
    assert [problem.field for problem in refused.value.problems] == [
        "name", "country", "email", "vat_id", "iban", "bic", "logo_svg", "standard_tax_rate",
    ]  # fmt: skip


def test_only_who_manages_settings_changes_the_letterhead(world: World) -> None:
    with pytest.raises(Forbidden):
        save_entity(actor=world.fay.actor, entity_id=world.entity_id, entity=details())
    with pytest.raises(NotFound):
        save_entity(actor=world.olivia.actor, entity_id=0, entity=details())


def test_places_and_roles(world: World) -> None:
    fay = world.fay.actor
    office = add_office(actor=fay, name="Wien", country="AT", subdivision="9")
    change_office(actor=fay, office_id=office, name="Vienna", country="AT")
    assert Office.objects.get(pk=office).name == "Vienna"
    assert add_practice(actor=fay, name="Data") != world.practice.pk
    with pytest.raises(Refused) as refused:
        add_office(actor=fay, name="Hamburg", country="ZZ", subdivision="a lot")
    assert refused.value.codes == ("name_taken", "bad_country", "bad_subdivision")
    with pytest.raises(Refused) as refused:
        add_role(actor=fay, name="Lead", level=100)
    assert refused.value.codes == ("name_taken", "bad_level")
    with pytest.raises(Forbidden):
        add_role(actor=world.carl.actor, name="King")


def test_a_rate_holds_until_a_later_one(world: World) -> None:
    fay = world.fay.actor
    set_exchange_rate(actor=fay, base="USD", quote="EUR", day=date(2026, 1, 1), rate=Decimal("0.80"))
    set_exchange_rate(actor=fay, base="USD", quote="EUR", day=date(2026, 2, 1), rate=Decimal("0.90"))
    assert exchange_rate("USD", "EUR", date(2025, 12, 31)) is None
    assert exchange_rate("USD", "EUR", date(2026, 1, 31)) == Decimal("0.80")
    assert exchange_rate("USD", "EUR", date(2026, 2, 1)) == Decimal("0.90")
    assert exchange_rate("EUR", "USD", date(2026, 1, 5)) == Decimal("1.25")
    assert exchange_rate("EUR", "EUR", date(2000, 1, 1)) == 1


def test_a_rate_of_the_same_day_is_replaced(world: World) -> None:
    for rate in ("0.80", "0.85"):
        set_exchange_rate(
            actor=world.fay.actor, base="USD", quote="EUR", day=date(2026, 1, 1), rate=Decimal(rate)
        )
    assert ExchangeRate.objects.get().rate == Decimal("0.85")


def test_what_is_no_exchange_rate(world: World) -> None:
    with pytest.raises(Refused) as refused:
        set_exchange_rate(actor=world.fay.actor, base="EU", quote="EU", day=date(2026, 1, 1), rate=Decimal(0))
    assert refused.value.codes == ("bad_currency", "bad_currency", "same_currency", "bad_rate")
