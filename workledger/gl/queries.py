"""Reads of the mapping and of what would leave: shaped for pages and the API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from django.db import transaction

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import TaxCode
from workledger.gl.calc.journals import Journal
from workledger.gl.exporters import Form
from workledger.gl.exporters.xero import MOST_LINES
from workledger.gl.journals import Reading, Wanted
from workledger.gl.mapping import for_book
from workledger.gl.models import (
    AccountMapping,
    Axis,
    DimensionMapping,
    DimensionValue,
    ExternalAccount,
    TaxMapping,
)
from workledger.ledger import queries as ledger
from workledger.ledger.dimensions import Dimension, choices
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Period

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account and what it is called there. `is_mapped`: somebody said so; else it goes by its own code.

    `is_known`: the other side's chart has the code, or is not known.
    """

    id: int
    code: str
    name: str
    kind: str
    purpose: str
    there: str
    there_name: str
    is_mapped: bool
    is_known: bool


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A tax code and what it is called there."""

    id: int
    name: str
    there: str
    is_mapped: bool


@dataclass(frozen=True, slots=True)
class AxisRow:
    """A dimension on an axis, and how many of its values have a name of their own there."""

    id: int
    axis: Axis
    axis_label: str
    name: str
    dimension: Dimension
    dimension_label: str
    named: int


@dataclass(frozen=True, slots=True)
class MappingPage:
    """A book's mapping. `chart` is the other side's, (code, name), where it is known."""

    book: ledger.BookRef
    grain: JournalGrain
    no_tax: str
    accounts: tuple[AccountRow, ...]
    taxes: tuple[TaxRow, ...]
    axes: tuple[AxisRow, ...]
    chart: tuple[tuple[str, str], ...]

    @property
    def unmapped(self) -> int:
        """How many accounts go by their own code."""
        return sum(not row.is_mapped for row in self.accounts)

    @property
    def mapped(self) -> int:
        """How many accounts somebody gave a code there."""
        return len(self.accounts) - self.unmapped

    @property
    def grain_label(self) -> str:
        """How fine its journals leave, as people read it."""
        return str(self.grain.label)


def mapping_page(actor: Actor, book_id: int | None = None) -> MappingPage:
    """Return the mapping of that book, or of the first; raises NotFound."""
    book = ledger.default_book(actor, book_id)
    mapping = for_book(book.id, actor)
    chart = dict(
        ExternalAccount.objects.visible_to(actor).filter(book_id=book.id).values_list("code", "name")
    )
    mapped = dict(AccountMapping.objects.filter(account__book_id=book.id).values_list("account_id", "code"))
    taxed = set(TaxMapping.objects.filter(tax_code__entity_id=book.id).values_list("tax_code_id", flat=True))
    taxes = TaxCode.objects.visible_to(actor).filter(entity_id=book.id).order_by("name")
    return MappingPage(
        book=book,
        grain=mapping.grain,
        no_tax=mapping.no_tax,
        accounts=tuple(
            AccountRow(
                row.id, row.code, row.name, str(row.kind.label), row.purpose, mapping.account(row.id),
                chart.get(mapping.account(row.id), ""), row.id in mapped,
                not chart or mapping.account(row.id) in chart,
            )
            for row in ledger.accounts(actor, book.id)
        ),
        taxes=tuple(TaxRow(row.pk, row.name, mapping.tax(row.pk), row.pk in taxed) for row in taxes),
        axes=tuple(_axes(actor, book.id)),
        chart=tuple(chart.items()),
    )  # fmt: skip


def _axes(actor: Actor, book_id: int) -> Iterator[AxisRow]:
    rows = DimensionMapping.objects.visible_to(actor).filter(book_id=book_id).prefetch_related("values")
    for row in rows:
        axis, dimension = Axis(row.axis), Dimension(row.dimension)
        yield AxisRow(
            row.pk, axis, str(axis.label), row.name, dimension, dimension.label, len(row.values.all())
        )


@dataclass(frozen=True, slots=True)
class AxisPage:
    """An axis with the names chosen on it, (id, code), and everything that may have one, (id, name)."""

    axis: AxisRow
    book_id: int
    chosen: tuple[tuple[int, str], ...]
    choices: tuple[tuple[int, str], ...]


def axis_page(actor: Actor, mapping_id: int) -> AxisPage:
    """Return an axis; raises NotFound."""
    row = locks.one(DimensionMapping.objects.visible_to(actor), mapping_id)
    chosen = tuple(
        DimensionValue.objects.filter(mapping=row).order_by("code").values_list("value_id", "code")
    )
    axis, dimension = Axis(row.axis), Dimension(row.dimension)
    return AxisPage(
        AxisRow(row.pk, axis, str(axis.label), row.name, dimension, dimension.label, len(chosen)),
        row.book_id,
        chosen,
        tuple(choices(actor, dimension)),
    )


@dataclass(frozen=True, slots=True)
class LeavingLine:
    """A line as it would leave. `about` says customer and dimensions in words."""

    account: str
    account_name: str
    about: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class LeavingJournal:
    """A journal as it would leave; `entry_id` is our entry, None of a summary, whose days are [start, end)."""

    id: str
    on: date
    description: str
    total: Decimal
    lines: tuple[LeavingLine, ...]
    entry_id: int | None
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Source:
    """One of our accounts behind one of theirs."""

    id: int
    code: str
    name: str
    is_mapped: bool


@dataclass(frozen=True, slots=True)
class LeavingAccount:
    """What one of their accounts would be debited and credited, and which of ours are behind it."""

    account: str
    name: str
    debit: Decimal
    credit: Decimal
    sources: tuple[Source, ...]

    @property
    def is_mapped(self) -> bool:
        """Whether somebody chose it for all of ours behind it."""
        return all(source.is_mapped for source in self.sources)

    @property
    def balance(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Preview:
    """What would leave in the half-open [start, end): totals by account, the first journals, what nobody mapped."""

    book: ledger.BookRef
    start: date
    end: date
    grain: JournalGrain
    accounts: tuple[LeavingAccount, ...]
    journals: tuple[LeavingJournal, ...]
    journal_count: int
    line_count: int
    unmapped: tuple[Source, ...]
    no_chart: tuple[str, ...]

    @property
    def last_day(self) -> date:
        """The last day that is in it."""
        return self.end - _DAY

    @property
    def debit(self) -> Decimal:
        """What is debited in all, which is what is credited."""
        return sum((row.debit for row in self.accounts), _ZERO)

    @property
    def mapped(self) -> int:
        """How many of our accounts that move here have a code of their own there."""
        return sum(source.is_mapped for row in self.accounts for source in row.sources)

    @property
    def more(self) -> int:
        """How many journals are not shown."""
        return self.journal_count - len(self.journals)

    @property
    def file_count(self) -> int:
        """How many files Xero would take it in, at least."""
        return -(-self.line_count // MOST_LINES)


def preview(
    actor: Actor,
    book_id: int | None,
    start: date,
    end: date,
    *,
    form: Form | None = None,
    grain: JournalGrain | None = None,
    limit: int = 50,
) -> Preview:
    """Return what would leave a book in [start, end), in the words of a file format that maps accounts, or of all axes.

    The grain is the book's own unless one is given. Raises NotFound; refuses: forbidden, bad_range.
    """
    if not actor.can(Permission.VIEW_LEDGER):
        raise Forbidden.because("forbidden", "You may not read the ledger. Ask an owner or Finance.")
    if start >= end:
        raise Refused.because("bad_range", "The first day comes after the last one.", "since")
    book = ledger.default_book(actor, book_id)
    mapping = for_book(book.id, actor)
    wanted = Wanted(
        book.id, start, end, grain or mapping.grain,
        axes=form.axes if form else None, by_customer=form is not None and form.by_customer,
    )  # fmt: skip
    with transaction.atomic():
        return _Watching(actor, book, Reading(actor, wanted, mapping), start, end).preview(limit)


class _Watching:
    """Reads journals once: keeps the first ones, and sums all of them."""

    def __init__(self, actor: Actor, book: ledger.BookRef, reading: Reading, start: date, end: date) -> None:
        self.book, self.reading, self.start, self.end = book, reading, start, end
        self.chart = dict(
            ExternalAccount.objects.visible_to(actor).filter(book_id=book.id).values_list("code", "name")
        )
        self.sources = {
            account.id: Source(
                account.id, account.code, account.name, account.id in reading.mapping.mapped_accounts
            )
            for account in reading.accounts.values()
        }
        self.moved = [self.sources[account_id] for account_id in reading.source.moved()]
        self.journals = self.lines = 0
        self.sums: dict[str, tuple[Decimal, Decimal]] = {}

    def preview(self, limit: int) -> Preview:
        """Return the preview with so many journals."""
        stream = self._counted()
        spans = self._spans()
        first = tuple(self._journal(each, spans) for each in islice(stream, limit))
        for _ in stream:
            pass
        return Preview(
            book=self.book, start=self.start, end=self.end, grain=self.reading.wanted.grain,
            accounts=tuple(self._account(code, *sides) for code, sides in sorted(self.sums.items())),
            journals=first, journal_count=self.journals, line_count=self.lines,
            unmapped=tuple(source for source in self.moved if not source.is_mapped),
            no_chart=tuple(code for code in sorted(self.sums) if self.chart and code not in self.chart),
        )  # fmt: skip

    def _counted(self) -> Iterator[Journal]:
        for each in self.reading.journals():
            self.journals += 1
            self.lines += len(each.lines)
            for line in each.lines:
                debit, credit = self.sums.get(line.account, (_ZERO, _ZERO))
                self.sums[line.account] = (debit + line.debit, credit + line.credit)
            yield each

    def _account(self, code: str, debit: Decimal, credit: Decimal) -> LeavingAccount:
        behind = tuple(source for source in self.moved if self.reading.mapping.account(source.id) == code)
        return LeavingAccount(code, self._name(code), debit, credit, behind)

    def _name(self, code: str) -> str:
        if code in self.chart:
            return self.chart[code]
        return next(
            (each.name for each in self.sources.values() if self.reading.mapping.account(each.id) == code), ""
        )

    def _journal(self, journal: Journal, spans: Mapping[date, date]) -> LeavingJournal:
        return LeavingJournal(
            journal.id, journal.on, journal.description, journal.total,
            tuple(
                LeavingLine(
                    line.account, self._name(line.account),
                    ", ".join(filter(None, [line.customer, *(name for _, name in line.dimensions)])),
                    line.debit, line.credit,
                )
                for line in journal.lines
            ),
            journal.entry_id, max(spans.get(journal.on, journal.on), self.start), journal.on + _DAY,
        )  # fmt: skip

    def _spans(self) -> dict[date, date]:
        """Return the first day of each period by the day on which its summary stands."""
        if self.reading.wanted.grain != JournalGrain.PERIOD:
            return {}
        rows = Period.objects.filter(book_id=self.book.id, start__lt=self.end, end__gt=self.start)
        return {min(end, self.end) - _DAY: start for start, end in rows.values_list("start", "end")}
