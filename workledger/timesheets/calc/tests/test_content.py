"""The hash of a line's entries."""

from datetime import date

import pytest

from workledger.timesheets.calc.content import EntryContent, content_hash

MONDAY = EntryContent(1, date(2026, 3, 2), 7200, None, "Kick-off", 5)
TUESDAY = EntryContent(2, date(2026, 3, 3), 3600, 3600, "", 5)


def test_the_order_of_entries_does_not_matter() -> None:
    assert content_hash([MONDAY, TUESDAY]) == content_hash([TUESDAY, MONDAY])


def test_it_is_32_hexadecimal_digits() -> None:
    assert len(content_hash([])) == 32
    assert set(content_hash([MONDAY])) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "edited",
    [
        MONDAY._replace(id=3),
        MONDAY._replace(work_date=date(2026, 3, 3)),
        MONDAY._replace(worked_seconds=7201),
        MONDAY._replace(billable_seconds=0),
        MONDAY._replace(billable_seconds=7200),
        MONDAY._replace(note="Kick-off."),
        MONDAY._replace(task_id=6),
    ],
)
def test_any_edit_changes_it(edited: EntryContent) -> None:
    assert content_hash([edited, TUESDAY]) != content_hash([MONDAY, TUESDAY])


def test_an_entry_added_or_removed_changes_it() -> None:
    hashes = {content_hash([]), content_hash([MONDAY]), content_hash([MONDAY, TUESDAY])}
    assert len(hashes) == 3
