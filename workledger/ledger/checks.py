"""The invariants of the house, each one set-based SQL that gives both sides of a sum.

Other packages register their own in `AppConfig.ready`:

    register_check(sum_check(
        "receivables.open_amounts", "Receivables equal the ledger",
        left=("open invoices", "SELECT sum(open_amount) FROM receivables_receivable"),
        right=("accounts receivable", "SELECT ..."),
        broken=("invoices that differ", "SELECT count(*) FROM (...) d"),
    ))
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from workledger.ledger.dimensions import TABLES, Dimension

_PERSONAL = (Dimension.PERSON, Dimension.ROLE, Dimension.PRACTICE, Dimension.OFFICE)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found: both sides of its sum, and in `detail` what is wrong or ''."""

    name: str
    title: str
    ok: bool
    left_label: str
    left: Decimal
    right_label: str
    right: Decimal
    detail: str = ""

    @property
    def line(self) -> str:
        """The result on one line."""
        sign = "=" if self.left == self.right else "≠"
        found = f"; {self.detail}" if self.detail else ""
        return (
            f"{'ok    ' if self.ok else 'BROKEN'}  {self.title}: "
            f"{self.left_label} {_plain(self.left)} {sign} {self.right_label} {_plain(self.right)}{found}"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: `run` reads the database and changes nothing."""

    name: str
    title: str
    run: Callable[[], CheckResult]


CHECKS: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Add an invariant to `workledger check`; a name is registered once."""
    known = CHECKS.setdefault(check.name, check)
    if known.title != check.title:
        raise ValueError(f"the check {check.name} is registered twice")


def run_checks(progress: Callable[[str], None] = lambda _title: None) -> list[CheckResult]:
    """Run every check on one snapshot of the database, in the order of registration."""
    results = []
    with transaction.atomic():
        if not connection.savepoint_ids:  # only the outermost transaction may choose its snapshot
            _execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for check in CHECKS.values():
            progress(check.title)
            results.append(check.run())
    return results


def sum_check(
    name: str,
    title: str,
    *,
    left: tuple[str, str],
    right: tuple[str, str],
    broken: tuple[str, str] | None = None,
) -> Check:
    """Return a check of two sums, each (label, SQL giving one number; NULL counts as 0).

    `broken` is (what is counted, SQL giving the number of rows that break the rule); any such row fails the check
    even where the sums agree, since two errors may cancel out.
    """

    def run() -> CheckResult:
        left_sum, right_sum = number(left[1]), number(right[1])
        found = number(broken[1]) if broken else Decimal(0)
        detail = f"{_plain(found)} {broken[0]}" if broken and found else ""
        ok = left_sum == right_sum and not found
        return CheckResult(name, title, ok, left[0], left_sum, right[0], right_sum, detail)

    return Check(name, title, run)


def number(sql: str) -> Decimal:
    """Return the one number a query gives; NULL is 0."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (value,) = cursor.fetchone()
    return Decimal(value or 0)


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _plain(value: Decimal) -> str:
    return f"{value:,.2f}" if value % 1 else f"{value:,.0f}"


_AMOUNTS = ("functional_debit", "functional_credit", "quantity", "billable_quantity")
_BALANCE_KEY = (
    "book_id", "account_id", "period_id", "currency", "client_id", "contract_id", "contract_line_id", "project_id",
)  # fmt: skip
_PERSON_KEY = ("book_id", "account_id", "period_id", "person_id", "role_id", "practice_id", "office_id")


def _differing(table: str, key: tuple[str, ...], amounts: tuple[str, ...], where: str = "true") -> str:
    """SQL: how many keys have other sums in `table` than in the postings."""
    columns = ", ".join(key)
    sums = ", ".join(f"sum({amount}) AS {amount}" for amount in amounts)
    both = ", ".join((*key, *amounts))
    return (
        f"WITH kept AS (SELECT {both} FROM {table}),"  # noqa: S608 - names of columns, no input
        f" made AS (SELECT {columns}, {sums} FROM ledger_posting WHERE {where} GROUP BY {columns})"
        f" SELECT count(*) FROM ((SELECT * FROM kept EXCEPT SELECT * FROM made)"
        f" UNION ALL (SELECT * FROM made EXCEPT SELECT * FROM kept)) d"
    )


def _dimensions_exist() -> CheckResult:
    used = found = Decimal(0)
    missing = []
    for dimension, table in TABLES.items():
        source = "ledger_personbalance" if dimension in _PERSONAL else "ledger_balance"
        if dimension is Dimension.TASK:
            source = "ledger_posting"
        ids = f"SELECT DISTINCT {dimension.column} AS id FROM {source} WHERE {dimension.column} <> 0"  # noqa: S608
        target = table.model._meta
        held = f"SELECT count(*) FROM ({ids}) u JOIN {target.db_table} t ON t.{target.pk.column} = u.id"  # noqa: S608
        count, known = number(f"SELECT count(*) FROM ({ids}) u"), number(held)  # noqa: S608
        used, found = used + count, found + known
        if count != known:
            missing.append(f"{count - known} {dimension.label.lower()} ids have no row")
    title = "What postings are about exists"
    return CheckResult(
        "ledger.dimensions_exist", title, not missing,
        "dimension values posted", used, "found in their tables", found, "; ".join(missing),
    )  # fmt: skip


register_check(
    sum_check(
        "ledger.entries_balance",
        "Every entry balances",
        left=("debits", "SELECT sum(functional_debit) FROM ledger_posting"),
        right=("credits", "SELECT sum(functional_credit) FROM ledger_posting"),
        broken=(
            "entries do not balance or have no postings",
            "SELECT (SELECT count(*) FROM (SELECT entry_id FROM ledger_posting GROUP BY entry_id HAVING"
            " sum(functional_debit) <> sum(functional_credit) OR min(currency) <> max(currency)"
            " OR sum(debit) <> sum(credit)) d)"
            " + (SELECT count(*) FROM ledger_journalentry e WHERE NOT EXISTS"
            " (SELECT 1 FROM ledger_posting p WHERE p.entry_id = e.id))",
        ),
    )
)
register_check(
    sum_check(
        "ledger.balances_equal_postings",
        "Balances equal postings",
        left=("balances", "SELECT sum(functional_debit) FROM ledger_balance"),
        right=("postings", "SELECT sum(functional_debit) FROM ledger_posting"),
        broken=(
            "balance keys differ",
            _differing("ledger_balance", _BALANCE_KEY, ("debit", "credit", *_AMOUNTS)),
        ),
    )
)
register_check(
    sum_check(
        "ledger.person_balances_equal_postings",
        "Balances by person equal postings",
        left=("balances by person", "SELECT sum(functional_debit) FROM ledger_personbalance"),
        right=(
            "postings with a person",
            "SELECT sum(functional_debit) FROM ledger_posting WHERE person_id <> 0",
        ),
        broken=(
            "balance keys differ",
            _differing("ledger_personbalance", _PERSON_KEY, _AMOUNTS, "person_id <> 0"),
        ),
    )
)
register_check(
    sum_check(
        "ledger.periods_contiguous",
        "Periods meet without a gap",
        left=("days in periods", 'SELECT sum("end" - start) FROM ledger_period'),
        right=(
            "days from first to last",
            'SELECT sum(days) FROM (SELECT max("end") - min(start) AS days FROM ledger_period GROUP BY book_id) d',
        ),
    )
)
register_check(
    sum_check(
        "ledger.postings_in_period",
        "Every posting lies in its entry, period, book and account",
        left=("postings", "SELECT count(*) FROM ledger_posting"),
        right=(
            "in place",
            "SELECT count(*) FROM ledger_posting p"
            " JOIN ledger_journalentry e ON (e.id, e.book_id, e.period_id, e.date)"
            " = (p.entry_id, p.book_id, p.period_id, p.date)"
            " JOIN ledger_period d ON d.id = p.period_id AND d.book_id = p.book_id"
            ' AND p.date >= d.start AND p.date < d."end"'
            " JOIN ledger_account a ON a.id = p.account_id AND a.book_id = p.book_id",
        ),
    )
)

# A reversal may undo a part (one line of a bulk entry); what it undoes is never more than the original, and a whole
# reversal undoes every account and dimension exactly.
_REVERSED = (
    "WITH pairs AS (SELECT o.id AS original, r.id AS entry FROM ledger_journalentry r"
    " JOIN ledger_journalentry o ON o.id = r.reverses_id),"
    " rows AS (SELECT original, p.*, -1 AS side FROM pairs JOIN ledger_posting p ON p.entry_id = entry"
    " UNION ALL SELECT original, p.*, 1 FROM (SELECT DISTINCT original FROM pairs) s"
    " JOIN ledger_posting p ON p.entry_id = original),"
    " totals AS (SELECT original, sum(functional_debit + functional_credit) FILTER (WHERE side = 1) AS was,"
    " sum(functional_debit + functional_credit) FILTER (WHERE side = -1) AS undone FROM rows GROUP BY original)"
)
register_check(
    sum_check(
        "ledger.reversals_exact",
        "A whole reversal is the exact inverse",
        left=(
            "reversed",
            _REVERSED + " SELECT sum(was) / 2 FROM totals WHERE undone >= was",  # noqa: S608 - constants
        ),
        right=(
            "by reversals",
            _REVERSED + " SELECT sum(undone) / 2 FROM totals WHERE undone >= was",  # noqa: S608 - constants
        ),
        broken=(
            "accounts of reversed entries are not undone exactly",
            _REVERSED  # noqa: S608 - constants
            + " SELECT count(*) FROM (SELECT r.original FROM rows r JOIN totals t USING (original)"
            " WHERE t.undone >= t.was AND t.was > 0 GROUP BY r.original, account_id, currency, client_id, contract_id,"
            " contract_line_id, project_id, task_id, person_id, role_id, practice_id, office_id"
            " HAVING sum(functional_debit) <> sum(functional_credit) OR sum(debit) <> sum(credit)"
            " OR sum(quantity) <> 0 OR sum(billable_quantity) <> 0) d",
        ),
    )
)
register_check(Check("ledger.dimensions_exist", "What postings are about exists", _dimensions_exist))
register_check(
    sum_check(
        "core.changes_have_actions",
        "Every change of a row was made by an action",
        left=("row changes", "SELECT count(*) FROM core_rowlog"),
        right=("made by an action", "SELECT count(action_id) FROM core_rowlog"),
    )
)
