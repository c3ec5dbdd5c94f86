"""Layouts of the firm's invoices."""

from dataclasses import dataclass

from workledger.billing.calc.layouts import Column, GroupBy
from workledger.billing.documents.locales import NUMBER_FORMATS
from workledger.billing.models import InvoiceLayout
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems

_MOST_LETTERS = 100
_MOST_OPENING = 400


@dataclass(frozen=True, slots=True)
class LayoutInput:
    """A layout: headings (`group_by`, '' for none) and lines, columns, number format, texts and what is appended.

    `columns` are of dates, quantity, unit, rate and tax; none is the usual ones. `number_format` is a sample such as
    '1.234,56', '' is the language's own. `attaches` the timesheet as the client has it, always or never.
    """

    name: str
    group_by: str = ""
    line_by: str = "task"
    has_subtotals: bool = True
    columns: tuple[str, ...] = ()
    number_format: str = ""
    attaches: str = "client"
    attaches_receipts: bool = False
    opening: str = ""
    closing: str = ""


@action("billing.add_layout", needs=Permission.MANAGE_SETTINGS)
def add_layout(*, actor: Actor, layout: LayoutInput) -> int:
    """Add a layout that clients and contracts can use; returns its id.

    Refuses: name_missing, name_taken, unknown_choice, same_twice, too_long.
    """
    row = InvoiceLayout()
    _save(row, layout)
    record(row, f"Added invoice layout {row.name}")
    return int(row.pk)


@action("billing.change_layout", needs=Permission.MANAGE_SETTINGS)
def change_layout(*, actor: Actor, layout_id: int, layout: LayoutInput) -> None:
    """Change a layout; pre-bills keep their lines until they are drafted anew, issued invoices stay as they are.

    Refuses: not_found, name_missing, name_taken, unknown_choice, same_twice, too_long.
    """
    row: InvoiceLayout = locks.for_update(InvoiceLayout.objects.visible_to(actor), layout_id)
    _save(row, layout)
    record(row, f"Changed invoice layout {row.name}")


def _save(row: InvoiceLayout, layout: LayoutInput) -> None:
    name, problems = layout.name.strip(), Problems()
    problems.check(
        0 < len(name) <= _MOST_LETTERS, "name_missing", "Give a name of at most 100 letters.", "name"
    )
    taken = InvoiceLayout.objects.exclude(pk=row.pk).filter(name=name).exists()
    problems.check(not taken, "name_taken", "There is a layout of that name. Choose another.", "name")
    fill(row, layout, problems)
    row.name = name
    row.save()


def fill(row: InvoiceLayout, layout: LayoutInput, problems: Problems) -> InvoiceLayout:
    """Write what was chosen, but the name, into a layout that is not saved; refuses what cannot be, with `problems`."""
    groups, columns = {by.value for by in GroupBy}, {column.value for column in Column}
    for field, value, known in (
        ("group_by", layout.group_by, {*groups, ""} - {GroupBy.ENTRY.value}),
        ("line_by", layout.line_by, groups),
        ("number_format", layout.number_format, {*NUMBER_FORMATS, ""}),
        ("attaches", layout.attaches, {"client", "always", "never"}),
    ):
        problems.check(value in known, "unknown_choice", "Choose one of the list.", field)
    problems.check(set(layout.columns) <= columns, "unknown_choice", "Choose columns of the list.", "columns")
    problems.check(
        layout.group_by != layout.line_by,
        "same_twice", "Headings and lines stand for two things. Choose another for one of them.", "line_by",
    )  # fmt: skip
    problems.check(
        len(layout.opening) <= _MOST_OPENING, "too_long", "The text above has at most 400 letters.", "opening"
    )
    problems.refuse()
    row.group_by, row.line_by, row.has_subtotals = (
        layout.group_by,
        layout.line_by,
        layout.has_subtotals,
    )
    row.columns = [column.value for column in Column if column.value in layout.columns]
    row.number_format, row.attaches, row.attaches_receipts = (
        layout.number_format,
        layout.attaches,
        layout.attaches_receipts,
    )
    row.opening, row.closing = layout.opening.strip(), layout.closing.strip()
    return row
