"""What finance says of the other side: kept, refused beside its field, and taken away again."""

from collections.abc import Callable

import pytest

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.models import TaxCode
from workledger.gl import actions, mapping, queries
from workledger.gl.actions import AxisChoice, Called
from workledger.gl.models import Axis, ExternalAccount
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, AccountRole
from workledger.testing.world import World


def refused(act: Callable[[], object]) -> dict[str, str]:
    """Return code by field of a refused act."""
    with pytest.raises(Refused) as error:
        act()
    return {problem.field: problem.code for problem in error.value.problems}


def account(world: World, role: AccountRole) -> int:
    return int(Account.objects.get(book_id=world.book_id, role=role).pk)


def test_an_account_is_mapped_and_goes_by_its_own_code_again(world: World) -> None:
    revenue = account(world, AccountRole.SERVICES_REVENUE)
    fay = world.fay.actor
    actions.map_accounts(actor=fay, book_id=world.book_id, accounts=[Called(revenue, " 200 ")])
    found = queries.mapping_page(fay)
    assert [(row.there, row.is_mapped) for row in found.accounts if row.id == revenue] == [("200", True)]
    assert found.unmapped == len(found.accounts) - 1
    actions.map_accounts(actor=fay, book_id=world.book_id, accounts=[Called(revenue)])
    assert mapping.for_book(world.book_id).account(revenue) == "4000"


def test_a_code_is_one_of_the_chart_that_was_pasted(world: World) -> None:
    fay, revenue = world.fay.actor, account(world, AccountRole.SERVICES_REVENUE)
    assert actions.import_chart(actor=fay, book_id=world.book_id, content="200,Sales\n610,Receivable\n") == 2
    assert refused(
        lambda: actions.map_accounts(
            actor=fay, book_id=world.book_id, accounts=[Called(revenue, "201"), Called(0, "200")]
        )
    ) == {f"account.{revenue}": "not_in_chart", "account.0": "no_such_account"}
    actions.map_accounts(actor=fay, book_id=world.book_id, accounts=[Called(revenue, "200")])
    assert next(row for row in queries.mapping_page(fay).accounts if row.id == revenue).there_name == "Sales"
    actions.import_chart(actor=fay, book_id=world.book_id, content="300,Fees\n")
    assert not next(row for row in queries.mapping_page(fay).accounts if row.id == revenue).is_known


def test_what_is_no_chart_changes_nothing(world: World) -> None:
    fay = world.fay.actor
    actions.import_chart(actor=fay, book_id=world.book_id, content="200,Sales")
    act = lambda: actions.import_chart(actor=fay, book_id=world.book_id, content="1,a\n1,b\n")  # noqa: E731
    assert refused(act) == {"content": "not_a_chart"}
    assert ExternalAccount.objects.get().code == "200"


def test_a_tax_code_is_mapped(world: World) -> None:
    code = TaxCode.objects.create(entity=world.entity, name="Standard", category="S", label="VAT")
    fay = world.fay.actor
    actions.map_taxes(actor=fay, book_id=world.book_id, taxes=[Called(code.pk, "19% USt")])
    assert [(row.there, row.is_mapped) for row in queries.mapping_page(fay).taxes] == [("19% USt", True)]
    act = lambda: actions.map_taxes(actor=fay, book_id=world.book_id, taxes=[Called(code.pk, "a\tb")])  # noqa: E731
    assert refused(act) == {f"tax.{code.pk}": "bad_code"}


def test_dimensions_stand_on_axes_and_their_names_outlive_a_change_of_the_axis_name(world: World) -> None:
    fay = world.fay.actor
    chosen = [
        AxisChoice(Axis.CUSTOMER, Dimension.CLIENT, "ignored"),
        AxisChoice(Axis.TRACKING_1, Dimension.PROJECT, "Project"),
    ]
    actions.map_dimensions(actor=fay, book_id=world.book_id, axes=chosen)
    tracking = next(row for row in queries.mapping_page(fay).axes if row.axis == Axis.TRACKING_1)
    actions.name_values(actor=fay, mapping_id=tracking.id, values=[Called(world.atlas.pk, "A-1")])
    actions.map_dimensions(
        actor=fay, book_id=world.book_id, axes=[AxisChoice(Axis.TRACKING_1, Dimension.PROJECT, "Engagement")]
    )
    (row,) = queries.mapping_page(fay).axes
    assert (row.name, row.dimension, row.named) == ("Engagement", Dimension.PROJECT, 1)
    assert queries.axis_page(fay, row.id).chosen == ((world.atlas.pk, "A-1"),)
    actions.map_dimensions(
        actor=fay, book_id=world.book_id, axes=[AxisChoice(Axis.TRACKING_1, Dimension.PERSON, "Engagement")]
    )
    (row,) = queries.mapping_page(fay).axes
    assert (row.dimension, row.named) == (Dimension.PERSON, 0)


def test_axes_that_cannot_be(world: World) -> None:
    axes = [
        AxisChoice(Axis.CLASS, Dimension.PROJECT),
        AxisChoice(Axis.CLASS, Dimension.CLIENT),
        AxisChoice(Axis.TRACKING_1, Dimension.CLIENT),
        AxisChoice(Axis.ANALYTIC, Dimension.CLIENT, "=x"),
    ]
    act = lambda: actions.map_dimensions(actor=world.fay.actor, book_id=world.book_id, axes=axes)  # noqa: E731
    assert refused(act) == {
        "axes.1.axis": "axis_taken", "axes.2.name": "axis_name_missing", "axes.3.name": "bad_code",
    }  # fmt: skip


def test_names_on_an_axis_that_cannot_be(world: World) -> None:
    fay = world.fay.actor
    actions.map_dimensions(
        actor=fay, book_id=world.book_id, axes=[AxisChoice(Axis.CUSTOMER, Dimension.CLIENT)]
    )
    (row,) = queries.mapping_page(fay).axes
    values = [
        Called(world.acme.pk, "A"),
        Called(world.acme.pk, "B"),
        Called(0, "C"),
        Called(world.borealis.pk),
    ]
    assert refused(lambda: actions.name_values(actor=fay, mapping_id=row.id, values=values)) == {
        "values.1.id": "named_twice", "values.2.id": "no_such_value", "values.3.code": "code_missing",
    }  # fmt: skip


def test_how_journals_leave(world: World) -> None:
    fay = world.fay.actor
    actions.set_journals(actor=fay, book_id=world.book_id, grain=JournalGrain.PERIOD, no_tax=" No  VAT ")
    found = mapping.for_book(world.book_id)
    assert (found.grain, found.no_tax) == (JournalGrain.PERIOD, "No VAT")
    act = lambda: actions.set_journals(actor=fay, book_id=world.book_id, grain=JournalGrain.DAY, no_tax="")  # noqa: E731
    assert refused(act) == {"no_tax": "no_tax_missing"}


def test_only_who_manages_the_sync_maps(world: World) -> None:
    with pytest.raises(Forbidden):
        actions.map_accounts(actor=world.pia.actor, book_id=world.book_id, accounts=[])
    with pytest.raises(NotFound):
        actions.map_accounts(actor=world.fay.actor, book_id=987_654, accounts=[])
