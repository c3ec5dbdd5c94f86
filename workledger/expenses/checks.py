"""The invariants of expenses: what is owed, what is posted, what an approval covers."""

from decimal import Decimal

from workledger.expenses.calc.content import content_hash
from workledger.expenses.content import contents_of
from workledger.expenses.models import POSTED, ExpenseReport, ReportDecision
from workledger.ledger.checks import Check, CheckResult, register_check, sum_check

_OWED = (
    "SELECT p.person_id, sum(p.functional_credit - p.functional_debit) AS owed FROM ledger_posting p"
    " JOIN ledger_account a ON a.id = p.account_id AND a.role = 'payable'"
    " WHERE p.source_kind IN ({kinds}) GROUP BY 1"
)
_TO_PEOPLE = _OWED.format(kinds="'expense', 'reimbursement'")
_TO_VENDORS = _OWED.format(kinds="'vendor_bill'")
_UNPAID = "SELECT person_id, sum(functional_amount) AS owed FROM expenses_expense WHERE state = 'approved' GROUP BY 1"

register_check(
    sum_check(
        "expenses.payable_per_person",
        "Payable per person = approved expenses less reimbursed",
        left=("payable to people", f"SELECT sum(owed) FROM ({_TO_PEOPLE}) d"),  # noqa: S608 - constants
        right=(
            "approved less reimbursed",
            "SELECT (SELECT coalesce(sum(functional_amount), 0) FROM expenses_expense"
            " WHERE state IN ('approved', 'reimbursed'))"
            " - (SELECT coalesce(sum(amount), 0) FROM expenses_reimbursement WHERE undone_on IS NULL)",
        ),
        broken=(
            "people who are owed another amount",
            f"SELECT count(*) FROM ({_TO_PEOPLE}) b FULL JOIN ({_UNPAID}) e USING (person_id)"  # noqa: S608 - constants
            " WHERE coalesce(b.owed, 0) <> coalesce(e.owed, 0)",
        ),
    )
)
register_check(
    sum_check(
        "expenses.posted_once",
        "Each approved expense is posted once",
        left=(
            "approved expenses",
            "SELECT sum(functional_amount) FROM expenses_expense WHERE state IN ('approved', 'reimbursed')",
        ),
        right=(
            "posted and not reversed",
            "SELECT sum(p.functional_credit - p.functional_debit) FROM ledger_posting p"
            " JOIN ledger_account a ON a.id = p.account_id AND a.role = 'payable' WHERE p.source_kind = 'expense'",
        ),
        broken=(
            "expenses posted another number of times or with another amount",
            "SELECT count(*) FROM (SELECT e.id FROM expenses_expense e"
            " LEFT JOIN ledger_journalentry j ON j.source_kind = 'expense' AND j.source_id = e.id"
            " AND j.kind = 'expense_approved'"
            " AND NOT EXISTS (SELECT 1 FROM ledger_journalentry r WHERE r.reverses_id = j.id)"
            " LEFT JOIN ledger_posting p ON p.entry_id = j.id"
            " GROUP BY e.id, e.state, e.functional_amount"
            " HAVING count(DISTINCT j.id) <> CASE WHEN e.state IN ('approved', 'reimbursed') THEN 1 ELSE 0 END"
            " OR (e.state IN ('approved', 'reimbursed')"
            " AND coalesce(sum(p.functional_credit), 0) <> e.functional_amount)) d",
        ),
    )
)
register_check(
    sum_check(
        "expenses.follow_their_report",
        "Each expense stands where its report stands",
        left=("expenses on reports", "SELECT count(report_id) FROM expenses_expense"),
        right=(
            "in the state, of the person and entity of their report",
            "SELECT count(*) FROM expenses_expense e JOIN expenses_expensereport r"
            " ON (r.id, r.state, r.person_id, r.entity_id) = (e.report_id, e.state, e.person_id, e.entity_id)",
        ),
        broken=(
            "expenses without a report are no drafts",
            "SELECT count(*) FROM expenses_expense WHERE report_id IS NULL AND state <> 'draft'",
        ),
    )
)
register_check(
    sum_check(
        "expenses.vendor_payable",
        "Payable to vendors = matched bills less paid",
        left=("payable to vendors", f"SELECT sum(owed) FROM ({_TO_VENDORS}) d"),  # noqa: S608 - constants
        right=(
            "matched and not paid",
            "SELECT sum(functional_amount) FROM expenses_vendorbill WHERE state = 'matched'",
        ),
    )
)


def _approvals_cover_content() -> CheckResult:
    reports = list(ExpenseReport.objects.filter(state__in=POSTED).values_list("pk", flat=True))
    decisions = ReportDecision.objects.filter(report_id__in=reports, decision="approved")
    approved = dict(
        decisions.order_by("report_id", "-pk").distinct("report_id").values_list("report_id", "content_hash")
    )
    contents = contents_of(reports)
    covered = sum(approved.get(pk) == content_hash(contents.get(pk, ())) for pk in reports)
    return CheckResult(
        _COVERS,
        _COVERS_TITLE,
        covered == len(reports),
        "approved reports",
        Decimal(len(reports)),
        "reports whose hash agrees",
        Decimal(covered),
    )


_COVERS = "expenses.approvals_cover_content"
_COVERS_TITLE = "Each approval covers its report's expenses as they are"
register_check(Check(_COVERS, _COVERS_TITLE, _approvals_cover_content))
