"""Second opinions on exported books: other programs and plain parsers read them back, and must find our balances."""

import csv
import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import StringIO
from typing import TypeVar

from beancount import loader
from beancount.core.convert import get_weight
from beancount.core.data import Transaction
from django.db import connection

from workledger.core.access import Actor
from workledger.gl.exporters import FORMS, Order
from workledger.gl.exporting import export
from workledger.gl.mapping import for_book
from workledger.gl.models import Axis, DimensionMapping
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account

K = TypeVar("K")
Balances = dict[tuple[str, str], Decimal]
"""Balance by account code and currency, without those that are nothing."""

HLEDGER = shutil.which("hledger")


class Pages:
    """An outlet that keeps each file's text."""

    def __init__(self) -> None:
        self.files: list[str] = [""]

    def write(self, text: str, /) -> None:
        """Take text."""
        self.files[-1] += text

    def cut(self) -> None:
        """Begin another file."""
        self.files.append("")


def written(actor: Actor, form: str, book_id: int, grain: JournalGrain = JournalGrain.DETAIL) -> list[str]:
    """Return the files of one book in a format."""
    pages = Pages()
    export(actor, FORMS[form], Order((book_id,), grain=grain), pages)
    return pages.files


def problems_of_books(actor: Actor, book_ids: Iterable[int]) -> list[str]:
    """Return what other programs find wrong with the books' files, and where their balances are not ours."""
    return [f"book {book_id}: {each}" for book_id in book_ids for each in _problems_of_book(actor, book_id)]


def map_some(book_id: int) -> None:
    """Put three dimensions on axes, so that files carry them."""
    DimensionMapping.objects.bulk_create(
        DimensionMapping(book_id=book_id, dimension=dimension, axis=axis, name=name)
        for dimension, axis, name in (
            (Dimension.CLIENT, Axis.CUSTOMER, ""),
            (Dimension.PROJECT, Axis.CLASS, ""),
            (Dimension.PROJECT, Axis.TRACKING_1, "Engagement"),
        )
    )


def _problems_of_book(actor: Actor, book_id: int) -> list[str]:
    map_some(book_id)
    own, value = our_balances(book_id, in_books=False), our_balances(book_id, in_books=True)
    found: list[str] = []
    for grain in (JournalGrain.DETAIL, JournalGrain.PERIOD):
        summed = grain != JournalGrain.DETAIL
        if HLEDGER:
            (text,) = written(actor, "hledger", book_id, grain)
            sums = by_hledger(text, found, f"hledger {grain}", at_cost=summed)
            found += _differences(f"hledger {grain}", sums, value if summed else own)
        (text,) = written(actor, "beancount", book_id, grain)
        units, weights = by_beancount(text, found, f"beancount {grain}")
        found += _differences(f"beancount {grain} at cost", weights, value)
        if summed:  # what nets to nothing in its own currency stands at its value in the books'
            units, own = _foreign(units, value), _foreign(own, value)
        found += _differences(f"beancount {grain}", units, own)
        for form, read in (("iif", by_iif), ("xero", by_xero)):
            files = written(actor, form, book_id, grain)
            codes = read(files, found, f"{form} {grain}")
            found += _differences(f"{form} {grain}", codes, _mapped(book_id, value))
    return found


def _mapped(book_id: int, balances: Balances) -> dict[str, Decimal]:
    mapping = for_book(book_id)
    codes = dict(Account.objects.filter(book_id=book_id).values_list("code", "pk"))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (code, _), amount in balances.items():
        sums[mapping.account(codes[code])] += amount
    return sums


def _foreign(balances: Balances, value: Balances) -> Balances:
    home = {currency for _, currency in value}
    return {key: amount for key, amount in balances.items() if key[1] not in home}


def _differences(whose: str, theirs: Mapping[K, Decimal], ours: Mapping[K, Decimal]) -> list[str]:
    return [
        f"{whose}: {key} is {theirs.get(key, 0)}, ours {ours.get(key, 0)}"
        for key in sorted(theirs.keys() | ours.keys(), key=str)
        if theirs.get(key, 0) != ours.get(key, 0)
    ]


def our_balances(book_id: int, *, in_books: bool) -> Balances:
    """Return the ledger's own balances, in the books' currency or each in its own."""
    own_only = "p.debit = 0 AND p.credit = 0"
    currency = "b.currency" if in_books else f"CASE WHEN {own_only} THEN b.currency ELSE p.currency END"
    value = "p.functional_debit - p.functional_credit"
    amount = value if in_books else f"CASE WHEN {own_only} THEN {value} ELSE p.debit - p.credit END"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.code, {currency}, sum({amount}) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            f" JOIN ledger_book b ON b.id = p.book_id WHERE p.book_id = %s GROUP BY 1, 2 HAVING sum({amount}) <> 0",
            [book_id],
        )
        return {(code, currency): amount for code, currency, amount in cursor.fetchall()}


def by_hledger(text: str, found: list[str], whose: str, *, at_cost: bool) -> Balances:
    """Return what hledger reckons, after its own strict checks and that the entries are in order."""
    report = _hledger(text, "balance", "--strict", "--flat", "-O", "json", *(["--cost"] if at_cost else []))
    ordered = report if at_cost else _hledger(text, "check", "--strict", "ordereddates")
    if ordered.returncode:
        found.append(f"{whose}: {ordered.stderr}")
    if report.returncode:
        return {}
    sums: Balances = defaultdict(Decimal)
    for name, _, _, amounts in json.loads(report.stdout)[0]:
        for each in amounts:
            quantity = each["aquantity"]
            amount = Decimal(quantity["decimalMantissa"]).scaleb(-quantity["decimalPlaces"])
            sums[name.split(":")[-1].split()[0], each["acommodity"]] += amount
    return {key: amount for key, amount in sums.items() if amount}


def _hledger(text: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HLEDGER), "-f", "-", *command], input=text, capture_output=True, text=True, check=False
    )


def by_beancount(text: str, found: list[str], whose: str) -> tuple[Balances, Balances]:
    """Return what beancount reckons, in units and at their price, after all its checks."""
    entries, errors, _ = loader.load_string(text)
    found += [f"{whose}: {error}" for error in errors]
    units: Balances = defaultdict(Decimal)
    weights: Balances = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, Transaction):
            for side in entry.postings:
                code = side.account.split(":")[-1].split("-")[0]
                for sums, amount in ((units, side.units), (weights, get_weight(side))):  # type: ignore[no-untyped-call]
                    if amount is not None and amount.number is not None:
                        sums[code, amount.currency] += amount.number
    return (
        {key: amount for key, amount in units.items() if amount},
        {key: rounded for key, amount in weights.items() if (rounded := round(amount, 4))},
    )


def by_iif(files: list[str], found: list[str], whose: str) -> dict[str, Decimal]:
    """Return the sums of a QuickBooks file by account. Each transaction sums to nothing, with one receivable, named, first."""
    (text,) = files
    columns: dict[str, list[str]] = {}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    lines: list[dict[str, str]] = []
    receivables = {"1100"}
    for row in text.split("\r\n")[:-1]:
        kind, *cells = row.split("\t")
        if kind.startswith("!"):
            columns[kind[1:]] = cells
        elif kind == "ENDTRNS":
            found += [f"{whose}: {each}" for each in _broken_transaction(lines, receivables)]
            lines = []
        elif kind in ("TRNS", "SPL"):
            lines.append({"": kind, **dict(zip(columns[kind], cells, strict=True))})
            sums[lines[-1]["ACCNT"]] += Decimal(lines[-1]["AMOUNT"])
    return {account: amount for account, amount in sums.items() if amount}


def _broken_transaction(lines: list[dict[str, str]], receivables: set[str]) -> list[str]:
    total = sum(Decimal(line["AMOUNT"]) for line in lines)
    owed = [line for line in lines if line["ACCNT"] in receivables]
    problems = []
    if total:
        problems.append(f"{lines[0]['DOCNUM']} is out by {total}")
    if [line[""] for line in lines] != ["TRNS", *["SPL"] * (len(lines) - 1)]:
        problems.append(f"{lines[0]['DOCNUM']} is no transaction")
    if owed and (len(owed) > 1 or owed[0] is not lines[0] or not owed[0]["NAME"]):
        problems.append(f"{lines[0]['DOCNUM']} has receivables that QuickBooks refuses")
    problems += [
        f"{line['AMOUNT']} is finer than a cent"
        for line in lines
        if len(line["AMOUNT"].partition(".")[2]) > 2
    ]
    return problems


def by_xero(files: list[str], found: list[str], whose: str) -> dict[str, Decimal]:
    """Return the sums of Xero's files by account. Each journal sums to nothing and stays in one file."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    journals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    place: dict[tuple[str, str], int] = {}
    for number, text in enumerate(files):
        for row in csv.DictReader(StringIO(text, newline="")):
            key = (row["*Narration"], row["*Date"])
            if place.setdefault(key, number) != number:
                found.append(f"{whose}: {key} is in two files")
            sums[row["*AccountCode"]] += Decimal(row["*Amount"])
            journals[key] += Decimal(row["*Amount"])
    found += [f"{whose}: {key} is out by {total}" for key, total in journals.items() if total]
    return {account: amount for account, amount in sums.items() if amount}
