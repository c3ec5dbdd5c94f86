"""What stands after an act: each expectation's rows as they are found, printed as documents print them."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.db.models import QuerySet, Sum

from workledger.billing import statements
from workledger.billing.calc.drafting import tax_groups
from workledger.billing.models import (
    BillableItem,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    IssuedDocument,
    OpenItem,
    UnpricedItem,
)
from workledger.kernel.money import amount_words, money_words, price_words
from workledger.kernel.period import Period as Days
from workledger.kernel.quantity import hours
from workledger.ledger.models import JournalEntry, Posting
from workledger.ledger.queries import trial_balance
from workledger.metrics.catalogue import METRICS, Unit
from workledger.metrics.queries import Filters, value
from workledger.receivables.models import Allocation, Payment, Receivable
from workledger.scenarios.acting import line_of_time, picked
from workledger.scenarios.calc.grammar import Statement
from workledger.scenarios.names import NotNamed
from workledger.scenarios.recognizing import EARNED
from workledger.scenarios.stage import Stage

_ZERO = Decimal(0)
_NOTHING = "0.00"


def _quantity(amount: Decimal, unit: str) -> str:
    return f"{amount:.2f} h" if unit == "h" else f"{amount.normalize():f} {unit}"


def _price(price: Decimal, currency: str) -> str:
    return price_words(price, currency).removesuffix(f" {currency}")


def _money(stage: Stage, sums: Iterable[tuple[str, Decimal]]) -> str:
    """Return sums by currency, without its code where it is the firm's own."""
    own = stage.currency()
    found = [
        amount_words(amount, currency) if currency == own else money_words(amount, currency)
        for currency, amount in sums
        if amount
    ]
    return " and ".join(found) or _NOTHING


def _side(amount: Decimal, currency: str) -> str:
    """Return a balance as accountants write it: 1,200.00 Dr, 228.00 Cr, 0.00."""
    return f"{amount_words(abs(amount), currency)} {'Dr' if amount > 0 else 'Cr'}" if amount else _NOTHING


# --- documents ----------------------------------------------------------------------------------------------


def _document(stage: Stage, pk: int) -> list[str]:
    row = Invoice.objects.get(pk=pk)
    lines = list(InvoiceLine.objects.filter(invoice_id=pk).order_by("position"))
    found = [
        f"{line.description} | {_quantity(line.quantity, line.unit)} | {_price(line.rate, row.currency)}"
        f" | {amount_words(line.amount, row.currency)}"
        for line in lines
    ]
    taxes = tax_groups([(line.amount, line.tax_code, line.tax_rate) for line in lines], row.currency)
    said = [f"net {amount_words(row.net, row.currency)}"]
    for group in taxes:
        code = "" if group.code == "S" else f" ({group.code})"
        said.append(f"tax {group.rate.normalize():f} %{code} {amount_words(group.tax, row.currency)}")
    gross = amount_words(row.gross, row.currency)
    said.append(f"gross {gross}" if row.currency == stage.currency() else f"gross {gross} {row.currency}")
    return [*found, ", ".join(said)]


def invoice(stage: Stage, said: Statement) -> list[str]:
    """The lines, taxes and totals of an invoice."""
    return _document(stage, stage.document(said["number"]))


def credit_note(stage: Stage, said: Statement) -> list[str]:
    """The lines, taxes and totals of a credit note; its amounts are positive."""
    return _document(stage, stage.document(said["number"], InvoiceKind.CREDIT_NOTE))


def pre_bill(stage: Stage, said: Statement) -> list[str]:
    """The lines, taxes and totals of a contract's pre-bill."""
    return _document(stage, stage.pre_bill(said["contract"]))


def invoices(stage: Stage, _said: Statement) -> list[str]:
    """How many invoices were issued."""
    return [str(len(stage.documents()))]


def pre_bills(stage: Stage, _said: Statement) -> list[str]:
    """How many pre-bills there are."""
    return [str(Invoice.objects.filter(contract_id__in=stage.contracts(), state=InvoiceState.DRAFT).count())]


def unchanged(stage: Stage, said: Statement) -> list[str]:
    """Whether an issued document is byte for byte what it was when it was issued, and its hash fits."""
    pk = stage.document(said["number"])
    row = IssuedDocument.objects.get(pk=pk)
    content = bytes(row.content)
    same = content == stage.prints[pk] and hashlib.sha256(content).hexdigest() == row.content_hash
    return ["unchanged" if same else "changed"]


def same_invoices(stage: Stage, said: Statement) -> list[str]:
    """The second invoice, which is to read like the first."""
    return _document(stage, stage.document(said["second"]))


# --- work in progress ---------------------------------------------------------------------------------------


def _items(stage: Stage, said: Statement) -> QuerySet[BillableItem]:
    return BillableItem.objects.filter(is_void=False, **picked(stage, said.values))


def items(stage: Stage, said: Statement) -> list[str]:
    """Every billable item of a line: day, what, quantity, rate, amount, what became of it."""
    rows = (
        _items(stage, said)
        .select_related("person")
        .order_by("service_date", "source_kind", "source_id", "part")
    )
    return [_item(row) for row in rows]


def _item(row: BillableItem) -> str:
    what = row.description or row.person_name
    quantity = hours(row.billable_seconds) if row.quantity is None else row.quantity
    cells = [
        f"{row.service_date} {what}",
        _quantity(quantity, row.unit),
        "-" if row.rate is None else _price(row.rate, row.currency),
        amount_words(row.amount, row.currency),
        row.get_treatment_display().lower(),
    ]
    for word, amount in (("over cap", row.over_cap), ("discount", row.discount)):
        cells += [f"{word} {amount_words(amount, row.currency)}"] if amount else []
    if row.recognized != row.amount and row.treatment in ("covered", "charged"):
        cells.append(f"earned {amount_words(row.recognized, row.currency)}")
    return " | ".join(cells)


def hours_of(stage: Stage, said: Statement) -> list[str]:
    """The hours of a line: worked, billable, and on issued invoices."""
    rows = _items(stage, said).filter(source_kind="time")
    sums = rows.aggregate(worked=Sum("worked_seconds"), billable=Sum("billable_seconds"))
    billed = InvoiceSource.objects.filter(is_live=True, item__in=rows, invoice__state=InvoiceState.ISSUED)
    seconds = billed.aggregate(total=Sum("item__billable_seconds"))["total"]
    return [
        f"worked | {hours(sums['worked'] or 0)} h",
        f"billable | {hours(sums['billable'] or 0)} h",
        f"billed | {hours(seconds or 0)} h",
    ]


def _open(stage: Stage, said: Statement, *, is_held: bool) -> list[str]:
    conditions = {f"item__{name}": value for name, value in picked(stage, said.values).items()}
    rows = OpenItem.objects.filter(is_held=is_held, **conditions).values_list("currency")
    return [_money(stage, rows.annotate(total=Sum("amount")).order_by("currency"))]


def wip(stage: Stage, said: Statement) -> list[str]:
    """The value of approved work and charges that are on no bill and not held."""
    return _open(stage, said, is_held=False)


def held(stage: Stage, said: Statement) -> list[str]:
    """The value of what is held."""
    return _open(stage, said, is_held=True)


def over_cap(stage: Stage, said: Statement) -> list[str]:
    """The value that lies beyond caps: neither billed nor recognized."""
    rows = _items(stage, said).values_list("currency")
    return [_money(stage, rows.annotate(total=Sum("over_cap")).order_by("currency"))]


def unpriced(stage: Stage, _said: Statement) -> list[str]:
    """How many entries cannot be priced yet."""
    return [str(UnpricedItem.objects.filter(contract_id__in=stage.contracts()).count())]


def statement(stage: Stage, said: Statement) -> list[str]:
    """A retainer period by period, or a line's prepaid blocks; figures that are zero are left out after the second."""
    found = statements.statement(stage.actor, stage.names["line", said["line"]], said["through"])
    rows = []
    for each in found.periods:
        figures = (
            ("carried in", each.carried_in), ("over", each.over), ("deficit", each.deficit), ("expired", each.expired),
            ("carried out", each.carried_out),
        )  # fmt: skip
        rows.append(
            f"{each.start}..{each.last_day} | included {each.included:,.2f} | used {each.used:,.2f}"
            + _figures(figures)
        )
    for block in found.blocks:
        until = f", expires {block.expires}" if block.expires else ""
        rows.append(
            f"bought {block.bought}{until} | size {block.size:,.2f}"
            + _figures((("drawn", block.drawn), ("left", block.left), ("expired", block.expired)))
        )
    return rows


def _figures(figures: Iterable[tuple[str, Decimal]]) -> str:
    return "".join(f" | {word} {amount:,.2f}" for word, amount in figures if amount)


def state_of_time(stage: Stage, said: Statement) -> list[str]:
    """Where a week's row of a timesheet stands."""
    return [line_of_time(stage, said).state]


def imported(stage: Stage, _said: Statement) -> list[str]:
    """How many entries the last import created, and how many were there already."""
    if stage.imported is None:
        raise NotNamed("Nothing was imported before this line.")
    return [f"created {stage.imported.created}, matched {stage.imported.matched}"]


# --- books --------------------------------------------------------------------------------------------------


def trial(stage: Stage, said: Statement) -> list[str]:
    """Every account with a balance, in the firm's currency."""
    firm_id = stage.firm_of(said.values)
    currency = stage.currency(firm_id)
    found = trial_balance(stage.actor, firm_id, stage.last)
    return [f"{line.name} | {_side(line.balance, currency)}" for line in found.lines if line.balance]


def balance(stage: Stage, said: Statement) -> list[str]:
    """An account's balance, or with `month` what was posted to it in a month."""
    firm_id = stage.firm_of(said.values)
    rows = Posting.objects.filter(book_id=firm_id, account__name=said["account"])
    if said.get("month"):
        rows = rows.filter(date__gte=said["month"].start, date__lt=said["month"].end)
    sums = rows.aggregate(debit=Sum("functional_debit"), credit=Sum("functional_credit"))
    return [_side((sums["debit"] or _ZERO) - (sums["credit"] or _ZERO), stage.currency(firm_id))]


def _postings(entry_ids: Sequence[int]) -> list[str]:
    """The postings of entries, summed by account; with the book's amount beside one in another currency."""
    home = dict(JournalEntry.objects.filter(pk__in=entry_ids).values_list("pk", "book__currency"))
    sums: dict[tuple[str, str, str, str], list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    rows = Posting.objects.filter(entry_id__in=entry_ids).select_related("account")
    for row in rows.order_by("account__code", "id"):
        both = sums[row.account.code, row.account.name, row.currency, home[row.entry_id]]
        both[0] += row.debit - row.credit
        both[1] += row.functional_debit - row.functional_credit
    found = []
    for (_, name, currency, own), (amount, functional) in sorted(sums.items()):
        if amount or functional:
            said = f"{name} | {_side(amount, currency)}"
            if currency != own:
                word, _, side = _side(amount, currency).partition(" ")
                said = f"{name} | {word} {currency} {side}".rstrip() + f" | {_side(functional, own)}"
            found.append(said)
    return found


def postings_of_invoice(stage: Stage, said: Statement) -> list[str]:
    """What issuing an invoice posted."""
    return _postings([Invoice.objects.get(pk=stage.document(said["number"])).journal_entry_id or 0])


def postings_of_note(stage: Stage, said: Statement) -> list[str]:
    """What a credit note posted."""
    note = stage.document(said["number"], InvoiceKind.CREDIT_NOTE)
    return _postings([Invoice.objects.get(pk=note).journal_entry_id or 0])


def postings_of_payment(stage: Stage, said: Statement) -> list[str]:
    """What a payment and its allocations posted."""
    pk = stage.payment(said["number"])
    entries = [Payment.objects.get(pk=pk).journal_entry_id]
    entries += Allocation.objects.filter(payment_id=pk).values_list("journal_entry_id", flat=True)
    return _postings([entry for entry in entries if entry])


def open_invoice(stage: Stage, said: Statement) -> list[str]:
    """What is still to be paid of an invoice."""
    row = Receivable.objects.get(pk=stage.document(said["number"]))
    return [_money(stage, [(row.currency, row.open_amount)])]


def metric(stage: Stage, said: Statement) -> list[str]:
    """A figure of the catalogue for the scenario's firm, or a contract, over all its days or a span."""
    found = METRICS.get(said["metric"])
    if found is None:
        raise NotNamed(f"There is no metric '{said['metric']}'. There are: {', '.join(sorted(METRICS))}.")
    filters = Filters(
        entity=None if said.get("contract") else stage.names.first("firm"),
        contract=stage.names["contract", said["contract"]] if said.get("contract") else None,
    )
    days = said.get("in")
    period = Days(days.start, days.end) if days else None
    rows = value(
        stage.actor, found.name, period=period, as_of=stage.last if period else None, filters=filters
    )
    return [" and ".join(_figure(stage, found.unit, row.value, row.currency) for row in rows) or "-"]


def _figure(stage: Stage, unit: Unit, amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return "-"
    match unit:
        case Unit.MONEY:
            return _money(stage, [(currency, amount)])
        case Unit.RATIO:
            return f"{amount * 100:.2f} %"
        case Unit.SECONDS:
            return f"{hours(int(amount))} h"
        case Unit.DAYS:
            return f"{amount:.1f} days"


EXPECTING: dict[str, Callable[[Stage, Statement], list[str]]] = {
    "expect invoice": invoice, "expect credit note": credit_note, "expect pre-bill": pre_bill,
    "expect invoices": invoices, "expect pre-bills": pre_bills, "expect unchanged invoice": unchanged,
    "expect same invoices": same_invoices, "expect items": items, "expect hours": hours_of, "expect wip": wip,
    "expect held": held, "expect over cap": over_cap, "expect unpriced": unpriced, "expect statement": statement,
    "expect time": state_of_time, "expect trial balance": trial, "expect balance": balance,
    "expect postings of invoice": postings_of_invoice, "expect postings of credit note": postings_of_note,
    "expect postings of payment": postings_of_payment, "expect open invoice": open_invoice, "expect metric": metric,
    "expect import": imported, **EARNED,
}  # fmt: skip


def wanted(stage: Stage, said: Statement) -> list[str]:
    """Return the rows that an expectation states."""
    match said.verb:
        case "expect invoices" | "expect pre-bills" | "expect unpriced" | "expect modifications":
            return [str(said["number"])]
        case "expect unchanged invoice":
            return ["unchanged"]
        case "expect same invoices":
            return _document(stage, stage.document(said["first"]))
        case "expect time":
            return [str(said["is"])]
        case "expect import":
            return [f"created {said['created']}, matched {said['matched']}"]
        case "expect metric":
            return [str(said["figure"])]
    return [str(said["amount"])] if "amount" in said.values else list(said.rows)
