"""The monthly bill runs: what each invoice takes, what is held back, written down or off in review."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from random import Random

from workledger.demo.calc.dates import DAY, month_starts, nth_workday
from workledger.demo.calc.records import (
    Adjustment,
    Client,
    Contract,
    Entry,
    Invoice,
    Line,
    Office,
    Rate,
    Task,
    WrongRate,
)
from workledger.demo.calc.sheets import run_date

HOLD, WRITE_DOWN, WRITE_OFF = "hold", "write_down", "write_off"
_WRITE_DOWN_REASONS = (
    ("over_budget", "Above the estimate we gave; the partner agreed to half."),
    ("quality", "Rework after the review."),
    ("goodwill", "Goodwill for the delayed start."),
)
_WRITE_OFF_REASONS = (("goodwill", "Not worth the discussion."), ("other", "Learning on the job."))
_HELD_LONG = (
    ("client_request", "Purchase order for the extension has not arrived."),
    ("not_agreed", "Client questions whether this is in scope; waits for the steering meeting."),
)


@dataclass(slots=True)
class Bills:
    """The invoices and review decisions so far; `cents` is the value of each entry, 0 if not billed."""

    cents: list[int]
    invoices: list[Invoice] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    kept: dict[int, Decimal] = field(default_factory=dict)  # share of value left, by entry
    held_contracts: tuple[int, ...] = ()
    wrong_rate: WrongRate | None = None

    def value(self, entry_index: int) -> Decimal:
        """What the entry brings after review, in currency units."""
        return Decimal(self.cents[entry_index]) / 100 * self.kept.get(entry_index, Decimal(1))


def run_bills(
    rng: Random,
    entries: Sequence[Entry],
    cents: list[int],
    tasks: Sequence[Task],
    lines: Sequence[Line],
    contracts: Sequence[Contract],
    offices: Sequence[Office],
    starts_on: date,
    today: date,
) -> Bills:
    """Run each month's bills up to today; the youngest run leaves a few pre-bills under review."""
    bills = Bills(cents)
    by_contract: list[list[int]] = [[] for _ in contracts]
    contract_of_task = [lines[task.line_index].contract_index for task in tasks]
    for index, entry in enumerate(entries):
        if cents[index] and entry.approved_on is not None:
            by_contract[contract_of_task[entry.task_index]].append(index)
    months = [month for month in month_starts(starts_on, today) if run_date(month, offices) <= today]
    bills.held_contracts = _choose_held(by_contract, entries, cents, today) if months else ()
    held: set[int] = set()
    released: dict[int, set[int]] = {}
    waiting = list(by_contract)
    for number, month in enumerate(months):
        prepared_on = run_date(month, offices)
        through = month.replace(day=1)
        through = (through + DAY * 31).replace(day=1) - DAY
        latest = number == len(months) - 1
        reviews = _left_in_review(rng, waiting, latest)
        next_run = None if latest else run_date(months[number + 1], offices)
        for contract_index in range(1, len(contracts)):
            held -= released.pop(contract_index, set())
            pool = waiting[contract_index]
            ready: list[int] = []
            later: list[int] = []
            for index in pool:
                entry = entries[index]
                due = (
                    entry.day <= through
                    and entry.approved_on is not None
                    and entry.approved_on <= prepared_on
                )
                (ready if due and index not in held else later).append(index)
            if not ready:
                waiting[contract_index] = later
                continue
            recent = number >= len(months) - 4
            if contract_index in bills.held_contracts and recent:
                _hold_all(bills, held, ready, bills.held_contracts.index(contract_index), prepared_on)
                waiting[contract_index] = later + ready
                continue
            taken, kept_back = _review(rng, bills, ready, prepared_on, next_run)
            held |= kept_back
            released[contract_index] = kept_back
            waiting[contract_index] = later + sorted(kept_back)
            if taken:
                issue = nth_workday(prepared_on + DAY, 1 + (contract_index + number) % 3, offices[0].holidays)
                open_yet = contract_index in reviews or issue > today
                bills.invoices.append(
                    _invoice(
                        bills, contracts[contract_index], contract_index, through, taken, issue, open_yet
                    )
                )
    return bills


def _choose_held(
    by_contract: Sequence[Sequence[int]], entries: Sequence[Entry], cents: Sequence[int], today: date
) -> tuple[int, ...]:
    """Two contracts of middling size whose recent work waits for a paper."""
    since = today - DAY * 120
    values = sorted(
        (sum(cents[index] for index in items if entries[index].day >= since), contract)
        for contract, items in enumerate(by_contract)
    )
    busy = [contract for value, contract in values if value > 0]
    if len(busy) < 6:
        return ()
    return tuple(sorted((busy[len(busy) * 2 // 5], busy[len(busy) // 5])))


def _left_in_review(rng: Random, waiting: Sequence[Sequence[int]], latest: bool) -> frozenset[int]:
    busy = [contract for contract, items in enumerate(waiting) if items and contract]
    return frozenset(rng.sample(busy, min(3, len(busy) // 5))) if latest else frozenset()


def _hold_all(bills: Bills, held: set[int], ready: Sequence[int], which: int, prepared_on: date) -> None:
    reason, note = _HELD_LONG[which]
    for index in ready:
        held.add(index)
        bills.adjustments.append(Adjustment(index, HOLD, reason, prepared_on, Decimal(0), None, note))


def _review(
    rng: Random,
    bills: Bills,
    ready: Sequence[int],
    prepared_on: date,
    next_run: date | None,
) -> tuple[list[int], set[int]]:
    """Go through one pre-bill: most pass untouched, some lose value, a few items wait for the next run."""
    decided = set(bills.kept)
    fresh = [index for index in ready if index not in decided]
    kept_back: set[int] = set()
    draw = rng.random()
    if draw < 0.16 and fresh:
        reason, note = rng.choice(_WRITE_DOWN_REASONS)
        share = rng.choice((Decimal("0.25"), Decimal("0.5"), Decimal("0.5")))
        for index in _stretch(rng, fresh, 3, 9):
            bills.kept[index] = 1 - share
            bills.adjustments.append(Adjustment(index, WRITE_DOWN, reason, prepared_on, share, None, note))
    elif draw < 0.24 and fresh:
        reason, note = rng.choice(_WRITE_OFF_REASONS)
        for index in _stretch(rng, fresh, 1, 4):
            bills.kept[index] = Decimal(0)
            bills.adjustments.append(
                Adjustment(index, WRITE_OFF, reason, prepared_on, Decimal(1), None, note)
            )
    elif draw < 0.30 and len(fresh) > 6:
        for index in _stretch(rng, fresh, 2, 6):
            kept_back.add(index)
            bills.adjustments.append(
                Adjustment(
                    index, HOLD, "client_request", prepared_on, Decimal(0), next_run, "Waits for sign-off."
                )
            )
    taken = [index for index in ready if index not in kept_back and bills.kept.get(index) != 0]
    return taken, kept_back


def _stretch(rng: Random, items: Sequence[int], low: int, high: int) -> Sequence[int]:
    """Some neighbouring items."""
    size = min(len(items), rng.randrange(low, high + 1))
    begin = rng.randrange(len(items) - size + 1)
    return items[begin : begin + size]


def _invoice(
    bills: Bills,
    contract: Contract,
    contract_index: int,
    through: date,
    taken: Sequence[int],
    issue: date,
    open_yet: bool,
) -> Invoice:
    assert contract.client_index is not None, "only clients are billed"
    net = sum((bills.value(index) for index in taken), Decimal(0))
    return Invoice(
        contract_index=contract_index,
        client_index=contract.client_index,
        through=through,
        issued_on=None if open_yet else issue,
        due_on=None if open_yet else issue + DAY * contract.payment_terms_days,
        entry_indexes=tuple(taken),
        net_estimate=net.quantize(Decimal("0.01")),
        disputed_on=None,
        credited_on=None,
        replaces_index=None,
    )


def add_wrong_rate(
    bills: Bills,
    entries: Sequence[Entry],
    tasks: Sequence[Task],
    roles_of: Sequence[int],
    rates: Sequence[Rate],
    clients: Sequence[Client],
    offices: Sequence[Office],
    today: date,
) -> None:
    """Let one invoice of some three months ago have gone out with a wrong price, credited and issued again."""
    excepted = {rate.line_index for rate in rates if rate.line_index is not None}
    wanted = today - DAY * 85
    candidates = []
    for index, invoice in enumerate(bills.invoices):
        plain = all(
            tasks[entries[item].task_index].line_index not in excepted for item in invoice.entry_indexes
        )
        untouched = all(item not in bills.kept for item in invoice.entry_indexes)
        if invoice.issued_on and invoice.issued_on + DAY * 25 < today and plain and untouched:
            size = abs(int(invoice.net_estimate) - 14000)
            candidates.append((abs((invoice.issued_on - wanted).days) * 200 + size, index))
    if not candidates:
        return
    index = min(candidates)[1]
    invoice = bills.invoices[index]
    seconds: dict[tuple[int, int], int] = {}
    for item in invoice.entry_indexes:
        key = (tasks[entries[item].task_index].line_index, roles_of[item])
        seconds[key] = seconds.get(key, 0) + _billable(entries[item])
    (line_index, role_index), affected = max(seconds.items(), key=lambda pair: (pair[1], pair[0]))
    sample = next(
        item
        for item in invoice.entry_indexes
        if (tasks[entries[item].task_index].line_index, roles_of[item]) == (line_index, role_index)
    )
    right = (Decimal(bills.cents[sample]) / 100 * 3600 / _billable(entries[sample])).quantize(Decimal("0.5"))
    right = right.quantize(Decimal("0.01"))
    wrong = right + 18
    assert invoice.issued_on is not None, "chosen among the issued"
    found_on = nth_workday(invoice.issued_on + DAY * 13, 1, offices[0].holidays)
    again_on = nth_workday(found_on + DAY, 1, offices[0].holidays)
    terms = clients[invoice.client_index].payment_terms_days
    net = (invoice.net_estimate + 18 * Decimal(affected) / 3600).quantize(Decimal("0.01"))
    bills.invoices[index] = replace(invoice, net_estimate=net, credited_on=found_on)
    bills.invoices.append(
        replace(invoice, issued_on=again_on, due_on=again_on + DAY * terms, replaces_index=index)
    )
    bills.wrong_rate = WrongRate(
        line_index, role_index, wrong, right, index, found_on, len(bills.invoices) - 1
    )


def _billable(entry: Entry) -> int:
    return entry.worked_seconds if entry.billable_seconds is None else entry.billable_seconds
