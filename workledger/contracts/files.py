"""Where the files of change orders are kept."""

from workledger.contracts.models import OrderFile
from workledger.core.files import Shelf

ORDER_FILES = Shelf(
    folder="orders",
    what="document",
    field="file",
    unfit="not_a_document",
    is_held=lambda name: OrderFile.objects.filter(file=name).exists(),
)
