"""Writes of obligations: which promises a contract holds at which price, and what a modification does to them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Max

from workledger.contracts import checks
from workledger.contracts.actions.agreements import keep_revenue_methods
from workledger.contracts.models import Contract, ContractState, RevenueMethod
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc import financing
from workledger.revenue.calc.allocation import (
    Allocated,
    Basis,
    Belonging,
    CannotAllocate,
    Promise,
    allocate_price,
)
from workledger.revenue.calc.derivation import Step
from workledger.revenue.calc.modification import Answers, Decision, Kind, decide, effect, treatment_of
from workledger.revenue.calc.rights import material_right_price
from workledger.revenue.calc.timeline import Method, NotMeasurable, Treatment, Version
from workledger.revenue.facts import Held, load
from workledger.revenue.inputs import (
    BelongingInput,
    ChangeInput,
    DecisionInput,
    FinancingInput,
    ModificationInput,
    Modified,
    ObligationEffect,
    ObligationInput,
    OptionInput,
)
from workledger.revenue.models import (
    ContractModification,
    FinancingTerm,
    ModificationState,
    ObligationLine,
    ObligationVersion,
    PartialDiscount,
    PerformanceObligation,
    RecognitionEntry,
)
from workledger.revenue.modifications import Proposal, proposals, reason_of
from workledger.revenue.obligations import BY_INPUT, BY_TOTAL, NOT_HERE, PricedLine, priced_lines, term

_ZERO = Decimal(0)
_REFUSED_FIELDS = "obligations"
_MOST_PERCENT = 100


@action("revenue.set_obligations", needs=Permission.MANAGE_REVENUE)
def set_obligations(
    *,
    actor: Actor,
    contract_id: int,
    obligations: list[ObligationInput],
    price: Decimal | None = None,
    belonging: tuple[BelongingInput, ...] = (),
) -> list[int]:
    """Say which promises a contract holds, and give them its price; return their ids in order.

    Lines are bundled by naming several, split by naming one more than once. `price` None is what the lines state. An
    obligation of the same name keeps its estimates and progress. Only before anything was recognized: later the
    contract is modified. Refuses: not_found, contract_closed, already_recognized, no_obligation, name_missing,
    name_twice, line_missing, no_such_line, line_as_invoiced, line_not_covered, split_by_input, term_missing,
    total_missing, option_without_end, percent_out_of_range, line_price_missing, stand_alone_missing, cannot_allocate, payments_missing, rate_out_of_range,
    payments_do_not_sum, and amounts that do not fit.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    problems.check(
        contract.state != ContractState.CLOSED, "contract_closed", f"Contract {contract} is closed."
    )
    problems.check(
        not RecognitionEntry.objects.filter(obligation__contract=contract).exists(),
        "already_recognized",
        "Revenue of this contract is recognized already. Record a modification instead.",
    )
    lines = priced_lines([contract.pk])
    _check_inputs(problems, contract, obligations, lines)
    _check_cover(problems, obligations, lines)
    problems.refuse()
    allocated = _allocated(contract, obligations, lines, price, belonging)
    kept = {row.name: row for row in PerformanceObligation.objects.filter(contract=contract)}
    wanted = {one.name.strip() for one in obligations}
    PerformanceObligation.objects.filter(contract=contract).exclude(name__in=wanted).delete()
    ids = []
    for position, (one, part) in enumerate(zip(obligations, allocated, strict=True), start=1):
        row = kept.get(one.name.strip()) or PerformanceObligation(contract=contract)
        row.position = position
        row.versions.all().delete() if row.pk else None
        _write(row, one, part, lines, contract.start)
        ids.append(row.pk)
    PartialDiscount.objects.filter(contract=contract).delete()
    PartialDiscount.objects.bulk_create(
        PartialDiscount(contract=contract, amount=one.amount, names=list(one.names), reason=one.reason)
        for one in belonging
    )
    keep_revenue_methods(_line_methods(obligations))
    ContractModification.objects.filter(contract=contract, state=ModificationState.WAITING).update(
        state=ModificationState.DISMISSED, decided_by=actor.user_id, reason="The obligations were set anew."
    )
    record(contract, f"Set {len(ids)} obligations of contract {contract.number}")
    return ids


@action("revenue.modify_contract", needs=Permission.MANAGE_REVENUE)
def modify_contract(*, actor: Actor, contract_id: int, modification: ModificationInput) -> Modified:
    """Record a modification from a day on: what it is follows from the answers; the effect is told.

    Run as a dry run it is the preview. What it recognizes is posted by the next run, in the month of its day. Refuses:
    not_found, contract_closed, reason_missing, nothing_changed, no_such_obligation, obligation_complete, before_earlier,
    separate_changes_nothing, treatment_missing, price_missing, not_measurable, and what `set_obligations` refuses of
    added obligations.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    decision = decide(
        Answers(modification.adds_distinct, modification.at_stand_alone_price, modification.rest)
    )
    held = {one.id: one for one in load(PerformanceObligation.objects.filter(contract=contract), by_day=True)}
    lines = priced_lines([contract.pk])
    problems = Problems()
    _check_modification(problems, contract, modification, decision, held)
    _check_inputs(problems, contract, modification.added, lines, "added", held.values())
    for place, one in enumerate(modification.added):
        problems.check(
            one.price is not None, "price_missing", "Say what the added work costs.", f"added.{place}.price"
        )
    problems.check(
        modification.changes or modification.added, "nothing_changed", "Say what changes.", "changes"
    )
    problems.refuse()
    return _modified(contract, modification, decision, held, lines)


@action("revenue.decide_modification", needs=Permission.MANAGE_REVENUE)
def decide_modification(*, actor: Actor, modification_id: int, decision: DecisionInput) -> Modified:
    """Say by three answers what a change of a contract is, and record it with the amounts that the change states.

    Run as a dry run it is the preview. The next run posts what it catches up in an entry of its own that names the order.
    A contract of its own gives what goes beyond the old price an obligation beside; what cannot be told apart there needs
    a line of its own. Refuses: not_found, already_decided, day_missing, separate_takes_away, and what `modify_contract`
    refuses.
    """
    row = _waiting(actor, modification_id)
    contract = locks.for_update(Contract.objects.visible_to(actor), row.contract_id)
    answered = decide(Answers(decision.adds_distinct, decision.at_stand_alone_price, decision.rest))
    held = {one.id: one for one in load(PerformanceObligation.objects.filter(contract=contract), by_day=True)}
    lines = priced_lines([contract.pk])
    problems = Problems()
    day = decision.from_day or row.from_day
    problems.check(day is not None, "day_missing", "Say from which day the change holds.", "from_day")
    problems.refuse()
    assert day is not None
    proposed = proposals([row])[row.pk]
    changes = _proposed(held, proposed) if decision.changes is None else decision.changes
    modification = ModificationInput(
        from_day=day, adds_distinct=decision.adds_distinct, at_stand_alone_price=decision.at_stand_alone_price,
        rest=decision.rest, changes=changes, reason=reason_of(row, decision.reason),
    )  # fmt: skip
    if answered.kind is Kind.SEPARATE:
        beyond = tuple(
            _beside(problems, f"changes.{place}", held[change.obligation_id], change, row, day)
            for place, change in enumerate(changes)
            if change.obligation_id in held and held[change.obligation_id].is_priced
        )
        modification = replace(modification, changes=(), added=beyond)
    _check_modification(problems, contract, modification, answered, held)
    _check_inputs(problems, contract, modification.added, lines, "changes", held.values())
    problems.refuse()
    found = _modified(contract, modification, answered, held, lines, row)
    row.state, row.kind, row.from_day = ModificationState.RECORDED, answered.kind.value, day
    row.decided_by_id, row.reason = actor.user_id, modification.reason
    row.save(update_fields=["state", "kind", "from_day", "decided_by", "reason"])
    return found


@action("revenue.dismiss_modification", needs=Permission.MANAGE_REVENUE)
def dismiss_modification(*, actor: Actor, modification_id: int, reason: str) -> None:
    """Say that a change of a contract changes no revenue, and why: its obligations stay as they are.

    Refuses: not_found, already_decided, reason_missing.
    """
    row = _waiting(actor, modification_id)
    problems = Problems()
    said = checks.text(problems, reason, "reason", most=500)
    problems.refuse()
    row.state, row.decided_by_id, row.reason = ModificationState.DISMISSED, actor.user_id, said
    row.save(update_fields=["state", "decided_by", "reason"])
    record(row, f"{reason_of(row, said)}. It changes no revenue of contract {row.contract.number}")


@action("revenue.exercise_option", needs=Permission.MANAGE_REVENUE)
def exercise_option(*, actor: Actor, obligation_id: int, into_id: int, on: date, reason: str) -> None:
    """Say that a client used an option on a day: its price belongs to the work that it bought, and is earned with that.

    `into_id` is the obligation of that work in the same contract; add it first. Refuses: not_found, reason_missing,
    obligation_complete, no_option, option_expired, no_such_obligation, before_earlier.
    """
    row = locks.for_update(
        PerformanceObligation.objects.visible_to(actor).select_related("contract"), obligation_id
    )
    rows = PerformanceObligation.objects.filter(contract=row.contract_id)
    held = {one.id: one for one in load(rows, by_day=True)}
    problems = Problems()
    checks.text(problems, reason, "reason", most=500)
    problems.check(
        row.completed_on is None, "obligation_complete", f"{row.name} is fulfilled: nothing is left to use."
    )
    problems.check(
        row.expires is not None and row.method == Method.POINT_IN_TIME, "no_option",
        f"{row.name} is no option. Say how far it is instead.",
    )  # fmt: skip
    problems.check(
        row.expires is None or on < row.expires, "option_expired",
        f"{row.name} could be used before {row.expires:%d %b %Y}." if row.expires else "", "on",
    )  # fmt: skip
    target = held.get(into_id)
    if target is None or not target.is_priced or into_id == row.pk:
        problems.add(
            "no_such_obligation", "Choose the obligation of the work that the option bought.", "into_id"
        )
    problems.refuse()
    assert target is not None
    day = max(on, target.fixed[0].from_day)
    problems.check(
        day >= target.fixed[-1].from_day, "before_earlier",
        f"The terms of {target.row.name} changed on {target.fixed[-1].from_day:%d %b %Y} last.", "on",
    )  # fmt: skip
    problems.refuse()
    price = held[row.pk].fixed[-1].price
    said = f"{row.name} was used: {reason.strip()}"[:500]
    _next_version(row, held[row.pk].fixed[-1], on, _ZERO, said)
    _next_version(target.row, target.fixed[-1], day, target.fixed[-1].price + price, said)
    row.completed_on = on
    row.save(update_fields=["completed_on"])
    words = money_words(price, row.contract.currency)
    record(
        row, f"Option {row.name} was used on {on:%Y-%m-%d}: {words} belong to {target.row.name} from now on"
    )


def _next_version(row: PerformanceObligation, last: Version, day: date, price: Decimal, reason: str) -> None:
    """Write the terms that hold from a day on with another price, which the rest of the work earns."""
    ObligationVersion.objects.create(
        obligation=row, from_day=day, price=price, treatment=Treatment.PROSPECTIVE, start=last.start, end=last.end,
        total=last.total, reason=reason,
    )  # fmt: skip


@action("revenue.complete_obligation", needs=Permission.MANAGE_REVENUE)
def complete_obligation(*, actor: Actor, obligation_id: int, on: date | None, reason: str) -> None:
    """Say that an obligation was fulfilled on a day, so that all of its price is earned; None takes that back.

    Refuses: not_found, reason_missing.
    """
    row = locks.for_update(PerformanceObligation.objects.visible_to(actor), obligation_id)
    problems = Problems()
    checks.text(problems, reason, "reason", most=500)
    problems.refuse()
    row.completed_on = on
    row.save(update_fields=["completed_on"])
    said = f"fulfilled on {on:%Y-%m-%d}" if on else "not fulfilled yet"
    record(row, f"Obligation {row.name} is {said}: {reason.strip()}")


# --- checks -------------------------------------------------------------------------------------------------


def _check_inputs(
    problems: Problems,
    contract: Contract,
    obligations: Sequence[ObligationInput],
    lines: Mapping[int, PricedLine],
    group: str = _REFUSED_FIELDS,
    beside: Iterable[Held] = (),
) -> None:
    """Check each obligation by itself and their names and lines together, also with those that are there already."""
    others = list(beside)
    names = Counter([*(one.name.strip() for one in obligations), *(held.row.name for held in others)])
    used = Counter(line_id for one in obligations if one.expires is None for line_id in one.line_ids)
    used.update(line.line_id for held in others if held.row.expires is None for line in held.lines)
    for place, one in enumerate(obligations):
        where = f"{group}.{place}"
        checks.text(problems, one.name, f"{where}.name")
        problems.check(
            names[one.name.strip()] == 1, "name_twice", "Give each obligation its own name.", f"{where}.name"
        )
        problems.check(
            one.line_ids, "line_missing", "Choose the contract lines it holds.", f"{where}.line_ids"
        )
        checks.amount(problems, one.basis_amount, f"{where}.basis_amount")
        checks.amount(problems, one.total, f"{where}.total")
        _check_option(problems, one, where)
        checks.dates(problems, one.start, one.end, f"{where}.end")
        _check_financing(problems, one.financing, f"{where}.financing")
        for line_id in one.line_ids:
            _check_line(problems, lines.get(line_id), where)
            problems.check(
                one.method not in BY_INPUT or used[line_id] <= 1,
                "split_by_input",
                "The hours and cost of a line that is split cannot be told apart. Measure its parts another way, or give them"
                " lines of their own.",
                f"{where}.method",
            )
        _check_measure(problems, contract, one, lines, where)


def _check_financing(problems: Problems, terms: FinancingInput | None, where: str) -> None:
    if terms is None:
        return
    problems.check(
        terms.payments, "payments_missing", "Say what the client pays, and when.", f"{where}.payments"
    )
    problems.check(
        0 < terms.annual_percent <= _MOST_PERCENT, "rate_out_of_range", "Use a rate above 0 and up to 100 %.",
        f"{where}.annual_percent",
    )  # fmt: skip
    checks.text(problems, terms.reason, f"{where}.reason", most=500)


def _check_option(problems: Problems, one: ObligationInput, where: str) -> None:
    if one.option is None:
        return
    problems.check(
        one.expires is not None and one.method is Method.POINT_IN_TIME,
        "option_without_end",
        f"{one.name} is an option: say by when it is used, and recognize it at a point in time.",
        f"{where}.expires",
    )
    checks.amount(problems, one.option.purchase, f"{where}.option.purchase")
    for name in ("discount_percent", "usual_percent", "likely_percent"):
        problems.check(
            0 <= getattr(one.option, name) <= _MOST_PERCENT, "percent_out_of_range", "Use 0 to 100 %.",
            f"{where}.option.{name}",
        )  # fmt: skip


def _check_line(problems: Problems, line: PricedLine | None, where: str) -> None:
    if line is None:
        problems.add("no_such_line", "The contract has no such line.", f"{where}.line_ids")
        return
    problems.check(
        line.row.revenue_method not in NOT_HERE,
        "line_as_invoiced",
        f"Line {line.row.name} is recognized as invoiced, or not at all. Change its revenue method first.",
        f"{where}.line_ids",
    )


def _check_measure(
    problems: Problems,
    contract: Contract,
    one: ObligationInput,
    lines: Mapping[int, PricedLine],
    where: str,
) -> None:
    """Check that progress can be said by the method."""
    if one.method is Method.STRAIGHT_LINE:
        begins, ends = term(contract, one.start, one.end)
        problems.check(
            begins is not None,
            "term_missing",
            f"{one.name} is recognized over time. Say from when to when, or give the contract an end.",
            f"{where}.end",
        )
        if begins is not None and ends is not None and ends <= begins:
            problems.add("ends_before_start", "The end lies after the start.", f"{where}.end")
    if one.method in BY_TOTAL:
        problems.check(
            one.total or _total(one, lines),
            "total_missing",
            "Say how much is promised in all: units, or the worth of all milestones.",
            f"{where}.total",
        )


def _check_cover(
    problems: Problems, obligations: Sequence[ObligationInput], lines: Mapping[int, PricedLine]
) -> None:
    problems.check(obligations, "no_obligation", "Give at least one obligation.", _REFUSED_FIELDS)
    covered = {line_id for one in obligations for line_id in one.line_ids}
    for pk, line in lines.items():
        problems.check(
            pk in covered or line.row.revenue_method in NOT_HERE,
            "line_not_covered",
            f"Line {line.row.name} belongs to no obligation. Add it to one.",
            _REFUSED_FIELDS,
        )


def _check_modification(
    problems: Problems,
    contract: Contract,
    modification: ModificationInput,
    decision: Decision,
    held: Mapping[int, Held],
) -> None:
    problems.check(
        contract.state != ContractState.CLOSED, "contract_closed", f"Contract {contract} is closed."
    )
    checks.text(problems, modification.reason, "reason", most=500)
    problems.check(
        decision.kind is not Kind.SEPARATE or not modification.changes,
        "separate_changes_nothing",
        "A contract of its own leaves the other obligations as they are. Take their changes out, or answer anew.",
        "changes",
    )
    for place, change in enumerate(modification.changes):
        _check_change(problems, f"changes.{place}", change, modification, decision, held)


def _check_change(
    problems: Problems,
    where: str,
    change: ChangeInput,
    modification: ModificationInput,
    decision: Decision,
    held: Mapping[int, Held],
) -> None:
    one = held.get(change.obligation_id)
    if one is None or not one.is_priced:
        problems.add("no_such_obligation", "The contract has no such obligation.", f"{where}.obligation_id")
        return
    checks.amount(problems, change.price, f"{where}.price")
    checks.amount(problems, abs(change.past), f"{where}.past")
    checks.amount(problems, change.total, f"{where}.total")
    problems.check(
        one.row.completed_on is None,
        "obligation_complete",
        f"{one.row.name} is fulfilled. Add an obligation for what is new.",
        f"{where}.obligation_id",
    )
    last = one.facts.versions[-1].from_day
    problems.check(
        modification.from_day >= last,
        "before_earlier",
        f"Its terms changed on {last:%d %b %Y} last. A modification is not dated before that.",
        "from_day",
    )
    problems.check(
        decision.kind is not Kind.MIXED or change.treatment in (Treatment.CATCH_UP, Treatment.PROSPECTIVE),
        "treatment_missing",
        f"Say whether what remains of {one.row.name} is distinct (prospective) or not (catch-up).",
        f"{where}.treatment",
    )


# --- prices -------------------------------------------------------------------------------------------------


def _total(one: ObligationInput, lines: Mapping[int, PricedLine]) -> Decimal | None:
    """Return the whole output: as given, else as the terms of its lines say."""
    if one.total is not None or one.method is not Method.OUTPUT_MILESTONES:
        return one.total
    stated = [lines[line_id].total for line_id in one.line_ids if line_id in lines]
    return sum((total for total in stated if total is not None), _ZERO) or None


def _allocated(
    contract: Contract,
    obligations: Sequence[ObligationInput],
    lines: Mapping[int, PricedLine],
    price: Decimal | None,
    belonging: Sequence[BelongingInput],
) -> list[Allocated]:
    """Return each obligation's part of the price. Refuses what keeps it from being divided."""
    problems = Problems()
    covered = {line_id for one in obligations for line_id in one.line_ids}
    total = price
    if total is None:
        for line_id in sorted(covered):
            problems.check(
                lines[line_id].price is not None,
                "line_price_missing",
                f"Line {lines[line_id].row.name} does not state a price. Say what the contract comes to in all.",
                "price",
            )
        total = sum((lines[line_id].price or _ZERO for line_id in covered), _ZERO)
    promises = _promises(problems, obligations, lines, contract.currency)
    places = {one.name.strip(): place for place, one in enumerate(obligations)}
    parts = []
    for number, part in enumerate(belonging):
        known = [places[name] for name in part.names if name in places]
        problems.check(
            known and len(known) == len(part.names), "no_such_obligation",
            "It belongs to obligations that are not there.", f"belonging.{number}.names",
        )  # fmt: skip
        parts.append(Belonging(round_amount(part.amount, contract.currency), tuple(known), part.reason))
    problems.refuse()
    try:
        found = allocate_price(round_amount(total, contract.currency), promises, contract.currency, parts)
    except CannotAllocate as reason:
        raise Refused.because("cannot_allocate", str(reason), _REFUSED_FIELDS) from reason
    return [
        _with_financing(one.financing, found[place], contract.currency, f"{_REFUSED_FIELDS}.{place}.")
        for place, one in enumerate(obligations)
    ]


def _promises(
    problems: Problems, obligations: Sequence[ObligationInput], lines: Mapping[int, PricedLine], currency: str
) -> list[Promise]:
    used = Counter(line_id for one in obligations for line_id in one.line_ids)
    promises = []
    for place, one in enumerate(obligations):
        amount = one.basis_amount
        if one.option is not None:
            amount, _ = _option_price(one.option, currency)
        if amount is None and one.basis is not Basis.RESIDUAL:
            whole = all(used[line_id] == 1 and lines[line_id].price is not None for line_id in one.line_ids)
            problems.check(
                whole or len(obligations) == 1,
                "stand_alone_missing",
                f"Say what {one.name} would cost alone: its line is split or states no price.",
                f"obligations.{place}.basis_amount",
            )
            amount = sum((lines[line_id].price or _ZERO for line_id in one.line_ids), _ZERO)
        promises.append(Promise(place, one.basis, amount or _ZERO, one.basis_percent))
    return promises


def _option_price(option: OptionInput, currency: str) -> tuple[Decimal, Step]:
    return material_right_price(
        option.purchase, option.discount_percent, option.usual_percent, option.likely_percent, currency
    )


def _with_financing(
    terms: FinancingInput | None, part: Allocated, currency: str, where: str = ""
) -> Allocated:
    """Return the part at its cash price where the payments contain financing. Refuses: payments_do_not_sum."""
    if terms is None:
        return part
    payments = [financing.Payment(day, amount) for day, amount in terms.payments]
    paid = sum((payment.amount for payment in payments), _ZERO)
    if paid != part.amount:
        raise Refused.because(
            "payments_do_not_sum",
            f"The payments come to {money_words(paid, currency)}; its part of the price is {money_words(part.amount, currency)}.",
            f"{where}financing.payments",
        )
    worth, step = financing.cash_price(payments, terms.transfer, terms.annual_percent, currency)
    return part._replace(amount=worth, steps=(*part.steps, step))


# --- writing ------------------------------------------------------------------------------------------------


def _write(
    row: PerformanceObligation,
    one: ObligationInput,
    part: Allocated,
    lines: Mapping[int, PricedLine],
    from_day: date,
) -> None:
    """Write an obligation with its lines, its first version and its financing."""
    row.name, row.method, row.grain, row.basis = one.name.strip(), one.method, one.grain, one.basis
    row.basis_amount = one.basis_amount if one.basis_amount is not None else part.stand_alone
    row.expires = one.expires
    row.basis_percent, row.stand_alone, row.expected_end = (
        one.basis_percent,
        part.stand_alone,
        one.expected_end,
    )
    row.save()
    row.lines.all().delete()
    ObligationLine.objects.bulk_create(
        ObligationLine(obligation=row, contract_line_id=line_id, weight=lines[line_id].price or _ZERO)
        for line_id in one.line_ids
    )
    steps = part.steps
    if one.option is not None:
        steps = (_option_price(one.option, row.contract.currency)[1], *steps)
    start, end = (
        term(row.contract, one.start or max(from_day, row.contract.start), one.end)
        if one.method is Method.STRAIGHT_LINE
        else (None, None)
    )
    ObligationVersion.objects.create(
        obligation=row, from_day=from_day, price=part.amount, start=start, end=end, total=_total(one, lines),
        reason="Allocated by prices alone", steps=_kept(steps),
    )  # fmt: skip
    FinancingTerm.objects.filter(obligation=row).delete()
    if one.financing is not None:
        FinancingTerm.objects.create(
            obligation=row,
            transfer=one.financing.transfer,
            annual_percent=one.financing.annual_percent,
            payments=[[day.isoformat(), str(amount)] for day, amount in one.financing.payments],
            reason=one.financing.reason,
        )


def _kept(steps: Sequence[Step]) -> list[list[str]]:
    return [[step.name, step.said] for step in steps]


def _line_methods(obligations: Sequence[ObligationInput]) -> dict[int, RevenueMethod]:
    """Return the method of each line that is alone in its only obligation."""
    used = Counter(line_id for one in obligations for line_id in one.line_ids)
    return {
        one.line_ids[0]: RevenueMethod(one.method.value)
        for one in obligations
        if len(one.line_ids) == 1 and used[one.line_ids[0]] == 1
    }


def _modified(
    contract: Contract,
    modification: ModificationInput,
    decision: Decision,
    held: Mapping[int, Held],
    lines: Mapping[int, PricedLine],
    waited: ContractModification | None = None,
) -> Modified:
    """Write a modification that was checked."""
    effects = [
        _modify(held[change.obligation_id], change, modification, decision, waited)
        for change in modification.changes
    ]
    effects += _add(contract, modification, lines)
    record(
        contract,
        f"Modified contract {contract.number} from {modification.from_day:%Y-%m-%d}: {decision.kind.label.lower()}."
        f" {modification.reason.strip()}",
    )
    return Modified(decision.kind, decision.said, decision.source, effects)


def _waiting(actor: Actor, modification_id: int) -> ContractModification:
    """Return a change that waits, locked. Refuses: not_found, already_decided."""
    rows = ContractModification.objects.visible_to(actor).select_related("before", "after", "contract")
    row = locks.for_update(rows, modification_id)
    problems = Problems()
    problems.check(
        row.state == ModificationState.WAITING, "already_decided", "This change was decided on already."
    )
    problems.refuse()
    return row


def _proposed(held: Mapping[int, Held], proposed: Proposal) -> tuple[ChangeInput, ...]:
    """Return what a change states for each obligation that it touches."""
    found = []
    for obligation_id, moved in proposed.moved.items():
        last = held[obligation_id].fixed[-1]
        found.append(
            ChangeInput(
                obligation_id=obligation_id, price=last.price + moved.price,
                end=moved.end if last.end is not None else None,
                total=None if last.total is None else last.total + moved.total,
            )
        )  # fmt: skip
    return tuple(found)


def _beside(
    problems: Problems, where: str, held: Held, change: ChangeInput, row: ContractModification, day: date
) -> ObligationInput:
    """Return the obligation of what a change adds beyond an old one. Notes: separate_takes_away."""
    last = held.fixed[-1]
    price = (last.price if change.price is None else change.price) - last.price
    problems.check(
        price > 0,
        "separate_takes_away",
        f"A contract of its own adds work at a price. {held.row.name} gets none: answer anew.",
        f"{where}.price",
    )
    total = None if change.total is None or last.total is None else change.total - last.total
    named = row.order.label if row.order else f"version {row.after.number}"
    return ObligationInput(
        name=f"{held.row.name} ({named})"[:200], line_ids=tuple(line.line_id for line in held.lines),
        method=held.facts.method, grain=held.facts.grain, start=max(day, last.start or day),
        end=change.end or last.end, total=total, price=price,
    )  # fmt: skip


def _modify(
    held: Held,
    change: ChangeInput,
    modification: ModificationInput,
    decision: Decision,
    waited: ContractModification | None,
) -> ObligationEffect:
    """Write an obligation's next version and return what it does. Refuses: not_measurable."""
    row = held.row
    last = row.versions.order_by("-from_day", "-pk")[0]
    treatment = treatment_of(decision.kind) if decision.kind is not Kind.MIXED else change.treatment
    assert treatment is not None
    before = held.facts
    version = ObligationVersion.objects.create(
        obligation=row, modification=waited, from_day=modification.from_day, treatment=treatment,
        price=last.price if change.price is None else round_amount(change.price, before.currency),
        start=change.start or last.start, end=change.end or last.end,
        total=last.total if change.total is None else change.total,
        past=round_amount(change.past, before.currency), reason=modification.reason.strip(), steps=[[decision.kind.label, decision.said]],
    )  # fmt: skip
    uncertain = before.versions[-1].price - last.price
    after = replace(
        before,
        versions=[
            *before.versions,
            Version(
                version.from_day, version.price + uncertain, treatment, version.start, version.end, version.total,
                version.past,
            ),
        ],
    )  # fmt: skip
    try:
        found = effect(before, after, modification.from_day)
    except NotMeasurable as reason:
        raise Refused.because("not_measurable", f"{row.name}: {reason}") from reason
    return ObligationEffect(
        row.name, found.before.price, found.after.price, found.before.amount, found.after.amount, found.said
    )


def _add(
    contract: Contract, modification: ModificationInput, lines: Mapping[int, PricedLine]
) -> list[ObligationEffect]:
    """Write the obligations that a modification adds, each at its own price."""
    last = PerformanceObligation.objects.filter(contract=contract).aggregate(last=Max("position"))["last"]
    effects = []
    for number, one in enumerate(modification.added, start=(last or 0) + 1):
        price = round_amount(one.price or _ZERO, contract.currency)
        alone = price if one.basis_amount is None else one.basis_amount
        said = f"{money_words(price, contract.currency)} as agreed by the modification."
        part = _with_financing(
            one.financing, Allocated(price, alone, (Step("Price", said),)), contract.currency
        )
        row = PerformanceObligation(contract=contract, position=number)
        _write(row, one, part, lines, modification.from_day)
        effects.append(ObligationEffect(row.name, _ZERO, part.amount, _ZERO, _ZERO, said))
    return effects
