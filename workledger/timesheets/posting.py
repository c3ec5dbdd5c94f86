"""The journal entries of time: labour cost by person and work, absorbed by practice and office."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole
from workledger.timesheets.events import ApprovedEntry

_CENT = Decimal("0.01")
_HOUR = Decimal(3600)
_ZERO = Decimal(0)
SOURCE = "time"


def labour_cost(cost_rate: Decimal | None, worked_seconds: int) -> Decimal:
    """Return cost rate × worked hours, half-up to the cent; 0 while the rate is not known."""
    if cost_rate is None:
        return _ZERO
    return (cost_rate * worked_seconds / _HOUR).quantize(_CENT, ROUND_HALF_UP)


def time_approved(entries: Iterable[ApprovedEntry], currencies: dict[int, str]) -> list[EntryDraft]:
    """Return one balanced entry per employing entity and work date.

    Debit Labour cost per entry (quantity: worked seconds, with the billable part); credit Labour absorbed per
    practice and office. `currencies` maps each entity to its functional currency.
    """
    by_day: dict[tuple[int, date], list[ApprovedEntry]] = defaultdict(list)
    for entry in entries:
        by_day[entry.employer_id, entry.work_date].append(entry)
    return [
        _day(employer_id, day, currencies[employer_id], by_day[employer_id, day])
        for employer_id, day in sorted(by_day)
    ]


def _day(employer_id: int, day: date, currency: str, entries: list[ApprovedEntry]) -> EntryDraft:
    postings = []
    absorbed: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for entry in entries:
        cost = labour_cost(entry.cost_rate, entry.worked_seconds)
        absorbed[entry.practice_id, entry.office_id] += cost
        postings.append(
            PostingDraft(
                AccountRole.LABOUR_COST,
                cost,
                _ZERO,
                None,
                entry.client_id,
                entry.contract_id,
                entry.contract_line_id,
                entry.project_id,
                entry.task_id,
                entry.person_id,
                entry.role_id,
                entry.practice_id,
                entry.office_id,
                entry.worked_seconds,
                entry.billable_seconds,
                "s",
                day,
                SOURCE,
                entry.entry_id,
            )
        )
    postings.extend(
        PostingDraft(AccountRole.LABOUR_ABSORBED, credit=cost, practice_id=practice, office_id=office)
        for (practice, office), cost in sorted(absorbed.items())
        if cost
    )
    return EntryDraft(
        employer_id, day, "time_approved", f"Time of {day:%d %b %Y} approved", currency, postings
    )
