"""Each check is clean on a sound book and breaks, with both sides of its sum, on the damage it is there for.

The database refuses such damage; here its triggers are set aside, as a superuser with a bad day could.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from workledger.core.models import RowLog
from workledger.ledger import actions
from workledger.ledger.checks import CHECKS, Check, CheckResult, register_check, run_checks, sum_check
from workledger.ledger.models import AccountRole, JournalEntry, Posting
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World


@contextmanager
def without_triggers() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = origin")


def damage(sql: str) -> None:
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def busy(world: World) -> World:
    """Work of three months, an invoice, and a journal that was reversed."""
    fay = world.fay.actor
    post_now(
        fay,
        *(approved(world, date(2026, month, 3), 8) for month in (2, 3, 4)),
        invoiced(world, date(2026, 3, 5), Decimal(900), tax=Decimal(171)),
    )
    lines = [
        actions.ManualLine(_account(AccountRole.CASH_CLEARING), debit=Decimal(50)),
        actions.ManualLine(_account(AccountRole.OPENING), credit=Decimal(50)),
    ]
    journal = actions.ManualJournal(world.book_id, date(2026, 3, 9), "Opening cash", lines)
    entry_id = actions.post_manual_journal(actor=fay, journal=journal)
    actions.reverse_entry(actor=fay, entry_id=entry_id, on=date(2026, 3, 9), reason="Counted twice")
    return world


def _account(role: AccountRole) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger_account WHERE role = %s", [role])
        return int(cursor.fetchone()[0])


def broken() -> dict[str, CheckResult]:
    own = {name for name in CHECKS if name.startswith(("ledger.", "core."))}
    return {result.name: result for result in run_checks() if result.name in own and not result.ok}


def test_a_sound_book_is_clean(busy: World) -> None:
    assert broken() == {}


def test_a_sum_is_told_with_both_sides(busy: World) -> None:
    found = next(result for result in run_checks() if result.name == "ledger.entries_balance")
    # 3 × (8 × 50 + 8 × 120) + 1,071 + 2 × 50
    assert found.line == "ok      Every entry balances: debits 5,251 = credits 5,251"


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "UPDATE ledger_posting SET debit = debit + 1, functional_debit = functional_debit + 1"
            " WHERE id = (SELECT min(id) FROM ledger_posting)",
            {"ledger.entries_balance", "ledger.balances_equal_postings", "ledger.person_balances_equal_postings"},
        ),
        (
            "INSERT INTO ledger_journalentry (book_id, period_id, date, kind, description, source_kind)"
            " SELECT book_id, period_id, date, kind, 'Empty', '' FROM ledger_journalentry LIMIT 1",
            {"ledger.entries_balance"},
        ),
        ("UPDATE ledger_balance SET quantity = quantity + 1", {"ledger.balances_equal_postings"}),
        (
            "DELETE FROM ledger_personbalance WHERE id = (SELECT max(id) FROM ledger_personbalance)",
            {"ledger.person_balances_equal_postings"},
        ),
        ("DELETE FROM ledger_period WHERE name = 'June 2026'", {"ledger.periods_contiguous"}),
        ("UPDATE ledger_period SET \"end\" = '2026-02-28' WHERE name = 'February 2026'", {"ledger.periods_contiguous"}),
        (
            "UPDATE ledger_posting SET date = '2026-05-01' WHERE id = (SELECT min(id) FROM ledger_posting)",
            {"ledger.postings_in_period"},
        ),
        (
            "UPDATE ledger_posting SET task_id = 5 WHERE kind_of_reversal()",
            {"ledger.reversals_exact", "ledger.dimensions_exist"},
        ),
        ("DELETE FROM projects_project WHERE code = 'ATLAS'", {"ledger.dimensions_exist"}),
        (
            "INSERT INTO core_rowlog (table_name, operation, before, action_id, database_user)"
            " VALUES ('directory_client', 'update', '{}', NULL, 'somebody')",
            {"core.changes_have_actions"},
        ),
    ],
    ids=[
        "one side changed", "an entry without postings", "a balance changed", "a balance lost", "a period lost",
        "a period cut", "a posting moved", "a reversal of something else", "a project lost", "stray sql",
    ],
)  # fmt: skip
def test_damage_is_found(busy: World, sql: str, wanted: set[str]) -> None:
    reversal = JournalEntry.objects.get(kind="manual_reversal")
    one = Posting.objects.filter(entry=reversal).earliest("id").pk
    damage(sql.replace("kind_of_reversal()", f"id = {one}"))
    assert set(broken()) == wanted


def test_a_real_stray_change_is_an_alarm(busy: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('workledger.action', '', true)")
        cursor.execute("UPDATE directory_client SET name = name || '!'")
    found = broken()["core.changes_have_actions"]
    assert found.left - found.right == RowLog.objects.filter(table_name="directory_client").count() == 2


def test_errors_that_cancel_out_are_found_all_the_same(busy: World) -> None:
    damage(
        "UPDATE ledger_balance SET functional_debit = functional_debit + CASE WHEN id ="
        " (SELECT min(id) FROM ledger_balance) THEN 5 ELSE -5 END WHERE id IN"
        " ((SELECT min(id) FROM ledger_balance), (SELECT max(id) FROM ledger_balance))"
    )
    found = broken()["ledger.balances_equal_postings"]
    assert found.left == found.right
    assert found.line.startswith("BROKEN  Balances equal postings")
    assert found.detail == "4 balance keys differ"  # two keys, each kept and reckoned otherwise


def test_part_of_an_entry_may_be_reversed(busy: World) -> None:
    """Billing withdraws single items of a bulk entry; what is undone is less than the whole."""
    whole = approved(busy, date(2026, 4, 7), 8)
    (entry_id,) = post_now(busy.fay.actor, whole)
    half = approved(busy, date(2026, 4, 7), 4)
    post_now(busy.fay.actor, half.reversal(date(2026, 4, 8), entry_id, "Half withdrawn"))
    assert broken() == {}
    post_now(busy.fay.actor, half.reversal(date(2026, 4, 9), entry_id, "The other half"))
    assert broken() == {}
    post_now(busy.fay.actor, half.reversal(date(2026, 4, 10), entry_id, "Once too often"))
    assert set(broken()) == {"ledger.reversals_exact"}


def test_a_check_is_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        CHECKS, "testing.one", Check("testing.one", "One", CHECKS["ledger.entries_balance"].run)
    )
    register_check(CHECKS["testing.one"])
    with pytest.raises(ValueError, match="registered twice"):
        register_check(Check("testing.one", "Another", CHECKS["ledger.entries_balance"].run))


@pytest.mark.django_db
def test_a_sum_check_compares_two_numbers() -> None:
    run = sum_check("testing.sum", "Sums", left=("left", "SELECT NULL"), right=("right", "SELECT 1.5")).run
    assert run().line == "BROKEN  Sums: left 0 ≠ right 1.50"
