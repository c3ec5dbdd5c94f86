"""Which book, currency and rate a contract's documents are in; loaded once per act."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import F, Sum

from workledger.billing.calc.position import Held
from workledger.billing.posting import BookRate, position_of
from workledger.contracts.models import Contract
from workledger.directory.models import LegalEntity
from workledger.directory.queries import exchange_rate
from workledger.ledger.drafts import EntryDraft
from workledger.ledger.models import Account, AccountRole, Balance

_ZERO = Decimal(0)
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


class Positions:
    """What the positions of contracts in another currency than their books' are carried at; one query.

    What the drafts of the running act add to them counts too (`add`).
    """

    def __init__(self, contract_ids: Iterable[int]) -> None:
        self._held: dict[int, dict[tuple[int, int, int, int], Held]] = defaultdict(dict)
        foreign = Contract.objects.filter(pk__in=contract_ids).exclude(currency=F("entity__book__currency"))
        rows = (
            Balance.objects.filter(
                contract_id__in=list(foreign.values_list("pk", flat=True)),
                account_id__in=list(
                    Account.objects.filter(role=AccountRole.CONTRACT_POSITION).values_list("pk", flat=True)
                ),
            )
            .values_list("client_id", "contract_id", "contract_line_id", "project_id")
            .annotate(
                amount=Sum(F("debit") - F("credit")),
                value=Sum(F("functional_debit") - F("functional_credit")),
            )
        )
        for *key, amount, value in rows:
            self._held[key[1]][tuple(key)] = Held(amount, value)

    def of(self, contract_id: int) -> dict[tuple[int, int, int, int], Held]:
        """Return what a contract's position is carried at, by what it is about; nothing in the book's own currency."""
        return self._held[contract_id]

    def add(self, draft: EntryDraft) -> None:
        """Count a draft that is about to be posted."""
        for key, change in position_of(draft.postings).items():
            before = self._held[key[1]].get(key, Held(_ZERO, _ZERO))
            self._held[key[1]][key] = Held(before.amount + change.amount, before.value + change.value)
