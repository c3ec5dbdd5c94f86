"""Which book, currency and rate a contract's documents are in; loaded once per act."""

from datetime import date
from decimal import Decimal

from workledger.billing.posting import BookRate
from workledger.contracts.models import Contract
from workledger.directory.models import LegalEntity
from workledger.directory.queries import exchange_rate

_ONE = Decimal(1)


class Books:
    """Looks up the book of a contract and the exchange rate of a day, each once."""

    def __init__(self) -> None:
        self._currencies = dict(LegalEntity.objects.values_list("book_id", "book__currency"))
        self._contracts: dict[int, tuple[int, str]] = {
            pk: (entity_id, currency)
            for pk, entity_id, currency in Contract.objects.order_by().values_list(
                "pk", "entity_id", "currency"
            )
        }
        self._rates: dict[tuple[str, str, date], Decimal | None] = {}
        self._found: dict[tuple[int, date], BookRate | None] = {}

    def currency(self, contract_id: int) -> str:
        """Return a contract's currency."""
        return self._contracts[contract_id][1]

    def entity(self, contract_id: int) -> int:
        """Return the legal entity (and book) of a contract."""
        return self._contracts[contract_id][0]

    def rate(self, contract_id: int, day: date) -> BookRate | None:
        """Return the book and rate of a contract on a day; None where no exchange rate is known."""
        entity_id, currency = self._contracts[contract_id]
        home = self._currencies[entity_id]
        if currency == home:
            day = date.min  # one answer for all days
        key = contract_id, day
        if key not in self._found:
            rate = _ONE if currency == home else self._exchange(currency, home, day)
            self._found[key] = None if rate is None else BookRate(entity_id, currency, home, rate)
        return self._found[key]

    def _exchange(self, base: str, quote: str, day: date) -> Decimal | None:
        key = base, quote, day
        if key not in self._rates:
            self._rates[key] = exchange_rate(base, quote, day)
        return self._rates[key]
