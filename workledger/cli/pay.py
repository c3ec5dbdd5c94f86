"""``workledger pay``: record money received for an invoice."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

import click

from workledger.billing.models import Invoice
from workledger.cli.output import emit
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.receivables.actions import record_payment

DOOR = "cli"


@click.command("pay")
@click.argument("invoice")
@click.argument("amount")
@click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day the money came in.")
@click.option("--reference", default="", help="What the bank statement says.")
@click.option("--deposit", is_flag=True, help="Keep what exceeds the invoice as a deposit of the client.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(invoice: str, amount: str, on: datetime, reference: str, deposit: bool, as_json: bool) -> None:
    """Record a payment of an issued invoice: partial, in full, or more with --deposit.

    \b
    Example:
      workledger pay INV-2026-00001 1618.40 --on 2026-04-14
    """
    row = Invoice.objects.filter(number=invoice).values_list("pk", "currency", "client__name").first()
    if row is None:
        message = f"There is no invoice {invoice}. Give the number as it is printed, such as INV-2026-00001."
        raise Refused.because("not_found", message, "invoice")
    invoice_id, currency, client = row
    options = Options(confirmed=frozenset({"overpayment"} if deposit else ()))
    received = record_payment.using(options)(
        actor=system_actor(DOOR),
        invoice_id=invoice_id,
        amount=_amount(amount),
        on=on.date(),
        reference=reference,
    )
    open_amount = Invoice.objects.values_list("receivable__open_amount", flat=True).get(pk=invoice_id)
    report = {
        "invoice": invoice,
        "client": client,
        "currency": currency,
        "payment": received.payment_id,
        "allocated": round_amount(received.allocated, currency),
        "deposit": round_amount(received.deposit, currency),
        "open": round_amount(open_amount, currency),
    }
    said = (
        f"Received {money_words(received.allocated, currency)} for {invoice} of {client};"
        f" {money_words(open_amount, currency)} is open."
    )
    if received.deposit:
        said += f" {money_words(received.deposit, currency)} stays as a deposit."
    emit(report, as_json=as_json, text=said)


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        message = f"'{text}' is no amount. Write it with a point, such as 1618.40."
        raise click.BadParameter(message, param_hint="AMOUNT") from error
