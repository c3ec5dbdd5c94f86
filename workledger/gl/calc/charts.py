"""The other side's chart of accounts, read from what its programs export or a person pastes.

    read_chart("Code,Name,Type\\n200,Sales,Revenue\\n")

One account a line, parted by tabs, commas or semicolons. A first line that names columns is understood: of Xero
(*Code, *Name, *Type), of QuickBooks (Account, Type, Accnt. #) and of others with such names. Without one the first
column is the code and the second the name. An account without a code goes by its name, as in QuickBooks.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

MOST_ACCOUNTS = 5_000
MOST_SIGNS = 120
_CODES = ("code", "account code", "account number", "number", "accnt. #", "accnum", "nr", "account no.")
_NAMES = ("name", "account name", "account", "description")
_KINDS = ("type", "account type", "accnttype", "kind")
_KIND_WORDS = {
    "asset": ("asset", "bank", "receivable", "inventory", "prepayment"),
    "liability": ("liability", "liabilities", "payable", "credit card", "liab", "ccard"),
    "equity": ("equity",),
    "income": ("income", "revenue", "sales", "inc"),
    "expense": ("expense", "cost", "overhead", "cogs", "depreciation", "exp"),
}


@dataclass(frozen=True, slots=True)
class ChartRow:
    """An account: its code, its name ('' where it goes by its name), and its kind where that was understood."""

    code: str
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What was read, and in sentences what could not be."""

    rows: tuple[ChartRow, ...]
    problems: tuple[str, ...] = ()


def read_chart(text: str) -> Chart:
    """Read a chart; every line that is no account is named by its number."""
    text = text.lstrip("\ufeff")
    lines = csv.reader(StringIO(text), delimiter=_delimiter(text))
    stripped = [(number, [cell.strip() for cell in cells]) for number, cells in enumerate(lines, start=1)]
    numbered = [(number, cells) for number, cells in stripped if any(cells)]
    columns = _columns(numbered[0][1]) if numbered else None
    if columns is not None:
        numbered = numbered[1:]
    code, name, kind = columns or (0, 1, 2)
    rows: dict[str, ChartRow] = {}
    problems = []
    for number, cells in numbered:
        row = ChartRow(*_code_and_name(_cell(cells, code), _cell(cells, name)), kind_of(_cell(cells, kind)))
        problem = _problem(row, rows)
        if problem:
            problems.append(f"Line {number}: {problem}")
        else:
            rows[row.code] = row
    if not rows and not problems:
        problems.append("There is no account in this.")
    if len(rows) > MOST_ACCOUNTS:
        problems.append(
            f"More than {MOST_ACCOUNTS:,} accounts are no chart. Leave out what is never posted to."
        )
    return Chart(tuple(rows.values()), tuple(problems))


def code_problem(code: str) -> str:
    """Return what is wrong with a code of the other side, as a sentence, or ''."""
    if len(code) > MOST_SIGNS:
        return f"A code has at most {MOST_SIGNS} characters."
    if not code.isprintable():
        return "A code stands on one line, without tabs."
    if code[:1] in ("=", "+", "-", "@"):
        return "A code does not begin with =, +, - or @: a spreadsheet would take it for a formula."
    return ""


def kind_of(words: str) -> str:
    """Return asset, liability, equity, income or expense for a type's name in another program; '' where it is none."""
    said = words.lower()
    if said in ("ar", "bank", "ocasset", "oasset", "fixasset"):
        return "asset"
    if said in ("ap", "ocliab", "ltliab"):
        return "liability"
    for kind in ("liability", "expense", "equity", "asset", "income"):
        if any(word in said for word in _KIND_WORDS[kind]):
            return kind
    return ""


def _problem(row: ChartRow, known: dict[str, ChartRow]) -> str:
    if not row.code:
        return "it has no code and no name."
    if row.code in known:
        return f"{row.code} stands there twice."
    return code_problem(row.code)


def _code_and_name(code: str, name: str) -> tuple[str, str]:
    return (code, name) if code else (name, "")


def _columns(cells: Sequence[str]) -> tuple[int, int, int] | None:
    """Return where code, name and kind stand by the names of columns; None where the line names none."""
    said = [cell.lstrip("*!").strip().lower() for cell in cells]
    places = [
        next((said.index(word) for word in words if word in said), -1) for words in (_CODES, _NAMES, _KINDS)
    ]
    code, name, kind = places
    return (code, name, kind) if code >= 0 or name >= 0 else None


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if 0 <= place < len(cells) else ""


def _delimiter(text: str) -> str:
    first = text.strip().split("\n", 1)[0]
    return max("\t;,", key=lambda sign: (first.count(sign), sign == ","))
