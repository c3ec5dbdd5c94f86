"""The journal entries of revenue. Contract position meets billing\'s there: recognized less billed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.posting import BookRate
from workledger.kernel.allocation import allocate
from workledger.kernel.money import amount_words
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole

RUN = "recognition"
OBLIGATION = "obligation"
CONTRACT = "contract"
_ZERO = Decimal(0)
_LONGEST = 300


class Place(NamedTuple):
    """What a part of revenue is about, and how much of it (a weight)."""

    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    practice_id: int
    weight: Decimal


class Earned(NamedTuple):
    """What is new of an obligation for a service month; negative takes revenue back. `account` is where it is earned.

    `kind` is the kind of its recognition entry; `because` names the modification that it catches up with.
    """

    obligation_id: int
    service_day: date
    amount: Decimal
    account: AccountRole
    places: Sequence[Place]
    kind: str = "revenue"
    because: str = ""


def recognized(
    run_id: int, month: str, earned: Iterable[tuple[BookRate, Earned]]
) -> list[tuple[EntryDraft, list[Earned]]]:
    """Return, per book, currency, service month and modification, the entry that recognizes, and what is in it.

    Debit Contract position, credit revenue (or interest), by the difference alone: nothing is reversed. The entry is of
    the service month's last day; where that is closed the ledger posts it on the first open day, and the service date
    stays.
    """
    by_day: dict[tuple[BookRate, date, str], list[Earned]] = defaultdict(list)
    for book, each in earned:
        by_day[book, each.service_day, each.because].append(each)
    drafts = []
    for (book, day, because), rows in sorted(by_day.items(), key=lambda pair: pair[0]):
        postings = [posting for each in rows for posting in _postings(book, each)]
        words = f"Revenue of {day:%B %Y} recognized through {month}"
        if because:
            words = f"{because}: caught up in {day:%B %Y}"[:_LONGEST]
        drafts.append(
            (
                EntryDraft(
                    book.book_id, day, "revenue_recognized", words, book.currency, postings, RUN, run_id
                ),
                rows,
            )
        )
    return drafts


def _postings(book: BookRate, earned: Earned) -> list[PostingDraft]:
    weights = [place.weight for place in earned.places]
    if not sum(weights, _ZERO):
        weights = [Decimal(1)] * len(weights)
    split = zip(earned.places, allocate(earned.amount, weights, book.currency), strict=True)
    parts = [(place, abs(part)) for place, part in split if part]
    debit, credit = AccountRole.CONTRACT_POSITION, earned.account
    if earned.amount < 0:
        debit, credit = credit, debit
    postings: list[PostingDraft] = []
    for (place, part), value in zip(parts, _functional(book, earned.amount, parts), strict=True):
        for account, owed, owned in ((debit, part, _ZERO), (credit, _ZERO, part)):
            postings.append(
                PostingDraft(
                    account, owed, owned, value, *place[:4],
                    practice_id=0 if account is AccountRole.CONTRACT_POSITION else place.practice_id,
                    service_date=earned.service_day, source_kind=OBLIGATION, source_id=earned.obligation_id,
                )
            )  # fmt: skip
    return postings


def _functional(
    book: BookRate, amount: Decimal, parts: Sequence[tuple[Place, Decimal]]
) -> Sequence[Decimal | None]:
    """Return the parts in the book's currency, which sum to the whole there; None where the currencies are equal."""
    whole = book.functional(abs(amount))
    if whole is None:
        return [None] * len(parts)
    return allocate(whole, [part for _, part in parts], book.book_currency)


def provided(
    run_id: int, book: BookRate, day: date, contract: str, place: Place, change: Decimal
) -> EntryDraft:
    """Debit Contract losses, credit Provision for contract losses; a negative change releases it. The book's currency."""
    debit, credit = AccountRole.CONTRACT_LOSSES, AccountRole.LOSS_PROVISION
    if change < 0:
        debit, credit = credit, debit
    words = "provided for" if change > 0 else "no longer provided for"
    return EntryDraft(
        book.book_id,
        day,
        "loss_provided",
        f"{amount_words(abs(change), book.book_currency)} of loss of {contract} {words}"[:_LONGEST],
        book.book_currency,
        [
            PostingDraft(
                account, owed, owned, None, place.client_id, place.contract_id, service_date=day,
                source_kind=CONTRACT, source_id=place.contract_id,
            )
            for account, owed, owned in ((debit, abs(change), _ZERO), (credit, _ZERO, abs(change)))
        ],
        RUN,
        run_id,
    )  # fmt: skip
