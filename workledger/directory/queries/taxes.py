"""Tax codes as pages and the API show them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.models import RecordQuerySet
from workledger.directory.models import TaxCode, TaxTreatment


@dataclass(frozen=True, slots=True)
class TaxRateRow:
    """A percentage on half-open days [start, end); `end` null while it holds."""

    percentage: Decimal
    start: date
    end: date | None

    @property
    def words(self) -> str:
        """The percentage, as '8.875%'."""
        return percentage_words(self.percentage)


@dataclass(frozen=True, slots=True)
class TaxCodeRow:
    """A tax code with its rates, latest first. `percentage` is what it charges on the day asked, null for nothing known."""

    id: int
    entity_id: int
    entity: str
    name: str
    category: str
    category_name: str
    label: str
    exemption_reason: str
    vatex_code: str
    is_default: bool
    subdivision: str
    locality: str
    percentage: Decimal | None
    rates: tuple[TaxRateRow, ...]

    @property
    def place(self) -> str:
        """Where clients are that it is charged for, as 'New York, NY'; empty where the place does not matter."""
        return ", ".join(filter(None, (self.locality, self.subdivision)))

    @property
    def words(self) -> str:
        """What it charges on the day asked, as '8.875%'; empty when nothing is known."""
        return "" if self.percentage is None else percentage_words(self.percentage)


def percentage_words(percentage: Decimal) -> str:
    """Return a percentage without trailing zeros, as '8.875%'."""
    return f"{percentage.normalize():f}%"


def tax_codes(actor: Actor, as_of: date) -> list[TaxCodeRow]:
    """Return the tax codes of the legal entities by name, the default first; two queries whatever their number."""
    return _rows(TaxCode.objects.visible_to(actor).order_by("entity__name", "-is_default", "name"), as_of)


def tax_code(actor: Actor, tax_code_id: int, as_of: date) -> TaxCodeRow:
    """Return one tax code; raises NotFound."""
    codes = TaxCode.objects.visible_to(actor)
    found = _rows(codes.filter(pk=tax_code_id), as_of)
    if not found:
        raise locks.not_found(TaxCode)
    return found[0]


def tax_code_choices(actor: Actor, entity_id: int | None = None) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of the codes of a legal entity, or of all with the entity's name where there are several."""
    codes = TaxCode.objects.visible_to(actor).order_by("entity__name", "name")
    if entity_id is not None:
        codes = codes.filter(entity_id=entity_id)
    rows = list(codes.values_list("pk", "name", "entity__name"))
    several = len({entity for _, _, entity in rows}) > 1
    return tuple((pk, f"{name}, {entity}" if several else name) for pk, name, entity in rows)


def _rows(codes: RecordQuerySet[TaxCode], as_of: date) -> list[TaxCodeRow]:
    return [_row(code, as_of) for code in codes.select_related("entity").prefetch_related("rates")]


def _row(code: TaxCode, as_of: date) -> TaxCodeRow:
    rates = [TaxRateRow(rate.percentage, rate.start, rate.end) for rate in code.rates.all()]
    holding = (row for row in rates if row.start <= as_of and (row.end is None or as_of < row.end))
    now = next((row.percentage for row in holding), None)
    return TaxCodeRow(
        id=code.pk,
        entity_id=code.entity_id,
        entity=code.entity.name,
        name=code.name,
        category=code.category,
        category_name=str(TaxTreatment(code.category).label),
        label=code.label,
        exemption_reason=code.exemption_reason,
        vatex_code=code.vatex_code,
        is_default=code.is_default,
        subdivision=code.subdivision,
        locality=code.locality,
        percentage=now if code.category == TaxTreatment.STANDARD else Decimal(0),
        rates=tuple(reversed(rates)),
    )
