"""Reads of imports: the list, one import with its preview, and its value at home."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workledger.connect.calc.formats import BY_NAME
from workledger.connect.models import ImportBatch, ImportState
from workledger.contracts.actions import approves_alone
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import LegalEntity
from workledger.directory.queries import exchange_rate
from workledger.kernel.rounding import round_amount

_SHOWN_NAMES = 40
_CREATING = {
    "people": Permission.MANAGE_DIRECTORY,
    "clients": Permission.MANAGE_CLIENTS,
    "contracts": Permission.MANAGE_CONTRACTS,
    "projects": Permission.MANAGE_PROJECTS,
    "tasks": Permission.MANAGE_PROJECTS,
    "rates": Permission.PROPOSE_RATES,
}
_SOURCES = {str(name): each.label for name, each in BY_NAME.items()}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import in a list. Seconds are those of the file."""

    id: int
    file_name: str
    source: str
    state: str
    state_word: str
    staged_at: datetime
    staged_by: str
    rows: int
    created: int
    refused: int
    seconds: int
    billable_seconds: int


@dataclass(frozen=True, slots=True)
class Sum:
    """A control total: of a person, a month or a project; seconds worked and billable."""

    name: str
    note: str
    entries: int
    seconds: int
    billable_seconds: int


@dataclass(frozen=True, slots=True)
class Naming:
    """How names of one kind were matched: how many were found, how many are new, and (at most some hundred of) their names."""

    kind: str
    matched: int
    new: int
    names: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The first of the names."""
        return self.names[:_SHOWN_NAMES]

    @property
    def more(self) -> int:
        """New ones whose names are not shown."""
        return self.new - len(self.shown)


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import: what was read, what its names mean, what is refused and what was made of it.

    `rates_wait` says that the reader's rates need a second person; `lacking` is what the reader may not create.
    """

    row: ImportRow
    entity: str
    matched: int
    zero: int
    entries: int
    values: tuple[tuple[str, Decimal], ...]
    namings: tuple[Naming, ...]
    contracts: int
    rates: int
    notes: tuple[str, ...]
    by_person: tuple[Sum, ...]
    by_month: tuple[Sum, ...]
    by_project: tuple[Sum, ...]
    refused: tuple[tuple[int, str], ...]
    default_rate: Decimal | None
    approved_lines: int
    rates_wait: bool
    lacking: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def bookable(self) -> int:
        """Entries that a commit would book."""
        return max(self.entries - self.matched - self.refused_entries, 0)

    @property
    def refused_entries(self) -> int:
        """Refused rows that could be read, and so count among the entries."""
        return max(self.row.refused - (self.row.rows - self.entries - self.zero), 0)


def imports(actor: Actor) -> list[ImportRow]:
    """Return the imports this actor sees, latest first."""
    rows = ImportBatch.objects.visible_to(actor).select_related("staged_by").order_by("-pk")
    return [_row(batch) for batch in rows.defer("mapping", "refused", "created", "options")]


def import_page(actor: Actor, batch_id: int) -> ImportPage:
    """Return one import. Raises `NotFound`."""
    rows = ImportBatch.objects.visible_to(actor).select_related("staged_by", "entity__book")
    batch = locks.one(rows, batch_id)
    totals, mapping = batch.totals, batch.mapping
    rate = batch.options.get("default_rate")
    home = batch.entity.book.currency
    staged = batch.state == ImportState.STAGED
    return ImportPage(
        row=_row(batch),
        entity=batch.entity.name,
        matched=totals.get("matched", 0),
        zero=totals.get("zero", 0),
        entries=totals.get("entries", 0),
        values=tuple((code or home, Decimal(value)) for code, value in totals.get("values", {}).items()),
        namings=tuple(
            Naming(kind, each["matched"], each["new"], tuple(each["names"]))
            for kind in ("people", "clients", "projects", "tasks")
            if (each := mapping.get(kind))
        ),
        contracts=mapping.get("contracts", {}).get("new", 0),
        rates=mapping.get("rates", {}).get("new", 0),
        notes=tuple(mapping.get("notes", ())),
        by_person=_largest(
            Sum(name, email or "", *sums) for name, email, *sums in totals.get("by_person", ())
        ),
        by_month=tuple(
            Sum(f"{date(year, month, 1):%B %Y}", "", *sums)
            for year, month, *sums in totals.get("by_month", ())
        ),
        by_project=_largest(
            Sum(project, client or "", *sums) for client, project, *sums in totals.get("by_project", ())
        ),
        refused=tuple((line, reason) for line, reason in batch.refused),
        default_rate=None if rate is None else Decimal(rate),
        approved_lines=batch.created.get("approved_lines", 0),
        rates_wait=staged and bool(mapping.get("rates", {}).get("new")) and not approves_alone(actor),
        lacking=tuple(_lacking(actor, mapping)) if staged else (),
        options=batch.options,
    )


def _lacking(actor: Actor, mapping: Mapping[str, Any]) -> Iterator[str]:
    """What the file needs to be created and the actor may not create."""
    for kind, needed in _CREATING.items():
        if mapping.get(kind, {}).get("new") and not actor.can(needed):
            yield "propose rates" if kind == "rates" else f"create {kind}"


def _largest(sums: Any) -> tuple[Sum, ...]:
    return tuple(sorted(sums, key=lambda each: (-each.seconds, each.name)))


def _row(batch: ImportBatch) -> ImportRow:
    totals = batch.totals
    return ImportRow(
        id=int(batch.pk),
        file_name=batch.file_name,
        source=_SOURCES.get(batch.file_format, batch.file_format),
        state=batch.state,
        state_word=ImportState(batch.state).label,
        staged_at=batch.staged_at,
        staged_by=str(batch.staged_by) if batch.staged_by else "the command line",
        rows=totals.get("rows", 0),
        created=totals.get("created", 0),
        refused=totals.get("refused", 0),
        seconds=totals.get("seconds", 0),
        billable_seconds=totals.get("billable_seconds", 0),
    )


def in_home_currency(values: Mapping[str, Decimal], day: date) -> Decimal:
    """Return one amount: the only one there is, else the sum in the first entity's currency at the rates of a day.

    A currency without a known rate is left out of the sum; '' is the home currency.
    """
    if len(values) == 1:
        return next(iter(values.values()))
    home = LegalEntity.objects.order_by("pk").values_list("book__currency", flat=True).first() or "EUR"
    total = Decimal(0)
    for code, value in values.items():
        rate = Decimal(1) if code in ("", home) else exchange_rate(code, home, day)
        total += value * (rate or 0)
    return round_amount(total, home)
