"""What a contract charges beside time: what was charged, what can be, and the statements of retainers and blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef

from workledger.billing.calc import fees
from workledger.billing.calc.draws import BlockLeft, RetainerPeriod
from workledger.billing.calc.fees import ChargeKind
from workledger.billing.models import BillableItem, Charge, InvoiceSource, OpenItem
from workledger.billing.settling import Line, draw_of, lines
from workledger.contracts.calc import terms
from workledger.contracts.models import Contract, ContractLine
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge of a contract and where it is: open, on a pre-bill or an invoice."""

    id: int
    line_id: int
    line: str
    kind: str
    description: str
    due_on: date
    amount: Decimal
    currency: str
    said: str
    evidence: str
    is_open: bool
    invoice_id: int | None
    invoice: str


@dataclass(frozen=True, slots=True)
class ToCharge:
    """Something people charge by an act: an instalment, a milestone, units, progress, retained money, a block.

    `place` counts the parts of the line's terms from 0, `key` is what a part is known by; `amount` is None where the act
    says it.
    """

    line_id: int
    line: str
    kind: ChargeKind
    place: int
    what: str
    due_on: date | None
    amount: Decimal | None
    currency: str
    key: str = ""


def _require(actor: Actor) -> None:
    if not actor.can(Permission.VIEW_BILLING):
        raise Forbidden.because("forbidden", "You may not see billing.")


def charges(actor: Actor, contract_id: int) -> list[ChargeRow]:
    """Return a contract's charges, newest first. Raises `NotFound`; needs the permission to see billing."""
    _require(actor)
    contract = locks.one(Contract.objects.visible_to(actor), contract_id)
    is_open = OpenItem.objects.filter(
        item__source_kind="charge", item__source_id=OuterRef("pk"), item__is_void=False
    )
    source = InvoiceSource.objects.filter(
        item__source_kind="charge", item__source_id=OuterRef("pk"), is_live=True
    )
    rows = (
        Charge.objects.visible_to(actor)
        .filter(contract_line__contract=contract)
        .select_related("contract_line")
        .annotate(
            is_open=Exists(is_open),
            bill=source.values("invoice_id")[:1],
            number=source.values("invoice__number")[:1],
        )
        .order_by("-due_on", "-pk")
    )
    return [
        ChargeRow(
            row.pk, row.contract_line_id, row.contract_line.name, ChargeKind(row.kind).label, row.description,
            row.due_on, row.amount, contract.currency, row.said, row.evidence, row.is_open, row.bill,
            (row.number or f"Pre-bill {row.bill}") if row.bill else "",
        )
        for row in rows
    ]  # fmt: skip


def to_charge(actor: Actor, contract_id: int) -> list[ToCharge]:
    """Return what can still be charged on a contract by an act. Raises `NotFound`."""
    _require(actor)
    contract = locks.one(Contract.objects.visible_to(actor), contract_id)
    rows = list(ContractLine.objects.filter(contract=contract).order_by("position", "pk"))
    known = lines([row.pk for row in rows])
    done = {
        (line_id, kind, key)
        for line_id, kind, key in Charge.objects.filter(contract_line__in=rows).values_list(
            "contract_line_id", "kind", "key"
        )
    }
    found: list[ToCharge] = []
    for row in rows:
        found += [
            each
            for each in _of_line(known[row.pk], row.name)
            if (row.pk, each.kind.value, each.key) not in done
        ]
    return found


def _of_line(line: Line, name: str) -> list[ToCharge]:
    document, currency = line.document, line.currency
    if isinstance(document, terms.FixedFee):
        amounts = fees.instalment_amounts(document, currency)
        return [
            ToCharge(
                line.id,
                name,
                ChargeKind.INSTALMENT,
                place,
                part.name,
                part.due,
                amount,
                currency,
                terms.part_key(place, part),
            )
            for place, (part, amount) in enumerate(zip(document.instalments, amounts, strict=True))
        ]
    if isinstance(document, terms.Milestones):
        return [
            ToCharge(
                line.id,
                name,
                ChargeKind.MILESTONE,
                place,
                part.name,
                part.due,
                part.amount,
                currency,
                terms.part_key(place, part),
            )
            for place, part in enumerate(document.milestones)
        ]
    if isinstance(document, terms.Units):
        return [
            ToCharge(line.id, name, ChargeKind.UNITS, -1, f"Units: {document.unit}", None, None, currency)
        ]
    if isinstance(document, terms.Progress):
        found = [ToCharge(line.id, name, ChargeKind.PROGRESS, -1, "Progress", None, None, currency)]
        if document.retainage_percent:
            found.append(
                ToCharge(line.id, name, ChargeKind.RETAINAGE, -1, "Retained money", None, None, currency)
            )
        return found
    if isinstance(document, terms.Prepaid):
        return [
            ToCharge(line.id, name, ChargeKind.BLOCK, -1, "Another block", None, document.price, currency)
        ]
    return []


@dataclass(frozen=True, slots=True)
class StatementPeriod:
    """A retainer's period: carried in + included = used + carried out + expired, where nothing is over."""

    start: date
    last_day: date
    included: Decimal
    carried_in: Decimal
    used: Decimal
    over: Decimal
    deficit: Decimal
    expired: Decimal
    carried_out: Decimal


@dataclass(frozen=True, slots=True)
class StatementBlock:
    """A prepaid block: size = drawn + left + expired."""

    bought: date
    expires: date | None
    size: Decimal
    drawn: Decimal
    left: Decimal
    expired: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """What a retainer or prepaid line included and what was used of it. Figures are hours, or money of `currency`."""

    line_id: int
    line: str
    contract_id: int
    currency: str
    is_money: bool
    periods: tuple[StatementPeriod, ...]
    blocks: tuple[StatementBlock, ...]


def statement(actor: Actor, line_id: int, through: date) -> Statement:
    """Return the statement of a retainer or prepaid line up to a day. Raises `NotFound`."""
    row = locks.one(ContractLine.objects.visible_to(actor), line_id)
    line = lines([row.pk])[row.pk]
    document = line.document
    if not isinstance(document, terms.Retainer | terms.Prepaid):
        raise locks.not_found(ContractLine)
    draw = draw_of(line, through)
    is_money = (
        document.included_amount if isinstance(document, terms.Retainer) else document.block_amount
    ) is not None
    periods = draw.allowance.statement(through) if draw.allowance else []
    if periods:
        _count_billed(row.pk, periods, through, is_money=is_money)
    blocks = draw.blocks.left(through) if draw.blocks else []
    return Statement(
        row.pk, row.name, row.contract_id, line.currency, is_money,
        tuple(_period(each, is_money=is_money) for each in periods),
        tuple(_block(each, is_money=is_money) for each in blocks),
    )  # fmt: skip


def _count_billed(line_id: int, periods: Sequence[RetainerPeriod], through: date, *, is_money: bool) -> None:
    """Add what bills hold already to what was over in its period; the draw looks at unbilled time alone."""
    billed = BillableItem.objects.filter(
        contract_line_id=line_id,
        source_kind="time",
        is_void=False,
        bills__is_live=True,
        service_date__lte=through,
    )
    for day, seconds, amount in billed.values_list("service_date", "billable_seconds", "amount").order_by():
        for period in periods:
            if day in period.days:
                period.over += amount if is_money else seconds


def _of(amount: Decimal, *, is_money: bool) -> Decimal:
    return amount if is_money else amount / 3600


def _period(period: RetainerPeriod, *, is_money: bool) -> StatementPeriod:
    figures = (
        period.included, period.carried_in, period.used, period.over, period.deficit, period.expired,
        period.carried_out,
    )  # fmt: skip
    return StatementPeriod(
        period.days.start, period.days.end - _DAY, *(_of(figure, is_money=is_money) for figure in figures)
    )


def _block(left: BlockLeft, *, is_money: bool) -> StatementBlock:
    block = left.block
    size, drawn, rest, expired = (
        _of(figure, is_money=is_money) for figure in (block.size, left.drawn, left.left, left.expired)
    )
    return StatementBlock(block.bought, block.expires, size, drawn, rest, expired, block.price)
