"""What the database itself holds, whatever code runs."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import Account, AccountRole, Balance, JournalEntry, PersonBalance, Posting
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World

MARCH = date(2026, 3, 2)


def balance_of(role: AccountRole) -> Decimal:
    account = Account.objects.get(role=role)
    return sum(
        (
            row.functional_debit - row.functional_credit
            for row in Balance.objects.filter(account_id=account.pk)
        ),
        Decimal(0),
    )


def test_approval_and_invoice_leave_contract_position_as_what_is_unbilled(world: World) -> None:
    post_now(
        world.fay.actor, approved(world, MARCH, 8), invoiced(world, MARCH, Decimal(600), tax=Decimal(114))
    )
    assert balance_of(AccountRole.LABOUR_COST) == 400  # 8 h × 50
    assert balance_of(AccountRole.SERVICES_REVENUE) == -960  # 8 h × 120
    assert balance_of(AccountRole.CONTRACT_POSITION) == 360  # 960 − 600
    assert balance_of(AccountRole.RECEIVABLE) == 714  # 600 + 19 %


def test_balances_by_person_hold_hours(world: World) -> None:
    post_now(world.fay.actor, approved(world, MARCH, 8), approved(world, date(2026, 3, 3), 2))
    row = PersonBalance.objects.get(account_id=Account.objects.get(role=AccountRole.LABOUR_COST).pk)
    assert row.person_id == world.carl.person_id
    assert row.quantity == 36_000
    assert row.functional_debit == 500


def test_unbalanced_entry_is_refused(world: World) -> None:
    entry = approved(world, MARCH, 8)
    with pytest.raises(DatabaseError, match=r"does not balance: debit 1360.* and credit 960"):
        post_now(world.fay.actor, entry._replace(postings=[*entry.postings[:1], *entry.postings[2:]]))


def test_entry_that_balances_only_in_its_own_currency_is_refused(world: World) -> None:
    sides = [
        PostingDraft(AccountRole.CASH_CLEARING, debit=Decimal(100), functional=Decimal(9)),
        PostingDraft(AccountRole.OPENING, credit=Decimal(100), functional=Decimal(10)),
    ]
    with pytest.raises(DatabaseError, match=r"functional currency: debit 9.0000, credit 10.0000"):
        post_now(world.fay.actor, EntryDraft(world.book_id, MARCH, "manual", "Krona", "SEK", sides))


def test_entry_without_postings_is_refused(world: World) -> None:
    with pytest.raises(DatabaseError, match="does not balance"):
        post_now(world.fay.actor, EntryDraft(world.book_id, MARCH, "manual", "Nothing", "EUR", []))


def test_late_work_lands_in_the_open_period_and_keeps_its_true_date(world: World) -> None:
    (entry_id,) = post_now(world.fay.actor, approved(world, date(2026, 1, 15), 8)._replace(postings=[
        side._replace(service_date=date(2026, 1, 15)) for side in approved(world, MARCH, 8).postings
    ]))  # fmt: skip
    assert JournalEntry.objects.get(pk=entry_id).date == date(2026, 2, 1)
    assert set(Posting.objects.values_list("date", "service_date")) == {(date(2026, 2, 1), date(2026, 1, 15))}


def test_posting_past_the_calendar_opens_periods(world: World) -> None:
    post_now(world.fay.actor, approved(world, date(2027, 2, 10), 1))
    assert Posting.objects.filter(period__start=date(2027, 2, 1)).count() == 4


@pytest.mark.parametrize("model", [Posting, JournalEntry])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_postings_and_entries_never_change(
    world: World, model: type[Posting | JournalEntry], change: str
) -> None:
    post_now(world.fay.actor, approved(world, MARCH, 8))
    rows = model.objects.all()
    with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
        _ = rows.update(date=date(2026, 4, 1)) if change == "update" else rows._raw_delete(rows.db)


def test_stray_posting_into_a_locked_period_is_refused(world: World) -> None:
    """Not through `post`, which would move it: the trigger stands even against a direct insert."""
    january = world.period(1)
    account = Account.objects.get(role=AccountRole.OPENING)
    with pytest.raises(DatabaseError, match="January 2026 is locked"), transaction.atomic():
        entry = JournalEntry.objects.create(
            book_id=world.book_id, period=january, date=january.start, kind="manual", description="Stray"
        )
        Posting.objects.create(
            entry=entry, book_id=world.book_id, account=account, period=january, date=january.start,
            service_date=january.start, currency="EUR", debit=1, functional_debit=1,
        )  # fmt: skip


def test_posting_into_an_older_entry_is_refused(world: World) -> None:
    (entry_id,) = post_now(world.fay.actor, approved(world, MARCH, 8))
    entry = JournalEntry.objects.get(pk=entry_id)
    account = Account.objects.get(role=AccountRole.OPENING)
    with pytest.raises(DatabaseError, match="same book, period and date"), transaction.atomic():
        Posting.objects.create(
            entry=entry, book_id=world.book_id, account=account, period=entry.period, date=date(2026, 3, 9),
            service_date=entry.date, currency="EUR", debit=1, functional_debit=1,
        )  # fmt: skip
