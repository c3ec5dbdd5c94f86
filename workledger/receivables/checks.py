"""The invariants of receivables: what is open, what was paid, and the ledger agree."""

from workledger.ledger.checks import register_check, sum_check

_BALANCE = (
    "SELECT sum(b.debit) - sum(b.credit) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
    " WHERE a.role = '{role}'"
)

register_check(
    sum_check(
        "receivables.open_equals_ledger",
        "Accounts receivable = invoices less credits, payments, discounts and bad debts",
        left=("accounts receivable", _BALANCE.format(role="receivable")),
        right=(
            "issued gross less credits, allocations, early-payment discounts and bad debts",
            "SELECT (SELECT coalesce(sum(CASE kind WHEN 'invoice' THEN gross ELSE -gross END), 0) FROM billing_invoice"
            " WHERE state <> 'draft')"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_allocation)"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_earlydiscount)"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_baddebt)",
        ),
        broken=(
            "invoices whose open amount is another",
            "SELECT count(*) FROM (SELECT r.invoice_id FROM receivables_receivable r"
            " JOIN billing_invoice i ON i.id = r.invoice_id"
            " LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM receivables_allocation GROUP BY 1) a"
            " ON a.invoice_id = r.invoice_id"
            " LEFT JOIN (SELECT credits_invoice_id, sum(gross) AS gross FROM billing_invoice GROUP BY 1) n"
            " ON n.credits_invoice_id = r.invoice_id"
            " LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM receivables_earlydiscount GROUP BY 1) e"
            " ON e.invoice_id = r.invoice_id"
            " LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM receivables_baddebt GROUP BY 1) b"
            " ON b.invoice_id = r.invoice_id WHERE r.open_amount <> i.gross - coalesce(n.gross, 0)"
            " - coalesce(a.amount, 0) - coalesce(e.amount, 0) - coalesce(b.amount, 0)) d",
        ),
    )
)
register_check(
    sum_check(
        "receivables.deposits_equal_ledger",
        "Customer deposits = payments less allocations and voids",
        left=(
            "payments less allocations and voided payments",
            "SELECT (SELECT coalesce(sum(amount), 0) FROM receivables_payment p"
            " WHERE NOT EXISTS (SELECT 1 FROM receivables_paymentvoid v WHERE v.payment_id = p.id))"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_allocation)",
        ),
        right=(
            "customer deposits",
            "SELECT sum(b.credit) - sum(b.debit) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
            " WHERE a.role = 'customer_deposits'",
        ),
        broken=(
            "payments allocated beyond their amount, or voided and still allocated",
            "SELECT count(*) FROM (SELECT p.id FROM receivables_payment p JOIN receivables_allocation a"
            " ON a.payment_id = p.id LEFT JOIN receivables_paymentvoid v ON v.payment_id = p.id"
            " GROUP BY p.id, v.id HAVING sum(a.amount) < 0"
            " OR sum(a.amount) > CASE WHEN v.id IS NULL THEN p.amount ELSE 0 END) d",
        ),
    )
)
