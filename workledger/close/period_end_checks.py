"""The invariants of period ends: every entry is reversed on the next period's first day, and lines equal postings."""

from workledger.ledger.checks import register_check, sum_check

_ENTRIES = "SELECT sum(p.functional_debit) FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id WHERE "

register_check(
    sum_check(
        "close.period_ends_reversed",
        "Every period-end entry is reversed on the next day",
        left=("period-end entries", _ENTRIES + "e.kind IN ('accrual', 'revaluation')"),
        right=("their reversals", _ENTRIES + "e.kind IN ('accrual_reversal', 'revaluation_reversal')"),
        broken=(
            "entries without a reversal on the next period's first day",
            "SELECT count(*) FROM ledger_journalentry e JOIN ledger_period p ON p.id = e.period_id"
            " WHERE e.kind IN ('accrual', 'revaluation') AND (e.date <> p.\"end\" - 1 OR NOT EXISTS"
            ' (SELECT 1 FROM ledger_journalentry r WHERE r.reverses_id = e.id AND r.date = p."end"))',
        ),
    )
)
register_check(
    sum_check(
        "close.lines_equal_postings",
        "Lines of period ends = their postings",
        left=(
            "lines",
            "SELECT sum(value) FROM close_periodendline",
        ),
        right=(
            "postings on their accounts",
            "SELECT sum(v) FROM (SELECT DISTINCT l.journal_entry_id, l.account, (SELECT sum(p.functional_debit"
            " - p.functional_credit) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE p.entry_id = l.journal_entry_id AND a.role = l.account) AS v FROM close_periodendline l) d",
        ),
    )
)
