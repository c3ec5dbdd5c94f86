"""What happens day by day: time, expenses, approvals, charges, bills, payments, periods, and any other act by its name."""

import functools
import inspect
import io
import pkgutil
from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast, get_args

from django.apps import apps

from workledger.billing.actions.charges import (
    buy_block,
    charge_instalment,
    record_progress,
    record_units,
    release_retainage,
    withdraw_charge,
)
from workledger.billing.actions.invoices import credit_invoice, issue_invoices
from workledger.billing.actions.milestones import accept_milestone
from workledger.billing.actions.prebills import (
    drop_lines,
    hold_items,
    release_items,
    run_billing,
    write_down_items,
    write_down_line,
)
from workledger.billing.models import (
    Charge,
    Invoice,
    InvoiceLine,
    InvoiceState,
    IssuedDocument,
    OpenItem,
    ReasonCode,
)
from workledger.connect import files
from workledger.connect.actions import import_time
from workledger.connect.calc.formats import FormatName
from workledger.connect.inputs import TimeFile
from workledger.contracts.actions import change_line, close_contract
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractLine
from workledger.core.door import REGISTRY
from workledger.expenses.actions import approve_reports, create_report, mark_reimbursed, submit_report
from workledger.expenses.actions.expenses import ExpenseInput, add_expense
from workledger.expenses.models import Expense, ExpenseReport, ExpenseState
from workledger.kernel.period import week_start
from workledger.ledger.actions import set_period_state
from workledger.ledger.models import Period, PeriodState
from workledger.projects.models import Task
from workledger.receivables.actions import (
    allocate_deposit,
    open_of,
    record_payment,
    reverse_write_off,
    void_payment,
    write_off_debt,
)
from workledger.scenarios.arguments import resolved
from workledger.scenarios.calc.grammar import Statement
from workledger.scenarios.founding import model_of
from workledger.scenarios.names import NotNamed
from workledger.scenarios.recognizing import RECOGNIZING
from workledger.scenarios.stage import Stage
from workledger.timesheets.actions import EntryInput, add_entry, save_cell, submit_week
from workledger.timesheets.approval import approve_lines, withdraw_approval
from workledger.timesheets.models import LineState, TimesheetLine

# --- time and expenses --------------------------------------------------------------------------------------


def task_of(stage: Stage, said: Statement) -> int:
    """Return the task that a statement names, of `project NAME` where it says so."""
    name = f"{said['project']}/{said['task']}" if said.get("project") else said["task"]
    return stage.names["task", name]


def time(stage: Stage, said: Statement) -> None:
    """Enter time; over several days, on each from Monday to Friday."""
    assert said.days is not None
    person_id, task_id = stage.names["person", said["person"]], task_of(stage, said)
    for day in said.days.working_days():
        entry = EntryInput(task_id, day, said["hours"], said.get("billable"), said.get("note", ""))
        stage.do(add_entry, person_id=person_id, entry=entry, on=day)


def change_time(stage: Stage, said: Statement) -> None:
    """Change the hours of a day's cell."""
    stage.do(
        save_cell, person_id=stage.names["person", said["person"]], task_id=task_of(stage, said), day=said["day"],
        worked_seconds=said["hours"], billable_seconds=said.get("billable"), on=said.on,
    )  # fmt: skip


def line_of_time(stage: Stage, said: Statement) -> TimesheetLine:
    """Return the timesheet's row of a person, a task and the week of `day`."""
    rows = TimesheetLine.objects.filter(
        person_id=stage.names["person", said["person"]],
        task_id=task_of(stage, said),
        week=week_start(said["day"]),
    )
    found = rows.first()
    if found is None:
        raise NotNamed(f"{said['person']} has no time on {said['task']} in the week of {said['day']}.")
    return found


def expense(stage: Stage, said: Statement) -> None:
    """Enter an expense; its amount is gross."""
    task = Task.objects.get(pk=task_of(stage, said))
    stage.do(
        add_expense, person_id=stage.names["person", said["person"]], on=said.on,
        expense=ExpenseInput(
            category_id=stage.names["category", said["category"]], project_id=task.project_id, task_id=task.pk,
            work_date=said.on, amount=said["amount"], currency=said.get("currency", ""),
            tax_amount=said.get("tax", Decimal(0)), vendor=said.get("what", ""),
            is_billable=False if said.get("not billable") else None,
        ),
    )  # fmt: skip


def bring(stage: Stage, said: Statement) -> None:
    """Import time from another tool's file: the lines below, as they would stand in it."""
    content = io.BytesIO("\n".join(said.rows).encode())
    with files.kept(content) as name:
        stage.kept_files.add(name)
        file = TimeFile(name, "time.csv", _format(said["format"]), entity_id=stage.firm_of(said.values))
        stage.imported = stage.do(import_time, file=file, on=said.on, approved=False)


def _format(word: str) -> FormatName:
    for known in get_args(FormatName):
        if known == word:
            return cast("FormatName", known)
    raise NotNamed(f"'{word}' is no format of time. There are: {', '.join(get_args(FormatName))}.")


def approve(stage: Stage, said: Statement) -> None:
    """Submit and approve all time and expenses that are not yet, of everybody or of one person."""
    people = [stage.names["person", said["person"]]] if said.get("person") else stage.names.all("person")
    lines = TimesheetLine.objects.filter(person_id__in=people)
    waiting = lines.filter(state__in=(LineState.OPEN, LineState.REJECTED), entries__isnull=False)
    for person_id, week in sorted(set(waiting.values_list("person_id", "week"))):
        stage.do(submit_week, person_id=person_id, monday=week)
    submitted = list(lines.filter(state=LineState.SUBMITTED).order_by("pk").values_list("pk", flat=True))
    if submitted:
        stage.do(approve_lines, line_ids=submitted)
    reports = []
    for person_id in people:
        rows = Expense.objects.filter(person_id=person_id, state=ExpenseState.DRAFT, report=None)
        spent = list(rows.order_by("pk").values_list("pk", flat=True))
        if spent:
            name = f"Expenses to {said.on:%-d %B %Y}"
            report_id = stage.do(create_report, person_id=person_id, name=name, expense_ids=spent)
            stage.do(submit_report, report_id=report_id)
            reports.append(report_id)
    if reports:
        stage.do(approve_reports, report_ids=reports)
    if not submitted and not reports:
        raise NotNamed("There is nothing to approve.")


def withdraw(stage: Stage, said: Statement) -> None:
    """Withdraw the approval of a week's row."""
    stage.do(withdraw_approval, line_id=line_of_time(stage, said).pk, reason=said["reason"], on=said.on)


def reimburse(stage: Stage, said: Statement) -> None:
    """Pay a person's approved expenses out."""
    rows = ExpenseReport.objects.filter(
        person_id=stage.names["person", said["person"]], state=ExpenseState.APPROVED
    )
    stage.do(mark_reimbursed, report_ids=list(rows.values_list("pk", flat=True)), paid_on=said.on)


# --- bills and payments -------------------------------------------------------------------------------------


def bill(stage: Stage, said: Statement) -> None:
    """Run billing through a day, the day itself by default."""
    contracts = stage.contracts()
    if said.get("contract"):
        contracts = [stage.names["contract", said["contract"]]]
    clients = [stage.names["client", said["client"]]] if said.get("client") else None
    stage.do(run_billing, through=said.get("through", said.on), client_ids=clients, contract_ids=contracts)


def issue(stage: Stage, said: Statement) -> None:
    """Issue every pre-bill, or that of one contract."""
    rows = Invoice.objects.filter(contract_id__in=stage.contracts(), state=InvoiceState.DRAFT)
    if said.get("contract"):
        rows = rows.filter(contract_id=stage.names["contract", said["contract"]])
    wanted = list(rows.order_by("pk").values_list("pk", flat=True))
    if not wanted:
        raise NotNamed("There is no pre-bill to issue.")
    stage.do(issue_invoices, invoice_ids=wanted, issued_on=said.on, makes_pdfs=False)
    stage.prints |= {
        pk: bytes(content)
        for pk, content in IssuedDocument.objects.filter(pk__in=wanted).values_list("pk", "content")
    }


def credit(stage: Stage, said: Statement) -> None:
    """Credit an invoice in full."""
    stage.do(credit_invoice, invoice_id=stage.document(said["invoice"]), on=said.on, reason=said["reason"])


def pay(stage: Stage, said: Statement) -> None:
    """Record a payment of an invoice; `settle invoice` names no amount and pays what is open."""
    invoice_id = stage.document(said["invoice"])
    amount = said["amount"] if "amount" in said.values else open_of([invoice_id])[invoice_id]
    received = stage.do(
        record_payment, invoice_id=invoice_id, amount=amount, on=said.on,
        reference=said.get("reference", ""),
    )  # fmt: skip
    stage.payments.append(received.payment_id)


def allocate(stage: Stage, said: Statement) -> None:
    """Set a deposit against an invoice."""
    stage.do(
        allocate_deposit, payment_id=stage.payment(said["payment"]), invoice_id=stage.document(said["invoice"]),
        amount=said["amount"], on=said.on,
    )  # fmt: skip


def void(stage: Stage, said: Statement) -> None:
    """Undo a payment that turned out not to be one."""
    stage.do(void_payment, payment_id=stage.payment(said["payment"]), on=said.on, reason=said["reason"])


def lose(stage: Stage, said: Statement) -> None:
    """Write off what is open of an invoice as a bad debt, or so much of it."""
    stage.do(
        write_off_debt, invoice_id=stage.document(said["invoice"]), on=said.on, reason=said["reason"],
        amount=said.get("amount"), tax_relief=bool(said.get("tax relief")),
    )  # fmt: skip


def owe_again(stage: Stage, said: Statement) -> None:
    """Take a bad debt back, all of it unless it says how much."""
    stage.do(
        reverse_write_off, invoice_id=stage.document(said["invoice"]), on=said.on, reason=said["reason"],
        amount=said.get("amount"),
    )  # fmt: skip


# --- charges ------------------------------------------------------------------------------------------------


def _place(stage: Stage, said: Statement, model: BillingModel, parts: str, name: str) -> dict[str, int]:
    """Return the line and place of an instalment or milestone by its name."""
    rows = ContractLine.objects.filter(contract_id__in=stage.contracts(), model=model)
    if said.get("line"):
        rows = rows.filter(pk=stage.names["line", said["line"]])
    found = [
        {"line_id": row.pk, "place": place}
        for row in rows.order_by("pk")
        for place, part in enumerate(row.terms[parts])
        if part["name"] == name
    ]
    if len(found) != 1:
        raise NotNamed(
            f"{len(found) or 'No'} {parts} are named '{name}'. Name one, with 'line NAME' if need be."
        )
    return found[0]


def accept(stage: Stage, said: Statement) -> None:
    """Record that a milestone was accepted."""
    where = _place(stage, said, BillingModel.MILESTONE, "milestones", said["milestone"])
    terms = ContractLine.objects.get(pk=where["line_id"]).terms
    key = terms["milestones"][where["place"]].get("key") or str(where["place"])
    stage.do(
        accept_milestone,
        line_id=where["line_id"],
        key=key,
        on=said.on,
        accepted_by=said["by"],
        evidence=said.get("evidence", ""),
    )


def charge(stage: Stage, said: Statement) -> None:
    """Charge an instalment on demand."""
    where = _place(stage, said, BillingModel.FIXED_FEE, "instalments", said["instalment"])
    stage.do(charge_instalment, **where, on=said.on)


def units(stage: Stage, said: Statement) -> None:
    """Charge the units of a period."""
    days = said["period"]
    line_id = stage.names["line", said["line"]]
    stage.do(record_units, line_id=line_id, start=days.start, end=days.end, quantity=said["quantity"])


def progress(stage: Stage, said: Statement) -> None:
    """Claim progress, as measured unless it says how far."""
    stage.do(
        record_progress, line_id=stage.names["line", said["line"]], on=said.on, percent=said.get("to"),
        evidence=said.get("evidence", ""),
    )  # fmt: skip


def retained(stage: Stage, said: Statement) -> None:
    """Release retained money, all of it unless it says how much."""
    line_id = stage.names["line", said["line"]]
    stage.do(release_retainage, line_id=line_id, on=said.on, amount=said.get("amount"))


def block(stage: Stage, said: Statement) -> None:
    """Sell another prepaid block."""
    stage.do(buy_block, line_id=stage.names["line", said["line"]], on=said.on)


def take_back(stage: Stage, said: Statement) -> None:
    """Take back a charge by its description."""
    rows = Charge.objects.filter(contract_line__contract_id__in=stage.contracts(), description=said["charge"])
    if said.get("line"):
        rows = rows.filter(contract_line_id=stage.names["line", said["line"]])
    found = rows.order_by("-pk").values_list("pk", flat=True).first()
    if found is None:
        raise NotNamed(f"Nothing is charged as '{said['charge']}'.")
    stage.do(withdraw_charge, charge_id=found, reason=said["reason"], on=said.on)


# --- work in progress ---------------------------------------------------------------------------------------


def picked(stage: Stage, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions on billable items that a statement names: line, contract, person, day."""
    found: dict[str, Any] = {"contract_id__in": stage.contracts()}
    for word, column in (("line", "contract_line_id"), ("contract", "contract_id"), ("person", "person_id")):
        if said.get(word):
            found[column] = stage.names[word, said[word]]
    if said.get("day"):
        found["service_date"] = said["day"]
    return found


def _open_items(stage: Stage, said: Statement) -> list[int]:
    conditions = {f"item__{name}": value for name, value in picked(stage, said.values).items()}
    found = list(OpenItem.objects.filter(**conditions).order_by("pk").values_list("pk", flat=True))
    if not found:
        raise NotNamed("No work in progress is like that.")
    return found


def _reason(said: Statement) -> ReasonCode:
    word = said["reason"].lower().replace(" ", "_")
    if word not in ReasonCode:
        known = ", ".join(each.value.replace("_", " ") for each in ReasonCode)
        raise NotNamed(f"'{said['reason']}' is no reason. There are: {known}.")
    return ReasonCode(word)


def hold(stage: Stage, said: Statement) -> None:
    """Hold work in progress."""
    stage.do(
        hold_items, item_ids=_open_items(stage, said), reason_code=_reason(said), note=said.get("note", "")
    )


def release(stage: Stage, said: Statement) -> None:
    """Release held work."""
    stage.do(release_items, item_ids=_open_items(stage, said))


def write_down(stage: Stage, said: Statement) -> None:
    """Write work in progress down by an amount, or off without one."""
    stage.do(
        write_down_items, item_ids=_open_items(stage, said), amount=said.get("amount"), reason_code=_reason(said),
        on=said.on, note=said.get("note", ""),
    )  # fmt: skip


def write_down_draft(stage: Stage, said: Statement) -> None:
    """Write a pre-bill's line down."""
    rows = InvoiceLine.objects.filter(
        invoice__state=InvoiceState.DRAFT,
        contract_line_id=stage.names["line", said["line"]],
        is_adjustment=False,
    )
    row = rows.order_by("invoice_id", "position").first()
    if row is None:
        raise NotNamed(f"No pre-bill has a line of {said['line']}.")
    stage.do(
        write_down_line, line_id=row.pk, amount=said["amount"], reason_code=_reason(said), on=said.on,
        note=said.get("note", ""),
    )  # fmt: skip


def drop(stage: Stage, said: Statement) -> None:
    """Put a pre-bill, or its lines of one contract line, back into WIP."""
    invoice_id = stage.pre_bill(said["contract"])
    lines = None
    if said.get("line"):
        rows = InvoiceLine.objects.filter(
            invoice_id=invoice_id, contract_line_id=stage.names["line", said["line"]], is_adjustment=False
        )
        lines = list(rows.values_list("pk", flat=True))
    stage.do(drop_lines, invoice_id=invoice_id, line_ids=lines, hold=said.get("hold", False))


# --- agreements and periods ---------------------------------------------------------------------------------


def end_contract(stage: Stage, said: Statement) -> None:
    """Close a contract after this day."""
    stage.do(close_contract, contract_id=stage.names["contract", said["contract"]], last_day=said.on)


def change_terms(stage: Stage, said: Statement) -> None:
    """Change a line's terms: what is not named stays as it is; 'none' takes a term away."""
    row = ContractLine.objects.get(pk=stage.names["line", said["line"]])
    model = model_of(said["model"]) if said.get("model") else BillingModel(row.model)
    kept = row.terms if model == row.model else {}
    document = _merged(
        {name: value for name, value in kept.items() if name != "model"}, resolved(stage, said.terms)
    )
    stage.do(
        change_line, line_id=row.pk,
        line=LineInput(
            name=row.name, model=model, terms=document, price=row.price, budget_seconds=row.budget_seconds,
            budget_amount=row.budget_amount, position=row.position, tax_code_id=row.tax_code_id,
        ),
    )  # fmt: skip


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(old)
    for name, value in new.items():
        before = found.get(name)
        found[name] = (
            _merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
        )
    return found


def _periods(stage: Stage, said: Statement, state: PeriodState) -> None:
    """Bring the months of a span to a state, in the order that the books ask for."""
    firm_id, days = stage.firm_of(said.values), said["period"]
    rows = Period.objects.filter(book_id=firm_id, start__lt=days.end).exclude(state=state)
    if state is not PeriodState.LOCKED:
        rows = rows.filter(start__gte=days.start)
    order = "start" if state is PeriodState.LOCKED else "-start"
    for pk in rows.order_by(order).values_list("pk", flat=True):
        stage.do(set_period_state, period_id=pk, state=state, reason="Month closed")


def lock(stage: Stage, said: Statement) -> None:
    """Lock every month through one."""
    _periods(stage, said, PeriodState.LOCKED)


def close(stage: Stage, said: Statement) -> None:
    """Close a month softly."""
    _periods(stage, said, PeriodState.SOFT_CLOSED)


def reopen(stage: Stage, said: Statement) -> None:
    """Open a month again."""
    _periods(stage, said, PeriodState.OPEN)


# --- any act ------------------------------------------------------------------------------------------------


@functools.cache
def _import_all_acts() -> None:
    """Register the acts of every package: a command line imports those alone that it needs."""
    for config in apps.get_app_configs():
        name = f"{config.name}.actions"
        if not config.name.startswith("workledger.") or find_spec(name) is None:
            continue
        module = import_module(name)
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            import_module(f"{name}.{found.name}")


def act(stage: Stage, said: Statement) -> None:
    """Do any act by its name, its arguments as terms; its day where it takes one; its result remembered 'as NAME'."""
    _import_all_acts()
    action = REGISTRY.get(said["action"])
    if action is None:
        near = ", ".join(
            sorted(name for name in REGISTRY if name.split(".")[0] == said["action"].split(".")[0])
        )
        raise NotNamed(
            f"There is no act '{said['action']}'. There are: {near or ', '.join(sorted(REGISTRY))}."
        )
    arguments = resolved(stage, said.terms)
    takes = inspect.signature(action.function).parameters
    for name in ("on", "issued_on", "paid_on"):
        if name in takes and name not in arguments:
            arguments[name] = said.on
    unknown = sorted(arguments.keys() - takes.keys())
    if unknown:
        raise NotNamed(f"{action.name} takes no {', '.join(unknown)}. It takes: {', '.join([*takes][1:])}.")
    result = stage.do(action, **action.arguments_from_json(arguments))
    if said.get("as"):
        stage.remembered[said["as"]] = result


ACTING = {
    "time": time, "change time": change_time, "expense": expense, "approve": approve, "withdraw approval": withdraw,
    "import": bring, "reimburse": reimburse, "bill": bill, "issue": issue, "credit invoice": credit, "pay invoice": pay, "settle invoice": pay,
    "void payment": void, "write off invoice": lose, "take back write-off of invoice": owe_again,
    "allocate deposit": allocate, "accept": accept, "charge": charge, "units": units, "progress": progress,
    "release retainage": retained, "block": block, "take back charge": take_back, "hold": hold, "release": release,
    "write off": write_down, "write down": write_down, "write down pre-bill": write_down_draft,
    "drop pre-bill": drop, "lock": lock, "close": close, "open": reopen, "end contract": end_contract,
    "terms": change_terms, "act": act, **RECOGNIZING,
}  # fmt: skip
