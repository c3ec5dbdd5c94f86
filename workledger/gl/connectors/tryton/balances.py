"""What posted entries come to over there."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from workledger.gl.connector import ExternalBalance
from workledger.gl.connectors.tryton.books import Books
from workledger.gl.connectors.tryton.refs import LINE, PARTY, ref


def balances_at(books: Books, as_of: date) -> list[ExternalBalance]:
    """Return balances at the end of a day, by account, and by party where the account asks for one.

    They run through all years: closing a year in Tryton carries balances on without an entry.
    """
    found = [*_of_accounts(books, as_of), *_of_parties(books, as_of)]
    return sorted(found, key=lambda balance: (balance.account, balance.customer))


def _of_accounts(books: Books, as_of: date) -> list[ExternalBalance]:
    rows = books.wire.find(
        "account.account",
        [
            ("company", "=", books.company.id),
            ("type", "!=", None),
            ("code", "!=", None),
            ("party_required", "=", False),
        ],
        ["code", "balance"],
        context={"to_date": as_of, "posted": True, "flat_balance": True},
    )
    return [ExternalBalance(row["code"], "", row["balance"]) for row in rows if row["balance"]]


def _of_parties(books: Books, as_of: date) -> list[ExternalBalance]:
    """Sum what is open. Lines reconciled with each other are of one account and party and come to nothing.

    A reconciliation bears the last date of its lines, so those of later date may hold lines of both sides of the day.
    """
    rows = books.wire.find(
        LINE,
        [
            ("company", "=", books.company.id),
            ("account.party_required", "=", True),
            ("move.state", "=", "posted"),
            ("date", "<=", as_of),
            ["OR", ("reconciliation", "=", None), ("reconciliation.date", ">", as_of)],
        ],
        ["account.code", "party", "debit", "credit"],
    )
    sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["account."]["code"], row["party"]] += row["debit"] - row["credit"]
    return [
        ExternalBalance(code, ref(PARTY, party), balance)
        for (code, party), balance in sums.items()
        if balance
    ]
