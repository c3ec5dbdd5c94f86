"""Money: an amount that knows its currency and refuses float."""

from dataclasses import dataclass
from decimal import Decimal

from workledger.kernel.rounding import half_up, minor_units, round_amount


class CurrencyMismatchError(ValueError):
    """Two currencies met where one was expected."""


def exact(value: Decimal | int | str) -> Decimal:
    """Return `value` as a finite Decimal; float is refused because it is not what was typed.

    Raises TypeError for float or bool, ValueError for text that is no finite number.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"an exact number is Decimal, int or text, not {type(value).__name__}")
    try:
        number = Decimal(value)
    except ArithmeticError as error:
        raise ValueError(f"{value!r} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is no finite number")
    return number


def amount_words(amount: Decimal, currency: str) -> str:
    """Return an amount as sentences and tables for people print it, half-up to the minor unit: '81,719.41'.

    Pages print amounts in the reader's format; this is for refusals, logs and the command line, which are English.
    """
    return f"{round_amount(amount, currency):,f}"


def money_words(amount: Decimal, currency: str) -> str:
    """Return an amount and its currency as sentences print them: '81,719.41 EUR'."""
    return f"{amount_words(amount, currency)} {currency}"


def price_words(price: Decimal, currency: str) -> str:
    """Return a price, which may be finer than the currency's minor unit, as sentences print it: '33.3333 EUR'.

    The currency is left out where it is ''.
    """
    exponent = price.normalize().as_tuple().exponent
    places = max(minor_units(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{half_up(price, places):,f} {currency}".strip()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code). Adding two currencies raises."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", exact(self.amount))
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no ISO 4217 code")

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{self.currency} meets {other.currency}")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * exact(factor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def rounded(self) -> "Money":
        """Return the amount half-up at the currency's minor unit."""
        return Money(round_amount(self.amount, self.currency), self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
