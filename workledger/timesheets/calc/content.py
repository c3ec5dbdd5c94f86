"""The hash that binds an approval to what was approved.

An approval names the entries as they were. Whoever edits one later changes the hash, and so it shows
that the approval no longer covers what stands there.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

_FIELD = "\x1f"
_ENTRY = "\x1e"
_UNSET = "-"


class EntryContent(NamedTuple):
    """What an approval covers of one entry. A plain tuple, so that a database row can be used as it comes."""

    id: int
    work_date: date
    worked_seconds: int
    billable_seconds: int | None
    note: str
    task_id: int


def content_hash(entries: Iterable[EntryContent]) -> str:
    """Return 32 hexadecimal digits over the entries of one line, whatever their order.

    Billable time that is unset differs from zero. No entry at all has a hash too.
    """
    lines = [
        f"{entry_id}{_FIELD}{work_date.isoformat()}{_FIELD}{worked}{_FIELD}"
        f"{_UNSET if billable is None else billable}{_FIELD}{task_id}{_FIELD}{note}"
        for entry_id, work_date, worked, billable, note, task_id in sorted(
            entries, key=lambda entry: entry[0]
        )
    ]
    digest = hashlib.blake2b(_ENTRY.join(lines).encode(), digest_size=16)
    return digest.hexdigest()
