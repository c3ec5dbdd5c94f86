"""Where receipts are kept."""

from workledger.core.files import Shelf
from workledger.expenses.models import Receipt

RECEIPTS = Shelf(
    folder="receipts",
    what="receipt",
    field="receipt",
    unfit="not_a_receipt",
    is_held=lambda name: Receipt.objects.filter(file=name).exists(),
)
