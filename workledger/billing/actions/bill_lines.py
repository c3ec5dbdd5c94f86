"""Lines of a pre-bill, edited: other words, lines joined, a line parted. Every source stays linked to the line that bills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F

from workledger.billing.actions.invoices import retotal
from workledger.billing.actions.prebills import draft_of
from workledger.billing.calc.taxes import tax_added, tax_taken_out
from workledger.billing.models import Invoice, InvoiceLine, InvoiceSource
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_ABOUT = ("contract_line_id", "project_id", "task_id", "person_id")
_TAX = ("tax_code", "tax_rate", "tax_label", "tax_vatex")


@action("billing.describe_line", needs=Permission.PREPARE_BILLING)
def describe_line(*, actor: Actor, line_id: int, description: str) -> None:
    """Change what a line of a pre-bill says. Refuses: not_found, not_a_pre_bill, description_missing, too_long."""
    line: InvoiceLine = locks.one(InvoiceLine.objects.visible_to(actor), line_id)
    invoice = draft_of(actor, line.invoice_id)
    problems, text = Problems(), description.strip()
    problems.check(text, "description_missing", "Say what the client pays for.", "description")
    problems.check(len(text) <= 400, "too_long", "Use at most 400 characters.", "description")
    problems.refuse()
    line.description = text
    line.save(update_fields=["description"])
    record(invoice, f"Reworded a line of {invoice}: {text}")


@action("billing.join_lines", needs=Permission.PREPARE_BILLING)
def join_lines(*, actor: Actor, invoice_id: int, line_ids: list[int], description: str = "") -> int:
    """Make one line of several of one rate, unit, tax and contract line; returns the line that remains, the first.

    Refuses: not_found, not_a_pre_bill, choose_two, lines_differ.
    """
    invoice = draft_of(actor, invoice_id)
    chosen = list(invoice.lines.filter(pk__in=line_ids, is_adjustment=False).order_by("position"))
    if len(chosen) < 2:
        raise Refused.because("choose_two", "Choose two lines or more that have hours or a quantity.")
    kinds = {
        (row.contract_line_id, row.unit, row.rate, *(getattr(row, name) for name in _TAX)) for row in chosen
    }
    if len(kinds) > 1:
        message = "Join lines of one contract line with the same unit, rate and tax."
        raise Refused.because("lines_differ", message)
    first, *others = chosen
    parts = [_Part.of(invoice, row) for row in chosen]
    quantity = sum((row.quantity for row in chosen), _ZERO)
    amount = _amount(first, quantity, invoice.currency)
    rounding = amount - sum((row.amount - row.rounding for row in chosen), _ZERO)
    for name in _ABOUT[1:]:
        if len({getattr(row, name) for row in chosen}) > 1:
            setattr(first, name, None)
    first.description = description.strip()[:400] or _joined([row.description for row in chosen])
    InvoiceSource.objects.filter(line__in=others).update(line=first)
    _write(first, quantity, amount, rounding, sum((part.adjustment for part in parts), _ZERO), parts)
    InvoiceLine.objects.filter(pk__in=[row.pk for row in others]).delete()
    retotal(invoice)
    record(invoice, f"Joined {len(chosen)} lines of {invoice}")
    return first.pk


@action("billing.part_line", needs=Permission.PREPARE_BILLING)
def part_line(*, actor: Actor, line_id: int, item_ids: list[int], description: str = "") -> int:
    """Move some of a line's work to a line of its own after it, at the same rate; returns the new line.

    Refuses: not_found, not_a_pre_bill, choose_some.
    """
    line: InvoiceLine = locks.one(InvoiceLine.objects.visible_to(actor), line_id)
    invoice = draft_of(actor, line.invoice_id)
    sources = list(InvoiceSource.objects.filter(line_id=line_id, is_live=True).select_related("item"))
    moved = [row for row in sources if row.item_id in set(item_ids)]
    if not moved or len(moved) == len(sources):
        raise Refused.because("choose_some", "Choose some of the line's work, not all of it.")
    part = _Part.of(invoice, line)
    quantity = (
        hours(sum(row.item.billable_seconds for row in moved))
        if line.unit == "h"
        else sum((row.item.quantity or _ZERO for row in moved), _ZERO)
    )
    value = sum((row.item.amount + row.item.over_cap for row in moved), _ZERO)
    amount = _amount(line, quantity, invoice.currency)
    adjustment = sum((row.amount for row in moved), _ZERO) - value
    rest = line.quantity - quantity
    rest_amount = _amount(line, rest, invoice.currency)
    rest_rounding = rest_amount - (line.amount - line.rounding - value)
    place = line.position + (2 if part.line is not None else 1)
    invoice.lines.filter(position__gte=place).update(position=F("position") + 2)
    new = InvoiceLine(
        invoice=invoice, position=place + 1, unit=line.unit, rate=line.rate, gross_amount=line.gross_amount,
        description=description.strip()[:400] or line.description,
        **{name: getattr(line, name) for name in (*_ABOUT, *_TAX)},
    )  # fmt: skip
    _write(line, rest, rest_amount, rest_rounding, part.adjustment - adjustment, [part])
    _write(new, quantity, amount, amount - value, adjustment, [])
    InvoiceSource.objects.filter(pk__in=[row.pk for row in moved]).update(line=new)
    retotal(invoice)
    record(invoice, f"Parted a line of {invoice}: {new.description}")
    return new.pk


@dataclass(frozen=True, slots=True)
class _Part:
    """What was written down of a line, and the line that shows it."""

    adjustment: Decimal
    line: InvoiceLine | None

    @classmethod
    def of(cls, invoice: Invoice, line: InvoiceLine) -> "_Part":
        shown = invoice.lines.filter(is_adjustment=True, position=line.position + 1).first()
        return cls(shown.amount if shown is not None else _ZERO, shown)


def _write(
    line: InvoiceLine,
    quantity: Decimal,
    amount: Decimal,
    rounding: Decimal,
    adjustment: Decimal,
    parts: Sequence[_Part],
) -> None:
    """Write a line with what it comes to, and one adjustment line after it where there is something to show."""
    line.quantity, line.amount, line.rounding = quantity, amount, rounding
    currency = line.invoice.currency
    if line.gross_amount is not None:
        line.gross_amount = round_amount(quantity * line.rate, currency)
    line.save()
    shown = [part.line for part in parts if part.line is not None]
    keep = shown[0] if shown and adjustment else None
    InvoiceLine.objects.filter(pk__in=[row.pk for row in shown if row is not keep]).delete()
    if not adjustment:
        return
    if keep is None:
        line.invoice.lines.filter(position__gt=line.position).update(position=F("position") + 1)
        keep = InvoiceLine(
            invoice=line.invoice, is_adjustment=True, description=f"Adjustment: {line.description}"[:400], quantity=1, unit="pc"
        )  # fmt: skip
    for name in (*_ABOUT, *_TAX):
        setattr(keep, name, getattr(line, name))
    if line.gross_amount is not None:
        keep.gross_amount = tax_added(adjustment, line.tax_rate, currency)
    keep.position, keep.amount = line.position + 1, adjustment
    keep.rate = adjustment if keep.gross_amount is None else keep.gross_amount
    keep.save()


def _amount(line: InvoiceLine, quantity: Decimal, currency: str) -> Decimal:
    """Return what a quantity at a line's rate comes to, without the tax that its price contains."""
    printed = round_amount(quantity * line.rate, currency)
    return printed if line.gross_amount is None else tax_taken_out(printed, line.tax_rate, currency)


def _joined(descriptions: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(descriptions))[:400]
