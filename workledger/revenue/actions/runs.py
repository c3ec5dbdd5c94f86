"""Recognition runs: all that obligations earned through a month and that no run posted before."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from workledger.billing.books import Books
from workledger.billing.posting import BookRate
from workledger.contracts.models import ContractState
from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.ledger import actions as ledger
from workledger.ledger.actions import PostingCalendar
from workledger.ledger.models import AccountRole
from workledger.revenue import posting
from workledger.revenue.calc import financing
from workledger.revenue.calc.derivation import Step
from workledger.revenue.calc.losses import Provision, provision
from workledger.revenue.calc.timeline import (
    NotMeasurable,
    Recognized,
    by_month,
    done_by,
    estimate_on,
    explain,
    recognized,
)
from workledger.revenue.facts import AtOnce, Held, at_once, load, month_end
from workledger.revenue.inputs import NotRecognized, ProposedEntry, ProposedProvision, RunResult, Unposted
from workledger.revenue.models import (
    EntryKind,
    LossProvision,
    PerformanceObligation,
    RecognitionEntry,
    RecognitionRun,
)
from workledger.revenue.places import Places
from workledger.revenue.posting import Earned, Place

_ZERO = Decimal(0)
_PLACES = Decimal("0.000000001")
_ENTRY_FIELDS = (
    "id", "run", "obligation", "kind", "service_month", "currency", "price", "to_date", "amount", "functional", "progress",
    "steps", "journal_entry_id",
)  # fmt: skip
_Posted = Mapping[str, Mapping[date, Decimal]]
_NOTHING: _Posted = {}
_NONE: Mapping[date, Decimal] = {}
_ACCOUNTS = {
    EntryKind.REVENUE: AccountRole.SERVICES_REVENUE,
    EntryKind.MODIFICATION: AccountRole.SERVICES_REVENUE,
    EntryKind.INTEREST: AccountRole.CONTRACT_INTEREST,
}


class _New(NamedTuple):
    """What is new of an obligation for a service month."""

    held: Held
    kind: EntryKind
    month: date
    amount: Decimal
    to_date: Decimal
    price: Decimal
    progress: Decimal
    steps: Sequence[Step]
    book: BookRate


@dataclass(slots=True)
class _Found:
    """What a run found: new amounts, provisions to change, and what it cannot measure."""

    new: list[_New] = field(default_factory=list)
    provisions: list[tuple[Held, BookRate, Provision, Decimal]] = field(default_factory=list)
    left_out: list[NotRecognized] = field(default_factory=list)


@action("revenue.recognize", needs=Permission.MANAGE_REVENUE)
def recognize(*, actor: Actor, entity_id: int, month: date, through: date | None = None) -> RunResult:
    """Recognize what the contracts of a legal entity earned through a month and no run posted yet.

    With `through`, a day of that month, only what is earned by then: the end of a period of weeks. The rest of the
    month follows with the next run.

    Each service month posts the difference between what is earned for it now and what was posted for it: nothing is
    reversed, running it again posts nothing. What belongs to a closed month lands on the first open day and keeps its
    service month. What cannot be measured is left out and listed. Refuses: not_found, day_outside_month, no_open_period.
    """
    entity = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    locks.named(f"revenue.run.{entity.pk}")
    first = month.replace(day=1)
    if through is not None and through.replace(day=1) != first:
        raise Refused.because(
            "day_outside_month",
            f"{through:%d %B %Y} is not in {first:%B %Y}. Choose a day of that month.",
            "through",
        )
    last = through or month_end(first)
    found = _found(entity, last)
    calendar = _calendar(actor, entity, found, last)
    if not found.new and not found.provisions:
        record(entity, f"Nothing new to recognize through {first:%B %Y}")
        return _result(None, entity, first, found, calendar, last)
    amount = sum((_functional(each) for each in found.new), _ZERO)
    run = RecognitionRun.objects.create(
        book_id=entity.pk, month=first, run_by_id=actor.user_id, entry_count=len(found.new), amount=amount
    )
    _post(actor, run, found, calendar, last)
    words = money_words(amount, entity.book.currency)
    record(run, f"Recognized {words} in {len(found.new)} entries through {first:%B %Y}")
    return _result(run.pk, entity, first, found, calendar, last)


def not_recognized_yet(entity_id: int, through: date) -> Unposted:
    """Return what a run through a day would post now, counted, and what it would leave out. Reads only."""
    entity = LegalEntity.objects.select_related("book").get(pk=entity_id)
    found = _found(entity, through)
    return Unposted(
        entries=len(found.new),
        amount=sum((_functional(each) for each in found.new), _ZERO),
        currency=entity.book.currency,
        provisions=len(found.provisions),
        left_out=found.left_out,
    )


# --- finding ------------------------------------------------------------------------------------------------


def _found(entity: LegalEntity, last: date) -> _Found:
    rows = PerformanceObligation.objects.filter(contract__entity=entity).exclude(
        contract__state=ContractState.DRAFT
    )
    is_within = last != month_end(last)
    helds = load(rows.order_by("contract_id", "position", "pk"), by_day=is_within)
    books, found = Books(), _Found()
    posted, stood = _posted(entity), _provided(entity)
    measured: dict[int, list[Held]] = defaultdict(list)
    for held in helds:
        book = books.rate(held.row.contract_id, last)
        try:
            new = list(_new(held, last, books, posted.get(held.id, _NOTHING)))
        except NotMeasurable as reason:
            found.left_out.append(_left_out(held, str(reason)))
            continue
        if book is None or any(each is None for each in new):
            message = f"There is no exchange rate from {held.facts.currency}. Add one first."
            found.left_out.append(_left_out(held, message))
            continue
        found.new += [each for each in new if each is not None]
        measured[held.row.contract_id].append(held)
    incomplete = {one.contract_id for one in found.left_out}
    for contract_id, some in measured.items():
        book = books.rate(contract_id, last)
        if contract_id not in incomplete and book is not None:
            found.provisions += _provisions(some, book, last, stood.get(contract_id, _ZERO))
    return found


def _posted(entity: LegalEntity) -> Mapping[int, _Posted]:
    """Return what runs posted so far, by obligation, then by kind and service month."""
    rows = (
        RecognitionEntry.objects.filter(obligation__contract__entity=entity)
        .order_by()
        .values_list("obligation_id", "kind", "service_month")
        .annotate(Sum("amount"))
    )
    found: dict[int, dict[str, dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for obligation_id, kind, month, amount in rows:
        found[obligation_id][kind][month] = amount
    return found


def _provided(entity: LegalEntity) -> Mapping[int, Decimal]:
    """Return what is provided for so far, by contract."""
    rows = LossProvision.objects.filter(contract__entity=entity).order_by().values_list("contract_id")
    return dict(rows.annotate(Sum("change")))


def _new(held: Held, last: date, books: Books, posted: _Posted) -> Iterable[_New | None]:
    """Yield what is new of each month; None where a month has no exchange rate. Raises `NotMeasurable`."""
    before = posted.get(EntryKind.REVENUE.value, _NONE)
    caught_up = at_once(held, last)
    first = held.facts.versions[0].from_day.replace(day=1) if held.facts.versions else date.max
    for each in by_month(held.facts, last):
        amount = each.amount - before.get(each.days.start, _ZERO)
        if caught_up:
            amount -= sum((one.amount for one in caught_up.get(each.days.start, ())), _ZERO)
        if amount:
            to_date = each.to_date
            yield _with_book(
                books, held, EntryKind.REVENUE, each.days.start, amount, to_date.amount, to_date.price,
                to_date.progress, explain(held.facts, _day_of(each.days.start, last)),
            )  # fmt: skip
    for posted_month, amount in before.items():
        if posted_month <= last and posted_month < first and amount:
            step = Step("Begins later", "What was recognized before its first day is taken back.")
            yield _with_book(
                books, held, EntryKind.REVENUE, posted_month, -amount, _ZERO, _ZERO, _ZERO, (step,)
            )
    yield from _new_modified(held, last, caught_up, books, posted)
    yield from _new_interest(held, last, books, posted)


def _new_modified(
    held: Held, through: date, caught_up: Mapping[date, Sequence[AtOnce]], books: Books, posted: _Posted
) -> Iterable[_New | None]:
    """Yield what modifications catch up at once, beside the month's own revenue: an entry of its own that says why."""
    before = posted.get(EntryKind.MODIFICATION.value, _NONE)
    for month in sorted({*caught_up, *(posted_month for posted_month in before if posted_month <= through)}):
        some = caught_up.get(month, ())
        amount = sum((one.amount for one in some), _ZERO) - before.get(month, _ZERO)
        if amount:
            last = some[-1].after if some else Recognized(_ZERO, _ZERO, _ZERO)
            steps = tuple(step for one in some for step in one.steps)
            yield _with_book(
                books, held, EntryKind.MODIFICATION, month, amount, last.amount, last.price, last.progress,
                steps or (Step("Modification", "By later facts it catches nothing up."),),
            )  # fmt: skip


def _new_interest(held: Held, last: date, books: Books, posted: _Posted) -> Iterable[_New | None]:
    terms = held.financed
    if terms is None:
        return
    accrued = financing.interest(
        held.payments(), terms.transfer, terms.annual_percent, held.facts.currency, last
    )
    before = posted.get(EntryKind.INTEREST.value, _NONE)
    for each in accrued:
        amount = each.amount - before.get(each.month, _ZERO)
        if amount:
            words = money_words(each.to_date, held.facts.currency)
            step = Step("Interest", f"{terms.annual_percent.normalize():f} % a year; {words} to date.")
            yield _with_book(
                books,
                held,
                EntryKind.INTEREST,
                each.month,
                amount,
                each.to_date,
                each.to_date,
                _ZERO,
                (step,),
            )


def _day_of(month: date, last: date) -> date:
    """Return the day a month's revenue counts on: its last, or the last day of the run."""
    return min(month_end(month), last)


def _with_book(
    books: Books, held: Held, kind: EntryKind, month: date, amount: Decimal, to_date: Decimal, price: Decimal,
    progress: Decimal, steps: Sequence[Step],
) -> _New | None:  # fmt: skip
    book = books.rate(held.row.contract_id, month_end(month))
    if book is None:
        return None
    return _New(held, kind, month, amount, to_date, price, progress, steps, book)


def _left_out(held: Held, message: str) -> NotRecognized:
    contract = held.row.contract
    return NotRecognized(held.id, held.row.name, contract.pk, contract.number, message)


def _provisions(
    helds: Sequence[Held], book: BookRate, end: date, stood: Decimal
) -> Iterable[tuple[Held, BookRate, Provision, Decimal]]:
    """Yield what a contract's loss asks for, where every obligation of it has an estimate of its cost."""
    rate = book.rate
    price = earned = expected = spent = _ZERO
    for held in helds:
        estimate = estimate_on(held.facts, end)
        if estimate is None or estimate.cost is None:
            return
        so_far = recognized(held.facts, end)
        price, earned = price + so_far.price, earned + so_far.amount
        done = done_by(held.facts.done, end).cost
        expected, spent = expected + max(estimate.cost, done), spent + done
    found = provision(
        price=round_amount(price * rate, book.book_currency),
        recognized=round_amount(earned * rate, book.book_currency),
        expected_cost=expected,
        cost_to_date=spent,
        currency=book.book_currency,
    )
    if found.amount != stood:
        yield helds[0], book, found, found.amount - stood


# --- posting ------------------------------------------------------------------------------------------------


def _calendar(actor: Actor, entity: LegalEntity, found: _Found, last: date) -> PostingCalendar:
    days = [_day_of(each.month, last) for each in found.new] or [last]
    return PostingCalendar.for_actor(actor, entity.pk, min(days), last)


def _functional(each: _New) -> Decimal:
    value = each.book.functional(each.amount)
    return each.amount if value is None else value


def _post(actor: Actor, run: RecognitionRun, found: _Found, calendar: PostingCalendar, last: date) -> None:
    places = Places(each.held for each in found.new)
    by_key = {(each.held.id, each.kind, each.month): each for each in found.new}
    drafts = posting.recognized(
        run.pk,
        f"{run.month:%B %Y}",
        (
            (
                each.book,
                Earned(
                    each.held.id,
                    _day_of(each.month, last),
                    each.amount,
                    _ACCOUNTS[each.kind],
                    places.of(each.held),
                    each.kind.value,
                    each.steps[0].said if each.kind is EntryKind.MODIFICATION else "",
                ),
            )
            for each in found.new
        ),
    )
    posted = ledger.post(actor=actor, entries=[draft for draft, _ in drafts], calendar=calendar)
    entry_of = {
        (one.obligation_id, EntryKind(one.kind), one.service_day.replace(day=1)): entry_id
        for entry_id, (_, rows) in zip(posted, drafts, strict=True)
        for one in rows
    }
    bulk.copy_rows(
        RecognitionEntry,
        _ENTRY_FIELDS,
        (
            (
                pk, run.pk, each.held.id, each.kind.value, each.month, each.book.currency, each.price, each.to_date,
                each.amount, _functional(each), each.progress.quantize(_PLACES),
                json.dumps([[step.name, step.said] for step in each.steps]), entry_of[key],
            )
            for pk, (key, each) in zip(
                bulk.reserve_ids(RecognitionEntry, len(by_key)), by_key.items(), strict=True
            )
        ),
    )  # fmt: skip
    _post_provisions(actor, run, found, calendar, last)


def _post_provisions(
    actor: Actor, run: RecognitionRun, found: _Found, calendar: PostingCalendar, last: date
) -> None:
    drafts = []
    for held, book, _, change in found.provisions:
        contract = held.row.contract
        place = Place(contract.client_id, contract.pk, 0, 0, 0, _ZERO)
        drafts.append(posting.provided(run.pk, book, last, contract.number, place, change))
    posted = ledger.post(actor=actor, entries=drafts, calendar=calendar)
    LossProvision.objects.bulk_create(
        LossProvision(
            run=run, contract_id=held.row.contract_id, month=run.month, stands=made.amount, change=change,
            steps=[[step.name, step.said] for step in made.steps], journal_entry_id=entry_id,
        )
        for entry_id, (held, _, made, change) in zip(posted, found.provisions, strict=True)
    )  # fmt: skip


def _result(
    run_id: int | None, entity: LegalEntity, month: date, found: _Found, calendar: PostingCalendar, last: date
) -> RunResult:
    return RunResult(
        run_id=run_id,
        entity_id=entity.pk,
        month=month,
        currency=entity.book.currency,
        amount=sum((_functional(each) for each in found.new), _ZERO),
        entries=[_entry(each, calendar, last) for each in found.new],
        provisions=[
            ProposedProvision(
                held.row.contract_id, str(held.row.contract), made.amount, change,
                [(step.name, step.said) for step in made.steps],
            )
            for held, _, made, change in found.provisions
        ],
        left_out=found.left_out,
    )  # fmt: skip


def _entry(each: _New, calendar: PostingCalendar, last: date) -> ProposedEntry:
    contract = each.held.row.contract
    return ProposedEntry(
        obligation_id=each.held.id, obligation=each.held.row.name, contract_id=contract.pk,
        contract=str(contract), client=contract.client.name, kind=each.kind.value, service_month=each.month,
        posted_on=calendar.landing(_day_of(each.month, last))[0], currency=each.book.currency, amount=each.amount,
        to_date=each.to_date, price=each.price, progress=each.progress,
        steps=[(step.name, step.said) for step in each.steps],
    )  # fmt: skip
