"""The forms of the ledger's own export: hledger, beancount and CSV, with our accounts and every dimension.

Summarized, they keep apart the dimensions that the books' mappings name.
"""

from collections.abc import Callable

from workledger.core.access import Actor
from workledger.gl.exporters.form import Form, Order, Outlet
from workledger.gl.models import DimensionMapping
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import Exported, Extent, Format, JournalGrain, export


def _keep(actor: Actor, order: Order) -> tuple[Dimension, ...]:
    if order.grain == JournalGrain.DETAIL:
        return ()
    rows = DimensionMapping.objects.visible_to(actor)
    if order.book_ids is not None:
        rows = rows.filter(book_id__in=order.book_ids)
    mapped = set(rows.values_list("dimension", flat=True))
    return tuple(dimension for dimension in Dimension if dimension in mapped)


def _write(form: Format) -> Callable[[Actor, Order, Outlet, Callable[[int], None]], Exported]:
    def write(actor: Actor, order: Order, out: Outlet, progress: Callable[[int], None]) -> Exported:
        extent = Extent(order.book_ids, order.start, order.end, order.grain, keep=_keep(actor, order))
        return export(actor, form, out.write, extent=extent, progress=progress)

    return write


HLEDGER = Form("hledger", "hledger", "journal", "text/plain", _write(Format.HLEDGER))
BEANCOUNT = Form("beancount", "beancount", "beancount", "text/plain", _write(Format.BEANCOUNT))
COMMA = Form("csv", "CSV", "csv", "text/csv", _write(Format.CSV))
