"""The chart of accounts a new book starts with: one account per purpose; finance may rename and renumber."""

from workledger.ledger.models import AccountKind, AccountRole

STANDARD_CHART: tuple[tuple[str, str, AccountKind, AccountRole], ...] = (
    ("1000", "Cash clearing", AccountKind.ASSET, AccountRole.CASH_CLEARING),
    ("1100", "Accounts receivable", AccountKind.ASSET, AccountRole.RECEIVABLE),
    ("1200", "Contract position", AccountKind.ASSET, AccountRole.CONTRACT_POSITION),
    ("1250", "Accrued revenue", AccountKind.ASSET, AccountRole.ACCRUED_REVENUE),
    ("1300", "Input tax", AccountKind.ASSET, AccountRole.INPUT_TAX),
    ("2000", "Customer deposits", AccountKind.LIABILITY, AccountRole.CUSTOMER_DEPOSITS),
    ("2100", "Tax payable", AccountKind.LIABILITY, AccountRole.TAX_PAYABLE),
    ("2200", "Employee and vendor payable", AccountKind.LIABILITY, AccountRole.PAYABLE),
    ("2300", "Provision for contract losses", AccountKind.LIABILITY, AccountRole.LOSS_PROVISION),
    ("2400", "Accrued expenses", AccountKind.LIABILITY, AccountRole.ACCRUED_EXPENSES),
    ("3000", "Opening balances", AccountKind.EQUITY, AccountRole.OPENING),
    ("4000", "Services revenue", AccountKind.INCOME, AccountRole.SERVICES_REVENUE),
    ("4100", "Reimbursable revenue", AccountKind.INCOME, AccountRole.REIMBURSABLE_REVENUE),
    ("4200", "Interest of contracts", AccountKind.INCOME, AccountRole.CONTRACT_INTEREST),
    ("4900", "Billing adjustments", AccountKind.INCOME, AccountRole.BILLING_ADJUSTMENTS),
    ("5000", "Labour cost", AccountKind.EXPENSE, AccountRole.LABOUR_COST),
    ("5100", "Project expense", AccountKind.EXPENSE, AccountRole.PROJECT_EXPENSE),
    ("5200", "Contract losses", AccountKind.EXPENSE, AccountRole.CONTRACT_LOSSES),
    ("5900", "Labour absorbed", AccountKind.EXPENSE, AccountRole.LABOUR_ABSORBED),
    ("6000", "Bad debt expense", AccountKind.EXPENSE, AccountRole.BAD_DEBT),
    ("6100", "Realized FX", AccountKind.EXPENSE, AccountRole.REALIZED_FX),
    ("6150", "Unrealized FX", AccountKind.EXPENSE, AccountRole.UNREALIZED_FX),
)
