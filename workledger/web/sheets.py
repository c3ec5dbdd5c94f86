"""What is seen, as a file: CSV and Excel. Amounts are plain numbers, days are ISO days, texts never run as formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Cell = str | Decimal | int | date | None
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def harmless(text: str) -> str:
    """Return a text so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


class _Echo:
    """A file that gives each line back."""

    def write(self, line: str) -> str:
        """Return what is written."""
        return line


def _written(value: Cell) -> str:
    match value:
        case None:
            return ""
        case str():
            return harmless(value)
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
    return str(value)


def _lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(head))
    for row in rows:
        yield str(writer.writerow([_written(value) for value in row]))


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """Answer with rows as CSV, streamed."""
    answer = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return cast("HttpResponse", answer)


def xlsx_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """Answer with rows as an Excel workbook; the first row is the head and stays in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    titles = []
    for word in head:
        cell = WriteOnlyCell(sheet, value=word)
        cell.font = Font(bold=True)
        titles.append(cell)
    sheet.append(titles)
    for row in rows:
        sheet.append([harmless(value) if isinstance(value, str) else value for value in row])
    file = io.BytesIO()
    book.save(file)
    answer = HttpResponse(file.getvalue(), content_type=_XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer
