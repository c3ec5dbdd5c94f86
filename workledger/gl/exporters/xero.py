"""Xero: manual journals as CSV, in the columns of its import template.

Read there under Accounting, Manual journals, Import; the journals arrive as drafts. Lines of one narration and date
are one journal; debits are positive and credits negative; the date is day/month/year; the account is its code and the
tax rate the full name of one in the organisation. Tax stands on lines of its own here, so each line names the rate
that charges nothing. A file takes 300 lines: what is more goes into the next one.

Sources: help.xero.com, 'ManualJournalsImport' (columns, dates, signs, 300 lines) and 'Record movements in system
accounts' (no manual journal reaches Xero's own receivables, payables or bank accounts: map those to accounts beside
them).
"""

import csv
from collections.abc import Callable
from io import StringIO

from workledger.core.access import Actor
from workledger.gl.calc.journals import Journal, Line
from workledger.gl.exporters.form import Form, Order, Outlet
from workledger.gl.journals import Reading, Wanted, amount
from workledger.gl.models import Axis
from workledger.kernel.rounding import minor_units
from workledger.ledger.export import Exported
from workledger.ledger.export.comma import guarded

MOST_LINES = 300
_HEAD = (
    "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
)  # fmt: skip
_PLACES = (Axis.TRACKING_1, Axis.TRACKING_2)


def write(actor: Actor, order: Order, out: Outlet, progress: Callable[[int], None]) -> Exported:
    """Write the journals of one book; returns how many journals and lines."""
    (book_id,) = order.book_ids or ()
    reading = Reading(actor, Wanted(book_id, order.start, order.end, order.grain, axes=frozenset(_PLACES)))
    sheet = _Sheet(reading)
    out.write(sheet.head())
    journals = lines = in_file = 0
    for each in reading.journals():
        if in_file and in_file + len(each.lines) > MOST_LINES:
            out.cut()
            out.write(sheet.head())
            in_file = 0
            progress(lines)
        out.write(sheet.journal(each))
        journals += 1
        in_file += len(each.lines)
        lines += len(each.lines)
    return Exported(journals, lines)


class _Sheet:
    """Rows of one book's journals."""

    def __init__(self, reading: Reading) -> None:
        self._tax = reading.mapping.no_tax
        self._places = minor_units(reading.mapping.currency)
        self._names = {axis.axis: axis.name for axis in reading.axes}
        self._buffer = StringIO()
        self._writer = csv.writer(self._buffer, lineterminator="\r\n")

    def head(self) -> str:
        """Return the columns."""
        self._writer.writerow(_HEAD)
        return self._taken()

    def journal(self, journal: Journal) -> str:
        """Return the rows of a journal."""
        said = guarded(" ".join(journal.description.split()))
        narration = f"{said} ({journal.id})"
        date = f"{journal.on:%d/%m/%Y}"
        for line in journal.lines:
            self._writer.writerow(
                (
                    narration, date, said, line.account, self._tax, amount(line.amount, self._places),
                    *self._tracking(line),
                )
            )  # fmt: skip
        return self._taken()

    def _tracking(self, line: Line) -> list[str]:
        about = dict(line.dimensions)
        cells = []
        for place in _PLACES:
            option = about.get(place, "")
            cells += [self._names[place], guarded(option)] if option else ["", ""]
        return cells

    def _taken(self) -> str:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text


FORM = Form(
    "xero", "Xero (CSV)", "csv", "text/csv", write,
    one_book=True, axes=frozenset(_PLACES), where="In Xero: Accounting, Manual journals, Import. The journals arrive there as drafts.",
)  # fmt: skip
