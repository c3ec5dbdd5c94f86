"""What would leave: in the other side's words, with totals, what nobody mapped, and the way back to our entries."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.core.refusals import Forbidden, Refused
from workledger.gl import actions, queries
from workledger.gl.actions import AxisChoice, Called
from workledger.gl.exporters import FORMS
from workledger.gl.models import Axis
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, AccountRole
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World

FIRST, NEXT = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def busy(world: World) -> World:
    """Two days of work and an invoice in March; two accounts go by one code there."""
    fay = world.fay.actor
    post_now(
        fay,
        approved(world, date(2026, 3, 2), 7), approved(world, date(2026, 3, 3), 1),
        invoiced(world, date(2026, 3, 5), Decimal(600), tax=Decimal(114)), approved(world, NEXT, 5),
    )  # fmt: skip
    codes = {
        AccountRole.SERVICES_REVENUE: "200",
        AccountRole.CONTRACT_POSITION: "620",
        AccountRole.RECEIVABLE: "620",
    }
    accounts = Account.objects.filter(book_id=world.book_id, role__in=codes)
    called = [Called(row.pk, codes[AccountRole(row.role)]) for row in accounts]
    actions.map_accounts(actor=fay, book_id=world.book_id, accounts=called)
    actions.map_dimensions(
        actor=fay, book_id=world.book_id, axes=[AxisChoice(Axis.TRACKING_1, Dimension.PROJECT, "Project")]
    )
    return world


def test_every_entry_of_a_month(busy: World) -> None:
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT)
    assert (found.journal_count, found.line_count, found.debit) == (3, 10, Decimal(1474))
    first = found.journals[0]
    assert [(line.account, line.about, line.debit, line.credit) for line in first.lines] == [
        ("5000", "Atlas", Decimal(350), Decimal(0)),
        ("5900", "Atlas", Decimal(0), Decimal(350)),
        ("620", "Atlas", Decimal(840), Decimal(0)),
        ("200", "Atlas", Decimal(0), Decimal(840)),
    ]
    assert first.entry_id is not None
    assert [source.code for source in found.unmapped] == ["2100", "5000", "5900"]


def test_an_account_there_names_all_of_ours_behind_it(busy: World) -> None:
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT)
    row = next(row for row in found.accounts if row.account == "620")
    assert ([source.code for source in row.sources], row.balance) == (["1100", "1200"], Decimal(1074))


def test_a_summary_of_a_month_leads_to_its_days(busy: World) -> None:
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT, grain=JournalGrain.PERIOD)
    (only,) = found.journals
    assert (only.id, only.start, only.end, only.entry_id) == (f"{busy.book_id}-20260331", FIRST, NEXT, None)
    assert [(line.account, line.about, line.debit, line.credit) for line in only.lines] == [
        ("620", "", Decimal(114), Decimal(0)),
        ("620", "Atlas", Decimal(960), Decimal(0)),
        ("2100", "", Decimal(0), Decimal(114)),
        ("200", "Atlas", Decimal(0), Decimal(960)),
        ("5000", "Atlas", Decimal(400), Decimal(0)),
        ("5900", "Atlas", Decimal(0), Decimal(400)),
    ]


def test_a_format_shows_the_axes_that_it_carries(busy: World) -> None:
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT, form=FORMS["iif"], grain=JournalGrain.PERIOD)
    assert [[line.about for line in journal.lines] for journal in found.journals] == [
        ["", "", "", ""],
        ["Acme AG", "", ""],
    ]


def test_only_the_first_journals_are_shown_and_all_are_summed(busy: World) -> None:
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT, limit=1)
    assert (len(found.journals), found.more, found.debit) == (1, 2, Decimal(1474))


def test_codes_that_the_other_side_does_not_know(busy: World) -> None:
    actions.import_chart(actor=busy.fay.actor, book_id=busy.book_id, content="200,Sales\n620,Prepayments\n")
    found = queries.preview(busy.fay.actor, None, FIRST, NEXT)
    assert found.no_chart == ("2100", "5000", "5900")
    assert next(row.name for row in found.accounts if row.account == "620") == "Prepayments"


def test_who_asks_for_what_is_not(busy: World) -> None:
    with pytest.raises(Forbidden):
        queries.preview(busy.carl.actor, None, FIRST, NEXT)
    with pytest.raises(Refused, match="comes after"):
        queries.preview(busy.fay.actor, None, NEXT, FIRST)
