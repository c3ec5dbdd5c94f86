"""The journal entries of expenses, all in the entity's currency.

| event | debit | credit |
| --- | --- | --- |
| expense approved | Project expense (net), Input tax | Employee and vendor payable (gross) |
| reimbursed | Employee and vendor payable | Cash clearing |
| vendor's bill matched | Labour absorbed (labour cost of the time), Project expense (difference), Input tax | payable |
| vendor's bill paid | Employee and vendor payable | Cash clearing; another exchange rate to Realized FX |
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from workledger.expenses.calc.matching import Charged, Work
from workledger.expenses.events import ApprovedExpense
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, JournalEntry, Posting

EXPENSE = "expense"
REIMBURSEMENT = "reimbursement"
VENDOR_BILL = "vendor_bill"
APPROVED = "expense_approved"
REIMBURSED = "expense_reimbursed"
MATCHED = "vendor_bill_matched"
PAID = "vendor_bill_paid"
_ZERO = Decimal(0)


def expense_approved(row: ApprovedExpense) -> EntryDraft:
    """Debit Project expense with the net and Input tax with what is reclaimed; credit the person with the gross."""
    cost = PostingDraft(
        AccountRole.PROJECT_EXPENSE,
        debit=row.functional_net,
        client_id=row.client_id,
        contract_id=row.contract_id,
        contract_line_id=row.contract_line_id,
        project_id=row.project_id,
        task_id=row.task_id,
        person_id=row.person_id,
        role_id=row.role_id,
        practice_id=row.practice_id,
        office_id=row.office_id,
        service_date=row.work_date,
        source_kind=EXPENSE,
        source_id=row.expense_id,
    )
    postings = [cost] if row.functional_net else []
    if row.input_tax:
        postings.append(_side(AccountRole.INPUT_TAX, row.input_tax, EXPENSE, row.expense_id, row.person_id))
    postings.append(_side(AccountRole.PAYABLE, -row.functional_gross, EXPENSE, row.expense_id, row.person_id))
    what = row.vendor or row.description
    words = f"{row.category}: {what}" if what else row.category
    return EntryDraft(
        row.entity_id, row.work_date, APPROVED, words, row.functional_currency, postings, EXPENSE, row.expense_id
    )  # fmt: skip


def reimbursed(
    *, entity_id: int, person_id: int, reimbursement_id: int, paid_on: date, amount: Decimal, currency: str
) -> EntryDraft:
    """Debit what is owed to the person, credit Cash clearing."""
    source = (REIMBURSEMENT, reimbursement_id, person_id)
    postings = [
        _side(AccountRole.PAYABLE, amount, *source),
        _side(AccountRole.CASH_CLEARING, -amount, *source),
    ]
    return EntryDraft(
        entity_id, paid_on, REIMBURSED, "Expenses reimbursed", currency, postings, REIMBURSEMENT, reimbursement_id
    )  # fmt: skip


def bill_matched(
    *,
    entity_id: int,
    bill_id: int,
    words: str,
    bill_date: date,
    currency: str,
    time: Sequence[Charged],
    differences: Mapping[Work, Decimal],
    input_tax: Decimal,
) -> EntryDraft:
    """Debit Labour absorbed with the labour cost of the time, Project expense with the difference, Input tax; credit
    the vendor with their sum.

    A bill below the labour cost credits Project expense.
    """
    absorbed: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for entry in time:
        absorbed[entry.work.practice_id, entry.work.office_id] += entry.cost
    postings = [
        PostingDraft(
            AccountRole.LABOUR_ABSORBED,
            debit=cost,
            practice_id=practice,
            office_id=office,
            source_kind=VENDOR_BILL,
            source_id=bill_id,
        )
        for (practice, office), cost in sorted(absorbed.items())
        if cost
    ]
    for work, amount in sorted(differences.items()):
        if amount:
            postings.append(
                _side(AccountRole.PROJECT_EXPENSE, amount, VENDOR_BILL, bill_id)._replace(**work._asdict())
            )
    if input_tax:
        postings.append(_side(AccountRole.INPUT_TAX, input_tax, VENDOR_BILL, bill_id))
    owed = sum((posting.debit - posting.credit for posting in postings), _ZERO)
    postings.append(_side(AccountRole.PAYABLE, -owed, VENDOR_BILL, bill_id))
    return EntryDraft(entity_id, bill_date, MATCHED, words, currency, postings, VENDOR_BILL, bill_id)


def bill_paid(
    *,
    entity_id: int,
    bill_id: int,
    words: str,
    paid_on: date,
    currency: str,
    owed: Decimal,
    settled: Decimal,
) -> EntryDraft:
    """Debit the payable with what was owed, credit Cash clearing with what was paid; the rest is Realized FX."""
    postings = [
        _side(AccountRole.PAYABLE, owed, VENDOR_BILL, bill_id),
        _side(AccountRole.CASH_CLEARING, -settled, VENDOR_BILL, bill_id),
    ]
    if settled != owed:
        postings.append(_side(AccountRole.REALIZED_FX, settled - owed, VENDOR_BILL, bill_id))
    return EntryDraft(entity_id, paid_on, PAID, f"{words} paid", currency, postings, VENDOR_BILL, bill_id)


def _side(
    account: AccountRole, amount: Decimal, source_kind: str, source_id: int, person_id: int = 0
) -> PostingDraft:
    """Return a debit for a positive amount, a credit for a negative one."""
    return PostingDraft(
        account,
        debit=max(amount, _ZERO),
        credit=max(-amount, _ZERO),
        person_id=person_id,
        source_kind=source_kind,
        source_id=source_id,
    )


def reversals(
    kind: str, source_kind: str, source_ids: Sequence[int], words: str, on: date | None = None
) -> list[EntryDraft]:
    """Return the exact inverse of what the books hold of these documents as entries of `kind`.

    Dated `on`; None dates each like its original, so that a month that is still open is right again.
    """
    entries = list(
        JournalEntry.objects.filter(
            kind=kind, source_kind=source_kind, source_id__in=source_ids, reversed_by__isnull=True
        ).order_by("pk")
    )
    sides: dict[int, list[Posting]] = defaultdict(list)
    for posting in Posting.objects.filter(entry__in=entries).select_related("account").order_by("pk"):
        sides[posting.entry_id].append(posting)
    return [
        EntryDraft(
            entry.book_id, entry.date, entry.kind, entry.description, sides[entry.pk][0].currency,
            [_drafted(posting) for posting in sides[entry.pk]], entry.source_kind, entry.source_id,
        ).reversal(on or entry.date, entry.pk, f"{words}: {entry.description}")
        for entry in entries
    ]  # fmt: skip


def _drafted(posting: Posting) -> PostingDraft:
    return PostingDraft(
        AccountRole(posting.account.role), posting.debit, posting.credit, None, posting.client_id,
        posting.contract_id, posting.contract_line_id, posting.project_id, posting.task_id, posting.person_id,
        posting.role_id, posting.practice_id, posting.office_id, posting.quantity, posting.billable_quantity,
        posting.unit, posting.service_date, posting.source_kind, posting.source_id,
    )  # fmt: skip
