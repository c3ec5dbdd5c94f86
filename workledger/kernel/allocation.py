"""Allocation that loses no cent: the parts always sum to the whole."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from workledger.kernel.rounding import minor_quantum


def allocate(total: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Split `total` by `weights` at the currency's minor unit (largest remainder method).

    `total` must itself be a whole number of minor units and weights not negative with a positive
    sum, else ValueError. Equal remainders go to the earlier part, so the result is deterministic.
    """
    quantum = minor_quantum(currency)
    if total % quantum:
        raise ValueError(f"{total} is no whole number of {quantum} {currency}")
    whole = sum((Decimal(weight) for weight in weights), Decimal(0))
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights are not negative and sum to more than zero")
    shares = [total * Decimal(weight) / whole for weight in weights]
    parts = [share.quantize(quantum, ROUND_DOWN) for share in shares]
    left = int((total - sum(parts)) / quantum)
    step = quantum if left >= 0 else -quantum
    by_remainder = sorted(range(len(parts)), key=lambda i: (-abs(shares[i] - parts[i]), i))
    for index in by_remainder[: abs(left)]:
        parts[index] += step
    return parts
