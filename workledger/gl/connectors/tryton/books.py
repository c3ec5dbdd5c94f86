"""What the company over there looks like: its currency, accounts, journals and periods, looked up once per connector."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from workledger.gl.connector import Rejected
from workledger.gl.connectors.tryton.wire import Record, Wire


@dataclass(frozen=True, slots=True)
class JournalCodes:
    """Which of Tryton's journals takes what, by code."""

    invoices: str = "REV"
    payments: str = "CASH"
    write_offs: str = "MISC"
    journals: str = "MISC"


class Account(NamedTuple):
    """An account over there. `on_invoices`: Tryton lets lines of customer invoices name it."""

    id: int
    code: str
    name: str
    takes_party: bool
    reconciles: bool
    on_invoices: bool
    is_receivable: bool


class Company(NamedTuple):
    """The company whose books these are."""

    id: int
    name: str
    currency_id: int
    currency: str


@dataclass
class Books:
    """The company's books, as far as documents need them. Raises Rejected where something is missing."""

    wire: Wire
    company_name: str = ""
    journal_codes: JournalCodes = field(default_factory=JournalCodes)
    _periods: dict[tuple[int, int], int] = field(default_factory=dict)

    @cached_property
    def company(self) -> Company:
        """The company named in the settings, or the only one that the user works for."""
        fields = ["party.name", "currency.code"]
        user = self.wire.read("res.user", [self.wire.user_id], ["companies"])[0]
        found = [
            Company(row["id"], row["party."]["name"], row["currency."]["id"], row["currency."]["code"])
            for row in self.wire.find("company.company", [("id", "in", user["companies"])], fields)
        ]
        if self.company_name:
            found = [company for company in found if company.name == self.company_name]
        if len(found) != 1:
            names = ", ".join(company.name for company in found) or "none"
            raise Rejected(
                f"Name one company of Tryton that the user works for; found: {names}. Its settings are under "
                "Administration, Users."
            )
        self.wire.context = {"company": found[0].id}
        return found[0]

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """The accounts that entries may name, by code."""
        domain = [
            ("company", "=", self.company.id),
            ("type", "!=", None),
            ("closed", "!=", True),
            ("code", "!=", None),
        ]
        fields = ["code", "name", "party_required", "reconcile", "type.revenue", "type.receivable"]
        return {
            row["code"]: Account(
                row["id"],
                row["code"],
                row["name"],
                bool(row["party_required"]),
                bool(row["reconcile"]),
                bool(row["type."]["revenue"]),
                bool(row["type."]["receivable"]),
            )
            for row in self.wire.find("account.account", domain, fields)
        }

    @cached_property
    def _codes_by_id(self) -> dict[int, str]:
        return {account.id: account.code for account in self.accounts.values()}

    @cached_property
    def _currencies(self) -> dict[str, int]:
        return {row["code"]: row["id"] for row in self.wire.find("currency.currency", [], ["code"])}

    @cached_property
    def _journals(self) -> dict[str, int]:
        return {row["code"]: row["id"] for row in self.wire.find("account.journal", [], ["code"])}

    def account(self, code: str) -> Account:
        """Return an account by its code."""
        found = self.accounts.get(code)
        if found is None:
            raise Rejected(
                f"Tryton has no open account {code or '(no code)'} in the chart of {self.company.name}."
            )
        return found

    def is_receivable(self, account_id: int) -> bool:
        """Say whether an account holds what customers owe."""
        return self.account(self.code_of(account_id)).is_receivable if self.code_of(account_id) else False

    def code_of(self, account_id: int) -> str:
        """Return the code of an account, or nothing where it is closed or has none."""
        return self._codes_by_id.get(account_id, "")

    def currency(self, code: str) -> int:
        """Return a currency's id."""
        if code not in self._currencies:
            raise Rejected(
                f"Tryton has no currency {code}. Add it under Financial, Configuration, Currencies."
            )
        return self._currencies[code]

    def currency_code(self, currency_id: int) -> str:
        """Return a currency's code."""
        return next(code for code, number in self._currencies.items() if number == currency_id)

    def journal(self, code: str) -> int:
        """Return a journal's id."""
        if code not in self._journals:
            raise Rejected(f"Tryton has no journal with the code {code}.")
        return self._journals[code]

    def period(self, day: date) -> int:
        """Return the open period that a day lies in."""
        month = (day.year, day.month)
        if month not in self._periods or not self._covers(self._periods[month], day):
            self._periods[month] = self._find_period(day)
        return self._periods[month]

    def _covers(self, period_id: int, day: date) -> bool:
        """Say whether a remembered period holds the day; periods need not be months."""
        return any(self._period_rows(day, [("id", "=", period_id)]))

    def _find_period(self, day: date) -> int:
        rows = self._period_rows(day, [])
        if not rows:
            raise Rejected(
                f"Tryton has no open period for {day:%d %b %Y} in the books of {self.company.name}. Open one there, or "
                "close the period here too."
            )
        return int(rows[0]["id"])

    def _period_rows(self, day: date, more: list[tuple[str, str, object]]) -> list[Record]:
        domain = [
            ("company", "=", self.company.id),
            ("type", "=", "standard"),
            ("state", "=", "open"),
            ("start_date", "<=", day),
            ("end_date", ">=", day),
            *more,
        ]
        return self.wire.find("account.period", domain, ["name"])
