"""A book's mapping: what finance chose, else what the thing is called here."""

from types import SimpleNamespace

import pytest

from workledger.core.refusals import NotFound
from workledger.directory.models import TaxCode
from workledger.gl import mapping
from workledger.gl.models import Axis, DimensionMapping, DimensionValue, TaxMapping
from workledger.ledger.dimensions import Dimension
from workledger.ledger.models import Account, AccountRole
from workledger.testing.world import World

pytestmark = pytest.mark.django_db


def standard_tax(world: World) -> TaxCode:
    return TaxCode.objects.create(entity=world.entity, name="Standard", category="S", label="VAT")


def test_what_nobody_mapped_is_called_as_here(world: World) -> None:
    tax = standard_tax(world)
    found = mapping.for_book(world.book_id)
    revenue = Account.objects.get(book_id=world.book_id, role=AccountRole.SERVICES_REVENUE)
    assert (found.account(revenue.pk), found.account_of_role(AccountRole.RECEIVABLE)) == ("4000", "1100")
    assert found.tax(tax.pk) == tax.name
    assert found.dimensions(SimpleNamespace(client_id=world.acme.pk)) == {}


def test_dimensions_stand_on_their_axes_by_chosen_or_own_name(world: World) -> None:
    row = DimensionMapping.objects.create(
        book_id=world.book_id, dimension=Dimension.CLIENT, axis=Axis.CUSTOMER
    )
    DimensionMapping.objects.create(
        book_id=world.book_id, dimension=Dimension.PROJECT, axis=Axis.ANALYTIC, name="Engagement"
    )
    DimensionValue.objects.create(mapping=row, value_id=world.acme.pk, code="ACME Inc.")
    found = mapping.for_book(world.book_id)
    about = SimpleNamespace(client_id=world.acme.pk, project_id=world.atlas.pk, person_id=0)
    assert found.dimensions(about) == {"customer": "ACME Inc.", "Engagement": "Atlas"}
    assert found.dimensions(SimpleNamespace(client_id=world.borealis.pk)) == {"customer": "Borealis AB"}


def test_another_books_account_is_not_found(world: World) -> None:
    found = mapping.for_book(world.book_id)
    for ask in (found.account, found.tax):
        with pytest.raises(NotFound):
            ask(0)
    with pytest.raises(NotFound):
        found.account_of_role("none")


def test_a_tax_code_has_the_name_that_finance_chose(world: World) -> None:
    tax = standard_tax(world)
    TaxMapping.objects.create(tax_code=tax, code="19% (VAT on Income)")
    assert mapping.for_book(world.book_id).tax(tax.pk) == "19% (VAT on Income)"
