"""Journals by hand, their reversal, and the chart of accounts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.ledger import actions, queries
from workledger.ledger.actions import ManualJournal, ManualLine
from workledger.ledger.dimensions import Dimension
from workledger.ledger.models import Account, AccountKind, AccountRole, JournalEntry, PeriodState
from workledger.testing.books import approved, post_now
from workledger.testing.world import World

DAY = date(2026, 3, 16)


def account(role: AccountRole) -> int:
    return int(Account.objects.get(role=role).pk)


def rent(world: World) -> ManualJournal:
    return ManualJournal(
        world.book_id,
        DAY,
        "Opening cash",
        [
            ManualLine(account(AccountRole.CASH_CLEARING), debit=Decimal("1500.50")),
            ManualLine(account(AccountRole.OPENING), credit=Decimal("1500.50")),
        ],
    )


def codes_of(world: World, journal: ManualJournal) -> set[str]:
    with pytest.raises(Refused) as refused:
        actions.post_manual_journal(actor=world.fay.actor, journal=journal)
    return set(refused.value.codes)


def test_fay_posts_a_journal(world: World) -> None:
    entry_id = actions.post_manual_journal(actor=world.fay.actor, journal=rent(world))
    entry = queries.entry(world.fay.actor, entry_id)
    assert [(side.account_code, side.debit, side.credit) for side in entry.postings] == [
        ("1000", Decimal("1500.50"), 0),
        ("3000", 0, Decimal("1500.50")),
    ]
    assert entry.act == "ledger.post_manual_journal"
    assert entry.act_by == "Fay Finance"


def test_a_journal_says_everything_that_is_wrong_at_once(world: World) -> None:
    lines = [
        ManualLine(account(AccountRole.RECEIVABLE), debit=Decimal("1.005")),
        ManualLine(999_999, credit=Decimal(2), dimensions={Dimension.CLIENT: 999_999}),
        ManualLine(account(AccountRole.OPENING)),
    ]
    journal = ManualJournal(world.book_id, date(2026, 1, 31), " ", lines)
    assert codes_of(world, journal) == {
        "missing_description", "follows_documents", "too_precise", "no_such_account", "unknown_dimension",
        "not_one_side", "does_not_balance", "period_locked",
    }  # fmt: skip
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize("role", sorted(actions.FOLLOWS_DOCUMENTS))
def test_what_follows_documents_takes_no_journal(world: World, role: AccountRole) -> None:
    lines = [rent(world).lines[0], ManualLine(account(role), credit=Decimal("1500.50"))]
    assert codes_of(world, replace(rent(world), lines=lines)) == {"follows_documents"}


def test_books_from_before_expenses_get_an_account_for_input_tax(world: World) -> None:
    chart = Account.objects.filter(book_id=world.book_id)
    chart.filter(role=AccountRole.INPUT_TAX).delete()
    Account.objects.create(book_id=world.book_id, code="1300", name="Deposits", kind=AccountKind.ASSET)
    for _ in range(2):  # a second run finds it there
        import_module("workledger.ledger.migrations.0002_input_tax").add_input_tax(apps, None)
    made = chart.get(role=AccountRole.INPUT_TAX)
    assert (made.code, made.name, made.kind) == ("1301", "Input tax", "asset")


def test_one_line_is_no_journal(world: World) -> None:
    assert codes_of(world, replace(rent(world), lines=rent(world).lines[:1])) == {
        "too_few_lines",
        "does_not_balance",
    }


def test_a_day_without_a_period_is_refused(world: World) -> None:
    assert codes_of(world, replace(rent(world), date=date(2031, 1, 1))) == {"no_such_period"}


def test_a_closed_account_takes_nothing(world: World) -> None:
    account_id = actions.add_account(
        actor=world.fay.actor, book_id=world.book_id, code="6500", name="Rent", kind=AccountKind.EXPENSE
    )
    actions.close_account(actor=world.fay.actor, account_id=account_id)
    lines = [ManualLine(account_id, debit=Decimal("1500.50")), rent(world).lines[1]]
    assert codes_of(world, replace(rent(world), lines=lines)) == {"account_closed"}


def test_pia_posts_no_journal(world: World) -> None:
    with pytest.raises(Forbidden):
        actions.post_manual_journal(actor=world.pia.actor, journal=rent(world))


def test_a_reversal_is_the_exact_inverse_and_both_point_at_each_other(world: World) -> None:
    fay = world.fay.actor
    entry_id = actions.post_manual_journal(actor=fay, journal=rent(world))
    undo_id = actions.reverse_entry(actor=fay, entry_id=entry_id, on=date(2026, 4, 1), reason="Wrong account")
    undo = queries.entry(fay, undo_id)
    assert [(side.account_code, side.debit, side.credit) for side in undo.postings] == [
        ("1000", 0, Decimal("1500.50")),
        ("3000", Decimal("1500.50"), 0),
    ]
    assert undo.reverses is not None
    assert undo.reverses.id == entry_id
    assert [row.id for row in queries.entry(fay, entry_id).reversed_by] == [undo_id]
    assert {row.balance for row in queries.trial_balance(fay, world.book_id, date(2026, 4, 1)).lines} == {0}


def refused_reversal(world: World, entry_id: int, on: date = DAY, reason: str = "Wrong") -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        actions.reverse_entry(actor=world.fay.actor, entry_id=entry_id, on=on, reason=reason)
    return refused.value.codes


def test_reversing_twice_or_a_reversal_is_refused(world: World) -> None:
    entry_id = actions.post_manual_journal(actor=world.fay.actor, journal=rent(world))
    undo_id = actions.reverse_entry(actor=world.fay.actor, entry_id=entry_id, on=DAY, reason="Wrong")
    assert refused_reversal(world, entry_id) == ("already_reversed",)
    assert refused_reversal(world, undo_id) == ("is_reversal",)


def test_a_reversal_needs_a_reason_and_a_day_not_before_the_entry(world: World) -> None:
    entry_id = actions.post_manual_journal(actor=world.fay.actor, journal=rent(world))
    codes = refused_reversal(world, entry_id, on=date(2026, 3, 15), reason=" ")
    assert codes == ("reason_missing", "before_original")


def test_what_a_document_posted_is_undone_through_the_document(world: World) -> None:
    (entry_id,) = post_now(world.fay.actor, approved(world, DAY, 8))
    assert refused_reversal(world, entry_id) == ("has_document",)


def test_a_reversal_does_not_land_in_a_locked_period(world: World) -> None:
    entry_id = actions.post_manual_journal(
        actor=world.fay.actor, journal=replace(rent(world), date=date(2026, 2, 2))
    )
    actions.set_period_state(
        actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason=""
    )
    assert refused_reversal(world, entry_id, on=date(2026, 2, 3)) == ("period_locked",)


def test_an_account_code_is_taken_once(world: World) -> None:
    with pytest.raises(Refused, match="1000 is already the code of Cash clearing") as refused:
        actions.add_account(
            actor=world.fay.actor, book_id=world.book_id, code=" 1000", name="Till", kind=AccountKind.ASSET
        )
    assert refused.value.codes == ("account_code_once",)


def test_fay_renumbers_an_account(world: World) -> None:
    actions.rename_account(
        actor=world.fay.actor, account_id=account(AccountRole.OPENING), code="9000", name="Equity brought in"
    )
    assert str(Account.objects.get(role=AccountRole.OPENING)) == "9000 Equity brought in"


def test_accounts_that_work_or_hold_money_stay_open(world: World) -> None:
    fay = world.fay.actor
    account_id = actions.add_account(
        actor=fay, book_id=world.book_id, code="6500", name="Rent", kind=AccountKind.EXPENSE
    )
    lines = [ManualLine(account_id, debit=Decimal("1500.50")), rent(world).lines[1]]
    actions.post_manual_journal(actor=fay, journal=replace(rent(world), lines=lines))
    for refused_id, code in (
        (account(AccountRole.TAX_PAYABLE), "account_in_use"),
        (account_id, "account_not_empty"),
    ):
        with pytest.raises(Refused) as refused:
            actions.close_account(actor=fay, account_id=refused_id)
        assert refused.value.codes == (code,)


def test_books_of_another_entity_are_not_found(world: World) -> None:
    elsewhere = replace(world.fay.actor, entity_ids=frozenset({world.book_id + 1}))
    with pytest.raises(NotFound):
        actions.post_manual_journal(actor=elsewhere, journal=rent(world))
