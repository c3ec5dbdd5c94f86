"""The invariants of billing: the conservation law, sources, frozen documents."""

import hashlib
from decimal import Decimal

from workledger.billing.models import Invoice, IssuedDocument
from workledger.ledger.checks import Check, CheckResult, register_check, sum_check

_OVER_CAP = "(SELECT coalesce(sum(over_cap), 0) FROM billing_billableitem WHERE NOT is_void)"
_ADJUSTMENTS = "(SELECT coalesce(sum(amount), 0) FROM billing_writedown)"
_WRITTEN_OFF = "(SELECT coalesce(sum(amount), 0) FROM billing_writedown WHERE NOT is_write_up)"
_WRITTEN_UP = "(SELECT coalesce(-sum(amount), 0) FROM billing_writedown WHERE is_write_up)"
_OPEN = "(SELECT coalesce(sum(amount), 0) FROM billing_openitem WHERE {held})"
_ON = (
    "(SELECT coalesce(sum(s.amount), 0) FROM billing_invoicesource s JOIN billing_invoice i ON i.id = s.invoice_id"
    " WHERE s.is_live AND i.state = '{state}')"
)
_PRE_BILLED = _ON.format(state="draft")
_BILLED = _ON.format(state="issued")

register_check(
    sum_check(
        "billing.conservation_of_value",
        "Worked value = billed + WIP + held + written off − written up + over cap",
        left=(
            "value of approved work",
            "SELECT sum(amount + over_cap) FROM billing_billableitem WHERE NOT is_void",
        ),
        right=(
            "billed + WIP + held + written off − written up + over cap",
            f"SELECT {_BILLED} + {_PRE_BILLED} + {_OPEN.format(held='NOT is_held')} + {_OPEN.format(held='is_held')}"
            f" + {_WRITTEN_OFF} - {_WRITTEN_UP} + {_OVER_CAP}",
        ),
        broken=(
            "items whose parts differ from their value",
            "SELECT count(*) FROM (SELECT i.id FROM billing_billableitem i"
            " LEFT JOIN billing_openitem o ON o.item_id = i.id"
            " LEFT JOIN billing_invoicesource s ON s.item_id = i.id AND s.is_live"
            " LEFT JOIN (SELECT item_id, sum(amount) AS amount FROM billing_writedown GROUP BY item_id) w"
            " ON w.item_id = i.id WHERE NOT i.is_void"
            " AND i.amount <> coalesce(o.amount, 0) + coalesce(s.amount, 0) + coalesce(w.amount, 0)) d",
        ),
    )
)
register_check(
    sum_check(
        "billing.conservation_of_time",
        "Approved hours = billable items + items without a rate",
        left=(
            "seconds approved",
            "SELECT sum(e.worked_seconds) FROM timesheets_timeentry e JOIN timesheets_timesheetline l"
            " ON l.id = e.line_id WHERE l.state = 'approved'",
        ),
        right=(
            "seconds on items",
            "SELECT (SELECT coalesce(sum(worked_seconds), 0) FROM billing_billableitem"
            " WHERE NOT is_void AND source_kind = 'time')"
            " + (SELECT coalesce(sum(worked_seconds), 0) FROM billing_unpriceditem WHERE source_kind = 'time')",
        ),
    )
)
register_check(
    sum_check(
        "billing.lines_sum_to_net",
        "Lines sum to each invoice's net",
        left=("lines", "SELECT sum(amount) FROM billing_invoiceline"),
        right=("net of invoices", "SELECT sum(net) FROM billing_invoice"),
        broken=(
            "invoices whose lines differ",
            "SELECT count(*) FROM (SELECT i.id FROM billing_invoice i LEFT JOIN billing_invoiceline l"
            " ON l.invoice_id = i.id GROUP BY i.id HAVING i.net <> coalesce(sum(l.amount), 0)"
            " OR i.gross <> i.net + i.tax) d",
        ),
    )
)
register_check(
    sum_check(
        "billing.printed_amounts",
        "Printed quantity × printed rate is the printed amount",
        left=("lines", "SELECT count(*) FROM billing_invoiceline"),
        right=(
            "lines that print what they multiply",
            "SELECT count(*) FROM billing_invoiceline"
            " WHERE abs(quantity * rate - coalesce(gross_amount, amount)) <= 0.5",
        ),
        broken=(
            "lines that differ by more than half a minor unit",
            "SELECT count(*) FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id"
            " WHERE i.currency NOT IN ('JPY', 'KRW', 'ISK', 'VND')"
            " AND abs(l.quantity * l.rate - coalesce(l.gross_amount, l.amount)) > 0.005",
        ),
    )
)
register_check(
    sum_check(
        "billing.lines_have_sources",
        "Every invoice line traces to approved work",
        left=(
            "value of lines less their rounding and what is credited",
            "SELECT sum(CASE i.kind WHEN 'invoice' THEN l.amount - l.rounding ELSE -l.amount - l.rounding END)"
            " FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id WHERE l.down_payment_id IS NULL",
        ),
        right=("value of their sources", "SELECT sum(amount) FROM billing_invoicesource WHERE is_live"),
        broken=(
            "sources that are not approved",
            "SELECT count(*) FROM billing_invoicesource s JOIN billing_billableitem i ON i.id = s.item_id"
            " JOIN timesheets_timeentry e ON i.source_kind = 'time' AND e.id = i.source_id"
            " JOIN timesheets_timesheetline l ON l.id = e.line_id"
            " WHERE s.is_live AND (i.is_void OR l.state <> 'approved')",
        ),
    )
)
register_check(
    sum_check(
        "billing.no_source_twice",
        "No work is billed twice",
        left=("live sources", "SELECT count(*) FROM billing_invoicesource WHERE is_live"),
        right=(
            "items they bill",
            "SELECT count(DISTINCT item_id) FROM billing_invoicesource WHERE is_live",
        ),
        broken=(
            "items both open and billed",
            "SELECT count(*) FROM billing_invoicesource s JOIN billing_openitem o ON o.item_id = s.item_id"
            " WHERE s.is_live",
        ),
    )
)
register_check(
    sum_check(
        "billing.credit_is_the_inverse",
        "The credit notes of a credited invoice are its exact inverse",
        left=(
            "credit notes",
            "SELECT sum(n.gross) FROM billing_invoice n JOIN billing_invoice i ON i.id = n.credits_invoice_id"
            " WHERE i.state = 'credited'",
        ),
        right=("credited invoices", "SELECT sum(gross) FROM billing_invoice WHERE state = 'credited'"),
        broken=(
            "accounts on which the two differ, and lines credited beyond their amount",
            "SELECT (SELECT count(*) FROM (SELECT i.id, p.account_id FROM billing_invoice i"
            " JOIN (SELECT id, journal_entry_id FROM billing_invoice UNION ALL SELECT credits_invoice_id,"
            " journal_entry_id FROM billing_invoice WHERE credits_invoice_id IS NOT NULL) n ON n.id = i.id"
            " JOIN ledger_posting p ON p.entry_id = n.journal_entry_id WHERE i.state = 'credited' GROUP BY i.id, p.account_id HAVING sum(p.debit) <> sum(p.credit)"
            " OR sum(p.functional_debit) <> sum(p.functional_credit)) d)"
            " + (SELECT count(*) FROM (SELECT c.credits_line_id FROM billing_invoiceline c"
            " JOIN billing_invoiceline l ON l.id = c.credits_line_id"
            " GROUP BY c.credits_line_id, l.amount HAVING abs(sum(c.amount)) > abs(l.amount)"
            " OR sum(c.amount) * l.amount < 0) e)",
        ),
    )
)
_DOWN_PAYMENTS = (
    "SELECT {figures} FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id"
    " JOIN billing_invoice d ON d.id = l.down_payment_id WHERE d.state <> 'draft'"
)
_SIGNED = "CASE i.kind WHEN 'invoice' THEN l.amount ELSE -l.amount END"
register_check(
    sum_check(
        "billing.down_payments",
        "Down payments = drawn + credited + left",
        left=(
            "down payments",
            "SELECT sum(net) FROM billing_invoice"
            " WHERE draw_percent IS NOT NULL AND kind = 'invoice' AND state <> 'draft'",
        ),
        right=(
            "drawn + credited + left",
            _DOWN_PAYMENTS.format(
                figures=f"sum({_SIGNED}) - coalesce(sum({_SIGNED}) FILTER (WHERE l.invoice_id <> d.id), 0)"
            ),
        ),
        broken=(
            "down payments drawn or credited beyond their amount",
            "SELECT count(*) FROM ("  # noqa: S608 - constants
            + _DOWN_PAYMENTS.format(figures="d.id")
            + f" GROUP BY d.id, d.net HAVING sum({_SIGNED}) < 0 OR sum({_SIGNED}) > d.net) e",
        ),
    )
)
register_check(
    sum_check(
        "billing.numbers_have_no_gap",
        "Invoice numbers are gapless",
        left=(
            "numbers taken",
            "SELECT sum(next_value - 1) FROM core_numberseries WHERE name LIKE 'invoice:%' OR name LIKE 'credit:%'",
        ),
        right=("numbered documents", "SELECT count(*) FROM billing_invoice WHERE number <> ''"),
    )
)
_LAST_STEPS = (
    "SELECT DISTINCT ON (contract_line_id, key) contract_line_id, key, kind FROM billing_milestonestep"
    " ORDER BY contract_line_id, key, id DESC"
)
register_check(
    sum_check(
        "billing.milestones_as_accepted",
        "Every accepted milestone is charged, and no other",
        left=("milestones charged", "SELECT count(*) FROM billing_charge WHERE kind = 'milestone'"),
        right=(
            "milestones whose last word is 'accepted'",
            f"SELECT count(*) FROM ({_LAST_STEPS}) s WHERE kind = 'accepted'",  # noqa: S608
        ),
        broken=(
            "charges of milestones that are not accepted",
            f"SELECT count(*) FROM billing_charge c LEFT JOIN ({_LAST_STEPS}) s"  # noqa: S608
            " ON s.contract_line_id = c.contract_line_id AND s.key = c.key"
            " WHERE c.kind = 'milestone' AND s.kind IS DISTINCT FROM 'accepted'",
        ),
    )
)


def _documents_as_frozen() -> CheckResult:
    agreeing = total = 0
    for content, kept in IssuedDocument.objects.values_list("content", "content_hash").iterator(
        chunk_size=200
    ):
        total += 1
        agreeing += hashlib.sha256(bytes(content)).hexdigest() == kept
    issued = Invoice.objects.exclude(number="").count()
    return CheckResult(
        "billing.documents_as_frozen",
        "Issued documents are as they were frozen",
        agreeing == total == issued,
        "issued documents",
        Decimal(issued),
        "documents whose hash agrees",
        Decimal(agreeing),
    )


register_check(
    Check("billing.documents_as_frozen", "Issued documents are as they were frozen", _documents_as_frozen)
)
