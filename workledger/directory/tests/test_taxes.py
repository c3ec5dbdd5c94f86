"""Tax codes: what a new legal entity begins with, and how rates change with a date."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from stdnum.eu.vat import MEMBER_STATES

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.actions import (
    BillingDetails,
    ClientDetails,
    EntityDetails,
    TaxCodeDetails,
    add_client,
    add_entity,
    add_tax_code,
    change_tax_code,
    change_tax_rate,
    save_entity,
)
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.calc.tax_seeds import TaxSeed, standard_tax, tax_seeds
from workledger.directory.models import LegalEntity, TaxCode, TaxRate, TaxTreatment
from workledger.directory.queries import tax_code, tax_codes
from workledger.testing.world import World

S, AE = TaxTreatment.STANDARD, TaxTreatment.REVERSE_CHARGE
START = date(2026, 1, 1)


def new_entity(world: World, country: str, rate: str, name: str = "Nord") -> int:
    return add_entity(
        actor=world.olivia.actor,
        entity=EntityDetails(name=name, country=country, standard_tax_rate=Decimal(rate)),
        currency="EUR",
        first_day=START,
        through=date(2026, 12, 31),
    )


def code_of(world: World, name: str = "Standard", *, rate: str = "19", is_default: bool = False) -> int:
    return add_tax_code(
        actor=world.olivia.actor,
        entity_id=world.entity_id,
        category=S,
        code=TaxCodeDetails(name, "USt.", is_default=is_default),
        percentage=Decimal(rate),
        start=START,
    )


def rates_of(code_id: int) -> list[tuple[str, date, date | None]]:
    rates = TaxRate.objects.filter(code_id=code_id).order_by("start")
    return [(f"{row.percentage.normalize():f}", row.start, row.end) for row in rates]


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_seed_can_be_kept(country: str) -> None:
    seeds = tax_seeds(country)
    assert len({seed.name for seed in seeds}) == len(seeds)
    assert sum(seed.is_standard for seed in seeds) <= 1
    for seed in seeds:
        assert bool(seed.rates) == (seed.category == "S")
        assert [day for day, _ in seed.rates] == sorted({day for day, _ in seed.rates})
        assert len(seed.label) <= 40
        assert len(seed.reason) <= 150


def test_the_countries_that_firms_ask_for_have_seeds() -> None:
    union = {sign.upper() for sign in MEMBER_STATES} - {"XI"}
    assert len(union) == 27
    for country in (*sorted(union), "GB", "CH", "NO", "IS", "LI", "US", "CA", "AU", "NZ", "JP", "IN", "SG"):
        assert tax_seeds(country), country
    assert {country: standard_tax(country) for country in ("DE", "US", "JP", "CH", "AQ")} == {
        "DE": 19, "US": 0, "JP": 10, "CH": Decimal("8.1"), "AQ": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("country", "day", "standard", "reduced"),
    [
        ("EE", date(2025, 6, 30), "22", ["9", "13"]),
        ("EE", date(2025, 7, 1), "24", ["9", "13"]),
        ("SK", date(2024, 12, 31), "20", []),
        ("SK", date(2025, 1, 1), "23", ["19", "5"]),
        ("FI", date(2025, 12, 31), "25.5", ["14", "10"]),
        ("FI", date(2026, 1, 1), "25.5", ["13.5", "10"]),
        ("RO", date(2025, 7, 31), "19", ["9"]),
        ("RO", date(2025, 8, 1), "21", ["11"]),
        ("LT", date(2026, 1, 1), "21", ["12", "5"]),
        ("LU", date(2023, 6, 1), "16", ["7", "13", "3"]),
        ("LU", date(2026, 1, 1), "17", ["8", "14", "3"]),
        ("CH", date(2026, 1, 1), "8.1", ["2.6", "3.8"]),
        ("NO", date(2026, 1, 1), "25", ["12", "15"]),
        ("GB", date(2026, 1, 1), "20", ["5"]),
        ("DE", date(2020, 12, 31), "16", ["5"]),
        ("CZ", date(2026, 1, 1), "21", ["12"]),
        ("SG", date(2026, 1, 1), "9", []),
    ],
)
def test_what_is_charged_on_a_day(country: str, day: date, standard: str, reduced: list[str]) -> None:
    def held(seed: TaxSeed) -> list[str]:
        return [str(rate) for start, rate in seed.rates if start <= day][-1:]

    seeds = [seed for seed in tax_seeds(country) if seed.category == "S"]
    assert [rate for seed in seeds if seed.is_standard for rate in held(seed)] == [standard]
    assert [rate for seed in seeds if not seed.is_standard for rate in held(seed)] == reduced


def test_a_new_entity_begins_with_its_country_s_codes(world: World) -> None:
    entity_id = new_entity(world, "DE", "19")
    codes = {row.name: row for row in TaxCode.objects.filter(entity_id=entity_id)}
    assert set(codes) == {"Standard rate", "Reduced rate", "Reverse charge", "Exempt", "Outside scope"}
    assert [name for name, row in codes.items() if row.is_default] == ["Standard rate"]
    assert rates_of(codes["Standard rate"].pk) == [
        ("19", date(2007, 1, 1), date(2020, 7, 1)),
        ("16", date(2020, 7, 1), date(2021, 1, 1)),
        ("19", date(2021, 1, 1), None),
    ]
    assert rates_of(codes["Exempt"].pk) == []


def test_an_entity_that_charges_something_else_has_no_default(world: World) -> None:
    entity_id = new_entity(world, "DE", "0")
    assert not TaxCode.objects.filter(entity_id=entity_id, is_default=True).exists()


def test_a_rate_changes_from_a_day_on(world: World) -> None:
    olivia, code_id = world.olivia.actor, code_of(world)
    change_tax_rate(actor=olivia, tax_code_id=code_id, percentage=Decimal(21), start=date(2027, 1, 1))
    change_tax_rate(actor=olivia, tax_code_id=code_id, percentage=Decimal(20), start=date(2026, 7, 1))
    change_tax_rate(actor=olivia, tax_code_id=code_id, percentage=Decimal(22), start=date(2027, 1, 1))
    change_tax_rate(actor=olivia, tax_code_id=code_id, percentage=Decimal(16), start=date(2025, 1, 1))
    assert rates_of(code_id) == [
        ("16", date(2025, 1, 1), START),
        ("19", START, date(2026, 7, 1)),
        ("20", date(2026, 7, 1), date(2027, 1, 1)),
        ("22", date(2027, 1, 1), None),
    ]
    found = tax_code(olivia, code_id, date(2026, 7, 1))
    assert (found.words, [row.words for row in found.rates]) == ("20%", ["22%", "20%", "19%", "16%"])
    assert tax_code(olivia, code_id, date(2024, 12, 31)).percentage is None


def test_what_is_wrong_with_a_code_is_told_at_once(world: World) -> None:
    olivia = world.olivia.actor
    wrong = TaxCodeDetails(" ", "x" * 41, is_default=True)
    with pytest.raises(Refused) as refused:
        add_tax_code(actor=olivia, entity_id=world.entity_id, category=AE, code=wrong, percentage=Decimal(19))
    assert refused.value.codes == (
        "missing_name", "too_long", "reason_missing", "default_charges", "tax_not_charged",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        add_tax_code(actor=olivia, entity_id=world.entity_id, category=S, code=TaxCodeDetails("VAT"))
    assert refused.value.codes == ("rate_missing", "start_missing")
    code_id = code_of(world, "VAT")
    for rate in ("100", "-1", "8.8755", "NaN"):
        with pytest.raises(Refused) as refused:
            change_tax_rate(actor=olivia, tax_code_id=code_id, percentage=Decimal(rate), start=START)
        assert refused.value.codes == ("bad_tax_rate",)
    with pytest.raises(Refused) as refused:
        change_tax_code(actor=olivia, tax_code_id=code_of(world, "GST"), code=TaxCodeDetails("VAT"))
    assert refused.value.codes == ("name_taken",)


def test_a_vatex_code_says_why_its_category_charges_nothing(world: World) -> None:
    reason = TaxCodeDetails("Training", "Exempt", "§ 4 Nr. 21 UStG", " vatex-eu-132-1i ")
    olivia, entity = world.olivia.actor, world.entity_id
    made = add_tax_code(actor=olivia, entity_id=entity, category=TaxTreatment.EXEMPT, code=reason)
    assert TaxCode.objects.get(pk=made).vatex_code == "VATEX-EU-132-1I"
    with pytest.raises(Refused) as refused:
        add_tax_code(actor=olivia, entity_id=entity, category=AE, code=replace(reason, name="Reversed"))
    assert refused.value.codes == ("bad_vatex_code",)


def test_what_charges_nothing_has_no_rate(world: World) -> None:
    code = TaxCodeDetails("Reverse charge", "Reverse charge", "VAT is due from the recipient")
    code_id = add_tax_code(actor=world.olivia.actor, entity_id=world.entity_id, category=AE, code=code)
    with pytest.raises(Refused) as refused:
        change_tax_rate(actor=world.olivia.actor, tax_code_id=code_id, percentage=Decimal(19), start=START)
    assert refused.value.codes == ("tax_not_charged",)
    assert TaxCode.objects.get(pk=code_id).printed == "Reverse charge: VAT is due from the recipient"


def test_there_is_one_default_and_it_says_the_entity_s_rate(world: World) -> None:
    olivia = world.olivia.actor
    first, second = code_of(world, "A", is_default=True), code_of(world, "B", is_default=True)
    assert [row.id for row in tax_codes(olivia, START)] == [second, first]
    assert not TaxCode.objects.get(pk=first).is_default
    row = LegalEntity.objects.get(pk=world.entity_id)
    changed = EntityDetails(name=row.name, country="DE", standard_tax_rate=Decimal(7))
    with pytest.raises(Refused) as refused:
        save_entity(actor=olivia, entity_id=world.entity_id, entity=changed)
    assert refused.value.codes == ("tax_rate_dated",)


def test_only_who_manages_settings_changes_codes(world: World) -> None:
    with pytest.raises(Forbidden):
        change_tax_rate(actor=world.fay.actor, tax_code_id=1, percentage=Decimal(1), start=START)
    with pytest.raises(NotFound):
        change_tax_rate(actor=world.olivia.actor, tax_code_id=0, percentage=Decimal(1), start=START)


def test_a_client_takes_a_code_that_is_there(world: World) -> None:
    with pytest.raises(Refused) as refused:
        add_client(
            actor=world.fay.actor, client=ClientDetails("Nord"), billing=BillingDetails("EUR", tax_code_id=0)
        )
    assert refused.value.codes == ("unknown_tax_code",)
    billing = BillingDetails("EUR", tax_code_id=code_of(world))
    add_client(actor=world.fay.actor, client=ClientDetails("Nord"), billing=billing)
