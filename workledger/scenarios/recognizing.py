"""Revenue in scenarios: promises and their prices, what is believed of them, changes of contracts, runs, what they earned."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from workledger.contracts.actions import draft_order, record_acceptance, submit_order
from workledger.contracts.actions.orders import apply_order, approve_order
from workledger.contracts.inputs import OrderInput
from workledger.contracts.models import ChangeOrder, OrderState
from workledger.directory.actions.clients import ContactDetails, save_contact
from workledger.forecast.queries import remaining_obligations
from workledger.kernel.money import amount_words
from workledger.ledger.models import Account, AccountRole, Balance
from workledger.revenue.actions import (
    complete_obligation,
    decide_modification,
    decide_progress,
    estimate_variable,
    exercise_option,
    modify_contract,
    recognize,
    record_progress,
    revise_estimate,
    set_obligations,
)
from workledger.revenue.calc.allocation import Basis
from workledger.revenue.calc.modification import Rest
from workledger.revenue.calc.timeline import Grain, Method, Treatment, recognized
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.facts import Held, load
from workledger.revenue.inputs import (
    BelongingInput,
    ChangeInput,
    DecisionInput,
    EstimateInput,
    FinancingInput,
    ModificationInput,
    ObligationInput,
    OptionInput,
)
from workledger.revenue.models import (
    EntryKind,
    LossProvision,
    PerformanceObligation,
    RecognitionEntry,
    VariableEstimate,
)
from workledger.revenue.queries import modifications_waiting
from workledger.scenarios.arguments import resolved
from workledger.scenarios.calc import words
from workledger.scenarios.calc.grammar import Statement
from workledger.scenarios.names import NotNamed
from workledger.scenarios.stage import Stage, after

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_ANSWERS = {
    "separate": (True, True, Rest.DISTINCT),
    "prospective": (True, False, Rest.DISTINCT),
    "catch up": (False, False, Rest.NOT_DISTINCT),
    "mixed": (False, False, Rest.SOME),
}


def obligation_of(stage: Stage, name: str) -> int:
    """Return the obligation of a name; those of lines are named like the lines."""
    rows = PerformanceObligation.objects.filter(contract__in=stage.contracts())
    contract, _, last = name.rpartition("/")
    rows = rows.filter(name=last, contract__name=contract) if contract else rows.filter(name=name)
    found = list(rows.values_list("pk", flat=True))
    if len(found) != 1:
        raise NotNamed(f"{len(found) or 'No'} obligations are named '{name}'.")
    return found[0]


# --- promises -----------------------------------------------------------------------------------------------


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")]


def _parts(cells: Iterable[str], known: dict[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Return what cells say, each led by its word; those said more than once as a list."""
    found: dict[str, Any] = {}
    for cell in cells:
        fitting = [word for word in known if cell == word or cell.startswith(f"{word} ")]
        if not fitting and ".." in cell:
            found["days"] = words.span(cell)
            continue
        if not fitting:
            raise NotNamed(f"'{cell}' is not understood here. There are: {', '.join(known)}, DAY..DAY.")
        word = max(fitting, key=len)
        try:
            value = known[word](cell.removeprefix(word).strip())
        except words.Misread as error:
            raise NotNamed(str(error)) from None
        if word == "pays":
            found.setdefault(word, []).append(value)
        else:
            found[word] = value
    return found


def _payment(text: str) -> tuple[date, Decimal]:
    day, _, amount = text.partition(" ")
    return words.day(day), words.number(amount)


_OF_PROMISES: dict[str, Callable[[str], Any]] = {
    "alone": words.number, "market": words.number, "cost": words.number, "plus": words.percent,
    "left over": words.flag, "by month": words.flag, "total": words.number, "price": words.number,
    "expected": words.day, "expires": words.day, "option": words.number, "discount": words.percent,
    "usual": words.percent, "likely": words.percent, "done": words.day, "interest": words.percent,
    "pays": _payment,
}  # fmt: skip
_BASES = {"market": Basis.ADJUSTED_MARKET, "cost": Basis.COST_PLUS_MARGIN, "left over": Basis.RESIDUAL}


def _promise(stage: Stage, row: str) -> ObligationInput:
    name, lines, method, *cells = [*_cells(row), "", ""][: max(3, len(_cells(row)))]
    said = _parts(cells, _OF_PROMISES)
    basis = next((_BASES[word] for word in _BASES if word in said), Basis.OBSERVABLE)
    days = said.get("days")
    return ObligationInput(
        name=name,
        line_ids=tuple(stage.names["line", each.strip()] for each in lines.split(",") if each.strip()),
        method=_method(method),
        grain=Grain.MONTHS if said.get("by month") else Grain.DAYS,
        basis=basis,
        basis_amount=said.get("alone", said.get("market", said.get("cost"))),
        basis_percent=said.get("plus", _ZERO),
        start=days.start if days else None,
        end=days.end if days else None,
        total=said.get("total"),
        price=said.get("price"),
        expected_end=after(said.get("expected")),
        expires=after(said.get("expires")),
        option=_option(said) if "option" in said else None,
        financing=_financing(said) if "done" in said else None,
    )


def _method(word: str) -> Method:
    try:
        return Method(word.lower().replace(" ", "_"))
    except ValueError:
        known = ", ".join(each.value.replace("_", " ") for each in Method)
        raise NotNamed(f"'{word}' is no way to recognize a price. There are: {known}.") from None


def _option(said: dict[str, Any]) -> OptionInput:
    return OptionInput(
        purchase=said["option"], discount_percent=said.get("discount", _ZERO), usual_percent=said.get("usual", _ZERO),
        likely_percent=said.get("likely", _HUNDRED),
    )  # fmt: skip


def _financing(said: dict[str, Any]) -> FinancingInput:
    return FinancingInput(
        transfer=said["done"], annual_percent=said.get("interest", _ZERO), payments=tuple(said.get("pays", ())),
        reason="As the scenario says",
    )  # fmt: skip


def obligations(stage: Stage, said: Statement) -> None:
    """Say which promises a contract holds; a row that begins with 'part' is of some of them alone."""
    parts = [_cells(row) for row in said.rows if row.startswith("part ")]
    stage.do(
        set_obligations, contract_id=stage.names["contract", said["contract"]], price=said.get("price"),
        obligations=[_promise(stage, row) for row in said.rows if not row.startswith("part ")],
        belonging=tuple(
            BelongingInput(
                amount=words.number(cells[0].removeprefix("part ")),
                names=tuple(name.strip() for name in cells[1].split(",")), reason="As the scenario says",
            )
            for cells in parts
        ),
    )  # fmt: skip


# --- what is believed ---------------------------------------------------------------------------------------


def estimate(stage: Stage, said: Statement) -> None:
    """Estimate what an obligation takes, from the day itself unless it says another."""
    stage.do(
        revise_estimate, obligation_id=obligation_of(stage, said["obligation"]),
        estimate=EstimateInput(
            from_day=said.get("from", said.on), seconds=said.get("hours"), seconds_to_come=said.get("hours to come"),
            cost=said.get("cost"), cost_to_come=said.get("cost to come"), materials=said.get("materials"),
            delivered=said.get("delivered"), breakage_percent=said.get("unused"), reason=said.get("why", "Estimated"),
        ),
    )  # fmt: skip


def reach(stage: Stage, said: Statement) -> None:
    """Say what was reached by the day, all in all, and approve that."""
    _progress(stage, said, said["value"])


def hand_over(stage: Stage, said: Statement) -> None:
    """Say that a promise was handed over."""
    _progress(stage, said, _HUNDRED)


def _progress(stage: Stage, said: Statement, value: Decimal) -> None:
    record_id = stage.do(
        record_progress, obligation_id=obligation_of(stage, said["obligation"]), on=said.on, value=value,
        evidence=said.get("evidence", "Seen"),
    )  # fmt: skip
    stage.do(decide_progress, record_id=record_id, approve=True)


def fulfil(stage: Stage, said: Statement) -> None:
    """Say that all of an obligation is done."""
    stage.do(
        complete_obligation, obligation_id=obligation_of(stage, said["obligation"]), on=said.on,
        reason=said.get("why", "Done"),
    )  # fmt: skip


def use(stage: Stage, said: Statement) -> None:
    """Say that the client used an option."""
    stage.do(
        exercise_option, obligation_id=obligation_of(stage, said["obligation"]),
        into_id=obligation_of(stage, said["for"]), on=said.on, reason=said.get("why", "Used"),
    )  # fmt: skip


def uncertain(stage: Stage, said: Statement) -> None:
    """Estimate an uncertain part of a price: below it its outcomes with their probabilities."""
    ways = {"expected value": Estimation.EXPECTED_VALUE, "most likely": Estimation.MOST_LIKELY}
    if said["way"] not in ways:
        raise NotNamed(f"'{said['way']}' is no way to estimate. There are: {', '.join(ways)}.")
    outcomes = [_cells(row) for row in said.rows]
    stage.do(
        estimate_variable, contract_id=stage.contract_of(said.values).pk, name=said["name"],
        from_day=said.get("from", said.on), way=ways[said["way"]],
        outcomes=[(words.number(amount), words.percent(probability)) for amount, probability in outcomes],
        highly_probable=said.get("stays"), reason=said.get("why", "Estimated"),
        obligation_id=obligation_of(stage, said["obligation"]) if said.get("obligation") else None,
    )  # fmt: skip


# --- changes of contracts -----------------------------------------------------------------------------------


def _answers(word: str) -> tuple[bool, bool, Rest]:
    if word not in _ANSWERS:
        raise NotNamed(f"'{word}' is no kind of modification. There are: {', '.join(_ANSWERS)}.")
    return _ANSWERS[word]


_OF_CHANGES: dict[str, Callable[[str], Any]] = {
    "price": words.number, "total": words.number, "past": words.number, "until": words.day, "catch up": words.flag,
    "prospective": words.flag,
}  # fmt: skip


def _change(stage: Stage, row: str) -> ChangeInput:
    name, *cells = _cells(row)
    said = _parts(cells, _OF_CHANGES)
    treatment = None
    if said.get("catch up") or said.get("prospective"):
        treatment = Treatment.CATCH_UP if said.get("catch up") else Treatment.PROSPECTIVE
    return ChangeInput(
        obligation_id=obligation_of(stage, name), price=said.get("price"), total=said.get("total"),
        past=said.get("past", _ZERO), end=after(said.get("until")), treatment=treatment,
    )  # fmt: skip


def modify(stage: Stage, said: Statement) -> None:
    """Record a modification: rows say what changes, those that begin with 'add' are promises that it adds."""
    adds_distinct, at_alone, rest = _answers(said["answer"])
    stage.do(
        modify_contract, contract_id=stage.names["contract", said["contract"]],
        modification=ModificationInput(
            from_day=said.on, adds_distinct=adds_distinct, at_stand_alone_price=at_alone, rest=rest,
            changes=tuple(_change(stage, row) for row in said.rows if not row.startswith("add ")),
            added=tuple(_promise(stage, row.removeprefix("add ")) for row in said.rows if row.startswith("add ")),
            reason=said.get("why", "Agreed"),
        ),
    )  # fmt: skip


def change_order(stage: Stage, said: Statement) -> None:
    """Agree on a change order with the client: drafted, approved, accepted and applied; below it its changes."""
    contract = stage.contract_of(said.values)
    order = OrderInput(
        title=said["title"], effective_from=said.get("from", said.on),
        changes=resolved(stage, said.terms.get("changes", [])),
    )  # fmt: skip
    order_id = stage.do(draft_order, contract_id=contract.pk, order=order, on=said.on)
    if stage.do(submit_order, order_id=order_id, on=said.on).needs_review:
        stage.do(approve_order, order_id=order_id, on=said.on)
    contact_id = stage.do(save_contact, client_id=contract.client_id, contact=ContactDetails(name="Client"))
    stage.do(record_acceptance, order_id=order_id, on=said.on, contact_id=contact_id, evidence="Signed")
    if ChangeOrder.objects.get(pk=order_id).state != OrderState.APPLIED:
        stage.do(apply_order, order_id=order_id, on=said.get("from", said.on))


def decide(stage: Stage, said: Statement) -> None:
    """Say what the oldest change of a contract is that waits; rows say amounts other than the change's."""
    contract_id = stage.names["contract", said["contract"]]
    waiting = modifications_waiting(stage.actor, contract_id=contract_id)
    if not waiting:
        raise NotNamed(f"No change of {said['contract']} waits for a decision.")
    adds_distinct, at_alone, rest = _answers(said["answer"])
    changes = tuple(_change(stage, row) for row in said.rows) if said.rows else None
    decision = DecisionInput(
        adds_distinct=adds_distinct, at_stand_alone_price=at_alone, rest=rest, from_day=said.get("from"),
        changes=changes, reason=said.get("why", ""),
    )  # fmt: skip
    stage.do(decide_modification, modification_id=waiting[0].id, decision=decision)


def run(stage: Stage, said: Statement) -> None:
    """Recognize what was earned through a month."""
    stage.do(recognize, entity_id=stage.firm_of(said.values), month=said["month"].start)


RECOGNIZING: dict[str, Callable[[Stage, Statement], None]] = {
    "obligations": obligations, "estimate": estimate, "reach": reach, "hand over": hand_over, "fulfil": fulfil,
    "use": use, "uncertain": uncertain, "modify": modify, "change order": change_order, "decide": decide,
    "recognize": run,
}  # fmt: skip


# --- what came of it ----------------------------------------------------------------------------------------


def _held(stage: Stage, name: str) -> Held:
    pk = obligation_of(stage, name)
    contract = PerformanceObligation.objects.values_list("contract_id", flat=True).get(pk=pk)
    rows = PerformanceObligation.objects.filter(contract=contract)
    return next(held for held in load(rows, by_day=True) if held.id == pk)


def revenue(stage: Stage, said: Statement) -> list[str]:
    """What runs recognized of an obligation, by service month and kind, or by year; entries are summed."""
    pattern = "%Y" if said.get("by year") else "%Y-%m"
    rows = RecognitionEntry.objects.filter(obligation=obligation_of(stage, said["obligation"]))
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: _ZERO)
    currency = ""
    for month, kind, own, amount in rows.values_list("service_month", "kind", "currency", "amount"):
        sums[month.strftime(pattern), "" if kind == EntryKind.REVENUE else kind] += amount
        currency = own
    return [
        " | ".join(filter(None, (when, amount_words(amount, currency), kind)))
        for (when, kind), amount in sorted(sums.items())
        if amount
    ]


def price(stage: Stage, said: Statement) -> list[str]:
    """An obligation's part of the transaction price on a day, with what counts of uncertain amounts."""
    held = _held(stage, said["obligation"])
    return [amount_words(recognized(held.facts, said.get("on", stage.last)).price, held.facts.currency)]


def progress(stage: Stage, said: Statement) -> list[str]:
    """How far an obligation is on a day."""
    held = _held(stage, said["obligation"])
    return [f"{recognized(held.facts, said.get('on', stage.last)).progress * 100:.2f} %"]


def position(stage: Stage, said: Statement) -> list[str]:
    """A contract's position: what was earned less what was billed."""
    contract = stage.contract_of(said.values)
    accounts = Account.objects.filter(role=AccountRole.CONTRACT_POSITION).values_list("pk", flat=True)
    rows = Balance.objects.filter(contract_id=contract.pk, account_id__in=list(accounts))
    amount = rows.aggregate(total=Sum(F("debit") - F("credit")))["total"] or _ZERO
    word = amount_words(abs(amount), contract.currency)
    return [f"{word} {'Dr' if amount > 0 else 'Cr'}" if amount else word]


def provision(stage: Stage, said: Statement) -> list[str]:
    """What stands provided for the loss of a contract, in the firm's currency."""
    contract = stage.contract_of(said.values)
    rows = LossProvision.objects.filter(contract=contract)
    amount = rows.aggregate(total=Sum("change"))["total"] or _ZERO
    return [amount_words(amount, stage.currency(contract.entity_id))]


def remaining(stage: Stage, said: Statement) -> list[str]:
    """What a contract still has to earn after a day, by calendar year."""
    contract = stage.contract_of(said.values)
    day: date = said["on"]
    edges = [date(day.year + number, 1, 1) for number in range(1, 6)]
    found = remaining_obligations(stage.actor, contract.entity_id, day, edges)
    names = [*(f"{edge.year}" for edge in edges[:-1]), "later", "not known when"]
    rows = [row for row in found.rows if row.contract_id == contract.pk]
    return [
        f"{name} | {amount_words(amount, contract.currency)}"
        for row in rows
        for name, amount in zip(names, row.amounts, strict=True)
        if amount
    ]


def counted(stage: Stage, said: Statement) -> list[str]:
    """What an uncertain amount is estimated at, and what of it counts."""
    rows = VariableEstimate.objects.filter(
        element__contract__in=stage.contracts(), element__name=said["name"]
    )
    row = rows.order_by("from_day", "pk").select_related("element__contract").last()
    if row is None:
        raise NotNamed(f"No uncertain amount is named '{said['name']}'.")
    currency = row.element.contract.currency
    return [
        f"estimated {amount_words(row.estimate, currency)} | counts {amount_words(row.included, currency)}"
    ]


def waiting_changes(stage: Stage, _said: Statement) -> list[str]:
    """How many changes of the scenario's contracts wait for a decision."""
    wanted = set(stage.contracts())
    return [str(sum(row.contract_id in wanted for row in modifications_waiting(stage.actor)))]


EARNED: dict[str, Callable[[Stage, Statement], list[str]]] = {
    "expect revenue": revenue, "expect price": price, "expect progress": progress, "expect position": position,
    "expect provision": provision, "expect remaining": remaining, "expect uncertain": counted,
    "expect modifications": waiting_changes,
}  # fmt: skip
