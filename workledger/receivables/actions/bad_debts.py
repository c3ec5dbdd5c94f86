"""Bad debts: what a client will not pay is given up, and is owed again when it pays after all."""

from datetime import date
from decimal import Decimal

from workledger.billing.calc.dues import tax_part
from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.events import emit
from workledger.core.refusals import Problems, Refused
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum
from workledger.receivables.actions.settling import take_bad_debt_back, total_of, write_off
from workledger.receivables.events import DebtWrittenOff, WriteOffReversed
from workledger.receivables.models import BadDebt, Receivable

_ZERO = Decimal(0)


@action("receivables.write_off_debt", needs=Permission.WRITE_OFF)
def write_off_debt(
    *,
    actor: Actor,
    invoice_id: int,
    on: date,
    reason: str,
    amount: Decimal | None = None,
    tax_relief: bool = False,
) -> int:
    """Give up what is open of an invoice as a bad debt, all of it unless `amount` says how much (gross); returns its id.

    Where the law gives the tax back on a bad debt, `tax_relief` takes its share out of Tax payable; else all of it is
    the firm's expense.
    Refuses: not_found, not_issued, not_open, reason_missing, amount_not_possible, before_invoice, no_open_period.
    """
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = _receivable(invoice_id)
    if not receivable.open_amount:
        raise Refused.because("not_open", f"Nothing is open of {invoice.number}.")
    wanted: Decimal = receivable.open_amount if amount is None else amount
    _check(invoice, wanted, receivable.open_amount, on, reason, "why it is given up")
    tax = tax_part(wanted, invoice.gross, invoice.tax, invoice.currency) if tax_relief else _ZERO
    debt = write_off(actor, receivable, wanted, on, reason.strip(), tax=tax)
    words = money_words(wanted, invoice.currency)
    record(invoice, f"Wrote off {words} of {invoice.number} as a bad debt: {reason.strip()}")
    emit(DebtWrittenOff(actor, invoice.pk, on, wanted))
    return int(debt.pk)


@action("receivables.reverse_write_off", needs=Permission.WRITE_OFF)
def reverse_write_off(
    *, actor: Actor, invoice_id: int, on: date, reason: str, amount: Decimal | None = None
) -> int:
    """Have an invoice owed again, since the client pays after all: all that was written off, or a part; returns its id.

    Refuses: not_found, not_issued, not_written_off, reason_missing, amount_not_possible, before_invoice, no_open_period.
    """
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = _receivable(invoice_id)
    lost = total_of(BadDebt.objects.filter(invoice=invoice))
    if not lost:
        raise Refused.because("not_written_off", f"Nothing of {invoice.number} is written off.")
    wanted = lost if amount is None else amount
    _check(invoice, wanted, lost, on, reason, "why it is owed again")
    debt = take_bad_debt_back(actor, receivable, wanted, on, reason.strip())
    words = money_words(wanted, invoice.currency)
    record(invoice, f"{words} of {invoice.number} is owed again: {reason.strip()}")
    emit(WriteOffReversed(actor, invoice.pk, on, wanted))
    return int(debt.pk)


def _receivable(invoice_id: int) -> Receivable:
    found = Receivable.objects.filter(pk=invoice_id).select_for_update().first()
    if found is None:
        raise Refused.because("not_issued", "Only an issued invoice is owed.")
    return found


def _check(invoice: Invoice, amount: Decimal, limit: Decimal, on: date, reason: str, what: str) -> None:
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", f"Say {what}.", "reason")
    problems.check(
        _ZERO < amount <= limit and amount % minor_quantum(invoice.currency) == 0,
        "amount_not_possible",
        f"Give an amount of more than zero and at most {money_words(limit, invoice.currency)}, to the cent.",
        "amount",
    )
    since = max(
        [
            invoice.issued_on or on,
            *BadDebt.objects.filter(invoice=invoice).values_list("written_off_on", flat=True),
        ]
    )
    problems.check(
        on >= since,
        "before_invoice",
        f"{invoice.number} was issued or last written off on {since:%-d %B %Y}, after that day.",
        "on",
    )
    problems.refuse()
