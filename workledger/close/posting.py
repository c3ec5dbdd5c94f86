"""The journal entries of a period end: one per matter and currency, dated the last day, and its reversal."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from workledger.close.calc.differences import Change, Key, Sum
from workledger.ledger.drafts import ZERO, EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole

_Group = tuple[str, str, bool]


def entries(
    changes: Iterable[Change],
    *,
    book_id: int,
    home: str,
    day: date,
    run: tuple[str, int],
    words: dict[str, str],
) -> list[tuple[EntryDraft, list[Change]]]:
    """Return the entries over what is new, each with its changes. `run` is the source: kind and id of the run.

    Where a document is in the book's own currency its amount says all; in another one the book's value stands beside it.
    """
    groups: dict[_Group, list[Change]] = defaultdict(list)
    for change in changes:
        if change.is_new:
            key = change.proposal.key
            groups[key.what, key.currency, change.proposal.is_reversed].append(change)
    return [
        (
            EntryDraft(
                book_id, day, run[0] if is_reversed else f"{run[0]}_settled", f"{words[what]}, {day:%B %Y}", currency,
                [posting for change in rows for posting in _pair(change, home)], *run,
            ),
            rows,
        )
        for (what, currency, is_reversed), rows in sorted(groups.items())
    ]  # fmt: skip


def _pair(change: Change, home: str) -> list[PostingDraft]:
    """Return both sides of what is new of one thing."""
    key, new = change.proposal.key, change.new
    if key.currency == home:
        new = Sum(new.amount or new.value, new.amount or new.value)
    agrees = not new.amount or (new.amount > 0) == (new.value > 0)
    parts = [new] if agrees else [Sum(new.amount, ZERO), Sum(ZERO, new.value)]
    return [
        _side(account, key, Sum(sign * part.amount, sign * part.value), home)
        for part in parts
        for account, sign in ((key.account, 1), (key.counter, -1))
    ]


def _side(account: str, key: Key, part: Sum, home: str) -> PostingDraft:
    value = abs(part.value) if part.amount else part.value
    return PostingDraft(
        AccountRole(account), max(part.amount, ZERO), max(-part.amount, ZERO),
        None if key.currency == home else value,
        client_id=key.client_id, contract_id=key.contract_id, contract_line_id=key.contract_line_id,
        project_id=key.project_id, person_id=key.person_id, role_id=key.role_id, practice_id=key.practice_id,
        office_id=key.office_id, source_kind=key.source_kind, source_id=key.source_id or None,
    )  # fmt: skip
