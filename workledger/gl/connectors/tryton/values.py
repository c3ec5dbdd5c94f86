"""The records as Tryton takes them, made of the documents: pure, so that every amount can be tested without a server.

Tryton would compute taxes by itself and differ by a cent, so taxes are given by hand. It would also convert a foreign
currency at its own rate, and its invoices take no other; so what is invoiced in a foreign currency travels as a move,
whole, in the books' amounts that it already has here. An amount here is positive where it is a debit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.gl.connector import Invoice, JournalLine, Payment
from workledger.gl.connectors.tryton.books import Account
from workledger.gl.connectors.tryton.wire import Record
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """How a document's currency stands to the books': both codes, and the id over there of the document's."""

    currency: str
    books_currency: str
    currency_id: int

    @property
    def is_foreign(self) -> bool:
        """Whether entries name a second currency."""
        return self.currency != self.books_currency

    def in_books(self, amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
        """Return amounts in the books' currency that add up to `total`; the largest takes what rounding leaves."""
        if not self.is_foreign or not sum(amounts):
            return list(amounts)
        rate = total / sum(amounts)
        shares = [round_amount(amount * rate, self.books_currency) for amount in amounts]
        largest = max(range(len(shares)), key=lambda index: abs(shares[index]))
        shares[largest] += total - sum(shares)
        return shares


@dataclass(frozen=True, slots=True)
class Entry:
    """The head of an account.move."""

    company_id: int
    journal_id: int
    period_id: int
    on: date
    description: str
    origin: str | None = None

    def with_lines(self, lines: Sequence[Record]) -> Record:
        """Return the values of the move with its lines."""
        return {
            "company": self.company_id,
            "journal": self.journal_id,
            "period": self.period_id,
            "date": self.on,
            "description": self.description,
            "origin": self.origin,
            "lines": [("create", list(lines))],
        }


def entry_line(
    account: Account,
    debit: Decimal,
    *,
    money: Money,
    currency_amount: Decimal | None = None,
    party_id: int | None = None,
    description: str = "",
    **more: object,
) -> Record:
    """Return the values of an account.move.line; a negative debit is a credit.

    Tryton wants a party exactly on the accounts that ask for one.
    """
    foreign = money.is_foreign and currency_amount is not None
    return {
        "account": account.id,
        "debit": max(debit, _ZERO),
        "credit": max(-debit, _ZERO),
        "party": party_id if account.takes_party else None,
        "second_currency": money.currency_id if foreign else None,
        "amount_second_currency": currency_amount if foreign else None,
        "description": description,
        **more,
    }


def invoice_values(
    invoice: Invoice,
    *,
    credit: bool,
    description: str,
    numbered_on: date,
    company_id: int,
    party_id: int,
    address_id: int,
    journal_id: int,
    currency_id: int,
    accounts: Mapping[str, Account],
    line_account: Account | None,
    tax_ids: Mapping[str, int],
) -> Record:
    """Return the values of an account.invoice in the books' own currency; a credit note counts downwards.

    Lines name accounts of revenue only. A line whose entry is on another account names `line_account`, and two rows among
    the taxes, which may name any account, carry the amount from there to its own: in the same entry, so that whoever
    cancels or credits the invoice over there takes both back.
    """
    sign = -1 if credit else 1
    untaxed = {tax.tax for tax in invoice.taxes if not tax.amount and tax.tax in tax_ids}
    lines, carried = [], []
    for line in invoice.lines:
        account = accounts[line.account]
        shown = account if account.on_invoices or line_account is None else line_account
        if shown != account:
            carried += [_tax_row(account.name, account, sign * line.amount)]
            carried += [_tax_row(account.name, shown, -sign * line.amount)]
        lines.append(
            {
                "type": "line",
                "company": company_id,
                "currency": currency_id,
                "account": shown.id,
                "description": line.description,
                "quantity": sign,
                "unit_price": line.amount,
                # A tax of nothing makes no row, but its base belongs into the tax report.
                "taxes": [("add", [tax_ids[line.tax]])] if line.tax in untaxed else [],
            }
        )
    taxes = [
        {
            **_tax_row(tax.tax or "Tax", accounts[tax.account], sign * tax.amount),
            "base": sign * tax.base,
            "tax": tax_ids.get(tax.tax),
        }
        for tax in invoice.taxes
        if tax.amount
    ]
    return {
        "company": company_id,
        "type": "out",
        "reference": invoice.number,
        "description": description,
        "party": party_id,
        "invoice_address": address_id,
        "journal": journal_id,
        "currency": currency_id,
        "account": accounts[invoice.receivable_account].id,
        "invoice_date": numbered_on,
        "accounting_date": invoice.posted_on or invoice.issued_on,
        "payment_term_date": invoice.due_on,
        "lines": [("create", lines)],
        "taxes": [("create", taxes + carried)],
    }


def _tax_row(description: str, account: Account, amount: Decimal) -> Record:
    return {
        "manual": True,
        "description": description,
        "account": account.id,
        "base": _ZERO,
        "amount": amount,
    }


def invoice_lines(
    invoice: Invoice,
    *,
    credit: bool,
    money: Money,
    party_id: int,
    accounts: Mapping[str, Account],
    tax_ids: Mapping[str, int],
    credited_line: int | None = None,
) -> list[Record]:
    """Return the entry of an invoice: debit receivable, credit its lines and taxes; a credit note the other way.

    Bases and taxes go to Tryton's tax report as far as the taxes are known there. A credit note's receivable says by its
    origin which line of an invoice it settles.
    """
    sign = -1 if credit else 1
    parts = [line.amount for line in invoice.lines] + [tax.amount for tax in invoice.taxes]
    given = [line.functional for line in invoice.lines] + [tax.functional for tax in invoice.taxes]
    exact = [amount for amount in given if amount is not None]
    shares = exact if len(exact) == len(given) else money.in_books(parts, invoice.functional_total)
    rows = [
        entry_line(
            accounts[invoice.receivable_account],
            sign * invoice.functional_total,
            money=money,
            currency_amount=sign * invoice.total,
            party_id=party_id,
            description=invoice.number,
            maturity_date=invoice.due_on,
            origin=_line_ref(credited_line) if credited_line else None,
        )
    ]
    texts = [(line.account, line.description, line.tax, "base") for line in invoice.lines]
    texts += [(tax.account, tax.tax, tax.tax, "tax") for tax in invoice.taxes]
    for (account, text, tax, kind), amount, share in zip(texts, parts, shares, strict=True):
        if not amount and not share:
            continue
        reported = [{"tax": tax_ids[tax], "type": kind, "amount": sign * share}] if tax in tax_ids else []
        rows.append(
            entry_line(
                accounts[account],
                -sign * share,
                money=money,
                currency_amount=-sign * amount,
                party_id=party_id,
                description=text,
                tax_lines=[("create", reported)],
            )
        )
    return rows


def payment_lines(
    payment: Payment,
    *,
    money: Money,
    party_id: int,
    account: Account,
    receivable: Account,
    settled_lines: Mapping[str, int],
) -> list[Record]:
    """Return the entry of a payment or write-off: debit `account`, credit receivable once per invoice and for the rest.

    Each credit says by its origin which line of an invoice it settles, so that settling can be taken up again later.
    """
    total = payment.amount if payment.functional is None else payment.functional
    settled = [part.amount for part in payment.settles]
    rest = payment.amount - sum(settled, _ZERO)
    parts = [*settled, rest] if rest else settled
    rows = [
        entry_line(
            account,
            total,
            money=money,
            currency_amount=payment.amount,
            party_id=party_id,
            description=payment.reference,
        )
    ]
    origins = [_line_ref(settled_lines[part.invoice]) for part in payment.settles]
    for index, (part, share) in enumerate(zip(parts, money.in_books(parts, total), strict=True)):
        rows.append(
            entry_line(
                receivable,
                -share,
                money=money,
                currency_amount=-part,
                party_id=party_id,
                description=payment.reference,
                origin=origins[index] if index < len(origins) else None,
            )
        )
    return rows


def journal_line(line: JournalLine, *, account: Account, money: Money, party_id: int | None) -> Record:
    """Return a side of a journal; its amounts are in the books' currency already."""
    debit = line.debit - line.credit
    amount = line.currency_amount
    if amount is not None:
        amount = abs(amount).copy_sign(debit)
    return entry_line(
        account,
        debit,
        money=money,
        currency_amount=amount,
        party_id=party_id,
        description=line.description,
    )


def reversed_line(row: Record) -> Record:
    """Return the other side of an account.move.line that was read, pointing back to it."""
    amount = row["amount_second_currency"]
    return {
        "account": row["account"],
        "debit": row["credit"],
        "credit": row["debit"],
        "party": row["party"],
        "second_currency": row["second_currency"],
        "amount_second_currency": None if amount is None else -amount,
        "description": row["description"],
        "origin": _line_ref(row["id"]),
    }


def _line_ref(line_id: int) -> str:
    return f"account.move.line,{line_id}"
