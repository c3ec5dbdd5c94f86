"""Every write of imports: stage a file, commit it, undo it.

A file is read once per act into a temporary table (`intake`); what it means is planned without writing (`calc.mapping`,
`calc.rates`), then made through the acts of the floors below (`creating`), and the entries follow in two statements. What
was booked is summed again and compared with the file before the act may end.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, cast

from django.db import transaction

from workledger.connect import approving, files, known, removing
from workledger.connect.calc import mapping
from workledger.connect.calc.formats import BY_NAME, FormatName
from workledger.connect.calc.opening import Options as ReadingOptions
from workledger.connect.calc.opening import UnreadableFile
from workledger.connect.calc.rates import DatedRates, dated_rates
from workledger.connect.calc.reading import open_time_export
from workledger.connect.calc.rows import RefusedRow
from workledger.connect.creating import Created, create_dated_rates, create_masters
from workledger.connect.inputs import Booking, Imported, RefusedLine, TimeFile, Undone
from workledger.connect.intake import Intake
from workledger.connect.models import ImportBatch, ImportState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Forbidden, Problems, Refused
from workledger.directory.calc.countries import CURRENCIES
from workledger.directory.models import LegalEntity

_MOST_NAMES = 200
_MOST_RATE = Decimal(10) ** 9


@action("connect.stage_import", needs=Permission.IMPORT_DATA)
def stage_import(*, actor: Actor, file: TimeFile, default_rate: Decimal | None = None) -> int:
    """Read a file, match its names and add it up, without booking anything; returns the batch to preview and commit.

    Refuses: file_gone, not_text, empty_file, wrong_format, missing_columns, mixed_dates, entity_unclear, sees_part_only,
    bad_default_rate.
    """
    staging = _stage(actor, file, default_rate)
    staging.preview(default_rate)
    record(staging.batch, f"Staged {file.name}: {staging.intake.totals.rows:,} rows")
    return int(staging.batch.pk)


@action("connect.commit_import", needs=Permission.IMPORT_DATA)
def commit_import(
    *, actor: Actor, batch_id: int, on: date, approved: bool = False, default_rate: Decimal | None = None
) -> Imported:
    """Book a staged file: what it names is created where it is missing, then its time, with its control totals checked.

    Rows that were imported before are left out, and rows on submitted or approved lines are refused. With `approved` the
    lines are submitted and approved at once, except the actor's own and those that hold other open time; lines that were
    approved, and on which billing has built nothing, take the time too: their approval is withdrawn `on` that day and given
    again. Refuses: not_found, not_staged, totals_differ, approval_forbidden, bad_default_rate, forbidden (what creating
    needs), and what reading refuses.
    """
    batch = locks.for_update(ImportBatch.objects.visible_to(actor), batch_id)
    if batch.state != ImportState.STAGED:
        raise Refused.because("not_staged", f"This import is {batch.get_state_display().lower()} already.")
    booking = Booking(approved, default_rate)
    staging = _read(actor, batch, _file_of(batch), booking.default_rate)
    return _commit(actor, staging, booking, on)


@action("connect.import_time", needs=Permission.IMPORT_DATA)
def import_time(
    *, actor: Actor, file: TimeFile, on: date, approved: bool = False, default_rate: Decimal | None = None
) -> Imported:
    """Stage a file and commit it, reading it once. Refuses what `stage_import` and `commit_import` refuse."""
    return _commit(actor, _stage(actor, file, default_rate), Booking(approved, default_rate), on)


@action("connect.discard_import", needs=Permission.IMPORT_DATA)
def discard_import(*, actor: Actor, batch_id: int) -> None:
    """Drop a staged import, of which nothing was booked. Refuses: not_found, not_staged."""
    batch = locks.for_update(ImportBatch.objects.visible_to(actor), batch_id)
    if batch.state != ImportState.STAGED:
        raise Refused.because(
            "not_staged", "Only an import that is not committed is discarded. Undo this one."
        )
    record(batch, f"Discarded the staged import of {batch.file_name}")
    name = batch.file.name or ""
    batch.delete()
    transaction.on_commit(partial(files.forget, name))


@action("connect.undo_import", needs=Permission.IMPORT_DATA)
def undo_import(*, actor: Actor, batch_id: int, on: date) -> Undone:
    """Take an import back as a whole: its entries, their approvals, and what it created and nothing else stands on.

    Other time on the same lines stays, and is approved again where it was approved. Refuses: not_found, not_committed,
    billed (the sentence names the invoice; credit it first), on_pre_bill (drop it back first), treated_in_billing (the
    other time is held or written down), approval_forbidden.
    """
    batch = locks.for_update(ImportBatch.objects.visible_to(actor), batch_id)
    if batch.state != ImportState.COMMITTED:
        raise Refused.because("not_committed", "Only a committed import is undone.")
    lines = approving.unapprove(actor, batch.pk, on)
    entries = removing.remove_entries(batch.pk)
    again = approving.approve_again(actor, batch.pk, lines)
    removed = removing.remove_created(batch.created)
    batch.state = ImportState.UNDONE
    batch.save(update_fields=["state"])
    record(batch, f"Undid the import of {batch.file_name}: {entries:,} entries")
    return Undone(entries, removed, again.approved, again.waiting)


# ---------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class _Staging:
    """A file read, and what its names mean."""

    actor: Actor
    batch: ImportBatch
    intake: Intake
    plan: mapping.Plan
    scopes: dict[int, list[int]]
    rates: DatedRates
    reading_notes: tuple[str, ...]

    def notes(self, default_rate: Decimal | None) -> list[str]:
        """All that somebody should read before and after it is committed."""
        found = [*self.reading_notes, *self.plan.notes]
        totals = self.intake.totals
        if totals.rounded:
            found.append(f"{totals.rounded:,} durations were no whole seconds and were rounded.")
        if self.intake.invoiced_seconds:
            found.append(
                f"{_hours(self.intake.invoiced_seconds)} h were billed in the other tool already. They are kept as worked and"
                " are not billed here again."
            )
        without = self.intake.without_rate()
        if without and default_rate is None:
            found.append(
                f"{_hours(without)} billable h have no rate in the file. Those that no rate card prices wait for one before"
                " they can be billed."
            )
        return found

    def preview(self, default_rate: Decimal | None) -> None:
        """Keep what is shown before the commit."""
        self.intake.place(self.plan)
        approving.refuse_decided(self.actor, self.intake, approved=False)
        batch = self.batch
        batch.mapping = {**_mapping(self.plan, len(self.rates.spans)), "notes": self.notes(default_rate)}
        self._sum_up(0, self.values(default_rate))
        batch.options |= {"default_rate": None if default_rate is None else str(default_rate)}
        batch.save()

    def _sum_up(self, created: int, values: dict[str, Decimal]) -> None:
        self.batch.refused = [[row.line, row.reason] for row in self._refused()]
        self.batch.totals = _totals(self.intake, created, values)

    def _refused(self) -> list[RefusedRow]:
        return sorted(self.intake.refused, key=lambda row: row.line)

    def values(self, default_rate: Decimal | None) -> dict[str, Decimal]:
        """The billable value of the file by currency, to the cent."""
        return {
            each.currency: each.value.quantize(Decimal("0.01")) for each in self.intake.worth(default_rate)
        }

    def result(self, created: Created, entries: int, approved: int, booking: Booking) -> Imported:
        """Keep and return what became of the file."""
        batch, intake = self.batch, self.intake
        notes = [*self.notes(booking.default_rate), *created.notes]
        batch.state = ImportState.COMMITTED
        batch.mapping |= {"rates": {"new": len(created.ids.get("rates", ()))}, "notes": notes}
        batch.created = {**created.ids, "entries": entries, "approved_lines": approved}
        batch.options |= {k: v if isinstance(v, bool | None) else str(v) for k, v in asdict(booking).items()}
        values = self.values(booking.default_rate)
        self._sum_up(entries, values)
        batch.save()
        return Imported(
            batch_id=int(batch.pk),
            rows=intake.totals.rows + intake.totals.refused,
            created=entries,
            matched=intake.matched + intake.totals.zero,
            refused_count=intake.refused_count,
            refused=[RefusedLine(row.line, row.reason) for row in self._refused()],
            seconds=intake.totals.seconds,
            billable_seconds=intake.totals.billable_seconds,
            values=values,
            approved_lines=approved,
            notes=notes,
        )


def _stage(actor: Actor, file: TimeFile, default_rate: Decimal | None) -> _Staging:
    entity = _entity(actor, file.entity_id)
    batch = ImportBatch(
        entity=entity,
        file_format=file.source,
        file_name=file.name[:255],
        file_hash=files.content_hash(file.kept),
        file=file.kept,
        options={
            k: v for k, v in asdict(replace(file, entity_id=entity.pk)).items() if k not in ("kept", "name")
        },
        staged_by_id=actor.user_id,
    )
    staging = _read(actor, batch, file, default_rate)
    batch.save()
    return staging


def _read(actor: Actor, batch: ImportBatch, file: TimeFile, default_rate: Decimal | None) -> _Staging:
    """Read the file into the temporary table, and find out what its names and rates mean."""
    problems = Problems()
    problems.check(
        default_rate is None or 0 <= default_rate < _MOST_RATE,
        "bad_default_rate", "A default rate is an amount per hour of zero or more.", "default_rate",
    )  # fmt: skip
    problems.refuse()
    if actor.client_ids is not None:
        raise Forbidden.because("sees_part_only", "You see some clients only, so you may not import time.")
    locks.named("connect.import")
    options = ReadingOptions(
        date_order=file.date_order,
        decimal_mark=file.decimal_mark,
        person=file.person.strip() or None,
        project=file.project.strip() or None,
        currency=file.currency.strip().upper() or None,
    )
    with files.opened(file.kept) as source:
        try:
            export = open_time_export(source, source_format=file.source, options=options)
        except UnreadableFile as error:
            raise Refused.because(error.code, str(error), "file")
        intake = Intake.read(export, bills_invoiced=file.bills_invoiced)
    entity = batch.entity
    plan = mapping.plan(
        intake.people(),
        intake.works(),
        known.load(actor, entity),
        entity_name=entity.name,
        currency=entity.book.currency,
        currencies=frozenset(CURRENCIES),
    )
    intake.refuse_named(plan)
    scopes, rates = _rates(intake, plan)
    return _Staging(actor, batch, intake, plan, scopes, rates, export.profile.notes)


def _rates(intake: Intake, plan: mapping.Plan) -> tuple[dict[int, list[int]], DatedRates]:
    """Find the dated rates. Where two clash, lines and tasks are told apart as far as they can be; the rest is refused."""
    while True:
        scopes = intake.place(plan)
        rates = dated_rates(intake.points(plan))
        clashing = {clash.scope for clash in rates.clashes}
        if not clashing:
            return scopes, rates
        found = {plan.tasks[scopes[scope][0]].scope for scope in clashing}
        if not sum(map(plan.split, found)):
            in_full = dated_rates(intake.points(plan, only=sorted(clashing)))
            intake.refuse([RefusedRow(clash.line, clash.reason) for clash in in_full.clashes])
            spans = [span for span in rates.spans if span.scope not in clashing]
            return scopes, DatedRates([*spans, *in_full.spans])


def _entity(actor: Actor, entity_id: int | None) -> LegalEntity:
    entities = LegalEntity.objects.visible_to(actor).select_related("book").order_by("pk")
    if entity_id is not None:
        return locks.one(entities, entity_id)
    found = list(entities[:2])
    if len(found) != 1:
        message = (
            "There are several legal entities. Say whose work this is."
            if found
            else "There is no legal entity yet. Set up the firm first: workledger init."
        )
        raise Refused.because("entity_unclear", message, "entity_id")
    return found[0]


def _file_of(batch: ImportBatch) -> TimeFile:
    return TimeFile(
        kept=batch.file.name or "",
        name=batch.file_name,
        **{k: v for k, v in batch.options.items() if k in TimeFile.__dataclass_fields__},
    )


# ---------------------------------------------------------------------------------------------- booking


def _commit(actor: Actor, staging: _Staging, booking: Booking, on: date) -> Imported:
    intake, plan, batch = staging.intake, staging.plan, staging.batch
    if booking.approved and not approving.may_approve(actor):
        message = (
            "You may import time but not approve it. Import it without approval, or ask who approves time."
        )
        raise Forbidden.because("approval_forbidden", message)
    intake.lock_lines()
    reopened = approving.refuse_decided(actor, intake, approved=booking.approved)
    batch.mapping = _mapping(plan, 0)
    created = create_masters(actor, batch.entity, plan)
    create_dated_rates(actor, plan, staging.rates.spans, staging.scopes, booking.default_rate, created)
    intake.place(plan)
    approving.reopen(actor, reopened, batch.pk, on)
    entries = intake.book(batch.pk)
    differences = intake.differences(batch.pk, plan)
    if differences:
        raise Refused.because(
            "totals_differ",
            f"What would be booked does not agree with the file: {'; '.join(differences[:5])}. Nothing was imported.",
        )
    approved = 0
    if booking.approved and entries:
        decided, notes = approving.approve_import(actor, batch.pk, reopened)
        approved = decided.approved
        created.notes += notes
    result = staging.result(created, entries, approved, booking)
    source = BY_NAME[cast(FormatName, batch.file_format)].label
    record(batch, f"Imported {entries:,} entries from {batch.file_name} ({source})")
    return result


# ------------------------------------------------------------------------------------------ what is kept


def _hours(seconds: int) -> str:
    return f"{Decimal(seconds) / 3600:,.2f}"


def _mapping(plan: mapping.Plan, rates: int) -> dict[str, Any]:
    """How many of each kind were found, and the names of what is or was to be created."""
    found: dict[str, Any] = {}
    for kind, plans in (
        ("people", plan.all_people()),
        ("clients", plan.clients()),
        ("projects", plan.projects()),
        ("tasks", plan.all_tasks()),
    ):
        new = [each for each in plans if each.id is None]
        found[kind] = {
            "matched": len(plans) - len(new),
            "new": len(new),
            "names": sorted({each.name for each in new}, key=str.casefold)[:_MOST_NAMES],
        }
    found["contracts"] = {"new": sum(contract.id is None for contract in plan.contracts())}
    found["rates"] = {"new": rates}
    return found


def _totals(intake: Intake, created: int, values: dict[str, Decimal]) -> dict[str, Any]:
    totals = intake.totals

    def groups(by: dict[Any, Any]) -> list[list[Any]]:
        return [[*key, each.entries, each.seconds, each.billable_seconds] for key, each in by.items()]

    return {
        "rows": totals.rows + totals.refused,
        "entries": totals.entries,
        "zero": totals.zero,
        "matched": intake.matched,
        "refused": intake.refused_count,
        "created": created,
        "seconds": totals.seconds,
        "billable_seconds": totals.billable_seconds,
        "stated": {code: str(value) for code, value in totals.value.items()},
        "values": {code: str(value) for code, value in values.items()},
        "by_person": groups(totals.by_person),
        "by_month": groups(dict(sorted(totals.by_month.items()))),
        "by_project": groups(totals.by_project),
    }
