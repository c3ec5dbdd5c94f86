"""The company that the proof keeps its books in: what an operator sets up in Tryton, told as calls.

docs/connectors/tryton.md says the same in words. Two people work there: the connector's own user, and a bookkeeper.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from workledger.gl.connectors.tryton.wire import Record, Wire

CONNECTOR_USER = "workledger"
BOOKKEEPER = "bookkeeper"
PASSWORD = "a-password-for-the-proof"  # noqa: S105 - of a server that ends with the test
FIRST_YEAR, LAST_YEAR = 2023, 2028

# The types of accounts and what they are for in Tryton.
_TYPES: Mapping[str, Mapping[str, object]] = {
    "asset": {"statement": "balance", "assets": True},
    "receivable": {"statement": "balance", "assets": True, "receivable": True},
    "liability": {"statement": "balance"},
    "equity": {"statement": "balance"},
    "revenue": {"statement": "income", "revenue": True},
    "expense": {"statement": "income", "expense": True},
}
# Code, name, type and whether lines name a party; the codes are those of the chart that a new book here starts with.
_CHART = (
    ("1000", "Cash clearing", "asset", False),
    ("1050", "Bank", "asset", False),
    ("1100", "Accounts receivable", "receivable", True),
    ("1200", "Contract position", "asset", False),
    ("1250", "Accrued revenue", "asset", False),
    ("1300", "Input tax", "asset", False),
    ("2000", "Customer deposits", "liability", False),
    ("2100", "Tax payable", "liability", False),
    ("2200", "Employee and vendor payable", "liability", False),
    ("2300", "Provision for contract losses", "liability", False),
    ("2400", "Accrued expenses", "liability", False),
    ("3000", "Opening balances", "equity", False),
    ("4000", "Services revenue", "revenue", False),
    ("4100", "Reimbursable revenue", "revenue", False),
    ("4200", "Interest of contracts", "revenue", False),
    ("4900", "Billing adjustments", "revenue", False),
    ("4999", "Invoiced from Workledger", "revenue", False),
    ("5000", "Labour cost", "expense", False),
    ("5100", "Project expense", "expense", False),
    ("5200", "Contract losses", "expense", False),
    ("5900", "Labour absorbed", "expense", False),
    ("6000", "Bad debt expense", "expense", False),
    ("6100", "Realized FX", "expense", False),
    ("6150", "Unrealized FX", "expense", False),
)


def set_up_company(admin: Wire, *, currency: str = "EUR") -> None:
    """Make currencies, company, years, chart, journals and the two users."""
    currencies = {
        code: admin.create(
            "currency.currency",
            {"name": code, "code": code, "digits": digits, "rounding": Decimal(1).scaleb(-digits)},
        )
        for code, digits in (("EUR", 2), ("USD", 2), ("GBP", 2), ("CHF", 2), ("JPY", 0))
    }
    germany = admin.create("country.country", {"name": "Germany", "code": "DE", "code3": "DEU"})
    party = admin.create(
        "party.party", {"name": "Northwind Studio", "addresses": [("create", [{"country": germany}])]}
    )
    company = admin.create(
        "company.company", {"party": party, "currency": currencies[currency], "cancel_invoice_out": True}
    )
    admin.write("res.user", [admin.user_id], {"companies": [("add", [company])], "company": company})
    admin.context = {"company": company}
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        _open_year(admin, company, year)
    accounts = _make_chart(admin, company)
    _make_money_journals(admin, company, accounts)
    _make_taxes(admin, company, accounts["2100"])
    groups = {row["name"]: row["id"] for row in admin.find("res.group", [], ["name"])}
    for login, name, more in (
        (CONNECTOR_USER, "Workledger", []),
        (BOOKKEEPER, "Bea Bookkeeper", [groups["Accounting Administration"]]),
    ):
        admin.create(
            "res.user",
            {
                "login": login,
                "name": name,
                "password": PASSWORD,
                "groups": [("add", [groups["Accounting"], groups["Party Administration"], *more])],
                "companies": [("add", [company])],
                "company": company,
            },
        )


def _open_year(admin: Wire, company: int, year: int) -> None:
    kinds = {row["name"]: row["id"] for row in admin.find("ir.sequence.type", [], ["name"])}
    moves, invoices = (
        admin.create(
            "ir.sequence.strict", {"name": f"{kind} {year}", "sequence_type": kinds[kind], "company": company}
        )
        for kind in ("Account Move", "Invoice")
    )
    sequences = {
        f"{side}_{kind}_sequence": invoices for side in ("in", "out") for kind in ("invoice", "credit_note")
    }
    fiscal_year = admin.create(
        "account.fiscalyear",
        {
            "name": str(year),
            "company": company,
            "start_date": date(year, 1, 1),
            "end_date": date(year, 12, 31),
            "move_sequence": moves,
            "invoice_sequences": [("create", [{"company": company, **sequences}])],
        },
    )
    admin.call("model.account.fiscalyear.create_period", [fiscal_year])


def _make_chart(admin: Wire, company: int) -> dict[str, int]:
    types = {
        name: admin.create("account.account.type", {"name": name.title(), "company": company, **flags})
        for name, flags in _TYPES.items()
    }
    return {
        code: admin.create(
            "account.account",
            {
                "code": code,
                "name": name,
                "company": company,
                "type": types[kind],
                "party_required": by_party,
                "reconcile": by_party,
            },
        )
        for code, name, kind, by_party in _CHART
    }


def _make_money_journals(admin: Wire, company: int, accounts: Mapping[str, int]) -> None:
    journals = {row["code"]: row["id"] for row in admin.find("account.journal", [], ["code"])}
    write_off = admin.create("account.journal", {"name": "Write-Off", "code": "WO", "type": "write-off"})
    for name, code in (("Bank", "1050"), ("Cash clearing", "1000")):
        admin.create(
            "account.invoice.payment.method",
            {
                "name": name,
                "company": company,
                "journal": journals["CASH"],
                "credit_account": accounts[code],
                "debit_account": accounts[code],
            },
        )
    admin.create(
        "account.move.reconcile.write_off",
        {
            "name": "Bad debt",
            "company": company,
            "journal": write_off,
            "credit_account": accounts["6000"],
            "debit_account": accounts["6000"],
        },
    )


def _make_taxes(admin: Wire, company: int, account: int) -> None:
    for name, rate in (("VAT 19", "0.19"), ("VAT 0", "0")):
        admin.create("account.tax", tax_values(company, name, rate, account))


def tax_values(company: int, name: str, rate: str, account: int) -> Record:
    """Return a tax in per cent that is booked on an account."""
    return {
        "name": name,
        "description": name,
        "company": company,
        "type": "percentage",
        "rate": Decimal(rate),
        "invoice_account": account,
        "credit_note_account": account,
    }
