"""Writes of contracts, contract lines and task types."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Max

from workledger.contracts import checks, versions
from workledger.contracts.calc import terms
from workledger.contracts.events import ContractCapChanged, LinesAgreed, LineTermsChanged
from workledger.contracts.inputs import ContractInput, LineInput, NewContract, NewLine
from workledger.contracts.models import (
    BillingModel,
    Contract,
    ContractLine,
    ContractState,
    RevenueMethod,
    TaskType,
)
from workledger.core import locks, numbering
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.events import emit
from workledger.core.refusals import Problems
from workledger.directory.einvoices import entity_gaps
from workledger.directory.models import BillingProfile, Client, LegalEntity, TaxCode


@action("contracts.save_contract", needs=Permission.MANAGE_CONTRACTS)
def save_contract(*, actor: Actor, contract: ContractInput, contract_id: int | None = None) -> int:
    """Write a contract as a draft, or change one; return its id.

    Refuses: not_found, contract_closed, fixed_once_active (client, entity, currency, prices_include_tax), number_taken,
    client_unknown, entity_unknown, currency_unknown, terms_do_not_fit (cap), and values that do not fit.
    """
    if contract_id is None:
        (row,) = _new_contracts(actor, [contract])
        row.save()
        record(row, f"Drafted contract {row}")
        return int(row.pk)
    row = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    problems.check(row.state != ContractState.CLOSED, "contract_closed", _CLOSED.format(row))
    wanted = _with_currency([contract])[0]
    if wanted.prices_include_tax is None:
        wanted = replace(wanted, prices_include_tax=row.prices_include_tax)
    if row.state == ContractState.ACTIVE:
        for name in ("client_id", "entity_id", "currency", "prices_include_tax"):
            message = "This is fixed since the contract is active. Close it and make another."
            problems.check(getattr(row, name) == getattr(wanted, name), "fixed_once_active", message, name)
    _check_contract(problems, wanted)
    _check_known(problems, actor, [wanted])
    number = contract.number.strip() or row.number
    taken = Contract.objects.filter(number=number).exclude(pk=row.pk).exists()
    problems.check(not taken, "number_taken", f"Another contract has the number {number}.", "number")
    problems.refuse()
    before, change = (row.cap, row.start, row.end), versions.Change(actor, [row.pk])
    _fill(row, wanted, number)
    row.save()
    change.done()
    if row.cap != before[0]:
        emit(ContractCapChanged(actor=actor, contract_id=row.pk))
    if (row.start, row.end) != before[1:]:
        _tell_lines(actor, row)
    record(row, f"Changed contract {row}")
    return int(row.pk)


@action("contracts.create_contracts", needs=Permission.MANAGE_CONTRACTS, logs_input=False)
def create_contracts(*, actor: Actor, contracts: list[NewContract]) -> list[int]:
    """Write many contracts at once, each in its state; return their ids in order.

    Refuses what `save_contract` refuses, for every contract at once.
    """
    rows = _new_contracts(actor, contracts)
    for row, given in zip(rows, contracts, strict=True):
        row.state = given.state
    Contract.objects.bulk_create(rows)
    record(None, f"Created {len(rows)} contracts")
    return [int(row.pk) for row in rows]


@action("contracts.activate_contract", needs=Permission.MANAGE_CONTRACTS)
def activate_contract(*, actor: Actor, contract_id: int) -> None:
    """Let a contract be worked on and billed; a closed one is opened again.

    Refuses: not_found, already_active, no_line, and what its lines lack to be recognized (`revenue.listeners`). Warns:
    einvoice_incomplete, where the client is sent e-invoices and something that their rules ask is missing of the legal
    entity, or the order number.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    problems.check(contract.state != ContractState.ACTIVE, "already_active", "This contract is active.")
    problems.check(contract.lines.exists(), "no_line", "Add a line first: it says how the work is billed.")
    problems.refuse()
    _warn_of_e_invoices(contract)
    contract.state = ContractState.ACTIVE
    contract.save(update_fields=["state"])
    versions.activated(actor, contract)
    emit(LinesAgreed(actor=actor, contract_ids=(contract.pk,)))
    record(contract, f"Activated contract {contract}")


@action("contracts.close_contract", needs=Permission.MANAGE_CONTRACTS)
def close_contract(*, actor: Actor, contract_id: int, last_day: date) -> None:
    """Close a contract after its last day. Work done until then is still billed.

    Refuses: not_found, already_closed, ends_before_start.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    problems.check(contract.state != ContractState.CLOSED, "already_closed", "This contract is closed.")
    starts = f"The contract starts on {contract.start:%Y-%m-%d}; its last day is not before."
    problems.check(last_day >= contract.start, "ends_before_start", starts, "last_day")
    problems.refuse()
    contract.state = ContractState.CLOSED
    contract.end = last_day + timedelta(days=1)
    contract.save(update_fields=["state", "end"])
    _tell_lines(actor, contract)
    record(contract, f"Closed contract {contract}")


@action("contracts.add_line", needs=Permission.MANAGE_CONTRACTS)
def add_line(*, actor: Actor, contract_id: int, line: LineInput) -> int:
    """Add a line to a contract and return its id.

    Refuses: not_found, contract_closed, line_name_taken, terms_do_not_fit, unknown_tax_code, and on an active contract what
    `activate_contract` refuses.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    row = ContractLine(contract=contract)
    _check_line(problems, contract, row, line, _entities_of_codes([line]))
    problems.refuse()
    change = versions.Change(actor, [contract.pk])
    _place(row, line)
    row.save()
    change.done()
    _tell_agreed(actor, [contract])
    record(row, f"Added line {row.name} to contract {contract.number}")
    return int(row.pk)


@action("contracts.change_line", needs=Permission.MANAGE_CONTRACTS)
def change_line(*, actor: Actor, line_id: int, line: LineInput) -> None:
    """Change a line. How its time is rounded and summed holds for work not yet invoiced.

    Refuses: not_found, contract_closed, line_name_taken, terms_do_not_fit, unknown_tax_code, model_fixed.
    """
    row = locks.for_update(ContractLine.objects.visible_to(actor).select_related("contract"), line_id)
    problems = Problems()
    if row.contract.state == ContractState.ACTIVE:
        message = "The billing model is fixed since the contract is active. Add another line."
        problems.check(row.model == line.model, "model_fixed", message, "model")
    before = (row.model, row.terms)
    change = versions.Change(actor, [row.contract_id])
    _check_line(problems, row.contract, row, line, _entities_of_codes([line]))
    problems.refuse()
    row.save()
    _tell_agreed(actor, [row.contract])
    if (row.model, row.terms) != before:
        emit(LineTermsChanged(actor=actor, contract_line_id=row.pk))
    change.done()
    record(row, f"Changed line {row.name} of contract {row.contract.number}")


@action("contracts.create_lines", needs=Permission.MANAGE_CONTRACTS, logs_input=False)
def create_lines(*, actor: Actor, lines: list[NewLine]) -> list[int]:
    """Write many contract lines at once; return their ids in order.

    Refuses what `add_line` refuses, for every line at once.
    """
    wanted = {line.contract_id for line in lines}
    contracts = {row.pk: row for row in locks.all_for_update(Contract.objects.visible_to(actor), wanted)}
    last = dict(
        ContractLine.objects.filter(contract_id__in=wanted)
        .values_list("contract_id")
        .annotate(last=Max("position"))
        .order_by()
    )
    problems = Problems()
    codes = _entities_of_codes(lines)
    rows = []
    for line in lines:
        row = ContractLine(contract=contracts[line.contract_id])
        _check_line(problems, row.contract, row, line, codes, looks_up_name=False)
        last[line.contract_id] = row.position = line.position or last.get(line.contract_id, 0) + 1
        rows.append(row)
    problems.refuse()
    ContractLine.objects.bulk_create(rows)
    _tell_agreed(actor, contracts.values())
    record(None, f"Created {len(rows)} contract lines")
    return [int(row.pk) for row in rows]


@action("contracts.create_task_types", needs=Permission.MANAGE_CONTRACTS)
def create_task_types(*, actor: Actor, names: list[str]) -> list[int]:
    """Return the ids of the task types of these names, in order; those that are missing are made.

    Refuses: name_missing, name_too_long.
    """
    problems = Problems()
    wanted = [checks.text(problems, name, "name", most=100) for name in names]
    problems.refuse()
    TaskType.objects.bulk_create(
        [TaskType(name=name) for name in dict.fromkeys(wanted)], ignore_conflicts=True
    )
    ids = dict(TaskType.objects.filter(name__in=wanted).values_list("name", "pk"))
    record(None, f"Made sure of {len(ids)} task types")
    return [ids[name] for name in wanted]


def _tell_lines(actor: Actor, contract: Contract) -> None:
    """Say that lines hold for other days: a retainer's first and last period, and what they include, follow them."""
    for line_id in contract.lines.order_by("pk").values_list("pk", flat=True):
        emit(LineTermsChanged(actor=actor, contract_line_id=line_id))


_CLOSED = "Contract {} is closed. Activate it again to change it."


def _new_contracts(actor: Actor, contracts: Sequence[ContractInput]) -> list[Contract]:
    """Return unsaved drafts with their numbers; raises `Refused` with every problem."""
    locks.named("contracts.number")
    problems = Problems()
    wanted = _with_currency(contracts)
    for contract in wanted:
        _check_contract(problems, contract)
    _check_known(problems, actor, wanted)
    given = [contract.number.strip() for contract in wanted if contract.number.strip()]
    doubled = {number for number, count in Counter(given).items() if count > 1}
    taken = doubled | set(Contract.objects.filter(number__in=given).values_list("number", flat=True))
    for number in sorted(taken):
        problems.add("number_taken", f"Another contract has the number {number}.", "number")
    problems.refuse()
    inclusive = set(LegalEntity.objects.filter(prices_include_tax=True).values_list("pk", flat=True))
    numbers = iter(_free_numbers(len(wanted) - len(given), set(given)))
    rows = []
    for contract in wanted:
        row = Contract(state=ContractState.DRAFT)
        if contract.prices_include_tax is None:
            contract = replace(contract, prices_include_tax=contract.entity_id in inclusive)
        _fill(row, contract, contract.number.strip() or next(numbers))
        rows.append(row)
    return rows


def _free_numbers(count: int, avoided: set[str]) -> list[str]:
    """Take numbers of the firm's series that no contract has."""
    found: list[str] = []
    while len(found) < count:
        taken = [f"C-{value:04d}" for value in numbering.take("contract", count - len(found))]
        used = set(Contract.objects.filter(number__in=taken).values_list("number", flat=True)) | avoided
        found += [number for number in taken if number not in used]
    return found


def _with_currency(contracts: Sequence[ContractInput]) -> list[ContractInput]:
    """Fill an empty currency with the client's own, else the entity's."""
    open_ones = [contract for contract in contracts if not contract.currency]
    of_client = dict(
        BillingProfile.objects.filter(client_id__in={row.client_id for row in open_ones}).values_list(
            "client_id", "currency"
        )
    )
    of_entity = dict(
        LegalEntity.objects.filter(pk__in={row.entity_id for row in open_ones}).values_list(
            "pk", "book__currency"
        )
    )
    return [
        contract
        if contract.currency
        else replace(
            contract,
            currency=of_client.get(contract.client_id) or of_entity.get(contract.entity_id) or "",
        )
        for contract in contracts
    ]


def _check_contract(problems: Problems, contract: ContractInput) -> None:
    checks.text(problems, contract.name, "name")
    checks.text(problems, contract.number, "number", most=40, needed=False)
    checks.text(problems, contract.po_number, "po_number", most=60, needed=False)
    checks.currency(problems, contract.currency)
    checks.dates(problems, contract.start, contract.end)
    if contract.payment_terms_days is not None:
        fits = 0 <= contract.payment_terms_days <= 365
        problems.check(fits, "terms_out_of_range", "Use 0 to 365 days.", "payment_terms_days")
    checks.cap(problems, contract.cap)


def _check_known(problems: Problems, actor: Actor, contracts: Iterable[ContractInput]) -> None:
    clients = {contract.client_id for contract in contracts}
    entities = {contract.entity_id for contract in contracts}
    known = Client.objects.visible_to(actor).filter(pk__in=clients).count()
    problems.check(known == len(clients), "client_unknown", "Choose a client you can see.", "client_id")
    known = LegalEntity.objects.visible_to(actor).filter(pk__in=entities).count()
    problems.check(known == len(entities), "entity_unknown", "Choose a legal entity.", "entity_id")


def _warn_of_e_invoices(contract: Contract) -> None:
    """Warn of what the e-invoices under a contract would lack; the client's own part was asked when it was saved."""
    profile = BillingProfile.objects.filter(client_id=contract.client_id).first()
    if profile is None or not profile.einvoice_address:
        return
    for gap in entity_gaps(contract.entity, [contract.client.country]):
        warn("einvoice_incomplete", f"{gap.sentence} Add it in the settings.")
    if not (profile.buyer_reference or contract.po_number):
        warn(
            "einvoice_incomplete", "An e-invoice states an order number. Add it to the contract.", "po_number"
        )


def _fill(row: Contract, contract: ContractInput, number: str) -> None:
    row.client_id, row.entity_id = contract.client_id, contract.entity_id
    row.number, row.name = number, contract.name.strip()
    row.currency, row.start, row.end = contract.currency, contract.start, contract.end
    row.po_number = contract.po_number.strip()
    row.payment_terms_days = contract.payment_terms_days
    row.requires_notes = contract.requires_notes
    row.cap = checks.cap(Problems(), contract.cap)
    row.prices_include_tax = bool(contract.prices_include_tax)


def amend_line(problems: Problems, contract: Contract, row: ContractLine, line: LineInput) -> bool:
    """Write a line that a change order changes or adds, unless there are problems; tells whether its terms changed.

    The contract is locked; the caller keeps the version and tells of the terms. No act of its own.
    """
    is_new, before = row.pk is None, row.terms
    _check_line(problems, contract, row, line, _entities_of_codes([line]))
    if problems.found:
        return False
    if is_new:
        _place(row, line)
    row.save()
    return not is_new and row.terms != before


def _place(row: ContractLine, line: LineInput) -> None:
    """Put a new line behind the others, unless it was given a place."""
    if line.position is None:
        last = ContractLine.objects.filter(contract_id=row.contract_id).aggregate(last=Max("position"))[
            "last"
        ]
        row.position = (last or 0) + 1


def _check_line(
    problems: Problems,
    contract: Contract,
    row: ContractLine,
    line: LineInput,
    codes: Mapping[int, int],
    *,
    looks_up_name: bool = True,
) -> None:
    """Check a line against its contract and write it into `row`; `codes` gives each tax code's legal entity."""
    problems.check(contract.state != ContractState.CLOSED, "contract_closed", _CLOSED.format(contract))
    row.name = checks.text(problems, line.name, "name")
    if looks_up_name:
        taken = contract.lines.filter(name=row.name).exclude(pk=row.pk).exists()
        problems.check(
            not taken, "line_name_taken", "This contract already has a line with that name.", "name"
        )
    checks.amount(problems, line.price, "price")
    checks.amount(problems, line.budget_amount, "budget_amount")
    checks.seconds(problems, line.budget_seconds, "budget_seconds")
    if line.position is not None:
        problems.check(
            1 <= line.position <= 1000, "position_out_of_range", "Use a place of 1 to 1000.", "position"
        )
        row.position = line.position
    row.model = line.model
    row.revenue_method = line.revenue_method or _usual_method(line.model)
    pays = line.model != BillingModel.NON_BILLABLE
    problems.check(
        pays or row.revenue_method == RevenueMethod.NONE,
        "nothing_to_recognize",
        "A non-billable line has no revenue: its method is 'None'.",
        "revenue_method",
    )
    row.terms = _kept_terms(problems, row, line)
    problems.check(
        line.tax_code_id is None or codes.get(line.tax_code_id) == contract.entity_id,
        "unknown_tax_code", "Choose a tax code of the contract's legal entity.", "tax_code_id",
    )  # fmt: skip
    row.tax_code_id = line.tax_code_id
    row.price, row.budget_seconds, row.budget_amount = line.price, line.budget_seconds, line.budget_amount


def keep_revenue_methods(methods: Mapping[int, RevenueMethod]) -> None:
    """Write how lines are recognized, by line id; called by acts of revenue inside their transaction."""
    for line_id, method in methods.items():
        ContractLine.objects.filter(pk=line_id).exclude(revenue_method=method).update(revenue_method=method)


def _tell_agreed(actor: Actor, contracts: Iterable[Contract]) -> None:
    """Tell of written lines where their contracts are active."""
    active = tuple(contract.pk for contract in contracts if contract.state == ContractState.ACTIVE)
    if active:
        emit(LinesAgreed(actor=actor, contract_ids=active))


def _entities_of_codes(lines: Iterable[LineInput]) -> dict[int, int]:
    """Return the legal entity of each tax code that lines name."""
    wanted = {line.tax_code_id for line in lines if line.tax_code_id is not None}
    return dict(TaxCode.objects.filter(pk__in=wanted).values_list("pk", "entity_id")) if wanted else {}


def _usual_method(model: BillingModel) -> RevenueMethod:
    return RevenueMethod.NONE if model == BillingModel.NON_BILLABLE else RevenueMethod.AS_INVOICED


def _kept_terms(problems: Problems, row: ContractLine, line: LineInput) -> dict[str, Any]:
    """Return the terms to keep; `row` is the line as it was, whose milestones and instalments keep their keys."""
    before = terms.parse(row.terms["model"], row.terms) if "model" in row.terms else None
    try:
        return terms.stored(terms.keyed(terms.parse(line.model, line.terms), before))
    except terms.TermsInvalid as invalid:
        for field, message in invalid.problems:
            problems.add("terms_do_not_fit", message, f"terms.{field}" if field else "terms")
        return {}
