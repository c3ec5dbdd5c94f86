"""The invariants of revenue: the contract position of each contract, entries and the books, the price as the limit."""

from workledger.ledger.checks import register_check, sum_check

_POSITION = """
SELECT b.contract_id, sum(b.debit - b.credit) AS amount
FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
WHERE a.role = 'contract_position' GROUP BY 1
"""
_RECOGNIZED_LESS_BILLED = """
SELECT contract_id, sum(amount) AS amount FROM (
    SELECT contract_id, recognized AS amount FROM billing_billableitem WHERE NOT is_void
    UNION ALL
    SELECT o.contract_id, e.amount FROM revenue_recognitionentry e
        JOIN revenue_performanceobligation o ON o.id = e.obligation_id
    UNION ALL
    SELECT i.contract_id, -w.amount FROM billing_writedown w JOIN billing_billableitem i ON i.id = w.item_id
    UNION ALL
    SELECT contract_id, CASE kind WHEN 'invoice' THEN -net ELSE net END FROM billing_invoice WHERE state <> 'draft'
    UNION ALL
    SELECT i.contract_id, l.rounding FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
        WHERE i.state <> 'draft'
) x GROUP BY 1
"""
_BALANCE_OF = (
    "SELECT sum(b.credit) - sum(b.debit) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
    " WHERE a.role = '{role}'"
)

register_check(
    sum_check(
        "revenue.contract_position",
        "Contract position = recognized less billed, per contract",
        left=("contract position", f"SELECT sum(amount) FROM ({_POSITION}) p"),  # noqa: S608
        right=(
            "recognized − write-downs − invoices + credits + rounding",
            f"SELECT sum(amount) FROM ({_RECOGNIZED_LESS_BILLED}) r",  # noqa: S608
        ),
        broken=(
            "contracts whose position differs",
            f"SELECT count(*) FROM ({_POSITION}) p FULL JOIN ({_RECOGNIZED_LESS_BILLED}) r USING (contract_id)"  # noqa: S608
            " WHERE coalesce(p.amount, 0) <> coalesce(r.amount, 0)",
        ),
    )
)
register_check(
    sum_check(
        "revenue.entries_are_posted",
        "Recognition entries = their postings",
        left=("recognition entries", "SELECT sum(amount) FROM revenue_recognitionentry"),
        right=(
            "contract position of recognition",
            "SELECT sum(p.debit - p.credit) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.role = 'contract_position' AND p.source_kind = 'obligation'",
        ),
        broken=(
            "obligations and months that differ",
            "SELECT count(*) FROM (SELECT obligation_id, service_month, sum(amount) AS amount"
            " FROM revenue_recognitionentry GROUP BY 1, 2) e FULL JOIN (SELECT p.source_id AS obligation_id,"
            " date_trunc('month', p.service_date)::date AS service_month, sum(p.debit - p.credit) AS amount"
            " FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.role = 'contract_position' AND p.source_kind = 'obligation' GROUP BY 1, 2) p"
            " USING (obligation_id, service_month) WHERE coalesce(e.amount, 0) <> coalesce(p.amount, 0)",
        ),
    )
)
register_check(
    sum_check(
        "revenue.provisions",
        "Provisions for losses = the ledger",
        left=("provided for", "SELECT sum(change) FROM revenue_lossprovision"),
        right=("provision for contract losses", _BALANCE_OF.format(role="loss_provision")),
    )
)
