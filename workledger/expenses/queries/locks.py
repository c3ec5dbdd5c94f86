"""Why an expense or report cannot be changed, in one sentence."""

from workledger.expenses.models import ExpenseState

_LOCKED = {
    ExpenseState.SUBMITTED: "This is submitted and waits for approval. Recall the report to change it.",
    ExpenseState.APPROVED: "This is approved and in the books. Its approver can withdraw the approval.",
    ExpenseState.REIMBURSED: "This is paid out. Finance can take the reimbursement back, then the approval.",
}


def why_locked(state: str) -> str:
    """Return why an expense or report cannot be changed, or ''."""
    return _LOCKED.get(ExpenseState(state), "")
