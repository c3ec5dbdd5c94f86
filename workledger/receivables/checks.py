"""The invariants of receivables: what is open, what was paid, and the ledger agree."""

from workledger.ledger.checks import register_check, sum_check

_BALANCE = (
    "SELECT sum(b.debit) - sum(b.credit) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
    " WHERE a.role = '{role}'"
)

register_check(
    sum_check(
        "receivables.open_equals_ledger",
        "Accounts receivable = open invoices less allocations",
        left=("accounts receivable", _BALANCE.format(role="receivable")),
        right=(
            "issued gross less allocations",
            "SELECT (SELECT coalesce(sum(gross), 0) FROM billing_invoice WHERE state = 'issued' AND kind = 'invoice')"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_allocation)",
        ),
        broken=(
            "invoices whose open amount is another",
            "SELECT count(*) FROM (SELECT r.invoice_id FROM receivables_receivable r"
            " JOIN billing_invoice i ON i.id = r.invoice_id"
            " LEFT JOIN receivables_allocation a ON a.invoice_id = r.invoice_id"
            " GROUP BY r.invoice_id, i.state, i.gross, r.open_amount HAVING r.open_amount <>"
            " CASE WHEN i.state = 'credited' THEN 0 ELSE i.gross - coalesce(sum(a.amount), 0) END) d",
        ),
    )
)
register_check(
    sum_check(
        "receivables.deposits_equal_ledger",
        "Customer deposits = payments less allocations",
        left=(
            "payments less allocations",
            "SELECT (SELECT coalesce(sum(amount), 0) FROM receivables_payment)"
            " - (SELECT coalesce(sum(amount), 0) FROM receivables_allocation)",
        ),
        right=(
            "customer deposits",
            "SELECT sum(b.credit) - sum(b.debit) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
            " WHERE a.role = 'customer_deposits'",
        ),
        broken=(
            "payments allocated beyond their amount",
            "SELECT count(*) FROM (SELECT p.id FROM receivables_payment p JOIN receivables_allocation a"
            " ON a.payment_id = p.id GROUP BY p.id HAVING sum(a.amount) > p.amount OR sum(a.amount) < 0) d",
        ),
    )
)
