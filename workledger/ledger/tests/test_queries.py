"""Sums agree whichever table they are read from."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.core.access import Permission
from workledger.core.refusals import NotFound, Refused
from workledger.ledger import queries
from workledger.ledger.dimensions import Dimension
from workledger.ledger.models import Account, AccountRole
from workledger.ledger.queries import Cursor, Key
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World


@pytest.fixture
def busy(world: World) -> World:
    """Eight hours on Atlas every third day from February to May, and two invoices."""
    days = [date(2026, 2, 1) + timedelta(days=3 * n) for n in range(40)]
    post_now(
        world.fay.actor,
        *(approved(world, day, 8) for day in days),
        invoiced(world, date(2026, 3, 1), Decimal(5000), tax=Decimal(950)),
        invoiced(world, date(2026, 4, 15), Decimal(3000), tax=Decimal(570)),
    )
    return world


def account(role: AccountRole) -> int:
    return int(Account.objects.get(role=role).pk)


def test_trial_balance_on_a_day_within_a_month(busy: World) -> None:
    found = queries.trial_balance(busy.fay.actor, busy.book_id, date(2026, 3, 2))
    # 10 days of 8 h from 1 to 28 February; March starts on the 3rd; 5000 invoiced on 1 March
    assert {line.name: line.balance for line in found.lines} == {
        "Accounts receivable": 5950,
        "Contract position": 10 * 960 - 5000,
        "Tax payable": -950,
        "Services revenue": -9600,
        "Labour cost": 4000,
        "Labour absorbed": -4000,
    }
    assert found.debit == found.credit == 5950 + 4600 + 4000
    assert next(line.seconds for line in found.lines if line.name == "Labour cost") == 10 * 8 * 3600


@pytest.mark.parametrize("day", [1, 2, 10, 16, 25, 30, 31])
def test_trial_balance_equals_the_postings_on_any_day(busy: World, day: int) -> None:
    as_of = date(2026, 3, day)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, sum(functional_debit - functional_credit) FROM ledger_posting WHERE date <= %s"
            " GROUP BY 1",
            [as_of],
        )
        wanted = dict(cursor.fetchall())
    found = queries.trial_balance(busy.fay.actor, busy.book_id, as_of)
    assert {line.account_id: line.balance for line in found.lines} == wanted


def test_a_day_after_the_last_posting_reads_balances_alone(busy: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        queries.trial_balance(busy.fay.actor, busy.book_id, date(2026, 5, 30))
    sums = [query["sql"] for query in captured.captured_queries if "sum(" in query["sql"]]
    assert len(sums) == 1
    assert "ledger_posting" not in sums[0]


@pytest.mark.parametrize(
    "by",
    [
        [Key.ACCOUNT_ROLE],
        [Key.PERIOD, Dimension.PROJECT],
        [Dimension.PERSON],
        [Dimension.PRACTICE, Dimension.ROLE],
        [Dimension.TASK],
        [Dimension.PERSON, Dimension.PROJECT],
        [],
    ],
)
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (date(2026, 3, 1), date(2026, 4, 1)),
        (date(2026, 2, 20), date(2026, 4, 5)),
        (date(2026, 3, 9), date(2026, 3, 12)),
    ],
)
def test_balances_agree_with_postings(
    busy: World, by: list[Dimension | Key], start: date | None, end: date | None
) -> None:
    """Grouping by task as well forces the answer out of the postings."""
    roles = [AccountRole.LABOUR_COST, AccountRole.SERVICES_REVENUE]
    fast = queries.balances(busy.fay.actor, by=by, accounts=roles, start=start, end=end)
    slow = queries.balances(busy.fay.actor, by=[Dimension.TASK, *by], accounts=roles, start=start, end=end)
    assert [row.key for row in fast] == [row.key[1:] for row in slow]
    assert [(row.debit, row.credit, row.quantity) for row in fast] == [
        (row.debit, row.credit, row.quantity) for row in slow
    ]
    assert fast


def test_balances_filter_by_dimension(busy: World) -> None:
    rows = queries.balances(
        busy.fay.actor,
        by=[Key.ACCOUNT_ROLE, Key.CURRENCY],
        accounts=[AccountRole.SERVICES_REVENUE],
        where={Dimension.PROJECT: [busy.atlas.pk]},
    )
    assert [(row.key, row.own_credit) for row in rows] == [
        ((AccountRole.SERVICES_REVENUE, "EUR"), Decimal(40 * 960))
    ]
    assert not queries.balances(busy.fay.actor, by=[], where={Dimension.PROJECT: [busy.beacon.pk]})


def test_without_cost_permission_hours_stay_and_amounts_go(busy: World) -> None:
    pia = busy.pia.actor.limited_to(busy.pia.actor.permissions - {Permission.VIEW_COST}, "web")
    (row,) = queries.balances(pia, by=[Dimension.PERSON], accounts=[AccountRole.LABOUR_COST])
    assert row.debit == 0
    assert row.quantity == 40 * 8 * 3600


def test_without_cost_permission_the_trial_balance_still_balances(busy: World) -> None:
    fay = busy.fay.actor.limited_to(busy.fay.actor.permissions - {Permission.VIEW_COST}, "web")
    found = queries.trial_balance(fay, busy.book_id, date(2026, 5, 31))
    assert not [line for line in found.lines if line.name.startswith("Labour")]
    assert found.debit == found.credit > 0
    with pytest.raises(NotFound):
        queries.account_activity(fay, account(AccountRole.LABOUR_COST))


def test_limits_to_a_client_and_an_entity_hold(busy: World) -> None:
    cleo = replace(busy.fay.actor, client_ids=frozenset({busy.borealis.pk}))
    assert not queries.balances(cleo, by=[])
    elsewhere = replace(busy.fay.actor, entity_ids=frozenset({busy.book_id + 1}))
    assert not queries.balances(elsewhere, by=[])
    with pytest.raises(NotFound):
        queries.trial_balance(elsewhere, busy.book_id, date(2026, 3, 31))


def test_trial_balance_splits_by_client(busy: World) -> None:
    found = queries.trial_balance(busy.fay.actor, busy.book_id, date(2026, 3, 2), split=Dimension.CLIENT)
    line = next(line for line in found.lines if line.name == "Accounts receivable")
    assert [(part.dimension_id, part.balance) for part in line.parts] == [(busy.acme.pk, Decimal(5950))]


def test_activity_runs_from_opening_to_closing(busy: World) -> None:
    found = queries.account_activity(
        busy.fay.actor, account(AccountRole.CONTRACT_POSITION), start=date(2026, 3, 1), end=date(2026, 4, 1)
    )
    assert found.opening == 10 * 960
    assert found.closing == found.opening + found.debits - found.credits == found.rows[0].balance
    oldest = found.rows[-1]
    assert oldest.balance - oldest.debit + oldest.credit == found.opening


def test_activity_pages_carry_the_running_balance_on(busy: World) -> None:
    account_id = account(AccountRole.CONTRACT_POSITION)
    whole = queries.account_activity(busy.fay.actor, account_id, where={Dimension.CLIENT: [busy.acme.pk]})
    paged: list[queries.ActivityRow] = []
    cursor: Cursor | None = None
    while True:
        page = queries.account_activity(
            busy.fay.actor, account_id, where={Dimension.CLIENT: [busy.acme.pk]}, after=cursor, limit=7
        )
        paged += page.rows
        if (cursor := page.next) is None:
            break
    assert tuple(paged) == whole.rows
    assert len(paged) == 42


def test_journal_pages_by_cursor_and_filters(busy: World) -> None:
    fay = busy.fay.actor
    first = queries.journal(fay, busy.book_id, limit=30)
    second = queries.journal(fay, busy.book_id, limit=30, after=first.next)
    assert (len(first.rows), len(second.rows), second.next) == (30, 12, None)
    invoices = queries.journal(fay, busy.book_id, kind="invoice_issued", start=date(2026, 4, 1))
    assert [(row.date, row.amount) for row in invoices.rows] == [(date(2026, 4, 15), Decimal(3570))]


@pytest.mark.parametrize("text", ["x", "2026-13-01.5", "2026-01-01", "2026-01-01.1.2"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no place in the list"):
        Cursor.parse(text)


def test_a_cursor_reads_what_it_wrote() -> None:
    cursor = Cursor(date(2026, 3, 1), 7)
    assert Cursor.parse(str(cursor)) == cursor


def test_an_account_first_used_after_the_day_is_not_there_yet(world: World) -> None:
    post_now(
        world.fay.actor,
        approved(world, date(2026, 3, 2), 8),
        invoiced(world, date(2026, 3, 25), Decimal(100)),
    )
    found = queries.trial_balance(world.fay.actor, world.book_id, date(2026, 3, 20))
    assert "Accounts receivable" not in {line.name for line in found.lines}
    assert len(found.lines) == 4
